"""Instances that fail their probe, and their repair where the policy asks for it."""

from trimtab.emulators.azure.ids import folded, parse_id
from trimtab.emulators.azure.instance import EmulatedInstance
from trimtab.emulators.azure.scaling import repair_if_ill
from trimtab.emulators.azure.world import CloudWorld


def fail_target(world: CloudWorld, instance: str, *, healthy: bool) -> None:
    """Have an instance fail its probe from now on, or pass it again; raises `KeyError` for one that there is not."""
    target = _find(world, instance)
    if healthy:
        world.failing.discard(target.key)
        return
    world.failing.add(target.key)
    repair_if_ill(target)


def fail_made_of(world: CloudWorld, text: str, *, healthy: bool) -> None:
    """Have instances whose model has a text in it fail their probe from when they come up, or pass it."""
    if healthy:
        world.ailments.discard(text)
    else:
        world.ailments.add(text)


def _find(world: CloudWorld, text: str) -> EmulatedInstance:
    parts = parse_id(text)
    scale_set = world.scale_sets.get(folded(parts.parent)) if parts else None
    # the instances of flexible sets have ids of plain machines
    machines = (each for one in world.scale_sets.values() if one.flexible for each in one.instances.values())
    instance: EmulatedInstance | None = (
        scale_set.find(parts.name)
        if scale_set and parts
        else next((each for each in machines if folded(each.machine_id) == folded(text)), None)
    )
    if instance is None:
        raise KeyError(f"instance {text!r} not found; give the id of one that a scale set has")
    return instance
