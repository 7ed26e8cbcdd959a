"""On-demand and spot: tables and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.mix import Fraction, Mix, overage, price_per_unit, scaled_out_mix, split

SPOT = Fraction.SPOT


@pytest.mark.parametrize(
    ("total", "base", "percent", "parts"),
    [
        (10, 10, 50, (10, 0, 0)),
        (30, 10, 50, (10, 10, 10)),
        (7, 2, 20, (2, 1, 4)),
        (1, 0, 1, (0, 1, 0)),
        (20, 10, 25, (10, 3, 7)),
    ],
)
def test_ec2_gives_a_fraction_to_on_demand(total, base, percent, parts):
    assert split(total, base=base, percent=percent) == parts


@pytest.mark.parametrize(
    ("total", "base", "percent", "parts"),
    [(44, 10, 50, (10, 17, 17)), (1, 0, 1, (0, 0, 1)), (9, 3, 33, (3, 1, 5)), (20, 10, 25, (10, 2, 8))],
)
def test_azure_gives_a_fraction_to_spot(total, base, percent, parts):
    assert split(total, base=base, percent=percent, fraction=SPOT) == parts


@given(st.integers(0, 500), st.integers(0, 100), st.integers(0, 100), st.sampled_from(Fraction))
def test_nothing_is_lost_between_the_parts(total, base, percent, fraction):
    parts = split(total, base=base, percent=percent, fraction=fraction)
    assert sum(parts) == total
    assert min(parts) >= 0
    assert parts.base == min(total, base)


@pytest.mark.parametrize(
    ("running", "total", "after"),
    [
        (Mix(26, 0), 30, Mix(26, 4)),
        (Mix(26, 4), 44, Mix(27, 17)),
        (Mix(10, 20), 34, Mix(14, 20)),
        (Mix(0, 0), 20, Mix(15, 5)),
        (Mix(20, 10), 30, Mix(20, 10)),
    ],
)
def test_new_instances_go_to_the_side_that_is_short(running, total, after):
    assert scaled_out_mix(running, total, base=10, percent=50) == after


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 20), st.integers(0, 100))
def test_what_runs_stays(on_demand, spot, more, base, percent):
    after = scaled_out_mix(Mix(on_demand, spot), on_demand + spot + more, base=base, percent=percent)
    assert after.on_demand >= on_demand
    assert after.spot >= spot
    assert sum(after) == on_demand + spot + more


def test_weights():
    assert overage(5, 12) == 7
    assert overage(5, 2) == 1
    assert overage(4, 2) == 0
    assert price_per_unit(0.18, 2) == 0.09


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: split(-1), "0 or more"),
        (lambda: split(1, percent=101), "0 to 100"),
        (lambda: scaled_out_mix(Mix(3, 3), 5), "less than the 6"),
        (lambda: overage(5, 0), "one unit or more"),
        (lambda: price_per_unit(1, 0), "one unit or more"),
    ],
)
def test_what_makes_no_sense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
