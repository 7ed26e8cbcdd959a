"""Scaling policies as `DescribePolicies` answers them, in the words of the model."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.errors import Unsupported
from trimtab.models import Metric, PredictivePolicy, SimplePolicy, StepPolicy, TargetTrackingPolicy
from trimtab.models.metric import NEUTRAL
from trimtab.providers.aws.importing.metrics import (
    MetricContext,
    dimensions_of,
    find_metrics,
    labelled,
    of_queries,
    unscaled,
)
from trimtab.providers.aws.metrics import scale_of
from trimtab.providers.aws.policies import (
    AMOUNTS,
    BREACHES,
    FORECAST,
    LOADS,
    MINUTE,
    MODES,
    TRACKED,
    NativePolicy,
    statistic_word,
)
from trimtab.providers.metrics import natural_statistic

WORDS = {native: word for word, native in AMOUNTS.items()}


def read_policy(item: Mapping[str, Any], name: str, around: MetricContext) -> NativePolicy:
    """
    A policy of any type.

    Raises:
        Unsupported: The model has no such policy.
    """
    common = {"name": name, **({} if item.get("Enabled", True) else {"enabled": False})}
    match item.get("PolicyType", "SimpleScaling"):
        case "SimpleScaling":
            return SimplePolicy.model_validate({**common, **_simple(item)})
        case "StepScaling":
            return StepPolicy.model_validate({**common, **_step(item)})
        case "TargetTrackingScaling":
            return TargetTrackingPolicy.model_validate({**common, **_target_tracking(item, around)})
        case "PredictiveScaling":
            return PredictivePolicy.model_validate({**common, **_predictive(item, around)})
        case other:
            raise Unsupported(f"policies of type {other} are not supported")


def drop_none(**fields: Any) -> dict[str, Any]:
    """The fields that are there."""
    return {name: value for name, value in fields.items() if value is not None}


def duration(seconds: float | None) -> timedelta | None:
    """Seconds as a duration."""
    return None if seconds is None else timedelta(seconds=seconds)


def _word(item: Mapping[str, Any]) -> str:
    native = item.get("AdjustmentType", "")
    if native not in WORDS:
        raise Unsupported(f"changes of type {native} are not supported")
    return WORDS[native]


def _simple(item: Mapping[str, Any]) -> dict[str, Any]:
    word = _word(item)
    return drop_none(
        **{word: item.get("ScalingAdjustment")},
        minimum_change=_least(item) if word == "percent" else None,
        cooldown=duration(item.get("Cooldown")),
    )


def _least(item: Mapping[str, Any]) -> int | None:
    """The least change, also by its older name."""
    least: int | None = item.get("MinAdjustmentMagnitude", item.get("MinAdjustmentStep"))
    return least


def _step(item: Mapping[str, Any]) -> dict[str, Any]:
    word = _word(item)
    steps = [
        drop_none(
            lower=step.get("MetricIntervalLowerBound"),
            upper=step.get("MetricIntervalUpperBound"),
            **{word: step.get("ScalingAdjustment")},
        )
        for step in item.get("StepAdjustments") or ()
    ]
    return drop_none(
        steps=sorted(steps, key=lambda step: step.get("lower", float("-inf"))),
        minimum_change=_least(item),
        warm_up=duration(item.get("EstimatedInstanceWarmup")),
    )


def _target_tracking(item: Mapping[str, Any], around: MetricContext) -> dict[str, Any]:
    config = item.get("TargetTrackingConfiguration") or {}
    metric, statistic = _tracked(config, around)
    factor = scale_of(metric, natural_statistic(metric, statistic), MINUTE, detailed=around.detailed)
    return drop_none(
        metric=metric,
        statistic=None if statistic == "average" else statistic,
        target=unscaled(config["TargetValue"], factor) if "TargetValue" in config else None,
        scale_in=False if config.get("DisableScaleIn") else None,
        warm_up=duration(item.get("EstimatedInstanceWarmup")),
    )


def _tracked(config: Mapping[str, Any], around: MetricContext) -> tuple[Metric, str]:
    known, own = config.get("PredefinedMetricSpecification"), config.get("CustomizedMetricSpecification") or {}
    if known:
        return _predefined(known, around, TRACKED), "average"
    if own.get("Metrics"):
        return of_queries(own["Metrics"], around)
    if not own:
        raise Unsupported("the metric that it tracks is not supported")
    statistic = statistic_word(own.get("Statistic", "Average"))
    candidates = find_metrics(own.get("MetricName", ""), own.get("Namespace", ""), dimensions_of(own), around)
    # the metrics that target tracking knows by itself are written so, and not by name and dimensions
    return next(
        (metric, statistic)
        for metric in candidates
        if metric.namespace or metric.name not in TRACKED or statistic != natural_statistic(metric, "average")
    )


def _predefined(known: Mapping[str, Any], around: MetricContext, rows: Mapping[str, str]) -> Metric:
    native = known.get("PredefinedMetricType")
    word = next((word for word, predefined in rows.items() if predefined == native), None)
    if word is None:
        raise Unsupported(f"the model has no metric {native}")
    if word == "requests-per-instance":
        return labelled(word, known.get("ResourceLabel"), around)
    return NEUTRAL[word]


def _forecast(what: Mapping[str, Any], around: MetricContext) -> tuple[Metric | None, str | None]:
    """The metric that is held at the target, and the load that is forecast where that is said by itself."""
    if pair := what.get("PredefinedMetricPairSpecification"):
        return _predefined(pair, around, FORECAST), None
    held, load = (what.get(f"Predefined{side}MetricSpecification") for side in ("Scaling", "Load"))
    words = {native: word for word, native in LOADS.items()}
    if not held or not load or load.get("PredefinedMetricType") not in words:
        return None, None
    return _predefined(held, around, TRACKED), words[load["PredefinedMetricType"]]


def _predictive(item: Mapping[str, Any], around: MetricContext) -> dict[str, Any]:
    config = item.get("PredictiveScalingConfiguration") or {}
    what, *more = config.get("MetricSpecifications") or [{}]
    metric, load = _forecast(what, around)
    if more or metric is None:
        raise Unsupported("a predictive policy of the model has one predefined pair of metrics")
    factor = scale_of(metric, "average", MINUTE, detailed=around.detailed)
    modes = {native: mode for mode, native in MODES.items()}
    breaches = {native: breach for breach, native in BREACHES.items()}
    return drop_none(
        metric=metric,
        load=load,
        target=unscaled(what["TargetValue"], factor),
        mode=modes.get(config.get("Mode", "ForecastOnly")),
        buffer=duration(config.get("SchedulingBufferTime")),
        maximum_breach=breaches.get(config.get("MaxCapacityBreachBehavior", "HonorMaxCapacity")),
        maximum_buffer=config.get("MaxCapacityBuffer") or None,  # which AWS asks for, also where it is 0
    )
