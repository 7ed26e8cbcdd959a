"""How the values of a metric become one in Azure Monitor."""

from fractions import Fraction
from math import nan

import pytest

from trimtab.engine.aggregates import Statistic, TimeAggregation, aggregate

MINUTES = [[10, 20], [60, 80], [30, 50]]


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        (Statistic.AVERAGE, 40),
        (Statistic.MIN, 30),
        (Statistic.MAX, 50),
        (Statistic.SUM, 80),
        (Statistic.COUNT, 2),
    ],
)
def test_statistics_over_the_instances(statistic, value):
    assert aggregate(MINUTES, statistic=statistic, time_aggregation=TimeAggregation.LAST) == value


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [
        (TimeAggregation.AVERAGE, 125 / 3),
        (TimeAggregation.MINIMUM, 15),
        (TimeAggregation.MAXIMUM, 70),
        (TimeAggregation.TOTAL, 125),
        (TimeAggregation.COUNT, 3),
        (TimeAggregation.LAST, 40),
    ],
)
def test_aggregations_over_time(aggregation, value):
    assert aggregate(MINUTES, time_aggregation=aggregation) == pytest.approx(value)


@pytest.mark.parametrize("aggregation", TimeAggregation)
@pytest.mark.parametrize("statistic", Statistic)
def test_what_has_no_sample_is_left_out(statistic, aggregation):
    asked = {"statistic": statistic, "time_aggregation": aggregation}
    gaps = [[], [10, None, 20], [None], [nan, 60, 80], [30, 50], [None, None]]
    assert aggregate(gaps, **asked) == aggregate(MINUTES, **asked)
    assert aggregate([[], [None]], **asked) is None
    assert aggregate([], **asked) is None


def test_averages_are_those_of_the_numbers_as_written():
    assert aggregate([[0.1, 0.2, 0.3]]) == 0.2
    assert aggregate([[Fraction(1, 3), Fraction(2, 3)]]) == 0.5
