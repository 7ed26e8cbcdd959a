"""Scaling policies as PutScalingPolicy takes them; pure."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, assert_never

from trimtab.errors import Unsupported
from trimtab.models import (
    MaximumBreach,
    Metric,
    MetricSource,
    Policy,
    PredictiveMode,
    PredictivePolicy,
    ScalingGroup,
    SimplePolicy,
    Step,
    StepPolicy,
    TargetTrackingPolicy,
)
from trimtab.providers.aws.metrics import (
    NATIVE_STATISTICS,
    PER_INSTANCE,
    SAME_UNIT,
    Scope,
    counted_once,
    math_queries,
    metric_for,
    quotient,
    scale_of,
    scaled,
    statistic_of,
)
from trimtab.providers.metrics import natural_statistic, refuse_external

STATISTICS = NATIVE_STATISTICS
AMOUNTS = {"change": "ChangeInCapacity", "percent": "PercentChangeInCapacity", "to": "ExactCapacity"}
TRACKED = {
    "cpu": "ASGAverageCPUUtilization",
    "network-in": "ASGAverageNetworkIn",
    "network-out": "ASGAverageNetworkOut",
    "requests-per-instance": "ALBRequestCountPerTarget",
}
"""Metrics that a target tracking policy knows by itself."""
FORECAST = {
    "cpu": "ASGCPUUtilization",
    "network-in": "ASGNetworkIn",
    "network-out": "ASGNetworkOut",
    "requests-per-instance": "ALBRequestCount",
}
"""Pairs of metrics that a predictive policy knows by itself."""
LOADS = {
    "cpu": "ASGTotalCPUUtilization",
    "network-in": "ASGTotalNetworkIn",
    "network-out": "ASGTotalNetworkOut",
    "requests": "ALBTargetGroupRequestCount",
}
"""Loads that a predictive policy forecasts beside the metric that it holds at a target."""
NativePolicy = SimplePolicy | StepPolicy | TargetTrackingPolicy | PredictivePolicy
"""The policies that AWS has a form for."""
MODES = {PredictiveMode.FORECAST_ONLY: "ForecastOnly", PredictiveMode.FORECAST_AND_SCALE: "ForecastAndScale"}
BREACHES = {MaximumBreach.HONOR: "HonorMaxCapacity", MaximumBreach.INCREASE: "IncreaseMaxCapacity"}
MINUTE = timedelta(minutes=1)
STATISTIC_OF_PARTS = "each part of metric math has a `statistic` of its own; leave this one out"


def policy_body(policy: NativePolicy, scope: Scope | None) -> dict[str, Any]:
    """
    The body of a policy that AWS has a form for.

    Args:
        policy: The policy.
        scope: Where its metric is found; `None` leaves the metric out.

    Raises:
        Unsupported: Its metric takes what the group does not have.
    """
    match policy:
        case SimplePolicy():
            return _simple(policy)
        case StepPolicy():
            return _step(policy)
        case TargetTrackingPolicy():
            return _target_tracking(policy, scope)
        case PredictivePolicy():
            return _predictive(policy, scope)
        case _:
            assert_never(policy)


def _simple(policy: SimplePolicy) -> dict[str, Any]:
    word = amount_word(policy)
    return {
        "PolicyType": "SimpleScaling",
        "AdjustmentType": AMOUNTS[word],
        "ScalingAdjustment": getattr(policy, word),
        "MinAdjustmentMagnitude": policy.minimum_change,
        "Cooldown": seconds(policy.cooldown),
        "Enabled": policy.enabled,
    }


def _step(policy: StepPolicy) -> dict[str, Any]:
    word = amount_word(policy.steps[0])
    return {
        "PolicyType": "StepScaling",
        "AdjustmentType": AMOUNTS[word],
        "StepAdjustments": [_adjustment(step, word) for step in policy.steps],
        "MinAdjustmentMagnitude": policy.minimum_change,
        "EstimatedInstanceWarmup": seconds(policy.warm_up),
        "MetricAggregationType": "Average",
        "Enabled": policy.enabled,
    }


def _adjustment(step: Step, word: str) -> dict[str, Any]:
    ends = {"MetricIntervalLowerBound": step.lower, "MetricIntervalUpperBound": step.upper}
    given = {name: float(value) for name, value in ends.items() if value is not None}
    return {**given, "ScalingAdjustment": getattr(step, word)}


def _target_tracking(policy: TargetTrackingPolicy, scope: Scope | None) -> dict[str, Any]:
    statistic = natural_statistic(policy.metric, policy.statistic)
    factor = scale_of(policy.metric, statistic, MINUTE, detailed=scope is not None and scope.detailed)
    return {
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            **({} if scope is None else _tracked(policy.metric, statistic, scope)),
            "TargetValue": scaled(policy.target, factor),
            "DisableScaleIn": not policy.scale_in,
        },
        "EstimatedInstanceWarmup": seconds(policy.warm_up),
        "Enabled": policy.enabled,
    }


def _tracked(metric: Metric, statistic: str, scope: Scope) -> dict[str, Any]:
    refuse_external(metric)
    if metric.source is MetricSource.PROMQL:
        text = "target tracking on AWS does not support PromQL; let an alarm on the query trigger a policy"
        raise Unsupported(f"{text}, or name its `source`, which a running controller asks")
    if metric.source is MetricSource.MATH:
        return {"CustomizedMetricSpecification": {"Metrics": _without_period(math_queries(metric, scope, 60))}}
    if metric.name in TRACKED and metric.namespace is None and statistic == natural_statistic(metric, "average"):
        known = {"PredefinedMetricType": TRACKED[metric.name], **_label(metric, scope)}
        return {"PredefinedMetricSpecification": known}
    if metric.name == PER_INSTANCE and metric.namespace is None:
        parts = quotient(metric, scope, 60, native_statistic(statistic))
        return {"CustomizedMetricSpecification": {"Metrics": _without_period(parts)}}
    name, namespace, dimensions = metric_for(metric, scope)
    own = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())],
        "Statistic": native_statistic(statistic),
    }
    return {"CustomizedMetricSpecification": {key: value for key, value in own.items() if value != []}}


def policy_remarks(policy: Policy) -> Iterator[tuple[str, str, bool]]:
    """What AWS has no use for in a policy: the field, what to say of it, and whether that does harm."""
    match policy:
        case TargetTrackingPolicy() if counted_once(policy.metric, policy.statistic):
            yield "statistic", f"{policy.metric.name} reports each event as 1; use `sum`", True
        case TargetTrackingPolicy() if policy.metric.source is MetricSource.MATH and policy.statistic != "average":
            yield "statistic", STATISTIC_OF_PARTS, True
        case TargetTrackingPolicy() if policy.statistic == "sum" == natural_statistic(policy.metric, "average"):
            yield "statistic", "CloudWatch adds up a count in any case", False
        case PredictivePolicy() if policy.maximum_buffer is not None and policy.maximum_breach is MaximumBreach.HONOR:
            yield "maximum_buffer", "it goes with `maximum_breach: increase` only", False


def _without_period(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Target tracking takes its metrics each minute and has no period of its own."""
    for part in parts:
        part.get("MetricStat", {}).pop("Period", None)
    return parts


def _label(metric: Metric, scope: Scope) -> dict[str, str]:
    if metric.name != "requests-per-instance":
        return {}
    metric_for(metric, scope)  # says what is missing where there is no balancer
    return {"ResourceLabel": scope.label}


def _predictive(policy: PredictivePolicy, scope: Scope | None) -> dict[str, Any]:
    factor = scale_of(policy.metric, "average", MINUTE, detailed=scope is not None and scope.detailed)
    load = {"PredefinedLoadMetricSpecification": _load(policy.load, "")} if policy.load else {}
    metrics = load if scope is None else _forecast_metrics(policy, scope)
    what = {"TargetValue": scaled(policy.target, factor), **metrics}
    config: Mapping[str, Any] = {
        "MetricSpecifications": [what],
        "Mode": MODES[policy.mode],
        "SchedulingBufferTime": seconds(policy.buffer),
        "MaxCapacityBreachBehavior": BREACHES[policy.maximum_breach],
        # AWS takes a buffer with IncreaseMaxCapacity only, and asks for one then
        "MaxCapacityBuffer": (policy.maximum_buffer or 0) if policy.maximum_breach is MaximumBreach.INCREASE else None,
    }
    return {
        "PolicyType": "PredictiveScaling",
        "PredictiveScalingConfiguration": {name: value for name, value in config.items() if value is not None},
        "Enabled": policy.enabled,
    }


def _forecast_metrics(policy: PredictivePolicy, scope: Scope) -> dict[str, Any]:
    """The pair of a metric that AWS knows, or what is forecast and what is held at the target each by itself."""
    if policy.load is None:
        return {"PredefinedMetricPairSpecification": _pair(policy.metric, scope)}
    _pair(policy.metric, scope)  # says what no predictive policy knows
    held = {"PredefinedMetricType": TRACKED[policy.metric.name], **_label(policy.metric, scope)}
    return {
        "PredefinedScalingMetricSpecification": held,
        "PredefinedLoadMetricSpecification": _load(policy.load, scope.label),
    }


def _load(load: str, label: str) -> dict[str, str]:
    named = {"ResourceLabel": label} if load == "requests" and label else {}
    return {"PredefinedMetricType": LOADS[load], **named}


def _pair(metric: Metric, scope: Scope) -> dict[str, str]:
    refuse_external(metric)
    if metric.name not in FORECAST or metric.namespace is not None:
        raise Unsupported(f"predictive scaling on AWS does not support {metric.name!r}; use {', '.join(FORECAST)}")
    return {"PredefinedMetricType": FORECAST[metric.name], **_label(metric, scope)}


def native_statistic(statistic: str) -> str:
    """A statistic as CloudWatch has it; percentiles are called the same."""
    return STATISTICS.get(statistic, statistic)


def statistic_word(native: str) -> str:
    """Our word for a statistic of CloudWatch's."""
    return next((word for word, statistic in STATISTICS.items() if statistic == native), native)


def amount_word(amount: SimplePolicy | Step) -> str:
    """Which of `change`, `percent` and `to` an amount gives."""
    return next(name for name in AMOUNTS if getattr(amount, name) is not None)


def seconds(duration: timedelta | None) -> int | None:
    """A duration as AWS takes it."""
    return None if duration is None else int(duration.total_seconds())


def step_problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """Steps are offsets in our unit; where CloudWatch counts in another, they would be wrong by its factor."""
    detailed = bool(group.template.detailed_monitoring)
    stepped = {policy.name for policy in group.policies if isinstance(policy, StepPolicy)}
    for alarm in group.alarms:
        factor = scale_of(alarm.metric, statistic_of(alarm), alarm.period, detailed=detailed)
        for name in alarm.triggers:
            if name in stepped and factor != SAME_UNIT:
                yield (
                    f"policies.{name}.steps",
                    f"alarm {alarm.name!r} watches {alarm.metric.name!r}, which CloudWatch counts in another unit; "
                    "trigger a simple policy, or watch a custom metric in CloudWatch's own unit",
                )
