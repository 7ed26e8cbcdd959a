"""
Scale sets on Azure: identities, disks, zones, keys, images, spot, repairs.

https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets
"""

from pathlib import Path

import pytest

from tests.found.marks import case
from tests.found.worlds import RSA_KEY, findings, fleet_of, naming, said

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 4}
    template: {image: %s, size: %s%s}
    placement: {network: virtualmin, subnets: [private]%s}
"""
PAGES = Path(__file__).parents[2] / "docs" / "checks"


def group(more="", *, image="Ubuntu2404", size="Standard_D2s_v5", template="", placement=""):
    parts = [f", {part}" if part else "" for part in (template, placement)]
    return GROUP % (image, size, *parts) + more


def refused(answer):
    """Whether a call was refused for what it asks."""
    return answer[0] in (400, 409)


def test_the_plain_scale_set_of_this_file_is_let_be(azure):
    """What all of these change: the plan and the emulator take it."""
    assert azure.refusals(group()) == []
    assert azure.put_scale_set("old") == (201, None)


def assigned(azure):
    """Names of the identities of the scale set, as the cloud shows them."""
    identity = azure.scale_set("shop-web").get("identity") or {}
    return {path.rsplit("/", 1)[-1] for path in identity.get("userAssignedIdentities") or {}}


class TestIdentities:
    """
    A PATCH of identities is a merge: what should go must be in the map with null.

    Azure/aad-pod-identity#695, hashicorp/terraform-provider-azurerm#25058;
    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-configure-managed-identities-scale-sets
    """

    def test_an_identity_that_is_replaced_is_unassigned(self, azure):
        azure.put(group(template="role: ida"))
        fleet = azure.put(group(template="role: idb"))
        assert assigned(azure) == {"idb"}
        assert azure.left(fleet) == []

    def test_an_identity_that_is_taken_away_is_unassigned(self, azure):
        azure.put(group(template="role: ida"))
        fleet = azure.put(group())
        assert assigned(azure) == set()
        assert azure.left(fleet) == []

    @pytest.mark.parametrize("names", [("idb",), ("idb", "idc")])
    def test_identities_of_somebody_else_are_left_or_really_taken_away(self, azure, names):
        azure.put(group(template="role: ida"))
        foreign = {"type": "UserAssigned", "userAssignedIdentities": {azure.identity(name): {} for name in names}}
        if azure.patch_scale_set("shop-web", {"identity": foreign})[1]:
            raise RuntimeError("the identities were not put there")
        fleet = azure.put(group(template="role: ida"))
        assert "ida" in assigned(azure)
        assert azure.left(fleet) == []


def replaced_or_refused(azure, before, after, path):
    """Whether a change asks for consent as a replacement, or is refused with the field's name."""
    azure.put(before)
    plan = azure.cloud.plan(fleet_of(after))
    if plan.problems:
        return bool(naming(path, plan.problems))
    return ("replace", "scale-set") in {(str(change.action), change.key.kind) for change in plan.changes}


class TestDisks:
    """What a disk was made with it keeps: MicrosoftDocs/azure-docs#48120, and a managed disk does not shrink."""

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            case("type: standard", "type: fast-ssd", id="type"),
            case("size_gb: 64", "size_gb: 40", id="smaller"),
        ],
    )
    def test_what_a_disk_keeps_is_replaced_or_refused(self, azure, before, after):
        """https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-scale-set"""
        texts = (group(template=f"disks: [{{{disk}}}]") for disk in (before, after))
        assert replaced_or_refused(azure, *texts, "template.disks")

    def test_a_disk_may_grow(self, azure):
        azure.put(group(template="disks: [{size_gb: 40}]"))
        plan = azure.cloud.plan(fleet_of(group(template="disks: [{size_gb: 64}]")))
        assert plan.problems == ()
        assert [str(change.action) for change in plan.changes] == ["update"]

    def test_the_emulator_refuses_another_disk_type(self, azure):
        """ "Changing property 'osDisk.managedDisk.storageAccountType' is not allowed": azure-docs#48120."""
        azure.put_scale_set("old")
        disk = {"managedDisk": {"storageAccountType": "Premium_LRS"}}
        body = {"properties": {"virtualMachineProfile": {"storageProfile": {"osDisk": disk}}}}
        assert refused(azure.patch_scale_set("old", body))

    def test_the_emulator_refuses_a_smaller_disk(self, azure):
        profile = "properties__virtualMachineProfile__storageProfile__osDisk__diskSizeGB"
        azure.put_scale_set("old", **{profile: 64})
        body = {"properties": {"virtualMachineProfile": {"storageProfile": {"osDisk": {"diskSizeGB": 40}}}}}
        assert refused(azure.patch_scale_set("old", body))


def zoned(*zones):
    quoted = ", ".join(f'"{zone}"' for zone in zones)
    return group(placement=f"zones: [{quoted}]")


class TestZones:
    """
    Zones may be added in place since API 2023-03-01, not taken away: hashicorp/terraform-provider-azurerm#27288.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-zone-enable
    """

    def test_a_zone_more_is_an_update(self, azure):
        azure.put(zoned("1"))
        plan = azure.cloud.plan(fleet_of(zoned("1", "2")))
        if plan.problems:
            raise RuntimeError("the plan is refused")
        assert [str(change.action) for change in plan.changes if change.key.kind == "scale-set"] == ["update"]
        assert azure.cloud.apply(plan, wait="accepted").failures == ()
        assert sorted(azure.scale_set("shop-web")["zones"]) == ["1", "2"]
        assert azure.left(fleet_of(zoned("1", "2"))) == []

    @pytest.mark.parametrize("zones", [("2",), ("1",), ("2", "3")])
    def test_a_zone_less_is_a_replacement_or_refused(self, azure, zones):
        assert replaced_or_refused(azure, zoned("1", "2"), zoned(*zones), "placement.zones")

    def test_zones_with_fault_domains_are_refused_by_the_plan_in_a_flexible_set(self, azure):
        """
        kubernetes-sigs/cluster-api-provider-azure#4451: "Specifying Availability Zones is not allowed when Virtual
        Machine Scale Set has platformFaultDomainCount higher than 1 with OrchestrationMode: 'Flexible'."
        """
        refusals = azure.refusals(zoned("1", "2") + "    azure: {orchestration: flexible, fault_domains: 3}\n")
        assert naming("azure.fault_domains", refusals) or naming("placement.zones", refusals)

    def test_zones_with_one_fault_domain_are_made_in_a_flexible_set(self, azure):
        """cluster-api-provider-azure#4451: the other side of the limit."""
        fleet = azure.put(zoned("1", "2") + "    azure: {orchestration: flexible, fault_domains: 1}\n")
        assert azure.left(fleet) == []

    @pytest.mark.parametrize(
        ("count", "taken"),
        [case(3, False), (1, True)],
    )
    def test_the_emulator_refuses_zones_with_fault_domains_in_a_flexible_set(self, azure, count, taken):
        """cluster-api-provider-azure#4451."""
        changes = {"zones": ["1", "2"], "properties__platformFaultDomainCount": count, **FLEXIBLE}
        assert refused(azure.put_scale_set("old", **changes)) is not taken


FLEXIBLE = {
    "properties__orchestrationMode": "Flexible",
    "properties__upgradePolicy": None,
    "properties__virtualMachineProfile__networkProfile__networkApiVersion": "2020-11-01",
}
KEYS = "properties__virtualMachineProfile__osProfile__linuxConfiguration__ssh__publicKeys"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEhlIHdobyBwbGF5cyBtYW55IHBhcnRzIGluIG9uZSB0aW0 ops@example.org"
ECDSA = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBA ops@example.org"


class TestKeys:
    """
    RSA and ED25519 keys are taken, others and names of keys are not: MicrosoftDocs/azure-docs#112770.

    https://learn.microsoft.com/azure/virtual-machines/linux/mac-create-ssh-keys#supported-ssh-key-formats
    """

    @pytest.mark.parametrize("key", [ECDSA, "my-keypair"], ids=["ecdsa", "a-name"])
    def test_another_key_is_refused_by_the_plan(self, azure, key):
        assert naming("template.ssh_key", azure.refusals(group(template=f'ssh_key: "{key}"')))

    @pytest.mark.parametrize("key", [RSA_KEY, ED25519], ids=["rsa", "ed25519"])
    def test_a_key_that_azure_takes_is_sent(self, azure, key):
        fleet = azure.put(group(template=f'ssh_key: "{key}"'))
        profile = azure.scale_set("shop-web")["properties"]["virtualMachineProfile"]["osProfile"]
        assert [one["keyData"] for one in profile["linuxConfiguration"]["ssh"]["publicKeys"]] == [key]
        assert azure.left(fleet) == []

    @pytest.mark.parametrize(
        ("key", "taken"),
        [
            case(ECDSA, False, id="ecdsa"),
            case("my-keypair", False, id="a-name"),
            case(RSA_KEY, True, id="rsa"),
        ],
    )
    def test_the_emulator_refuses_another_key(self, azure, key, taken):
        keys = [{"path": "/home/trimtab/.ssh/authorized_keys", "keyData": key}]
        assert refused(azure.put_scale_set("old", **{KEYS: keys})) is not taken


WINDOWS = "MicrosoftWindowsServer:WindowsServer:2022-datacenter-g2:latest"


class TestSystems:
    """
    The system of the image and that of the profile are one.

    hashicorp/terraform-provider-azurerm#28775, Azure/azure-rest-api-specs#32642.
    """

    def test_windows_without_a_password_is_refused_by_the_plan(self, azure):
        text = group("    health_check: {path: /}\n", image=f'"{WINDOWS}"')
        refusals = azure.refusals(text)
        assert [one for one in refusals if "template.admin_password" in one and "windows" in one.lower()], refusals

    def test_the_emulator_refuses_a_linux_profile_for_a_windows_image(self, azure):
        publisher, offer, sku, version = WINDOWS.split(":")
        image = {"publisher": publisher, "offer": offer, "sku": sku, "version": version}
        place = "properties__virtualMachineProfile__storageProfile__imageReference"
        assert refused(azure.put_scale_set("old", **{place: image}))


SPOT = "    purchase: {spot: true}\n"
PRIORITY = {
    "properties__virtualMachineProfile__priority": "Spot",
    "properties__virtualMachineProfile__evictionPolicy": "Delete",
}


class TestSpot:
    """
    What cannot be spot, and what Try & restore goes with.

    https://learn.microsoft.com/azure/virtual-machines/spot-vms#limitations: "B-series and Promo versions of any size"
    are not supported; https://learn.microsoft.com/azure/virtual-machine-scale-sets/use-spot#try--restore: it is off in
    scale sets that use autoscale.
    """

    @pytest.mark.parametrize("size", ["Standard_B2s", "Standard_B2ms"])
    def test_a_size_that_cannot_be_spot_is_refused_by_the_plan(self, azure, size):
        """MicrosoftDocs/azure-compute-docs#143."""
        refusals = azure.refusals(group(SPOT, size=size))
        assert naming("template.size", refusals) or naming("purchase.spot", refusals)

    def test_a_size_that_can_be_spot_is_made(self, azure):
        """azure-compute-docs#143: the other side of the limit."""
        assert azure.left(azure.put(group(SPOT, size="Standard_D2s_v5"))) == []

    @pytest.mark.parametrize(
        ("size", "taken"),
        [
            case("Standard_B2s", False),
            ("Standard_D2s_v5", True),
        ],
    )
    def test_the_emulator_refuses_a_size_that_cannot_be_spot(self, azure, size, taken):
        """azure-compute-docs#143."""
        assert refused(azure.put_scale_set("old", sku__name=size, **PRIORITY)) is not taken

    @pytest.mark.parametrize("orchestration", ["flexible", "uniform"])
    def test_restoring_beside_autoscale_is_said_by_the_plan(self, azure, orchestration):
        """Azure/azure-cli#29461."""
        block = f"    azure: {{orchestration: {orchestration}, eviction: delete, restore_spot: 1h}}\n"
        assert naming("azure.restore_spot", said(azure.cloud.plan(fleet_of(group(SPOT + block)))))

    def test_the_emulator_refuses_a_restore_policy_in_a_flexible_set(self, azure):
        """ "The value of parameter spotRestorePolicy is invalid": azure-cli#29461."""
        policy = {"enabled": True, "restoreTimeout": "PT1H"}
        changes = {"properties__spotRestorePolicy": policy, **PRIORITY, **FLEXIBLE}
        assert refused(azure.put_scale_set("old", **changes))

    @pytest.mark.parametrize("word", ["restore_spot", "Standard_B"])
    def test_no_page_of_a_check_advises_what_azure_refuses(self, word):
        """azure-cli#29461, azure-compute-docs#143."""
        text = (PAGES / "TT304.md").read_text(encoding="utf-8")
        _, _, advice = text.partition("## What it finds")
        assert word not in advice


REPAIRS = "    azure: {automatic_repairs: true}\n"


class TestRepairs:
    """
    Automatic repairs need a probe or a health extension: hashicorp/terraform-provider-azurerm#5860, #5976.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-instance-repairs
    """

    def test_repairs_without_health_are_refused_by_the_plan(self, azure):
        assert naming("azure.automatic_repairs", azure.refusals(group(REPAIRS)))

    def test_repairs_with_a_health_extension_are_made(self, azure):
        fleet = azure.put(group("    health_check: {path: /, port: 80}\n" + REPAIRS))
        assert azure.scale_set("shop-web")["properties"]["automaticRepairsPolicy"]["enabled"] is True
        assert azure.left(fleet) == []

    def test_the_emulator_refuses_repairs_without_health(self, azure):
        """ "because a health probe or health extension was not provided": azurerm#5860."""
        assert refused(azure.put_scale_set("old", properties__automaticRepairsPolicy={"enabled": True}))


def test_the_plain_scale_set_has_no_findings(azure):
    """The group that all of these change is let be by the checks."""
    assert findings(fleet_of(group()), "azure") == []
