"""Drills: the running example on each emulator, fleets in which something is wrong, and what is worked out for them."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

import trimtab as tt
from tests.drills.fleets import BAD, BY_IDS, STEPS, STILL
from tests.laws import sampled
from tests.providers.emulated import CLOUDS, SDKS
from trimtab.drills.accounts import names_of, stood_in
from trimtab.drills.advice import against_a_lost_zone, against_a_shortage, against_silence
from trimtab.drills.calm import calm_values
from trimtab.drills.drilling import merged
from trimtab.drills.expectations import (
    GroupReading,
    Sign,
    back_within,
    never_below_minimum,
    some_serve,
    told_by,
    unchanged,
)
from trimtab.drills.scenarios import SCENARIOS
from trimtab.drills.silences import throttled
from trimtab.drills.stage import Stage, quiet_start
from trimtab.drills.staging import staged_cloud, staging_of
from trimtab.errors import InvalidArgument, PlanRefused, Unsupported

FILE = Path(__file__).parents[2] / "examples" / "virtualmin" / "fleet.yaml"
NAMES = [scenario.name for scenario in SCENARIOS]
ELSEWHERE = {
    "aws": {"zone-lost", "metrics-blind", "throttled", "half-unhealthy", "bad-template"},
    "azure": {"zone-lost"},
    "gcp": {"controller-dead"},
}
"""What is tried on another fleet below, and not on the running example too."""
SKIPPED = {
    "memory": {*NAMES} - {"throttled", "clock-change"},
    "aws": {"controller-dead"},
    "azure": {"controller-dead", "image-gone", "balancer-health-lost"},
    "gcp": {"image-gone", "balancer-health-lost"},
}
"""What is not tried: the example has no controller, and not every emulator can stage all."""
NOT_HELD = {"aws": {"balancer-health-lost"}}
"""
What a cloud does to the example as it stands.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html: an
instance that fails its health check is ended before another one is launched.
"""


def example(provider, **changed):
    """The web tier of the running example."""
    fleet = tt.load_fleet(FILE, provider=provider, env={})
    return fleet.model_copy(update={"groups": (fleet["web"].model_copy(update=changed),)})


def drilled(fleet, provider, *only):
    if provider != "memory":
        pytest.importorskip(SDKS[provider], reason=f"the extra {provider} is not installed")
        pytest.importorskip("moto.server", reason="the extra emulators is not installed")
    return tt.drill(fleet, provider, only=only)


def named(drill, verdict):
    return {each.scenario for each in drill if each.verdict == verdict}


EVERY = [(cloud, name) for cloud in CLOUDS for name in NAMES if name not in ELSEWHERE[cloud]]


def tried(provider):
    """The scenarios of a cloud: each on one cloud at least, by seed; in memory all."""
    if provider == "memory":
        return NAMES
    own = [pair for pair in EVERY if pair[0] == provider]
    some = [pair for pair in sampled(EVERY, 1, "drills", per=lambda pair: pair[1]) if pair in own]
    return [name for _, name in some or sampled(own, 1, provider)]


TRIED = {provider: tried(provider) for provider in SKIPPED}


def test_each_scenario_is_tried_on_an_emulator():
    others = set().union(*ELSEWHERE.values())
    assert {name for provider in CLOUDS for name in TRIED[provider]} >= set(NAMES) - others


@pytest.mark.parametrize("provider", SKIPPED)
def test_the_running_example_holds_but_for_what_its_cloud_says_of_itself(provider):
    names = TRIED[provider]
    drill = drilled(example(provider), provider, *names)
    assert [each.scenario for each in drill] == names
    assert named(drill, "not held") == NOT_HELD.get(provider, set()) & {*names}, [str(each) for each in drill.failures]
    assert named(drill, "not tried") == SKIPPED[provider] & {*names}
    assert all(each.reason for each in drill if each.verdict == "not tried")
    assert all(check.fix for each in drill.failures for check in each.failures)


def test_a_zone_of_azure_is_lost():
    """The example is in no zone there; in three of them its machines are repaired elsewhere."""
    spread = example("azure")["web"].placement.model_copy(update={"zones": ("1", "2", "3")})
    (result,) = drilled(example("azure", placement=spread), "azure", "zone-lost")
    assert result.verdict == "held", str(result)


def test_the_fix_of_a_balancer_whose_health_is_lost_holds():
    fixed = example("aws", health_check=tt.HealthCheck(by="instance"))
    assert drilled(fixed, "aws", "balancer-health-lost").has_held


def test_each_thing_that_is_wrong_is_named():
    drill = drilled(BAD, "aws", "zone-lost", "metrics-blind", "half-unhealthy", "bad-template", "operator-resizes")
    wrong = {(each.scenario, each.group): [check.name for check in each.failures] for each in drill.failures}
    assert wrong.pop(("operator-resizes", "silent")) == ["back"]  # between its thresholds nothing acts
    assert wrong == {
        ("zone-lost", "plain"): ["size", "back"],
        ("metrics-blind", "silent"): ["size"],
        ("half-unhealthy", "plain"): ["back", "told"],
        ("half-unhealthy", "silent"): ["back", "told"],
        ("bad-template", "plain"): ["told"],
        ("bad-template", "silent"): ["told"],
        ("operator-resizes", "plain"): ["back"],
    }
    assert not drill.has_held


def test_schedules_that_do_not_act_do_not_follow_the_clock():
    (result,) = drilled(STILL, "aws", "clock-change")
    assert result.verdict == "not held"
    assert {check.fix for check in result.failures} == {
        "let its schedules act: end what stops them, such as suspended processes"
    }


class Unanswered:
    """A staged cloud that goes on to refuse calls: no fleet file does that, so that the judgement is tried with it."""

    def __init__(self, staged):
        self._staged = staged

    def __getattr__(self, name):
        return (lambda: None) if name == "end_throttling" else getattr(self._staged, name)


def test_a_cloud_that_goes_on_to_refuse_calls_has_not_held():
    with staged_cloud(BAD, "memory", timedelta(minutes=1)) as staged:
        names = names_of(BAD, staged.naming)
        stage = Stage.begun(BAD, staged, names, NOW)
        stage.staged = Unanswered(staged)
        stage.run = lambda minutes: None  # nothing can be read any more
        (result,) = throttled(stage)
    assert [check.name for check in result.failures] == ["back"]


def test_silence_is_tried_above_the_minimum():
    """At it nothing can be scaled in, so that nothing would be held."""
    plain = BAD.model_copy(update={"groups": (BAD["plain"],)})
    (result,) = drilled(plain, "aws", "metrics-blind")
    assert result.verdict == "held", str(result)
    assert result.checks[1].observed[0] in "234"  # its load has made it larger than its minimum of 1


def test_advice_is_never_what_the_file_has():
    group = BAD["silent"]
    assert against_a_lost_zone(group) == "raise `capacity.min` to 2: one instance for each zone"
    spread = group.model_copy(update={"capacity": tt.Capacity(min=2, max=4)})
    assert against_a_lost_zone(spread).startswith("add `health_check`")
    checked = spread.model_copy(update={"health_check": tt.HealthCheck(by="load-balancer")})
    assert against_a_lost_zone(checked).startswith("raise `capacity.min` above 2")
    assert against_a_shortage(group).startswith("name several sizes")
    assert against_a_shortage(group.model_copy(update={"cooldown": timedelta(minutes=10)})).startswith(
        "shorten the cooldown, which is 10 min"
    )
    assert "out of alarms.cold" in against_silence(group)
    assert "or by no alarm" in against_silence(BAD["plain"])


def test_what_an_account_knows_by_ids_stands_by_names():
    drill = drilled(BY_IDS, "aws", "throttled", "half-unhealthy")
    assert drill.has_held
    assert len(drill.notes) == 2
    assert "ubuntu-22.04 stands in for the image of web" in drill.notes[1]


def test_the_controller_of_a_fleet_runs_beside_what_goes_wrong():
    """On Google Cloud nothing else would make the group larger once instances are to be had."""
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    (result,) = drilled(STEPS, "gcp", "no-capacity")
    assert result.verdict == "held", str(result)


def test_a_controller_that_stops():
    pytest.importorskip("sqlalchemy", reason="the extra sql is not installed")
    (result,) = drilled(STEPS, "gcp", "controller-dead")
    assert result.verdict == "held", str(result)
    assert any(each.startswith("explain: the controller sizes this group") for each in result.told)


# what is expected


NOW = datetime(2026, 1, 5, tzinfo=UTC)


def read(*sizes, minimum=2, desired=3):
    """A reading a minute, of so many instances that run."""
    return [
        GroupReading(
            NOW + timedelta(minutes=minute),
            tt.GroupState(
                name="web",
                location="here",
                min=minimum,
                max=9,
                desired=desired,
                instances=tuple(tt.Instance(id=f"i-{number}") for number in range(size)),
            ),
        )
        for minute, size in enumerate(sizes)
    ]


def three(state):
    return state.running >= 3


CHECKS = {
    "at the minimum": (lambda: never_below_minimum(read(3, 2, 3), fix="more"), True),
    "below the minimum": (lambda: never_below_minimum(read(3, 1, 3), fix="more"), False),
    "one serves": (lambda: some_serve(read(3, 1), 3, fix="more"), True),
    "none serves": (lambda: some_serve(read(3, 0), 3, fix="more"), False),
    "the size stays": (lambda: unchanged(read(3, 3), 3, fix="more"), True),
    "scaled in": (lambda: unchanged(read(3, 3, desired=2), 3, fix="more"), False),
    "back in time": (lambda: back_within(read(1, 3, 3), NOW, timedelta(minutes=1), three, fix="more"), True),
    "back, and gone again": (lambda: back_within(read(1, 3, 1), NOW, timedelta(minutes=9), three, fix="more"), False),
    "back too late": (lambda: back_within(read(1, 1, 3), NOW, timedelta(minutes=1), three, fix="more"), False),
    "told": (lambda: told_by([Sign("alarm", "alarm", "hot")], lambda sign: True, what="it", fix="more"), True),
    "told of something else": (
        lambda: told_by([Sign("alarm", "alarm", "hot")], lambda sign: sign.code == "image", what="it", fix="more"),
        False,
    ),
}


@pytest.mark.parametrize("case", CHECKS)
def test_expectations(case):
    make, held = CHECKS[case]
    check = make()
    assert (check.held, check.fix) == (held, "" if held else "more")


def test_what_was_run_twice_is_held_where_it_held_both_times():
    good = tt.DrillResult(scenario="a", group="web", checks=(CHECKS["told"][0](),), told=("x",))
    bad = tt.DrillResult(scenario="a", group="web", checks=(CHECKS["scaled in"][0](),), told=("x", "y"))
    skipped = tt.DrillResult(scenario="a", group="web", reason="no clock changes")
    (one,) = merged([good, bad])
    assert (one.verdict, one.told) == ("not held", ("x", "y"))
    (other,) = merged([skipped, good])
    assert (other.verdict, other.reason) == ("held", "")


def test_a_drill_that_tried_nothing_has_not_held():
    nothing = tt.Drill(fleet="f", provider="memory", results=(tt.DrillResult(scenario="a", reason="no"),))
    assert not nothing.has_held


# what is worked out for a fleet


def test_calm_values_are_between_the_rules():
    """Where rules scale out above a value and in below another; a target is kept a little below."""
    fleet = tt.load_fleet(FILE, provider="aws", env={})
    values = {calm.metric.name: calm.value for calm in calm_values(fleet["web"])}
    assert values == {"cpu": 66.5, "memory": 76.0, "requests-per-instance": 475.0, "errors-5xx": 5.0, "requests": 2500}
    (cpu,) = calm_values(BAD["silent"])
    assert cpu.value == 45
    assert (cpu.at(1.0, 2.0), cpu.at(3.0, 1.0)) == (90.0, 100.0)


def test_the_stage_begins_where_no_schedule_does():
    fleet = tt.load_fleet(FILE, provider="aws", env={})
    assert quiet_start(fleet) == NOW
    busy = {"cron": "0 1 * * *", "until": "30 1 * * *", "zone": "UTC", "min": 3}
    group = BAD["plain"].model_copy(update={"schedules": (tt.Schedule(name="night", **busy),)})
    assert quiet_start(BAD.model_copy(update={"groups": (group,)})) == NOW + timedelta(hours=2)


def test_names_of_an_account():
    naming = staging_of("aws").naming
    names = names_of(stood_in(BY_IDS, naming, BY_IDS.connect), naming)
    assert names.networks == {"": ("drill-subnet-0123456789abcdef0", "drill-subnet-0123456789abcdef1")}
    assert (names.balancers, names.firewalls) == (("web",), ("drill-sg-0123456789abcdef0",))
    assert (names.identities, names.keys) == (("web",), ("ops",))
    assert "arn:aws:sns:eu-west-1:123456789012:ops" in names.arns


# the command


@pytest.fixture
def command():
    pytest.importorskip("typer", reason="the commands need their extra")
    from trimtab.cli import run

    def one(*arguments):
        out, err = io.StringIO(), io.StringIO()
        code = run(["drill", str(FILE), *arguments], out=out, err=err)
        return code, out.getvalue(), err.getvalue()

    return one


def test_the_command_lists_what_there_is(command):
    code, out, _ = command("--list")
    assert code == 0
    assert all(name in out for name in NAMES)


def test_the_forms_of_the_command(command):
    only = ["--provider", "memory", "--only", "throttled", "--only", "zone-lost"]
    code, out, _ = command(*only)
    assert code == 0
    shown = ["zone-lost", "  not tried  web, api, web-spot", "    the cloud in memory always has instances"]
    assert out.splitlines()[:3] == shown
    code, out, _ = command(*only, "--format", "markdown")
    assert "| throttled |  | held | nothing is planned on what could not be read: 0 changes planned" in out
    code, out, _ = command(*only, "--format", "junit")
    root = ElementTree.fromstring(out)
    assert (root.get("tests"), root.get("failures")) == ("4", "0")
    assert [suite.get("skipped") for suite in root] == ["3", "0"]
    code, out, _ = command(*only, "--format", "json")
    assert json.loads(out)["counts"] == {"held": 1, "not held": 0, "not tried": 3}


def test_a_drill_that_shows_nothing_ends_with_2(command):
    code, out, _ = command("--provider", "memory", "--only", "zone-lost")
    assert code == 2
    assert "0 held, 0 not held, 3 not tried" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--provider", "memory", "--only", "flood"], "unknown scenario 'flood'; use zone-lost, no-capacity"),
        (["--provider", "toy"], "toy"),
        ([], "names no provider; add `connect: {provider: ...}` to it"),
    ],
)
def test_errors_of_the_command(command, arguments, text):
    code, _, err = command(*arguments)
    assert code == 1
    assert text in err


def test_instances_that_boot_longer_than_groups_have():
    with pytest.raises(InvalidArgument, match="boot=20m: a drill expects groups back within 15m"):
        tt.drill(BAD, "memory", boot=timedelta(minutes=20))


def test_errors():
    with pytest.raises(InvalidArgument, match="unknown scenario"):
        tt.drill(BAD, "memory", only=["flood"])
    with pytest.raises(
        Unsupported, match="no drill for 'toy': it has no emulator; choose one of memory, aws, azure, gcp"
    ):
        tt.drill(BAD, "toy")
    template = BAD["plain"].template.model_copy(update={"size": "t9.enormous"})
    refused = BAD.model_copy(update={"groups": (BAD["plain"].model_copy(update={"template": template}),)})
    with pytest.raises(PlanRefused, match="the plan on the emulated account is refused"):
        drilled(refused, "aws", "throttled")


def test_a_fleet_without_groups_is_no_drill():
    with pytest.raises(InvalidArgument, match="fleet 'shop' has no group, so there is nothing to drill"):
        tt.drill(tt.Fleet(name="shop", groups=[]), "memory")


def test_both_pools_of_a_rollout_are_made():
    balancer = tt.LoadBalancer(name="blue", alternate="green")
    group = tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=1, max=2),
        template=tt.InstanceTemplate(image="ami-1", size="t3.medium"),
        load_balancers=[balancer],
    )
    names = names_of(tt.Fleet(name="shop", groups=[group]), staging_of("aws").naming)
    assert names.balancers == ("blue", "green")
