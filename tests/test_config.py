"""The fleet file: what it means, where its values stand, and that it comes back as it went out."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab.config import dump_fleet, json_schema, load_fleet, parse_fleet
from trimtab.config.dumping import file_data
from trimtab.errors import ConfigError
from trimtab.models import (
    Alarm,
    Capacity,
    Disk,
    Fleet,
    Image,
    InstanceTemplate,
    LoadBalancer,
    Metric,
    MetricSource,
    PredictivePolicy,
    Purchase,
    PythonPolicy,
    ScalingGroup,
    Schedule,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
    Unit,
)
from trimtab.models.metric import NEUTRAL

EXAMPLE = Path(__file__).parent.parent / "examples" / "virtualmin" / "fleet.yaml"
SMALL = """\
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: ami-1, size: t3.small}
"""
SHARED = """\
name: shop
defaults:
  cooldown: 5m
  capacity: {min: 1, max: 4}
  template: {image: ami-1, size: t3.small}
  tags: {Team: shop, Tier: front}
  load_balancers: [one, two]
  policies:
    out: {change: 1}
    in: {change: -1}
groups:
"""
"""What each group has; the groups begin on the next line."""


def shared(group: str) -> ScalingGroup:
    return parse_fleet(f"{SHARED}  web: {group}\n", env={})["web"]


class TestReading:
    def test_the_example_is_the_guides_cluster(self) -> None:
        fleet = load_fleet(EXAMPLE, env={})
        web = fleet["web"]
        assert [group.name for group in fleet.groups] == ["web", "api", "web-spot"]
        assert fleet.native_name(web) == "virtualmin-pro-cluster-web"
        assert web.capacity == Capacity(min=2, max=10, desired=2)
        assert web.tags == {"environment": "production", "component": "web"}
        assert web.health_check.grace == timedelta(minutes=5)
        assert {alarm.name: (alarm.threshold, alarm.notify) for alarm in web.alarms} == {
            "memory-stays-high": (90.0, ("ops@example.org",)),
            "high-error-rate": (10.0, ("ops@example.org",)),
            "high-request-rate": (5000.0, ("ops@example.org",)),
        }
        assert "component=web\n" in str(web.template.render_user_data())

    def test_a_fleet_read_equals_one_made(self) -> None:
        template = InstanceTemplate(image=Image(id="ami-1"), size="t3.small")
        made = Fleet(
            name="shop", groups=(ScalingGroup(name="web", capacity=Capacity(min=1, max=4), template=template),)
        )
        assert parse_fleet(SMALL) == made
        assert made != "shop"

    def test_lists_and_mappings_by_name_mean_the_same(self) -> None:
        listed = SMALL.replace("  web:\n", "  - name: web\n")
        assert parse_fleet(listed) == parse_fleet(SMALL)

    def test_json_with_tabs_is_read_with_its_lines(self) -> None:
        text = json.dumps(yaml.safe_load(SMALL), indent="\t")
        fleet = parse_fleet(text, name="fleet.json")
        assert fleet == parse_fleet(SMALL)
        assert str(fleet.position("web", "capacity.max")) == "fleet.json:7"

    def test_json_beyond_the_basic_plane_is_read(self) -> None:
        data = yaml.safe_load(SMALL)
        data["groups"]["web"]["tags"] = {"mood": "\U0001f642", "path": "a\tb/\\"}
        fleet = parse_fleet(json.dumps(data), name="fleet.json")
        assert fleet["web"].tags == data["groups"]["web"]["tags"]

    @pytest.mark.parametrize("text", ["no", "on", "Yes", "1:30", "2026-01-01", "0b11", "1_000", "0o9", "+.5.5"])
    def test_only_yaml_1_2_words_are_more_than_text(self, text: str) -> None:
        assert shared(f"{{tags: {{a: {text}}}}}").tags["a"] == text

    @pytest.mark.parametrize(("text", "number"), [("0x10", 16), ("0o17", 15), ("+7", 7), ("007", 7)])
    def test_whole_numbers_of_yaml_1_2(self, text: str, number: int) -> None:
        assert shared(f"{{capacity: {{max: {text}}}}}").capacity.max == number

    def test_on_is_a_field_like_others(self) -> None:
        group = shared("{aws: {lifecycle_hooks: [{name: a, on: launch}]}}")
        assert group.aws.lifecycle_hooks[0].on == "launch"

    def test_aliases_within_reason_are_read(self) -> None:
        group = shared("{tags: &t {a: b}, template: {tags: *t}}")
        assert group.template.tags == {"a": "b"}

    def test_all_problems_of_a_sort_are_said_at_once(self) -> None:
        with pytest.raises(ConfigError) as caught:
            parse_fleet(SMALL + "    cooldown: 5\n    colour: red\n    location: 7\n")
        assert [problem.split(" ")[0] for problem in caught.value.problems] == [f"fleet.yaml:{n}:" for n in (6, 7, 8)]

    def test_the_same_lack_in_two_groups_is_one_problem(self) -> None:
        text = "name: shop\ngroups:\n  a:\n    capacity: {min: 1, max: 1}\n  b:\n    capacity: {min: 1, max: 1}\n"
        with pytest.raises(ConfigError) as caught:
            parse_fleet(text)
        assert caught.value.problems == (
            "fleet.yaml:3: group a: `template` is missing; add it; likewise in group b (line 5)",
        )


class TestEnvironment:
    def test_a_variable_is_read_as_yaml_when_it_stands_alone(self) -> None:
        group = parse_fleet(SMALL.replace("{min: 1, max: 4}", "\n      min: 1\n      max: ${MAX}"), env={"MAX": "9"})[
            "web"
        ]
        assert group.capacity.max == 9

    def test_quotes_keep_it_text(self) -> None:
        assert parse_fleet(SMALL + '    location: "${N}"\n', env={"N": "7"})["web"].location == "7"

    @pytest.mark.parametrize(("env", "found"), [({}, "eu"), ({"R": ""}, "eu"), ({"R": "us"}, "us")])
    def test_a_default_stands_in_for_what_is_unset_or_empty(self, env: dict[str, str], found: str) -> None:
        assert parse_fleet(SMALL + "    location: a-${R:-eu}-b\n", env=env)["web"].location == f"a-{found}-b"

    def test_two_dollars_are_one(self) -> None:
        assert parse_fleet(SMALL + '    location: "$${R} $$ $R"\n', env={})["web"].location == "${R} $$ $R"

    def test_the_process_has_the_environment_that_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TRIMTAB_TEST_REGION", "eu-south-2")
        assert parse_fleet(SMALL + "    location: ${TRIMTAB_TEST_REGION}\n")["web"].location == "eu-south-2"

    def test_start_scripts_are_left_to_the_shell(self) -> None:
        text = SMALL.replace("t3.small}", "t3.small, user_data: 'echo ${HOME:-x} $${y}'}")
        assert parse_fleet(text, env={})["web"].template.user_data == "echo ${HOME:-x} $${y}"

    def test_what_a_variable_holds_is_not_expanded_again(self) -> None:
        assert parse_fleet(SMALL + "    location: ${A}\n", env={"A": "${B}"})["web"].location == "${B}"


class TestScriptFile:
    def test_it_becomes_the_start_script(self, tmp_path: Path) -> None:
        (tmp_path / "setup.sh").write_text("#!/bin/sh\necho ${HOME}\n")
        file = tmp_path / "fleet.yaml"
        file.write_text(SMALL.replace("t3.small}", "t3.small, user_data_file: setup.sh}"))
        fleet = load_fleet(file)
        assert fleet["web"].template.user_data == "#!/bin/sh\necho ${HOME}\n"
        assert str(fleet.position("web", "template.user_data")) == f"{file}:5"

    def test_a_group_replaces_the_script_of_defaults(self, tmp_path: Path) -> None:
        (tmp_path / "setup.sh").write_text("own")
        text = SHARED.replace("t3.small}", "t3.small, user_data: shared}")
        text += "  web: {template: {user_data_file: setup.sh}}\n  api: {template: {user_data_file: null}}\n"
        with pytest.raises(ConfigError, match="not read from a file"):
            parse_fleet(text)
        fleet = parse_fleet(text, directory=tmp_path)
        assert [group.template.user_data for group in fleet.groups] == ["own", None]


class TestDefaults:
    def test_a_group_may_say_nothing(self) -> None:
        assert shared("").capacity.max == 4

    def test_mappings_merge_deeply_and_lists_are_replaced(self) -> None:
        group = shared("{tags: {Tier: back}, load_balancers: [three], capacity: {max: 9}}")
        assert group.tags == {"Team": "shop", "Tier": "back"}
        assert [balancer.name for balancer in group.load_balancers] == ["three"]
        assert group.capacity == Capacity(min=1, max=9)

    def test_things_with_a_name_merge_by_it(self) -> None:
        group = shared("{policies: {out: {cooldown: 1m}, far: {change: 5}}}")
        assert [(policy.name, policy.change) for policy in group.policies if isinstance(policy, SimplePolicy)] == [
            ("out", 1),
            ("in", -1),
            ("far", 5),
        ]
        assert group.policies[0].model_dump()["cooldown"] == "1m"

    def test_null_removes(self) -> None:
        group = shared("{cooldown: null, policies: {in: null}, tags: null}")
        assert group.cooldown is None
        assert [policy.name for policy in group.policies] == ["out"]
        assert group.tags == {}

    def test_null_that_removes_nothing_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r":12: group web, location: give text, or leave this out"):
            shared("{location: null}")

    def test_a_value_of_defaults_is_wrong_once(self) -> None:
        with pytest.raises(ConfigError) as caught:
            parse_fleet(SHARED.replace("5m", "soon") + "  web:\n  api:\n")
        (problem,) = caught.value.problems
        assert problem.startswith("fleet.yaml:3: defaults, cooldown: 'soon' is not a duration")

    def test_a_value_of_defaults_that_is_wrong_for_one_group_names_it(self) -> None:
        text = SHARED + "  web: {unmanaged: [policies.in]}\n  api: {policies: {out: {change: null, percent: 0}}}\n"
        with pytest.raises(ConfigError, match=r"^fleet.yaml:13: group api, policies.out.percent: 0 per cent"):
            parse_fleet(text)

    def test_defaults_of_groups_in_a_list(self) -> None:
        fleet = parse_fleet(f"{SHARED}  - name: web\n    capacity: {{min: 2}}\n")
        assert fleet["web"].capacity == Capacity(min=2, max=4)
        assert str(fleet.position("web", "capacity.min")) == "fleet.yaml:13"


class TestPositions:
    @pytest.mark.parametrize(
        ("path", "line"),
        [
            ("", 13),
            ("capacity", 14),
            ("capacity.max", 15),
            ("capacity.min", 4),
            ("cooldown", 3),
            ("policies.out.change", 9),
            ("policies.out.cooldown", 18),
            ("load_balancers.1", 7),
            ("tags.Team", 6),
            ("tags.Team.more", 6),
            ("no_such_field", 13),
        ],
    )
    def test_each_value_knows_its_line(self, path: str, line: int) -> None:
        groups = "  api:\n  web:\n    capacity:\n      max: 5\n    policies:\n      out:\n        cooldown: 1m\n"
        position = parse_fleet(SHARED + groups).position("web", path)
        assert position is not None
        assert position.line == line

    def test_lines_count_only_line_ends(self) -> None:
        fleet = parse_fleet(SMALL.replace("shop", "shop # a\u2028").replace("\n", "\r\n"))
        position = fleet.position("web", "capacity.min")
        assert position is not None
        assert (position.line, position.column) == (4, 16)

    def test_a_fleet_made_in_python_has_none(self) -> None:
        assert Fleet(name="shop", groups=()).position("web") is None


def walk(value: Any) -> Any:
    return json.loads(json.dumps(yaml.safe_load(value)))


VALIDATOR = jsonschema.Draft202012Validator(json_schema())


class TestSchema:
    def test_it_is_a_schema_with_words(self) -> None:
        jsonschema.Draft202012Validator.check_schema(json_schema())
        assert json_schema()["$defs"]["Alarm"]["properties"]["notify"]["description"].startswith("Notification")

    def test_it_is_the_callers_own(self) -> None:
        json_schema().clear()
        assert json_schema()["title"] == "trimtab fleet"

    @pytest.mark.parametrize("text", [EXAMPLE.read_text(), SMALL, SHARED + "  web:\n", SHARED + "  - name: web\n"])
    def test_good_files_are_valid(self, text: str) -> None:
        VALIDATOR.validate(walk(text))

    @pytest.mark.parametrize(
        "text",
        [
            SMALL.replace("capacity", "capasity"),
            SMALL.replace("min", "minimum"),
            SMALL.replace("image", "imgae"),
            SMALL.replace("min: 1", 'min: "1"'),
            SMALL.replace("min: 1", "min: null"),
            SMALL.replace("groups", "group"),
            SMALL.replace("shop", "Shop"),
            SMALL + "    cooldown: 300\n",
            SMALL + "    alarms: {hot: {metric: cpuu, above: 1}}\n",
            SMALL + "    policies: {out: {steps: []}}\n",
            SMALL.replace("template: {image: ami-1, size: t3.small}", "tags: {}"),
            SHARED.replace("cooldown", "cooldwn") + "  web:\n",
            SHARED + "  - capacity: {min: 1}\n",
        ],
    )
    def test_bad_files_are_not(self, text: str) -> None:
        assert not VALIDATOR.is_valid(walk(text))


NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: not text.startswith("trimtab-")
)
DURATIONS = st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds))
SIZES = st.integers(0, 100)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
METRICS = st.one_of(
    st.sampled_from(list(NEUTRAL.values())),
    st.builds(lambda metric, of: metric.model_copy(update={"of": of}), st.sampled_from(list(NEUTRAL.values())), TEXT),
    st.builds(
        Metric,
        name=TEXT,
        namespace=TEXT,
        unit=st.sampled_from(Unit),
        source=st.just(MetricSource.CUSTOM),
        dimensions=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
    st.builds(Metric, name=TEXT, query=TEXT, unit=st.sampled_from(Unit), source=st.just(MetricSource.PROMQL)),
)
POLICIES = st.one_of(
    st.builds(SimplePolicy, name=NAMES, change=st.integers(1, 9), cooldown=st.none() | DURATIONS),
    st.builds(
        StepPolicy, name=NAMES, steps=st.tuples(st.builds(Step, lower=st.floats(0, 1e9), percent=st.integers(0, 99)))
    ),
    st.builds(TargetTrackingPolicy, name=NAMES, metric=METRICS, target=st.floats(1, 1e9), scale_in=st.booleans()),
    st.builds(PredictivePolicy, name=NAMES, metric=METRICS, target=st.floats(1, 1e9)),
    st.builds(PythonPolicy, name=NAMES, call=st.sampled_from(["acme.policies:drain", "_:_9"])),
)
ALARMS = st.builds(Alarm, name=NAMES, metric=METRICS, above=NUMBERS, period=DURATIONS.filter(bool), description=TEXT)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)) | st.datetimes(
    datetime(2000, 1, 1),
    datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
SCHEDULES = st.builds(Schedule, name=NAMES, at=MOMENTS, zone=st.just("Europe/Madrid"), desired=SIZES)
VARIABLES = st.dictionaries(TEXT, TEXT | SIZES | st.booleans() | NUMBERS, max_size=3)
SCRIPTS = st.text(st.sampled_from("ab ${x}\n\t#:-'\"é\x85\u2028"), min_size=1, max_size=30)
TEMPLATES = st.builds(
    InstanceTemplate,
    image=st.builds(Image, id=TEXT) | st.builds(Image, newest=TEXT, owner=st.none() | TEXT),
    size=TEXT,
    user_data=SCRIPTS,
    variables=st.none(),
    disks=st.tuples(st.builds(Disk, size_gb=st.integers(1, 99), encrypted=st.booleans())),
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
) | st.builds(InstanceTemplate, image=st.builds(Image, id=TEXT), size=TEXT, user_data=st.just("x"), variables=VARIABLES)


def several(things: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(things, max_size=2, unique_by=lambda thing: thing.name).map(tuple)


GROUPS = st.builds(
    ScalingGroup,
    name=NAMES,
    location=st.none() | TEXT,
    capacity=st.builds(Capacity, min=SIZES, max=st.integers(100, 200)),
    template=TEMPLATES,
    load_balancers=st.lists(st.builds(LoadBalancer, name=TEXT, port=st.none() | st.just(80)), max_size=2).map(tuple),
    purchase=st.builds(Purchase, spot=st.just(True), max_price=st.just("0.05")) | st.just(Purchase()),
    policies=several(POLICIES),
    alarms=several(ALARMS),
    schedules=several(SCHEDULES),
    tags=st.dictionaries(TEXT, TEXT, max_size=3),
    warm_up=st.none() | DURATIONS,
)
FLEETS = st.builds(Fleet, name=NAMES, groups=several(GROUPS), controller=st.booleans())


def difference(old: Any, new: Any) -> Any:
    """What is to be laid over `old` so that it is `new`."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    changed = {key: difference(old.get(key), value) for key, value in new.items() if value != old.get(key)}
    return {**dict.fromkeys(old.keys() - new.keys()), **changed}


class TestOverlays:
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(20), deadline=None)
    @given(FLEETS, FLEETS)
    def test_what_differs_laid_over_a_fleet_gives_the_other(self, old: Fleet, new: Fleet) -> None:
        overlay = difference(file_data(old), file_data(new))
        both = old.replace(overlays={"other": overlay, "nothing": {}})
        assert both.for_provider(None, ["nothing"]) == old
        assert both.for_provider(None, ["other", "nothing"]) == new
        text = dump_fleet(both)
        assert parse_fleet(text, env={}, overlays=["other"]) == new
        VALIDATOR.validate(walk(text))


class TestWriting:
    @settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(), deadline=None)
    @given(FLEETS)
    def test_what_is_written_reads_back_the_same_and_is_valid(self, fleet: Fleet) -> None:
        text = dump_fleet(fleet)
        assert parse_fleet(text, env={}) == fleet
        VALIDATOR.validate(walk(text))

    @settings(max_examples=examples(), deadline=None)
    @given(TEXT)
    def test_any_text_survives(self, text: str) -> None:
        template = InstanceTemplate(image=Image(id=text), size=text, user_data=text, tags={"a": text, text: "b"})
        group = ScalingGroup(name="web", capacity=Capacity(min=1, max=1), template=template)
        fleet = Fleet(name="null", groups=(group,))
        assert parse_fleet(dump_fleet(fleet), env={}) == fleet

    @pytest.mark.parametrize(
        "text", ["1e5", "0o17", "0x1f", "${HOME}", "$${HOME}", "no", "null", "", "~", ".inf", "9" * 30]
    )
    def test_text_that_looks_like_more_stays_text(self, text: str) -> None:
        group = ScalingGroup(
            name="web",
            capacity=Capacity(min=1, max=1),
            template=InstanceTemplate(image="ami-1", size="t3.small", user_data="x", variables={"a": text}),
        )
        fleet = Fleet(name="shop", groups=(group,))
        assert parse_fleet(dump_fleet(fleet), env={}) == fleet

    def test_only_what_was_given_is_written(self) -> None:
        assert yaml.safe_load(dump_fleet(parse_fleet(SMALL))) == yaml.safe_load(SMALL)

    def test_the_numbers_of_scripts_keep_their_form(self) -> None:
        text = SMALL.replace("t3.small}", "t3.small, user_data: '{{ a }}', variables: {a: 1.0}}")
        fleet = parse_fleet(dump_fleet(parse_fleet(text)))
        assert fleet["web"].template.render_user_data() == "1.0"


STEPS = """\
name: shop
groups:
  web:
    capacity: {{min: 1, max: 2}}
    template: {{image: i, size: s}}
    policies:
      out: {{type: step, steps: {steps}}}
"""


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ("[{lower: 0}]", "steps.0: give exactly one of `change`, `percent`, `to`; found none"),
        ("[{lower: 10, upper: 5, change: 1}]", "steps.0.lower: `lower` 10 is not below `upper` 5; swap them"),
        ("[]", "steps: give at least 1, not 0"),
    ],
)
def test_a_wrong_item_of_a_list_is_said_once(steps: str, text: str) -> None:
    """The list is not called too short for the items in it that are wrong."""
    with pytest.raises(ConfigError) as caught:
        parse_fleet(STEPS.format(steps=steps), name="fleet.yaml")
    assert caught.value.problems == (f"fleet.yaml:7: group web, policies.out.{text}",)
