"""All KPIs of a series together: values by hand, targets, and reasons where there is no value."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from trimtab.errors import InvalidArgument
from trimtab.kpis.card import TARGETS, Kpi, KpiOptions, Kpis, KpiTarget, kpi
from trimtab.kpis.prices import Prices
from trimtab.kpis.scoring import Observed, baseline_of, score, static_baseline

START = datetime(2026, 1, 5, tzinfo=UTC)


def observed(demand, supply, **fields):
    return Observed(group="web", since=START, demand=np.array(demand, float), supply=np.array(supply, float), **fields)


def test_targets_pass_and_fail():
    below, above = KpiTarget(limit=300, above=False), KpiTarget(limit=20, above=True, inclusive=True)
    assert [below.passes(value) for value in (299, 300, 301)] == [True, False, False]
    assert [above.passes(value) for value in (19.9, 20, 30)] == [False, True, True]
    assert (str(below), str(above)) == ("< 300", ">= 20")


def test_a_value_without_a_number_says_why():
    item = kpi("x", math.nan, "%", target=TARGETS["efficiency"], absent="nothing to measure")
    assert (item.value, item.passes, item.text, item.note) == (None, None, "n/a", "nothing to measure")
    assert Kpi(name="x", value=math.inf).to_dict()["value"] is None
    assert Kpi(name="x", value=math.inf).text == "never"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (99.97, "%", "99.97 %"),
        (99.9996, "%", "100 %"),
        (100.0, "%", "100 %"),
        (0.00012345, "$", "0.0001234 $"),
        (20625.0, "h", "20,625 h"),
        (1000.0, "", "1,000"),
        (0.0, "s", "0 s"),
    ],
)
def test_numbers_for_people(value, unit, text):
    assert Kpi(name="x", value=value, unit=unit).text == text


def test_all_kpis_by_hand():
    """Two minutes: 2 units needed and 1 there, then 1 needed and 3 paid for."""
    series = observed(
        [2, 1],
        [1, 2],
        paid=np.array([1.0, 3.0]),
        wanted=np.array([2.0, 2.0]),
        load=np.array([20.0, 10.0]),
        served=np.array([10.0, 10.0]),
        lost=np.array([10.0, 0.0]),
    )
    prices = Prices(instance_hour=60, scaler_month=730 * 15, setup=1000)
    card = score(series, static_baseline(series, "static-peak"), KpiOptions(prices=prices))
    values = {item.name: item.value for item in card}
    assert values["time-to-scale"] == values["longest-shortage"] == 60
    assert values["shortages"] == 1
    assert values["availability"] == pytest.approx(100 * 20 / 30)
    assert values["availability-while-scaling"] == pytest.approx(50)
    assert values["precision"] == pytest.approx(100 * 2 / 4)
    assert values["efficiency"] == pytest.approx(100 * 2 / 3)
    assert values["instance-hours"] == pytest.approx(4 / 60)
    # 4 instance-minutes at 1 each against a fixed size of 2 for two minutes: the same
    assert values["cost"] == pytest.approx(4)
    assert values["savings"] == pytest.approx(0)
    assert values["cost-per-request"] == pytest.approx(4 / (20 * 60))
    # scaling costs 15 an hour, a half in two minutes, and nothing is saved
    assert values["return-on-investment"] == pytest.approx(-100)
    assert values["amortization"] == math.inf
    assert values["error-rate"] == pytest.approx(100 / 3)
    assert values["latency-p95"] is None
    assert values["under-time"] == values["over-time"] == 50
    assert card["time-to-scale"].passes
    assert not card["availability-while-scaling"].passes
    assert card.baseline == "static-peak (2)"
    assert {item.name for item in card.failures} >= {"efficiency", "precision", "savings", "amortization"}
    assert card["latency-p95"] not in card.failures
    assert "FAIL" in str(card)
    assert card.to_dict()["kpis"][0]["name"] == "time-to-scale"


def test_without_prices_savings_are_of_instance_hours_and_money_is_unknown():
    series = observed([4, 2, 2, 2], [4, 2, 2, 2])
    card = score(series, static_baseline(series, "static-peak"))
    assert card["savings"].value == pytest.approx(100 * (1 - 10 / 16))
    assert card["savings"].passes
    assert "instance-hours" in card["savings"].note
    for name in ("cost", "cost-per-request", "return-on-investment", "amortization"):
        assert card[name].value is None
        assert card[name].note == "give prices"
    assert card["time-to-scale"].note == "no shortage"


def test_prices_without_the_cost_of_scaling_say_so():
    series = observed([4, 2], [4, 2])
    card = score(series, static_baseline(series, "static-peak"), KpiOptions(prices=Prices(instance_hour=1)))
    assert "scaler_month" in card["return-on-investment"].note
    assert "setup" in card["amortization"].note


def test_nothing_known_gives_no_number():
    unknown = [math.nan] * 3
    series = observed(unknown, unknown)
    card = score(series, static_baseline(series, "static-p95"), KpiOptions(prices=Prices(instance_hour=1, setup=1)))
    assert [item.name for item in card if item.value is not None] == []
    assert all(item.note for item in card)
    assert not card.failures


def test_hours_are_of_the_time_that_is_known():
    series = observed([2, 2, 2, 2], [2, math.nan, math.nan, 2])
    card = score(series, static_baseline(series, "static-peak"))
    assert card["instance-hours"].value == pytest.approx(4 / 60)
    assert card["savings"].value == pytest.approx(0)


def test_static_baselines():
    demand = [*range(1, 101)]
    series = observed(demand, demand)
    names = [static_baseline(series, name).name for name in ("static-peak", "static-p95", "static-mean")]
    assert names == ["static-peak (100)", "static-p95 (96)", "static-mean (51)"]
    with pytest.raises(InvalidArgument, match="static-p95"):
        static_baseline(series, "yesterday")


def test_another_policy_as_the_baseline():
    ours, theirs = observed([1, 1], [1, 1]), observed([1, 1], [2, 2])
    card = score(ours, baseline_of(theirs, "today"))
    assert card["savings"].value == 50
    assert card.baseline == "today"


def test_a_card_is_looked_up_by_name():
    card = Kpis(group="web", since=START, until=START, items=(Kpi(name="a", value=1.0),))
    assert (len(card), card["a"].value) == (1, 1.0)
    with pytest.raises(KeyError):
        card["b"]
