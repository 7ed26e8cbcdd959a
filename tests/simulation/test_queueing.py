"""The queueing model, held against closed forms, published values and by hand."""

import math

import pytest

from trimtab.simulation.queueing import response_mean, response_percentile, serve, waiting_share


@pytest.mark.parametrize(("rate", "servers", "expected"), [(50, 64, 2.99861), (60, 64, 3.15183), (0.5, 1, 5.99146)])
def test_percentiles_of_m_m_c(rate, servers, expected):
    """The last is M/M/1: -ln(0.05) / (1 - 0.5)."""
    assert response_percentile(rate, servers) == pytest.approx(expected, abs=5e-6)


def test_erlang_c_is_that_of_its_sum():
    for servers, load in ((1, 0.3), (2, 1.5), (10, 7.0), (40, 39.0)):
        last = load**servers / math.factorial(servers) * servers / (servers - load)
        whole = sum(load**number / math.factorial(number) for number in range(servers)) + last
        assert waiting_share(load, servers) == pytest.approx(last / whole)
    assert waiting_share(0, 3) == 0
    assert waiting_share(3, 3) == 1


def test_little_and_limits():
    assert response_mean(0.5, 1) == pytest.approx(2)
    assert response_mean(1, 1) == math.inf
    assert response_percentile(2, 2) == math.inf
    assert response_percentile(1, 0) == math.inf
    assert response_percentile(1, 2, 1.0, 50) == pytest.approx(response_percentile(10, 2, 10.0, 50) * 10)


def test_a_service_rate_that_equals_the_spare_one():
    """Two servers at half: waits end as fast as one serves, where the general form divides by 0."""
    near = response_percentile(1 + 1e-6, 2)
    assert response_percentile(1, 2) == pytest.approx(near, rel=1e-4)


def test_arrays_are_the_same_as_one_by_one():
    np = pytest.importorskip("numpy", reason="arrays need numpy (extra `sim`)")
    from trimtab.simulation.latency import response_percentiles

    servers = np.array([1, 64, 5, 64, 2, 400])
    rate = np.array([0.5, 50, 4.9, 0.0, 1.0, 399.0])
    found = response_percentiles(rate, servers, 1.0, 95)
    assert found == pytest.approx([response_percentile(float(a), int(c)) for a, c in zip(rate, servers, strict=True)])


def test_a_backlog_by_hand():
    # 30 requests/s for a minute where 20 can be served: 600 wait
    first = serve(0, 30, 20, seconds=60, patience=60)
    assert first == (20, 0, 600)
    # then 10 arrive: 1,200 are served in the minute, 600 of them waited
    assert serve(first.backlog, 10, 20, seconds=60, patience=60) == (20, 0, 0)
    # of 600 that wait, 20 a second serve 200 in ten seconds of patience; the others are lost
    assert serve(0, 30, 20, seconds=60, patience=10) == (20, pytest.approx(400 / 60), 200)
    # without any capacity those that came in the last ten seconds wait
    assert serve(0, 30, 0, seconds=60, patience=10) == (0, 25, 300)


def test_no_request_is_lost_or_made():
    for arriving, capacity, backlog, patience in ((5, 3, 100, 60), (5, 3, 100, 1), (0, 3, 100, 60), (5, 0, 100, 20)):
        found = serve(backlog, arriving, capacity, seconds=60, patience=patience)
        assert 60 * (found.served + found.lost) + found.backlog == pytest.approx(backlog + 60 * arriving)
