"""The state of alarms: CloudWatch's tables, and laws over every pattern of datapoints."""

import operator
from datetime import timedelta
from itertools import product

import pytest

from trimtab.engine.alarms import (
    BREACHES,
    AlarmStatus,
    TooYoung,
    breach_flags,
    counted_points,
    evaluate,
    evaluation_cadence,
    evaluation_window,
    has_few_samples,
    invocations,
)
from trimtab.engine.presets import datapoint_span
from trimtab.engine.recommend import all_breach
from trimtab.models import Comparison, MissingData

OK, ALARM, NO_DATA = AlarmStatus.OK, AlarmStatus.ALARM, AlarmStatus.INSUFFICIENT_DATA
MISSING, IGNORE, BREACHING, FINE = MissingData
POINTS = {"0": False, "X": True, "-": None}


def test_the_newest_real_datapoints_count():
    assert counted_points([1.0, None, 2.0, 3.0, None], 2) == [2.0, 3.0]
    assert counted_points([1.0, None, None], 2) == [1.0]
    assert counted_points([None], 2) == []


@pytest.mark.parametrize(
    ("comparison", "flags"),
    [
        (Comparison.ABOVE, [None, False, False, True, None]),
        (Comparison.AT_LEAST, [None, False, True, True, None]),
        (Comparison.BELOW, [None, True, False, False, None]),
        (Comparison.AT_MOST, [None, True, True, False, None]),
    ],
)
def test_which_datapoints_breach(comparison, flags):
    assert breach_flags([None, 49, 50, 51, float("nan")], 50, BREACHES[comparison]) == flags


def points(text):
    return [POINTS[one] for one in text.split()]


# Using Amazon CloudWatch alarms, the two tables of how missing data are treated: 3 of 3, 2 of 3
TABLE = [
    ("0 - X - X", 3, [OK, OK, OK, OK]),
    ("0 - - - -", 3, [OK, OK, OK, OK]),
    ("- - - - -", 3, [NO_DATA, NO_DATA, ALARM, OK]),
    ("0 X X - X", 3, [ALARM, ALARM, ALARM, ALARM]),
    ("- - X - -", 3, [ALARM, NO_DATA, ALARM, OK]),
    ("0 - X - X", 2, [ALARM, ALARM, ALARM, ALARM]),
    ("0 0 X 0 X", 2, [ALARM, ALARM, ALARM, ALARM]),
    ("0 - X - -", 2, [OK, OK, ALARM, OK]),
    ("- - - - 0", 2, [OK, OK, ALARM, OK]),
    ("- - - X -", 2, [ALARM, NO_DATA, ALARM, OK]),
]


@pytest.mark.parametrize(("text", "datapoints", "states"), TABLE, ids=[f"{row[1]} of 3: {row[0]}" for row in TABLE])
def test_the_tables_of_missing_data(text, datapoints, states):
    found = [
        evaluate(points(text), periods=3, datapoints=datapoints, missing=missing, evaluation_range=5).state
        for missing in (MISSING, IGNORE, BREACHING, FINE)
    ]
    assert found == states


@pytest.mark.parametrize("previous", [*AlarmStatus, None])
@pytest.mark.parametrize("text", ["- - - - X", "- - - X -"])
def test_a_young_datapoint_makes_no_alarm(text, previous):
    """Three of three: an ALARM that is there stays, none begins."""
    state = evaluate(points(text), periods=3, previous=previous).state
    assert state is (ALARM if previous is ALARM else OK)
    kept = evaluate(points(text), periods=3, previous=previous, too_young=TooYoung.RETAIN).state
    assert kept is (previous or NO_DATA)


def test_the_range_bounds_how_far_back_real_points_are_looked_for():
    window = points("X X X - -")
    assert evaluate(window, periods=3, evaluation_range=5).filled == 0
    assert evaluate(window, periods=3, evaluation_range=4).filled == 1
    assert evaluate(window[-3:], periods=1).filled == 0  # two more than N, when left out


@pytest.mark.parametrize("pattern", list(product("0X-", repeat=4)), ids="".join)
@pytest.mark.parametrize("datapoints", [1, 2])
def test_every_pattern(pattern, datapoints):
    """Breaching data never say less than missing data, and those never less than data that do not breach."""
    order = [OK, NO_DATA, ALARM]
    found = {
        missing: evaluate([POINTS[one] for one in pattern], periods=2, datapoints=datapoints, missing=missing)
        for missing in MissingData
    }
    assert order.index(found[BREACHING].state) >= order.index(found[MISSING].state)
    assert order.index(found[MISSING].state) >= order.index(found[FINE].state)
    assert found[MISSING].real + found[MISSING].filled == 2
    if "-" not in pattern:
        assert len({one.state for one in found.values()}) == 1


def test_cadence_and_window():
    assert evaluation_cadence(timedelta(seconds=30)) == timedelta(seconds=10)
    assert evaluation_cadence(timedelta(minutes=5)) == timedelta(minutes=1)
    assert evaluation_window(timedelta(minutes=5), 2, last_minute=12) == (3, 12)


@pytest.mark.parametrize(
    ("percentile", "samples", "few"),
    [(99, 999, True), (99, 1000, False), (99.9, 9999, True), (99.9, 10000, False), (50, 20, False), (10, 99, True)],
)
def test_percentiles_of_few_samples(percentile, samples, few):
    assert has_few_samples(percentile, samples) is few


def test_actions_of_auto_scaling_repeat():
    states = [OK, ALARM, ALARM, OK, ALARM, NO_DATA]
    assert list(invocations(states, on=ALARM, repeats=True)) == [1, 2, 4]
    assert list(invocations(states, on=ALARM, repeats=False)) == [1, 4]
    assert list(invocations([NO_DATA, NO_DATA], on=NO_DATA, repeats=True)) == []  # a new alarm is in it: no change


@pytest.mark.parametrize("datapoints", [1, 2, 3, 4])
def test_all_of_so_many_is_what_an_alarm_of_so_many_says(datapoints):
    span = datapoint_span(datapoints)
    for points in product([None, 1.0, 3.0, float("nan")], repeat=span):
        flags = breach_flags(points, 2, operator.gt)
        said = evaluate(flags, periods=datapoints, evaluation_range=span).state
        assert all_breach(points, 2, datapoints, operator.gt) == (said is AlarmStatus.ALARM), points
