"""One run of autoscale over a native setting: the engine decides, this reads and writes its words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from trimtab.emulators.azure.bodies import find
from trimtab.emulators.azure.datapoints import DatapointStore, StoredValue
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.aggregates import Statistic, TimeAggregation, aggregate
from trimtab.engine.autoscale import Cause, Cooldown, evaluate_rules
from trimtab.engine.profiles import FixedDate, Profile, Recurrence, Weekday, active_profile
from trimtab.engine.rules import ChangeType, MetricRule, Operator, ProfileCapacity, ScaleAction, ScaleDirection
from trimtab.engine.schedules import next_fire

E = TypeVar("E", ScaleDirection, ChangeType, Operator, Statistic, TimeAggregation, Weekday)
Forecast = Mapping[datetime, float]
PREDICTED = "percentage cpu"
"""The one metric that is predicted."""
_MINUTE, _NEVER = timedelta(minutes=1), timedelta(days=7)
_LOOK_AHEAD = timedelta(0)


class LastAction(NamedTuple):
    """The last change that a rule made."""

    at: datetime
    cooldown: timedelta


class Read(Protocol):
    """Answers the values of a metric."""

    def __call__(
        self,
        resource: str,
        namespace: str | None,
        metric: str,
        start: datetime,
        end: datetime,
        *,
        dimensions: Mapping[str, tuple[bool, frozenset[str]]] | None = None,
    ) -> Sequence[StoredValue]:
        """Those from `start` up to `end`."""


@dataclass(frozen=True, slots=True)
class AutoscaleVerdict:
    """
    What a run asks for.

    `size` is `None` where nothing changes; `cooldown` begins with a change that a rule made; `missing` are the metrics
    without a value.
    """

    size: int | None
    cause: Cause
    profile: str = ""
    cooldown: timedelta | None = None
    missing: tuple[str, ...] = ()


def evaluate(
    setting: Mapping[str, Any],
    *,
    size: int,
    now: datetime,
    read: Read,
    last_action: LastAction | None = None,
    forecast: Forecast | None = None,
) -> AutoscaleVerdict:
    """
    What a setting asks for at a moment.

    Args:
        setting: The `properties` of the setting.
        size: How many instances the target has.
        now: When.
        read: The values of a metric.
        last_action: The last change that a rule made.
        forecast: The metric that is predicted, from each moment on.
    """
    profile = active(setting, now)
    if profile is None:
        return AutoscaleVerdict(None, Cause.NOTHING)
    rules = profile.get("rules") or []
    names = [f"{index}:{rule['metricTrigger']['metricName']}" for index, rule in enumerate(rules)]
    target = str(setting.get("targetResourceUri") or "")
    outcome = evaluate_rules(
        [_rule(name, rule) for name, rule in zip(names, rules, strict=True)],
        {name: _value(rule["metricTrigger"], target, now, read) for name, rule in zip(names, rules, strict=True)},
        current=size,
        limits=_limits(profile),
        cooldown=None if last_action is None else Cooldown(now - last_action.at, last_action.cooldown),
        predicted=_predicted(setting, names, rules, now=now, forecast=forecast or {}),
    )
    return AutoscaleVerdict(
        outcome.size if outcome.size != size else None,
        outcome.cause,
        str(profile["name"]),
        outcome.cooldown,
        tuple(name.partition(":")[2] for name in outcome.unreadable),
    )


def active(setting: Mapping[str, Any], now: datetime) -> Mapping[str, Any] | None:
    """The profile in force."""
    profiles: Sequence[Mapping[str, Any]] = setting.get("profiles") or ()
    profile = active_profile([_profile(each) for each in profiles], now)
    return next((each for each in profiles if profile and each["name"] == profile.name), None)


def next_moment(
    setting: Mapping[str, Any], *, now: datetime, datapoints: DatapointStore, forecast: Forecast | None = None
) -> datetime:
    """The next minute at which a run can ask for something else than now, if nothing new is measured until then."""
    ahead = [moment for moment in forecast or {} if moment + timedelta(hours=1) > now]
    if (ahead and is_predictive(setting)) or _has_data(setting, now, datapoints):
        return now + _MINUTE
    return min(_edges(setting, now), default=now + _NEVER)


def is_predictive(setting: Mapping[str, Any]) -> bool:
    """Whether a setting scales out by a forecast."""
    return str(find(setting, "predictiveAutoscalePolicy.scaleMode")).lower() == "enabled"


def metrics_of(setting: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str, timedelta]]:
    """The resource, namespace, metric and window of each rule."""
    for profile in setting.get("profiles") or ():
        for rule in profile.get("rules") or ():
            trigger = rule["metricTrigger"]
            resource = trigger.get("metricResourceUri") or setting.get("targetResourceUri") or ""
            window = read_iso_span(trigger["timeWindow"])
            yield str(resource), trigger.get("metricNamespace"), str(trigger["metricName"]), window


# when


def _has_data(setting: Mapping[str, Any], now: datetime, datapoints: DatapointStore) -> bool:
    for resource, namespace, metric, window in metrics_of(setting):
        newest = datapoints.newest(resource, namespace, metric)
        # one run after the last value has left the window sees that it has
        if newest is not None and newest >= now - window:
            return True
    return False


def _edges(setting: Mapping[str, Any], now: datetime) -> Iterator[datetime]:
    for each in setting.get("profiles") or ():
        profile = _profile(each)
        if profile.fixed_date is not None:
            ends = (profile.fixed_date.start, profile.fixed_date.end)
            yield from (_whole_minute(end) for end in ends if _whole_minute(end) > now)
        elif profile.recurrence is not None:
            start = next_fire(profile.recurrence.cron, profile.recurrence.zone, now)
            if start is not None:
                yield start


def _whole_minute(moment: datetime) -> datetime:
    begun = moment.replace(second=0, microsecond=0)
    return begun if begun == moment else begun + _MINUTE


# native to engine


def _profile(given: Mapping[str, Any]) -> Profile:
    fixed, recurrence = given.get("fixedDate"), given.get("recurrence")
    return Profile(
        str(given["name"]),
        _recurrence(recurrence["schedule"]) if recurrence else None,
        _fixed_date(fixed) if fixed else None,
    )


def _recurrence(schedule: Mapping[str, Any]) -> Recurrence:
    days = tuple(_word(Weekday, day) for day in schedule["days"])
    return Recurrence(_zone(schedule["timeZone"]), days, tuple(schedule["hours"]), tuple(schedule["minutes"]))


def _fixed_date(given: Mapping[str, Any]) -> FixedDate:
    zone = ZoneInfo(_zone(given.get("timeZone") or "UTC"))
    return FixedDate(_moment(given["start"], zone), _moment(given["end"], zone))


def _moment(text: str, zone: ZoneInfo) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _zone(name: str) -> str:
    return "UTC" if name.upper() == "UTC" else win_tz[name]


def _limits(profile: Mapping[str, Any]) -> ProfileCapacity:
    capacity = profile["capacity"]
    return ProfileCapacity(int(capacity["minimum"]), int(capacity["maximum"]), int(capacity["default"]))


def _rule(name: str, rule: Mapping[str, Any]) -> MetricRule:
    trigger, action = rule["metricTrigger"], rule["scaleAction"]
    return MetricRule(
        name,
        _word(Operator, trigger["operator"]),
        float(trigger["threshold"]),
        ScaleAction(
            _word(ScaleDirection, action["direction"]), _word(ChangeType, action["type"]), int(action.get("value") or 1)
        ),
        read_iso_span(action["cooldown"]),
        bool(trigger.get("dividePerInstance")),
    )


def _word(choices: type[E], text: str) -> E:
    return next(choice for choice in choices if choice.value.lower() == text.lower())


def _value(trigger: Mapping[str, Any], target: str, now: datetime, read: Read) -> float | None:
    grain, window = read_iso_span(trigger["timeGrain"]), read_iso_span(trigger["timeWindow"])
    start = now - window
    measured = read(
        str(trigger.get("metricResourceUri") or target),
        trigger.get("metricNamespace"),
        str(trigger["metricName"]),
        start,
        now,
        dimensions=_dimensions(trigger.get("dimensions") or ()),
    )
    grains: dict[int, list[float]] = {}
    for each in measured:
        grains.setdefault((each.at - start) // grain, []).append(each.value)
    return aggregate(
        [grains[number] for number in sorted(grains)],
        statistic=_word(Statistic, trigger["statistic"]),
        time_aggregation=_word(TimeAggregation, trigger["timeAggregation"]),
    )


def _dimensions(given: Sequence[Mapping[str, Any]]) -> dict[str, tuple[bool, frozenset[str]]]:
    return {
        str(each["DimensionName"]).lower(): (
            str(each["Operator"]).lower() == "equals",
            frozenset(str(value).lower() for value in each["Values"]),
        )
        for each in given
    }


def _predicted(
    setting: Mapping[str, Any],
    names: Sequence[str],
    rules: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    forecast: Forecast,
) -> dict[str, float | None]:
    if not is_predictive(setting):
        return {}
    text = find(setting, "predictiveAutoscalePolicy.scaleLookAheadTime")
    until = now + (read_iso_span(text) if text else _LOOK_AHEAD)
    reached = [moment for moment in forecast if moment <= until]
    value = forecast[max(reached)] if reached else None
    return {
        name: value
        for name, rule in zip(names, rules, strict=True)
        if str(rule["metricTrigger"]["metricName"]).lower() == PREDICTED
    }
