"""The KPIs of simulations made by hand."""

import numpy as np
import pytest

from tests.simulation.made import made
from trimtab.errors import InvalidArgument
from trimtab.kpis.card import KpiOptions
from trimtab.simulation.kpis import demand_within, kpis_of
from trimtab.simulation.queueing import response_percentile


def test_demand_is_the_load_by_the_capacity_of_one_instance():
    """30 requests a second for two minutes on instances of 10: 3 are needed, 2 are there in the first minute."""
    run = made([30, 30, 20], [2, 3, 3], patience=1)
    card = run.kpis("static-peak")
    assert card["time-to-scale"].value == 60
    assert card["precision"].value == pytest.approx(100 * (2 + 3 + 2) / (3 + 3 + 3))
    assert card["efficiency"].value == pytest.approx(100 * 7 / 8)
    assert card["savings"].value == pytest.approx(100 * (1 - 8 / 9))
    assert card["instance-hours"].value == pytest.approx(8 / 60)


def test_demand_that_keeps_to_a_response_time():
    """One server: M/M/1, whose p95 is ln 20 / (mu - lambda); many: the fewest of which one less takes longer."""
    mu, slo = 10.0, 0.5
    most = mu - np.log(20) / slo
    assert demand_within(slo, np.array([0, most - 1e-6, most + 1e-6]), mu, 1 / mu).tolist() == [1, 1, 2]
    rates = np.random.default_rng(1).uniform(0, 3000, 60)
    for rate, units in zip(rates, demand_within(slo, rates, 25.0, 0.1), strict=True):
        servers = round(units * 25.0 * 0.1)
        assert rate < servers * mu
        assert response_percentile(rate, servers, mu, 95) <= slo
        fewer = round((units - 1) * 25.0 * 0.1)
        assert rate >= 0.999 * fewer * mu or response_percentile(rate, fewer, mu, 95) > slo
    run = made([450.0] * 4, [18] * 4, capacity=25.0)
    options = KpiOptions(slo_seconds=0.31)
    loose, tight = kpis_of(run), kpis_of(run, options=options)
    assert tight["under-provisioning"].value > loose["under-provisioning"].value == 0
    assert any(note.startswith("demand: the fewest units with which p95 is") for note in tight.notes)
    with pytest.raises(InvalidArgument, match=r"no number of instances keeps p95 at 0\.05 s: requests that never wait"):
        demand_within(0.05, rates, 25.0, 0.1)


def test_what_waits_too_long_is_lost():
    """10 of 30 requests a second cannot be served; 20 requests (a second's worth) wait, the other 580 are lost."""
    run = made([30, 10], [2, 2], patience=1)
    card = run.kpis()
    assert card["error-rate"].value == pytest.approx(100 * 580 / (40 * 60))
    assert card["availability"].value == pytest.approx(100 * (1 - 580 / 2400))


def test_a_backlog_holds_up_what_is_served_behind_it():
    """A minute at twice the capacity leaves 60 s of work: on average half of that in the first minute."""
    run = made([20, 10, 10], [1, 1, 1], patience=600)
    card = run.kpis()
    assert card["latency-p95"].value == pytest.approx(60, abs=0.01)
    assert card["apdex"].value == pytest.approx(0)
    quiet = made([1, 1], [5, 5]).kpis()
    assert quiet["latency-p95"].value == 0
    # an exponential service of 100 ms on average: ln 20 of them
    assert quiet["response-p95"].value == pytest.approx(0.1 * np.log(20), rel=1e-3)


def test_another_simulation_as_the_baseline():
    ours, theirs = made([10, 10], [1, 1]), made([10, 10], [2, 2], seed=7)
    card = ours.kpis(theirs)
    assert card["savings"].value == 50
    assert card.baseline == "web on ec2, seed 7"
    with pytest.raises(InvalidArgument, match="the loads differ"):
        ours.kpis(made([10, 11], [2, 2]))


def test_notes_and_smoothing_of_a_simulation():
    assert "largest of 3 steps" in made([10, 20], [1, 1], boot=3).kpis()["instability"].note
    assert made([10, 20], [1, 1]).kpis()["instability"].note == ""
