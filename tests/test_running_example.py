"""The running example: one file with every demand of the guide, for four providers by `--provider` alone."""

from functools import reduce
from pathlib import Path

import pytest
import yaml

import trimtab as tt
from tests.providers.emulated import CLOUDS, SDKS
from trimtab.models.built_in import BUILT_IN
from trimtab.testing import MemoryTestCloud

EXAMPLES = Path(__file__).parents[1] / "examples"
FILE = EXAMPLES / "virtualmin" / "fleet.yaml"
FIVE_MINUTES, TEN_MINUTES = tt.minutes(5), tt.minutes(10)
PRESENT = object()
"""Any value but none."""

DEMANDS = (
    # 2.3 and 2.6: two tiers of the same sizes
    ("a web tier", "web", "capacity", tt.Capacity(min=2, max=10, desired=2)),
    ("an api tier", "api", "capacity", tt.Capacity(min=2, max=10, desired=2)),
    ("the size of a t3.medium", "web", "template.size", tt.SizeRequirement(cpus=2, memory_gb=4)),
    ("the newest Ubuntu 22.04", "web", "template.image.os", "ubuntu-22.04"),
    # 2.4: the launch template and the group
    ("the start script", "web", "template.user_data", PRESENT),
    ("its variable cluster_name", "web", "template.variables.cluster_name", "virtualmin-pro-cluster"),
    ("its variable component", "api", "template.variables.component", "api"),
    ("its variable environment", "api", "template.variables.environment", "production"),
    ("the tag Environment", "web", "tags.environment", "production"),
    ("the tag Component", "api", "tags.component", "api"),
    ("a load balancer of the web tier", "web", "load_balancers.0", PRESENT),
    ("a load balancer of the api tier", "api", "load_balancers.0", PRESENT),
    ("a health check", "web", "health_check", PRESENT),
    ("time to start serving", "web", "health_check.grace", FIVE_MINUTES),
    ("five minutes between changes", "web", "warm_up", FIVE_MINUTES),
    ("CPU, out above 70 and in again", "web", "policies.hold-cpu.target", 70),
    ("memory, out above 80 and in again", "api", "policies.hold-memory.target", 80),
    ("an alarm on memory", "api", "alarms.memory-stays-high.metric", tt.metrics.memory),
    # 4.2: requests and errors
    ("requests, out above 1,000 a minute of two and in again", "web", "policies.hold-requests.target", 500),
    ("an alarm on the rate of requests", "web", "alarms.high-request-rate.metric", tt.metrics.requests),
    ("an alarm on errors", "web", "alarms.high-error-rate.metric", tt.metrics.errors_5xx),
    ("more than ten errors a minute", "api", "alarms.high-error-rate.above", 10),
    ("two minutes of them", "api", "alarms.high-error-rate.periods", 2),
    # 5: prediction, schedules, a metric of one's own
    ("a forecast", "web", "policies.predictive-scaling.type", "predictive"),
    ("that scales", "web", "policies.predictive-scaling.mode", "forecast-and-scale"),
    ("ten minutes ahead", "web", "policies.predictive-scaling.buffer", TEN_MINUTES),
    ("larger from eight on weekdays", "web", "schedules.business-hours.cron", "0 8 * * 1-5"),
    ("smaller from six on weekdays", "web", "schedules.business-hours.until", "0 18 * * 1-5"),
    ("a metric of one's own", "api", "policies.hold-workers.metric.source", "custom"),
    ("an exporter on each node", "web", "template.agents.1", "node-exporter"),
    ("collectd on each node", "api", "template.agents.2", "collectd"),
    ("a role with which instances publish it", "api", "template.role", PRESENT),
    # 6.1: spot
    ("a spot tier", "web-spot", "purchase.spot", True),
    ("its tag", "web-spot", "tags.instance-type", "spot"),
    ("a base on demand", "web-spot", "purchase.on_demand_base", 1),
    ("a share on demand", "web-spot", "purchase.on_demand_percent", 25),
    ("by capacity", "web-spot", "purchase.strategy", "capacity"),
)
"""What the guide asks for, the group and the field of the file that say it, and the value."""
ON_CLOUDS = (("an SSH key", "web", "template.ssh_key", PRESENT),)
"""What has a name of each cloud's own, and none without one."""
OTHERWISE = {
    ("azure", "health_check.grace"): TEN_MINUTES,  # the least that a scale set takes
    ("gcp", "purchase.on_demand_percent"): 0,  # beside policies a share takes the controller
    ("gcp", "purchase.strategy"): None,
}
"""What a cloud cannot do, and what stands there instead."""

NAMES = ("placement.", "template.ssh_key", "template.role", "alarms.*.notify")
"""What an overlay of a provider is for: names of what is there already."""
CANNOT = {
    "aws": ("policies.hold-workers.metric.dimensions",),
    "azure": ("health_check.", "policies.hold-requests", "azure."),
    "gcp": ("health_check.", "purchase."),
}
"""And what that cloud does its own way; a comment beside each says why."""


def at(group, path):
    """What a field of a group holds, things in it by their names."""

    def inside(value, step):
        if isinstance(value, tuple):
            named = {getattr(item, "name", None): item for item in value}
            return named[step] if step in named else value[int(step)]
        return value[step] if hasattr(value, "keys") else getattr(value, step)

    return reduce(inside, path.split("."), group)


@pytest.mark.parametrize("provider", BUILT_IN)
def test_every_demand_of_the_guide_is_in_the_file(provider):
    fleet = tt.load_fleet(FILE, provider=provider, env={})
    for demand, group, path, value in (*DEMANDS, *(ON_CLOUDS if provider in CLOUDS else ())):
        wanted, found = OTHERWISE.get((provider, path), value), at(fleet[group], path)
        assert found not in (None, (), {}) if wanted is PRESENT else found == wanted, (demand, path, found)


def test_what_the_table_makes_an_exception_of_is_in_it():
    assert {path for _, path in OTHERWISE} <= {path for _, _, path, _ in DEMANDS}


def leaves(value, path=""):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path


def said_by(overlay):
    """The fields of groups that an overlay changes, wherever it says so."""
    yield from leaves(overlay.get("defaults", {}))
    for group in (overlay.get("groups") or {}).values():
        yield from leaves(group)


def is_allowed(path, allowed):
    steps = path.split(".")
    plain = ".".join("*" if place == 1 and steps[0] == "alarms" else step for place, step in enumerate(steps))
    return any(plain.startswith(start) for start in allowed)


@pytest.mark.parametrize("provider", CLOUDS)
def test_overlays_are_names_and_what_a_cloud_does_its_own_way(provider):
    overlay = yaml.safe_load(FILE.read_text())["overlays"][provider]
    assert set(overlay) <= {"defaults", "groups"}
    paths = list(said_by(overlay))
    assert [path for path in paths if not is_allowed(path, (*NAMES, *CANNOT[provider]))] == []
    for start in CANNOT[provider]:
        assert any(path.startswith(start) for path in paths), f"{start} is no longer needed"


@pytest.fixture(params=BUILT_IN)
def account(request):
    """An account that has what the example refers to, emulated."""
    if request.param == "memory":
        with MemoryTestCloud.started() as memory:
            yield memory
        return
    pytest.importorskip(SDKS[request.param])
    emulator = request.getfixturevalue(f"{request.param}_emulator")
    emulator.reset()
    emulator.furnish()
    yield CLOUDS[request.param](emulator)


@pytest.mark.parametrize("overlays", [(), ("staging",), ("production",)], ids=str)
def test_it_is_made_and_planned_to_nothing(account, overlays):
    """Planned without a problem, applied, planned to nothing, destroyed: nothing of it is left."""
    with account.connect() as cloud:
        fleet = tt.load_fleet(FILE, provider=cloud.provider.name, overlays=overlays, env={})
        plan = cloud.plan(fleet)
        assert (plan.problems, plan.unknown) == ((), ())
        cloud.apply(plan).raise_for_failures()
        again = cloud.plan(fleet)
        assert not again, again.to_dict()
        states = [group.state for group in cloud.status(fleet).groups]
        assert [state.running for state in states] == [state.desired for state in states]
        unlimited = fleet.model_copy(update={"limits": tt.PlanLimits()})
        cloud.apply(cloud.destroy(unlimited), allow_delete=True).raise_for_failures()
        assert not cloud.destroy(unlimited)


@pytest.mark.parametrize("provider", [None, *BUILT_IN])
@pytest.mark.parametrize("overlays", [(), ("staging",), ("production",)], ids=str)
def test_nothing_is_to_be_said_against_it(provider, overlays):
    fleet = tt.load_fleet(FILE, provider=provider, overlays=overlays, env={})
    assert [str(finding) for finding in tt.check_fleet(fleet, provider=provider)] == []


def test_there_is_no_second_file_for_a_cloud():
    """The guide's own design stands beside it, and no file for a provider."""
    assert sorted(path.name for path in FILE.parent.iterdir()) == ["fleet.yaml", "guide.yaml"]
