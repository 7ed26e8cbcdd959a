"""
Instances of flexible scale sets on the emulator: plain machines, which the set's own calls do not act on.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/orchestration-modes-api-comparison; refusals:
microsoft/OMS-Agent-for-Linux#1475, hashicorp/nomad-autoscaler#1096, ansible-collections/azure#1526.
"""

import pytest
from azure_bench import GROUP, SET_KIND, Azure, code, failure


@pytest.fixture
def flexible(azure: Azure) -> Azure:
    azure.make_set(body=azure.flexible_body(2))
    return azure


def listed(azure: Azure, **given):
    return list(azure.compute.virtual_machines.list(GROUP, **given))


def of_set(azure: Azure, name: str = "web") -> str:
    return f"'virtualMachineScaleSet/id' eq '{azure.id_of(SET_KIND, name)}'"


def test_machines_are_listed_with_their_set_and_no_model(flexible: Azure) -> None:
    found = listed(flexible)
    assert [each.name for each in found] == sorted(each.name for each in flexible.instances())
    assert {each.properties.virtual_machine_scale_set.id for each in found} == {flexible.id_of(SET_KIND, "web")}
    assert all("latestModelApplied" not in each["properties"] for each in found)
    assert all(each.id.endswith(f"/virtualMachines/{each.name}") and "ScaleSets" not in each.id for each in found)


def test_the_filter_tells_sets_apart_whatever_its_case(flexible: Azure) -> None:
    flexible.make_set("web2", body=flexible.flexible_body(1))
    assert len(listed(flexible)) == 3
    assert len(listed(flexible, filter=of_set(flexible))) == 2
    assert len(listed(flexible, filter=of_set(flexible, "WEB2").replace("virtualMachine", "VIRTUALMACHINE"))) == 1
    assert listed(flexible, filter=of_set(flexible, "other")) == []


@pytest.mark.parametrize(
    "wanted", ["name eq 'x'", "'virtualMachineScaleSet/id' ne '/a'", "'virtualMachineScaleSet/id' eq"]
)
def test_another_filter_is_refused(flexible: Azure, wanted: str) -> None:
    assert code(listed, flexible, filter=wanted) == "InvalidParameter"


def test_the_view_goes_with_the_filter_only(flexible: Azure) -> None:
    assert code(listed, flexible, expand="instanceView") == "InvalidParameter"
    views = [each.properties.instance_view for each in listed(flexible, filter=of_set(flexible), expand="instanceView")]
    assert [view.statuses[-1].code for view in views] == ["PowerState/running"] * 2


def test_uniform_instances_are_no_machines(azure: Azure) -> None:
    azure.make_set(capacity=2)
    assert listed(azure) == []
    assert listed(azure, filter=of_set(azure)) == []
    assert len(azure.instances(expand="instanceView")) == 2


def test_the_set_refuses_the_view_and_single_instances(flexible: Azure) -> None:
    sets, members = flexible.compute.virtual_machine_scale_sets, flexible.compute.virtual_machine_scale_set_vms
    name = flexible.instances()[0].name
    for refused in (
        failure(flexible.instances, expand="instanceView"),
        failure(sets.get_instance_view, GROUP, "web"),
    ):
        assert (refused.status_code, refused.error.code) == (400, "OperationNotAllowed")
        assert "is not allowed on Virtual Machine Scale Set 'web'" in refused.error.message
    for refused in (
        failure(members.get, GROUP, "web", name),
        failure(members.get_instance_view, GROUP, "web", name),
        failure(members.begin_deallocate, GROUP, "web", name),
        failure(members.begin_delete, GROUP, "web", name),
        failure(members.simulate_eviction, GROUP, "web", name),
    ):
        assert "instanceId must be a number" in refused.error.message


def test_a_machine_is_acted_on_by_its_name(flexible: Azure) -> None:
    machines, name = flexible.compute.virtual_machines, flexible.instances()[0].name
    machines.begin_deallocate(GROUP, name).result()
    assert machines.instance_view(GROUP, name.upper()).statuses[-1].code == "PowerState/deallocated"
    machines.begin_start(GROUP, name).result()
    assert machines.get(GROUP, name, expand="instanceView").properties.instance_view.statuses[-1].code == (
        "PowerState/running"
    )
    assert code(machines.simulate_eviction, GROUP, name) == "OperationNotAllowed"
    assert code(machines.get, GROUP, "other") == "ResourceNotFound"


def test_a_machine_that_is_deleted_lowers_the_size(flexible: Azure) -> None:
    name = flexible.instances()[0].name
    flexible.compute.virtual_machines.begin_delete(GROUP, name).result()
    flexible.doors.advance(120)
    assert flexible.size() == 1
    assert name not in {each.name for each in listed(flexible)}


def disk(**changes):
    return {"properties": {"virtualMachineProfile": {"storageProfile": changes}}}


PREMIUM = {"managedDisk": {"storageAccountType": "Premium_LRS"}}


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        (disk(osDisk=PREMIUM), "PropertyChangeNotAllowed"),
        (disk(osDisk={"diskSizeGB": 29}), "ResizeDiskError"),
        (disk(osDisk={"diskSizeGB": 31}), None),
        (disk(dataDisks=[{"lun": 0, "createOption": "Empty", "diskSizeGB": 16}]), None),
        (disk(dataDisks=[{"lun": 0, "createOption": "Empty", "diskSizeGB": 4}]), "ResizeDiskError"),
        (disk(dataDisks=[{"lun": 0, "createOption": "Empty", "diskSizeGB": 8, **PREMIUM}]), "PropertyChangeNotAllowed"),
        (disk(dataDisks=[{"lun": 1, "createOption": "Empty", "diskSizeGB": 4, **PREMIUM}]), None),
        (disk(imageReference={"id": "/subscriptions/s/resourceGroups/g/providers/p/images/i"}), "OperationNotAllowed"),
    ],
)
def test_a_disk_keeps_what_it_was_made_with(azure: Azure, change, refused) -> None:
    """What is of another number is another disk."""
    body = azure.set_body(1)
    data = [{"lun": 0, "createOption": "Empty", "diskSizeGB": 8}]
    body["properties"]["virtualMachineProfile"]["storageProfile"]["dataDisks"] = data
    azure.make_set(body=body)
    if refused is None:
        azure.patch(change)
    else:
        assert code(azure.patch, change) == refused


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [((), ("1",), True), (("1",), ("2", "1"), True), (("1", "2"), ("1",), False), (("1",), ("2",), False)],
)
def test_zones_are_added_and_never_taken_away(azure: Azure, before, after, taken) -> None:
    """https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-use-availability-zones"""
    azure.make_set(body=azure.set_body(1, zones=before))
    if taken:
        azure.patch({"zones": list(after)})
        assert set(azure.get_set().zones) == set(after)
    else:
        assert code(azure.patch, {"zones": list(after)}) == "PropertyChangeNotAllowed"
