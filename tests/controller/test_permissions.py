"""What the controller needs of each cloud: exactly what it asks for, and it works with nothing else allowed."""

from fnmatch import fnmatchcase

import botocore.session
import pytest

import trimtab as tt
from tests.controller.rights import WITHOUT_RIGHT, action_of, granted
from tests.providers.azure.rights import ACTIONS
from tests.providers.emulated import CLOUDS, emulated, fleet_for
from trimtab.controller import Controller, TickOutcome
from trimtab.sources import Function

UNSEEN = {
    "compute.instanceGroupManagers.get",  # listManagedInstances of a zonal group
    "compute.regionOperations.list",
    "compute.zoneOperations.list",
    "compute.regionOperations.get",
    "compute.zoneOperations.get",
}
"""Google asks for these beside what a log of calls shows: of an aggregated list, and while a resize is under way."""


def controlled(world):
    """A group that only a controller can size, by metrics of the cloud and of somebody else."""
    jobs = {"custom": "jobs", "namespace": "shop", "unit": "count"}
    group = fleet_for(world).groups[0].replace(
        policies={"out": {"change": 1, "cooldown": "0s"}, "in": {"change": -1, "cooldown": "0s"}},
        alarms={
            "hot": {"metric": "cpu", "above": 70, "triggers": ["out"]},
            "queue": {"metric": jobs, "above": 5, "triggers": ["out"]},
            "many": {"metric": {"external": "orders"}, "above": 100, "triggers": ["out"]},
        },
        schedules={},
    )  # fmt: skip
    return tt.Fleet(name="shop", groups=[group], controller=True, sources={"orders": {}})


@pytest.fixture(scope="module", params=CLOUDS)
def life(request):
    """Each cloud with an applied fleet, and the calls that applying it took."""
    with emulated(request.param) as world, world.connect() as cloud:
        fleet = controlled(world)
        cloud.apply(cloud.plan(fleet), "accepted").raise_for_failures()
        yield request.param, world, cloud, fleet, calls_of(world)


def test_what_takes_no_right_is_said_by_the_vendor():
    for action in WITHOUT_RIGHT:
        service, operation = action.split(":")
        model = botocore.session.get_session().get_service_model(service).operation_model(operation)
        assert "No permissions are required to perform this operation" in model.documentation


def calls_of(world):
    """Every call that was made, but for polling what is under way."""
    doors = world.emulator.doors
    made = {(call.service, call.operation): call for call in doors.requests() if call.operation}
    doors.clear_requests()
    return [call for key, call in made.items() if not fnmatchcase(key[1], "*perations*et")]


def tick(cloud, fleet, **more):
    """One tick while there are many orders."""
    source = Function("orders", lambda query: 200.0, clock=cloud.clock)
    with Controller(fleet, cloud, sources=[source], store="sqlite://", **more) as controller:
        return controller.tick()["web"]


def test_the_controller_is_allowed_what_it_does_and_nothing_idle(life):
    name, world, cloud, fleet, _ = life
    calls_of(world)
    assert tick(cloud, fleet).outcome is TickOutcome.WRITTEN
    used = {action_of(name, call) for call in calls_of(world)} - WITHOUT_RIGHT
    allowed = granted(name, cloud.permissions(fleet, controller=True))
    assert used - allowed == set()
    assert allowed - used - UNSEEN == set()


def test_the_shadow_is_allowed_to_read_alone(life):
    name, world, cloud, fleet, _ = life
    calls_of(world)
    assert tick(cloud, fleet, shadow=True).outcome is TickOutcome.SHADOW
    calls = calls_of(world)
    assert not [call for call in calls if call.write]
    shadow = granted(name, cloud.permissions(fleet, controller=True, read_only=True))
    assert {action_of(name, call) for call in calls} - WITHOUT_RIGHT <= shadow
    both = granted(name, cloud.permissions(fleet, controller=True))
    assert shadow < both
    assert len([action for action in both - shadow if not action.endswith(".get")]) == 1, "the one that sets the size"


def test_the_controller_works_with_everything_else_denied(life):
    """Also with what a plan and an apply are allowed."""
    name, world, cloud, fleet, applied = life
    allowed = granted(name, cloud.permissions(fleet, controller=True))
    known = {call.operation for call in applied if _known(name, call) and action_of(name, call) not in allowed}
    assert len(known) >= 3
    try:
        for operation in known:
            world.emulator.doors.fault("denied", operation=operation, times=None)
        assert tick(cloud, fleet).outcome is TickOutcome.WRITTEN
        plan = cloud.plan(fleet)
        assert plan.unknown or plan.problems, "they are denied indeed"
    finally:
        world.emulator.doors.clear_faults()


def _known(name, call):
    return name != "azure" or call.operation in ACTIONS


SIZED = {
    "aws": "autoscaling:SetDesiredCapacity",
    "azure": "Microsoft.Compute/virtualMachineScaleSets/write",
    "gcp": "compute.instanceGroupManagers.update",
}


def test_the_command_prints_it(life, tmp_path, capsys):
    pytest.importorskip("typer")
    from trimtab.cli import run

    name, _, cloud, fleet, _ = life
    file = tmp_path / "fleet.yaml"
    file.write_text(tt.dump_fleet(fleet))

    def printed(*options):
        assert run(["permissions", str(file), "--provider", name, *options], connect=lambda *_, **__: cloud) == 0
        return capsys.readouterr().out

    assert SIZED[name] in printed("--controller")
    assert SIZED[name] not in printed("--controller", "--read-only")
