"""
The rules of Azure Monitor autoscale: what one compares, what it does to the size, and what Azure refuses of them.

Sources are the pages Understand autoscale settings and Best practices for autoscale of Azure Monitor, and the schema of
`Microsoft.Insights/autoscaleSettings` (2022-10-01). The values of the enums are the words of that schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from trimtab.engine.limits import bound
from trimtab.engine.policies import Direction, direction
from trimtab.engine.rounding import Number, Rounding, exact, percent_change

MOST_INSTANCES = 1000
"""The largest size of a scale set."""
MOST_RULES = 10
"""How many rules a profile has at most."""


class Operator(StrEnum):
    """How a rule compares a metric with its threshold."""

    EQUALS = "Equals"
    NOT_EQUALS = "NotEquals"
    GREATER_THAN = "GreaterThan"
    GREATER_THAN_OR_EQUAL = "GreaterThanOrEqual"
    LESS_THAN = "LessThan"
    LESS_THAN_OR_EQUAL = "LessThanOrEqual"

    def holds(self, value: Number, threshold: Number) -> bool:
        """Whether `value` is to `threshold` as the operator says."""
        match self:
            case Operator.EQUALS:
                return value == threshold
            case Operator.NOT_EQUALS:
                return value != threshold
            case Operator.GREATER_THAN:
                return value > threshold
            case Operator.GREATER_THAN_OR_EQUAL:
                return value >= threshold
            case Operator.LESS_THAN:
                return value < threshold
            case Operator.LESS_THAN_OR_EQUAL:
                return value <= threshold
            case _:
                assert_never(self)


class ScaleDirection(StrEnum):
    """Which way a rule scales."""

    INCREASE = "Increase"
    DECREASE = "Decrease"
    NONE = "None"
    """To an exact count, wherever that is: what `az monitor autoscale rule create --scale to N` writes."""


class ChangeType(StrEnum):
    """What the value of a rule counts."""

    CHANGE_COUNT = "ChangeCount"
    PERCENT_CHANGE_COUNT = "PercentChangeCount"
    EXACT_COUNT = "ExactCount"
    SERVICE_ALLOWED_NEXT_VALUE = "ServiceAllowedNextValue"
    """The next size that the service allows; a scale set allows every whole number. Documented by name only."""


@dataclass(frozen=True, slots=True)
class ScaleAction:
    """
    What a rule does to the size.

    Azure does not say what becomes of a fraction of `PercentChangeCount`: it is rounded as EC2 rounds, toward zero but
    never to 0. Nor does it say what an exact count on the wrong side does: nothing.
    """

    direction: ScaleDirection
    kind: ChangeType = ChangeType.CHANGE_COUNT
    value: int = 1

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"a rule's value is 0 or more, not {self.value}: its direction says which way")

    def size(self, current: int) -> int:
        """The size that the action makes of `current`; never less than 0."""
        new_size = self._asked(current)
        match self.direction:
            case ScaleDirection.INCREASE:
                return max(current, new_size)
            case ScaleDirection.DECREASE:
                return min(current, max(0, new_size))
            case ScaleDirection.NONE:
                return new_size
            case _:
                assert_never(self.direction)

    def _asked(self, current: int) -> int:
        sign = _SIGNS[self.direction]
        match self.kind:
            case ChangeType.CHANGE_COUNT:
                return current + sign * self.value
            case ChangeType.PERCENT_CHANGE_COUNT:
                return current + percent_change(current, sign * self.value, rounding=Rounding.EC2)
            case ChangeType.EXACT_COUNT:
                return self.value
            case ChangeType.SERVICE_ALLOWED_NEXT_VALUE:
                return current + sign
            case _:
                assert_never(self.kind)

    def way(self, current: int) -> Direction:
        """Whether the action counts as scaling out or in at `current`; one without a direction goes where it leads."""
        match self.direction:
            case ScaleDirection.INCREASE:
                return Direction.OUT
            case ScaleDirection.DECREASE:
                return Direction.IN
            case ScaleDirection.NONE:
                return direction(current, self.size(current))
            case _:
                assert_never(self.direction)


_SIGNS: Mapping[ScaleDirection, int] = {
    ScaleDirection.INCREASE: 1,
    ScaleDirection.DECREASE: -1,
    ScaleDirection.NONE: 0,
}


@dataclass(frozen=True, slots=True)
class MetricRule:
    """A metric compared with a threshold, and what is done where that holds."""

    metric: str
    """The name under which the rule finds its value; two ways to aggregate one metric need two names."""
    operator: Operator
    threshold: float
    action: ScaleAction
    cooldown: timedelta = timedelta(minutes=5)
    """How long rules wait after it acted; what Azure's portal and command line propose."""
    divide_per_instance: bool = False

    def observed(self, value: Number, instances: int) -> float:
        """What the rule compares: the value, or its share for each instance."""
        return per_instance(value, instances) if self.divide_per_instance else float(value)

    def fires(self, observed: Number) -> bool:
        """Whether a value, divided already where the rule divides, makes the rule fire."""
        return self.operator.holds(observed, self.threshold)


def per_instance(value: Number, instances: int) -> float:
    """The value of a metric divided by the instance count (`dividePerInstance`), or undivided without an instance."""
    return float(exact(value) / instances) if instances else float(value)


# limits


@dataclass(frozen=True, slots=True)
class ProfileCapacity:
    """The capacity of a profile."""

    minimum: int = 0
    maximum: int = MOST_INSTANCES
    default: int | None = None
    """The size to go up to while a metric cannot be read."""

    def __post_init__(self) -> None:
        if not 0 <= self.minimum <= self.maximum:
            raise ValueError(
                f"a profile's minimum is 0 to its maximum, not {self.minimum} with a maximum of {self.maximum}"
            )

    def nearest(self, size: int) -> int:
        """`size`, or the limit that it is beyond; holds on every run, before the rules (Best practices)."""
        return bound(size, self.minimum, self.maximum)


# what Azure refuses
