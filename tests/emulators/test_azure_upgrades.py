"""
How instances come to a new model of their scale set, as Microsoft documents it.

Quotations are from pages of https://learn.microsoft.com/azure/virtual-machine-scale-sets/:
virtual-machine-scale-sets-upgrade-policy, -perform-manual-upgrades, -configure-rolling-upgrades, -maxsurge,
-reimage-virtual-machine, -automatic-upgrade, -orchestration-modes.
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from azure_bench import GROUP, SET_KIND, Azure, code, failure

MINUTE = timedelta(minutes=1)
HEALTH = {
    "name": "health",
    "properties": {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "1.0",
        "settings": {"protocol": "http", "port": 80, "requestPath": "/"},
    },
}
WATCHED = {"extensionProfile": {"extensions": [HEALTH]}}
OLD, NEW = ({"storageProfile": {"imageReference": {"sku": sku}}} for sku in ("server", "minimal"))
DATA = {"osProfile": {"customData": "IyEvYmluL2Zhc3Q="}}


def body(azure: Azure, capacity: int, *, flexible: bool = False, **policy: Any) -> dict[str, Any]:
    """A scale set that asks after the health of its instances and rolls; with no policy it leaves that to the user."""
    make = azure.flexible_body if flexible else azure.set_body
    made = make(capacity, profile=WATCHED, **({} if flexible else {"overprovision": False}))
    mode = {"mode": "Rolling", "rollingUpgradePolicy": policy} if policy else {"mode": "Manual"}
    made["properties"]["upgradePolicy"] = mode
    return made


def model(azure: Azure, **profile: Any) -> Any:
    return azure.patch({"properties": {"virtualMachineProfile": profile}})


def resize(azure: Azure, name: str = "Standard_D4s_v5") -> Any:
    return azure.patch({"sku": {"name": name}})


def upgraded(azure: Azure) -> list[bool]:
    return [each.properties.latest_model_applied for each in azure.instances()]


def act(azure: Azure, verb: str, *names: str) -> None:
    getattr(azure.compute.virtual_machine_scale_sets, verb)(GROUP, "web", {"instanceIds": list(names)}).result()


def latest(azure: Azure) -> Any:
    return azure.compute.virtual_machine_scale_set_rolling_upgrades.get_latest(GROUP, "web").properties


def counts(azure: Azure) -> tuple[int, int, int, int]:
    """How many succeeded, failed, are in progress and pending."""
    found = latest(azure).progress
    return (
        found.successful_instance_count,
        found.failed_instance_count,
        found.in_progress_instance_count,
        found.pending_instance_count,
    )


def ill(azure: Azure) -> list[str]:
    machines = azure.compute.virtual_machine_scale_set_vms
    views = {each: machines.get_instance_view(GROUP, "web", each) for each in azure.numbers()}
    return [name for name, view in views.items() if view.vm_health.status.code == "HealthState/unhealthy"]


class TestManual:
    def test_nothing_happens_to_what_is_there(self, azure: Azure) -> None:
        """'Nothing happens automatically ... New instances ... use the most update-to-date model available.'"""
        azure.make_set(capacity=2)
        model(azure, **NEW)
        azure.scale(3)
        assert upgraded(azure) == [False, False, True]

    @pytest.mark.parametrize("flexible", [False, True])
    def test_those_that_are_named_are_upgraded(self, azure: Azure, flexible: bool) -> None:
        """'the ID of the instance if using Uniform Orchestration and the instance name if using Flexible'."""
        azure.make_set(body=body(azure, 3, flexible=flexible))
        resize(azure)
        act(azure, "begin_update_instances", azure.numbers()[1])
        assert upgraded(azure) == [False, True, False]
        act(azure, "begin_update_instances", "*")
        assert upgraded(azure) == [True, True, True]

    def test_an_upgrade_that_takes_a_restart_takes_its_time(self, azure: Azure) -> None:
        """'Updates that require restarting, reimaging or redeploying: ... Image Reference ... Virtual machine size'."""
        azure.doors.configure(boot_seconds=120)
        azure.make_set(capacity=2)
        azure.doors.advance(120)
        resize(azure)
        act(azure, "begin_update_instances", "0")
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Updating", "Succeeded"]
        azure.doors.advance(120)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Succeeded", "Succeeded"]

    def test_custom_data_waits_for_a_new_disk(self, azure: Azure) -> None:
        """'... in order for the upgrades to be applied to the virtual machine instances, you must reimage'."""
        azure.make_set(body=body(azure, 2))
        azure.doors.fail_made_of(DATA["osProfile"]["customData"])
        model(azure, **DATA)
        act(azure, "begin_update_instances", "*")
        assert (upgraded(azure), ill(azure)) == ([True, True], [])
        act(azure, "begin_reimage", "1")
        assert ill(azure) == ["1"]

    def test_another_image_is_a_new_disk(self, azure: Azure) -> None:
        """'The OS Disk of a virtual machine is replaced ... Configured extensions and custom data scripts are run.'"""
        azure.make_set(body=body(azure, 2))
        azure.doors.fail_made_of(DATA["osProfile"]["customData"])
        model(azure, **NEW, **DATA)
        act(azure, "begin_update_instances", "0")
        assert ill(azure) == ["0"]

    def test_a_reimage_does_not_bring_the_newest_model(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        model(azure, **NEW)
        act(azure, "begin_reimage", "0")
        assert upgraded(azure) == [False, False]

    @pytest.mark.parametrize("flexible", [False, True])
    def test_deleted_and_made_again_they_are_new(self, azure: Azure, flexible: bool) -> None:
        azure.make_set(body=body(azure, 2, flexible=flexible))
        model(azure, **DATA)
        act(azure, "begin_delete_instances", azure.numbers()[0])
        assert azure.size() == 1
        azure.scale(2)
        assert sorted(upgraded(azure)) == [False, True]

    def test_a_size_that_is_not_to_be_had(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        azure.doors.run_short(instance_type="Standard_D4s_v5")
        resize(azure)
        act(azure, "begin_update_instances", "0")
        found = azure.instances()
        assert [each.properties.provisioning_state for each in found] == ["Failed", "Succeeded"]
        assert upgraded(azure) == [False, False]

    def test_a_spot_instance_that_is_lost_comes_back_new(self, azure: Azure) -> None:
        made = azure.set_body(3, profile={"priority": "Spot", "evictionPolicy": "Delete"})
        azure.make_set(body=made)
        resize(azure)
        act(azure, "begin_update_instances", "0")
        azure.compute.virtual_machine_scale_set_vms.simulate_eviction(GROUP, "web", "1")
        assert (azure.size(), upgraded(azure)) == (2, [True, False])
        azure.patch({"sku": {"name": "Standard_D4s_v5", "capacity": 3}})
        assert upgraded(azure) == [True, False, True]


class TestRolling:
    def test_batches_follow_each_other(self, azure: Azure) -> None:
        """'A batch size of 20% when you have 10 instances ... results in upgrade batches with two instances each.'"""
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 10, maxBatchInstancePercent=20, pauseTimeBetweenBatches="PT30S"))
        azure.doors.advance(60)
        model(azure, **NEW)
        assert (counts(azure), latest(azure).running_status.code) == ((0, 0, 2, 8), "RollingForward")
        assert azure.get_set().provisioning_state == "Updating"
        azure.doors.advance(60)
        assert counts(azure) == (2, 0, 0, 8)
        azure.doors.advance(30)
        assert counts(azure) == (2, 0, 2, 6)
        azure.doors.advance(10 * MINUTE)
        assert (counts(azure), latest(azure).running_status.code) == ((10, 0, 0, 0), "Completed")
        assert (azure.get_set().provisioning_state, upgraded(azure)) == ("Succeeded", [True] * 10)

    def test_a_batch_is_of_one_zone(self, azure: Azure) -> None:
        """'Enable cross-zone upgrade: Allows the scale set to ignore Availability Zone boundaries'."""
        azure.doors.configure(boot_seconds=60)
        made = body(azure, 6, maxBatchInstancePercent=50)
        azure.make_set(body={**made, "zones": ["1", "2", "3"]})
        azure.doors.advance(60)
        model(azure, **NEW)
        assert counts(azure) == (0, 0, 2, 4)
        azure.doors.advance(5 * MINUTE)
        azure.patch({"properties": {"upgradePolicy": {"rollingUpgradePolicy": {"enableCrossZoneUpgrade": True}}}})
        model(azure, **OLD)
        assert counts(azure) == (0, 0, 3, 3)

    def test_the_whole_policy_is_given_back(self, azure: Azure) -> None:
        """What `az vmss create` was answered (test_vmss_create_automatic_repairs_with_health_probe of azure-cli)."""
        made = body(azure, 1)
        made["properties"]["upgradePolicy"]["rollingUpgradePolicy"] = {}
        shown = azure.make_set(body=made).properties.upgrade_policy.rolling_upgrade_policy
        assert shown.max_batch_instance_percent == shown.max_unhealthy_instance_percent == 20
        assert (shown.max_unhealthy_upgraded_instance_percent, shown.pause_time_between_batches) == (20, "PT0S")
        assert (shown.max_surge, shown.rollback_failed_instances_on_policy_breach) == (False, False)

    @pytest.mark.parametrize("flexible", [False, True])
    def test_it_takes_somebody_who_asks_after_health(self, azure: Azure, flexible: bool) -> None:
        """'... because a health probe or health extension was not provided' (gbowerman/azure-myriad#30)."""
        made = body(azure, 2, flexible=flexible, maxBatchInstancePercent=20)
        probe = f"{azure.id_of('Microsoft.Network/loadBalancers', 'front')}/probes/alive"
        del made["properties"]["virtualMachineProfile"]["extensionProfile"]
        refused = failure(lambda: azure.make_set(body=made))
        assert (refused.error.code, refused.status_code) == ("BadRequest", 400)
        made["properties"]["virtualMachineProfile"]["networkProfile"]["healthProbe"] = {"id": probe}
        if flexible:
            assert code(lambda: azure.make_set(body=made)) == "BadRequest", "only the extension does there"
        else:
            azure.make_set(body=made)

    def test_flexible_ones_roll_too(self, azure: Azure) -> None:
        """'Upgrade Policy (Virtual Machine Scale Set) | Automatic, Rolling, Manual' for Flexible."""
        azure.make_set(body=body(azure, 5, flexible=True, maxBatchInstancePercent=20))
        resize(azure)
        assert (upgraded(azure), latest(azure).running_status.code) == ([True] * 5, "Completed")

    def test_new_instances_come_first_with_a_surge(self, azure: Azure) -> None:
        """'Once the batch of new instances is ... healthy, the scale set then deletes instances in batches'."""
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=50, maxSurge=True))
        azure.doors.advance(60)
        before = azure.numbers()
        model(azure, **DATA)
        seen = []
        for _ in range(4):
            states = Counter(each.properties.provisioning_state for each in azure.instances())
            seen.append((states["Succeeded"], states["Creating"]))
            azure.doors.advance(60)
        assert seen == [(4, 2), (4, 2), (4, 0), (4, 0)]
        assert (azure.size(), upgraded(azure)) == (4, [True] * 4)
        assert not set(before) & set(azure.numbers())

    def test_a_surge_without_quota_is_done_in_place(self, azure: Azure) -> None:
        """'If that quota check fails, the upgrade will default to a non-MaxSurge upgrade and be upgraded in place.'"""
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=50, maxSurge=True))
        before = azure.numbers()
        azure.doors.run_short(reason="quota")
        model(azure, **DATA)
        assert (azure.numbers(), upgraded(azure)) == (before, [True] * 4)

    def test_a_surge_and_overprovisioning_do_not_go_together(self, azure: Azure) -> None:
        made = body(azure, 2, maxSurge=True)
        made["properties"]["overprovision"] = True
        assert code(lambda: azure.make_set(body=made)) == "InvalidParameter"

    def test_a_protected_instance_is_left_alone(self, azure: Azure) -> None:
        azure.make_set(body=body(azure, 2, maxBatchInstancePercent=50))
        protection = {"location": "eastus", "properties": {"protectionPolicy": {"protectFromScaleSetActions": True}}}
        azure.compute.virtual_machine_scale_set_vms.begin_update(GROUP, "web", "0", protection).result()
        resize(azure)
        assert (upgraded(azure), latest(azure).running_status.code) == ([False, True], "Completed")

    def test_a_resize_in_the_middle(self, azure: Azure) -> None:
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=25))
        azure.doors.advance(60)
        model(azure, **NEW)
        azure.scale(6)
        azure.doors.advance(10 * MINUTE)
        assert (azure.size(), upgraded(azure), latest(azure).running_status.code) == (6, [True] * 6, "Completed")

    def test_unhealthy_ones_go_first_where_that_is_asked(self, azure: Azure) -> None:
        """'Tells the scale set to upgrade instances reporting as unhealthy before ... healthy.'"""
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 5, maxBatchInstancePercent=20, prioritizeUnhealthyInstances=True))
        azure.doors.advance(60)
        azure.doors.fail_target(f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/3")
        model(azure, **NEW)
        assert upgraded(azure) == [False, False, False, True, False]


class TestBreaches:
    def test_too_many_that_are_unhealthy_before(self, azure: Azure) -> None:
        """'... more than two instances in the entire scale set report back as unhealthy, the rolling upgrade stops.'"""
        azure.make_set(body=body(azure, 10, maxUnhealthyInstancePercent=20))
        for number in range(3):
            azure.doors.fail_target(f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/{number}")
        assert failure(lambda: model(azure, **NEW)).error.code == (
            "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
        )
        assert (latest(azure).running_status.code, upgraded(azure)) == ("Faulted", [False] * 10)
        assert azure.get_set().provisioning_state == "Failed"

    def test_instances_that_do_not_get_healthy(self, azure: Azure) -> None:
        """'the upgrade waits up to 5 minutes for the instance to become healthy'; too many, and it 'is canceled'."""
        azure.make_set(body=body(azure, 10, maxBatchInstancePercent=30))
        azure.doors.fail_made_of("minimal")
        model(azure, **NEW)
        azure.doors.advance(4 * MINUTE)
        assert (latest(azure).running_status.code, counts(azure)) == ("RollingForward", (0, 0, 3, 7))
        azure.doors.advance(2 * MINUTE)
        found = latest(azure)
        assert (found.running_status.code, found.progress.failed_instance_count) == ("Faulted", 3)
        assert found.error.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
        assert upgraded(azure) == [True] * 3 + [False] * 7

    def test_a_few_may(self, azure: Azure) -> None:
        azure.make_set(body=body(azure, 10, maxBatchInstancePercent=10, maxUnhealthyUpgradedInstancePercent=10))
        azure.doors.fail_made_of("minimal")
        model(azure, **NEW)
        azure.doors.advance(6 * MINUTE)
        assert (latest(azure).running_status.code, sum(upgraded(azure))) == ("RollingForward", 2)
        azure.doors.advance(6 * MINUTE)
        assert latest(azure).running_status.code == "Faulted"

    def test_what_failed_goes_back_where_that_is_asked(self, azure: Azure) -> None:
        """'Rollback failed instances to previous model if the rolling upgrade policy is violated.'"""
        azure.make_set(body=body(azure, 10, maxBatchInstancePercent=30, rollbackFailedInstancesOnPolicyBreach=True))
        azure.doors.fail_made_of("minimal")
        model(azure, **NEW)
        azure.doors.advance(6 * MINUTE)
        assert (upgraded(azure), ill(azure)) == ([False] * 10, [])

    def test_a_surge_that_does_not_get_healthy_takes_nothing_away(self, azure: Azure) -> None:
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=50, maxSurge=True))
        azure.doors.fail_made_of("minimal")
        model(azure, **NEW)
        azure.doors.advance(6 * MINUTE)
        assert (latest(azure).running_status.code, upgraded(azure)) == ("Faulted", [False] * 4)

    def test_cancelled_it_stops_and_any_update_starts_it_again(self, azure: Azure) -> None:
        """'If you want to restart a rolling upgrade, trigger a generic model update.'"""
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=25))
        azure.doors.advance(60)
        model(azure, **NEW)
        rolling = azure.compute.virtual_machine_scale_set_rolling_upgrades
        rolling.begin_cancel(GROUP, "web").result()
        azure.doors.advance(5 * MINUTE)
        status = latest(azure).running_status
        assert (status.code, status.last_action, upgraded(azure)) == ("Cancelled", "Cancel", [True] + [False] * 3)
        assert code(lambda: rolling.begin_cancel(GROUP, "web").result()) == "OperationNotAllowed"
        azure.patch({})
        azure.doors.advance(10 * MINUTE)
        assert (latest(azure).running_status.code, upgraded(azure)) == ("Completed", [True] * 4)

    def test_back_to_the_old_model_is_another_upgrade(self, azure: Azure) -> None:
        azure.doors.configure(boot_seconds=60)
        azure.make_set(body=body(azure, 4, maxBatchInstancePercent=25))
        azure.doors.advance(60)
        model(azure, **NEW)
        azure.doors.advance(90)
        model(azure, **OLD)
        azure.doors.advance(20 * MINUTE)
        images = {each.properties.storage_profile.image_reference.sku for each in azure.instances()}
        assert (images, latest(azure).running_status.code) == ({"server"}, "Completed")

    def test_the_mode_that_changes_with_some_outdated_rolls_the_rest(self, azure: Azure) -> None:
        made = body(azure, 3)
        azure.make_set(body=made)
        resize(azure)
        act(azure, "begin_update_instances", "0")
        azure.patch({"properties": {"upgradePolicy": {"mode": "Rolling"}}})
        assert upgraded(azure) == [True] * 3


class TestImages:
    def test_an_upgrade_of_images_rolls_no_template(self, azure: Azure) -> None:
        """`osRollingUpgrade` moves 'to the latest available Platform Image OS version' and nothing else."""
        azure.make_set(body=body(azure, 2))
        resize(azure)
        rolling = azure.compute.virtual_machine_scale_set_rolling_upgrades
        assert code(rolling.get_latest, GROUP, "web") == "NotFound"
        rolling.begin_start_os_upgrade(GROUP, "web").result()
        assert (latest(azure).running_status.code, upgraded(azure)) == ("Completed", [False, False])

    def test_flexible_ones_have_none(self, azure: Azure) -> None:
        """'Automatic OS Updates (Virtual Machine Scale Set) | No' for Flexible."""
        azure.make_set(body=body(azure, 2, flexible=True))
        rolling = azure.compute.virtual_machine_scale_set_rolling_upgrades
        assert code(lambda: rolling.begin_start_os_upgrade(GROUP, "web")) == "OperationNotAllowed"

    def test_nobody_asks_after_health(self, azure: Azure) -> None:
        azure.make_set()
        rolling = azure.compute.virtual_machine_scale_set_rolling_upgrades
        assert code(lambda: rolling.begin_start_os_upgrade(GROUP, "web")) == "OperationNotAllowed"
