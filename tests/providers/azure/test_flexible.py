"""
Instances of flexible scale sets: plain virtual machines, read as such.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/orchestration-modes-api-comparison
"""

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.azure.groups import FLEXIBLE, azure_group
from trimtab.providers.base import InstanceState


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def flexible(world, name="web", **fields):
    given = {"capacity": {"min": 2, "max": 6}, "azure": FLEXIBLE, "health_check": {"path": "/", "port": 80}}
    return azure_group(world, name, **{**given, **fields})


def put(cloud, *groups):
    fleet = make_fleet(*groups)
    cloud.apply(cloud.plan(fleet), wait="stable").raise_for_failures()
    return fleet


def test_a_state_is_that_of_the_machines(world, cloud):
    """Name, zone, size, health and address of each machine, as the list of machines and that of cards have them."""
    fleet = put(cloud, flexible(world, placement={"subnets": [world.subnet], "zones": ["1", "2"]}))
    state = cloud.status(fleet, addresses=True).groups[0].state
    machines = {each.name: each for each in world.compute.virtual_machines.list(world.group)}
    assert {each.id for each in state.instances} == set(machines)
    assert {each.zone for each in state.instances} == {"1", "2"}
    assert {each.size for each in state.instances} == {"Standard_D2s_v5"}
    assert [each.healthy for each in state.instances] == [True, True]
    assert [each.state for each in state.instances] == [InstanceState.RUNNING] * 2
    assert len({each.private_address for each in state.instances} - {""}) == 2


def test_a_machine_at_rest_does_not_serve(world, cloud):
    put(cloud, flexible(world))
    first, second = sorted(each.id for each in cloud.group("virtualmin-web").instances())
    world.compute.virtual_machines.begin_deallocate(world.group, first).result()
    states = {each.id: each.state for each in cloud.group("virtualmin-web").instances()}
    assert states == {first: InstanceState.STANDBY, second: InstanceState.RUNNING}


def test_a_machine_that_fails_its_probe_is_unhealthy(world, cloud):
    put(cloud, flexible(world))
    first, second = sorted(world.compute.virtual_machines.list(world.group), key=lambda each: each.name)
    world.doors.fail_target(first.id)
    assert {each.id: each.healthy for each in cloud.group("virtualmin-web").instances()} == {
        first.name: False,
        second.name: True,
    }


def test_machines_of_an_older_model_are_outdated(world, cloud):
    """The machines themselves do not say of what model they are; the list of the set does."""
    put(cloud, flexible(world))
    put(cloud, flexible(world, template={"image": "Ubuntu2404", "size": "Standard_D4s_v5"}))
    web = cloud.group("virtualmin-web")
    assert web.read().outdated == 2
    web.scale(to=3)
    web.wait(timeout=tt.minutes(10))
    assert sorted((each.size, each.outdated) for each in web.instances()) == [
        ("Standard_D2s_v5", True),
        ("Standard_D2s_v5", True),
        ("Standard_D4s_v5", False),
    ]


def test_two_groups_keep_their_machines_apart(world, cloud):
    """Names that begin alike, and one that is uniform."""
    fleet = put(cloud, flexible(world), flexible(world, "web2"), azure_group(world, "web3"))
    states = {group.name: group.state for group in cloud.status(fleet).groups}
    for name in ("virtualmin-web", "virtualmin-web2"):
        assert len(states[name].instances) == 2
        assert all(each.id.startswith(f"{name}_") for each in states[name].instances)
    assert all(each.id.isdecimal() for each in states["virtualmin-web3"].instances)


def test_a_read_of_many_machines_goes_page_by_page(world, cloud):
    world.doors.configure(page_size=2)
    put(cloud, flexible(world, capacity={"min": 5, "max": 6, "desired": 5}))
    assert len(cloud.group("virtualmin-web").instances()) == 5


def test_a_state_takes_two_lists_and_two_calls_for_each_flexible_group(world, cloud):
    fleet = put(cloud, flexible(world), flexible(world, "web2"), azure_group(world, "web3"))
    world.doors.clear_requests()
    cloud.status(fleet)
    made = sorted(call.operation for call in world.doors.requests() if "MetricAlerts" not in call.operation)
    assert [name for name in made if name.startswith("VirtualMachine")] == [
        "VirtualMachineScaleSetVMs_List",
        "VirtualMachineScaleSetVMs_List",
        "VirtualMachineScaleSetVMs_List",
        "VirtualMachineScaleSets_List",
        "VirtualMachines_List",
        "VirtualMachines_List",
    ]


def test_disks_go_with_the_machine(world, cloud):
    """What a set keeps that somebody else made is seen as a difference, and mended in place."""
    disks = [{"size_gb": 40}, {"device": "1", "size_gb": 8}]
    template = {"image": "Ubuntu2404", "size": "Standard_D2s_v5", "disks": disks}
    fleet = put(cloud, flexible(world, template=template))
    storage = world.compute.virtual_machine_scale_sets.get(world.group, "virtualmin-web")
    storage = storage.properties.virtual_machine_profile.storage_profile
    assert [storage.os_disk.delete_option, storage.data_disks[0].delete_option] == ["Delete", "Delete"]
    body = {"properties": {"virtualMachineProfile": {"storageProfile": {"osDisk": {"deleteOption": "Detach"}}}}}
    world.compute.virtual_machine_scale_sets.begin_update(world.group, "virtualmin-web", body).result()
    (change,) = cloud.plan(fleet).changes
    assert (str(change.action), [field.path.rpartition(".")[2] for field in change.fields]) == (
        "update",
        ["deleteOption"],
    )
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    assert not cloud.plan(fleet)


def test_disks_of_a_uniform_set_are_not_told_so(world, cloud):
    """ "This feature is available for VMSS with Flexible OrchestrationMode only" (deleteOption, type files)."""
    put(cloud, azure_group(world, "web"))
    storage = world.compute.virtual_machine_scale_sets.get(world.group, "virtualmin-web")
    assert storage.properties.virtual_machine_profile.storage_profile.os_disk.delete_option is None


def test_the_role_of_a_flexible_fleet_reads_machines(world, cloud):
    machines = {"Microsoft.Compute/virtualMachines/read", "Microsoft.Network/networkInterfaces/read"}
    cards = "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces/read"
    read_only = set(cloud.permissions(make_fleet(flexible(world)), read_only=True)["Actions"])
    assert machines <= read_only
    assert cards not in read_only
    plain = set(cloud.permissions(make_fleet(azure_group(world, "web")), read_only=True)["Actions"])
    assert cards in plain
    assert not machines & plain
    both = cloud.permissions(make_fleet(flexible(world), azure_group(world, "api")), read_only=True)
    assert {*machines, cards} <= set(both["Actions"])
