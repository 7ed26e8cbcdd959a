"""
A group with an on-demand part beside spot: two managed instance groups that are one group of the model; pure.

All instances of an instance template are of one provisioning model, so the group `main` has the standard VMs, and the
group `spot` the Spot VMs: https://cloud.google.com/compute/docs/instances/provisioning-models
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple, Self

from trimtab.engine.mix import Split, base_for, split
from trimtab.models import Capacity, Purchase, ScalingGroup, Schedule
from trimtab.plan import FLOOR, MAIN, SPOT, Mark, read_description
from trimtab.providers.base import GroupState
from trimtab.providers.gcp.autoscaler import OFF, initialization_of, mode_of
from trimtab.providers.gcp.ids import place_of
from trimtab.providers.gcp.names import LONGEST_BASE, LONGEST_NAME
from trimtab.providers.sizes import size_at

_SUFFIX = "-spot"
SIZES = ("min", "max", "desired")
FALLS_BACK = "on-demand"
"""What stands behind a floor whose group falls back."""


class Floor(NamedTuple):
    """By what a size is split over the two groups."""

    base: int
    """The first so many instances are standard VMs."""
    percent: int = 0
    """Per cent of the rest that are standard VMs too; a fraction goes to them."""

    falls_back: bool = False
    """Whether the controller has more of them than that, while there are no Spot VMs."""

    @classmethod
    def of(cls, purchase: Purchase, *, falls_back: bool) -> Self:
        """What a fleet asks for."""
        return cls(purchase.on_demand_base, purchase.on_demand_percent, falls_back)

    @property
    def path(self) -> str:
        """The field because of which there are two groups."""
        share = "on_demand_percent" if self.percent else "fallback"
        return f"purchase.{'on_demand_base' if self.base else share}"

    @classmethod
    def parse(cls, word: str) -> Self | None:
        """What `word` made a word of; `None` for anything else."""
        base, _, rest = word.partition("/")
        percent, _, more = rest.partition("/")
        is_floor = base.isdecimal() and percent.isdecimal() and more in ("", FALLS_BACK)
        return cls(int(base), int(percent), more == FALLS_BACK) if is_floor else None

    @property
    def word(self) -> str:
        """As the mark of the group `main` keeps it, for those who size both and have no fleet file."""
        return f"{self.base}/{self.percent}{f'/{FALLS_BACK}' if self.falls_back else ''}"

    def split(self, total: int) -> Split:
        """How many of `total` instances are standard VMs (`on_demand`), and how many Spot VMs (`spot`)."""
        return split(total, base=self.base, percent=self.percent)

    def held(self, total: int, on_demand: int) -> Self:
        """The same where so many of `total` are standard VMs by what the controller has decided."""
        base = base_for(total, on_demand, base=self.base, percent=self.percent) if self.falls_back else None
        return self._replace(base=max(self.base, base or 0))


# what a plan makes of a group


class PurchasePart(NamedTuple):
    """What one of the two groups is to be."""

    group: ScalingGroup
    native: str
    role: str
    size: int
    floor: Floor
    is_fixed: bool
    """Whether nothing but a plan ever changes its size."""
    keeps_size: bool = False
    """Whether a plan leaves the size as it is until the other group has come."""


def spot_name(native: str) -> str:
    """What the group of Spot VMs is called beside a group of this name."""
    return f"{native[: LONGEST_NAME - len(_SUFFIX)].rstrip('-')}{_SUFFIX}"


def is_held_natively(group: ScalingGroup) -> bool:
    """Whether an autoscaler decides the size: then `main` stays at the base, and the autoscaler has all the rest."""
    return mode_of(group) != OFF


def parts_of(group: ScalingGroup, native: str, floor: Floor, now: datetime) -> tuple[PurchasePart, PurchasePart]:
    """A group as its two native groups: `main` with alarms, and `spot` with policies and schedules."""
    autoscaled = is_held_natively(group)
    low, high, size = group.capacity.min, group.capacity.max, size_at(group, now)
    if autoscaled:
        base = min(floor.base, high)
        least, most = (base, max(0, low - base)), (base, high - base)
        given = base, max(0, size - base)
    else:
        least, most, given = (_pair(floor.split(number)) for number in (low, high, size))
    # the policies that say it go from one part or from both
    gcp = group.gcp.model_copy(update={"initialization": initialization_of(group)})
    main = {
        "policies": (),
        "schedules": (),
        "gcp": gcp,
        "capacity": Capacity(min=least[0], max=most[0], desired=given[0]),
    }
    spot = {
        "policies": group.policies if autoscaled else (),
        "schedules": tuple(_lowered(each, base) for each in group.schedules) if autoscaled else (),
        "capacity": Capacity(min=least[1], max=most[1], desired=min(max(given[1], least[1]), most[1])),
        "gcp": gcp.model_copy(update={"base_instance_name": _spot_base(group.gcp.base_instance_name)}),
    }
    return (
        PurchasePart(with_sort(group, spot=False).model_copy(update=main), native, MAIN, given[0], floor, autoscaled),
        PurchasePart(
            with_sort(group, spot=True).model_copy(update=spot), spot_name(native), SPOT, given[1], floor, False
        ),
    )


def begun(
    parts: tuple[PurchasePart, PurchasePart], size: int, *, is_owned: bool
) -> tuple[PurchasePart, PurchasePart, str]:
    """
    The two native groups while the second one comes to a group that runs: no instance goes before others are there.

    Args:
        parts: What they are to be.
        size: How many instances the group has now, all of them in `main`.
        is_owned: Whether others than plans decide the sizes.

    Returns:
        What both are to be until the second one stands, and a note on it, or an empty text.
    """
    main, spot = parts
    if main.is_fixed:
        bounds = spot.group.capacity
        spot = spot._replace(size=min(max(size - main.size, bounds.min), bounds.max))
    elif main.floor.falls_back or is_owned:  # who sizes them has Spot VMs come, and standard ones go in their place
        spot = spot._replace(size=0)
    main = main._replace(keeps_size=True)
    if size == main.size:
        return main, spot, ""
    text = f"{main.native!r} keeps its {size} instances while {spot.native!r} comes"
    later = "until its size is written next" if is_owned else f"plan again then, and it goes to {main.size}"
    return main, spot, f"{text}{', and' if is_owned else ';'} {later}"


def with_sort(group: ScalingGroup, *, spot: bool) -> ScalingGroup:
    """A group as one of its two native groups: all instances of one sort."""
    rest = {"spot": spot, "on_demand_base": 0, "on_demand_percent": 0}
    return group.model_copy(update={"purchase": group.purchase.model_copy(update=rest)})


def _pair(parts: Split) -> tuple[int, int]:
    return parts.on_demand, parts.spot


def _lowered(schedule: Schedule, base: int) -> Schedule:
    """A schedule as the group of Spot VMs has it: the base is the other group's."""
    sizes = {name: value for name in SIZES if (value := getattr(schedule, name)) is not None}
    return schedule.model_copy(update={name: max(0, value - base) for name, value in sizes.items()})


def _spot_base(name: str | None) -> str | None:
    return None if name is None else f"{name[: LONGEST_BASE - len(_SUFFIX)].rstrip('-')}{_SUFFIX}"


def remarks_of(group: ScalingGroup, native: str, floor: Floor) -> Iterator[tuple[str, str]]:
    """What is to be said of how a group is split: path and text."""
    text = f"two managed instance groups: {native!r} with the standard VMs, {spot_name(native)!r} with the Spot VMs"
    if is_held_natively(group):
        text = (
            f"{text}; {native!r} stays at {min(floor.base, group.capacity.max)}, and the autoscaler of the other one "
        )
        text += "has all above that"
    yield floor.path, text
    if is_held_natively(group) and group.capacity.min < floor.base:
        yield "capacity.min", f"{floor.base} standard VMs run at every moment, since no autoscaler sizes their group"
    for alarm in group.alarms:
        if "{group}" in (alarm.metric.query or ""):
            text = f"`{{group}}` is {native!r} in the query, without {spot_name(native)!r}; write both names"
            yield f"alarms.{alarm.name}.metric", text


def problems_of(group: ScalingGroup, native: str, floor: Floor, others: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What keeps a group from being two: path and text."""
    if (floor.base or floor.percent) and floor.split(group.capacity.max).spot == 0:
        text = f"at most {group.capacity.max} instances, and all of them on demand"
        yield floor.path, f"{text}; lower it, raise `capacity.max`, or leave `purchase.spot` out"
    if spot_name(native) in others:
        text = f"the group of Spot VMs is called {spot_name(native)!r}, as another group of the fleet is"
        yield floor.path, f"{text}; rename one of them by `native_name`"
    for name in ("stopped", "suspended"):
        if getattr(group.gcp, name):
            text = "a pool of instances in reserve is of one managed instance group, and this group has two"
            yield f"gcp.{name}", f"{text}; leave it out, or leave `{floor.path}` out"
    if group.rollout is not None:
        what = "moves one group to another" if group.rollout.strategy == "blue-green" else "moves one template"
        text = f"a {group.rollout.strategy} rollout {what}, and a group with an on-demand part beside spot has two"
        yield "rollout.strategy", f"{text}; leave `rollout` out, and replace instances by `trimtab instance replace`"


# what stands in the cloud


def mark_of(manager: Mapping[str, Any]) -> Mark | None:
    """The mark on a managed instance group."""
    return read_description(manager.get("description"))[1]


def floor_of(manager: Mapping[str, Any]) -> Floor | None:
    """By what the size of a group is split that has a second group; `None` for any other."""
    mark = mark_of(manager)
    return Floor.parse(mark.kept[FLOOR]) if mark is not None and mark.role == MAIN and FLOOR in mark.kept else None


def spot_of(manager: Mapping[str, Any], managers: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The group of Spot VMs of a group `main`; `None` where it has none."""
    if floor_of(manager) is None:
        return None
    own, region = mark_of(manager), place_of(manager).region
    return next((other for other in managers if _is_spot_of(other, own) and place_of(other).region == region), None)


def _is_spot_of(manager: Mapping[str, Any], main: Mark | None) -> bool:
    mark = mark_of(manager)
    return (
        mark is not None and main is not None and (mark.fleet, mark.group, mark.role) == (main.fleet, main.group, SPOT)
    )


def joined(main: GroupState, spot: GroupState, floor: Floor) -> GroupState:
    """Both as one: sizes and bounds add up, and what decides the size is that of the group of Spot VMs."""
    standard = (replace(each, spot=False) for each in main.instances)
    return replace(
        main,
        min=main.min + spot.min,
        max=main.max + spot.max,
        desired=main.desired + spot.desired,
        instances=(*standard, *(replace(each, spot=True) for each in spot.instances)),
        paused=spot.paused,
        boost=spot.boost,
        stopped=spot.stopped,
        parts={MAIN: main.desired, SPOT: spot.desired},
        on_demand_base=base_for(main.desired + spot.desired, main.desired, base=floor.base, percent=floor.percent),
    )
