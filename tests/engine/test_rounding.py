"""Exact arithmetic in front of ceilings and floors."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.rounding import Rounding, ceil_ratio, exact, floor_ratio, percent_change, round_change

TENTHS = st.integers(0, 10_000).map(lambda number: number / 10)
TARGETS = st.integers(1, 1_000).map(lambda number: number / 10)


def test_decimals_count_as_written():
    assert 50 * 1.1 > 55
    assert ceil_ratio(50, 1.1, 1) == 55
    assert ceil_ratio(3, 0.1, 0.3) == 1
    assert exact(0.1) == Fraction(1, 10)


@given(st.integers(0, 100_000), TENTHS, TARGETS)
def test_ratios_are_exact(count, value, target):
    """The quick way by binary numbers never differs from fractions."""
    quotient = count * exact(value) / exact(target)
    assert ceil_ratio(count, value, target) == ceil(quotient)
    assert floor_ratio(count, value, target) == floor(quotient)


def test_a_target_of_nothing_has_no_ratio():
    with pytest.raises(ZeroDivisionError, match="target of 0"):
        ceil_ratio(1, 1, 0)


# Step and simple scaling policies: 12.7 to 12, 0.67 to 1, -0.58 to -1, -6.67 to -6
@pytest.mark.parametrize(
    ("raw", "rounded"), [(12.7, 12), (0.67, 1), (-0.58, -1), (-6.67, -6), (0, 0), (1, 1), (-1, -1)]
)
def test_ec2_rounds_toward_zero_but_never_to_it(raw, rounded):
    assert round_change(raw) == rounded


@pytest.mark.parametrize(
    ("size", "percent", "minimum", "ec2", "up"),
    [
        *((10, 25, 0, 2, 3), (10, -25, 0, -2, -2), (3, 10, 0, 1, 1), (3, -10, 0, -1, 0), (10, 10, 3, 3, 3)),
        *((4, -25, 2, -2, -2), (0, 50, 0, 0, 0), (0, 50, 2, 2, 2), (14, -10, 0, -1, -1)),
    ],
)
def test_percentages(size, percent, minimum, ec2, up):
    assert percent_change(size, percent, minimum=minimum) == ec2
    assert percent_change(size, percent, rounding=Rounding.UP, minimum=minimum) == up
    assert percent_change(size, float(percent), minimum=minimum) == ec2


@given(st.integers(0, 1000), st.integers(-100, 300), st.sampled_from(Rounding))
def test_whole_numbers_and_fractions_agree(size, percent, rounding):
    assert percent_change(size, percent, rounding=rounding) == round_change(Fraction(size * percent, 100), rounding)
