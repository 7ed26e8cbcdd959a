"""Why an alarm is in its state, in CloudWatch's words and as its data."""

import json
from datetime import UTC, datetime

from trimtab.emulators.aws.watches import COMPARISONS, NAMES, AlarmSnapshot, AlarmWatch, moment_of
from trimtab.engine.alarms import AlarmStatus

_SHOWN = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def reason_of(watch: AlarmWatch, look: AlarmSnapshot, before: str) -> str:
    """The sentence that goes with a new state."""
    state = look.state or AlarmStatus.INSUFFICIENT_DATA
    evaluated = watch.counted(look)
    if state is AlarmStatus.INSUFFICIENT_DATA:
        return f"Insufficient Data: {_count(watch.periods)} {_were(watch.periods)} unknown."
    if not evaluated:
        shown = _SHOWN.get(watch.alarm.get("TreatMissingData", "missing"), "Missing")
        periods = f"{watch.periods} period{'s' if watch.periods > 1 else ''}"
        missing = f"{watch.periods} missing datapoint{'s' if watch.periods > 1 else ''}"
        treated = f"{missing} {_were(watch.periods)} treated as [{shown}]"
        return f"Threshold Crossed: no datapoints were received for {periods} and {treated}."
    is_alarm = state is AlarmStatus.ALARM
    counted = [point for point in evaluated if watch.breaches(point[1]) is is_alarm] or evaluated
    listed = ", ".join(f"{value} ({moment_of(at).strftime('%d/%m/%y %H:%M:%S')})" for at, value in counted)
    words = COMPARISONS[watch.alarm["ComparisonOperator"]][1]
    least = watch.needed if is_alarm else watch.periods - watch.needed + 1
    return (
        f"Threshold Crossed: {len(counted)} out of the last {watch.periods} datapoints [{listed}] "
        f"{_were(len(counted))} {'' if is_alarm else 'not '}{words} the threshold ({watch.threshold}) "
        f"(minimum {_count(least)} for {'OK -> ALARM' if is_alarm else 'ALARM -> OK'} transition)."
    )


def data_of(watch: AlarmWatch, look: AlarmSnapshot, now: datetime) -> str:
    """The same as StateReasonData has it."""
    evaluated = watch.counted(look)
    data = {
        "version": "1.0",
        "queryDate": _stamp(now),
        "statistic": watch.alarm.get("Statistic") or watch.alarm.get("ExtendedStatistic"),
        "period": watch.period,
        "recentDatapoints": [value for _, value in evaluated],
        "threshold": watch.threshold,
        "evaluatedDatapoints": [{"timestamp": _stamp(moment_of(at)), "value": value} for at, value in evaluated[::-1]],
    }
    if evaluated:
        data["startDate"] = _stamp(moment_of(evaluated[0][0]))
    return json.dumps({name: value for name, value in data.items() if value is not None})


def name_of(state: AlarmStatus) -> str:
    """A state as CloudWatch writes it."""
    return NAMES[state]


def _count(number: int) -> str:
    return f"{number} datapoint{'s' if number > 1 else ''}"


def _were(number: int) -> str:
    return "were" if number > 1 else "was"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
