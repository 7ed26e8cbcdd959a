"""Pairs of simulations: means and intervals by hand."""

import math

import numpy as np
import pytest

from tests.simulation.made import made
from trimtab.errors import InvalidArgument
from trimtab.simulation.comparing import compare, interval, student


@pytest.mark.parametrize(
    ("freedom", "confidence", "expected"),
    [(1, 95, 12.706), (2, 95, 4.303), (4, 95, 2.776), (9, 95, 2.262), (30, 95, 2.042), (4, 90, 2.132), (9, 99, 3.250)],
)
def test_students_table(freedom, confidence, expected):
    assert student(freedom, confidence) == pytest.approx(expected, abs=0.0005)


def test_the_interval_of_three_numbers():
    """1, 2, 3: mean 2, s = 1, t(2) = 4.303, so 2 -+ 4.303 / sqrt(3)."""
    assert interval([1, 2, 3]) == pytest.approx((2 - 4.3027 / math.sqrt(3), 2 + 4.3027 / math.sqrt(3)), abs=1e-4)
    assert interval([5]) == (None, None)
    assert interval([4, 4, 4]) == (4, 4)


def test_intervals_hold_the_mean_as_often_as_they_say():
    """Of 400 samples of five numbers with mean 0, 95 % hold it: 380 -+ 4 standard deviations of 4.4."""
    drawn = np.random.default_rng(1).normal(size=(400, 5))
    held = sum(low <= 0 <= high for low, high in (interval(row.tolist()) for row in drawn))
    assert 362 <= held <= 398


def runs(sizes, loads=((10, 20, 10), (10, 30, 10), (10, 40, 10))):
    return [made(load, sizes, seed=seed) for seed, load in enumerate(loads)]


def test_pairs_of_loads_and_seeds():
    """Sizes 1 and 2 for three minutes: 3 / 60 and 6 / 60 instance-hours on every load."""
    found = compare(runs([1, 1, 1]), runs([2, 2, 2]), names=("today", "new"))
    hours = found["instance-hours"]
    assert (hours.first, hours.second, hours.change) == pytest.approx((0.05, 0.1, 0.05))
    assert (hours.low, hours.high) == pytest.approx((0.05, 0.05))
    assert (hours.is_certain, hours.better, hours.pairs) == (True, "first", 3)
    # missing on average: 1, 2, 3 thirds against 0, 1, 2 thirds
    assert found["missing-units"].change == pytest.approx(-1 / 3)
    assert found["missing-units"].better == "second"
    assert "today (first) against new (second), 3 pairs" in str(found)
    assert found.to_dict()["pairs"] == 3


def test_a_change_that_may_be_chance_is_no_verdict():
    loads = [(10, 10, 10), (10, 10, 40)]
    found = compare(runs([1, 1, 1], loads), runs([1, 1, 2], loads))["missing-units"]
    assert found.change < 0
    assert (found.is_certain, found.better) == (False, "")


def test_one_pair_has_no_interval_and_what_is_not_measured_no_change():
    found = compare(made([10], [1]), made([10], [2]))
    assert found["instance-hours"].low is None
    assert not found["instance-hours"].is_certain
    assert (found["cost"].change, found["cost"].missing, found["time-to-scale"].missing) == (None, 1, 1)
    assert "1 pair" in str(found)
    assert str(compare(made([10], [1]), made([10], [1]))).endswith("no KPI differs")


def test_what_makes_no_pair_is_refused():
    one = made([10, 20], [1, 1])
    for other, message in (
        (made([10, 21], [1, 1]), "the loads differ"),
        (made([10, 20], [1, 1], seed=1), "same seed"),
        ([one, one], "make no pairs"),
    ):
        with pytest.raises(InvalidArgument, match=message):
            compare(one, other)
    with pytest.raises(InvalidArgument, match="confidence"):
        compare(one, one, confidence=100)
    with pytest.raises(InvalidArgument, match="no pairs"):
        compare([], [])
