"""Overlays: laid over a fleet by the rules of `defaults`, held against it whole, their problems at their lines."""

import json
import re
from pathlib import Path

import pytest

import trimtab as tt
from tests.commands import Cli
from tests.providers.any_group import VALUES, Drawer
from trimtab.errors import ConfigError, InvalidModel
from trimtab.testing import translate

ROOT = Path(__file__).parents[1]
FLEET = """\
name: shop
groups:
  web:
    location: here
    capacity: {min: 2, max: 6}
    template: {image: ami-1, size: t3.medium, tags: {a: "1", b: "2"}}
    policies: [{name: out, change: 1}]
    overlays:
      azure: {location: westeurope}
      staging: {capacity: {max: 3}}
overlays:
  staging:
    name: shop-staging
    groups:
      web: {capacity: {min: 1, max: 2}}
  small:
    defaults: {capacity: {min: 0, max: 1}}
  azure:
    connect: {region: northeurope, resource_group: shop}
"""


@pytest.fixture
def fleet():
    return tt.parse_fleet(FLEET)


def laid(overlay):
    """The web group with one overlay, as it is in the file."""
    text = FLEET[: FLEET.index("    overlays:")] + f"overlays: {{one: {overlay}}}\n"
    return tt.parse_fleet(text, overlays=["one"])


def refused(text, **how):
    with pytest.raises(ConfigError) as caught:
        tt.parse_fleet(text, **how)
    return caught.value.problems


def test_a_providers_own_applies_by_itself_and_the_nearest_goes_first(fleet):
    azure = fleet.for_provider("azure")
    assert azure["web"].location == "westeurope"
    assert azure.connect.resource_group == "shop"
    assert not azure.overlays
    assert fleet.for_provider("aws")["web"].location == "here"


def test_those_of_groups_go_before_those_of_the_fleet(fleet):
    staging = fleet.for_provider("aws", ["staging"])
    assert (staging.name, staging["web"].capacity) == ("shop-staging", tt.Capacity(min=1, max=3))


def test_a_later_one_goes_over_an_earlier_one(fleet):
    def sizes(*names):
        return fleet.for_provider("aws", names)["web"].capacity

    assert sizes("staging", "small") == tt.Capacity(min=0, max=1)
    assert sizes("small", "staging") == tt.Capacity(min=1, max=3)


def test_those_of_defaults_are_laid_over_every_group():
    text = "name: shop\ndefaults:\n  template: {image: ami-1, size: s}\n  overlays: {azure: {location: westeurope}}\n"
    text += "groups:\n  web: {capacity: {min: 1, max: 2}, location: here}\n"
    assert tt.parse_fleet(text, provider="azure")["web"].location == "westeurope"


@pytest.mark.parametrize(
    ("overlay", "field", "value"),
    [
        ("{groups: {web: {template: {tags: {b: null, c: '3'}}}}}", "template.tags", {"a": "1", "c": "3"}),
        ("{groups: {web: {location: null}}}", "location", None),
        ("{groups: {web: {warm_up: null}}}", "warm_up", None),
        ("{groups: {web: {policies: {out: {change: 2}}}}}", "policies.0.change", 2),
        ("{groups: {web: {policies: [{name: in, change: -1}]}}}", "policies.0.name", "in"),
        ("{groups: [{name: web, location: there}]}", "location", "there"),
        ("{defaults: {location: there}, groups: {web: {location: near}}}", "location", "near"),
    ],
)
def test_how_values_are_laid_over(overlay, field, value):
    found = laid(overlay)["web"]
    for step in field.split("."):
        found = found[int(step)] if step.isdigit() else getattr(found, step)
    assert found == value


def test_a_null_takes_a_group_away():
    assert laid("{groups: {web: null}}").groups == ()


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        ("groups: {wbe: null}", "groups is called 'wbe', to be taken away; did you mean 'web'? if not, leave it out"),
        ("groups: {web: {policies: {uot: null}}}", "policies is called 'uot', to be taken away; did you mean 'out'?"),
        ("defaults: {alarms: {hot: null}}", "nothing in alarms is called 'hot', to be taken away; leave it out"),
        ("defaults: {policies: {out: null}}", ""),
        ("groups: {other: null}", ""),
    ],
)  # fmt: skip
def test_what_is_taken_away_is_there(overlay, problem):
    """In the file or in another overlay, which may be laid before it."""
    other = "    groups: {other: {capacity: 1, template: {image: i, size: s}}}\n"
    text = FLEET.replace("  small:\n", f"  bare:\n    {overlay}\n  small:\n{other}")
    if not problem:
        assert set(tt.parse_fleet(text).overlays) >= {"bare", "small"}
        return
    line = text.splitlines().index(f"    {overlay}") + 1
    with pytest.raises(ConfigError, match=re.escape(problem)) as raised:
        tt.parse_fleet(text)
    assert f"fleet.yaml:{line}: overlay bare, " in str(raised.value).replace("<string>", "fleet.yaml")


def test_empty_ones_change_nothing():
    assert laid("{}") == laid("{groups: {web: {}}, defaults: {}}") == laid("{groups: {}}")


def test_values_know_the_overlays_line(fleet):
    staging = fleet.for_provider("azure", ["staging"])
    lines = {path: staging.position("web", path).line for path in ("capacity.max", "capacity.min", "location")}
    assert lines == {"capacity.max": 10, "capacity.min": 15, "location": 9}
    assert staging.position("", "connect.region").line == 19


@pytest.mark.parametrize(
    ("overlay", "problem"),
    [
        ("{groups: {web: {capacity: {min: 9}}}}", "overlay one, group web, capacity.min: `min` 9 is above `max` 6"),
        ("{groups: {web: {capacity: {mn: 9}}}}", "overlay one, group web, capacity.mn: unknown field 'mn'"),
        ("{groups: {wbe: {location: x}}}", "overlay one, group wbe: group not found without the overlay; did"),
        ("{groups: {web: {template: {image: null}}}}", "overlay one, group web, template: `image` is missing; add it"),
        ("{defaults: {capacity: {max: 1}}}", "overlay one, defaults, capacity"),
        ("{overlays: {}}", "overlay one, overlays: unknown field"),
        ("null", "overlay one: give a mapping"),
        ("{groups: {web: {template: {variables: {a: {b: hunter2}}}}}}", "overlay one, group web, template.variables.a"),
    ],
)
def test_what_comes_of_one_is_checked_when_the_file_is_read(overlay, problem):
    text = FLEET[: FLEET.index("    overlays:")] + f"overlays:\n  one: {overlay}\n"
    problems = refused(text)
    assert any(line.startswith(f"fleet.yaml:9: {problem}") for line in problems), problems
    assert "hunter2" not in str(problems)


def test_a_providers_overlay_is_held_against_what_it_takes():
    text = FLEET.replace("region: northeurope", "project: shop")
    assert refused(text)[0].startswith("fleet.yaml:19: connect.project: unknown setting 'project' for azure")
    text = FLEET.replace("region: northeurope", "provider: aws")
    assert "is for that provider, not for aws" in refused(text)[-1]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("azur", "azure"), ("azzure", "azure"), ("asw", "aws"), ("gpc", "gcp"), ("memry", "memory"), ("aws2", ""),
     ("azure-eu", ""), ("small", ""), ("staging", "")],
)  # fmt: skip
def test_an_overlay_that_is_called_nearly_as_a_provider_is_refused(name, meant):
    """Nothing would ever lay it, and what it says would be dropped without a word."""
    text = FLEET[: FLEET.index("    overlays:")] + f"overlays:\n  {name}: {{}}\n"
    if not meant:
        assert list(tt.parse_fleet(text).overlays) == [name]
        return
    assert list(refused(text)) == [
        f"fleet.yaml:9: overlay {name}: no provider is called {name!r}; did you mean {meant}? "
        "if not, give the overlay another name"
    ]


def test_a_name_that_there_is_not_comes_with_a_guess():
    (problem,) = refused(FLEET, overlays=["stagin"])
    assert problem == "fleet 'shop' has no overlay 'stagin'; did you mean 'staging'? it has staging, small"
    (problem,) = refused(FLEET, provider="azure", overlays=["azure"])
    assert "applies by itself with that provider" in problem


def test_a_fleet_for_no_provider_keeps_the_providers_under_what_was_asked_for(fleet):
    small = tt.parse_fleet(FLEET, overlays=["staging"])
    assert list(small.overlays) == ["azure"]
    assert small.for_provider("azure") == fleet.for_provider("azure", ["staging"])


def test_a_fleet_made_in_python_has_them_too(fleet):
    made = tt.Fleet.model_validate_json(fleet.model_dump_json())
    assert made == fleet
    assert hash(made) == hash(fleet)
    assert made.for_provider("azure", ["staging"]) == fleet.for_provider("azure", ["staging"])
    wrong = made.replace(overlays={"x": {"groups": {"web": {"capacity": {"min": 9}}}}})
    with pytest.raises(InvalidModel, match="above"):
        wrong.for_provider("aws", ["x"])


def test_they_survive_writing(fleet):
    assert tt.parse_fleet(tt.dump_fleet(fleet)) == fleet


def test_start_scripts_in_them_are_scripts():
    found = laid('{groups: {web: {template: {user_data: "echo ${HOME}"}}}}')
    assert found["web"].template.user_data == "echo ${HOME}"


def test_a_cloud_applies_its_own():
    text = FLEET.replace("azure:", "memory:").replace(
        "    connect: {region: northeurope, resource_group: shop}\n", "    limits: {}\n"
    )
    fleet = tt.parse_fleet(text)
    with tt.connect("memory") as cloud:
        assert [change.key.location for change in cloud.plan(fleet).changes][:1] == ["westeurope"]
    assert {item.key.location for item in translate(fleet, "memory").resources} == {"westeurope"}


class TestCommands:
    @pytest.fixture
    def cli(self, tmp_path):
        cli = Cli(tmp_path)
        cli.write(FLEET)
        return cli

    def test_plans_are_of_the_overlaid_fleet(self, cli):
        assert cli("plan", "--overlay", "staging", "--format", "json").data["fleet"] == "shop-staging"

    def test_a_saved_plan_is_of_its_overlays(self, cli, tmp_path):
        saved = str(tmp_path / "plan.json")
        assert cli("plan", "--overlay", "staging", "--out", saved).code == 2
        refused = cli("apply", "--plan", saved, "--yes")
        assert refused.code == 1
        assert not cli.writes
        assert cli("apply", "--overlay", "staging", "--plan", saved, "--yes").code == 0

    def test_checks_are_of_the_overlaid_fleet(self, cli):
        found = cli.run(
            "check", str(cli.folder / "fleet.yaml"), "--overlay", "small", "--format", "json", "--exit-zero"
        )
        assert found.code == 0
        assert found.data["fleet"] == "shop"

    def test_a_name_that_there_is_not(self, cli):
        ended = cli("plan", "--overlay", "smal")
        assert ended.code == 1
        assert "did you mean 'small'?" in ended.err


@pytest.mark.parametrize("provider", ["memory", "aws", "azure", "gcp"])
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_the_examples_file_is_for_every_provider(provider, environment):
    fleet = tt.load_fleet(ROOT / "examples/virtualmin/fleet.yaml", provider=provider, overlays=[environment])
    assert fleet["web"].capacity.max == {"staging": 3, "production": 10}[environment]
    assert json.loads(fleet.model_dump_json())["overlays"] == {}


@pytest.mark.parametrize("seed", range(40))
def test_nothing_is_lost_where_another_field_is_laid_over(seed):
    """Nor where a fleet is written as a file."""
    group = Drawer(seed, VALUES).group()
    fleet = tt.Fleet(name="shop", groups=[group], controller=True)
    again = tt.parse_fleet(f"{tt.dump_fleet(fleet)}overlays: {{x: {{limits: {{fall: 3}}}}}}\n", env={})
    for each in (again, again.for_provider("memory", overlays=["x"])):
        assert each.groups[0].model_dump(mode="json") == group.model_dump(mode="json")


def test_a_gate_on_alarms_and_a_second_pool_are_laid_over_too():
    rollout = "{strategy: blue-green, gates: [{type: alarm, alarms: [hot]}]}"
    more = f"    load_balancers: [{{name: blue, alternate: green}}]\n    rollout: {rollout}\n"
    laid = tt.parse_fleet(FLEET.replace("    overlays:\n", f"{more}    overlays:\n", 1)).for_provider(
        "aws", overlays=["small"]
    )
    assert laid["web"].load_balancers[0].alternate == "green"
    assert laid["web"].rollout.gates[0].alarms == ("hot",)
