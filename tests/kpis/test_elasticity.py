"""The elasticity metrics by hand, with their rules for ties and zeros, and against published and measured values."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.simulation.made import START
from trimtab.errors import InvalidArgument
from trimtab.kpis.elasticity import (
    competition,
    deviation,
    elastic_speedup,
    elasticity,
    instabilities,
    instability,
    jitter,
    over_provisioning,
    required_capacity,
    under_provisioning,
)
from trimtab.kpis.scoring import Observed, static_baseline
from trimtab.kpis.series import demand_of, smoothed
from trimtab.kpis.service import efficiency, longest_shortage, shortages

DEMAND = [2, 4, 4, 1, 2]
SUPPLY = [2, 2, 4, 4, 1]
# missing 0 2 0 0 1, idle 0 0 0 3 0


def test_accuracies_by_hand():
    assert under_provisioning(DEMAND, SUPPLY) == pytest.approx(100 * (2 / 4 + 1 / 2) / 5)
    assert over_provisioning(DEMAND, SUPPLY) == pytest.approx(100 * (3 / 1) / 5)
    assert over_provisioning(DEMAND, SUPPLY, by="supply") == pytest.approx(100 * (3 / 4) / 5)
    assert under_provisioning(DEMAND, SUPPLY, by="nothing") == pytest.approx(3 / 5)
    assert over_provisioning(DEMAND, SUPPLY, by="nothing") == pytest.approx(3 / 5)


def test_timeshares_count_ties_apart():
    found = elasticity(DEMAND, SUPPLY)
    assert (found.under_time, found.over_time, found.exact_time) == pytest.approx((40, 20, 40))
    assert found.step == 20


def test_jitter_counts_units_a_minute():
    """Supply moves 0 + 2 + 0 + 3, demand 2 + 0 + 3 + 1, in five minutes or in five times 30 seconds."""
    assert jitter(DEMAND, SUPPLY) == pytest.approx((5 - 6) / 5)
    assert jitter(DEMAND, SUPPLY, 30) == pytest.approx((5 - 6) / 2.5)


def test_instability_and_its_halves_by_hand():
    """Signs of the changes: demand + 0 - +, supply 0 + 0 -."""
    assert instability(DEMAND, SUPPLY) == pytest.approx(100)
    above, below = instabilities(DEMAND, SUPPLY)
    assert (above, below) == pytest.approx((50, 50))
    assert instability([1, 2, 3], [1, 2, 2]) == pytest.approx(50)


def test_steps_weigh_as_long_as_they_last():
    seconds = [60, 180, 60, 60, 60]
    assert under_provisioning(DEMAND, SUPPLY, seconds) == pytest.approx(100 * (3 * 2 / 4 + 1 / 2) / 7)
    assert elasticity(DEMAND, SUPPLY, seconds).under_time == pytest.approx(100 * 4 / 7)


def test_no_demand_divides_by_one_unit():
    assert over_provisioning([0, 0], [2, 0]) == pytest.approx(100)
    assert under_provisioning([0, 0], [2, 0]) == 0


def test_unknown_steps_are_left_out():
    assert elasticity([2, math.nan, 4], [2, 2, math.nan]).exact_time == 100
    nothing = elasticity([math.nan], [1])
    assert math.isnan(nothing.under_time)
    assert nothing.to_dict()["under_time"] is None


def test_what_is_no_series_is_refused():
    for demand, supply in (([1, 2], [1]), ([-1], [1]), ([1], [math.inf]), ([[1]], [[1]])):
        with pytest.raises(InvalidArgument):
            elasticity(demand, supply)
    with pytest.raises(InvalidArgument, match="seconds"):
        elasticity([1], [1], -1)


@settings(max_examples=examples(), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=40))
def test_laws(pairs):
    demand, supply = zip(*pairs, strict=True)
    found = elasticity(demand, supply)
    assert found.under_time + found.over_time + found.exact_time == pytest.approx(100)
    assert 0 <= found.under_accuracy <= 100
    assert over_provisioning(demand, supply, by="supply") <= 100 + 1e-9
    above, below = instabilities(demand, supply)
    assert found.instability == pytest.approx(above + below)
    perfect = elasticity(demand, demand)
    assert (perfect.under_time, perfect.over_time, perfect.jitter, perfect.instability) == (0, 0, 0, 0)
    twice = elasticity(np.repeat(demand, 2), np.repeat(supply, 2), 30)
    assert twice.over_accuracy == pytest.approx(found.over_accuracy)


# the elastic speedup

PUBLISHED = {
    "none": (3.29, 3.06, 57.95, 57.05),
    "ANN 1 step": (0.94, 3.51, 26.50, 73.20),
    "LSTM 1 step": (0.48, 4.28, 15.85, 89.10),
    "ANN 5 steps": (5.07, 1.42, 76.50, 32.55),
    "LSTM 5 steps": (1.88, 2.62, 42.55, 57.25),
}
NAMES = ("under_accuracy", "over_accuracy", "under_time", "over_time")


@pytest.mark.parametrize(
    ("name", "speedup"),
    [("none", 1.0), ("ANN 1 step", 1.51), ("LSTM 1 step", 1.84), ("ANN 5 steps", 1.17), ("LSTM 5 steps", 1.29)],
)
def test_the_speedup_of_a_published_table(name, speedup):
    """Imdoukh, Ahmad, Alfailakawi, Neural Computing and Applications 32 (2020); 1.50 in print for ANN 1 step."""
    before, after = (dict(zip(NAMES, PUBLISHED[each], strict=True)) for each in ("none", name))
    assert elastic_speedup(before, after) == pytest.approx(speedup, abs=0.005)


def test_an_oracle_has_no_endless_speedup():
    demand = [1, 2] * 50
    fixed, oracle = elasticity(demand, [1] * 100), elasticity(demand, demand)
    # of the fixed size: 25 missing, 50 % of the time; nothing idle, so the worth of a step
    assert elastic_speedup(fixed, oracle) == pytest.approx((25 * 1 * 50 * 1) ** (1 / 4))
    zero = dict.fromkeys(NAMES, 0.0)
    assert math.isnan(elastic_speedup(zero, zero))


def test_deviation_is_a_norm_of_the_order_of_its_length():
    assert deviation([3]) == 3
    assert deviation([3, 4]) == pytest.approx(5)
    assert deviation([1, 1, 1]) == pytest.approx(3 ** (1 / 3))
    assert deviation([0, 0]) == 0
    assert deviation([0, 4789.0] + [0] * 3) == pytest.approx(4789)
    with pytest.raises(InvalidArgument):
        deviation([])


def test_competition_counts_duels_and_half_a_draw():
    assert competition({"a": [1, 5], "b": [2, 5]}) == {"a": 75, "b": 25}
    assert competition({"a": [1], "b": [2], "c": [3]}) == {"a": 100, "b": 50, "c": 0}
    with pytest.raises(InvalidArgument):
        competition({"a": [1]})


def test_required_capacity_of_the_vendors_example():
    """Ten units at 30 % of a target of 60 %: https://docs.aws.amazon.com/autoscaling/ec2/userguide/"""
    assert required_capacity([10], [30], 60) == pytest.approx([5])
    with pytest.raises(InvalidArgument):
        required_capacity([10], [30], 0)


# demand


def test_demand_is_rounded_up_but_not_by_binary_fractions():
    assert demand_of([0, 0.3, 0.31, 1], 0.1).tolist() == [1, 3, 4, 10]
    assert demand_of([0], 1, least=0).tolist() == [0]
    with pytest.raises(InvalidArgument):
        demand_of([1], 0)


def test_smoothed_demand_is_the_largest_of_the_steps_before():
    assert smoothed([1, 5, 2, 2, 2], 2).tolist() == [1, 5, 5, 5, 2]
    assert smoothed([1, 5], 0).tolist() == [1, 5]


# a recorded load


@pytest.fixture(scope="module")
def world_cup(request):
    shared = request.getfixturevalue("shared")
    with (shared / "traces" / "worldcup98_train.csv").open() as file:
        load = np.array([float(row["value"]) for row in csv.DictReader(file)])
    return load, np.percentile(load, 99.9) / 60


def test_fixed_sizes_on_a_recorded_load(world_cup):
    """The World Cup of 1998 by the minute, one instance for a sixtieth of the 99.9th percentile."""
    load, capacity = world_cup
    demand = demand_of(load, capacity)
    peak, mean = (np.full(len(demand), size) for size in (demand.max(), np.ceil(demand.mean())))
    assert elasticity(demand, peak).over_accuracy == pytest.approx(4789, abs=0.5)
    assert efficiency(demand, peak) == pytest.approx(5.7, abs=0.05)
    found, spans = elasticity(demand, mean), shortages(demand, mean)
    assert found.under_accuracy == pytest.approx(12.61, abs=0.005)
    assert found.over_accuracy == pytest.approx(204, abs=0.5)
    assert found.under_time == pytest.approx(28.955, abs=0.01)
    assert found.instability == pytest.approx(13.6, abs=0.05)
    assert efficiency(demand, mean) == pytest.approx(53.1, abs=0.05)
    assert 100 * np.minimum(load, mean * capacity).sum() / load.sum() == pytest.approx(53.96, abs=0.005)
    assert len(spans) / (len(demand) / 1440) == pytest.approx(8.2, abs=0.05)
    assert longest_shortage(spans) == 4070 * 60
    observed = Observed(group="web", since=START, demand=demand, supply=peak)
    assert static_baseline(observed, "static-mean").name == "static-mean (5)"
