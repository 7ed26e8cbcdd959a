"""Scaling policies: how much to change, or which metric to hold where."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from math import inf
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from trimtab.models.base import MAX_SIZE, Duration, Model, Name, exactly_one, refuse
from trimtab.models.metric import MetricField


class _Amount(Model):
    change: Annotated[int, Field(ge=-MAX_SIZE, le=MAX_SIZE)] | None = None
    """Instances to add, or to remove when negative."""
    percent: Annotated[int, Field(ge=-100, le=10_000)] | None = None
    """Per cent of the size to add, or to remove when negative."""
    to: Annotated[int, Field(ge=0, le=MAX_SIZE)] | None = None
    """The exact size to go to."""

    @model_validator(mode="after")
    def _one_amount(self) -> "_Amount":
        exactly_one(self, "change", "percent", "to")
        return self


class _Policy(Model):
    name: Name
    """Unique within the group."""
    enabled: bool = True
    """Whether it acts."""
    approximate: bool = False
    """Consent to a native form whose result may differ in size; the plan says how."""


class SimplePolicy(_Policy, _Amount):
    """One change when an alarm fires, then a cooldown."""

    type: Literal["simple"] = "simple"
    minimum_change: Annotated[int, Field(ge=1)] | None = None
    """The least number of instances that `percent` moves."""
    cooldown: Duration | None = None
    """How long the next change waits; the vendor's default when left out."""

    @model_validator(mode="after")
    def _check(self) -> "SimplePolicy":
        if self.change == 0:
            refuse("a change of 0 does nothing; remove the policy or give a number", "change")
        if self.percent == 0:
            refuse("0 per cent does nothing; remove the policy or give a number", "percent")
        if self.minimum_change is not None and self.percent is None:
            refuse("`minimum_change` goes with `percent` only", "minimum_change")
        return self


class Step(_Amount):
    """
    One step: an amount for the part of the metric between two offsets from the alarm's threshold.

    An amount of 0 is a part in which nothing is done.
    """

    lower: float | None = None
    """Where the step begins, as an offset from the threshold; open when left out."""
    upper: float | None = None
    """Where the step ends, as an offset from the threshold; open when left out."""

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "Step":
        if self.lower is None and self.upper is None:
            refuse("a step needs `lower`, `upper` or both: offsets from the alarm's threshold")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            refuse(f"`lower` {self.lower:g} is not below `upper` {self.upper:g}", "lower")
        return self


def step_problem(bounds: Sequence[tuple[float | None, float | None]]) -> str | None:
    """
    What is wrong with the bounds of steps, in any order; `None` when nothing is.

    No overlap and no gap; at most one open lower and one open upper bound, not both in one step; a negative
    lower bound needs an open one below it, a positive upper bound an open one above it (StepAdjustment, Amazon
    EC2 Auto Scaling API Reference).
    """
    ordered = sorted(bounds, key=lambda pair: -inf if pair[0] is None else pair[0])
    lowers, uppers = [pair[0] for pair in ordered], [pair[1] for pair in ordered]
    if any(pair == (None, None) for pair in ordered):
        return "a step needs `lower`, `upper` or both: offsets from the alarm's threshold"
    if lowers.count(None) > 1 or uppers.count(None) > 1:
        return "only one step may be open below, and only one above"
    if any(low is not None and high is not None and low >= high for low, high in ordered):
        return "the `lower` of a step is below its `upper`"
    if any(previous[1] is None or previous[1] != two[0] for previous, two in pairwise(ordered)):
        return "steps neither overlap nor leave a gap"
    if any(low is not None and low < 0 for low in lowers) and None not in lowers:
        return "a step below the threshold needs one that is open below: leave `lower` out of the lowest"
    if any(high is not None and high > 0 for high in uppers) and None not in uppers:
        return "a step above the threshold needs one that is open above: leave `upper` out of the highest"
    return None


class StepPolicy(_Policy):
    """A larger change the further the metric is from the alarm's threshold."""

    type: Literal["step"] = "step"
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    """In order, without a gap or an overlap."""
    minimum_change: Annotated[int, Field(ge=1)] | None = None
    """The least number of instances that `percent` moves."""
    warm_up: Duration | None = None
    """How long a new instance is not counted in; the group's `warm_up` when left out."""

    @model_validator(mode="after")
    def _steps_touch(self) -> "StepPolicy":
        for index, (previous, two) in enumerate(pairwise(self.steps)):
            if previous.upper is None or previous.upper != two.lower:
                refuse("each step begins where the one before it ends", "steps", index + 1, "lower")
        if problem := step_problem([(step.lower, step.upper) for step in self.steps]):
            refuse(problem, "steps")
        kinds = {kind for step in self.steps for kind in ("change", "percent", "to") if getattr(step, kind) is not None}
        if len(kinds) > 1:
            refuse(f"the steps of a policy are all of one sort, not {' and '.join(sorted(kinds))}", "steps")
        return self


class TargetTrackingPolicy(_Policy):
    """Holds a metric at a target, as a thermostat does."""

    type: Literal["target-tracking"] = "target-tracking"
    metric: MetricField
    target: float = Field(gt=0)
    """In the metric's unit."""
    statistic: Literal["average", "minimum", "maximum", "sum"] = "average"
    """How datapoints are combined; for custom metrics."""
    scale_in: bool = True
    """Whether it also removes instances."""
    warm_up: Duration | None = None
    """How long a new instance is not counted in; the group's `warm_up` when left out."""


class PredictiveMode(StrEnum):
    """What a forecast is for."""

    FORECAST_ONLY = "forecast-only"
    FORECAST_AND_SCALE = "forecast-and-scale"


class MaximumBreach(StrEnum):
    """What happens when a forecast is above the maximum."""

    HONOR = "honor"
    INCREASE = "increase"


class PredictivePolicy(_Policy):
    """Scales out ahead of a load that recurs."""

    type: Literal["predictive"] = "predictive"
    metric: MetricField
    target: float = Field(gt=0)
    """In the metric's unit."""
    mode: PredictiveMode = PredictiveMode.FORECAST_ONLY
    buffer: Duration | None = None
    """How long before the forecast load the instances start."""
    maximum_breach: MaximumBreach = MaximumBreach.HONOR
    maximum_buffer: Annotated[int, Field(ge=0, le=100)] | None = None
    """Per cent above the forecast, with `maximum_breach: increase`."""


def _type_of(value: Any) -> str:
    given = value.get("type", "simple") if isinstance(value, dict) else getattr(value, "type", "simple")
    return str(given)


Policy = Annotated[
    Annotated[SimplePolicy, Tag("simple")]
    | Annotated[StepPolicy, Tag("step")]
    | Annotated[TargetTrackingPolicy, Tag("target-tracking")]
    | Annotated[PredictivePolicy, Tag("predictive")],
    Discriminator(
        _type_of,
        custom_error_type="rule",
        custom_error_message="`type` is one of simple, step, target-tracking, predictive",
        custom_error_context={"at": ("type",)},
    ),
]
"""Any policy; `type` says which, `simple` when it is left out."""
