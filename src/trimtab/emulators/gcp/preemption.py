"""Spot VMs that are taken back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.placement import is_spot
from trimtab.emulators.gcp.world import CloudWorld, Phase

NOTICE = timedelta(seconds=30)
"""https://cloud.google.com/compute/docs/instances/spot#preemption-process"""
PREEMPTED = "compute.instances.preempted"
"""https://cloud.google.com/compute/docs/instances/create-use-spot#detect_preemption"""


def notice(world: CloudWorld, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Tell a Spot VM, by its name, that it is preempted in thirty seconds; its group makes it anew.

    Raises:
        ValueError: It is no Spot VM of a group, or that is not the kind of notice that there is.
    """
    kind, name = body.get("kind", "interruption"), str(body["instance"]).rsplit("/", 1)[-1]
    if kind != "interruption":
        raise ValueError(f"a notice of Google Cloud is of the kind interruption, not {kind!r}")
    holders = [(group, member) for group in world.groups.values() for member in group.named([name])]
    if not holders or not is_spot(world, holders[0][1].template):
        raise ValueError(f"{name!r} is no Spot VM of a group")
    group, member = holders[0]
    due, number = world.now() + NOTICE, member.number

    def preempt() -> None:
        note_operation(world, PREEMPTED, member.key, user="system")
        group.was_deleted(member)

    world.at(due, (Phase.INSTANCES, name), preempt, lambda: member in group.staying() and member.number == number)
    return {"instance": name, "kind": kind, "at": due.isoformat()}
