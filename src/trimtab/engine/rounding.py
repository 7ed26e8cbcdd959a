"""
Exact arithmetic in front of every ceiling and floor, and the named ways of rounding a percentage.

Decimals count as they are written: 1.1 is eleven tenths, not the binary number beside it, so that
`50 x 1.1` is 55 and not a little more.
"""

from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from typing import assert_never

Number = int | float | Fraction
_NEAR = 1e-9


class Rounding(StrEnum):
    """How a percentage of a size becomes a number of instances."""

    EC2 = "ec2"
    """The change toward zero, but never to 0 (Amazon EC2 Auto Scaling, step and simple policies)."""
    UP = "up"
    """The new size up (Kubernetes, Nomad); a removed part is rounded toward zero."""


def exact(number: Number) -> Fraction:
    """The number as written, so that 0.1 is one tenth."""
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def ceil_ratio(count: Number, value: Number, target: Number) -> int:
    """`count x value / target`, exactly, rounded up."""
    if target == 0:
        raise ZeroDivisionError("a target of 0 has no ratio")
    about = float(count) * float(value) / float(target)
    if abs(about - round(about)) > _NEAR * max(1.0, abs(about)):
        return ceil(about)  # far from any whole number: the binary error cannot matter
    return ceil(exact(count) * exact(value) / exact(target))


def floor_ratio(count: Number, value: Number, target: Number) -> int:
    """`count x value / target`, exactly, rounded down."""
    return -ceil_ratio(-count, value, target)


def round_change(raw: Number, rounding: Rounding = Rounding.EC2) -> int:
    """
    A change in instances from an unrounded one.

    EC2: above 1 down, between 0 and 1 to 1, between -1 and 0 to -1, below -1 toward zero; 0 stays
    (Amazon EC2 Auto Scaling User Guide, Step and simple scaling policies).
    """
    match rounding:
        case Rounding.EC2:
            part = exact(raw)
            if part == 0:
                return 0
            return max(1, floor(part)) if part > 0 else min(-1, ceil(part))
        case Rounding.UP:
            return ceil(exact(raw))
        case _:
            assert_never(rounding)


def percent_change(size: int, percent: Number, *, rounding: Rounding = Rounding.EC2, minimum: int = 0) -> int:
    """
    The signed change that `percent` of `size` makes.

    Args:
        size: Instances, or units of capacity.
        percent: Per cent, negative to remove.
        rounding: What happens to a fraction.
        minimum: The least number of instances that a change other than 0 moves (`MinAdjustmentMagnitude`).
    """
    raw = size * percent
    if isinstance(raw, int):
        change = _round_percent(raw, rounding)
    else:
        change = round_change(exact(size) * exact(percent) / 100, rounding)
    if minimum and percent and abs(change) < minimum:
        return minimum if percent > 0 else -minimum
    return change


def _round_percent(hundredths: int, rounding: Rounding) -> int:
    """`round_change` of so many hundredths, in whole numbers only: every decision passes here."""
    if rounding is Rounding.UP:
        return -(-hundredths // 100)
    if hundredths > 0:
        return max(1, hundredths // 100)
    return min(-1, -(-hundredths // 100)) if hundredths else 0
