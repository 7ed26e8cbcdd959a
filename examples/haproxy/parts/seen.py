"""What was seen of a run, as the same numbers that a simulation gives, and how far the two are from each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

import trimtab as tt
from parts.times import FastPrometheus

QUERIES = {
    "load": 'sum(increase(haproxy_frontend_http_requests_total{proxy="web"}[1m])) / 60',
    "lost": 'sum(increase(haproxy_backend_http_responses_total{proxy="web",code="5xx"}[1m])) / 60',
    "in_service": 'sum(max_over_time(haproxy_backend_active_servers{proxy="web"}[1m]))',
    "backlog": 'sum(haproxy_backend_current_queue{proxy="web"})',
}
"""By the name of its array, what Prometheus is asked."""
SHOWN = (
    *("time-to-scale", "shortages", "availability", "instance-hours", "error-rate"),
    *("under-provisioning", "over-provisioning"),
)
"""The KPIs that the page shows beside those that are held; response times are measured, not modelled."""
SMALLEST_SHARE = 95.0
"""In so many per cent of the minutes the size is to be within one instance of the prediction."""


@dataclass
class Record:
    """
    What the controller's ticks said, by minute.

    Attributes:
        sizes: The size that was wanted from this minute on.
        paid: How many instances there were at the end of it.
        decisions: Those that changed the size.
    """

    sizes: dict[int, int] = field(default_factory=dict)
    paid: dict[int, int] = field(default_factory=dict)
    decisions: list[tt.SimulatedDecision] = field(default_factory=list)

    def add(self, minute: int, tick: tt.GroupTick, at: datetime) -> None:
        """Keep what one tick has decided."""
        if (decision := tick.decision) is not None:
            self.sizes[minute] = decision.size
            if decision.change:
                self.decisions.append(tt.SimulatedDecision(minute, at, decision))


def seen_run(
    prometheus: FastPrometheus, predicted: tt.Simulation, record: Record, place: str, notes: Sequence[str]
) -> tt.Simulation:
    """
    The run as Prometheus and the controller saw it, beside which a prediction is held.

    A minute without samples is held at the one before, and a note says so.

    Raises:
        SystemExit: Prometheus lacks more than half of the minutes.
    """
    minutes, start = predicted.minutes, predicted.start
    found, missing = {}, 0
    for name, query in QUERIES.items():
        values = prometheus.values(query, start, minutes)
        missing = max(missing, sum(value is None for value in values))
        found[name] = np.array(_held(dict(enumerate(values)), minutes), dtype=float)
    if missing:
        said = f"Prometheus has no samples of {missing} of {minutes} minutes: {_why(prometheus, start, minutes)}"
        if missing > minutes / 2:
            raise SystemExit(said)
        notes = [*notes, f"{said}; the minute before stands for each"]
    load, lost = found["load"], np.minimum(found["lost"], found["load"])
    in_service = np.rint(found["in_service"]).astype(np.int64)
    capacity = in_service * (predicted.model.capacity or 0)
    nothing = np.zeros(minutes, dtype=np.int64)
    return tt.Simulation(
        group=predicted.group,
        preset=place,
        model=predicted.model,
        seed=predicted.seed,
        start=start,
        load=load,
        wanted=np.array(_held(record.sizes, minutes), dtype=np.int64),
        running=np.array(_held(record.paid, minutes), dtype=np.int64),
        in_service=in_service,
        capacity=capacity,
        served=load - lost,
        lost=lost,
        backlog=found["backlog"],
        utilization=np.divide(100 * (load - lost), capacity, out=np.full(minutes, np.nan), where=capacity > 0),
        spot=nothing,
        interrupted=nothing,
        alarms={},
        decisions=record.decisions,
        notes=notes,
    )


def _why(prometheus: FastPrometheus, start: datetime, minutes: int) -> str:
    scraped = prometheus.values("min_over_time(up[1m])", start, minutes)
    if any(value == 0 for value in scraped):
        return "HAProxy did not answer it"
    return "it scraped nothing, since this machine was busy or a disk is full"


def _held(values: Mapping[int, float | None], minutes: int) -> list[float]:
    """A value for each minute: where one is missing, the one before; at the beginning, the first that there is."""
    known = {minute: value for minute, value in values.items() if value is not None}
    last = known[min(known)] if known else 0.0
    held = []
    for minute in range(minutes):
        last = known.get(minute, last)
        held.append(last)
    return held


@dataclass(frozen=True)
class Agreement:
    """
    How far what was seen is from what was predicted.

    Attributes:
        seen: The run.
        predicted: Its prediction.
        measured: What the policy went by, at the end of each minute: the requests of it for each instance in service.
    """

    seen: tt.Simulation
    predicted: tt.Simulation
    measured: Sequence[float | None]

    @property
    def within_one(self) -> float:
        """Of the minutes, the per cent in which the instances in service differ by one at most."""
        return float(100 * (np.abs(self.seen.in_service - self.predicted.in_service) <= 1).mean())

    @property
    def shortages(self) -> tuple[float, float]:
        """The longest shortage that was seen and the one that was predicted, in minutes."""
        one, other = (float(run.kpis()["longest-shortage"].value or 0) / 60 for run in (self.seen, self.predicted))
        return one, other

    def kpis(self, answers: Mapping[str, Sequence[float | None]], factor: int) -> tt.Kpis:
        """What is held, and the KPIs that were seen beside the predicted ones, all on the fleet's clock."""
        seen, predicted = self.seen.kpis(), self.predicted.kpis()
        waits = [value * factor for value in answers["p95"] if value is not None]
        boot, work = self.predicted.model.boot, self.predicted.model.service_time.total_seconds()
        longest, foreseen = seen["longest-shortage"], predicted["longest-shortage"]
        bar = tt.KpiTarget(limit=(foreseen.value or 0) + boot.total_seconds(), above=False, inclusive=True)
        return replace(
            seen,
            items=(
                tt.Kpi(
                    name="sizes-within-one",
                    value=self.within_one,
                    unit="%",
                    target=tt.KpiTarget(limit=SMALLEST_SHARE, above=True, inclusive=True),
                    note="of the minutes, within one instance of the prediction",
                ),
                replace(longest, target=bar, note=f"predicted: {foreseen.text}, and one boot time besides"),
                *(replace(seen[name], target=None, note=f"predicted: {predicted[name].text}") for name in SHOWN),
                tt.Kpi(
                    name="response-p95",
                    value=max(waits, default=None),
                    unit="s",
                    note=f"of the worst minute, as the visitors measured it; the work takes {work:g} s",
                ),
            ),
        )

    def lines(self) -> Iterator[str]:
        """What holds and what does not, and why they differ."""
        seen, predicted = self.shortages
        boot = self.predicted.model.boot.total_seconds() / 60
        share = f"{self.within_one:.1f} % of the minutes"
        verdict = "holds" if self.within_one >= SMALLEST_SHARE else "does not hold"
        yield f"sizes: within one instance of the prediction in {share}; {SMALLEST_SHARE:g} % {verdict}"
        verdict = "holds" if abs(seen - predicted) <= boot else "does not hold"
        text = f"longest shortage: {seen:.0f} min seen, {predicted:.0f} min predicted"
        yield f"{text}; within one boot time of {boot:.0f} min {verdict}"
        differing = int((self.seen.in_service != self.predicted.in_service).sum())
        yield f"equal in {self.seen.minutes - differing} of {self.seen.minutes} minutes" + (":" if differing else "")
        yield from self._differences()

    def _differences(self) -> Iterator[str]:
        """Each stretch of minutes with another size than predicted, and why."""
        apart = self.seen.in_service - self.predicted.in_service
        begin = 0
        for minute in range(1, len(apart) + 1):
            if minute == len(apart) or apart[minute] != apart[begin]:
                if apart[begin]:
                    yield f"{self._span(begin, minute)}: {self._difference(begin)}"
                begin = minute

    def _span(self, begin: int, end: int) -> str:
        first, last = self.seen.at(begin), self.seen.at(end - 1)
        return f"{first:%H:%M}" if first == last else f"{first:%H:%M} to {last:%H:%M}"

    def _difference(self, minute: int) -> str:
        seen, predicted = self.seen, self.predicted
        text = f"{seen.in_service[minute]} in service, {predicted.in_service[minute]} predicted"
        boot = round(predicted.model.boot.total_seconds() / 60)
        asked = max(0, minute - boot)
        if (seen.wanted[asked : minute + 1] == predicted.wanted[asked : minute + 1]).all():
            return f"{text}: decided alike, and HAProxy had or lost them in other minutes than the model"
        at = next(place for place in range(asked, minute + 1) if seen.wanted[place] != predicted.wanted[place])
        at = next((place for place in range(at, -1, -1) if not self._is_apart(place)), -1) + 1
        sizes = f"{seen.wanted[at]} wanted, {predicted.wanted[at]} predicted"
        return f"{text}: decided otherwise at {seen.at(at):%H:%M} ({sizes}), {self._reason(at)}"

    def _is_apart(self, minute: int) -> bool:
        return bool(self.seen.wanted[minute] != self.predicted.wanted[minute])

    def _reason(self, minute: int) -> str:
        """What each decision went by."""
        before = range(max(0, minute - 3), minute)
        one = ", ".join("none" if (value := self.measured[at]) is None else f"{value:.1f}" for at in before)
        rates = 60 * self.predicted.load / np.maximum(self.predicted.in_service, 1)
        other = ", ".join(f"{rates[at]:.1f}" for at in before)
        return f"as the minutes before had {one} requests for each instance, and not {other}"
