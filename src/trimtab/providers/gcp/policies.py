"""The policies of a group as signals of its autoscaler; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.engine.rounding import exact
from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource, PredictiveMode, PredictivePolicy, ScalingGroup, TargetTrackingPolicy
from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp.metrics import Measured, PointShape, Scope, find_metric, metric_for, to_native
from trimtab.providers.metrics import is_counted

CPU, BALANCING = "cpu", "requests-per-instance"
IDLE_TARGET = 1.0
"""A CPU target that adds nothing, where schedules alone move the size: an autoscaler always has a signal."""
TARGET_UTILIZATION = 0.8
"""
How full a backend is held; the rest of its rate is for the time that a new instance takes.

https://cloud.google.com/compute/docs/reference/rest/v1/autoscalers: the default of `loadBalancingUtilization`.
"""
IDLE: Mapping[str, Any] = {"cpuUtilization": {"utilizationTarget": IDLE_TARGET, "predictiveMethod": "NONE"}}
MOST_CUSTOM = 5
"""
Metrics of Cloud Monitoring in one policy.

https://docs.cloud.google.com/compute/docs/autoscaler/scaling-cloud-monitoring-metrics
"""


def tracked(group: ScalingGroup) -> list[TargetTrackingPolicy]:
    """The target tracking policies that act: of several that hold one metric the first."""
    by_metric: dict[str, TargetTrackingPolicy] = {}
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled and not metric_problem(policy.metric):
            by_metric.setdefault(_identity(policy.metric), policy)
    return list(by_metric.values())


def is_cpu(metric: Metric) -> bool:
    """Whether an autoscaler measures it by itself."""
    return metric.name == CPU and metric.source is MetricSource.HOST


def is_balancing(metric: Metric) -> bool:
    """Whether the load balancer's backends measure it."""
    return metric.name == BALANCING and metric.source is MetricSource.BALANCER


def forecast_of(group: ScalingGroup) -> PredictivePolicy | None:
    """The predictive policy that acts; one that only forecasts does nothing."""
    return next(iter(_forecasts(group)), None)


def _forecasts(group: ScalingGroup) -> list[PredictivePolicy]:
    forecasts = [policy for policy in group.policies if isinstance(policy, PredictivePolicy) and policy.enabled]
    return [
        policy for policy in forecasts if policy.mode is PredictiveMode.FORECAST_AND_SCALE and is_cpu(policy.metric)
    ]


def signals_of(group: ScalingGroup, scope: Scope) -> dict[str, Any]:
    """The signals of the policies that act."""
    tracking = tracked(group)
    custom = [
        _custom(policy, scope) for policy in tracking if not (is_cpu(policy.metric) or is_balancing(policy.metric))
    ]
    balancing = (
        {"utilizationTarget": TARGET_UTILIZATION} if any(is_balancing(policy.metric) for policy in tracking) else {}
    )
    cpu = next((policy for policy in tracking if is_cpu(policy.metric)), None)
    return drop_empty(
        cpuUtilization=_cpu(cpu, forecast_of(group), alone=not tracking),
        loadBalancingUtilization=balancing,
        customMetricUtilizations=sorted(custom, key=lambda signal: str(signal["metric"])),
    )


def _cpu(policy: TargetTrackingPolicy | None, forecast: PredictivePolicy | None, *, alone: bool) -> dict[str, Any]:
    if forecast is not None:
        target = policy.target if policy is not None else forecast.target
        return {"utilizationTarget": _fraction(target), "predictiveMethod": "OPTIMIZE_AVAILABILITY"}
    if policy is not None:
        return {"utilizationTarget": _fraction(policy.target), "predictiveMethod": "NONE"}
    return dict(IDLE["cpuUtilization"]) if alone else {}


def _fraction(percent: float) -> float:
    return float(exact(percent) / 100)


def _custom(policy: TargetTrackingPolicy, scope: Scope) -> dict[str, Any]:
    measured = metric_for(policy.metric, scope)
    native = measured.native
    target = to_native(policy.target, native)
    held = (
        {"singleInstanceAssignment": target}
        if native.shared
        else {"utilizationTarget": target, "utilizationTargetType": _sort(measured)}
    )
    return {"metric": native.type, **drop_empty(filter=measured.signal_filter or None), **held}


def _sort(measured: Measured) -> str:
    return "DELTA_PER_SECOND" if measured.native.per_second else "GAUGE"


def rate_of(group: ScalingGroup) -> float | None:
    """The rate in a second at which one instance is full, where the balancer's signal sizes the group."""
    policy = next((tracker for tracker in tracked(group) if is_balancing(tracker.metric)), None)
    return None if policy is None else _rate(policy.target)


def _rate(target: float) -> float:
    """A target in a minute as a rate in a second, to thousandths: the API keeps it in single precision."""
    return round(float(exact(target) / 60 / exact(TARGET_UTILIZATION)), 3)


def per_minute(rate: float) -> float:
    """The roundest target in a minute that a rate of one instance stands for."""
    target = float(exact(rate) * 60 * exact(TARGET_UTILIZATION))
    return next(
        (round(target, digits) for digits in range(3) if _rate(round(target, digits)) == round(rate, 3)), target
    )


# what an autoscaler cannot say


def policy_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What keeps a group's policies from being signals of its autoscaler: path and text."""
    tracking = tracked(group)
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled:
            yield from _own_problems(policy, tracking)
    if sum(not (is_cpu(tracker.metric) or is_balancing(tracker.metric)) for tracker in tracking) > MOST_CUSTOM:
        yield "policies", f"an autoscaler holds {MOST_CUSTOM} metrics of Cloud Monitoring at most"
    balancing = next((tracker for tracker in tracking if is_balancing(tracker.metric)), None)
    if balancing is not None and rate_of(group) == 0:
        text = "a backend service counts thousandths of a request in a second"
        yield f"policies.{balancing.name}.target", text
    yield from _forecast_problems(group)


def metric_problem(metric: Metric) -> str | None:
    """What keeps an autoscaler from holding a metric at a target; `None` when nothing does."""
    if is_cpu(metric) or is_balancing(metric):
        return None
    try:
        native = metric_for(metric, Scope("")).native
    except Unsupported as error:
        return str(error)
    if native.shape is PointShape.DISTRIBUTION or (is_counted(metric) and not native.shared):
        text = f"an autoscaler cannot hold {metric.name!r} at a target: it is not measured per instance"
        return f"{text}; use `cpu` or a custom metric"
    return None


def _own_problems(policy: TargetTrackingPolicy, tracking: Sequence[TargetTrackingPolicy]) -> Iterator[tuple[str, str]]:
    where = f"policies.{policy.name}"
    if problem := metric_problem(policy.metric):
        yield f"{where}.metric", problem
        return
    first = next(tracker for tracker in tracking if _identity(tracker.metric) == _identity(policy.metric))
    if first is not policy:
        text = f"{first.name!r} holds it already, and an autoscaler has one target for a metric"
        yield f"{where}.metric", text
    if policy.statistic != "average":
        yield f"{where}.statistic", "an autoscaler takes the average of a metric; leave it out"
    if is_cpu(policy.metric) and policy.target > 100:
        yield f"{where}.target", "CPU cannot be held above 100 per cent; lower the target"


def _identity(metric: Metric) -> str:
    """What tells signals apart: the type of a metric, whatever its filter (gcloud's `--remove-stackdriver-metric`)."""
    native = find_metric(metric)
    return metric.name if native is None else native.type


def _forecast_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    forecast, cpu = forecast_of(group), next((tracker for tracker in tracked(group) if is_cpu(tracker.metric)), None)
    if forecast is None:
        return
    for policy in _forecasts(group)[1:]:
        yield f"policies.{policy.name}", f"an autoscaler has one forecast, and {forecast.name!r} is it"
    if cpu is not None and forecast.target != cpu.target:
        text = f"one CPU target is for what is and what is forecast, and {cpu.name!r} holds {cpu.target:g}; write that"
        yield f"policies.{forecast.name}.target", text
