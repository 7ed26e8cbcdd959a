import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from azure_bench import GROUP, SET_KIND, START, Azure, code, failure

IDS = ("begin_start", "begin_power_off", "begin_deallocate", "begin_restart", "begin_reimage", "begin_redeploy")


def zones(azure: Azure, name: str = "web") -> dict[str, int]:
    return dict(Counter(each.zones[0] for each in azure.instances(name)))


def act(azure: Azure, verb: str, *numbers: str) -> None:
    given = {"instanceIds": list(numbers)}
    getattr(azure.compute.virtual_machine_scale_sets, verb)(GROUP, "web", given).result()


def protect(azure: Azure, number: str, **policy: bool) -> None:
    body = {"location": "eastus", "properties": {"protectionPolicy": policy}}
    azure.compute.virtual_machine_scale_set_vms.begin_update(GROUP, "web", number, body).result()


def power(azure: Azure) -> list[str]:
    return [each.properties.instance_view.statuses[-1].code for each in azure.instances(expand="instanceView")]


class TestPartialPut:
    def test_what_it_leaves_out_whole_stays(self, azure: Azure) -> None:
        # `az vmss scale` sends place and size alone
        before = azure.make_set(capacity=1).as_dict()
        sku = {"name": before["sku"]["name"], "tier": "Standard", "capacity": 2}
        azure.make_set(body={"location": before["location"], "sku": sku})
        after = azure.get_set().as_dict()
        assert after["sku"]["capacity"] == 2
        assert after["properties"]["virtualMachineProfile"] == before["properties"]["virtualMachineProfile"]
        assert after["properties"]["upgradePolicy"] == before["properties"]["upgradePolicy"]
        assert after.get("tags") == before.get("tags")


class TestBody:
    def test_the_service_adds_its_defaults(self, azure: Azure) -> None:
        properties = azure.make_set().as_dict()["properties"]
        machine = properties["virtualMachineProfile"]
        assert properties["singlePlacementGroup"] is True
        assert properties["overprovision"] is True
        assert machine["storageProfile"]["osDisk"] == {
            "osType": "Linux",
            "createOption": "FromImage",
            "caching": "ReadWrite",
            "managedDisk": {"storageAccountType": "Standard_LRS"},
            "diskSizeGB": 30,
        }
        assert machine["osProfile"]["allowExtensionOperations"] is True
        card = machine["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
        assert card["ipConfigurations"][0]["properties"]["privateIPAddressVersion"] == "IPv4"

    def test_what_only_the_service_writes_is_there(self, azure: Azure) -> None:
        made = azure.make_set()
        assert made.id == azure.id_of(SET_KIND, "web")
        assert made.properties.provisioning_state == "Succeeded"
        assert made.properties.time_created == START
        assert len(made.properties.unique_id) == 36

    def test_choices_are_written_as_the_service_writes_them(self, azure: Azure) -> None:
        body = azure.set_body(upgradePolicy={"mode": "manual"})
        assert azure.make_set(body=body).properties.upgrade_policy.mode == "Manual"

    def test_secrets_are_never_given_back(self, azure: Azure) -> None:
        body = azure.set_body()
        body["properties"]["virtualMachineProfile"]["osProfile"]["adminPassword"] = "S3cret!!"
        body["properties"]["virtualMachineProfile"]["userData"] = "aGVsbG8="
        azure.make_set(body=body)
        machine = azure.get_set().as_dict()["properties"]["virtualMachineProfile"]
        assert not {"adminPassword", "customData"} & set(machine["osProfile"])
        assert "userData" not in machine
        assert azure.get_set(expand="userData").properties.virtual_machine_profile.user_data == "aGVsbG8="

    def test_protected_settings_of_extensions_are_dropped(self, azure: Azure) -> None:
        properties = {"publisher": "p", "type": "t", "typeHandlerVersion": "1.0", "protectedSettings": {"key": "x"}}
        profile = {"extensionProfile": {"extensions": [{"name": "e", "properties": properties}]}}
        made = azure.make_set(body=azure.set_body(profile=profile))
        extension = made.properties.virtual_machine_profile.extension_profile.extensions[0].as_dict()
        assert "protectedSettings" not in extension["properties"]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"sku": {"name": "Standard_D2s_v5", "capacity": 101}}, "OperationNotAllowed"),
            ({"sku": {"name": "Standard_D2s_v5", "capacity": -1}}, "InvalidParameter"),
            ({"sku": {"capacity": 1}}, "InvalidParameter"),
        ],
    )
    def test_sizes_that_do_not_go(self, azure: Azure, change: dict[str, Any], expected: str) -> None:
        assert code(azure.make_set, "web", {**azure.set_body(), **change}) == expected

    def test_a_machine_that_nobody_can_log_into_is_refused(self, azure: Azure) -> None:
        body = azure.set_body()
        del body["properties"]["virtualMachineProfile"]["osProfile"]["linuxConfiguration"]
        assert code(azure.make_set, "web", body) == "InvalidParameter"

    def test_an_image_that_there_is_not(self, azure: Azure) -> None:
        body = azure.set_body()
        body["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"]["offer"] = "beos"
        assert code(azure.make_set, "web", body) == "PlatformImageNotFound"

    def test_eviction_is_for_spot_only(self, azure: Azure) -> None:
        assert code(azure.make_set, body=azure.set_body(profile={"evictionPolicy": "Delete"})) == "InvalidParameter"


class TestWriting:
    def test_a_patch_without_a_size_leaves_it_alone(self, azure: Azure) -> None:
        azure.make_set(capacity=3)
        made = azure.patch({"properties": {"overprovision": False}})
        assert (made.sku.capacity, made.properties.overprovision) == (3, False)
        assert made.properties.virtual_machine_profile.os_profile.admin_username == "azureuser"

    def test_a_patch_replaces_tags_and_lists(self, azure: Azure) -> None:
        azure.make_set(body={**azure.set_body(), "tags": {"a": "1"}})
        azure.patch({"properties": {"scaleInPolicy": {"rules": ["OldestVM"]}}})
        made = azure.patch({"tags": {"b": "2"}, "properties": {"scaleInPolicy": {"rules": ["NewestVM"]}}})
        assert (made.tags, made.properties.scale_in_policy.rules) == ({"b": "2"}, ["NewestVM"])

    def test_an_identity_of_none_is_taken_away(self, azure: Azure) -> None:
        azure.make_set(body={**azure.set_body(), "identity": {"type": "SystemAssigned"}})
        assert azure.patch({"identity": {"type": "None"}}).identity is None

    def test_a_put_keeps_what_it_leaves_out_of_image_and_size(self, azure: Azure) -> None:
        azure.make_set(capacity=3)
        body = azure.set_body()
        del body["properties"]["virtualMachineProfile"]["storageProfile"]
        del body["sku"]
        made = azure.make_set(body=body)
        assert made.sku.capacity == 3
        assert made.properties.virtual_machine_profile.storage_profile.image_reference.offer == "ubuntu-24_04-lts"

    def test_a_put_takes_away_the_rest(self, azure: Azure) -> None:
        azure.make_set(body=azure.set_body(scaleInPolicy={"rules": ["OldestVM"]}))
        assert azure.make_set().properties.scale_in_policy is None

    @pytest.mark.parametrize(
        ("change", "name"),
        [
            ({"zones": ["3"]}, "zones"),
            ({"properties": {"platformFaultDomainCount": 5}}, "platformFaultDomainCount"),
            ({"properties": {"orchestrationMode": "Flexible"}}, "orchestrationMode"),
            (
                {"properties": {"virtualMachineProfile": {"osProfile": {"computerNamePrefix": "api"}}}},
                "osProfile.computerNamePrefix",
            ),
        ],
    )
    def test_what_cannot_be_changed(self, azure: Azure, change: dict[str, Any], name: str) -> None:
        azure.make_set(zones=("1", "2"))
        body = azure.set_body(zones=("1", "2"))
        body["properties"]["virtualMachineProfile"]["osProfile"].update(
            change.get("properties", {}).get("virtualMachineProfile", {}).get("osProfile", {})
        )
        changed = {name: value for name, value in change.get("properties", {}).items() if "Profile" not in name}
        body["properties"].update(changed)
        body["zones"] = change.get("zones", body["zones"])
        error = failure(azure.make_set, body=body)
        assert (error.status_code, error.error.code, error.error.target) == (409, "PropertyChangeNotAllowed", name)
        assert error.error.message == f"Changing property '{name}' is not allowed."

    def test_another_region_is_another_scale_set(self, azure: Azure) -> None:
        azure.make_set()
        assert code(azure.make_set, "web", {**azure.set_body(), "location": "westus"}) == "InvalidResourceLocation"

    def test_a_condition_on_the_version(self, azure: Azure) -> None:
        made = azure.make_set()
        assert made.etag == '"1"'
        changed = azure.scale(3)
        error = failure(
            azure.compute.virtual_machine_scale_sets.begin_update,
            GROUP,
            "web",
            {"tags": {}},
            headers={"If-Match": made.etag},
        )
        assert (error.status_code, error.error.code) == (412, "PreconditionFailed")
        assert error.error.message == 'Etag provided in if-match header "1" does not match etag "2" of resource.'
        assert azure.patch({"tags": {"a": "b"}}, headers={"If-Match": changed.etag}).tags == {"a": "b"}

    def test_a_put_can_ask_that_there_is_nothing_yet(self, azure: Azure) -> None:
        azure.make_set()
        reply = azure.ask(
            "PUT", f"{SET_KIND}/web", azure.set_body(), version="2026-04-01", headers={"If-None-Match": "*"}
        )
        assert reply.status == 412

    def test_statuses_are_those_of_the_service(self, azure: Azure) -> None:
        version = "2026-04-01"
        assert azure.ask("DELETE", f"{SET_KIND}/web", version=version).status == 204
        assert azure.ask("PUT", f"{SET_KIND}/web", azure.set_body(), version=version).status == 201
        assert azure.ask("PUT", f"{SET_KIND}/web", azure.set_body(), version=version).status == 200
        patched = azure.ask("PATCH", f"{SET_KIND}/web", {"tags": {}}, version=version)
        assert (patched.status, "Azure-AsyncOperation" in patched.headers) == (200, True)
        assert azure.ask("DELETE", f"{SET_KIND}/web", version=version).status == 202
        assert azure.ask("PATCH", f"{SET_KIND}/web", {"tags": {}}, version=version).status == 404

    def test_one_that_is_on_its_way_out(self, azure: Azure) -> None:
        azure.make_set()
        azure.doors.configure(operation_seconds=60)
        azure.ask("DELETE", f"{SET_KIND}/web?forceDeletion=true", version="2026-04-01")
        assert azure.get_set().properties.provisioning_state == "Deleting"
        assert code(azure.compute.virtual_machine_scale_sets.begin_update, GROUP, "web", {}) == "OperationNotAllowed"
        azure.doors.advance(60)
        assert code(azure.get_set) == "ResourceNotFound"

    def test_lists_are_of_a_group_a_region_or_all(self, azure: Azure) -> None:
        sets = azure.compute.virtual_machine_scale_sets
        azure.make_set("b")
        azure.make_set("a", {**azure.set_body(), "location": "West US"})
        assert [each.name for each in sets.list(GROUP)] == ["a", "b"]
        assert [each.name for each in sets.list_all()] == ["a", "b"]
        assert [each.name for each in sets.list_by_location("westus")] == ["a"]

    def test_an_older_version_of_the_api_shows_no_etag(self, azure: Azure) -> None:
        azure.make_set()
        assert "etag" not in azure.ask("GET", f"{SET_KIND}/web", version="2022-11-01").body


class TestReferences:
    @pytest.mark.parametrize("what", ["subnet", "pool", "firewall", "probe", "gateway", "proximity"])
    def test_one_to_what_is_not_there_is_refused(self, azure: Azure, what: str) -> None:
        body = azure.set_body()
        network = body["properties"]["virtualMachineProfile"]["networkProfile"]
        card = network["networkInterfaceConfigurations"][0]["properties"]
        address = card["ipConfigurations"][0]["properties"]
        missing = {
            "subnet": azure.subnet.replace("/web", "/none"),
            "pool": azure.pool.replace("/web", "/none"),
            "firewall": azure.id_of("Microsoft.Network/networkSecurityGroups", "none"),
            "probe": f"{azure.id_of('Microsoft.Network/loadBalancers', 'front')}/probes/none",
            "gateway": f"{azure.id_of('Microsoft.Network/applicationGateways', 'gate')}/backendAddressPools/none",
            "proximity": azure.id_of("Microsoft.Compute/proximityPlacementGroups", "none"),
        }[what]
        places = {
            "subnet": lambda: address.update(subnet={"id": missing}),
            "pool": lambda: address.update(loadBalancerBackendAddressPools=[{"id": missing}]),
            "firewall": lambda: card.update(networkSecurityGroup={"id": missing}),
            "probe": lambda: network.update(healthProbe={"id": missing}),
            "gateway": lambda: address.update(applicationGatewayBackendAddressPools=[{"id": missing}]),
            "proximity": lambda: body["properties"].update(proximityPlacementGroup={"id": missing}),
        }
        places[what]()
        error = failure(azure.make_set, body=body)
        assert (error.status_code, error.error.code) == (400, "InvalidResourceReference")
        own = azure.id_of(SET_KIND, "web")
        assert error.error.message.startswith(f"Resource {missing} referenced by resource {own} was not found.")

    def test_one_in_another_case_is_the_same(self, azure: Azure) -> None:
        body = azure.set_body()
        card = body["properties"]["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
        card["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = azure.subnet.upper()
        assert azure.make_set(body=body).name == "web"


class TestInstances:
    def test_uniform_ones_are_numbered(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        found = azure.instances()
        assert [(each.name, each.instance_id) for each in found] == [("web_0", "0"), ("web_1", "1")]
        assert found[0].id == f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/0"
        assert found[0].properties.os_profile.computer_name == "web000000"
        assert found[0].properties.storage_profile.image_reference.exact_version == "24.04.202510020"
        assert found[0].properties.latest_model_applied is True

    def test_flexible_ones_have_names(self, azure: Azure) -> None:
        azure.make_set(body=azure.flexible_body(2))
        assert all(re.fullmatch("web_[0-9a-f]{8}", each.name) for each in azure.instances())
        assert len({each.name for each in azure.instances()}) == 2

    def test_numbers_are_not_used_again(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        azure.scale(1)
        azure.scale(2)
        assert azure.numbers() == ["0", "2"]

    def test_they_take_time_to_come_and_to_go(self, azure: Azure) -> None:
        azure.doors.configure(boot_seconds=120, delete_seconds=30)
        azure.make_set(capacity=1)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Creating"]
        azure.doors.advance(119)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Creating"]
        azure.doors.advance(1)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Succeeded"]
        azure.scale(0)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Deleting"]
        azure.doors.advance(30)
        assert azure.instances() == []

    def test_they_are_spread_over_the_zones(self, azure: Azure) -> None:
        azure.make_set(capacity=7, zones=("1", "2", "3"))
        assert zones(azure) == {"1": 3, "2": 2, "3": 2}

    def test_the_view_says_state_power_and_health(self, azure: Azure) -> None:
        probe = f"{azure.id_of('Microsoft.Network/loadBalancers', 'front')}/probes/alive"
        body = azure.set_body(1)
        body["properties"]["virtualMachineProfile"]["networkProfile"]["healthProbe"] = {"id": probe}
        azure.make_set(body=body)
        view = azure.compute.virtual_machine_scale_set_vms.get_instance_view(GROUP, "web", "0")
        assert [each.code for each in view.statuses] == ["ProvisioningState/succeeded", "PowerState/running"]
        assert view.vm_health.status.code == "HealthState/healthy"
        azure.doors.fail_target(f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/0")
        view = azure.compute.virtual_machine_scale_set_vms.get_instance_view(GROUP, "web", "0")
        assert view.vm_health.status.code == "HealthState/unhealthy"

    def test_the_view_of_all_counts_states(self, azure: Azure) -> None:
        azure.doors.configure(boot_seconds=60)
        azure.make_set(capacity=2)
        azure.doors.advance(60)
        azure.scale(3)
        view = azure.compute.virtual_machine_scale_sets.get_instance_view(GROUP, "web")
        counts = {each.code: each.count for each in view.virtual_machine.statuses_summary}
        assert counts == {"ProvisioningState/creating": 1, "ProvisioningState/succeeded": 2}

    def test_one_that_there_is_not(self, azure: Azure) -> None:
        azure.make_set()
        machines = azure.compute.virtual_machine_scale_set_vms
        assert code(machines.get, GROUP, "web", "9") == "NotFound"
        assert code(act, azure, "begin_delete_instances", "9") == "InvalidParameter"

    @pytest.mark.parametrize("kept", [True, False])
    def test_the_filter_on_the_model(self, azure: Azure, kept: bool) -> None:
        azure.make_set(capacity=2)
        azure.patch({"sku": {"name": "Standard_D4s_v5"}})
        act(azure, "begin_update_instances", "1")
        wanted = f"properties/latestModelApplied eq {str(kept).lower()}"
        assert [each.instance_id for each in azure.instances(filter=wanted)] == (["1"] if kept else ["0"])

    def test_a_filter_that_there_is_not(self, azure: Azure) -> None:
        azure.make_set()
        assert code(lambda: azure.instances(filter="name eq 'x'")) == "InvalidParameter"


class TestActions:
    def test_power(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        act(azure, "begin_power_off", "0")
        act(azure, "begin_deallocate", "1")
        assert power(azure) == ["PowerState/stopped", "PowerState/deallocated"]
        act(azure, "begin_restart", "0")
        act(azure, "begin_start", "1")
        assert power(azure) == ["PowerState/running", "PowerState/running"]

    @pytest.mark.parametrize("verb", IDS)
    def test_each_takes_names_or_all(self, azure: Azure, verb: str) -> None:
        azure.make_set(capacity=1)
        act(azure, verb, "*")
        getattr(azure.compute.virtual_machine_scale_set_vms, verb)(GROUP, "web", "0").result()
        assert azure.numbers() == ["0"]

    def test_a_deallocated_one_counts(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        act(azure, "begin_deallocate", "0")
        assert (azure.size(), len(azure.instances())) == (2, 2)

    def test_deleting_some_makes_the_size_smaller(self, azure: Azure) -> None:
        azure.make_set(capacity=3)
        act(azure, "begin_delete_instances", "1")
        azure.compute.virtual_machine_scale_set_vms.begin_delete(GROUP, "web", "0").result()
        assert (azure.size(), azure.numbers()) == (1, ["2"])

    def test_maintenance_is_not_allowed(self, azure: Azure) -> None:
        azure.make_set()
        assert code(act, azure, "begin_perform_maintenance", "0") == "OperationNotAllowed"

    def test_an_eviction_deletes_or_deallocates_spot_instances(self, azure: Azure) -> None:
        machines = azure.compute.virtual_machine_scale_set_vms
        azure.make_set(body=azure.set_body(profile={"priority": "Spot", "evictionPolicy": "Delete"}))
        machines.simulate_eviction(GROUP, "web", "0")
        assert (azure.size(), azure.numbers()) == (1, ["1"])
        azure.make_set("api", azure.set_body(profile={"priority": "Spot", "evictionPolicy": "Deallocate"}))
        machines.simulate_eviction(GROUP, "api", "0")
        assert azure.size("api") == 2
        azure.make_set("plain")
        assert code(machines.simulate_eviction, GROUP, "plain", "0") == "OperationNotAllowed"


class TestModel:
    def test_a_new_model_waits_for_the_upgrade(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        azure.patch({"sku": {"name": "Standard_D4s_v5"}})
        assert [each.properties.latest_model_applied for each in azure.instances()] == [False, False]
        act(azure, "begin_update_instances", "0")
        found = azure.instances()
        assert [each.properties.latest_model_applied for each in found] == [True, False]
        sizes = [each.properties.hardware_profile.vm_size for each in found]
        assert sizes == ["Standard_D4s_v5", "Standard_D2s_v5"]

    def test_an_automatic_policy_upgrades_at_once(self, azure: Azure) -> None:
        azure.make_set(body=azure.set_body(upgradePolicy={"mode": "Automatic"}))
        azure.patch({"sku": {"name": "Standard_D4s_v5"}})
        assert all(each.properties.latest_model_applied for each in azure.instances())

    def test_another_size_is_no_other_model(self, azure: Azure) -> None:
        azure.make_set(capacity=1)
        azure.scale(2)
        azure.patch({"tags": {"a": "b"}, "properties": {"overprovision": False}})
        assert all(each.properties.latest_model_applied for each in azure.instances())

    def test_new_instances_have_the_new_model(self, azure: Azure) -> None:
        azure.make_set(capacity=1)
        azure.patch({"sku": {"name": "Standard_D4s_v5", "capacity": 2}})
        assert [each.properties.latest_model_applied for each in azure.instances()] == [False, True]


class TestScalingIn:
    def make(self, azure: Azure, *rules: str, sizes: tuple[int, ...] = (2, 4), zones: tuple[str, ...] = ()) -> None:
        """Instances of different ages, a minute between each size."""
        policy = {"scaleInPolicy": {"rules": list(rules)}} if rules else {}
        azure.make_set(body=azure.set_body(sizes[0], zones=zones, **policy))
        for size in sizes[1:]:
            azure.doors.advance(60)
            azure.scale(size)

    def test_by_default_the_highest_number_leaves(self, azure: Azure) -> None:
        self.make(azure)
        azure.scale(2)
        assert azure.numbers() == ["0", "1"]

    def test_the_oldest_leaves(self, azure: Azure) -> None:
        self.make(azure, "OldestVM")
        azure.scale(2)
        assert azure.numbers() == ["2", "3"]

    def test_the_newest_leaves(self, azure: Azure) -> None:
        self.make(azure, "NewestVM")
        azure.scale(2)
        assert azure.numbers() == ["0", "1"]

    def test_flexible_ones_leave_by_age(self, azure: Azure) -> None:
        azure.make_set(body=azure.flexible_body(2))
        first = azure.numbers()
        azure.doors.advance(60)
        azure.scale(4)
        azure.scale(2)
        assert not set(first) & set(azure.numbers())

    def test_zones_stay_balanced(self, azure: Azure) -> None:
        self.make(azure, sizes=(6,), zones=("1", "2", "3"))
        act(azure, "begin_delete_instances", "0", "3")
        azure.scale(2)
        assert zones(azure) == {"2": 1, "3": 1}

    def test_protected_ones_stay(self, azure: Azure) -> None:
        self.make(azure)
        protect(azure, "3", protectFromScaleIn=True)
        azure.scale(2)
        assert azure.numbers() == ["0", "3"]
        policy = azure.compute.virtual_machine_scale_set_vms.get(GROUP, "web", "3").properties.protection_policy
        assert policy.protect_from_scale_in is True

    def test_where_all_are_protected_the_size_stays(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        for number in ("0", "1"):
            protect(azure, number, protectFromScaleIn=True)
        assert "protected from scale-in" in failure(azure.scale, 1).message
        assert (azure.size(), azure.numbers()) == (2, ["0", "1"])

    def test_the_user_may_delete_a_protected_one(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        protect(azure, "0", protectFromScaleIn=True)
        act(azure, "begin_delete_instances", "0")
        assert azure.numbers() == ["1"]


class TestSpot:
    def mixed(self, azure: Azure, capacity: int) -> None:
        mix = {"baseRegularPriorityCount": 2, "regularPriorityPercentageAboveBase": 50}
        profile = {"priority": "Spot", "evictionPolicy": "Delete"}
        azure.make_set(body=azure.flexible_body(capacity, priorityMixPolicy=mix, profile=profile))

    def priorities(self, azure: Azure) -> dict[str, int]:
        found = azure.ask("GET", f"{SET_KIND}/web/virtualMachines", version="2026-04-01").body["value"]
        return dict(Counter(each["properties"]["priority"] for each in found))

    @pytest.mark.parametrize(
        ("capacity", "expected"),
        [
            (1, {"Regular": 1}),
            (3, {"Regular": 2, "Spot": 1}),
            (6, {"Regular": 4, "Spot": 2}),
            (7, {"Regular": 4, "Spot": 3}),
        ],
    )
    def test_the_mix_is_kept(self, azure: Azure, capacity: int, expected: dict[str, int]) -> None:
        self.mixed(azure, capacity)
        assert self.priorities(azure) == expected

    def test_the_mix_is_kept_when_scaling_in(self, azure: Azure) -> None:
        self.mixed(azure, 8)
        azure.scale(4)
        assert self.priorities(azure) == {"Regular": 3, "Spot": 1}

    def test_a_mix_needs_spot_and_flexible(self, azure: Azure) -> None:
        mix = {"baseRegularPriorityCount": 2, "regularPriorityPercentageAboveBase": 50}
        assert code(azure.make_set, body=azure.set_body(priorityMixPolicy=mix)) == "InvalidParameter"


class TestShortages:
    def test_no_room_in_the_region(self, azure: Azure) -> None:
        azure.make_set(capacity=1)
        azure.doors.run_short()
        error = failure(azure.scale, 3)
        assert error.error.code == "AllocationFailed"
        assert "sufficient capacity for the requested VM size in this region" in error.message
        assert azure.size() == 3
        assert azure.get_set().properties.provisioning_state == "Failed"
        states = [each.properties.provisioning_state for each in azure.instances()]
        assert states == ["Succeeded", "Failed", "Failed"]

    def test_the_failed_ones_come_up_with_the_next_write(self, azure: Azure) -> None:
        azure.doors.run_short()
        failure(azure.make_set)
        azure.doors.end_shortages()
        azure.scale(2)
        assert [each.properties.provisioning_state for each in azure.instances()] == ["Succeeded", "Succeeded"]

    def test_failed_ones_leave_first(self, azure: Azure) -> None:
        azure.make_set(body=azure.set_body(2, scaleInPolicy={"rules": ["OldestVM"]}))
        azure.doors.run_short(instance_type="Standard_D2s_v5")
        failure(azure.scale, 3)
        azure.scale(2)
        assert azure.numbers() == ["0", "1"]

    def test_another_zone_helps_out(self, azure: Azure) -> None:
        azure.doors.run_short(zone="1")
        azure.make_set(capacity=4, zones=("1", "2", "3"))
        assert zones(azure) == {"2": 2, "3": 2}

    def test_strict_balance_fails_instead(self, azure: Azure) -> None:
        azure.doors.run_short(zone="1")
        assert (
            "ZonalAllocationFailed"
            in failure(azure.make_set, capacity=3, zones=("1", "2", "3"), zoneBalance=True).message
        )

    def test_another_size_or_region_is_to_be_had(self, azure: Azure) -> None:
        azure.doors.run_short(instance_type="Standard_D4s_v5")
        azure.doors.run_short(region="westus")
        azure.make_set(capacity=2)
        assert len(azure.instances()) == 2

    def test_no_quota_refuses_the_write(self, azure: Azure) -> None:
        azure.make_set(capacity=2)
        azure.doors.run_short(reason="quota")
        error = failure(azure.scale, 5)
        assert (error.status_code, error.error.code) == (409, "OperationNotAllowed")
        assert (
            "exceeding approved standardDSv5Family Cores quota. Additional details - Deployment Model: Resource "
            "Manager, Location: eastus, Current Limit: 4, Current Usage: 4, Additional Required: 6, (Minimum) New "
            "Limit Required: 10."
        ) in error.message
        assert azure.size() == 2
        assert azure.scale(1).sku.capacity == 1


class TestRepairs:
    def make(self, azure: Azure, **policy: Any) -> str:
        probe = f"{azure.id_of('Microsoft.Network/loadBalancers', 'front')}/probes/alive"
        body = azure.set_body(1, automaticRepairsPolicy={"enabled": True, "gracePeriod": "PT10M", **policy})
        body["properties"]["virtualMachineProfile"]["networkProfile"]["healthProbe"] = {"id": probe}
        azure.make_set(body=body)
        return f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/0"

    def test_a_sick_one_is_replaced_after_the_grace(self, azure: Azure) -> None:
        azure.doors.fail_target(self.make(azure))
        azure.doors.advance(timedelta(minutes=9))
        assert azure.numbers() == ["0"]
        azure.doors.advance(timedelta(minutes=1))
        assert (azure.size(), azure.numbers()) == (1, ["1"])

    def test_the_extension_judges_after_so_many_answers(self, azure: Azure) -> None:
        """https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension"""
        settings = {"protocol": "tcp", "port": 22, "intervalInSeconds": 60, "numberOfProbes": 3}
        kind = {"publisher": "Microsoft.ManagedServices", "type": "ApplicationHealthLinux", "typeHandlerVersion": "1.0"}
        body = azure.set_body(1, automaticRepairsPolicy={"enabled": True, "gracePeriod": "PT10M"})
        extensions = [{"name": "health", "properties": {**kind, "settings": settings}}]
        body["properties"]["virtualMachineProfile"]["extensionProfile"] = {"extensions": extensions}
        azure.make_set(body=body)
        azure.doors.advance(timedelta(minutes=20))
        azure.doors.fail_target(f"{azure.id_of(SET_KIND, 'web')}/virtualMachines/0")
        azure.doors.advance(timedelta(seconds=179))
        assert azure.numbers() == ["0"]
        azure.doors.advance(timedelta(seconds=1))
        assert azure.numbers() == ["1"]

    def test_one_that_recovers_stays(self, azure: Azure) -> None:
        instance = self.make(azure)
        azure.doors.fail_target(instance)
        azure.doors.fail_target(instance, healthy=True)
        azure.doors.advance(timedelta(minutes=20))
        assert azure.numbers() == ["0"]

    def test_a_suspended_service_repairs_nothing(self, azure: Azure) -> None:
        instance = self.make(azure)
        given = {"serviceName": "AutomaticRepairs", "action": "Suspend"}
        azure.compute.virtual_machine_scale_sets.begin_set_orchestration_service_state(GROUP, "web", given).result()
        azure.doors.fail_target(instance)
        azure.doors.advance(timedelta(minutes=20))
        view = azure.compute.virtual_machine_scale_sets.get_instance_view(GROUP, "web")
        assert [each.service_state for each in view.orchestration_services] == ["Suspended"]
        assert azure.numbers() == ["0"]
