"""What is written to Azure, and what never is: the size, another's name, what trimtab knows nothing of."""

import threading
from datetime import timedelta

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP, LOCATION
from trimtab import errors
from trimtab.providers.patience import LONGEST_SILENCE


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


@pytest.fixture
def applied(world, cloud):
    fleet = make_fleet(azure_group(world, "web"))
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    return fleet


def bodies(world, operation):
    return [call.params for call in world.doors.requests() if call.operation == operation]


def resize(world, size):
    sets = world.compute.virtual_machine_scale_sets
    sets.begin_update(GROUP, "virtualmin-web", {"sku": {"name": "Standard_D2s_v5", "capacity": size}}).result()


def capacity(world):
    return world.compute.virtual_machine_scale_sets.get(GROUP, "virtualmin-web")["sku"]["capacity"]


def edited(world):
    return make_fleet(azure_group(world, "web", tags={"Team": "hosting"}))


def test_a_template_is_patched_without_the_size(world, cloud, applied):
    world.doors.clear_requests()
    cloud.apply(cloud.plan(edited(world))).raise_for_failures()
    patches = bodies(world, "VirtualMachineScaleSets_Update")
    assert len(patches) == 1
    assert "sku" not in str(patches[0])


def test_a_size_that_moves_between_the_second_look_and_the_write_stays(world, cloud, applied):
    """The patch goes under the version of the re-read, once more where only the size has moved since."""
    plan = cloud.plan(edited(world))
    world.doors.fault("hold_before", operation="VirtualMachineScaleSets_Update")
    done = []
    thread = threading.Thread(target=lambda: done.append(cloud.apply(plan)))
    thread.start()
    held = world.doors.wait_for_hold()
    resize(world, 4)
    world.doors.release(held)
    thread.join()
    done[0].raise_for_failures()
    assert capacity(world) == 4
    assert not cloud.plan(edited(world))


def test_a_set_that_somebody_changed_in_between_is_not_written_over(world, cloud, applied):
    plan = cloud.plan(edited(world))
    world.doors.fault("hold_before", operation="VirtualMachineScaleSets_Update")
    done = []
    thread = threading.Thread(target=lambda: done.append(cloud.apply(plan)))
    thread.start()
    held = world.doors.wait_for_hold()
    sets = world.compute.virtual_machine_scale_sets
    sets.begin_update(GROUP, "virtualmin-web", {"properties": {"scaleInPolicy": {"rules": ["NewestVM"]}}}).result()
    world.doors.release(held)
    thread.join()
    with pytest.raises(errors.ApplyFailed, match="PreconditionFailed"):
        done[0].raise_for_failures()


def test_a_name_that_is_taken_after_the_plan_is_left_alone(world, cloud):
    """A scale set, a setting, an alert and an action group that somebody made since: none is written over."""
    fleet = make_fleet(azure_group(world, "web"))
    plan = cloud.plan(fleet)
    other = {"location": LOCATION, "properties": {"groupShortName": "theirs", "enabled": True}}
    group = next(change.key.name for change in plan if change.key.kind == "action-group")
    world.monitor.action_groups.create_or_update(GROUP, group, other)
    result = cloud.apply(plan)
    assert any("not this fleet's" in failure for failure in result.failures)
    assert world.monitor.action_groups.get(GROUP, group).group_short_name == "theirs"


def test_what_trimtab_knows_nothing_of_stays_on_a_setting(world, cloud, applied):
    """Tags of others and a notification's owner survive a write of the rules."""
    setting = world.monitor.autoscale_settings.get(GROUP, "virtualmin-web")
    setting.tags = {**setting.tags, "CostCenter": "42"}
    world.monitor.autoscale_settings.create_or_update(GROUP, "virtualmin-web", setting)
    hotter = make_fleet(
        azure_group(
            world,
            "web",
            alarms={"hot": {"metric": "cpu", "above": 80, "triggers": ["scale-out"], "notify": ["ops@example.org"]}},
        )
    )
    cloud.apply(cloud.plan(hotter)).raise_for_failures()
    assert world.monitor.autoscale_settings.get(GROUP, "virtualmin-web").tags["CostCenter"] == "42"
    assert not cloud.plan(hotter)


def test_a_paused_setting_is_written_and_stays_disabled(world, cloud, applied):
    web = cloud.group("web")
    web.pause(by="Ana")
    hotter = make_fleet(
        azure_group(world, "web", alarms={"hot": {"metric": "cpu", "above": 80, "triggers": ["scale-out"]}})
    )
    cloud.apply(cloud.plan(hotter)).raise_for_failures()
    setting = world.monitor.autoscale_settings.get(GROUP, "virtualmin-web")
    assert setting.enabled is False
    assert web.read().paused is not None
    web.resume()
    assert world.monitor.autoscale_settings.get(GROUP, "virtualmin-web").enabled is True
    assert not cloud.plan(hotter)


def test_throttling_is_waited_out_as_azure_asks(world):
    retried = []
    with world.connect(listener=retried.append) as cloud:
        world.doors.configure(retry_after=7)
        world.doors.fault("throttle", operation="VirtualMachineScaleSets_List", times=2)
        before = world.doors.now()
        cloud.plan(make_fleet(azure_group(world, "web")))
        calls = [event.operation for event in retried if isinstance(event, tt.CallRetried)]
        assert calls == ["compute.virtual_machine_scale_sets.list"] * 2
        assert world.doors.now() - before >= timedelta(seconds=14)


def test_a_long_running_operation_is_waited_for(world):
    """The write of a setting follows the end of the scale set's creation; a failed one says why."""
    with world.connect() as cloud:
        world.doors.configure(operation_seconds=90)
        begin = world.doors.now()
        cloud.apply(cloud.plan(make_fleet(azure_group(world, "web")))).raise_for_failures()
        assert world.doors.now() - begin >= timedelta(seconds=90)


def polls_of(world):
    """The outcome of a creation, how often its operation is looked at, and how long that takes."""
    with world.connect() as cloud:
        plan = cloud.plan(make_fleet(azure_group(world, "web")))
        begin = world.doors.now()
        world.doors.clear_requests()
        outcome = cloud.apply(plan, wait="accepted")
        looks = [call for call in world.doors.requests() if call.operation == "Operations_Get"]
        return outcome, len(looks), world.doors.now() - begin


def test_an_operation_is_looked_at_as_azure_asks(world):
    """
    Not before `Retry-After` of the reply that began it, nor of the reply before.

    https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
    """
    world.doors.configure(operation_seconds=90, retry_after=45)
    outcome, looks, passed = polls_of(world)
    outcome.raise_for_failures()
    assert (looks, passed) == (2, timedelta(seconds=90))


@pytest.mark.parametrize("asked", [161, 86400, 10**9])
def test_a_wait_that_azure_asks_for_is_bounded(world, asked):
    """By the time for which a cloud may be silent, and by that for which an operation is waited for."""
    world.doors.configure(operation_seconds=200, retry_after=asked)
    outcome, looks, passed = polls_of(world)
    outcome.raise_for_failures()
    assert (looks, passed) == (2, 2 * LONGEST_SILENCE)


def test_an_operation_that_never_ends_is_given_up_in_time(world):
    world.doors.configure(operation_seconds=10**6, retry_after=86400)
    outcome, looks, passed = polls_of(world)
    assert any("has not ended within" in failure for failure in outcome.failures)
    assert (looks, passed) == (12, timedelta(minutes=30))


def test_no_capacity_is_a_failed_change_with_the_vendors_code(world):
    with world.connect() as cloud:
        world.doors.run_short(instance_type="Standard_D2s_v5")
        result = cloud.apply(cloud.plan(make_fleet(azure_group(world, "web"))), wait="accepted")
        assert any("AllocationFailed" in failure for failure in result.failures), result.failures


def test_a_timeout_after_the_effect_converges(world, cloud):
    fleet = make_fleet(azure_group(world, "web"))
    world.doors.fault("timeout_after", operation="VirtualMachineScaleSets_CreateOrUpdate")
    cloud.apply(cloud.plan(fleet), wait="accepted")
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert not cloud.plan(fleet)


def test_what_azure_cannot_do_takes_consent_to_the_controller(world, cloud):
    alarms = {"slow": {"metric": "cpu", "above": 70, "statistic": "p95", "triggers": ["scale-out"]}}
    plan = cloud.plan(make_fleet(azure_group(world, "web", alarms=alarms)))
    (text,) = [str(problem) for problem in plan.problems]
    assert text.startswith("group web: alarms.slow.statistic: ")
    assert "use `statistic: average` or `maximum`, or have the controller do it by `controller: true`" in text
    writes = world.writes()
    with pytest.raises(errors.PlanRefused):
        cloud.apply(plan)
    assert world.writes() == writes
    agreed = make_fleet(azure_group(world, "web", alarms=alarms), controller=True)
    cloud.apply(cloud.plan(agreed)).raise_for_failures()
    setting = world.monitor.autoscale_settings.get(GROUP, "virtualmin-web")
    assert (setting.enabled, [profile.rules for profile in setting.profiles]) == (False, [[]])
    assert not cloud.plan(agreed)


def test_strict_refuses_what_is_approximated(world, cloud):
    alarms = {"hot": {"metric": "cpu", "above": 70, "periods": 3, "triggers": ["scale-out"]}}
    plan = cloud.plan(make_fleet(azure_group(world, "web", alarms=alarms)), strict=True)
    assert any("not exactly so" in str(problem) for problem in plan.problems)


def test_another_size_takes_the_policys_consent(world, cloud):
    hold = {"type": "target-tracking", "metric": "cpu", "target": 50}
    fleet = make_fleet(azure_group(world, "web", policies={"hold": hold}, alarms={}))
    assert any("approximate: true" in str(problem) for problem in cloud.plan(fleet).problems)
    agreed = make_fleet(azure_group(world, "web", policies={"hold": {**hold, "approximate": True}}, alarms={}))
    assert not cloud.plan(agreed).problems


def test_a_size_outside_the_bounds_is_refused_before_azure_undoes_it(world, cloud, applied):
    """Bounds that are asked of a scale set outside its setting are refused before Azure undoes them."""
    with pytest.raises(errors.InvalidRequest, match="outside the bounds"):
        cloud.group("web").scale(to=40)
    assert capacity(world) == 2


def test_a_setting_is_found_by_its_scale_set_whatever_its_name(world, cloud, applied):
    """The portal names settings as it likes, and a scale set has one: it is adopted, changed and taken away."""
    settings = world.monitor.autoscale_settings
    setting = settings.get(GROUP, "virtualmin-web")
    settings.delete(GROUP, "virtualmin-web")
    setting.tags = {}
    settings.create_or_update(GROUP, "web-Autoscale-123", setting)
    assert cloud.plan(applied).problems, "somebody else's setting is not written over"
    cloud.apply(cloud.adopt(applied)).raise_for_failures()
    assert not cloud.plan(applied)
    web = azure_group(world, "web", capacity={"min": 3, "max": 12})
    cloud.apply(cloud.plan(make_fleet(web))).raise_for_failures()
    assert not cloud.plan(make_fleet(web))
    assert cloud.group("web").read().capacity.max == 12
    cloud.group("web").pause(by="ops")
    cloud.group("web").resume()
    assert [one.name for one in settings.list_by_resource_group(GROUP)] == ["web-Autoscale-123"]
    cloud.apply(cloud.destroy(applied), allow_delete=True).raise_for_failures()
    assert not list(settings.list_by_resource_group(GROUP))


@pytest.mark.parametrize("beside", [False, True])
def test_an_identity_that_is_no_longer_wanted_goes(world, cloud, beside):
    """A patch merges the map of identities, and only null ends a member: ours of before, and one put beside it."""
    for name in ("ida", "idb"):
        world.put(f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}", {"location": "westeurope"})
    template = {"image": "Ubuntu2404", "size": "Standard_D2s_v5"}
    first, then = (
        make_fleet(azure_group(world, "web", template={**template, "role": role})) for role in ("ida", "idb")
    )
    cloud.apply(cloud.plan(first)).raise_for_failures()
    identity = f"{world.home}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    if beside:
        patch = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{identity}/idb": {}}}}
        cloud.provider.connection.begin(
            "compute.virtual_machine_scale_sets.begin_update", GROUP, "virtualmin-web", patch
        )
    wanted, left = (first, "ida") if beside else (then, "idb")
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    there = cloud.provider.connection.call("compute.virtual_machine_scale_sets.get", GROUP, "virtualmin-web")
    assert [one.rsplit("/", 1)[-1] for one in there["identity"]["userAssignedIdentities"]] == [left]
    assert not cloud.plan(wanted)
