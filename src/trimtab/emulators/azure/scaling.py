"""How a scale set gets to its size: instances come and go."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.instance import REGULAR, SPOT, EmulatedInstance
from trimtab.emulators.azure.operations import Operation, begin
from trimtab.emulators.azure.scale_set import ScaleSet, mix_of
from trimtab.emulators.azure.scale_set_fields import PROFILE
from trimtab.emulators.azure.shortages import check_quota, has_room, no_room, size_to_be_had
from trimtab.emulators.azure.victims import choose
from trimtab.emulators.azure.world import Phase, new_id
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.mix import Fraction, Mix, scaled_out_mix

_IMAGE = f"{PROFILE}.storageProfile.imageReference"
_GRACE = timedelta(minutes=10)
"""How long a change of an instance keeps it from being repaired, unless the policy says otherwise."""


def scale(scale_set: ScaleSet, size: int) -> Operation:
    """
    Have another size, as a write does.

    Raises:
        ServiceError: There is no quota for it.
    """
    check_quota(scale_set, size)
    scale_set.set_capacity(size)
    scale_set.state = "Updating"
    return work(scale_set)


def work(scale_set: ScaleSet) -> Operation:
    """Begin to make a scale set what its body says; ends the write before this one."""
    error = _resize(scale_set)
    rolling = scale_set.upgrade if scale_set.upgrade and scale_set.upgrade.began == scale_set.world.now() else None

    def finish() -> ServiceError | None:
        failed = error or (rolling.error if rolling else None)
        if scale_set.upgrade is None or not scale_set.upgrade.goes_on:
            scale_set.state = "Failed" if failed else "Succeeded"
        return failed

    operation = begin(scale_set.world, scale_set.location, finish)
    scale_set.supersede(operation)
    scale_set.world.look_again(scale_set.id)
    return operation


def retire(scale_set: ScaleSet, leavers: list[EmulatedInstance]) -> None:
    """Have instances leave, and the size with them."""
    scale_set.set_capacity(max(0, scale_set.capacity - sum(each.counts for each in leavers)))
    for each in leavers:
        _remove(each)
    scale_set.world.look_again(scale_set.id)


def replace(instance: EmulatedInstance) -> None:
    """Have an instance leave and another one come."""
    _remove(instance)
    _launch(instance.home)


def upgrade(instance: EmulatedInstance) -> None:
    """
    Make an instance by the newest model.

    Another image is another disk, and another size a restart; custom data and passwords wait until the machine is
    imaged anew (https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy).
    """
    old, new = instance.made_by, instance.home.body
    resized = find(old, "sku.name") != find(new, "sku.name")
    if resized and not has_room(instance.home, instance.zone, instance.priority):
        instance.state, instance.error = "Failed", str(no_room(instance.zone))
        return
    instance.model, instance.made_by = instance.home.model, new
    instance.etag += 1
    if find(old, _IMAGE) != find(new, _IMAGE):
        reimage(instance)
    elif resized:
        _restart(instance)


def reimage(instance: EmulatedInstance) -> None:
    """Put an instance on a new disk, by the model that it has."""
    instance.disk_by = instance.made_by
    _restart(instance)


def revert(instance: EmulatedInstance, model: int, body: dict[str, Any]) -> None:
    """Make an instance by an earlier model again."""
    instance.model, instance.made_by = model, body
    instance.etag += 1
    reimage(instance)


def repair_if_ill(instance: EmulatedInstance) -> None:
    """Have an unhealthy instance replaced once the time of grace is over, where the policy asks for repairs."""
    policy = find(instance.home.body, "properties.automaticRepairsPolicy") or {}
    if instance.is_healthy or not policy.get("enabled"):
        return
    world = instance.home.world
    grace = read_iso_span(policy["gracePeriod"]) if policy.get("gracePeriod") else _GRACE
    due = max(world.now() + instance.judged_after, (instance.ready or instance.created) + grace)
    order = (Phase.INSTANCES, instance.home.key, instance.ordinal)
    world.at(due, order, lambda: replace(instance), lambda: _is_to_be_repaired(instance))


def _is_to_be_repaired(instance: EmulatedInstance) -> bool:
    return instance.home.repairs and not instance.is_healthy and instance.counts


def _resize(scale_set: ScaleSet) -> ServiceError | None:
    """Launch or remove what is too few or too many; answers why not all went well."""
    errors = [_place(each) for each in scale_set.members() if each.state == "Failed"]
    members = scale_set.members()
    wanted = scale_set.capacity + scale_set.surge
    if wanted < len(members):
        return _shrink(scale_set, len(members) - wanted)
    errors += [_launch(scale_set) for _ in range(wanted - len(members))]
    return next((error for error in errors if error), None)


def _shrink(scale_set: ScaleSet, count: int) -> ServiceError | None:
    leavers = choose(scale_set, count)
    for each in leavers:
        _remove(each)
    if len(leavers) == count:
        return None
    # the others are protected, and stay
    scale_set.set_capacity(len(scale_set.members()) - scale_set.surge)
    text = (
        f"Scale-in of '{scale_set.name}' removed {len(leavers)} of {count} instances: "
        "the remaining instances are protected from scale-in."
    )
    return ServiceError("OperationNotAllowed", text, 409)


def launch(scale_set: ScaleSet) -> EmulatedInstance:
    """One more instance, beyond the size."""
    _launch(scale_set)
    return max(scale_set.instances.values(), key=lambda each: each.ordinal)


def remove(instance: EmulatedInstance) -> None:
    """Have an instance leave, and the size stay."""
    _remove(instance)


def _launch(scale_set: ScaleSet) -> ServiceError | None:
    ordinal = scale_set.ordinal
    scale_set.ordinal += 1
    number = f"{scale_set.name}_{new_id()[:8]}" if scale_set.flexible else str(ordinal)
    instance = EmulatedInstance(
        home=scale_set,
        number=number,
        created=scale_set.world.now(),
        zone=None,
        priority=_priority(scale_set),
        model=scale_set.model,
        made_by=scale_set.body,
        disk_by=scale_set.body,
        ordinal=ordinal,
    )
    error = _place(instance)
    scale_set.instances[number.lower()] = instance
    return error


def _place(instance: EmulatedInstance) -> ServiceError | None:
    """Put an instance where there is room, or have it fail."""
    scale_set = instance.home
    zones = _zones(scale_set)
    for zone in zones:
        if (size := size_to_be_had(scale_set, zone, instance.priority)) is not None:
            instance.size = size if find(scale_set.body, "properties.skuProfile") else ""
            instance.zone, instance.state, instance.error = zone, "Creating", ""
            _boot(instance)
            return None
    error = no_room(zones[0])
    instance.zone, instance.state, instance.error = zones[0], "Failed", str(error)
    return error


def _zones(scale_set: ScaleSet) -> list[str | None]:
    """Where the next instance may be, the emptiest first; with strict balance only the emptiest."""
    zones = scale_set.body.get("zones") or [None]
    sizes = Counter(each.zone for each in scale_set.members() if each.state != "Failed")
    ordered = sorted(zones, key=lambda zone: (sizes[zone], str(zone)))
    if not find(scale_set.body, "properties.zoneBalance"):
        return ordered
    return [zone for zone in ordered if sizes[zone] == sizes[ordered[0]]]


def _priority(scale_set: ScaleSet) -> str:
    if str(find(scale_set.body, f"{PROFILE}.priority")).lower() != "spot":
        return REGULAR
    policy = find(scale_set.body, "properties.priorityMixPolicy")
    if not policy:
        return SPOT
    running = Counter(each.priority for each in scale_set.members())
    current = Mix(running[REGULAR], running[SPOT])
    base, percent = mix_of(policy)
    total = current.on_demand + current.spot + 1
    wanted = scaled_out_mix(current, total, base=base, percent=percent, fraction=Fraction.SPOT)
    return REGULAR if wanted.on_demand > current.on_demand else SPOT


def _boot(instance: EmulatedInstance) -> None:
    _after(instance, "boot_seconds", lambda: _ready(instance), "Creating")


def _restart(instance: EmulatedInstance) -> None:
    instance.state, instance.error = "Updating", ""
    _after(instance, "boot_seconds", lambda: _ready(instance), "Updating")


def _ready(instance: EmulatedInstance) -> None:
    instance.state, instance.ready = "Succeeded", instance.home.world.now()
    repair_if_ill(instance)
    instance.home.look()


def _remove(instance: EmulatedInstance) -> None:
    instance.state = "Deleting"

    def gone() -> None:
        instance.home.instances.pop(instance.number.lower(), None)
        instance.home.world.failing.discard(instance.key)

    _after(instance, "delete_seconds", gone, "Deleting")


def _after(instance: EmulatedInstance, setting: str, run: Callable[[], None], state: str) -> None:
    world = instance.home.world
    due = world.now() + timedelta(seconds=world.seconds(setting))
    order = (Phase.INSTANCES, instance.home.key, instance.ordinal)
    world.at(due, order, run, lambda: instance.state == state)
