"""A real HAProxy, whose servers follow the instances of a group: under clients, through kills, reloads and silence."""

import socket
import threading

import pytest

import trimtab as tt
from tests.haproxy.local import (
    BOUND,
    TLS,
    Clients,
    LocalHaproxy,
    get,
    local_group,
    local_haproxy,
    make_local_fleet,
    scale,
    until,
)
from tests.laws import IS_EXHAUSTIVE
from tests.servers import free_port, short_folder
from tests.sources.servers import Authority
from trimtab.errors import AccessDenied, InvalidRequest, NotFound, Unreachable
from trimtab.haproxy.client import RuntimeClient

CYCLES, REQUESTS = (200, 10_000) if IS_EXHAUSTIVE else (10, 200)
WAIT = tt.seconds(20)


@pytest.fixture
def haproxy():
    with local_haproxy() as found:
        yield found


def test_nobody_gets_an_error_while_instances_come_and_go(haproxy):
    """Through a kill and reloads too, which lose every server that was added; a connection is refused meanwhile."""
    with local_group(make_local_fleet([{"socket": haproxy.socket}])) as (cloud, servers, sync):
        assert sync.sync(wait=WAIT)[0].is_settled
        before, seen = haproxy.stranger(), set()
        with Clients(haproxy.port) as clients:
            for turn in range(CYCLES):
                if turn % 20 == 3:
                    haproxy.kill()
                    haproxy.start()
                if turn % 20 == 6:
                    haproxy.reload()
                ids = scale(cloud, 3 - turn % 2)
                (synced,) = sync.sync(wait=WAIT)
                assert synced.is_settled, str(synced)
                servers.end_all_but(ids)  # as a cloud does that waits for its hook
                seen |= set(ids)
            until(lambda: clients.counts[200] >= REQUESTS, "as many requests")
        assert {status for status, count in clients.counts.items() if count} <= {200, "refused"}
        assert len(seen & set(clients.names)) >= CYCLES / 2
        assert haproxy.stranger() == before


def test_an_instance_gets_no_request_before_it_answers(haproxy):
    """HAProxy itself holds a new server to be up before its first check, and waits for one that never answers."""
    with local_group(make_local_fleet([{"socket": haproxy.socket}]), timeout=tt.seconds(5)) as (_cloud, servers, sync):
        servers.status = 503
        (synced,) = sync.sync()
        assert (synced.serving, synced.wanted, set(synced.waiting.values())) == (0, 2, {"it does not answer yet"})
        assert not synced.is_settled
        servers.mute = True
        assert set(sync.sync()[0].waiting.values()) == {"it does not answer yet"}
        servers.mute, servers.status = False, 200
        with Clients(haproxy.port, threads=1) as clients:
            assert sync.sync()[0].is_settled
            until(lambda: clients.counts[200], "an answer")
        assert set(clients.counts) <= {200, "refused"}
        assert sync.sync()[0].done == {}


def test_a_request_is_finished_before_its_server_goes_and_no_longer_than_said(haproxy):
    with local_group(make_local_fleet([{"socket": haproxy.socket, "drain": "1s"}])) as (cloud, servers, sync):
        sync.sync(wait=WAIT)
        statuses = []
        slow = threading.Thread(target=lambda: statuses.append(get(haproxy.port, "/slow")), daemon=True)
        slow.start()
        assert servers.slow.wait(BOUND)
        scale(cloud, 0)
        held = sync.sync()[0]
        assert held.held == ""
        assert len(held.waiting) <= 1
        servers.released.set()
        assert sync.sync(wait=WAIT)[0].is_settled
        slow.join(BOUND)
        assert statuses == [200]
        # one that never ends is cut off
        servers.released.clear()
        servers.slow.clear()
        scale(cloud, 1)
        assert sync.sync(wait=WAIT)[0].serving == 1
        cut = threading.Thread(target=lambda: statuses.append(get(haproxy.port, "/slow")), daemon=True)
        cut.start()
        assert servers.slow.wait(BOUND)
        scale(cloud, 0)
        assert sync.sync(wait=WAIT)[0].is_settled
        cut.join(BOUND)
        assert statuses[1:] != [200]


def test_a_haproxy_that_is_away_is_said_and_caught_up_with(haproxy):
    """The others go on meanwhile, and a cloud that cannot be read, or shows nothing at once, takes no server out."""
    with local_haproxy() as second:
        fleet = make_local_fleet([{"socket": haproxy.socket}, {"socket": second.socket}])
        with local_group(fleet, timeout=tt.seconds(2)) as (_cloud, servers, sync):
            assert all(each.is_settled for each in sync.sync(wait=WAIT))
            second.kill()
            first, away = sync.sync()
            assert first.is_settled
            assert away.error.startswith("haproxy")
            assert second.socket in away.error
            second.start()
            assert all(each.is_settled for each in sync.sync(wait=WAIT))
            servers.store.fault = lambda *_: Unreachable("away", provider="memory", operation="read")
            assert {each.held.partition(":")[0] for each in sync.sync()} == {"nothing was changed"}
            servers.store.fault = None
            next(iter(servers.store.sizes.values())).machines.clear()
            assert "none of the group's instances runs" in sync.sync()[0].held
            assert haproxy.ask("show servers state web").count("trimtab:memory:") == 2
            removed = sync.sync(remove=True, wait=WAIT)
            assert all(each.is_settled for each in removed)
            assert "trimtab:" not in haproxy.ask("show servers state web")
            assert haproxy.stranger()


def test_a_runtime_api_over_tls(tmp_path):
    """A frontend of HAProxy's own takes TLS for its socket: HAProxy 2.6 ignores `ssl` on `stats socket` itself."""
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    port = free_port()
    with local_haproxy(TLS.format(port=port, certificate=ours.issue("haproxy"), ca=ours.path)) as haproxy:
        address = {"address": f"localhost:{port}", "tls": True, "ca": str(ours.path)}
        settings = {**address, "certificate": str(ours.issue("trimtab"))}
        with local_group(make_local_fleet([settings])) as (_cloud, _servers, sync):
            assert sync.sync(wait=WAIT)[0].is_settled
        for wrong, kind in (
            ({**settings, "ca": str(theirs.path)}, AccessDenied),
            ({**settings, "server_name": "elsewhere"}, AccessDenied),
            (address, Unreachable),  # no certificate of its own
            ({"address": f"localhost:{haproxy.port}", "tls": True}, Unreachable),  # no TLS there
        ):
            with pytest.raises(kind, match=r"localhost:\d+: "):
                client_of(wrong).servers()
        with pytest.raises(InvalidRequest, match="cannot be read"):
            client_of({**settings, "ca": str(tmp_path / "none.pem")})


def client_of(settings, **more):
    balancer = tt.HaproxyBalancer.model_validate({"backend": "web", "port": 80, **settings})
    return RuntimeClient(balancer, timeout=tt.seconds(2), **more)


def test_what_haproxy_refuses_is_an_error_that_names_the_fix(haproxy):
    here = {"socket": haproxy.socket}
    with pytest.raises(NotFound, match="Can't find backend"):
        client_of({**here, "backend": "nope"}).servers()
    with pytest.raises(NotFound, match="Can't find backend"):
        client_of({**here, "backend": "nope"}).stats()
    with pytest.raises(InvalidRequest, match="write `balance roundrobin`"):
        client_of({**here, "backend": "static"}).add("trimtab:x", "127.0.0.1", 80)
    with pytest.raises(InvalidRequest, match="is not an IP address"):
        client_of(here).add("trimtab:x", "web.example", 80)
    with pytest.raises(InvalidRequest, match="more than one command"):
        client_of(here).set_state("stranger; disable frontend web", "ready")
    with pytest.raises(InvalidRequest, match="0 and 256"):
        client_of(here).set_weight("stranger", 300)
    with pytest.raises(Unreachable, match="is HAProxy running"):
        client_of({"socket": "/nowhere/admin.sock"}).servers()
    client = client_of({**here, "max_connections": 7})
    client.add("trimtab:six", "::1", 80, weight=3)
    (added,) = [each for each in client.servers() if each.name == "trimtab:six"]
    assert (added.address, added.mode, added.is_checked, added.weight) == ("::1", "maintenance", False, 3)


def test_a_socket_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        balancer = tt.HaproxyBalancer(address=address, backend="web", port=80)
        with pytest.raises(Unreachable, match=r"no answer within 0\.2 s"):
            RuntimeClient(balancer, timeout=tt.seconds(1) / 5).servers()


def test_a_port_that_is_taken_is_said(haproxy):
    with socket.create_server(("127.0.0.1", 0)) as taken, short_folder("trimtab-haproxy-") as folder:
        other = LocalHaproxy(haproxy.program, folder, port=taken.getsockname()[1])
        try:
            with pytest.raises(RuntimeError, match="Address already in use"):
                other.start()
        finally:
            other.kill()


def test_shares_of_native_groups_are_weights(haproxy):
    """The seam for what shifts traffic: the shares go in, the weights of all servers follow, and stay without them."""
    with local_group(make_local_fleet([{"socket": haproxy.socket}])) as (cloud, _servers, sync):
        sync.sync(wait=WAIT)
        sync.sync(shares={"web": {"shop-web": 100, "shop-web-green": 0}}, wait=WAIT)
        scale(cloud, 3)
        sync.sync(wait=WAIT)
        own = [each for each in client_of({"socket": haproxy.socket}).servers() if each.name.startswith("trimtab:")]
        assert [each.weight for each in own] == [256] * 3
