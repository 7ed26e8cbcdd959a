"""Scaling policies: how much to change, or which metric to hold where."""

import inspect
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeGuard

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from trimtab.models.base import MAX_SIZE, Duration, ItemName, Model, exactly_one, refuse
from trimtab.models.metric import Metric, MetricField, NeutralName


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
    name: ItemName
    """Unique within the group."""
    enabled: bool = True
    """Whether it acts."""
    approximate: bool = False
    """Consent to a native form whose result may differ in size; the plan says how."""


class SimplePolicy(_Policy, _Amount):
    """One change when an alarm fires, then a cooldown."""

    type: Literal["simple"] = "simple"
    """Which policy this is."""
    minimum_change: Annotated[int, Field(ge=1)] | None = None
    """The least number of instances that `percent` moves."""
    cooldown: Duration | None = None
    """How long the next change waits; the vendor's default when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            change: int | None = None,
            percent: int | None = None,
            to: int | None = None,
            name: str,
            enabled: bool = True,
            approximate: bool = False,
            type: Literal["simple"] = "simple",
            minimum_change: int | None = None,
            cooldown: timedelta | str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "SimplePolicy":
        if self.change == 0:
            refuse("a change of 0 does nothing; remove the policy or give a number", "change")
        if self.percent == 0:
            refuse("0 per cent does nothing; remove the policy or give a number", "percent")
        if self.minimum_change is not None and self.percent is None:
            refuse("`minimum_change` needs `percent`; leave it out, or give `percent`", "minimum_change")
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
            refuse("a step without bounds; give `lower`, `upper` or both, as offsets from the alarm's threshold")
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            refuse(f"`lower` {self.lower:g} is not below `upper` {self.upper:g}; swap them", "lower")
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
        return "a step without bounds; give `lower`, `upper` or both, as offsets from the alarm's threshold"
    if lowers.count(None) > 1 or uppers.count(None) > 1:
        return "several steps are open on the same side; give all but one both `lower` and `upper`"
    if any(low is not None and high is not None and low >= high for low, high in ordered):
        return "the `lower` of a step is not below its `upper`; swap them"
    if any(previous[1] is None or previous[1] != two[0] for previous, two in pairwise(ordered)):
        return "steps overlap or leave a gap; write each `lower` equal to the `upper` of the step before it"
    if any(low is not None and low < 0 for low in lowers) and None not in lowers:
        return "the lowest step has a `lower`, so a value below it has no step; leave `lower` out of it"
    if any(high is not None and high > 0 for high in uppers) and None not in uppers:
        return "the highest step has an `upper`, so a value above it has no step; leave `upper` out of it"
    return None


def _apart(end: float | None, begin: float | None) -> str:
    if end is None:
        return "the step before this one has no `upper`; give it the `lower` of this one"
    begins = "has no `lower`" if begin is None else f"begins at {begin:g}"
    return f"this step {begins} and the one before it ends at {end:g}; write `lower: {end:g}`"


class StepPolicy(_Policy):
    """A larger change the further the metric is from the alarm's threshold."""

    type: Literal["step"] = "step"
    """Which policy this is."""
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)
    """In order, without a gap or an overlap."""
    minimum_change: Annotated[int, Field(ge=1)] | None = None
    """The least number of instances that `percent` moves."""
    warm_up: Duration | None = None
    """How long a new instance is not counted in; the group's `warm_up` when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            enabled: bool = True,
            approximate: bool = False,
            type: Literal["step"] = "step",
            steps: Sequence[Step],
            minimum_change: int | None = None,
            warm_up: timedelta | str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _steps_touch(self) -> "StepPolicy":
        for index, (previous, two) in enumerate(pairwise(self.steps)):
            if previous.upper is None or previous.upper != two.lower:
                refuse(_apart(previous.upper, two.lower), "steps", index + 1, "lower")
        if problem := step_problem([(step.lower, step.upper) for step in self.steps]):
            refuse(problem, "steps")
        kinds = {kind for step in self.steps for kind in ("change", "percent", "to") if getattr(step, kind) is not None}
        if len(kinds) > 1:
            refuse(f"the steps mix {' and '.join(sorted(kinds))}; use one of them in every step", "steps")
        return self


class TargetTrackingPolicy(_Policy):
    """Holds a metric at a target, as a thermostat does."""

    type: Literal["target-tracking"] = "target-tracking"
    """Which policy this is."""
    metric: MetricField
    """What is held at `target`."""
    target: float = Field(gt=0)
    """In the metric's unit."""
    statistic: Literal["average", "minimum", "maximum", "sum"] = "average"
    """How datapoints are combined; for custom metrics."""
    scale_in: bool = True
    """Whether it also removes instances."""
    warm_up: Duration | None = None
    """How long a new instance is not counted in; the group's `warm_up` when left out."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            enabled: bool = True,
            approximate: bool = False,
            type: Literal["target-tracking"] = "target-tracking",
            metric: Metric | NeutralName,
            target: float,
            statistic: Literal["average", "minimum", "maximum", "sum"] = "average",
            scale_in: bool = True,
            warm_up: timedelta | str | None = None,
        ) -> None: ...


class PredictiveMode(StrEnum):
    """What a forecast is for."""

    FORECAST_ONLY = "forecast-only"
    FORECAST_AND_SCALE = "forecast-and-scale"


class MaximumBreach(StrEnum):
    """What happens when a forecast is above the maximum."""

    HONOR = "honor"
    INCREASE = "increase"


ForecastLoad = Literal["cpu", "network-in", "network-out", "requests"]
"""What can be forecast as the total of a group: its CPU, its network, or what its balancer is asked."""


class PredictivePolicy(_Policy):
    """Scales out ahead of a load that recurs."""

    type: Literal["predictive"] = "predictive"
    """Which policy this is."""
    metric: MetricField
    """What is held at `target`, and forecast unless `load` says otherwise."""
    load: ForecastLoad | None = None
    """What is forecast in place of `metric`, as the total of the group: the load that `metric` follows (AWS)."""
    target: float = Field(gt=0)
    """In the metric's unit."""
    mode: PredictiveMode = PredictiveMode.FORECAST_ONLY
    """Whether the forecast changes the size or is only made."""
    buffer: Duration | None = None
    """How long before the forecast load the instances start."""
    maximum_breach: MaximumBreach = MaximumBreach.HONOR
    """What happens when the forecast is above the group's maximum."""
    maximum_buffer: Annotated[int, Field(ge=0, le=100)] | None = None
    """Per cent above the forecast, with `maximum_breach: increase`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            enabled: bool = True,
            approximate: bool = False,
            type: Literal["predictive"] = "predictive",
            metric: Metric | NeutralName,
            load: Literal["cpu", "network-in", "network-out", "requests"] | None = None,
            target: float,
            mode: PredictiveMode | Literal["forecast-only", "forecast-and-scale"] = ...,
            buffer: timedelta | str | None = None,
            maximum_breach: MaximumBreach | Literal["honor", "increase"] = ...,
            maximum_buffer: int | None = None,
        ) -> None: ...


CALL = r"^[_A-Za-z][_A-Za-z0-9]*(\.[_A-Za-z][_A-Za-z0-9]*)*:[_A-Za-z][_A-Za-z0-9]*$"
POLICY_MARK = "__trimtab_policy__"
"""What `trimtab.policy` sets on a function."""


def is_policy(found: object) -> TypeGuard[Callable[..., Any]]:
    """Whether something is a function that `trimtab.policy` has marked."""
    return inspect.isfunction(found) and getattr(found, POLICY_MARK, False) is True


def call_of(function: Callable[..., object]) -> str:
    """
    The import path of a policy function, as a fleet file names it: `package.module:function`.

    Raises:
        PydanticCustomError: It is no policy function, or stands where no import reaches it.
    """
    if not is_policy(function):
        refuse(f"{_named(function)} is not a policy function; mark it with `@trimtab.policy`")
    path = f"{function.__module__ or ''}:{function.__qualname__}"
    if not re.fullmatch(CALL, path):
        refuse(f"{path!r} cannot be imported; define the function at the top level of a module")
    return path


def _import_path(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(CALL, value):
            refuse(f'write the import path of a function, such as "acme.policies:drain", not {value[:_LONGEST]!r}')
        return value
    return call_of(value) if callable(value) else value


def _named(value: object) -> str:
    return getattr(value, "__qualname__", None) or type(value).__name__


_LONGEST = 100
Importable = BeforeValidator(_import_path)
"""Lets an import path be given as the function itself."""
Call = Annotated[
    str,
    Field(max_length=255),
    Importable,
    WithJsonSchema({"type": "string", "pattern": CALL, "maxLength": 255, "examples": ["acme.policies:drain"]}),
]
"""The import path of a policy function."""


class PythonPolicy(_Policy):
    """
    A function of one's own that says how many instances it wants.

    No cloud calls it: a running trimtab does, at every decision, and only where whoever runs it allows the import.
    """

    type: Literal["python"] = "python"
    """Which policy this is."""
    call: Call
    """The function by its import path, `package.module:function`; it is marked with `@trimtab.policy`."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            enabled: bool = True,
            approximate: bool = False,
            type: Literal["python"] = "python",
            call: str | Callable[..., object],
        ) -> None: ...


def _type_of(value: Any) -> str:
    given = value.get("type", "simple") if isinstance(value, dict) else getattr(value, "type", "simple")
    return str(given)


Policy = Annotated[
    Annotated[SimplePolicy, Tag("simple")]
    | Annotated[StepPolicy, Tag("step")]
    | Annotated[TargetTrackingPolicy, Tag("target-tracking")]
    | Annotated[PredictivePolicy, Tag("predictive")]
    | Annotated[PythonPolicy, Tag("python")],
    Discriminator(
        _type_of,
        custom_error_type="rule",
        custom_error_message="unknown type; use simple, step, target-tracking, predictive or python",
        custom_error_context={"at": ("type",)},
    ),
]
"""Any policy; `type` says which, `simple` when it is left out."""
