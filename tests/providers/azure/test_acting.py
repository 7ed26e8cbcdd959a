"""Sizes asked for, pauses and executed policies on Azure, where an autoscale setting has the last word on a size."""

import threading
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP, START
from trimtab import errors, metrics

NAME = "virtualmin-web"
NINE = START + timedelta(hours=9)
"""Ten o'clock in Madrid on the first Monday, inside the hours whose least size is three."""


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(world, cloud, **fields):
    fleet = make_fleet(azure_group(world, "web", **fields))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    return fleet, cloud.group(NAME)


def setting(cloud):
    """The autoscale setting as Resource Manager answers it."""
    return cloud.provider.connection.call("monitor.autoscale_settings.get", GROUP, NAME)


def disable(world):
    """Turn the setting off by hand."""
    found = world.monitor.autoscale_settings.get(GROUP, NAME)
    found.enabled = False
    world.monitor.autoscale_settings.create_or_update(GROUP, NAME, found)


def capacity(world):
    return world.compute.virtual_machine_scale_sets.get(GROUP, NAME)["sku"]["capacity"]


def resize(world, size):
    """Ask for a size by hand."""
    world.compute.virtual_machine_scale_sets.begin_update(
        GROUP, NAME, {"sku": {"name": "Standard_D2s_v5", "capacity": size}}
    ).result()


def written(world):
    return [call for call in world.doors.requests() if call.write]


# sizes


def test_a_size_is_a_patch_of_the_size_alone(world, cloud):
    """Azure keeps what a patch leaves out: https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/update"""
    _, live = apply(world, cloud)
    before = cloud.provider.connection.call("compute.virtual_machine_scale_sets.get", GROUP, NAME)
    world.doors.clear_requests()
    live.scale(to=4)
    (patch,) = written(world)
    assert patch.operation == "VirtualMachineScaleSets_Update"
    after = cloud.provider.connection.call("compute.virtual_machine_scale_sets.get", GROUP, NAME)
    assert after["sku"] == {**before["sku"], "capacity": 4}
    assert after["properties"] == before["properties"]
    assert after["tags"] == before["tags"]


def test_the_bounds_are_those_of_the_profile_in_force(world, cloud):
    """The setting would undo a size outside them within a minute."""
    _, live = apply(world, cloud)
    live.scale(to=2)
    assert (live.read().min, live.read().max) == (2, 4)
    world.doors.set_clock(NINE, freeze=True)
    with pytest.raises(errors.InvalidRequest, match="2 is outside the bounds of 'virtualmin-web': 3 to 4"):
        live.scale(to=2)
    live.scale(to=4)
    assert capacity(world) == 4


def test_a_scale_set_without_a_setting_takes_any_size(world, cloud):
    """Nothing but people moves it, so that there is nothing to pause."""
    _, live = apply(world, cloud)
    world.monitor.autoscale_settings.delete(GROUP, NAME)
    live.scale(to=7)
    assert capacity(world) == 7
    with pytest.raises(errors.Unsupported, match="has no autoscale setting"):
        live.pause(by="Ana")
    with pytest.raises(errors.NotFound, match="has no policy"):
        live.execute("scale-out")


def test_a_size_that_moves_before_the_write_is_not_written_over(world, cloud):
    """The patch holds for the version that was read, and Azure answers 412 where there is another."""
    _, live = apply(world, cloud)
    world.doors.fault("hold_before", operation="VirtualMachineScaleSets_Update")
    caught = []

    def act():
        try:
            live.execute("scale-out")
        except errors.ProviderError as error:
            caught.append(error)

    thread = threading.Thread(target=act)
    thread.start()
    held = world.doors.wait_for_hold()
    resize(world, 4)
    world.doors.release(held)
    thread.join()
    assert [(type(error), error.code) for error in caught] == [(errors.Conflict, "PreconditionFailed")]
    assert capacity(world) == 4


def test_a_size_that_there_is_no_quota_for_is_refused_in_azures_words(world, cloud):
    _, live = apply(world, cloud)
    world.doors.run_short(reason="quota")
    with pytest.raises(errors.Conflict, match=r"approved .* Cores quota") as caught:
        live.scale(to=4)
    assert caught.value.code == "OperationNotAllowed"
    assert capacity(world) == 2


def test_a_size_is_not_waited_for(world, cloud):
    _, live = apply(world, cloud)
    world.doors.configure(operation_seconds=600)
    before = world.doors.now()
    live.scale(to=3)
    assert world.doors.now() == before


# pauses


def test_a_pause_disables_the_setting_in_one_write_and_says_who(world, cloud):
    """Nothing scales until it is resumed, and then again."""
    fleet, live = apply(world, cloud)
    world.doors.clear_requests()
    live.pause(by="Ana García", until=world.doors.now() + timedelta(hours=2), why="moving / the database")
    assert [call.operation for call in written(world)] == ["AutoscaleSettings_CreateOrUpdate"]
    found = setting(cloud)
    assert found["properties"]["enabled"] is False
    assert found["tags"]["trimtab-paused"].startswith("Ana García / 2026-01-05T02:")
    assert not cloud.plan(fleet)
    sizes = []
    for act in (lambda: None, live.resume):
        act()
        for _ in range(10):
            world.push(NAME, metrics.cpu, 95)
            world.advance(timedelta(minutes=1))
        sizes.append(capacity(world))
    assert sizes[0] == 2 < sizes[1]


def test_a_pause_and_its_end_leave_the_setting_as_it_was(world, cloud):
    """A setting is put whole: profiles, rules, notifications and other tags come back letter for letter."""
    _, live = apply(world, cloud)
    before = setting(cloud)
    live.pause(by="Ana")
    live.pause(by="Ana", why="again")
    live.resume()
    assert setting(cloud) == before
    world.doors.clear_requests()
    live.resume()
    assert not written(world)


def test_a_setting_that_is_disabled_by_hand_is_drift(world, cloud):
    """Without a mark it is healed; resuming has nothing to do with it."""
    fleet, live = apply(world, cloud)
    disable(world)
    live.resume()
    (change,) = cloud.plan(fleet)
    assert [field.path for field in change.fields] == ["properties.enabled"]
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert setting(cloud)["properties"]["enabled"] is True


def test_what_was_disabled_before_a_pause_stays_so_after_it(world, cloud):
    """Resuming gives back only what the pause stopped."""
    _, live = apply(world, cloud)
    disable(world)
    live.pause(by="Ana")
    live.pause(by="Ana", why="again")
    live.resume()
    assert setting(cloud)["properties"]["enabled"] is False
    assert live.read().paused is None


def test_a_mark_by_hand_is_a_pause_too(world, cloud):
    """Whatever it says: it is shown, and resuming takes it away and enables the setting."""
    fleet, live = apply(world, cloud)
    found = world.monitor.autoscale_settings.get(GROUP, NAME)
    found.enabled, found.tags = False, {**found.tags, "trimtab-paused": "ana at night"}
    world.monitor.autoscale_settings.create_or_update(GROUP, NAME, found)
    assert not cloud.plan(fleet)
    assert live.read().paused.by == "ana at night"
    live.resume()
    assert setting(cloud)["properties"]["enabled"] is True


def test_a_paused_group_keeps_the_bounds_that_held_and_is_scaled_by_hand(world, cloud):
    """A disabled setting swaps no profile: in the morning the night's bounds still hold."""
    _, live = apply(world, cloud)
    live.pause(by="Ana")
    world.doors.set_clock(NINE, freeze=True)
    for size in (4, 2):
        live.scale(to=size)
        assert capacity(world) == size
    with pytest.raises(errors.InvalidRequest, match="2 to 4"):
        live.scale(to=1)


@pytest.mark.parametrize("act", ["pause", "resume"])
def test_a_pause_or_its_end_that_was_refused_changes_nothing(world, cloud, act):
    """One write does all of it: there is no half."""
    fleet, live = apply(world, cloud)
    if act == "resume":
        live.pause(by="Ana")
    before = setting(cloud)
    world.doors.fault("denied", operation="AutoscaleSettings_CreateOrUpdate")
    with pytest.raises(errors.AccessDenied, match="authorization"):
        live.pause(by="Ana") if act == "pause" else live.resume()
    assert setting(cloud) == before
    assert not cloud.plan(fleet)


def test_a_pause_whose_reply_was_lost_is_one_pause(world, cloud):
    """The put may be made twice, and what was enabled before the first is enabled at the end."""
    _, live = apply(world, cloud)
    world.doors.fault("timeout_after", operation="AutoscaleSettings_CreateOrUpdate")
    live.pause(by="Ana")
    assert setting(cloud)["properties"]["enabled"] is False
    live.resume()
    assert setting(cloud)["properties"]["enabled"] is True


# policies


def test_a_policy_asks_for_the_size_that_it_would_give(world, cloud):
    """Azure fires no rule on request: the mark keeps what each policy does, and the setting's bounds hold."""
    policies = {
        "one": {"change": 1},
        "half": {"percent": 50, "minimum_change": 2, "approximate": True},
        "all": {"to": 10},
        "leap": {"to": 99},
        "fewer": {"change": -3},
    }
    alarms = {
        name: {"metric": "cpu", "above": 50 + place, "triggers": [name]} for place, name in enumerate(policies)
    } | {"fewer": {"metric": "cpu", "below": 20, "triggers": ["fewer"]}}
    _, live = apply(world, cloud, capacity={"min": 2, "max": 12}, policies=policies, alarms=alarms, schedules={})
    sizes = []
    for name in ("one", "half", "half", "all", "half", "leap", "fewer"):
        live.execute(name)
        sizes.append(capacity(world))
    assert sizes == [3, 5, 7, 10, 12, 12, 9]
    resize(world, 3)
    live.execute("fewer")
    assert capacity(world) == 2


@pytest.mark.parametrize(
    "policy",
    [
        {"type": "step", "steps": [{"upper": 10, "change": 1}, {"lower": 10, "change": 2}]},
        {"type": "target-tracking", "metric": "cpu", "target": 50, "approximate": True},
    ],
    ids=["step", "target"],
)
def test_what_watches_its_own_metric_is_not_executed(world, cloud, policy):
    """A step policy is a rule for each step here, and a target two rules: a mark keeps simple policies only."""
    triggered = {"hot": {"metric": "cpu", "above": 70, "triggers": ["it"]}} if policy["type"] == "step" else {}
    _, live = apply(world, cloud, policies={"it": policy}, alarms=triggered)
    with pytest.raises(errors.NotFound, match="has no policy 'it' that can be executed"):
        live.execute("it", value=85, threshold=70)
    assert capacity(world) == 2


def test_a_policy_whose_reply_was_lost_acts_once(world, cloud):
    """The second try is for the version that was read, which is no longer there: its 412 stands for the lost reply."""
    _, live = apply(world, cloud)
    world.doors.fault("timeout_after", operation="VirtualMachineScaleSets_Update")
    live.execute("scale-out")
    assert capacity(world) == 3
    world.doors.fault("throttle", operation="VirtualMachineScaleSets_Update")
    live.execute("scale-out")
    assert capacity(world) == 4


# what is not there


def test_acting_on_a_group_that_went(world, cloud):
    fleet, live = apply(world, cloud)
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()
    for act in (
        live.resume,
        lambda: live.execute("scale-out"),
        lambda: live.pause(by="Ana"),
        lambda: live.scale(to=3),
    ):
        with pytest.raises(errors.NotFound, match="group 'virtualmin-web' not found in westeurope"):
            act()


def test_a_scale_set_of_another_region_is_not_the_group(world, cloud):
    """A resource group may hold scale sets of many regions, and a name is one's in all of them."""
    apply(world, cloud)
    actor = cloud.provider.actions.on("northeurope", NAME)
    for act in (
        cloud.group(NAME, location="northeurope").read,
        lambda: actor.set_capacity(3),
        lambda: actor.execute("scale-out", value=None, threshold=None),
    ):
        with pytest.raises(errors.NotFound, match="in northeurope"):
            act()
    assert capacity(world) == 2


def test_a_group_that_is_being_deleted_takes_no_size(world, cloud):
    """Azure refuses it with 409 OperationNotAllowed, as https://github.com/microsoft/onefuzz/pull/511 has it."""
    _, live = apply(world, cloud)
    world.doors.configure(operation_seconds=120)
    world.compute.virtual_machine_scale_sets.begin_delete(GROUP, NAME, polling=False)
    assert live.read().deleting
    with pytest.raises(errors.Conflict, match="marked for deletion") as caught:
        live.scale(to=3)
    assert caught.value.code == "OperationNotAllowed"
