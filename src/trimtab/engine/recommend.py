"""What each alarm says, and what the policies ask for because of it."""

from trimtab.engine.alarms import BREACHES, AlarmStatus, Breaches, breach_flags, evaluate
from trimtab.engine.case import AlarmReading, Ask, Case, Tally, newest
from trimtab.engine.policies import Direction, TrackingVote, adjust, find_step, step_size, tracking_size
from trimtab.engine.presets import (
    AlarmWindow,
    CooldownScope,
    ForecastUse,
    ScaleInAgreement,
    ScheduleStyle,
    datapoint_span,
)
from trimtab.engine.reasons import DecisionReason, ReasonCode
from trimtab.engine.ruleset import AlarmRule, AmountRule, FunctionRule, TrackingRule
from trimtab.engine.values import Points
from trimtab.models import Comparison, MissingData

# alarms


def read_alarm(case: Case, alarm: AlarmRule) -> AlarmReading:
    """The alarm's state from its datapoints, as the preset looks at them."""
    points = case.seen.alarms.get(alarm.name, ())
    if case.preset.alarm_window is AlarmWindow.AVERAGE:
        return _read_average(case, alarm, points)
    points = points[-alarm.span :]
    state, breaching, _, _ = evaluate(
        breach_flags(points, alarm.threshold, alarm.breaches),
        periods=alarm.periods,
        datapoints=alarm.datapoints,
        missing=alarm.missing,
        previous=case.history.states.get(alarm.name),
        evaluation_range=alarm.span,
    )
    return AlarmReading(alarm, state, breaching, newest(points), state is AlarmStatus.ALARM)


def _read_average(case: Case, alarm: AlarmRule, points: Points) -> AlarmReading:
    total, count = 0.0, 0
    for point in points[-alarm.periods :]:
        if point is not None and point == point:
            total += point
            count += 1
    value = total / count if count else None
    if value is not None and alarm.breaches(value, alarm.threshold):
        return AlarmReading(alarm, AlarmStatus.ALARM, count, value, True)
    state = AlarmStatus.INSUFFICIENT_DATA if value is None else AlarmStatus.OK
    predicted = case.seen.predicted.get(alarm.name) if case.preset.forecast is ForecastUse.RULES else None
    if predicted is not None and alarm.scales_out and alarm.breaches(predicted, alarm.threshold):
        return AlarmReading(alarm, state, 0, predicted, True)
    return AlarmReading(alarm, state, 0, value, False)


# recommendations


def recommend(case: Case, readings: list[AlarmReading], tally: Tally) -> None:
    """Gather what every rule asks for."""
    stretch = case.stretch
    if stretch.window is not None and case.preset.schedule is ScheduleStyle.RECOMMENDATION:
        tally.record(ReasonCode.SCHEDULED_SIZE, stretch.because, stretch.window, stretch.asked_at)
        tally.asks.append(Ask(", ".join(stretch.because), stretch.window, False, case.rules.cooldown))
    if case.rules.policies_stopped:
        tally.record(ReasonCode.SUSPENDED)
        return
    for reading in readings:
        if reading.alarm.rules:
            _recommend_by_alarm(case, reading, tally)
    for rule in case.rules.tracking:
        _recommend_by_target(case, rule, tally)


def _recommend_by_alarm(case: Case, reading: AlarmReading, tally: Tally) -> None:
    alarm, value = reading.alarm, reading.value
    if value is None:
        tally.record(ReasonCode.NO_DATA, alarm.name, alarm.span)
        if alarm.missing is not MissingData.BREACHING:
            tally.unread.append(alarm.name)
    if not reading.fires:
        return
    if reading.state is AlarmStatus.ALARM:
        counts = (reading.breaching, alarm.periods, alarm.comparison, alarm.threshold)
        tally.record(ReasonCode.ALARM, alarm.name, *counts, value)
    else:
        tally.record(ReasonCode.PREDICTED, alarm.name, value, alarm.comparison, alarm.threshold)
    for rule in alarm.rules:
        if (why := why_wait(case, rule.policy, rule)) is not None:
            tally.reasons.append(why)
        elif (new_size := _asked_by_rule(case, rule, alarm, value, tally)) is not None:
            tally.asks.append(Ask(rule.policy, new_size, rule.simple, rule.cooldown))
            tally.agreeing += new_size < case.size


def _asked_by_rule(case: Case, rule: AmountRule, alarm: AlarmRule, value: float | None, tally: Tally) -> int | None:
    size = case.size
    if rule.amount is not None:
        new_size = rule.asked(size, case.preset.percent)
        tally.record(ReasonCode.AMOUNT, rule.policy, rule.text, size, new_size)
    elif value is None:
        return None
    else:
        breach = value - alarm.threshold
        step = find_step(rule.bands, value, above=alarm.above)
        if step is None:
            tally.record(ReasonCode.NO_STEP, rule.policy, value, breach)
            return None
        new_size = step_size(
            step,
            in_service=case.serving(rule.warm_up),
            desired=size,
            minimum_change=rule.minimum_change,
            rounding=case.preset.percent,
        )
        tally.record(ReasonCode.STEP, rule.policy, breach, size, new_size)
    if case.preset.scale_in is ScaleInAgreement.ALL and _is_against(rule, size, new_size):
        tally.record(ReasonCode.WRONG_WAY, rule.policy, new_size)
        return None
    return new_size


def _is_against(rule: AmountRule, size: int, new_size: int) -> bool:
    """Whether an exact size goes the other way than its alarm; no vendor says what would be done, so nothing is."""
    if new_size < size:
        return not rule.scales_in
    return new_size > size and not rule.scales_out


def why_wait(case: Case, policy: str, rule: AmountRule | TrackingRule | FunctionRule) -> DecisionReason | None:
    """Why a policy has to wait; `None` when it does not."""
    scope = case.preset.cooldown
    if scope is CooldownScope.NONE or (scope is CooldownScope.SIMPLE and not rule.simple):
        return None
    if scope is CooldownScope.SIMPLE and case.seen.busy:
        return DecisionReason(ReasonCode.BUSY, (policy,))
    begin = case.history.acted_at
    if begin is None:
        return None
    if scope is CooldownScope.SIMPLE and case.seen.settled is not None:
        begin = max(begin, case.seen.settled)
    until = begin + (rule.cooldown if scope is CooldownScope.CANDIDATE_RULE else case.history.waits)
    return DecisionReason(ReasonCode.COOLDOWN, (policy, until)) if case.now < until else None


def _recommend_by_target(case: Case, rule: TrackingRule, tally: Tally) -> None:
    tracking, size = case.preset.tracking, case.size
    points = case.seen.policies.get(rule.policy, ())[-rule.span :]
    value = newest(points)
    ready, new_size = Direction.NONE, size
    if value is None:
        tally.record(ReasonCode.NO_DATA, rule.policy, len(points))
        tally.unread.append(rule.policy)
    elif (ready := _ready(case, rule, points)) is Direction.NONE:
        counts = (rule.high, tracking.high_datapoints, rule.low, tracking.low_datapoints)
        tally.record(ReasonCode.ON_TARGET, rule.policy, value, rule.target, *counts)
    elif (why := why_wait(case, rule.policy, rule)) is not None:
        tally.reasons.append(why)
        ready = Direction.NONE
    else:
        new_size = _asked_by_target(case, rule, ready, value)
        tally.record(ReasonCode.TARGET, rule.policy, new_size, size, value, rule.target)
        tally.asks.append(Ask(rule.policy, new_size, False, rule.cooldown))
        tally.agreeing += new_size < size
    tally.tracking.append(TrackingVote(ready, new_size, rule.scale_in))


def _ready(case: Case, rule: TrackingRule, points: Points) -> Direction:
    tracking = case.preset.tracking
    if all_breach(points, rule.high, tracking.high_datapoints, BREACHES[Comparison.ABOVE]):
        return Direction.OUT
    if rule.scale_in and all_breach(points, rule.low, tracking.low_datapoints, BREACHES[Comparison.BELOW]):
        return Direction.IN
    return Direction.NONE


def all_breach(points: Points, threshold: float, datapoints: int, breaches: Breaches) -> bool:
    """
    Whether an alarm of so many out of so many datapoints is in ALARM, as `evaluate` says of a new one.

    Too few that all breach count once the oldest of them is as many periods old.
    """
    real = oldest = 0
    for age, point in enumerate(reversed(points[-datapoint_span(datapoints) :]), 1):
        if point is None or point != point:
            continue
        if not breaches(point, threshold):
            return False
        real, oldest = real + 1, age
        if real == datapoints:
            return True
    return oldest >= datapoints


def _asked_by_target(case: Case, rule: TrackingRule, ready: Direction, value: float) -> int:
    size = case.size
    if case.preset.tracking.by_one:
        return adjust(size, change=1 if ready is Direction.OUT else -1)
    return tracking_size(size, ready, in_service=case.serving(rule.warm_up), value=value, target=rule.target)
