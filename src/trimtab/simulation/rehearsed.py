"""Replays of the past: how far a model's sizes and CPU are from what was recorded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from trimtab.engine.presets import Preset
from trimtab.errors import TrimtabError
from trimtab.models import ScalingGroup
from trimtab.simulation.calibration import PastError
from trimtab.simulation.estimating import Floats
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel
from trimtab.simulation.readings import Readings, make_series
from trimtab.simulation.results import Simulation
from trimtab.simulation.simulating import simulate

_MINUTE = timedelta(minutes=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Recorded:
    """
    What was recorded of a group; NaN where a value is unknown.

    Attributes:
        times: When each period begins.
        period: The length of a period; whole minutes.
        load: Requests a second.
        sizes: Instances in service.
        cpu: The CPU of its instances, in per cent.
        counts_booting: Whether the sizes count instances that boot, too.
    """

    times: Sequence[datetime]
    period: timedelta
    load: Floats
    sizes: Floats
    cpu: Floats
    counts_booting: bool = False

    def part(self, places: slice) -> "Recorded":
        """Some of its periods."""
        return replace(
            self, times=self.times[places], load=self.load[places], sizes=self.sizes[places], cpu=self.cpu[places]
        )

    @property
    def weeks(self) -> Iterator["Recorded"]:
        """Its weeks from its beginning on, the last one as long as it is."""
        length = _WEEK // self.period
        for begin in range(0, len(self.times), length):
            yield self.part(slice(begin, begin + length))


def past_errors(
    group: ScalingGroup, preset: Preset, model: FleetModel, recorded: Recorded, seed: int
) -> tuple[PastError, ...]:
    """How far a replay of each week is from what was recorded."""
    return tuple(_past_error(group, preset, model, week, seed) for week in recorded.weeks)


def _past_error(group: ScalingGroup, preset: Preset, model: FleetModel, week: Recorded, seed: int) -> PastError:
    since, until = week.times[0], week.times[-1] + week.period
    if np.isnan(week.sizes).all() or np.isnan(week.load).all():
        lacking = "sizes" if np.isnan(week.sizes).all() else "load"
        return PastError(since=since, until=until, reason=f"no {lacking} of that time: not recorded")
    try:
        run = _replayed(group, preset, model, week, seed)
    except (TrimtabError, ValueError) as error:
        return PastError(since=since, until=until, reason=str(error))
    return _compared(run, week)


def _replayed(group: ScalingGroup, preset: Preset, model: FleetModel, week: Recorded, seed: int) -> Simulation:
    values = [None if np.isnan(value) else float(value) for value in week.load]
    start, step, rates, notes = make_series(Readings("load", list(week.times), values), week.period, "short")
    first = week.sizes[week.times.index(start) :]
    known = first[~np.isnan(first)]
    low, high = group.capacity.min, group.capacity.max
    desired = int(min(high, max(low, known[0]))) if len(known) else low
    begun = group.replace(capacity=group.capacity.replace(desired=desired))
    return simulate(begun, Load(start, step, tuple(rates), notes), preset=preset, model=model, seed=seed)


def _compared(run: Simulation, week: Recorded) -> PastError:
    """The distance of a replay from what was recorded, period by period."""
    width = week.period // _MINUTE
    first = week.times.index(run.start)
    count = run.minutes // width
    sizes = run.running if week.counts_booting else run.in_service
    simulated = sizes[: count * width].reshape(count, width).mean(axis=1)
    used = run.utilization[: count * width].reshape(count, width).mean(axis=1)  # NaN where a minute had no instance
    apart = np.abs(simulated - week.sizes[first : first + count])
    known = ~np.isnan(apart)
    busy = np.abs(np.minimum(used, 100) - week.cpu[first : first + count])
    measured = busy[~np.isnan(busy)]
    since, until = run.start, run.start + count * week.period
    if not known.any():
        return PastError(since=since, until=until, reason="no size of that time: not recorded")
    return PastError(
        since=since,
        until=until,
        minutes=int(known.sum()) * width,
        size_error=float(apart[known].mean()),
        within_one=100 * float((apart[known] <= 1).mean()),
        cpu_error=float(measured.mean()) if len(measured) else None,
    )
