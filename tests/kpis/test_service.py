"""Shortages, availability, precision, efficiency, errors, Apdex: by hand."""

import math

import pytest

from trimtab.errors import InvalidArgument
from trimtab.kpis.service import (
    apdex,
    availability,
    efficiency,
    error_rate,
    longest_shortage,
    precision,
    scaling_steps,
    shortages,
    time_to_scale,
)

NAN = math.nan


def test_shortages_end_where_there_is_enough():
    found = shortages([1, 3, 3, 3, 1, 2, 2], [1, 1, 2, 3, 3, 1, 1])
    assert [(each.first, each.end, each.seconds, each.is_over) for each in found] == [
        (1, 3, 120, True),
        (5, 7, 120, False),
    ]


def test_what_is_unknown_does_not_end_a_shortage_well():
    (one, other) = shortages([2, NAN, 2, 1], [1, 1, 1, 1])
    assert (one.seconds, one.is_over) == (60, False)
    assert (other.seconds, other.is_over) == (60, True)


def test_steps_of_different_length():
    (span,) = shortages([2, 2, 1], [1, 1, 1], [60, 300, 60])
    assert span.seconds == 360


def test_time_to_scale_is_a_percentile_without_interpolation():
    def spans(*lengths):
        demand = [value for length in lengths for value in [2] * length + [1]]
        return shortages(demand, [1] * len(demand))

    assert time_to_scale(spans(*range(1, 21))) == 19 * 60
    assert time_to_scale(spans(*range(1, 22))) == 20 * 60
    assert time_to_scale(spans(7)) == 7 * 60
    assert time_to_scale(spans(1, 9), 50) == 60
    assert math.isnan(time_to_scale([]))
    assert longest_shortage(spans(2, 9, 1)) == 9 * 60
    assert longest_shortage([]) == 0
    with pytest.raises(InvalidArgument):
        time_to_scale([], 0)


def test_availability_is_served_of_what_arrives():
    assert availability([10, 30], [10, 20]) == pytest.approx(75)
    assert availability([10, 30], [10, 20], where=[True, False]) == 100
    assert math.isnan(availability([0], [0]))
    assert availability([10, 10], [5, 15], where=[False, True]) == 100  # served later, never above 100


def test_precision_and_efficiency_by_hand():
    demand, supply = [2, 4, 1], [2, 2, 4]
    assert precision(demand, supply) == pytest.approx(100 * (2 + 2 + 1) / (2 + 4 + 4))
    assert efficiency(demand, supply) == pytest.approx(100 * (2 + 2 + 1) / (2 + 2 + 4))
    assert math.isnan(efficiency([1], [0]))
    assert math.isnan(precision([0], [0]))


def test_error_rate():
    assert error_rate([100, 300], [0, 1]) == pytest.approx(0.25)
    assert math.isnan(error_rate([0], [0]))


def test_apdex_of_the_specifications_kind():
    assert apdex(60, 30, 100) == pytest.approx(0.75)
    assert apdex(0, 0, 10) == 0
    assert math.isnan(apdex(0, 0, 0))
    with pytest.raises(InvalidArgument):
        apdex(2, 0, 1)


def test_scaling_is_what_serves_is_not_what_was_decided_or_too_little():
    assert scaling_steps([2, 3, 3, 3], [2, 2, 3, 3], [1, 1, 3, 4]).tolist() == [False, True, False, True]
    assert scaling_steps([NAN, 2, NAN], [NAN, NAN, 1], [1, 1, 2]).tolist() == [False, False, True]
