"""
Instances of a flexible scale set on Azure: they are virtual machines, and are listed as such.

A list of the set's own instances with `$expand=instanceView` is answered "Operation
'VirtualMachineScaleSets.virtualMachines.GET' is not allowed on Virtual Machine Scale Set"; the list of virtual machines
takes the view and a filter by `virtualMachineScaleSet/id`. microsoft/OMS-Agent-for-Linux#1475,
hashicorp/nomad-autoscaler#1096, Azure/azure-sdk-for-go#19707, turbot/steampipe-plugin-azure#829,
ansible-collections/azure#1526; https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-orchestration-modes
"""

import pytest

import trimtab as tt
from tests.found.worlds import fleet_of

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 2, max: %d}
    template: {image: Ubuntu2404, size: Standard_D2s_v5}
    placement: {network: virtualmin, subnets: [private]}
    purchase: {spot: true, on_demand_base: 1}
    azure: {orchestration: %s}
"""
INSTANCES = "Microsoft.Compute/virtualMachineScaleSets/shop-web/virtualMachines?$expand=instanceView"


def test_the_emulator_refuses_the_instance_view_of_a_flexible_set(azure):
    azure.put(GROUP % (4, "flexible"))
    status, body = azure.ask("GET", INSTANCES)
    assert status == 400
    assert "is not allowed on Virtual Machine Scale Set" in body["error"]["message"]


def test_the_emulator_answers_the_instance_view_of_a_uniform_set(azure):
    azure.put(GROUP.replace("    purchase: {spot: true, on_demand_base: 1}\n", "") % (4, "uniform"))
    azure.clock.advance(tt.minutes(10))
    status, body = azure.ask("GET", INSTANCES)
    assert status == 200
    assert all("instanceView" in one["properties"] for one in body["value"])
    assert len(body["value"]) == 2


VERBS = {
    "apply": lambda azure, fleet: azure.cloud.apply(azure.cloud.plan(fleet), wait="stable", timeout=tt.minutes(5)),
    "status": lambda azure, fleet: azure.cloud.status(fleet),
    "read": lambda azure, fleet: azure.cloud.group("shop-web").read(),
    "scale": lambda azure, fleet: azure.cloud.group("shop-web").scale(to=3),
    "activities": lambda azure, fleet: azure.cloud.group("shop-web").activities(),
    "wait": lambda azure, fleet: azure.cloud.group("shop-web").wait(timeout=tt.minutes(5)),
    "watch": lambda azure, fleet: azure.cloud.watch(fleet).snapshot(),
}


def expanded(azure):
    """Calls for the view of the instances of a scale set."""
    reads = [call for call in azure.doors.requests() if call.operation.startswith("VirtualMachineScaleSetVMs_")]
    return [call.params for call in reads if "instanceView" in str(call.params)]


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_asks_for_the_instance_view_of_a_flexible_set(azure, verb):
    text = GROUP % (4, "flexible")
    if verb != "apply":
        azure.put(text)
        azure.clock.advance(tt.minutes(10))
    azure.doors.clear_requests()
    VERBS[verb](azure, fleet_of(text))
    assert expanded(azure) == []


def test_plan_edit_and_destroy_ask_for_no_instance_of_a_flexible_set(azure):
    """OMS-Agent-for-Linux#1475: these go on working."""
    fleet = azure.put(GROUP % (4, "flexible"))
    azure.clock.advance(tt.minutes(10))
    azure.doors.clear_requests()
    assert azure.left(azure.put(GROUP % (6, "flexible"))) == []
    done = azure.cloud.apply(azure.cloud.destroy(fleet), allow_delete=True, wait="accepted")
    assert done.failures == ()
    assert expanded(azure) == []
