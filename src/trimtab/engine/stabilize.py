"""What holds a change back: suspension, weights, warm-up, windows, limits on how much may change in a time."""

from trimtab.engine.behavior import allowed_size, stabilized_size
from trimtab.engine.case import Case, Tally
from trimtab.engine.limits import held_while_warming, is_below_surplus
from trimtab.engine.reasons import ReasonCode
from trimtab.engine.signals import controlled
from trimtab.engine.values import ScaleEvent, Sized


def stabilize(case: Case, wanted: int, tally: Tally) -> int:
    """The size after warm-up and the windows that are looked back over."""
    wanted = _unless_stopped(case, wanted, tally)
    if wanted < case.size:
        wanted = _after_warm_up(case, wanted, tally)
    return _within_windows(case, wanted, tally)


def _unless_stopped(case: Case, wanted: int, tally: Tally) -> int:
    stopped = case.rules.out_stopped if wanted > case.size else case.rules.in_stopped
    if not stopped or wanted == case.size:
        return wanted
    tally.record(ReasonCode.STOPPED, wanted)
    return case.size


def _after_warm_up(case: Case, wanted: int, tally: Tally) -> int:
    size, in_service = case.size, case.seen.in_service
    if (
        case.rules.weighted
        and in_service is not None
        and is_below_surplus(size - wanted, running=in_service, desired=size)
    ):
        tally.record(ReasonCode.WEIGHT_SURPLUS, wanted, in_service, in_service - size)
        return size
    if case.preset.scale_in_while_warming or not case.seen.started:
        return wanted
    warming = case.warming(case.rules.longest_warm_up)
    held = held_while_warming(size, wanted, warming)
    if held != wanted:
        tally.record(ReasonCode.WARMING, wanted, warming)
    return held


def _within_windows(case: Case, wanted: int, tally: Tally) -> int:
    """Scale in to the highest size asked for in its window, out to the lowest in its own (Kubernetes, HPA)."""
    size, window_in, window_out = case.size, case.rules.stabilization_in, case.rules.stabilization_out
    held = stabilized_size(size, wanted, case.history.asked, window_out=window_out, window_in=window_in, now=case.now)
    if held > wanted:
        tally.record(ReasonCode.STABILIZATION_IN, wanted, held, window_in)
    elif held < wanted:
        tally.record(ReasonCode.STABILIZATION_OUT, wanted, held, window_out)
    return held


def limit(case: Case, wanted: int, tally: Tally) -> int:
    """The size after scale-in control and the limits on changes in a time; the most generous limit counts."""
    size, rules = case.size, case.rules
    if wanted < size and rules.scale_in_limit is not None:
        wanted = _after_control(case, wanted, rules.scale_in_limit, tally)
    if case.preset.behavior is None:
        return wanted
    held = allowed_size(size, wanted, case.preset.behavior, events=case.history.changes, now=case.now)
    if held != wanted:
        tally.record(ReasonCode.RATE_OUT if wanted > size else ReasonCode.RATE_IN, wanted, held)
    return held


def _after_control(case: Case, wanted: int, limit: int, tally: Tally) -> int:
    """Never below the peak of the window less the limit (Compute Engine, Understand autoscaler decisions)."""
    window = case.rules.scale_in_window
    peak = before = case.size
    for event in reversed(case.history.changes):
        if case.now - event.at < window:
            before -= event.change
            peak = max(peak, before)
    held = controlled(case.size, wanted, peak=peak, limit=limit)
    if held != wanted:
        tally.record(ReasonCode.SCALE_IN_CONTROL, wanted, held, limit, peak, window)
    return held


# what the next decision is told


def asked_after(case: Case, requested: int) -> tuple[Sized, ...]:
    """The recommendations in the windows, this one included; those that can no longer matter are left out."""
    rules = case.rules
    window = max(rules.stabilization_in, rules.stabilization_out)
    if not window:
        return ()
    only_peaks = not rules.stabilization_out
    kept = [
        entry
        for entry in case.history.asked
        if case.now - entry.at < window and not (only_peaks and entry.size <= requested)
    ]
    return (*kept, Sized(case.now, requested))


def changes_after(case: Case, final: int) -> tuple[ScaleEvent, ...]:
    """The changes in the windows that limits look back over."""
    window = case.rules.longest_limit
    if not window:
        return ()
    kept = [change for change in case.history.changes if case.now - change.at < window]
    return tuple(kept) if final == case.size else (*kept, ScaleEvent(case.now, final - case.size))
