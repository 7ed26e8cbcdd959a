"""The network cards of a scale set's instances, as the network service lists them."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, page
from trimtab.emulators.azure.ids import folded
from trimtab.emulators.azure.instance import EmulatedInstance
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.scale_set import KIND
from trimtab.emulators.azure.scale_set_fields import cards
from trimtab.emulators.azure.scale_sets import find_scale_set
from trimtab.emulators.azure.versions import COMPUTE, NETWORK
from trimtab.emulators.azure.world import CloudWorld

_RESERVED = 4
"""Addresses at the beginning of a subnet that Azure keeps for itself."""
_ANY = "10.0.0.0/16"


def _list(call: Call) -> Answer:
    scale_set = find_scale_set(call, "parent")
    # the cards of a flexible one are plain ones
    instances = () if scale_set.flexible else scale_set.instances.values()
    return page(call, [card for instance in instances for card in _cards(call.world, instance)])


def _list_plain(call: Call) -> Answer:
    plain = [each for each in call.world.scale_sets.values() if each.flexible and _is_in(each.group, call)]
    cards_of = [_cards(call.world, instance) for each in plain for instance in each.instances.values()]
    return page(call, [{**card, "type": PLAIN} for some in cards_of for card in some])


def _is_in(group: str, call: Call) -> bool:
    return "group" not in call.names or group.lower() == call.group.lower()


def _cards(world: CloudWorld, instance: EmulatedInstance) -> Iterator[dict[str, Any]]:
    for card in cards(instance.made_by):
        identity = instance.card_id(card)
        addresses = find(card, "properties.ipConfigurations") or ()
        yield {
            "name": identity.rpartition("/")[2],
            "id": identity,
            "properties": {
                "provisioningState": instance.state,
                "primary": bool(find(card, "properties.primary")),
                "virtualMachine": {"id": instance.machine_id},
                "ipConfigurations": [_address(world, instance, identity, configuration) for configuration in addresses],
            },
        }


def _address(
    world: CloudWorld, instance: EmulatedInstance, card: str, configuration: Mapping[str, Any]
) -> dict[str, Any]:
    subnet = find(configuration, "properties.subnet") or {}
    return {
        "name": configuration["name"],
        "id": f"{card}/ipConfigurations/{configuration['name']}",
        "properties": {
            "provisioningState": "Succeeded",
            "privateIPAddress": str(ip_network(_prefix(world, subnet))[_RESERVED + instance.ordinal]),
            "privateIPAllocationMethod": "Dynamic",
            "subnet": dict(subnet),
            "primary": True,
        },
    }


def _prefix(world: CloudWorld, subnet: Mapping[str, Any]) -> str:
    network, _, name = str(subnet.get("id", "")).rpartition("/subnets/")
    body = world.resources.get(folded(network), {})
    for entry in find(body, "properties.subnets") or ():
        if entry["name"].lower() == name.lower():
            return str(find(entry, "properties.addressPrefix") or _ANY)
    return _ANY


PLAIN = "Microsoft.Network/networkInterfaces"
_PATH = f"{GROUP}/providers/{KIND}/{{parent}}/networkInterfaces"
ROUTES = (
    ArmRoute("GET", _PATH, "network", "NetworkInterfaces_ListVirtualMachineScaleSet", COMPUTE, _list),
    ArmRoute("GET", f"{GROUP}/providers/{PLAIN}", "network", "NetworkInterfaces_List", NETWORK, _list_plain),
    ArmRoute("GET", f"{SUBSCRIPTION}/providers/{PLAIN}", "network", "NetworkInterfaces_ListAll", NETWORK, _list_plain),
)
