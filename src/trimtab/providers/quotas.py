"""What groups take at their maximum, held against the quotas that a cloud tells of."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from trimtab.declarations.catalogue import catalogue_of
from trimtab.errors import ProviderError
from trimtab.models import Fleet, ScalingGroup
from trimtab.phrases import in_words
from trimtab.plan import MAIN, Action, Change, Kind, Note
from trimtab.providers.pinning import Settled

GROWING = ("capacity.max", "template.size", "purchase", "schedules", "rollout")
"""Fields of a group whose change lets it take more than before."""


class QuotaUnit(StrEnum):
    """What a quota counts."""

    CPUS = "vCPUs"
    INSTANCES = "instances"
    GROUPS = "groups"


class MachineType(NamedTuple):
    """A size, bought in one of two ways."""

    size: str
    is_spot: bool = False


class Demand(NamedTuple):
    """
    What a group takes of the instances that it buys in one way.

    Attributes:
        group: Its name.
        machines: The sizes that an instance may have, and how many units of the group's capacity each counts for; none
            where the cloud chooses among all that fit.
        units: Units of capacity at the group's maximum.
        surge: Units that a rollout adds for a while.
        field: The field that says how many those are.
        is_new: Whether the group is being made, so that nothing of it runs yet.
        zones: How many zones the group names.
    """

    group: str
    machines: Mapping[MachineType, int]
    units: int
    surge: int = 0
    field: str = ""
    is_new: bool = False
    zones: int = 0

    @property
    def is_spot(self) -> bool:
        """Whether it buys spot ones."""
        return any(machine.is_spot for machine in self.machines)


class Quota(NamedTuple):
    """
    What an account may have in a region, as a cloud tells it.

    Attributes:
        name: As the cloud calls it.
        unit: What it counts.
        limit: How much there may be.
        used: How much there is, whoever has it; `None` where the cloud does not tell.
        counts: Of machines, which it counts.
        counts_group: Of groups, which it counts.
        by_sort: Of groups, whether instances on demand and spot ones of a group are a native group each.
    """

    name: str
    unit: QuotaUnit
    limit: float
    used: float | None = None
    counts: Callable[[MachineType], bool] = lambda machine: True
    counts_group: Callable[[Demand], bool] = lambda demand: True
    by_sort: bool = False


_FIX = "ask the cloud for more, or let them take less"
Reader = Callable[[str, Sequence[Demand]], Sequence[Quota]]
"""Asks for the quotas of a region that such demands draw on."""


class Account(NamedTuple):
    """
    Where quotas are asked for.

    Attributes:
        provider: The cloud's name.
        location: Where groups live that do not say otherwise.
        read: Asks for the quotas of a region.
        kinds: The cloud's kinds.
        surges_within: Whether a rollout in place keeps to a group's maximum, so that its surge takes no more than that.
    """

    provider: str
    location: str
    read: Reader
    kinds: Mapping[str, Kind]
    surges_within: bool = False


def quota_notes(
    account: Account, fleet: Fleet, settled: Mapping[str, Settled], changes: Sequence[Change], waiting: Sequence[Change]
) -> Iterator[Note]:
    """
    What the fleet cannot have by the quotas of the regions in which it grows.

    A region is asked about where a group there is made, or may take more than before. All groups of the fleet there
    count: each at its maximum, and with what a rollout adds.

    Args:
        account: Where quotas are asked for.
        fleet: The fleet.
        settled: Those of its groups that name sizes in neutral words, in the cloud's own.
        changes: Of the plan.
        waiting: Those of the plan that wait for a rollout.
    """
    growing = {change.group for change in changes if grows(change, account.kinds)}
    growing |= {change.group for change in waiting}
    made = {
        change.group
        for change in changes
        if change.action is Action.CREATE and account.kinds[change.key.kind].holds_instances and _is_main(change)
    }
    for location in sorted({_location(group, account) for group in fleet.groups if group.name in growing}):
        near = [group for group in fleet.groups if _location(group, account) == location]
        own = [settled[group.name].group if group.name in settled else group for group in near]
        demands = [
            demand
            for group in own
            for demand in demands_of(group, is_new=group.name in made, surges_within=account.surges_within)
        ]
        yield from _of_region(account, location, demands)


def grows(change: Change, kinds: Mapping[str, Kind]) -> bool:
    """Whether a change makes a group or what its instances are made from, or lets it take more than before."""
    if change.action in (Action.CREATE, Action.REPLACE):
        kind = kinds[change.key.kind]
        return kind.holds_instances or kind.is_template
    fields = (each.field.removeprefix(f"{change.group}.") for each in change.fields)
    return change.action is Action.UPDATE and any(field.startswith(GROWING) for field in fields)


def _location(group: ScalingGroup, account: Account) -> str:
    return group.location or account.location


# what a group takes


def demands_of(group: ScalingGroup, *, is_new: bool = False, surges_within: bool = False) -> Iterator[Demand]:
    """What a group takes on demand, and what as spot."""
    is_second = group.rollout is not None and group.rollout.strategy == "blue-green"
    most = most_units(group)
    surge = surge_units(group) if is_second or not surges_within else 0
    for is_spot in (False, True):
        units = _share(group, most, is_spot)
        if units:
            field = "rollout.strategy" if is_second else "rollout.max_surge"
            more, zones = _share(group, most + surge, is_spot) - units, len(group.placement.zones)
            yield Demand(group.name, _machines(group, is_spot), units, more, field, is_new, zones)


def most_units(group: ScalingGroup) -> int:
    """The most that a group may have, its schedules included."""
    return max(group.capacity.max, *(schedule.max or 0 for schedule in group.schedules), 0)


def surge_units(group: ScalingGroup) -> int:
    """What a rollout adds to a group at its maximum: a share of it, or as much again in a second group."""
    rollout, most = group.rollout, most_units(group)
    if rollout is None:
        return 0
    if rollout.strategy == "blue-green":
        return most
    surge = rollout.max_surge or 0
    return surge if isinstance(surge, int) else math.ceil(most * int(surge.removesuffix("%")) / 100)


def _share(group: ScalingGroup, units: int, is_spot: bool) -> int:
    """As `purchase` splits a size; a fraction goes to on demand."""
    purchase = group.purchase
    if not purchase.spot:
        return 0 if is_spot else units
    base = min(units, purchase.on_demand_base)
    on_demand = base + math.ceil((units - base) * purchase.on_demand_percent / 100)
    return units - on_demand if is_spot else on_demand


def _machines(group: ScalingGroup, is_spot: bool) -> dict[MachineType, int]:
    options = {MachineType(option.size, is_spot): option.weight or 1 for option in group.purchase.sizes}
    own = group.template.size_name
    return options or ({MachineType(own, is_spot): 1} if own else {})


# what a region has


def _of_region(account: Account, location: str, demands: Sequence[Demand]) -> Iterator[Note]:
    try:
        quotas = account.read(location, demands) if demands else ()
    except ProviderError as error:
        names = in_words(list(dict.fromkeys(demand.group for demand in demands)))
        yield Note(f"the quotas of {location} could not be read, and the plan checks none: {error}", names)
        return
    for quota in quotas:
        yield from _over(account.provider, location, quota, demands)


def _over(provider: str, location: str, quota: Quota, demands: Sequence[Demand]) -> Iterator[Note]:
    if quota.unit is QuotaUnit.GROUPS:
        taken = _made(quota, demands)
    else:
        taken = [each for demand in demands if (each := _taken(provider, quota, demand)).most]
    base, added = sum(each.most for each in taken), sum(each.more for each in taken)
    fresh = sum(each.most for each in taken if each.demand.is_new)
    field, drawing, what = "capacity.max", taken, str(quota.unit)
    if base > quota.limit:
        text = f"at their maximum the groups take {base} {what}"
    elif base + added > quota.limit:
        drawing = [each for each in taken if each.more]
        field = drawing[0].demand.field
        text = f"a rollout adds {added} {what} to the {base} of the groups at their maximum"
    elif quota.used is not None and fresh and quota.used + fresh > quota.limit:
        drawing = [each for each in taken if each.demand.is_new]
        text = f"at their maximum the new groups take {fresh} {what} beside the {quota.used:g} that are used"
    else:
        return
    allowed = f"and the quota {quota.name} of {location} is {quota.limit:g}"
    groups = list(dict.fromkeys(each.demand.group for each in drawing))
    yield Note(f"{field}: {text}, {allowed}; {_FIX}", in_words(groups))


class _Taken(NamedTuple):
    """How much of a quota a demand takes at the maximum, and how much more in a rollout."""

    demand: Demand
    most: int
    more: int = 0


def _is_main(change: Change) -> bool:
    """Whether a group itself comes, and not a second native group to one that runs."""
    return change.wanted is None or change.wanted.mark is None or change.wanted.mark.role == MAIN


def _made(quota: Quota, demands: Sequence[Demand]) -> list[_Taken]:
    """Each native group that is made, once."""
    made = {
        (each.group, quota.by_sort and each.is_spot): each
        for each in demands
        if each.is_new and quota.counts_group(each)
    }
    return [_Taken(demand, 1) for demand in made.values()]


def _taken(provider: str, quota: Quota, demand: Demand) -> _Taken:
    most = _amount(provider, quota, demand, demand.units)
    return _Taken(demand, most, _amount(provider, quota, demand, demand.units + demand.surge) - most)


def _amount(provider: str, quota: Quota, demand: Demand, units: int) -> int:
    """
    The least of a quota that so many units of a demand take.

    Nothing where some instance may have a size that the quota does not count, or whose processors nobody knows.
    """
    if not demand.machines:
        return units if quota.unit is QuotaUnit.INSTANCES else 0
    if not all(quota.counts(machine) for machine in demand.machines):
        return 0
    amounts = [
        math.ceil(units / weight) * (cpus_of(provider, machine.size) if quota.unit is QuotaUnit.CPUS else 1)
        for machine, weight in demand.machines.items()
    ]
    return min(amounts)


def cpus_of(provider: str, size: str) -> int:
    """The processors of a size by the catalogue; 0 where it has no such size."""
    catalogue = catalogue_of(provider)
    row = catalogue.find(size) if catalogue else None
    return row.cpus if row else 0


def family_of(provider: str, size: str) -> str:
    """The family of a size by the catalogue; empty where it has no such size."""
    catalogue = catalogue_of(provider)
    row = catalogue.find(size) if catalogue else None
    return row.family if row else ""
