"""KPIs of a group that runs, from what its cloud measured; what cannot be known is said, never guessed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from trimtab import metrics
from trimtab.errors import TrimtabError
from trimtab.kpis.card import Kpi, KpiOptions, Kpis, kpi
from trimtab.kpis.elasticity import required_capacity
from trimtab.kpis.scoring import Observed, Static, score, static_baseline
from trimtab.kpis.series import Floats, demand_of
from trimtab.models import Alarm, Metric, Policy, ScalingGroup, SimplePolicy, StepPolicy, TargetTrackingPolicy
from trimtab.providers.base import Activity
from trimtab.providers.datapoints import Datapoints, MetricQuery

Read = Callable[[Iterable[MetricQuery]], Sequence[Datapoints]]
_PERIODS = (
    (timedelta(days=15), timedelta(minutes=1)),
    (timedelta(days=63), timedelta(minutes=5)),
    (timedelta.max, timedelta(hours=1)),
)
"""How long clouds keep datapoints of a length; CloudWatch's own, which are the shortest:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention"""
_COARSE = timedelta(minutes=5)
_SATURATED = 99.0


@dataclass(frozen=True, kw_only=True)
class LiveGroupSource:
    """
    A group that runs, and how it is read.

    Attributes:
        group: The group of the fleet.
        name: Its name in the cloud.
        location: Its region.
        read: Answers queries for datapoints.
        activities: What was done to its size, newest first; `None` where that is not known.
        no_activities: Why they are not.
        most_activities: How many of them are there at most.
        sizes: The metric that counts its instances, where there is one.
        counts_booting: Whether that counts them before they are in service.
        switch: What has to be switched on so that there is one.
    """

    group: ScalingGroup
    name: str
    location: str
    read: Read
    activities: Sequence[Activity] | None = ()
    no_activities: str = ""
    most_activities: int = 100
    sizes: Metric | None = None
    counts_booting: bool = False
    switch: str = ""


def running_kpis(
    source: LiveGroupSource,
    since: datetime,
    until: datetime,
    *,
    baseline: Static = "static-p95",
    options: KpiOptions | None = None,
) -> Kpis:
    """The KPIs of a group that runs, between two moments."""
    readings = _Readings(source, since, until)
    supply, supply_note = readings.supply()
    demand, demand_note = readings.demand(supply)
    requests, errors = readings.of(metrics.requests, "sum"), readings.of(metrics.errors_5xx, "sum")
    seconds = readings.period.total_seconds()
    load = _rate(requests, seconds)
    lost = _rate(_zeros_where_counted(errors, requests), seconds)
    observed = Observed(
        group=source.group.name,
        since=readings.begin,
        demand=demand,
        supply=supply,
        seconds=seconds,
        load=load,
        served=None if load is None or lost is None else np.maximum(load - lost, 0),
        lost=lost,
        notes=(supply_note, demand_note, *readings.missing.values()),
    )
    card = score(observed, static_baseline(observed, baseline), options)
    return _finished(card, readings, source, options or KpiOptions())


def recorded_supply(
    source: LiveGroupSource, since: datetime, until: datetime
) -> tuple[datetime, timedelta, Floats, str]:
    """The size that was recorded of a group: when periods begin, their length, instances, and where they are from."""
    readings = _Readings(source, since, until)
    supply, note = readings.supply()
    return readings.begin, readings.period, supply, note


def _finished(card: Kpis, readings: "_Readings", source: LiveGroupSource, options: KpiOptions) -> Kpis:
    """The card with the KPIs that only a running group has; those that no cloud measures of one have a reason."""
    replaced = {
        "latency-p95": kpi(
            "latency-p95",
            float("nan"),
            "s",
            target=options.targets.get("latency-p95"),
            absent="the time that requests wait before they are served is not measured",
        ),
        "response-p95": _response(readings, options),
        "apdex": kpi(
            "apdex",
            float("nan"),
            target=options.targets.get("apdex"),
            absent="percentiles of minutes do not say how many requests were faster than T",
        ),
    }
    items = [replaced.get(item.name, item) for item in card]
    return Kpis(
        group=card.group,
        since=card.since,
        until=card.until,
        items=(*items, *_activities(source, readings.begin)),
        baseline=card.baseline,
        notes=card.notes,
    )


@dataclass
class _Readings:
    """What was read of a group, each metric once; why a metric is missing."""

    source: LiveGroupSource
    since: datetime
    until: datetime
    missing: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        length = self.until - self.since
        self.period = next(period for longest, period in _PERIODS if length <= longest)
        self._kept: dict[tuple[str, str], Floats | None] = {}
        self._align()
        cpu = self.of(metrics.cpu, "average")
        if cpu is not None and self.period < _COARSE and (~np.isnan(cpu)).mean() < 1 / 2:
            # hosts that measure themselves every five minutes leave four of five minutes empty
            self.period = _COARSE
            self._kept.clear()
            self._align()

    def _align(self) -> None:
        probe = MetricQuery(
            group=self.source.name, metric=metrics.cpu, since=self.since, until=self.until, period=self.period
        )
        times = probe.times
        self.begin = times[0] if times else self.since
        self.count = len(times)

    def of(self, metric: Metric, statistic: str) -> Floats | None:
        """A value for each period, NaN where there is none; nothing where no period has one."""
        key = (metric.name, statistic)
        if key not in self._kept:
            self._kept[key] = self._read(metric, statistic)
        return self._kept[key]

    def _read(self, metric: Metric, statistic: str) -> Floats | None:
        query = MetricQuery(
            group=self.source.name,
            metric=metric,
            since=self.since,
            until=self.until,
            period=self.period,
            statistic=statistic,
            location=self.source.location,
        )
        try:
            (answer,) = self.source.read([query])
        except TrimtabError as error:
            self.missing[metric.name] = f"{metric.name}: cannot be read: {error}"
            return None
        values = np.array([np.nan if value is None else value for value in answer.values], float)
        if np.isnan(values).all():
            self.missing[metric.name] = f"{metric.name}: no datapoint in this time"
            return None
        self.missing.pop(metric.name, None)
        result: Floats = np.maximum(values, 0)
        return result

    # sizes and needs

    def supply(self) -> tuple[Floats, str]:
        """Instances in service in each period, and where they are from."""
        if self.source.sizes is not None:
            found = self.of(self.source.sizes, "average")
            if found is not None:
                also = "; instances that boot are counted" if self.source.counts_booting else ""
                return np.round(found), f"supply: {self.source.sizes.name}, to whole instances{also}"
        requests, each = self.of(metrics.requests, "sum"), self.of(metrics.requests_per_instance, "average")
        if requests is not None and each is not None:
            minutes = self.period / timedelta(minutes=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                sizes = np.where(each > 0, np.round(requests / minutes / each), np.nan)
            return sizes, "supply: requests divided by requests per instance; unknown in times without requests"
        advice = f"; {self.source.switch}" if self.source.switch else ""
        return np.full(self.count, np.nan), f"supply: the size over time was not recorded{advice}"

    def demand(self, supply: Floats) -> tuple[Floats, str]:
        """Instances needed in each period: those that bring the CPU to what the group itself aims at."""
        unknown = np.full(self.count, np.nan)
        target = cpu_target(self.source.group)
        if target is None:
            return unknown, "demand: no policy or alarm says what CPU the group aims at"
        cpu = self.of(metrics.cpu, "average")
        if cpu is None:
            return unknown, "demand: the CPU was not measured"
        value, why = target
        note = f"demand: instances in service x CPU / {value:g} % ({why}), rounded up"
        full = float((cpu[~np.isnan(cpu)] >= _SATURATED).mean())
        if full:
            note += f"; in {100 * full:.3g} % of the time the CPU was full, so that more may have been needed"
        return demand_of(required_capacity(supply, cpu, value), 1.0), note


def cpu_target(group: ScalingGroup) -> tuple[float, str] | None:
    """What CPU a group aims at: its target tracking policy's, else the lowest alarm's that sets off more instances."""
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled and policy.metric == metrics.cpu:
            return float(policy.target), f"the target of policy {policy.name}"
    above = sorted((bar, alarm.name) for alarm in group.alarms if (bar := _scales_out_above(alarm, group)) is not None)
    return (above[0][0], f"alarm {above[0][1]}") if above else None


def _scales_out_above(alarm: Alarm, group: ScalingGroup) -> float | None:
    """The CPU above which an alarm sets off a policy that adds instances."""
    bar = alarm.at_least if alarm.above is None else alarm.above
    if alarm.metric != metrics.cpu or not bar or not alarm.enabled:
        return None
    return bar if any(policy.name in alarm.triggers and _adds(policy) for policy in group.policies) else None


def _adds(policy: Policy) -> bool:
    if isinstance(policy, SimplePolicy):
        return max(policy.change or 0, policy.percent or 0) > 0
    if isinstance(policy, StepPolicy):
        return any(max(step.change or 0, step.percent or 0) > 0 for step in policy.steps)
    return False


def _rate(counts: Floats | None, seconds: float) -> Floats | None:
    return None if counts is None else counts / seconds


def _zeros_where_counted(errors: Floats | None, requests: Floats | None) -> Floats | None:
    """Errors: balancers report none where there was none, as long as they report requests."""
    if errors is None or requests is None:
        return errors
    return np.where(np.isnan(errors) & ~np.isnan(requests), 0.0, errors)


def _response(readings: _Readings, options: KpiOptions) -> Kpi:
    """
    What percentiles of periods say about that of the whole time: it lies between the smallest and the largest.

    If 95 % of the requests of every period are below a bar, so are 95 % of all; if those of no period, neither.
    """
    target = options.targets.get("response-p95")
    points = readings.of(metrics.latency, "p95")
    if points is None:
        return kpi("response-p95", float("nan"), "s", target=target, absent=readings.missing["latency"])
    low, high = float(np.nanmin(points)), float(np.nanmax(points))
    if low == high:
        return kpi("response-p95", low, "s", target=target)
    verdict = None
    if target is not None and target.passes(low) == target.passes(high):
        verdict = target.passes(high)
    return Kpi(
        name="response-p95",
        value=None,
        unit="s",
        target=target,
        verdict=verdict,
        note=f"between {low:.4g} and {high:.4g} s: percentiles of periods do not add up to one",
    )


def _activities(source: LiveGroupSource, since: datetime) -> tuple[Kpi, ...]:
    if source.activities is None:
        names, nothing = ("activities", "failed-activities"), float("nan")
        return tuple(kpi(name, nothing, absent=source.no_activities) for name in names)
    done = [each for each in source.activities if each.at >= since]
    failed = [each for each in done if each.status == "failed"]
    more = "at least: older ones were not read" if len(done) >= source.most_activities else ""
    return (
        kpi("activities", float(len(done)), note=more or "what the cloud did to the size"),
        kpi("failed-activities", float(len(failed)), note=more or (failed[0].description if failed else "")),
    )
