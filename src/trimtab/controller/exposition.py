"""What a controller or a watch tells Prometheus: the last tick as gauges, and what has happened as counters."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from trimtab import __version__
from trimtab.controller.events import ControllerEvent, ControllerEventKind
from trimtab.controller.results import GroupTick, Tick, TickOutcome
from trimtab.errors import MissingExtra
from trimtab.runtime.status import FleetStatus, GroupStatus

try:
    from prometheus_client import CollectorRegistry, Metric, ProcessCollector
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.registry import Collector
except ImportError as missing:
    raise MissingExtra("serving metrics", "controller") from missing


class FamilyType(StrEnum):
    """What the numbers of a family are."""

    GAUGE = "gauge"
    COUNTER = "counter"


class Family(NamedTuple):
    """A metric: its name, help and labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    type: FamilyType = FamilyType.GAUGE


FLEET_LABELS = ("provider", "fleet")
GROUP_LABELS = (*FLEET_LABELS, "group")
FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        # names and units: https://prometheus.io/docs/practices/naming/
        Family("trimtab_info", "The version of trimtab.", ("version",)),
        Family("trimtab_group_desired_instances", "The size that the cloud has been told.", GROUP_LABELS),
        Family("trimtab_group_decided_instances", "The size that the controller decided last.", GROUP_LABELS),
        Family("trimtab_group_in_service_instances", "Instances that run.", GROUP_LABELS),
        Family("trimtab_group_minimum_instances", "The minimum in force.", GROUP_LABELS),
        Family("trimtab_group_maximum_instances", "The maximum in force.", GROUP_LABELS),
        Family("trimtab_group_paused", "Whether somebody has paused the group.", GROUP_LABELS),
        Family("trimtab_group_lease_held", "Whether this controller has the lease of the group.", GROUP_LABELS),
        Family("trimtab_group_failing", "Whether the group cannot be read or sized.", GROUP_LABELS),
        Family("trimtab_group_metrics_missing", "Metrics without an answer or without a datapoint.", GROUP_LABELS),
        Family("trimtab_group_cpu_ratio", "The load of the group's processors of late, 0 to 1.", GROUP_LABELS),
        Family(
            "trimtab_alarm_state",
            "1 for the state that an alarm is in: ok, alarm or insufficient-data.",
            (*GROUP_LABELS, "alarm", "state"),
        ),
        Family("trimtab_tick_interval_seconds", "The time between two ticks.", FLEET_LABELS),
        Family("trimtab_tick_lag_seconds", "How long after it was due the last tick began.", FLEET_LABELS),
        Family("trimtab_tick_duration_seconds", "How long the last tick took.", FLEET_LABELS),
        Family("trimtab_last_tick_timestamp_seconds", "When the last tick, or look, began.", FLEET_LABELS),
        Family("trimtab_shadow", "Whether the controller only decides and writes nothing.", FLEET_LABELS),
        Family("trimtab_ticks_total", "Ticks, or looks.", FLEET_LABELS, FamilyType.COUNTER),
        Family(
            "trimtab_errors_total",
            "What went wrong: failed, unknown, error or unread for groups, tick or read for the fleet.",
            (*FLEET_LABELS, "kind"),
            FamilyType.COUNTER,
        ),
        Family(
            "trimtab_decisions_total",
            "What became of groups in ticks: kept, written, unknown, failed, held, shadow or error.",
            (*GROUP_LABELS, "outcome"),
            FamilyType.COUNTER,
        ),
        Family(
            "trimtab_decision_reasons_total",
            "Reasons of decisions by their code, and what became of the decision.",
            (*GROUP_LABELS, "outcome", "code"),
            FamilyType.COUNTER,
        ),
        Family("trimtab_events_total", "Events by their kind.", (*FLEET_LABELS, "kind"), FamilyType.COUNTER),
        Family(
            "trimtab_webhook_events_total",
            "Events for webhooks: delivered, failed or dropped.",
            ("result",),
            FamilyType.COUNTER,
        ),
    )
}
"""Every metric of trimtab's own."""


DELIVERIES = ("delivered", "failed", "dropped")
ERROR_KINDS = ("failed", "unknown", "error", "unread", "tick")


class FamilySample(NamedTuple):
    """A number of a family."""

    family: str
    labels: tuple[str, ...]
    value: float


def tick_samples(tick: Tick, every: timedelta) -> Iterator[FamilySample]:
    """The gauges of a tick."""
    fleet = (tick.provider, tick.fleet)
    yield FamilySample("trimtab_tick_interval_seconds", fleet, every.total_seconds())
    yield FamilySample("trimtab_tick_lag_seconds", fleet, tick.lag.total_seconds())
    yield FamilySample("trimtab_tick_duration_seconds", fleet, tick.duration.total_seconds())
    yield FamilySample("trimtab_last_tick_timestamp_seconds", fleet, tick.at.timestamp())
    yield FamilySample("trimtab_shadow", fleet, float(tick.shadow))
    for result in tick.groups:
        yield from _result_samples(result, (*fleet, result.group), shadow=tick.shadow)


def _result_samples(result: GroupTick, group: tuple[str, ...], *, shadow: bool) -> Iterator[FamilySample]:
    decision = result.decision
    desired = decision.size if decision and result.outcome is TickOutcome.WRITTEN else result.live
    numbers = {
        "trimtab_group_desired_instances": desired,
        "trimtab_group_decided_instances": decision.size if decision else None,
        "trimtab_group_in_service_instances": result.running,
        "trimtab_group_minimum_instances": result.minimum,
        "trimtab_group_maximum_instances": result.maximum,
        "trimtab_group_paused": result.paused,
        "trimtab_group_lease_held": result.leased and not shadow,
        "trimtab_group_failing": result.outcome in (TickOutcome.FAILED, TickOutcome.UNKNOWN, TickOutcome.ERROR),
        "trimtab_group_metrics_missing": len(result.unread) + len(result.silent),
    }
    yield from _known(numbers, group)
    for alarm, state in decision.alarms.items() if decision else ():
        yield FamilySample("trimtab_alarm_state", (*group, alarm, state.value.lower().replace("_", "-")), 1.0)


def status_samples(status: FleetStatus, every: timedelta) -> Iterator[FamilySample]:
    """The gauges of a look at a fleet, without a controller."""
    fleet = (status.provider, status.fleet)
    yield FamilySample("trimtab_tick_interval_seconds", fleet, every.total_seconds())
    yield FamilySample("trimtab_last_tick_timestamp_seconds", fleet, status.at.timestamp())
    for group in status.groups:
        yield from _status_samples(group, (*fleet, group.group))


def _status_samples(group: GroupStatus, labels: tuple[str, ...]) -> Iterator[FamilySample]:
    state, load = group.state, group.cpu.latest if group.cpu else None
    if state is not None:
        numbers = {
            "trimtab_group_desired_instances": state.desired,
            "trimtab_group_in_service_instances": state.running,
            "trimtab_group_minimum_instances": state.min,
            "trimtab_group_maximum_instances": state.max,
            "trimtab_group_paused": state.paused is not None,
            "trimtab_group_cpu_ratio": None if load is None else load / 100,
        }
        yield from _known(numbers, labels)
    for alarm in group.alarms:
        yield FamilySample("trimtab_alarm_state", (*labels, alarm.name, alarm.state), 1.0)


def _known(numbers: Mapping[str, float | None], labels: tuple[str, ...]) -> Iterator[FamilySample]:
    for name, value in numbers.items():
        if value is not None:
            yield FamilySample(name, labels, float(value))


class Exposition(Collector):
    """
    The metrics of one process, in a registry of its own. Thread-safe.

    Args:
        every: The time between two ticks or looks.
    """

    def __init__(self, every: timedelta) -> None:
        self.every = every
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self._lock = threading.Lock()
        self._gauges: dict[tuple[str, str], list[FamilySample]] = {}
        self._counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._begin_at_zero("trimtab_webhook_events_total", (), DELIVERIES)

    def record(self, tick: Tick) -> None:
        """Take over a tick."""
        fleet = (tick.provider, tick.fleet)
        with self._lock:
            self._gauges[fleet] = list(tick_samples(tick, self.every))
            self._begin_at_zero("trimtab_errors_total", fleet, ERROR_KINDS)
            self._begin_at_zero("trimtab_events_total", fleet, tuple(ControllerEventKind))
            self._count("trimtab_ticks_total", *fleet)
            if tick.error:
                self._count("trimtab_errors_total", *fleet, "tick")
            for result in tick.groups:
                self._record_result(result, fleet)

    def _record_result(self, result: GroupTick, fleet: tuple[str, str]) -> None:
        group, outcome = (*fleet, result.group), result.outcome.value
        self._count("trimtab_decisions_total", *group, outcome)
        for reason in result.decision.reasons if result.decision else ():
            self._count("trimtab_decision_reasons_total", *group, outcome, reason.code.value)
        if result.outcome in (TickOutcome.FAILED, TickOutcome.UNKNOWN, TickOutcome.ERROR):
            self._count("trimtab_errors_total", *fleet, outcome)
        if result.unread:
            self._count("trimtab_errors_total", *fleet, "unread")

    def record_status(self, status: FleetStatus) -> None:
        """Take over a look at a fleet."""
        fleet = (status.provider, status.fleet)
        with self._lock:
            self._gauges[fleet] = list(status_samples(status, self.every))
            self._begin_at_zero("trimtab_errors_total", fleet, ("read",))
            self._count("trimtab_ticks_total", *fleet)

    def record_unreadable(self, provider: str, fleet: str) -> None:
        """Count a failed read, and drop the sizes of the read before it."""
        with self._lock:
            labels = (provider, fleet)
            shown = {sample.family: sample.value for sample in self._gauges.get(labels, ())}
            last, interval = "trimtab_last_tick_timestamp_seconds", "trimtab_tick_interval_seconds"
            self._gauges[labels] = [
                FamilySample(last, labels, shown.get(last, 0.0)),
                FamilySample(interval, labels, self.every.total_seconds()),
            ]
            self._count("trimtab_errors_total", provider, fleet, "read")

    def record_event(self, event: ControllerEvent) -> None:
        """Count an event."""
        with self._lock:
            self._count("trimtab_events_total", event.provider, event.fleet, event.kind.value)

    def record_delivery(self, result: str) -> None:
        """Count what became of an event for a webhook."""
        with self._lock:
            self._count("trimtab_webhook_events_total", result)

    def _begin_at_zero(self, family: str, labels: tuple[str, ...], last: Sequence[str]) -> None:
        """Show counters from 0 on, since Prometheus sees no increase where a series begins at 1."""
        for word in last:
            self._counts.setdefault((family, (*labels, str(word))), 0)

    def _count(self, family: str, *labels: str) -> None:
        self._counts[family, labels] += 1

    def collect(self) -> Iterator[Metric]:
        """Everything as it is now."""
        with self._lock:
            samples = [sample for gauges in self._gauges.values() for sample in gauges]
            samples += [FamilySample(family, labels, count) for (family, labels), count in self._counts.items()]
        samples.append(FamilySample("trimtab_info", (__version__,), 1.0))
        metrics = {family.name: _metric(family) for family in FAMILIES.values()}
        for family, labels, value in samples:
            metrics[family].add_metric(labels, value)
        yield from (metric for metric in metrics.values() if metric.samples)


def _metric(family: Family) -> GaugeMetricFamily | CounterMetricFamily:
    kind = CounterMetricFamily if family.type is FamilyType.COUNTER else GaugeMetricFamily
    return kind(family.name, family.help, labels=family.labels)
