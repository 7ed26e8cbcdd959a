"""Measures a fleet's model from its own activities and datapoints; what these do not tell is said, never guessed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from trimtab import metrics
from trimtab.declarations import declarations_of
from trimtab.engine.presets import find_preset
from trimtab.models import Fleet, Metric
from trimtab.runtime.cloud import Cloud
from trimtab.simulation.calibration import Calibration, Estimate, PastError, source_of, unknown
from trimtab.simulation.estimating import (
    FEWEST_CHANGES,
    FEWEST_DURATIONS,
    FULL,
    MOST_CUT_OFF,
    Fit,
    counted_boot,
    delay,
    lognormal,
    regression,
    work_of,
)
from trimtab.simulation.group_readings import GIVE_SIZE, LONGER, GroupReadings
from trimtab.simulation.launches import changes_of, follow
from trimtab.simulation.load import Load
from trimtab.simulation.model import FleetModel
from trimtab.simulation.rehearsed import past_errors


def measure(
    cloud: Cloud,
    fleet: Fleet,
    group: str | None,
    *,
    since: datetime | timedelta,
    size: Metric | None,
    load: Load | None,
    seed: int,
) -> Calibration:
    """A group's model, as `trimtab.calibrate` describes it."""
    source = GroupReadings.of(cloud, fleet, group, since, size, load)
    estimates = {each.name: each for each in (*_boot(source, seed), _drain(source, seed), _delay(source))}
    fit = _work(source, seed)
    estimates |= {"capacity": fit.capacity, "noise": fit.noise}
    preset = find_preset(declarations_of(cloud.provider.name).preset)
    model = FleetModel.of_group(source.group, preset, **_fields(estimates))
    errors = past_errors(source.group, preset, model, source.recorded, seed) if source.times else ()
    name = cloud.provider.name
    return Calibration(
        provider=name,
        group=source.group.name,
        name=source.name,
        location=source.location,
        at=source.until,
        since=source.since,
        until=source.until,
        seed=seed,
        model=model.replace(source=source_of(name, source.name, source.since, source.until, errors)),
        estimates=estimates,
        past_error=errors,
        notes=(*source.notes, *_rest(fit), *_assumed(estimates, errors)),
    )


def _fields(estimates: Mapping[str, Estimate]) -> dict[str, float | timedelta]:
    """What was measured, as fields of a model: durations in whole tenths of a second."""
    known = {name: each.value for name, each in estimates.items() if each.value is not None}
    return {
        name: timedelta(seconds=round(value, 1)) if estimates[name].unit == "s" else value
        for name, value in known.items()
    }


def _rest(fit: Fit) -> tuple[str, ...]:
    """That instances are busy without requests, where that is sure: a simulated one is not."""
    if fit.idle is None or not fit.capacity.is_identifiable or fit.idle[1] <= 0:
        return ()
    value, low, high = fit.idle
    return (
        f"an instance without requests has {value:.3g} % CPU ({low:.3g} to {high:.3g}), a simulated one none: its CPU"
        " is too low where the load is small",
    )


def _assumed(estimates: Mapping[str, Estimate], errors: Sequence[PastError]) -> tuple[str, ...]:
    missing = [name for name, each in estimates.items() if not each.is_identifiable]
    never = ["service_time", "patience", "warm_up", "interruptions"]
    notes = [f"not measured, at the default of the model: {', '.join([*missing, *never])}"]
    if any(each.size_error is not None for each in errors):
        notes.append("replays are of the same time that the numbers were measured on; another time may differ more")
    return tuple(notes)


def _boot(source: GroupReadings, seed: int) -> tuple[Estimate, Estimate]:
    """How long instances boot, and how much that varies."""
    seconds = [each.booted.total_seconds() for each in source.activities if each.booted is not None]
    if len(seconds) >= FEWEST_DURATIONS:
        return lognormal("boot", seconds, what="launch activities, from beginning to end", seed=seed)
    found = _counted(source, seed)
    if seconds and not found.is_identifiable:
        reason = f"{len(seconds)} launches came to an end in this time (at least {FEWEST_DURATIONS} needed); {LONGER}"
        found = unknown("boot", reason, len(seconds))
    why = found.reason or f"launches are only known by a size counted every {source.period}, which hides it"
    return found, unknown("boot_spread", why, found.samples)


def _counted(source: GroupReadings, seed: int) -> Estimate:
    """How long they boot, followed through the sizes in service."""
    if "activities" in source.missing:
        return unknown("boot", source.missing["activities"])
    if source.counts_booting:
        return unknown("boot", f"the sizes that the cloud records count instances that boot; {GIVE_SIZE}")
    changes = changes_of(source.activities)
    if not any(change.change > 0 for change in changes):
        reason = "no activity of this time tells that the group grew"
        return unknown("boot", f"{reason}; {LONGER}, or scale it out once with `trimtab scale`")
    if source.sizes is None:
        return unknown("boot", source.sizes_from)
    sizes = [None if np.isnan(size) else float(size) for size in source.sizes]
    found = follow(changes, source.times, sizes, source.period)
    count, steps = len(found.middles), len(set(found.steps))
    if count < FEWEST_DURATIONS or steps < FEWEST_CHANGES:
        least = f"at least {FEWEST_DURATIONS} of {FEWEST_CHANGES} changes of size needed"
        reason = f"{count} of {found.launched} launches could be followed to their service ({least})"
        return unknown("boot", f"{reason}; {LONGER}", count)
    if found.cut_off > MOST_CUT_OFF * (found.cut_off + count):
        reason = (
            f"{found.cut_off} of {found.cut_off + count} launches had not come into service by the next change of size"
        )
        return unknown("boot", f"{reason}, so that the longest are missing; choose a calmer time", count)
    what = f"from launches to {source.sizes_from}, {count} of {found.launched} followed"
    period = source.period.total_seconds()
    return counted_boot(found.middles, found.steps, period=period, what=what, seed=seed)


def _drain(source: GroupReadings, seed: int) -> Estimate:
    """How long instances run on that are to end."""
    seconds = [each.drained.total_seconds() for each in source.activities if each.drained is not None]
    if len(seconds) >= FEWEST_DURATIONS:
        result, _ = lognormal(
            "drain", seconds, what="activities that end an instance, from beginning to end", seed=seed
        )
        return result
    if seconds:
        reason = f"{len(seconds)} instances ended in this time (at least {FEWEST_DURATIONS} needed)"
        return unknown("drain", f"{reason}; {LONGER}", len(seconds))
    if "activities" in source.missing:
        return unknown("drain", source.missing["activities"])
    return unknown(
        "drain", "no activity of this time says how long an ended instance ran on; set it in the file by hand"
    )


def _delay(source: GroupReadings) -> Estimate:
    """How late datapoints are."""
    for metric, values in ((metrics.cpu, source.cpu), (metrics.requests, source.requests)):
        if values is not None:
            known = np.flatnonzero(~np.isnan(values))
            apart = float(np.median(np.diff(known))) if len(known) > 1 else 1.0
            length = apart * source.period  # instances may measure themselves more rarely than was asked for
            age = max(timedelta(0), source.until - source.times[known[-1]] - length)
            return delay(age.total_seconds(), length.total_seconds(), what=metric.name)
    return unknown("metric_delay", f"{source.missing['cpu']}; {LONGER}")


def _work(source: GroupReadings, seed: int) -> Fit:
    """What an instance can serve, and how noisy its CPU is."""
    reasons = [
        source.missing["cpu"] if source.cpu is None else "",
        source.rates_from if source.rates is None else "",
        source.sizes_from if source.sizes is None else "",
    ]
    if source.cpu is None or source.rates is None or source.sizes is None:
        reason = "\n".join(filter(None, reasons))
        return Fit(unknown("capacity", reason), unknown("noise", reason))
    full = float((source.cpu[~np.isnan(source.cpu)] >= FULL).mean())
    if full > 0.01:
        source.notes.append(f"in {full:.1%} of the time the CPU was full; these minutes do not count for the capacity")
    work = work_of(source.rates, source.sizes, source.cpu)
    return regression(work, what=f"CPU over {source.rates_from} by {source.sizes_from}", seed=seed)
