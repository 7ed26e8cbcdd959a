"""A group's bounds, policies and schedules as one autoscaler; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from trimtab.engine.rounding import exact
from trimtab.engine.signals import LONGEST_STABILIZATION, MOST_SCHEDULES, window_problem
from trimtab.engine.windows import Minimums, minimums_of, only_raises_minimum
from trimtab.errors import Unsupported
from trimtab.models import Metric, MetricSource, PredictiveMode, PredictivePolicy, ScalingGroup, TargetTrackingPolicy
from trimtab.plan import Ref
from trimtab.providers.gcp.metrics import Measured, Scope, Shape, find_metric, metric_for, to_native
from trimtab.providers.gcp.names import MANUAL_SIZE_SCHEDULE, seconds
from trimtab.providers.naming import drop_empty

CPU, BALANCING = "cpu", "requests-per-instance"
ON, OFF, ONLY_OUT = "ON", "OFF", "ONLY_SCALE_OUT"
IDLE_TARGET = 1.0
"""A CPU target that adds nothing, where schedules alone move the size: an autoscaler always has a signal."""
TARGET_UTILIZATION = 0.8
"""How full a backend is held; the rest of its rate is for the time that a new instance takes."""
_IDLE: Mapping[str, Any] = {"cpuUtilization": {"utilizationTarget": IDLE_TARGET, "predictiveMethod": "NONE"}}
INITIALIZATION = timedelta(seconds=60)
SCALE_IN_WINDOW = timedelta(minutes=10)
MOST_CUSTOM = 5
"""Metrics of Cloud Monitoring in one policy (Use an autoscaling policy with multiple signals, Compute Engine)."""
_POLICY = "autoscalingPolicy"


class Autoscaler(NamedTuple):
    """An autoscaler's body, and the model fields that its leaves come from."""

    body: Mapping[str, Any]
    sources: Mapping[str, str]


def autoscaler_of(group: ScalingGroup, scope: Scope, target: Ref | str) -> Autoscaler:
    """
    The autoscaler of a group: all that is native of its policies and schedules.

    Where nothing of it decides the size, it only keeps the group's bounds and is off.
    """
    mode, minimums = mode_of(group), minimums_held(group)
    signals = dict(_IDLE) if mode == OFF else _signals(group, scope)
    policy = drop_empty(
        minNumReplicas=minimums.base,
        maxNumReplicas=group.capacity.max,
        mode=mode,
        coolDownPeriodSec=seconds(initialization_of(group)),
        stabilizationPeriodSec=_stabilization(group),
        scaleInControl=_scale_in_control(group),
        scalingSchedules={window.name: _schedule(window) for window in minimums.windows},
        **signals,
    )
    return Autoscaler({"target": target, _POLICY: policy}, dict(_sources(group, minimums)))


def mode_of(group: ScalingGroup) -> str:
    """What the autoscaler may do: nothing where nothing native decides the size."""
    if not (tracked(group) or forecast_of(group) or _raises_minimum(group)):
        return OFF
    return ONLY_OUT if group.gcp.mode == "only-scale-out" or is_outwards(group) else ON


def is_outwards(group: ScalingGroup) -> bool:
    """Whether no policy of a group that holds a metric removes instances."""
    tracking = tracked(group)
    return bool(tracking) and not any(policy.scale_in for policy in tracking)


def minimums_held(group: ScalingGroup) -> Minimums:
    """The minimums that the autoscaler of a group keeps."""
    if mode_of(group) == OFF or not only_raises_minimum(group):
        return Minimums(group.capacity.min)
    return minimums_of(group)


def _raises_minimum(group: ScalingGroup) -> bool:
    """Whether a schedule ever has more instances than the group's own minimum."""
    if not group.schedules or not only_raises_minimum(group):
        return False
    minimums = minimums_of(group)
    return bool(minimums.windows) or minimums.base > group.capacity.min


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


def initialization_of(group: ScalingGroup) -> timedelta:
    """How long the metrics of a new instance are ignored: there is one such period for all signals."""
    own = [policy.warm_up for policy in tracked(group) if policy.warm_up is not None]
    periods = (group.gcp.initialization, max(own, default=None), group.warm_up)
    return next((period for period in periods if period is not None), INITIALIZATION)


def _stabilization(group: ScalingGroup) -> int | None:
    period = group.gcp.stabilization if group.gcp.stabilization is not None else group.stabilization
    return None if period is None else seconds(period)


def _scale_in_control(group: ScalingGroup) -> dict[str, Any]:
    if group.gcp.scale_in_limit is None:
        return {}
    window = group.gcp.scale_in_window or SCALE_IN_WINDOW
    return {"maxScaledInReplicas": {"fixed": group.gcp.scale_in_limit}, "timeWindowSec": seconds(window)}


def _schedule(window: Any) -> dict[str, Any]:
    return {
        "schedule": window.cron,
        "timeZone": window.zone,
        "durationSec": seconds(window.duration),
        "minRequiredReplicas": window.min,
        "disabled": False,
    }


# signals


def _signals(group: ScalingGroup, scope: Scope) -> dict[str, Any]:
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
    return dict(_IDLE["cpuUtilization"]) if alone else {}


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


# where the leaves come from


def _sources(group: ScalingGroup, minimums: Minimums) -> Iterator[tuple[str, str]]:
    for policy in tracked(group):
        where = f"policies.{policy.name}"
        if is_cpu(policy.metric):
            yield f"{_POLICY}.cpuUtilization", f"{where}.target {where}.metric"
        elif is_balancing(policy.metric):
            yield f"{_POLICY}.loadBalancingUtilization", f"{where}.metric {where}.target"
        else:
            native = metric_for(policy.metric, Scope("")).native
            yield f"{_POLICY}.customMetricUtilizations[{native.type}]", f"{where}.target {where}.metric"
    forecast = forecast_of(group)
    if forecast is not None:
        where = f"policies.{forecast.name}"
        yield f"{_POLICY}.cpuUtilization.predictiveMethod", f"{where}.mode {where}.metric"
    for window in minimums.windows:
        where, path = f"schedules.{window.schedule}", f"{_POLICY}.scalingSchedules.{window.name}"
        yield path, where
        yield f"{path}.schedule", f"{where}.cron {where}.at {where}.until"
        yield f"{path}.durationSec", f"{where}.duration {where}.until"
        yield f"{path}.minRequiredReplicas", f"{where}.min"
        yield f"{path}.timeZone", f"{where}.zone"


# what an autoscaler cannot say


def problems_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """What keeps a group's policies and schedules from being an autoscaler: path and text."""
    tracking = tracked(group)
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy) and policy.enabled:
            yield from _policy_problems(policy, tracking)
    if sum(not (is_cpu(tracker.metric) or is_balancing(tracker.metric)) for tracker in tracking) > MOST_CUSTOM:
        yield "policies", f"an autoscaler holds {MOST_CUSTOM} metrics of Cloud Monitoring at most"
    balancing = next((tracker for tracker in tracking if is_balancing(tracker.metric)), None)
    if balancing is not None and rate_of(group) == 0:
        text = "a backend service counts thousandths of a request in a second"
        yield f"policies.{balancing.name}.target", text
    yield from _forecast_problems(group)
    yield from _window_problems(group)


def metric_problem(metric: Metric) -> str | None:
    """What keeps an autoscaler from holding a metric at a target; `None` when nothing does."""
    if is_cpu(metric) or is_balancing(metric):
        return None
    try:
        native = metric_for(metric, Scope("")).native
    except Unsupported as error:
        return str(error)
    if native.shape is Shape.DISTRIBUTION or (native.counts and not native.shared):
        return f"an autoscaler holds no {metric.name!r} at a target: it is no number of an instance"
    return None


def _policy_problems(
    policy: TargetTrackingPolicy, tracking: Sequence[TargetTrackingPolicy]
) -> Iterator[tuple[str, str]]:
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
        yield f"{where}.target", "CPU is held at 100 per cent at most"


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
        text = f"one CPU target is for what is and what is forecast, and {cpu.name!r} holds {cpu.target:g}"
        yield f"policies.{forecast.name}.target", text


def _window_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    settings = group.gcp
    if settings.scale_in_window is not None and settings.scale_in_limit is None:
        yield "gcp.scale_in_window", "it goes with `gcp.scale_in_limit`; give both"
    period = settings.stabilization if settings.stabilization is not None else group.stabilization
    if period is not None and period > LONGEST_STABILIZATION:
        path = "stabilization" if settings.stabilization is None else "gcp.stabilization"
        yield path, f"an autoscaler looks back an hour at most, not {period}"
    windows = minimums_held(group).windows
    for window in windows:
        if window.name == MANUAL_SIZE_SCHEDULE:
            text = f"{window.name!r} is the schedule that holds a size asked for; rename it"
            yield f"schedules.{window.schedule}", text
        if problem := window_problem(window.cron, window.zone, window.duration):
            yield f"schedules.{window.schedule}", problem
    if len(windows) > MOST_SCHEDULES:
        yield "schedules", f"they make {len(windows)} windows, and an autoscaler has {MOST_SCHEDULES} at most"
