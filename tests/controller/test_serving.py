"""Metrics and health of a run, as Prometheus, a probe and the command line see them."""

import io
import json
import math
import shutil
import signal
import socket
import subprocess
import threading
from collections import Counter
from datetime import timedelta

import pytest

import trimtab as tt
from tests.commands import Cli
from tests.controller.conftest import MINUTE
from tests.controller.receiving import receiving
from tests.servers import missing
from trimtab import errors

pytest.importorskip("prometheus_client")
pytest.importorskip("urllib3")

import urllib3
from prometheus_client.parser import text_string_to_metric_families

from trimtab.controller import TickOutcome
from trimtab.controller.exposition import FAMILIES, Exposition
from trimtab.controller.serving import Address, Health, MetricsServer, parse_address

LOCAL = Address("127.0.0.1", 0)
WEB = {"provider": "memory", "fleet": "shop", "group": "web"}


def get(server, path="/metrics", **headers):
    return urllib3.request("GET", f"http://{server.address}{path}", headers=headers, retries=False, timeout=30)


def values(text):
    """The samples of a page, by name and labels."""
    families = list(text_string_to_metric_families(text))
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value for each in families for sample in each.samples
    }


def value(found, name, **labels):
    return found.get((name, frozenset(labels.items())))


@pytest.fixture
def served(world):
    """A controller whose ticks are served."""
    exposition, health = Exposition(MINUTE), Health(MINUTE, world.clock)

    def on_tick(tick):
        exposition.record(tick)
        health.beat(tick.error)

    world.apply()
    with MetricsServer(LOCAL, exposition, health) as server:
        controller = world.controller(on_tick=on_tick, on_event=exposition.record_event)
        yield world, controller, server
        controller.close()


def test_what_a_tick_did_is_counted_and_how_groups_stand_is_shown(served):
    world, controller, server = served
    controller.tick()
    world.orders = 200.0
    world.after()
    tick = controller.tick()
    found = values(get(server).data.decode())
    assert value(found, "trimtab_group_desired_instances", **WEB) == 6 == world.size()
    assert value(found, "trimtab_group_decided_instances", **WEB) == 6
    assert value(found, "trimtab_group_in_service_instances", **WEB) == 4, "as it was read"
    assert value(found, "trimtab_group_minimum_instances", **WEB) == 1
    assert value(found, "trimtab_group_maximum_instances", **WEB) == 20
    assert value(found, "trimtab_group_lease_held", **WEB) == 1
    assert value(found, "trimtab_group_paused", **WEB) == 0
    assert value(found, "trimtab_alarm_state", **WEB, alarm="many", state="alarm") == 1
    assert value(found, "trimtab_alarm_state", **WEB, alarm="few", state="ok") == 1
    fleet = {"provider": "memory", "fleet": "shop"}
    assert value(found, "trimtab_last_tick_timestamp_seconds", **fleet) == tick.at.timestamp()
    assert value(found, "trimtab_tick_interval_seconds", **fleet) == 60
    assert value(found, "trimtab_ticks_total", **fleet) == 2
    assert value(found, "trimtab_decisions_total", **WEB, outcome="kept") == 1
    assert value(found, "trimtab_decisions_total", **WEB, outcome="written") == 1
    assert value(found, "trimtab_decision_reasons_total", **WEB, outcome="written", code="amount") == 1
    assert value(found, "trimtab_events_total", **fleet, kind="size-changed") == 1
    assert value(found, "trimtab_info", version=tt.__version__) == 1


def test_counters_are_the_sums_over_ticks(served):
    """Held against what the ticks themselves say."""
    world, controller, server = served
    outcomes, codes = Counter(), Counter()
    for orders in (50.0, 200.0, RuntimeError("gone"), 50.0, 5.0, 200.0, 200.0):
        world.orders = orders
        tick = controller.tick()
        outcomes[tick["web"].outcome.value] += 1
        codes.update((tick["web"].outcome.value, reason.code.value) for reason in tick["web"].decision.reasons)
        world.after(4)
    found = values(get(server).data.decode())
    assert {each: value(found, "trimtab_decisions_total", **WEB, outcome=each) for each in outcomes} == outcomes
    reasons = {
        each: value(found, "trimtab_decision_reasons_total", **WEB, outcome=each[0], code=each[1]) for each in codes
    }
    assert reasons == codes
    assert value(found, "trimtab_errors_total", provider="memory", fleet="shop", kind="unread") == 1


def test_a_paused_group_a_lease_of_another_and_a_metric_that_is_missing(served):
    world, controller, server = served
    other = world.controller()
    other.tick()
    controller.tick()
    found = values(get(server).data.decode())
    assert value(found, "trimtab_group_lease_held", **WEB) == 0
    other.close()
    world.orders = RuntimeError("gone")
    controller.tick()
    assert value(values(get(server).data.decode()), "trimtab_group_metrics_missing", **WEB) == 2
    world.cloud.group("shop-web").pause(by="Ana")
    controller.tick()
    found = values(get(server).data.decode())
    assert value(found, "trimtab_group_paused", **WEB) == 1
    assert value(found, "trimtab_group_decided_instances", **WEB) is None, "nothing was decided"


def test_a_cloud_that_refuses_a_size_is_failing(served):
    world, controller, server = served
    world.orders = 200.0
    error = errors.InvalidRequest("no more cores", provider="memory", operation="set_capacity", code="Quota")
    world.test_cloud.store.fault = lambda name, _: error if "capacity" in name or "size" in name else None
    tick = controller.tick()
    assert tick["web"].outcome is TickOutcome.FAILED
    found = values(get(server).data.decode())
    assert value(found, "trimtab_group_failing", **WEB) == 1
    assert value(found, "trimtab_group_desired_instances", **WEB) == 4
    assert value(found, "trimtab_errors_total", provider="memory", fleet="shop", kind="failed") == 1


def test_names_help_and_types_are_as_promtool_wants_them(served):
    _, controller, server = served
    controller.tick()
    text = get(server).data.decode()
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE trimtab")}
    assert shown <= FAMILIES.keys()
    assert len(shown) >= 15
    promtool = shutil.which("promtool")
    if promtool is None:
        missing("promtool is not installed (Debian's package prometheus)")
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_open_metrics_for_those_who_ask(served):
    _, controller, server = served
    controller.tick()
    answer = get(server, accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.data.decode().endswith("# EOF\n")


# health


def test_the_loop_is_ready_after_its_first_tick_and_dead_after_three_intervals(served):
    world, controller, server = served
    assert (get(server, "/healthz").status, get(server, "/readyz").status) == (200, 503)
    assert b"first tick" in get(server, "/readyz").data
    controller.tick()
    assert (get(server, "/healthz").status, get(server, "/readyz").status) == (200, 200)
    world.after(3)
    assert get(server, "/healthz").status == 200
    world.clock.advance(timedelta(seconds=5))
    for path in ("/healthz", "/readyz"):
        assert (get(server, path).status, get(server, path).data) == (503, b"no tick for 185 s\n")
    controller.tick()
    assert get(server, "/healthz").status == 200


def test_a_store_that_is_down_is_alive_and_not_ready(served, monkeypatch):
    world, controller, server = served

    def down(*_, **named):
        raise errors.StoreUnavailable("the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(world.store, "acquire", down)
        controller.tick()
    assert get(server, "/healthz").status == 200
    assert (get(server, "/readyz").status, get(server, "/readyz").data) == (503, b"the store does not answer\n")
    found = values(get(server).data.decode())
    assert value(found, "trimtab_errors_total", provider="memory", fleet="shop", kind="tick") == 1
    controller.tick()
    assert get(server, "/readyz").status == 200


# the server


@pytest.fixture
def bare():
    with MetricsServer(LOCAL, Exposition(MINUTE), Health(MINUTE, tt.ManualClock())) as server:
        yield server


@pytest.mark.parametrize("path", ["/", "/metrics/", "/favicon.ico", "/../etc/passwd"])
def test_other_pages_are_not_found(bare, path):
    assert get(bare, path).status == 404


def test_a_query_is_left_aside_and_only_get_is_answered(bare):
    assert get(bare, "/metrics?name=x").status == 200
    posted = urllib3.request("POST", f"http://{bare.address}/metrics", body=b"x", retries=False, timeout=30)
    assert posted.status == 501


def test_a_client_that_says_nothing_does_not_hold_up_the_end(bare):
    before = {thread.name for thread in threading.enumerate()}
    with socket.create_connection(tuple(bare.address)) as client:
        client.sendall(b"GET /metrics HT")
        assert get(bare).status == 200, "others are answered meanwhile"
        bare.close()
        assert client.recv(1) == b""
    assert "trimtab-serving" in before
    assert not [thread for thread in threading.enumerate() if "trimtab-serving" in thread.name]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(tuple(bare.address), timeout=5)


def test_the_port_is_free_again_at_once(bare):
    bare.close()
    again = MetricsServer(bare.address, Exposition(MINUTE), Health(MINUTE, tt.ManualClock()))
    assert get(again).status == 200
    again.close()


def test_a_port_that_is_taken_is_said(bare):
    with pytest.raises(errors.ConfigError, match=r"cannot listen at 127\.0\.0\.1:\d+: Address already in use; choose"):
        MetricsServer(bare.address, Exposition(MINUTE), Health(MINUTE, tt.ManualClock()))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9464", Address("127.0.0.1", 9464)),
        ("9464", Address("127.0.0.1", 9464)),
        ("0.0.0.0:80", Address("0.0.0.0", 80)),
        ("localhost:1", Address("localhost", 1)),
        ("[::1]:9464", Address("::1", 9464)),
    ],
)
def test_addresses_to_listen_at(text, address):
    assert parse_address(text) == address
    assert parse_address(str(address)) == address
    assert address.is_loopback == (address.host != "0.0.0.0")


@pytest.mark.parametrize(
    "text", ["", "nine", "127.0.0.1", "127.0.0.1:", "a:b", "x:99999", "http://x:1", "u@x:1", "x:1/y"]
)
def test_what_is_no_address(text):
    with pytest.raises(errors.ConfigError, match=r"127\.0\.0\.1:9464"):
        parse_address(text)


def test_another_address_than_loopback_is_known_as_such():
    assert not Address("example.org", 1).is_loopback
    assert not Address("::", 1).is_loopback


# commands

FLEET = """\
name: shop
controller: true
sources:
  orders: {file: orders.txt}
groups:
  web:
    capacity: {min: 1, max: 20, desired: 4}
    template: {image: ami-1, size: small}
    policies: {out: {change: 2, cooldown: 5m}}
    alarms: {many: {metric: {external: orders}, above: 100, triggers: [out]}}
"""
"""Sized by the number in a file."""


class Heard(io.StringIO):
    """A stream; `has` is set once a text has been written to it."""

    def __init__(self, text="\0"):
        super().__init__()
        self.text, self.has = text, threading.Event()

    def write(self, text):
        done = super().write(text)
        if self.text in self.getvalue():
            self.has.set()
        return done


class Run(Cli):
    """The command line in front of a fleet that stands, and somebody who looks at what goes on and then ends it."""

    def __init__(self, folder):
        super().__init__(folder)
        self.file = self.write(FLEET)
        self.write("50", "orders.txt")
        assert self.run("apply", self.file, "--yes", "--provider", "memory").code == 0
        self.more = ("--provider", "memory")
        self.seen = []

    def until(self, look, number, *arguments):
        """The result of a command that a signal ends after its first line and a look at its address."""
        from trimtab.cli import run

        out, err = Heard("web"), Heard()

        def work():
            out.has.wait(60)
            try:
                self.seen.append(look(address_in(err.getvalue())))
            finally:
                signal.raise_signal(number)

        # a process that was started in the background may ignore it
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            words = [*arguments[:1], self.file, *arguments[1:], *self.more]
            code = run(words, connect=self.connect, out=out, err=err, source=io.StringIO())
        finally:
            out.has.set()
            thread.join()
            signal.signal(signal.SIGINT, before)
        return code, out.getvalue(), err.getvalue()


def address_in(text):
    return text.partition("http://")[2].partition(" ")[0].split("\n")[0].rstrip(";")


def fetch(path):
    """Looks at a page of an address."""
    return lambda address: urllib3.request("GET", f"http://{address}{path}", retries=False, timeout=30)


@pytest.fixture
def program(tmp_path, monkeypatch):
    pytest.importorskip("typer")
    pytest.importorskip("rich")
    monkeypatch.delenv("TRIMTAB_WEBHOOK", raising=False)
    monkeypatch.delenv("TRIMTAB_WEBHOOK_SECRET", raising=False)
    made = Run(tmp_path)
    made.storing = ("--store", f"sqlite:///{tmp_path / 'store.db'}")
    return made


def nobody_listens(address):
    host, _, port = address.rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    return True


def test_a_run_serves_until_it_ends_and_leaves_nothing(program):
    before = set(threading.enumerate())
    code, _, err = program.until(fetch("/metrics"), signal.SIGTERM, "run", "--listen", "127.0.0.1:0", *program.storing)
    assert code == 0
    found = values(program.seen[0].data.decode())
    assert value(found, "trimtab_group_desired_instances", **WEB) == 4
    assert "serving metrics and health at http://127.0.0.1:" in err
    assert "can read them" not in err
    assert nobody_listens(address_in(err))
    assert set(threading.enumerate()) <= before


def test_a_run_is_ready(program):
    program.until(fetch("/readyz"), signal.SIGTERM, "run", "--listen", "0", *program.storing)
    assert (program.seen[0].status, program.seen[0].data) == (200, b"ok\n")


def test_listening_for_others_is_said(program):
    _, _, err = program.until(lambda _: None, signal.SIGTERM, "run", "--listen", "0.0.0.0:0", *program.storing)
    assert "; whoever reaches this address can read them" in err


def test_a_port_that_is_taken_ends_a_run_before_it_begins(program):
    with socket.create_server(("127.0.0.1", 0)) as held:
        done = program("run", "--listen", str(held.getsockname()[1]), *program.storing)
    assert (done.code, done.out) == (1, "")
    assert "Address already in use; choose another address" in done.err


def test_each_line_of_a_run_is_json_where_that_is_asked_for(program):
    code, out, err = program.until(
        lambda _: None, signal.SIGTERM, "run", "--format", "json", "--log", "json", "-vv", *program.storing
    )
    assert code == 0
    ticks = [json.loads(line) for line in out.splitlines()]
    assert {each["fleet"] for each in ticks} == {"shop"}
    entries = [json.loads(line) for line in err.splitlines()]
    assert {"at", "level", "logger", "message"} <= set.intersection(*(set(entry) for entry in entries))
    ticked = [entry for entry in entries if entry["logger"] == "trimtab.controller" and "group" not in entry]
    assert ticked[0]["fleet"] == "shop"
    assert any(entry["message"] == "the controller of shop sizes web" for entry in entries)


def test_an_error_is_an_entry_of_the_log(program):
    done = program("run", "--listen", "nine", "--log", "json", *program.storing)
    entry = json.loads(done.err.splitlines()[-1])
    assert (done.code, entry["level"]) == (1, "error")
    assert "'nine' is not an address" in entry["message"]


def test_what_is_decided_is_in_the_log_with_its_numbers(program):
    program.write("200", "orders.txt")
    done = program("tick", "--log", "json", *program.storing)
    entries = [json.loads(line) for line in done.err.splitlines()]
    [entry] = [entry for entry in entries if entry.get("outcome") == "written"]
    assert (entry["group"], entry["previous"], entry["size"], entry["level"]) == ("web", 4, 6, "info")


SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_tick_tells_by_webhook_before_it_ends(program, monkeypatch, way):
    options = ()
    if way == "variable":
        monkeypatch.setenv("TRIMTAB_WEBHOOK_SECRET", SECRET)
    else:
        options = ("--webhook-secret-file", program.write(f"{SECRET}\n", "secret"))
    program.write("200", "orders.txt")
    with receiving() as receiver, receiving() as other:
        hooks = ("--webhook", receiver.url, "--webhook", other.url)
        done = program("tick", *hooks, *options, *program.storing)
    assert done.code == 0, done.err
    [(_, _, body)] = receiver.received
    assert json.loads(body)["kind"] == "size-changed"
    assert [body] == [each for _, _, each in other.received]
    assert SECRET not in done.out + done.err


def test_a_webhook_without_a_secret_is_refused(program):
    done = program("tick", "--webhook", "https://example.org/hooks", *program.storing)
    assert (done.code, done.out) == (1, "")
    assert "set TRIMTAB_WEBHOOK_SECRET, or name a file by --webhook-secret-file" in done.err


def test_a_secret_that_cannot_be_read_is_refused(program, tmp_path):
    hook = ("--webhook", "https://example.org/hooks", "--webhook-secret-file")
    done = program("tick", *hook, str(tmp_path / "none"), *program.storing)
    assert "No such file or directory" in done.err
    (tmp_path / "bytes").write_bytes(b"\xff")
    assert "it is not base64" in program("tick", *hook, str(tmp_path / "bytes"), *program.storing).err


# a fleet without a controller


def test_a_watch_serves_how_a_fleet_stands(program):
    code, _, err = program.until(fetch("/metrics"), signal.SIGINT, "watch", "--serve", "127.0.0.1:0")
    assert code == 0
    found = values(program.seen[0].data.decode())
    assert value(found, "trimtab_group_desired_instances", **WEB) == 4
    assert value(found, "trimtab_group_maximum_instances", **WEB) == 20
    assert value(found, "trimtab_tick_interval_seconds", provider="memory", fleet="shop") == 30
    assert value(found, "trimtab_group_lease_held", **WEB) is None
    assert nobody_listens(address_in(err))


def test_a_watch_that_serves_goes_on_when_the_cloud_fails(program):
    """The number of failed looks is served; what was seen before is not, as it may be another by now."""
    exposition, health = Exposition(MINUTE), Health(MINUTE, program.clock)
    from trimtab.cli.context import CommandContext
    from trimtab.cli.runtime_commands import _recorded
    from trimtab.cli.views.screen import Screen

    err = io.StringIO()
    desk = CommandContext(Screen(io.StringIO(), err, io.StringIO()), program.connect)
    fleet = tt.load_fleet(program.file)
    with program.connect("memory") as cloud:
        looks = _recorded(
            desk, cloud, Looks(cloud.watch(fleet), [False, True, True, False]), MINUTE, exposition, health
        )
        next(looks)
        assert not health.hindrance()
        next(looks)
    counts = {family.name: family for family in exposition.collect()}
    assert [sample.value for sample in counts["trimtab_errors"].samples] == [2]
    assert "no" in err.getvalue()


class Looks:
    """A watch that fails where a test says so."""

    def __init__(self, watch, failures):
        self.watch, self.failures = watch, failures
        self.fleet = watch.fleet

    def snapshot(self):
        if self.failures.pop(0):
            raise errors.AccessDenied("no", provider="memory", operation="read")
        return self.watch.snapshot()


def test_a_look_that_failed_shows_no_old_sizes(program):
    exposition = Exposition(MINUTE)
    with program.connect("memory") as cloud:
        snapshot = cloud.watch(tt.load_fleet(program.file)).snapshot()
    exposition.record_status(snapshot)
    assert any(metric.name == "trimtab_group_desired_instances" for metric in exposition.collect())
    exposition.record_unreadable("memory", "shop")
    names = {metric.name: metric for metric in exposition.collect()}
    assert "trimtab_group_desired_instances" not in names
    assert names["trimtab_last_tick_timestamp_seconds"].samples[0].value == snapshot.at.timestamp()


def test_numbers_are_finite(served):
    """A metric that has no value is left out, and is no NaN."""
    world, controller, server = served
    world.orders = math.nan
    controller.tick()
    world.after()
    controller.tick()
    found = values(get(server).data.decode())
    assert value(found, "trimtab_group_desired_instances", **WEB) is not None
    assert [name for name, number in found.items() if not math.isfinite(number) and ("le", "+Inf") not in name[1]] == []
