"""Metrics out of HAProxy's statistics: rates and units are those of the neutral metrics."""

from datetime import UTC, datetime, timedelta

import pytest

import trimtab as tt
from tests.haproxy.local import Clients, get, local_group, local_haproxy, make_local_fleet, until
from trimtab.errors import ConfigError, UnreadableReply
from trimtab.haproxy.client import RuntimeClient
from trimtab.haproxy.measuring import LONGEST_GAP, HaproxyCounts, HaproxyStats, counts, look_at
from trimtab.providers.datapoints import MetricQuery
from trimtab.sources import make_sources

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = tt.minutes(1)


def looks(*pairs):
    """Looks at seconds after noon, with how many requests there were until then."""
    return [(NOON + timedelta(seconds=at), HaproxyCounts({"requests": total}, None, 0)) for at, total in pairs]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param(looks((0, 100), (60, 160)), 60, id="from one look to the next"),
        pytest.param(looks((-10, 90), (50, 150), (110, 210)), 60, id="evenly in between"),
        pytest.param(looks((-30, 0), (30, 60), (90, 60)), 30, id="part of what came"),
        pytest.param(looks((10, 100), (70, 160)), None, id="nobody looked before the minute"),
        pytest.param(looks((-10, 100), (50, 160)), None, id="nobody looked after it"),
        pytest.param(looks((-10, 100), (30, 5), (90, 60)), None, id="HAProxy began anew"),
        pytest.param(looks((-10, 100), (LONGEST_GAP.total_seconds(), 160)), None, id="too far apart"),
        pytest.param([], None, id="nobody looked"),
    ],
)
def test_what_came_in_a_minute(seen, expected):
    assert counts(seen, "requests", NOON, NOON + MINUTE) == expected


def test_statistics_that_tell_no_requests_are_refused():
    with pytest.raises(UnreadableReply, match="`mode http`"):
        look_at([{"type": "1", "req_tot": "", "hrsp_5xx": "", "qcur": "0", "rtime": "0"}])


def query(name, clock, minutes=1):
    now = clock.now()
    return MetricQuery(
        group="shop-web", location="local", metric=tt.metrics.external(name), since=now - minutes * MINUTE, until=now
    )


@pytest.fixture
def haproxies():
    with local_haproxy() as first, local_haproxy() as second:
        yield first, second


def test_the_haproxies_of_a_group_are_counted_as_one(haproxies):
    fleet = make_local_fleet([{"socket": each.socket} for each in haproxies])
    with local_group(fleet) as (_cloud, servers, sync):
        sync.sync(wait=tt.seconds(20))
        clock = tt.ManualClock(NOON)
        clients = [RuntimeClient(each) for each in fleet["web"].haproxies]
        stats = {name: HaproxyStats(name, clients, name, clock=clock) for name in ("requests", "errors-5xx", "latency")}
        for source in stats.values():
            assert source.read([query(source.name, clock)])[0].values == (None,)
        for haproxy in haproxies:
            with Clients(haproxy.port, threads=1) as asking:
                until(lambda: asking.counts[200] >= 20, "requests")
        servers.status = 500
        assert [get(each.port, "/") for each in haproxies] == [500, 500]
        total = sum(float(row["req_tot"]) for each in clients for row in each.stats() if row["type"] == "1")
        clock.advance(MINUTE)
        found = {name: source.read([query(name, clock)])[0].values for name, source in stats.items()}
        assert found["requests"] == (total,)
        assert found["errors-5xx"] == (2,)
        assert 0 <= found["latency"][0] < 5
        haproxies[1].kill()
        (answer,) = stats["requests"].read([query("requests", clock)])
        assert isinstance(answer, tt.errors.Unreachable)


def test_requests_that_wait_are_the_queue(haproxies):
    haproxy, _ = haproxies
    fleet = make_local_fleet([{"socket": haproxy.socket, "max_connections": 1}], size=1)
    with local_group(fleet) as (_cloud, servers, sync):
        sync.sync(wait=tt.seconds(20))
        clock = tt.ManualClock(NOON)
        servers.mute = True
        with Clients(haproxy.port, threads=4):
            client = RuntimeClient(fleet["web"].haproxies[0])
            until(lambda: look_at(client.stats()).queue == 3, "three of four requests wait")
            source = HaproxyStats("waiting", [client], "queue", clock=clock)
            assert source.read([query("waiting", clock)])[0].values == (3,)
            servers.mute = False
            servers.released.set()


def test_a_fleet_names_them_as_sources():
    settings = {"socket": "/nowhere.sock", "backend": "web", "port": 80}
    group = {"capacity": 1, "template": {"image": "i", "size": "s"}, "load_balancers": [{"haproxy": settings}]}
    policy = {"type": "target-tracking", "metric": {"external": "edge", "unit": "count"}, "target": 600}
    data = {
        "name": "shop",
        "controller": True,
        "sources": {"edge": {"haproxy": "web", "measure": "requests"}},
        "groups": {"web": {**group, "policies": {"out": policy}}},
    }
    fleet = tt.Fleet.model_validate(data)
    (source,) = make_sources(fleet)
    assert repr(source) == "HaproxyStats('edge', 'requests')"
    assert source.reads(tt.metrics.external("edge"))
    for wrong, text in (
        ({"haproxy": "api", "measure": "requests"}, "no group 'api' of the fleet has a HAProxy"),
        ({"haproxy": "web"}, "say what a source by `haproxy` measures"),
        ({"haproxy": "web", "measure": "p95"}, "requests"),
        ({"haproxy": "web", "measure": "queue", "token": {"env": "X"}}, "takes no `token`"),
    ):
        with pytest.raises((ConfigError, tt.errors.InvalidModel), match=text):
            tt.Fleet.model_validate({**data, "sources": {"edge": wrong}})
