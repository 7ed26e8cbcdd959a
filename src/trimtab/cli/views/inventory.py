"""The instances of a fleet as an Ansible inventory, and as a table."""

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import printable
from trimtab.providers.base import Instance, InstanceState
from trimtab.runtime.inventory import RESERVED, inventory_name
from trimtab.runtime.status import FleetStatus, GroupStatus

COLUMNS = ("host", "group", "state", "zone", "size", "private address", "public address", "template")


class AddressOf(StrEnum):
    """Which address of an instance is connected to."""

    PRIVATE = "private"
    PUBLIC = "public"


def inventory_dict(status: FleetStatus, address: AddressOf = AddressOf.PRIVATE) -> dict[str, Any]:
    """
    What Ansible asks of an inventory script with `--list`: groups, their variables, and those of each host.

    A group of the fleet is a group there, and the fleet is the group of them all. Instances on their way out are
    left out.

    Args:
        status: The fleet as it stands, with addresses.
        address: Which address Ansible connects to.
    """
    called = host_names(status)
    hosts = {
        called[group.group, instance.id]: host_dict(status, group, instance, address)
        for group, instance in _hosts(status)
    }
    names = _group_names(status)
    whole = inventory_name(status.fleet)
    whole = f"fleet_{whole}" if whole in names.values() else whole
    whole = f"{whole}_" if whole in names.values() else whole
    return {
        "_meta": {"hostvars": hosts},
        "all": {"children": ["ungrouped", whole]},
        whole: {"children": sorted(names.values()), "vars": {"trimtab_fleet": status.fleet}},
        **{names[group.group]: _group_dict(group, called) for group in status.groups},
    }


def host_dict(status: FleetStatus, group: GroupStatus, instance: Instance, address: AddressOf) -> dict[str, Any]:
    """The variables of one host."""
    reached = instance.public_address if address is AddressOf.PUBLIC else instance.private_address
    return {
        **({"ansible_host": reached} if reached else {}),
        "trimtab_fleet": status.fleet,
        "trimtab_group": group.group,
        "trimtab_provider": status.provider,
        "trimtab_location": group.location,
        "trimtab_instance": instance.id,
        "trimtab_zone": instance.zone,
        "trimtab_size": instance.size,
        "trimtab_state": instance.state.value,
        "trimtab_healthy": instance.healthy,
        "trimtab_template": instance.template,
        "trimtab_outdated": instance.outdated,
        "trimtab_private_address": instance.private_address,
        "trimtab_public_address": instance.public_address,
    }


def host_names(status: FleetStatus) -> dict[tuple[str, str], str]:
    """
    What each instance is called, by its group and its id.

    That is its id, and the name of its group before it where several groups have an instance of that id: Azure counts
    those of each scale set from 0.
    """
    times = Counter(instance.id for _, instance in _hosts(status))
    return {
        (group.group, instance.id): instance.id if times[instance.id] == 1 else f"{group.name}_{instance.id}"
        for group, instance in _hosts(status)
    }


def _group_dict(group: GroupStatus, called: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    variables: dict[str, Any] = {"trimtab_native_name": group.name, "trimtab_group_location": group.location}
    state = group.state
    if state is not None:
        variables |= {"trimtab_min": state.min, "trimtab_max": state.max, "trimtab_desired": state.desired}
    return {"hosts": [called[group.group, instance.id] for instance in _there(group)], "vars": variables}


def _group_names(status: FleetStatus) -> dict[str, str]:
    """What each group is called; one that is called `all` gives way to one that is called `group-all`."""
    names: dict[str, str] = {}
    for group in sorted((member.group for member in status.groups), key=lambda name: name in RESERVED):
        name = inventory_name(group)
        names[group] = f"{name}_" if name in names.values() else name
    return {group.group: names[group.group] for group in status.groups}


def inventory_view(status: FleetStatus) -> RenderableType:
    """The hosts as a table."""
    called, rows = host_names(status), []
    for group, instance in _hosts(status):
        cells = (
            group.group,
            instance.state.value,
            instance.zone,
            instance.size,
            instance.private_address,
            instance.public_address,
        )
        outdated = f"{instance.template}{' (old)' if instance.outdated else ''}"
        name = Text(printable(called[group.group, instance.id]), "bold")
        rows.append([name, *(Text(printable(cell or "-")) for cell in (*cells, outdated))])
    return Rows(COLUMNS, rows)


def _hosts(status: FleetStatus) -> Iterator[tuple[GroupStatus, Instance]]:
    return ((group, instance) for group in status.groups for instance in _there(group))


def _there(group: GroupStatus) -> list[Instance]:
    instances = group.state.instances if group.state else ()
    return [instance for instance in instances if instance.state is not InstanceState.TERMINATING]
