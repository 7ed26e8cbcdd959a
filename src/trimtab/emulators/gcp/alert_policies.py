"""
Alert policies over time: every minute each is looked at, and where its conditions hold there is an incident.

Thresholds are evaluated. Conditions for absence and those in PromQL are kept, and never hold.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from trimtab.emulators.gcp.aggregation import Aggregation, aggregate, read_aggregation
from trimtab.emulators.gcp.alignment import AlignedSeries
from trimtab.emulators.gcp.datapoints import DatapointStore
from trimtab.emulators.gcp.distributions import mean, samples_of
from trimtab.emulators.gcp.filters import parse_filter
from trimtab.emulators.shared.moments import read_seconds, zulu
from trimtab.emulators.shared.timers import Timers

MINUTE = timedelta(minutes=1)
AUTO_CLOSE = timedelta(days=7)
"""After so long without data an incident is closed (AlertStrategy.autoClose)."""
Body = Mapping[str, Any]
Key = tuple[Any, ...]


class PolicyWorld(Protocol):
    """Where policies are."""

    timers: Timers
    datapoints: DatapointStore
    phase: int
    incidents: list[dict[str, Any]]

    @property
    def watches(self) -> "Mapping[str, PolicyWatch]":
        """Those that are looked at, by name."""


@dataclass(slots=True)
class SeriesBreach:
    """How one series stands to one condition."""

    line: AlignedSeries
    seen: datetime
    """When it had a value last."""
    since: datetime | None = None
    """Since when it has been over the threshold."""
    fails: bool = False
    """Whether it has been so for as long as the condition asks."""
    value: float = 0.0


class Opened(NamedTuple):
    """What an incident is about: a condition and a series of it; `None` where it is about all."""

    condition: int | None
    series: Key | None


class PolicyWatch:
    """
    One alert policy.

    Args:
        world: Where it is.
        policy: The policy as reads give it.
    """

    def __init__(self, world: PolicyWorld, policy: Body) -> None:
        self.world = world
        self.policy = policy
        self.metrics = frozenset(_metrics(policy))
        self._breaches: list[dict[Key, SeriesBreach]] = [{} for _ in policy["conditions"]]
        self._open: dict[Opened, dict[str, Any]] = {}
        self._due: datetime | None = None

    def wake(self) -> None:
        """Be looked at when the next minute begins."""
        due = self.world.timers.now().replace(second=0, microsecond=0) + MINUTE
        if self.policy["enabled"] and (self._due is None or self._due > due):
            self._look_at(due)

    def rearm(self) -> None:
        """Be looked at by a clock that was set back."""
        self._due = None
        self.wake()

    def close_all(self) -> None:
        """Close what is open."""
        for opened in list(self._open):
            self._close(opened, self.world.timers.now())

    def _look_at(self, due: datetime) -> None:
        self._due = due
        name = self.policy["name"]
        self.world.timers.at(
            due,
            (self.world.phase, name),
            lambda: self._look(due),
            lambda: self._due == due and self.world.watches.get(name) is self,
        )

    def _look(self, due: datetime) -> None:
        self._due = None
        for index, condition in enumerate(self.policy["conditions"]):
            if "conditionThreshold" in condition:
                self._evaluate(self._breaches[index], condition["conditionThreshold"], due)
        holding = set(self._holding())
        for opened in [incident for incident in self._open if incident not in holding]:
            self._close(opened, due)
        for opened in sorted(holding - set(self._open), key=repr):
            self._begin(opened, due)
        coming = min(self._moments(due), default=None)
        if coming is not None:
            self._look_at(coming)

    # conditions

    def _evaluate(self, breaches: dict[Key, SeriesBreach], condition: Body, now: datetime) -> None:
        lines = {_key(line): line for line in lines_of(condition, now, self.world.datapoints)}
        for key, line in lines.items():
            breach = breaches.setdefault(key, SeriesBreach(line, now))
            breach.seen, breach.value = now, value_of(line)
            _judge(breach, condition, now, over=is_over(breach.value, condition))
        for key, breach in breaches.items():
            if key not in lines:
                self._without_data(breach, condition, now)

    def _without_data(self, breach: SeriesBreach, condition: Body, now: datetime) -> None:
        match condition.get("evaluationMissingData"):
            case "EVALUATION_MISSING_DATA_ACTIVE":
                _judge(breach, condition, now, over=True)
            case "EVALUATION_MISSING_DATA_INACTIVE":
                _judge(breach, condition, now, over=False)
            case _ if now - breach.seen >= self._auto_close():
                _judge(breach, condition, now, over=False)

    def _auto_close(self) -> timedelta:
        given = (self.policy.get("alertStrategy") or {}).get("autoClose")
        return AUTO_CLOSE if given is None else read_seconds(given)

    def _holding(self) -> Iterator[Opened]:
        failing = [list(_triggered(condition, breaches)) for condition, breaches in self._conditions()]
        if self.policy["combiner"] == "OR":
            for index, keys in enumerate(failing):
                yield from (Opened(index, key) for key in keys)
        elif all(failing) and (self.policy["combiner"] == "AND" or self._on_one_resource()):
            yield Opened(None, None)

    def _conditions(self) -> Iterator[tuple[Body, dict[Key, SeriesBreach]]]:
        yield from zip(self.policy["conditions"], self._breaches, strict=True)

    def _on_one_resource(self) -> bool:
        resources = [
            {
                (breach.line.resource, *sorted(breach.line.resource_labels.items()))
                for breach in breaches.values()
                if breach.fails
            }
            for breaches in self._breaches
        ]
        return bool(set.intersection(*resources))

    # incidents

    def _begin(self, opened: Opened, now: datetime) -> None:
        condition = None if opened.condition is None else self.policy["conditions"][opened.condition]
        breach = None if opened.condition is None else self._breach(opened)
        incident: dict[str, Any] = {
            "policy": self.policy["name"],
            "policyName": self.policy["displayName"],
            "condition": None if condition is None else condition.get("displayName", ""),
            "state": "open",
            "openedAt": zulu(now),
            "closedAt": None,
            "value": None if breach is None else breach.value,
            "metric": None
            if breach is None
            else {"type": breach.line.metric, "labels": dict(breach.line.metric_labels)},
            "resource": None
            if breach is None
            else {"type": breach.line.resource, "labels": dict(breach.line.resource_labels)},
        }
        self._open[opened] = incident
        self.world.incidents.append(incident)

    def _breach(self, opened: Opened) -> SeriesBreach | None:
        return (
            None
            if opened.condition is None or opened.series is None
            else self._breaches[opened.condition].get(opened.series)
        )

    def _close(self, opened: Opened, now: datetime) -> None:
        incident = self._open.pop(opened)
        incident["state"], incident["closedAt"] = "closed", zulu(now)

    # when

    def _moments(self, now: datetime) -> Iterator[datetime]:
        """When a look can find something else, if nothing is measured until then."""
        for condition, breaches in self._conditions():
            if "conditionThreshold" not in condition:
                continue
            yield from self._of_condition(condition["conditionThreshold"], breaches, now)

    def _of_condition(self, condition: Body, breaches: Mapping[Key, SeriesBreach], now: datetime) -> Iterator[datetime]:
        newest = self.world.datapoints.newest(parse_filter(condition["filter"]).exact("metric.type") or "")
        # one look after the last value has left the window sees that it has
        if newest is not None and newest > now - longest_period(condition) - MINUTE:
            yield now + MINUTE
        for breach in breaches.values():
            if breach.since is not None and not breach.fails and _counts_missing(condition):
                yield now + MINUTE
            elif breach.fails and breach.seen + self._auto_close() > now:
                yield breach.seen + self._auto_close()


def lines_of(condition: Body, now: datetime, datapoints: DatapointStore) -> list[AlignedSeries]:
    """The series that a threshold is held against at a moment, each with its last value first."""
    series = datapoints.series(parse_filter(condition["filter"]))
    first, second = _aggregations(condition)
    # what is measured at this very moment is looked at in a minute
    end = now - timedelta(microseconds=1)
    over = max(first.period, second.period if second else first.period)
    return aggregate(series, first, end - over, end, second=second)


def value_of(line: AlignedSeries) -> float:
    """The last value of a series; of a distribution its mean."""
    samples = samples_of(line.samples[0].value)
    return mean(samples) if samples else 0.0


def is_over(value: float, condition: Body) -> bool:
    """Whether a value is beyond the threshold."""
    threshold = float(condition.get("thresholdValue", 0.0))
    return value > threshold if condition["comparison"] == "COMPARISON_GT" else value < threshold


def longest_period(condition: Body) -> timedelta:
    """How far back a threshold looks for a value."""
    first, second = _aggregations(condition)
    return first.period if second is None else first.period + second.period


def _aggregations(condition: Body) -> tuple[Aggregation, Aggregation | None]:
    aggregations = [read_aggregation(entry) for entry in condition.get("aggregations") or ()]
    return (aggregations[0] if aggregations else Aggregation()), (aggregations[1] if len(aggregations) > 1 else None)


def _judge(breach: SeriesBreach, condition: Body, now: datetime, *, over: bool) -> None:
    if not over:
        breach.since, breach.fails = None, False
        return
    breach.since = breach.since or now
    breach.fails = now - breach.since >= read_seconds(condition.get("duration", "0s"))


def _triggered(condition: Body, breaches: Mapping[Key, SeriesBreach]) -> Sequence[Key | None]:
    """The series that fail, or `None` once where it takes several of them; nothing while too few do."""
    failing = [key for key, breach in breaches.items() if breach.fails]
    trigger = condition.get("conditionThreshold", {}).get("trigger") or {}
    if "percent" in trigger:
        return [None] if failing and 100 * len(failing) >= trigger["percent"] * len(breaches) else []
    count = int(trigger.get("count", 1))
    if count <= 1:
        return failing
    return [None] if len(failing) >= count else []


def _counts_missing(condition: Body) -> bool:
    return condition.get("evaluationMissingData") == "EVALUATION_MISSING_DATA_ACTIVE"


def _key(line: AlignedSeries) -> Key:
    labels = (line.metric_labels, line.resource_labels, line.system_labels)
    return (line.metric, line.resource, *(tuple(sorted(each.items())) for each in labels))


def _metrics(policy: Body) -> Iterator[str]:
    for condition in policy["conditions"]:
        if "conditionThreshold" in condition:
            yield parse_filter(condition["conditionThreshold"]["filter"]).exact("metric.type") or ""
