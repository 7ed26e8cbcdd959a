"""What PutScalingPolicy refuses."""

from typing import Any

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.forecasts import check_predictive
from trimtab.emulators.aws.tracking import check_tracking
from trimtab.engine.policies import step_problem

ADJUSTMENTS = ("ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
# which fields a type must have, and which only it may have
_REQUIRED = {
    "SimpleScaling": ("AdjustmentType", "ScalingAdjustment"),
    "StepScaling": ("AdjustmentType", "StepAdjustments"),
    "TargetTrackingScaling": ("TargetTrackingConfiguration",),
    "PredictiveScaling": ("PredictiveScalingConfiguration",),
}
_ALLOWED = {
    "SimpleScaling": {"MinAdjustmentStep", "MinAdjustmentMagnitude", "Cooldown"},
    "StepScaling": {"MinAdjustmentMagnitude", "MetricAggregationType", "EstimatedInstanceWarmup"},
    "TargetTrackingScaling": {"EstimatedInstanceWarmup"},
    "PredictiveScaling": set[str](),
}
_ALWAYS = {"AutoScalingGroupName", "PolicyName", "PolicyType", "Enabled"}


def check_policy(kind: str, params: dict[str, Any]) -> None:
    """Refuse a policy that the service refuses."""
    if kind not in _REQUIRED:
        raise invalid(f"Invalid policy type {kind}. Valid types are: {', '.join(_REQUIRED)}")
    for name in _REQUIRED[kind]:
        if params.get(name) is None or params[name] == []:
            raise invalid(f"{name} is required for policy type {kind}")
    for name in params:
        if name not in _ALWAYS | _ALLOWED[kind] | set(_REQUIRED[kind]):
            raise invalid(f"{name} is not supported for policy type {kind}")
    _check_adjustment(params)
    _check_steps(params.get("StepAdjustments") or [])
    if kind == "TargetTrackingScaling":
        check_tracking(params["TargetTrackingConfiguration"])
    if kind == "PredictiveScaling":
        check_predictive(params["PredictiveScalingConfiguration"])


def _check_adjustment(params: dict[str, Any]) -> None:
    kind = params.get("AdjustmentType")
    if kind is not None and kind not in ADJUSTMENTS:
        raise invalid(f"Invalid adjustment type {kind}. Valid types are: {', '.join(ADJUSTMENTS)}")
    if kind != "PercentChangeInCapacity" and params.get("MinAdjustmentMagnitude") is not None:
        raise invalid("MinAdjustmentMagnitude is only supported for adjustment type PercentChangeInCapacity")
    amounts = [params.get("ScalingAdjustment") or 0]
    amounts += [step["ScalingAdjustment"] for step in params.get("StepAdjustments") or ()]
    if kind == "ExactCapacity" and min(amounts) < 0:
        raise invalid("ScalingAdjustment must be a non-negative value for adjustment type ExactCapacity")
    if params.get("MetricAggregationType", "Average") not in ("Minimum", "Maximum", "Average"):
        raise invalid("Valid metric aggregation types are: Minimum, Maximum, Average")


def _check_steps(steps: list[dict[str, Any]]) -> None:
    bounds = [(step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")) for step in steps]
    problem = step_problem(bounds) if steps else None
    if problem is not None:
        raise invalid(f"Invalid StepAdjustments: {problem.replace('`', '')}")
