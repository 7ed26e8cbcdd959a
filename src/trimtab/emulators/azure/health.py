"""Instances that fail their probe, and their repair where the policy asks for it."""

from datetime import timedelta

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.ids import folded, parse_id
from trimtab.emulators.azure.instance import Instance
from trimtab.emulators.azure.scaling import replace
from trimtab.emulators.azure.world import Phase, World
from trimtab.emulators.shared.moments import read_iso_span

_GRACE = timedelta(minutes=10)
"""How long a change of an instance keeps it from being repaired, unless the policy says otherwise."""


def fail_target(world: World, instance: str, *, healthy: bool) -> None:
    """Have an instance fail its probe from now on, or pass it again; raises `KeyError` for one that there is not."""
    target = _find(world, instance)
    if healthy:
        world.failing.discard(target.key)
        return
    world.failing.add(target.key)
    policy = find(target.home.body, "properties.automaticRepairsPolicy") or {}
    if not policy.get("enabled"):
        return
    grace = read_iso_span(policy["gracePeriod"]) if policy.get("gracePeriod") else _GRACE
    due = max(world.now() + target.judged_after, (target.ready or target.created) + grace)
    order = (Phase.INSTANCES, target.home.key, target.ordinal)
    world.at(due, order, lambda: replace(target), lambda: _is_to_be_repaired(target))


def _is_to_be_repaired(instance: Instance) -> bool:
    return instance.home.repairs and not instance.is_healthy and instance.counts


def _find(world: World, text: str) -> Instance:
    parts = parse_id(text)
    scale_set = world.scale_sets.get(folded(parts.parent)) if parts else None
    # the instances of flexible sets have ids of plain machines
    machines = (each for one in world.scale_sets.values() if one.flexible for each in one.instances.values())
    instance: Instance | None = (
        scale_set.find(parts.name)
        if scale_set and parts
        else next((each for each in machines if folded(each.machine_id) == folded(text)), None)
    )
    if instance is None:
        raise KeyError(f"instance {text!r} not found; give the id of one that a scale set has")
    return instance
