"""Who keeps the servers: the commands, the controller, and the consumer of hooks, with a real HAProxy."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest

import trimtab as tt
from tests.commands import Cli
from tests.haproxy.local import (
    BOUND,
    Clients,
    WebServers,
    get,
    local_group,
    local_haproxy,
    make_local_fleet,
    scale,
    until,
)
from tests.servers import free_port
from trimtab.capabilities import Means, support_of
from trimtab.declarations.support import HAPROXY
from trimtab.haproxy.members import natives_of, shares_of
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.run import RolloutPhase, RolloutRun
from trimtab.testing import translate

WAIT = tt.seconds(20)


@pytest.fixture
def haproxy():
    with local_haproxy() as found:
        yield found


FLEET = """\
name: shop
groups:
  web:
    capacity: {{min: 0, max: 4, desired: 2}}
    template: {{image: ami-1, size: t3.small}}
    load_balancers:
      - haproxy: {{socket: {socket}, backend: web, port: {port}, path: /up, drain: 1s}}
"""


@pytest.fixture
def cli(tmp_path, haproxy):
    """The command line, in front of a cloud whose instances are web servers on loopback."""
    cli, port, servers = Cli(tmp_path), free_port(), WebServers()
    cli.store, cli.servers = MemoryStore(cli.clock, boot=timedelta(0), network="127"), servers
    cli.write(FLEET.format(socket=haproxy.socket, port=port))
    for number in range(1, 7):
        servers.listen(f"i-00000{number}", f"127.0.0.{number}", port)
    yield cli
    servers.close()


def own(haproxy):
    return [line.split()[3] for line in haproxy.ask("show servers state web").splitlines() if "trimtab:" in line]


def weights_of_own(haproxy):
    rows = [line.split() for line in haproxy.ask("show servers state web").splitlines() if "trimtab:" in line]
    return tuple(int(row[7]) for row in rows)


def test_apply_brings_haproxy_to_the_new_instances(cli, haproxy):
    ended = cli("apply", "--yes", "--no-haproxy")
    assert (ended.code, own(haproxy)) == (0, [])
    ended = cli("apply", "--yes", "--format", "json")
    assert ended.code == 0
    (synced,) = ended.data["haproxies"]
    assert (synced["serving"], synced["settled"]) == (2, True)
    assert own(haproxy) == [f"trimtab:memory:local:shop:web:shop-web:i-00000{number}" for number in (1, 2)]
    assert get(haproxy.port, "/") == 200
    assert "trimtab haproxy sync" in cli("plan").out


def test_sync_once_says_what_it_did_and_what_waits(cli, haproxy):
    cli("apply", "--yes", "--no-haproxy")
    cli.servers.status = 503
    ended = cli.run("haproxy", "sync", str(cli.folder / "fleet.yaml"), "--wait", "0s", "--provider", "memory")
    assert ended.code == 3
    assert "0 of 2 serve" in ended.out
    assert "i-000001: it does not answer yet" in ended.out
    cli.servers.status = 200
    ended = cli.run("haproxy", "sync", str(cli.folder / "fleet.yaml"), "web", "--provider", "memory")
    assert (ended.code, "2 of 2 serve" in ended.out) == (0, True)
    removed = cli.run("haproxy", "sync", str(cli.folder / "fleet.yaml"), "--remove", "--provider", "memory")
    assert (removed.code, own(haproxy)) == (0, [])
    haproxy.kill()
    ended = cli.run("haproxy", "sync", str(cli.folder / "fleet.yaml"), "--wait", "0s", "--provider", "memory")
    assert ended.code == 1
    assert "Connection refused" in ended.out
    cli.edit("haproxy:", "name: front #")
    ended = cli.run("haproxy", "sync", str(cli.folder / "fleet.yaml"), "--provider", "memory")
    assert ended.code == 1
    assert "no group with a HAProxy" in ended.err


def test_sync_again_and_again_ends_by_a_signal(tmp_path, haproxy):
    """In a process of its own, whose cloud is empty: what there is to say is said once."""
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET.format(socket=haproxy.socket, port=free_port()))
    command = [sys.executable, "-m", "trimtab", "haproxy", "sync", str(file), "--every", "1s", "--format", "json"]
    with subprocess.Popen([*command, "--provider", "memory"], stdout=subprocess.PIPE, env=os.environ) as process:
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=BOUND)
    assert process.returncode == 0
    assert "the group is not there" in first["haproxies"][0]["held"]
    assert rest == b""


def test_the_controller_keeps_servers_at_each_tick(haproxy, tmp_path):
    """In shadow mode it touches none; what fails at a HAProxy is told and counted."""
    fleet = make_local_fleet([{"socket": haproxy.socket}], size=1).model_copy(update={"controller": True})
    with local_group(fleet) as (cloud, _servers, sync):
        with tt.Controller(fleet, cloud, store=f"sqlite:///{tmp_path}/store", haproxies=sync) as controller:
            tick = controller.tick()
            assert [each.serving for each in tick.haproxies] == [1]
            scale(cloud, 2)
            assert [each.serving for each in controller.tick().haproxies] == [2]
            haproxy.kill()
            tick = controller.tick()
            assert tick.errors == 1
            assert tick.to_dict()["haproxies"][0]["error"]
        with tt.Controller(fleet, cloud, store=f"sqlite:///{tmp_path}/store", shadow=True) as shadow:
            assert shadow.tick().haproxies == ()


def test_an_instance_is_drained_before_its_cloud_ends_it(haproxy, request):
    """On AWS, by the lifecycle hook: the cloud waits until the last request is done."""
    pytest.importorskip("moto", reason="the emulators need their extra")
    from tests.hooks.aws_hooks import Bench, outcomes

    bench, servers = Bench.of(request.getfixturevalue("trimtab_aws")), WebServers()
    try:
        bench.apply(bench.hook("drain", "terminate"), size=1)
        settings = tt.HaproxyBalancer(socket=haproxy.socket, backend="web", port=80, drain="20s")
        group = bench.fleet["web"].model_copy(update={"load_balancers": (tt.LoadBalancer(haproxy=settings),)})
        fleet = tt.Fleet(name="shop", groups=[group])
        assert not bench.cloud.plan(fleet).changes  # no body has anything of it
        sync = tt.HaproxySync(fleet, bench.cloud, endpoint=servers.endpoint)
        assert sync.sync(wait=tt.seconds(20))[0].serving == 1
        statuses = []
        slow = threading.Thread(target=lambda: statuses.append(get(haproxy.port, "/slow")), daemon=True)
        slow.start()
        assert servers.slow.wait(BOUND)
        bench.resize(0)
        assert bench.states() == ["Terminating:Wait"]
        handled = []
        consumer = tt.HookConsumer(bench.cloud, queue=bench.url, handlers=tt.drain_handlers(sync), fleet=fleet)
        polling = threading.Thread(target=lambda: handled.extend(consumer.poll()), daemon=True)
        polling.start()
        until(
            lambda: " 8 " in haproxy.ask("show servers state web").splitlines()[-1] or "DRAIN" in stat(haproxy), "drain"
        )
        assert bench.states() == ["Terminating:Wait"]
        servers.released.set()
        polling.join(BOUND)
        slow.join(BOUND)
        assert statuses == [200]
        assert "continued" in outcomes(handled)
        assert own(haproxy) == []
        assert bench.states() == []
    finally:
        servers.close()


def stat(haproxy):
    return haproxy.ask("show stat")


@pytest.mark.parametrize("provider", ["memory", "aws", "azure", "gcp"])
def test_no_body_of_a_cloud_has_anything_of_a_haproxy(provider):
    """A note says who does it, beside a balancer of the cloud's own too."""
    bare = make_local_fleet([])
    behind = make_local_fleet([{"socket": "/run/admin.sock"}])
    assert support_of(HAPROXY, provider).means is Means.TRIMTAB
    plain, told = translate(bare, provider), translate(behind, provider)
    assert plain.resources == told.resources
    assert plain.problems == told.problems
    notes = {str(note.text) for note in told.notes} - {str(note.text) for note in plain.notes}
    (note,) = notes
    assert note.startswith("load_balancers.0.haproxy: HAProxy as a balancer: `trimtab apply`")
    assert ("lifecycle hook" in note) == (provider == "aws")


def test_a_second_native_group_takes_over_and_nobody_gets_an_error(haproxy):
    """Its instances get no request before the gates hold, and the old ones none by the time that they end."""
    rollout = {"strategy": "blue-green", "bake": "1m", "end_after": "2m", "checkpoints": [{"percent": 10}]}
    fleet = make_local_fleet([{"socket": haproxy.socket}], rollout=rollout)
    changed = make_local_fleet([{"socket": haproxy.socket}], rollout=rollout, template={"image": "two", "size": "s"})
    with local_group(fleet) as (cloud, servers, sync), Clients(haproxy.port) as clients:
        cloud.clock.advance(tt.minutes(5))
        sync.sync(wait=WAIT)
        first = set(own(haproxy))
        rollouts = cloud.rollouts(changed)
        rollouts.start(by="ana")
        shapes, weights = [0], set()
        for _ in range(100):
            (result,) = rollouts.tick()
            (synced,) = sync.sync(wait=WAIT)
            assert synced.is_settled, str(synced)
            shapes += [len(own(haproxy))] if len(own(haproxy)) != shapes[-1] else []
            weights.add(weights_of_own(haproxy))
            until(lambda seen=clients.requests: clients.requests > seen + 10, "requests")
            servers.end_all_but([each.id for size in servers.store.sizes.values() for each in size.machines])
            if result.is_settled:
                break
            cloud.clock.advance(tt.seconds(15))
        assert result.outcome == "done"
        assert shapes == [0, 2, 4, 2]
        assert not first & set(own(haproxy))
        assert {(1, 1), (256, 256, 28, 28), (0, 0, 256, 256), (256, 256)} >= weights >= {(256, 256, 28, 28), (256, 256)}
    assert {status for status, count in clients.counts.items() if count} <= {200, "refused"}
    assert clients.counts["refused"] < clients.requests


MARK = {"id": "3f2a", "strategy": "blue-green", "by": "ana", "old": "shop-web", "new": "shop-web-3f2a"}


@pytest.mark.parametrize(
    ("run", "natives"),
    [
        (None, ["shop-web"]),
        ({"strategy": "rolling", "old": "1", "new": "2"}, ["shop-web"]),
        ({}, ["shop-web"]),
        ({"step": 1}, ["shop-web", "shop-web-3f2a"]),
        ({"step": 1, "phase": RolloutPhase.BAKING}, ["shop-web", "shop-web-3f2a"]),
        ({"step": 1, "phase": RolloutPhase.ENDING}, ["shop-web-3f2a"]),
        ({"step": 1, "phase": RolloutPhase.REVERTING}, ["shop-web"]),
    ],
)
def test_a_blue_green_run_says_which_native_groups_get_requests(run, natives):
    now = tt.ManualClock().now()
    mark = None if run is None else RolloutRun(**{**MARK, "since": now, "began": now, **run})
    assert natives_of(mark, "shop-web") == natives


@pytest.mark.parametrize(
    ("run", "percent"),
    [
        ({}, None),
        ({"step": 1}, 10),
        ({"step": 2}, 50),
        ({"step": 3}, 100),
        ({"step": 3, "phase": RolloutPhase.ENDING}, None),
    ],
)
def test_checkpoints_of_a_blue_green_run_are_shares(run, percent):
    now = tt.ManualClock().now()
    mark = RolloutRun(**{**MARK, "since": now, "began": now, **run})
    assert shares_of(mark, [10, 50]).get("shop-web-3f2a") == percent
    assert shares_of(mark, []) == {}
