"""The instances of a simulated group: launched, in service, drained, gone."""

import random
from collections.abc import ItemsView, Sequence
from datetime import timedelta
from math import exp, log, sqrt
from typing import NamedTuple, Protocol

from trimtab.engine.mix import Fraction, split
from trimtab.models import ScalingGroup
from trimtab.simulation.model import FleetModel

MINUTE = 60
ALWAYS = -(10**9)
"""Since when the instances serve that are there at the beginning."""
_SECOND = timedelta(seconds=1)
_FULL = 100


class _Instance:
    """One instance: when it comes into service, in seconds from the beginning; where, and how it is paid for."""

    __slots__ = ("serves", "spot", "zone")

    def __init__(self, serves: int, zone: int, spot: bool) -> None:
        self.serves = serves
        self.zone = zone
        self.spot = spot


class _Shortage(NamedTuple):
    """A time without new instances, or without spot ones alone, in one zone, or in all (-1), in minutes."""

    begin: int
    end: int
    zone: int
    spot: bool


class Sparse(Protocol):
    """The changes of a number where most minutes have none."""

    def add(self, minute: int, change: int) -> None:
        """Write a change ahead."""

    def items(self) -> ItemsView[int, int]:
        """Each minute that has a change, with it."""


Counts = list[int] | Sparse
"""The change of a number in each minute."""


class Ahead(NamedTuple):
    """
    What changes in each minute, written ahead.

    Attributes:
        seconds: Instance-seconds of service in the minute, in hundredths.
        joining: How many are in service at its beginning.
        warming: How many of them have been for less than the engine's warm-up.
        leaving: How many are paid for.
    """

    seconds: Counts
    joining: Counts
    warming: Counts
    leaving: Counts

    @classmethod
    def of_minutes(cls, minutes: int) -> "Ahead":
        """Nothing yet."""
        return cls(*([0] * (minutes + 2) for _ in cls._fields))


class Chance:
    """What chance a run has, drawn from its seed: the same boots and noise for every variant of a group."""

    def __init__(self, model: FleetModel, seed: int) -> None:
        self._boots = random.Random(f"{seed} boots")
        self.spot = random.Random(f"{seed} spot")
        self._noise = random.Random(f"{seed} noise")
        self._model = model
        mean, spread = model.boot.total_seconds(), model.boot_spread
        self._mean = round(mean)
        self._sigma = sqrt(log(1 + spread * spread))
        self._center = log(mean) - self._sigma**2 / 2 if mean else 0.0
        self._drawn: list[int] = []

    def boot(self, number: int) -> int:
        """The seconds that the launch of this number takes."""
        if not self._sigma or not self._mean:
            return self._mean
        while len(self._drawn) <= number:
            self._drawn.append(round(exp(self._boots.gauss(self._center, self._sigma))))
        return self._drawn[number]

    def noise(self, minutes: int) -> list[float]:
        """The factor of each minute's measurement; empty where there is none."""
        share = self._model.noise
        return [max(0.0, 1 + self._noise.gauss(0, share)) for _ in range(minutes)] if share else []


class InstancePool:
    """
    The instances over time, changed at the beginning of minutes; what comes of it is written ahead.

    Attributes:
        ahead: What changes in each minute: service, how many are in service, warm up and are paid for.
        short: Whether instances are wanted that cannot be had.
        short_of_spot: Whether those would be spot.
        spots: How many run on spot capacity, those that drain left out.
        latest: When the last instance that is there comes into service, in seconds.
        drained: When the last one that was ended is gone.
    """

    def __init__(
        self,
        group: ScalingGroup,
        model: FleetModel,
        chance: Chance,
        minutes: int,
        size: int,
        ahead: Ahead,
        warm_up: int,
    ) -> None:
        self._chance, self._minutes = chance, minutes
        self._drain = -(-model.drain // _SECOND)
        self._warm = round(model.warm_up / _SECOND)
        self._cold = model.warm_up_percent if self._warm else _FULL
        self._other_zones = model.uses_other_zones
        zones = list(group.placement.zones) or [""]
        self._zones = [0] * len(zones)
        self._shortages = [_shortage_of(each, zones) for each in model.shortages]
        purchase = group.purchase
        self.weight = (purchase.sizes[0].weight or 1) if purchase.sizes else 1
        self._mixed = purchase.spot
        self._base, self._percent = purchase.on_demand_base, purchase.on_demand_percent
        self._fraction = Fraction.ON_DEMAND
        self.ahead, self._warming = ahead, warm_up
        self.short = self.short_of_spot = False
        self.spots = 0
        self.latest = self.drained = ALWAYS
        self._launched = 0
        self._instances: list[_Instance] = []
        for _ in range(-(-size // self.weight)):
            self._add(ALWAYS, 0, self._fewest(0))

    @property
    def units(self) -> int:
        """The units of what is there, those that drain left out."""
        return len(self._instances) * self.weight

    def resize(self, minute: int, size: int) -> None:
        """Launch or end instances at the beginning of a minute until they make up a size."""
        weight = self.weight
        self.short = self.short_of_spot = False
        while len(self._instances) * weight < size:
            spot = self._mixed and self._is_spot(len(self._instances) + 1)
            zone = self._free_zone(minute, spot=spot)
            if zone is None:
                self.short, self.short_of_spot = True, spot
                return
            self._add(minute * MINUTE + self._chance.boot(self._launched), minute, zone)
            self._launched += 1
        ended = False
        while len(self._instances) * weight - weight >= size:
            self._end(self._last(size), minute)
            ended = True
        if ended:
            self.latest = max([each.serves for each in self._instances], default=ALWAYS)

    def share(self, base: int) -> None:
        """Have so many units on demand from now on, before the group's share of the rest."""
        self._base = base

    def serving_spots(self, minute: int) -> int:
        """The units of spot instances that serve at the beginning of a minute."""
        return sum(each.spot and each.serves <= minute * MINUTE for each in self._instances) * self.weight

    def interrupt(self, minute: int, share: float) -> int:
        """Take spot instances in service, each with this chance, and answer how many."""
        draw = self._chance.spot.random
        now = minute * MINUTE
        taken = [each for each in self._instances if each.spot and each.serves <= now and draw() < share]
        for each in taken:
            self._end(each, minute, drain=False)
        return len(taken)

    def started_after(self, second: int, now: int) -> list[int]:
        """When units came into service after a moment and up to now, in seconds; an instance as often as it weighs."""
        if self.latest <= second:
            return []
        found = [each.serves for each in self._instances if second < each.serves <= now]
        return found if self.weight == 1 else [at for at in found for _ in range(self.weight)]

    # one instance

    def _add(self, serves: int, minute: int, zone: int) -> None:
        spot = self._mixed and self._is_spot(len(self._instances) + 1)
        self._instances.append(_Instance(serves, zone, spot))
        self._zones[zone] += 1
        self.spots += spot
        self.latest = max(self.latest, serves)
        self._count(self.ahead.leaving, minute, +1)
        if serves == ALWAYS:
            self._count(self.ahead.seconds, 0, _FULL * MINUTE)
            self._count(self.ahead.joining, 0, +1)
        else:
            self._serve(serves, self._cold)
            if self._cold < _FULL:
                self._serve(serves + self._warm, _FULL - self._cold)
            self._count(self.ahead.joining, -(-serves // MINUTE), +1)
            if self._warming:
                self._count(self.ahead.warming, -(-serves // MINUTE), +1)
                self._count(self.ahead.warming, -(-(serves + self._warming) // MINUTE), -1)

    def _end(self, each: _Instance, minute: int, *, drain: bool = True) -> None:
        self._instances.remove(each)
        self._zones[each.zone] -= 1
        self.spots -= each.spot
        now = minute * MINUTE
        parts = [(each.serves, self._cold)]
        if self._cold < _FULL:
            parts.append((each.serves + self._warm, _FULL - self._cold))
        for second, percent in parts if each.serves != ALWAYS else [(ALWAYS, _FULL)]:
            self._serve(max(now, second), -percent)
        joined = -(-each.serves // MINUTE)
        self._count(self.ahead.joining, max(minute, joined), -1)
        if self._warming and each.serves != ALWAYS and (warm := -(-(each.serves + self._warming) // MINUTE)) > minute:
            self._count(self.ahead.warming, max(minute, joined), -1)
            self._count(self.ahead.warming, warm, +1)
        lasts = self._drain if drain and each.serves <= now else 0
        self._count(self.ahead.leaving, minute + -(-lasts // MINUTE), -1)
        self.drained = max(self.drained, now + lasts)

    def _serve(self, second: int, percent: int) -> None:
        minute, past = divmod(second, MINUTE)
        self._count(self.ahead.seconds, minute, percent * (MINUTE - past))
        if past:
            self._count(self.ahead.seconds, minute + 1, percent * past)

    def _count(self, counts: Counts, minute: int, change: int) -> None:
        if minute > self._minutes:
            return
        if isinstance(counts, list):
            counts[minute] += change
        else:
            counts.add(minute, change)

    def _last(self, size: int) -> _Instance:
        """The instance that goes next: the newest, of those that are too many of their sort."""
        if not self._mixed:
            return self._instances[-1]
        target = split(-(-size // self.weight), base=self._base, percent=self._percent, fraction=self._fraction)
        wants_spot_gone = self.spots > target.spot
        fit = [each for each in self._instances if each.spot == wants_spot_gone]
        return (fit or self._instances)[-1]

    def _is_spot(self, total: int) -> bool:
        target = split(total, base=self._base, percent=self._percent, fraction=self._fraction)
        return len(self._instances) - self.spots >= target.on_demand

    # zones

    def _fewest(self, minute: int) -> int:
        return min(range(len(self._zones)), key=self._zones.__getitem__)

    def _free_zone(self, minute: int, *, spot: bool) -> int | None:
        if not self._shortages:
            return self._fewest(minute) if len(self._zones) > 1 else 0
        lasting = [each for each in self._shortages if each.begin <= minute < each.end]
        lacking = {each.zone for each in lasting if spot or not each.spot}
        if -1 in lacking:
            return None
        zone = self._fewest(minute)
        if zone not in lacking:
            return zone
        others = [place for place in range(len(self._zones)) if place not in lacking]
        return min(others, key=self._zones.__getitem__) if others and self._other_zones else None


def _shortage_of(shortage: object, zones: Sequence[str]) -> _Shortage:
    from trimtab.errors import InvalidArgument
    from trimtab.simulation.model import Shortage

    if not isinstance(shortage, Shortage):
        raise InvalidArgument(f"{shortage!r} is not a Shortage")
    if shortage.zone and shortage.zone not in zones:
        there = ", ".join(filter(None, zones)) or "none"
        raise InvalidArgument(f"shortage of zone {shortage.zone!r}: the group's placement has {there}; add it there")
    begin = shortage.after // timedelta(minutes=1)
    end = -(-(shortage.after + shortage.duration) // timedelta(minutes=1))
    return _Shortage(begin, end, zones.index(shortage.zone) if shortage.zone else -1, shortage.spot)
