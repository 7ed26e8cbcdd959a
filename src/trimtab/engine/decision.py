"""
The decision: from what is seen of a group to the size to set, with the reason of every step.

schedule in force, alarms, recommend, combine, stabilise, limit, bound. Each step is a function of its arguments; what
clouds do differently is in the preset, what the past left behind in the history.
"""

from datetime import datetime, timedelta

from trimtab.engine.case import AlarmReading, Case, Tally
from trimtab.engine.combine import add_forecasts, combine
from trimtab.engine.functions import NO_FUNCTIONS, Functions, recommend_by_functions
from trimtab.engine.presets import CooldownScope, Preset, ScheduleStyle, find_preset
from trimtab.engine.reasons import ReasonCode
from trimtab.engine.recommend import read_alarm, recommend
from trimtab.engine.ruleset import Ruleset, rules_for
from trimtab.engine.stabilize import asked_after, changes_after, limit, stabilize
from trimtab.engine.values import Decision, History, Observation, Recommendation
from trimtab.models import ScalingGroup


def decide(
    group: ScalingGroup,
    observation: Observation,
    history: History,
    now: datetime,
    preset: str | Preset = "neutral",
    *,
    functions: Functions = NO_FUNCTIONS,
) -> Decision:
    """
    The size that `group` is to have, and why.

    Args:
        group: The group with its policies, alarms and schedules.
        observation: What is seen of it now.
        history: What the last decision handed on; `History()` for the first.
        now: The moment, aware.
        preset: Whose rules hold where clouds disagree: a name of `PRESETS` or a `Preset`.
        functions: The functions of the group's policies in Python, each by its import path; `trimtab.load_policies`
            gives those of a fleet. One that fails or is not here asks for nothing, and counts as a metric that
            cannot be read.

    Returns:
        The size, never outside the bounds in force, with a reason for every step, and the history for the next.

    Raises:
        InvalidArgument: No preset has that name.
    """
    rules = rules_for(group, find_preset(preset))
    return decide_by(rules, group, observation, history, now, functions)


def decide_by(
    rules: Ruleset,
    group: ScalingGroup,
    observation: Observation,
    history: History,
    now: datetime,
    functions: Functions,
) -> Decision:
    """The same where the rules of the group are at hand, as of one that is decided about again and again."""
    size = observation.desired
    case = Case(rules, rules.preset, observation, history, now, size, rules.timetable.at(now))
    tally = Tally()
    low, high = _bounds_in_force(case, tally)
    readings = [read_alarm(case, alarm) for alarm in rules.alarms]
    requested = size
    wanted = _forced_size(case, low, high, tally)
    if wanted is None:
        recommend(case, readings, tally)
        if rules.functions:
            recommend_by_functions(group, case, functions, tally)
        requested = combine(case, readings, tally)
        if rules.forecasts:
            requested, raised = add_forecasts(case, requested, tally)
            if raised > high:
                tally.record(ReasonCode.MAXIMUM_RAISED, high, raised)
                high = raised
        wanted = requested
        if requested != size:
            wanted = limit(case, stabilize(case, requested, tally), tally)
        elif not tally.reasons:
            tally.record(ReasonCode.NO_POLICY, size)
    final = _bound(wanted, low, high, tally)
    return Decision(
        final,
        size,
        low,
        high,
        tuple(tally.reasons),
        tuple([Recommendation(ask.size, ask.reason, ask.policy) for ask in tally.asks]),
        _history_after(case, readings, requested, final, tally),
    )


def _bounds_in_force(case: Case, tally: Tally) -> tuple[int, int]:
    stretch = case.stretch
    low, high = stretch.bounds(case.rules.capacity)
    if stretch.window is not None and case.preset.schedule is ScheduleStyle.MINIMUM:
        low = min(high, max(low, stretch.window))
    if case.seen.minimum is not None:
        low = min(high, max(low, case.seen.minimum))
    if stretch.because:
        tally.record(ReasonCode.SCHEDULED_BOUNDS, stretch.because, low, high)
    return low, high


def _forced_size(case: Case, low: int, high: int, tally: Tally) -> int | None:
    """The size that a schedule sets now, or the bound that the size is outside of; `None` leaves it to the rules."""
    stretch, size, before = case.stretch, case.size, case.history.at
    begun = stretch.asked_at
    if begun is not None and before is not None and before < begun <= case.now and _sets_size(case):
        tally.record(ReasonCode.SCHEDULED_SIZE, stretch.because, stretch.asked, begun)
        return stretch.asked
    if size < low:
        tally.record(ReasonCode.BELOW_MINIMUM, size, low)
        return low
    if size > high:
        tally.record(ReasonCode.ABOVE_MAXIMUM, size, high)
        return high
    return None


def _sets_size(case: Case) -> bool:
    """Whether the size that a schedule begins to ask for is set at once; what no window holds is, but for profiles."""
    style = case.preset.schedule
    return style is ScheduleStyle.SET_ONCE or (style is not ScheduleStyle.PROFILE and case.stretch.window is None)


def _bound(wanted: int, low: int, high: int, tally: Tally) -> int:
    if wanted < low:
        tally.record(ReasonCode.AT_MINIMUM, wanted, low)
        return low
    if wanted > high:
        tally.record(ReasonCode.AT_MAXIMUM, wanted, high)
        return high
    return wanted


def _history_after(case: Case, readings: list[AlarmReading], requested: int, final: int, tally: Tally) -> History:
    before = case.history
    waits = None if final == case.size or not tally.asks else _waits_after(case, final, tally)
    return History(
        case.now,
        {reading.alarm.name: reading.state for reading in readings},
        before.acted_at if waits is None else case.now,
        before.waits if waits is None else waits,
        asked_after(case, requested),
        changes_after(case, final),
    )


def _waits_after(case: Case, final: int, tally: Tally) -> timedelta | None:
    """How long others wait because of this change; `None` when it begins no wait."""
    scope = case.preset.cooldown
    heard = [ask for ask in tally.asks if (ask.size > case.size) == (final > case.size)]
    if scope is CooldownScope.NONE or not heard:
        return None
    largest = max([ask.size for ask in heard])
    waits = [ask.cooldown for ask in heard if ask.size == largest and (ask.simple or scope is not CooldownScope.SIMPLE)]
    return max(waits, default=None)
