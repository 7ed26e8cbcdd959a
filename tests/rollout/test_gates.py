"""Gates, each asked for itself: real requests on loopback, real programs, alarms and metrics of the cloud in memory."""

import http.server
import json
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

import trimtab as tt
from tests.rollout.world import World, make_fleet
from trimtab.models import AlarmGate, BalancerGate, CommandGate, HttpGate, MetricGate, Rollout
from trimtab.rollout.deciding import limits_of
from trimtab.rollout.gates import Gates, Situation

HOT = tt.Alarm(name="hot", metric="cpu", above=90)


class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({"/up": 200, "/down": 503, "/away": 302}.get(self.path, 404))
        if self.path == "/away":
            self.send_header("Location", "/up")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture(name="port", scope="module")
def _port():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture(name="world")
def _world():
    world = World()
    world.apply(make_fleet(load_balancers=["front"], alarms=[HOT]))
    world.clock.advance(timedelta(minutes=5))
    return world


def ask(world, gate, *, last=True, allow=True, address="127.0.0.1", moved=1):
    """What a gate says in the middle of a rollout of which one instance has come."""
    spec = Rollout(gates=[gate])
    fleet = make_fleet("two", rollout=spec, load_balancers=["front"], alarms=[HOT])
    rollouts = world.cloud.rollouts(fleet, allow_commands=True)
    rollouts.start()
    for _ in range(8 * moved):
        rollouts.tick()
        world.clock.advance(timedelta(seconds=15))
    role = world.cloud.provider.rollouts()
    (progress,) = role.read([("local", "shop-web")], addresses=True)
    state = progress.state
    state = replace(state, instances=tuple(replace(each, private_address=address) for each in state.instances))
    progress = replace(progress, state=state)
    about = Situation(fleet, fleet["web"], progress.run, progress, limits_of(spec, progress), world.clock.now())
    return Gates(role, allow).ask(spec, about, last=last), about


@pytest.mark.parametrize(
    ("gate", "holds", "text"),
    [
        ({"path": "/up"}, True, ""),
        ({"path": "/down"}, False, "answered 503 and not 200"),
        ({"path": "/down", "status": 503}, True, ""),
        ({"path": "/away"}, False, "answered 302 and not 200"),
        ({"path": "/up", "protocol": "https"}, False, "gave no answer"),
        ({"path": "/up", "address": "public"}, False, "has no public address"),
    ],
)
def test_http(world, port, gate, holds, text):
    (_, verdict), _ = ask(world, HttpGate(port=port, **gate))
    assert verdict.holds is holds
    assert text in verdict.text
    assert not verdict.is_final


def test_http_where_nobody_listens(world):
    (_, verdict), _ = ask(world, HttpGate(port=9, timeout="1s"))
    assert verdict.holds is False
    assert "gave no answer" in verdict.text


def script(folder, text):
    path = folder / "gate.py"
    path.write_text(text)
    return [sys.executable, str(path)]


def test_a_command_finds_the_instances(world, tmp_path):
    text = """
import json, os, sys
kept = {name: value for name, value in os.environ.items() if name.startswith("TRIMTAB_")}
kept["inventory"] = json.load(open(os.environ["TRIMTAB_INVENTORY"]))
json.dump(kept, open(sys.argv[1], "w"))
"""
    run = [*script(tmp_path, text), str(tmp_path / "out.json")]
    (_, verdict), about = ask(world, CommandGate(run=run))
    assert verdict.holds, verdict
    out = json.loads((tmp_path / "out.json").read_text())
    fresh = [each.id for each in about.fresh]
    assert fresh
    assert out["TRIMTAB_NEW_INSTANCES"].split() == fresh
    assert (out["TRIMTAB_FLEET"], out["TRIMTAB_GROUP"], out["TRIMTAB_NATIVE_NAME"]) == ("shop", "web", "shop-web")
    assert {each["id"] for each in out["inventory"] if each["new"]} == set(fresh)
    assert len(out["inventory"]) == 4


@pytest.mark.parametrize(
    ("text", "timeout", "why"),
    [
        ("import sys; print('smoke'); sys.exit(3)", "1m", "ended with exit code 3: smoke"),
        (
            "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
            "time.sleep(60)",
            "1s",
            "took too long",
        ),
    ],
)
def test_a_command_that_fails_or_hangs(world, tmp_path, text, timeout, why):
    (_, verdict), _ = ask(world, CommandGate(run=script(tmp_path, text), timeout=timeout))
    assert verdict.holds is False
    assert verdict.is_final
    assert why in verdict.text


def test_a_command_that_is_not_there_or_may_not_run(world):
    (_, verdict), _ = ask(world, CommandGate(run=["./no-such-program"]))
    assert "No such file" in verdict.text
    (_, verdict), _ = ask(world, CommandGate(run=["true"]), allow=False)
    assert "allow it with allow_commands=True" in verdict.text


def test_commands_need_consent_before_anything_is_started(world):
    fleet = make_fleet("two", rollout=Rollout(gates=[CommandGate(run=["true"])]))
    (result,) = world.cloud.rollouts(fleet).start()
    assert "not started: a `command` gate runs true" in result.text
    assert world.versions() == [1, 1, 1, 1]


def test_alarms_by_their_name_in_the_group_and_in_the_cloud(world):
    (_, verdict), _ = ask(world, AlarmGate(alarms=["hot"]))
    assert verdict.holds
    world.store.firing.add("shop-web-hot")
    for name in ("hot", "shop-web-hot"):
        (_, verdict), _ = ask(world, AlarmGate(alarms=[name]))
        assert (verdict.holds, verdict.is_final) == (False, True)
        assert f"{name} fires" in verdict.text
    (_, verdict), _ = ask(world, AlarmGate(alarms=["nobodys"]))
    assert "no alarm is called nobodys" in verdict.text


def test_a_rollout_does_not_begin_while_its_alarm_fires(world):
    world.store.firing.add("shop-web-hot")
    fleet = make_fleet("two", rollout=Rollout(gates=[AlarmGate(alarms=["hot"])]), alarms=[HOT])
    (result,) = world.cloud.rollouts(fleet).start()
    assert "not started" in result.text
    assert not world.store.sizes.popitem()[1].run


def test_the_balancer_has_to_send_requests(world):
    (_, verdict), about = ask(world, BalancerGate())
    assert verdict.holds, verdict
    assert about.fresh


@pytest.mark.parametrize(
    ("new", "old", "worse", "holds"),
    [
        ([90.0] * 6, [40.0 + x / 10 for x in range(12)], "higher", False),
        ([40.0] * 6, [40.0 + x / 10 for x in range(12)], "higher", True),
        ([10.0] * 6, [40.0 + x / 10 for x in range(12)], "lower", False),
        ([90.0] * 3, [40.0] * 12, "higher", None),
    ],
)
def test_a_metric_of_new_instances_against_old_ones(world, new, old, worse, holds):
    spec = MetricGate(metric="cpu", worse=worse)
    _, about = ask(world, spec, last=False)
    now = world.clock.now()
    for side, values in ((about.fresh, new), (about.old, old)):
        world.store.samples[side[0].id, "cpu"] = [(now, value) for value in values]
    verdicts = Gates(world.cloud.provider.rollouts()).ask(Rollout(gates=[spec]), about, last=True)
    assert verdicts[-1].holds is holds, verdicts
