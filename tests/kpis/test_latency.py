"""Percentiles of waits and responses against known values of M/M/c, and mixtures by hand."""

import math

import pytest

from trimtab.errors import InvalidArgument
from trimtab.kpis.latency import responses, waiting_shares


@pytest.mark.parametrize(("rate", "servers", "expected"), [(50, 64, 2.99861), (60, 64, 3.15183), (0.5, 1, 5.99146)])
def test_percentiles_of_one_queue(rate, servers, expected):
    """Exact M/M/c at a service rate of 1 a second; M/M/1 by hand: ln 20 / (1 - 0.5) = 5.99146."""
    assert responses([rate], [servers], 1.0).percentile() == pytest.approx(expected, rel=2e-6)


def test_one_server_waits_by_the_textbook():
    """M/M/1: P(W > t) = rho exp(-(mu - lambda) t), so that the 95th percentile is ln(rho / 0.05) / (mu - lambda)."""
    found = responses([0.5], [1], 1.0)
    assert found.slower(1.0, waiting=True) == pytest.approx(0.5 * math.exp(-0.5))
    assert found.percentile(waiting=True) == pytest.approx(math.log(0.5 / 0.05) / 0.5, rel=1e-6)
    assert responses([0.04], [1], 1.0).percentile(waiting=True) == 0


def test_a_service_as_fast_as_the_spare_capacity():
    """c mu - lambda = mu: the tail is that of a sum of two equal exponentials."""
    found = responses([1.0], [2], 1.0)
    share = waiting_shares([1.0], [2])[0]
    assert share == pytest.approx(1 / 3)
    assert found.slower(1.0) == pytest.approx((1 - share) * math.exp(-1) + share * 2 * math.exp(-1))
    near = responses([1.0 + 1e-6], [2], 1.0)
    assert near.slower(1.0) == pytest.approx(found.slower(1.0), abs=1e-5)


def test_a_mixture_weighs_by_requests():
    """Nine of ten requests are served at once, one waits 10 s behind a backlog."""
    found = responses([9, 1], [1000, 1000], 0.001, delay=[0, 10])
    assert found.slower(1.0) == pytest.approx(0.1)
    assert found.percentile(95) == pytest.approx(10.0007, abs=1e-3)
    assert found.percentile(80) < 0.01


def test_a_step_whose_servers_are_all_busy_has_the_backlogs_delay():
    found = responses([10], [1], 0.1, delay=[3])
    assert found.slower(3.0) == pytest.approx(1)
    assert found.slower(3.1) == pytest.approx(math.exp(-1))


def test_no_request_has_no_percentile():
    assert math.isnan(responses([0], [1], 1.0).percentile())
    assert math.isnan(responses([0], [0], 1.0).slower(1))
    with pytest.raises(InvalidArgument):
        responses([1], [1], 0)


def test_many_queues_at_once_are_each_on_its_own():
    load, servers = [0.5, 50, 60, 0.9, 0, 3.2], [1, 64, 64, 1, 5, 4]
    together = waiting_shares(load, servers)
    alone = [waiting_shares([one], [count])[0] for one, count in zip(load, servers, strict=True)]
    assert together == pytest.approx(alone)
    assert together[0] == pytest.approx(0.5)  # M/M/1 waits with the share of its use
    assert together[4] == 0
