"""Single instances of scale sets, uniform and flexible: which calls are made, in which order, and what is refused."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.azure.groups import FLEXIBLE, azure_group
from trimtab import errors

NAME = "virtualmin-web"
WAIT = tt.minutes(30)
UPDATE, DELETE = "VirtualMachineScaleSets_Update", "VirtualMachineScaleSets_DeleteInstances"


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(world, cloud, size=4, **fields):
    fleet = make_fleet(azure_group(world, "web", **{"capacity": {"min": 2, "max": 6}, "schedules": {}, **fields}))
    cloud.apply(cloud.plan(fleet), wait="stable").raise_for_failures()
    live = cloud.group(NAME)
    live.scale(to=size)
    live.wait(timeout=WAIT)
    world.doors.clear_requests()
    return fleet, live


def ids(live):
    return [each.id for each in live.instances()]


def writes(world):
    return [call.operation for call in world.doors.requests() if call.write]


def capacity(world):
    return world.compute.virtual_machine_scale_sets.get(world.group, NAME)["sku"]["capacity"]


@pytest.mark.parametrize("fields", [{}, {"azure": FLEXIBLE}], ids=["uniform", "flexible"])
def test_an_end_is_one_call(world, cloud, fields):
    """By a number, or by a name: https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/delete-instances"""
    fleet, live = apply(world, cloud, **fields)
    chosen = ids(live)[1]
    live.end(chosen, shrink=True)
    assert writes(world) == [DELETE]
    live.wait(timeout=WAIT)
    assert capacity(world) == 3
    assert chosen not in ids(live)
    assert not cloud.plan(fleet)


@pytest.mark.parametrize("fields", [{}, {"azure": FLEXIBLE}], ids=["uniform", "flexible"])
@pytest.mark.parametrize(("size", "order"), [(4, [UPDATE, DELETE]), (6, [DELETE, UPDATE])])
def test_a_replacement_never_leaves_the_bounds_that_autoscale_keeps(world, cloud, size, order, fields):
    """Raised first, so that nobody can be left with too few; at the maximum put back afterwards."""
    _, live = apply(world, cloud, size, **fields)
    chosen = ids(live)[0]
    live.replace(chosen)
    assert writes(world) == order
    live.wait(timeout=WAIT)
    assert (capacity(world), len(ids(live))) == (size, size)
    assert chosen not in ids(live)


def test_a_group_without_an_autoscale_setting_has_no_bounds(world, cloud):
    """Nothing would undo one more, and nothing keeps a minimum."""
    _, live = apply(world, cloud, 6)
    world.monitor.autoscale_settings.delete(world.group, NAME)
    world.doors.clear_requests()
    live.replace(ids(live)[0])
    assert writes(world) == [UPDATE, DELETE]
    live.wait(timeout=WAIT)
    assert capacity(world) == 6
    live.end(*ids(live)[:5], shrink=True)
    assert capacity(world) == 1


def test_the_size_that_somebody_else_writes_meanwhile_is_added_to(world, cloud):
    """The version that was read is another by then: it is read again."""
    _, live = apply(world, cloud, 3)
    world.doors.fault("stale", operation="VirtualMachineScaleSets_Get")
    live.replace(ids(live)[0])
    live.wait(timeout=WAIT)
    assert capacity(world) == 3


def test_a_replacement_that_is_not_let_delete_leaves_one_more_and_none_less(world, cloud):
    _, live = apply(world, cloud)
    before = ids(live)
    world.doors.fault("denied", operation=DELETE, times=None)
    with pytest.raises(errors.AccessDenied):
        live.replace(before[0])
    world.doors.clear_faults()
    live.wait(timeout=WAIT)
    assert set(before) < set(ids(live))
    assert capacity(world) == 5


def test_a_replacement_whose_size_cannot_be_read_is_given_up(world, cloud):
    """Nothing is deleted before the other one is sure to come."""
    _, live = apply(world, cloud)
    before = ids(live)
    world.doors.fault("error500", operation=UPDATE, times=None)
    with pytest.raises(errors.Unreachable):
        live.replace(before[0])
    world.doors.clear_faults()
    assert ids(live) == before
    assert DELETE not in writes(world)


def test_protection_keeps_what_others_set(world, cloud):
    """`protectFromScaleSetActions` is not ours: it stays, and while it is there nothing is unprotected."""
    _, live = apply(world, cloud)
    number = ids(live)[0]
    machines = world.compute.virtual_machine_scale_set_vms
    machine = machines.get(world.group, NAME, number)
    policy = {"protectFromScaleSetActions": True}
    machines.begin_update(
        world.group, NAME, number, {"location": machine["location"], "properties": {"protectionPolicy": policy}}
    ).result()
    live.protect(number)
    policy = machines.get(world.group, NAME, number)["properties"]["protectionPolicy"]
    assert policy == {"protectFromScaleIn": True, "protectFromScaleSetActions": True}
    with pytest.raises(errors.InvalidRequest, match="take `protectFromScaleSetActions` off it first"):
        live.unprotect(number)


def test_machines_of_a_flexible_scale_set_are_not_protected(world, cloud):
    """https://learn.microsoft.com/azure/virtual-machine-scale-sets/orchestration-modes-api-comparison"""
    _, live = apply(world, cloud, azure=FLEXIBLE)
    with pytest.raises(errors.Unsupported, match=r"'virtualmin-web' is a flexible scale set.*lock the machine"):
        live.protect(ids(live)[0])
    assert not writes(world)


def test_what_has_gone_meanwhile_is_no_failure(world, cloud):
    """Somebody else ends one of two between the look and the call: the other one is ended all the same."""
    _, live = apply(world, cloud, 6)
    first, second, third = live.instances()[:3]
    actor, state = cloud.provider.actions.on(live.location, live.name), live.read()
    world.compute.virtual_machine_scale_set_vms.begin_delete(world.group, NAME, first.id).result()
    actor.end_instances(state, [first, second], shrink=True)
    live.wait(timeout=WAIT)
    assert capacity(world) == 4
    assert not {first.id, second.id} & set(ids(live))
    world.compute.virtual_machine_scale_set_vms.begin_delete(world.group, NAME, third.id).result()
    actor.end_instances(state, [third], shrink=True)
    assert capacity(world) == 3


def test_nothing_is_drained_by_another_way_either(world, cloud):
    _, live = apply(world, cloud)
    actor = cloud.provider.actions.on(live.location, live.name)
    with pytest.raises(errors.Unsupported, match="administrative state"):
        actor.drain(live.read(), live.instances(), shrink=False)
