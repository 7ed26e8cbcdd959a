"""Loads driven by Locust, against a real HAProxy and against servers that fail; no process outlives its run."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import namedtuple
from importlib.util import find_spec

import pytest

import trimtab as tt
from tests.haproxy.local import WebServers, until
from tests.loadtests.compressed import SPEED, compressed_fleet
from trimtab.errors import MissingExtra
from trimtab.loadtests import driving
from trimtab.loadtests.driving import Drive, drive
from trimtab.loadtests.targets import RequestTarget

# found and not imported: Locust changes the modules of its process
pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="load tests need their extra")
SECOND = tt.seconds(1)
Named = namedtuple("Named", "id")


def test_a_group_behind_haproxy_grows_under_load_as_predicted():
    load = tt.Load.steps([(tt.minutes(1), 12), (tt.minutes(5), 36)])
    model = tt.FleetModel(capacity=40, boot=tt.minutes(1), signals={"load": "requests-per-instance"})
    with compressed_fleet() as world:
        test = tt.loadtest(
            world.cloud, world.fleet, url=world.url, shape=load, every=SECOND / 5, model=model, speed=SPEED
        )
        assert test.requests == load.total / SPEED == 192
        assert test.requests - test.failed == world.served, "the service counted as many as Locust"
    assert test.errors == {}
    assert test.kpis["availability"].value == 100
    series = test.series
    assert series.load.sum() * series.step / SPEED == pytest.approx(test.requests)
    assert series.size_range[0] == 1
    assert series.size_range[1] >= 2
    assert (test.scale_outs[0].before, test.scale_outs[0].wanted) == (1, 2)
    assert test.prediction.wanted.max() >= 2
    assert test.agreement.minutes == 6
    assert {seen.name for _, seen in test.lines} >= {"availability", "longest-shortage", "response-p95"}
    assert test.percentiles[50] >= 0.01, "a request takes its work at least"


@pytest.fixture(name="mute")
def _mute():
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server.getsockname()[1]


def plan(port, *, rate=10, **fields):
    load = tt.Load.steps([(SECOND, rate)], step=SECOND)
    target = RequestTarget(origin=f"http://127.0.0.1:{port}", path="/")
    return Drive(target=target, load=load, **{"timeout": 0.5, **fields})


def test_an_instance_that_never_answers_is_an_error_of_each_request(mute):
    looks = []
    samples = drive(plan(mute, workers=2), looks.append, every=0.2)
    assert samples.errors == {"no answer in time": 10}
    assert samples.percentile(95) is None
    assert len(looks) >= 2
    assert looks == sorted(looks)
    assert "2 processes" in samples.source


def test_a_look_that_takes_longer_than_the_time_between_two_loses_nothing():
    servers = WebServers()
    servers.listen("here")
    try:
        samples = drive(
            plan(servers.endpoint(Named("here"), None)[1]), lambda _: threading.Event().wait(0.3), every=0.2
        )
    finally:
        servers.close()
    assert (len(samples), samples.failures, samples.errors) == (10, 0, {})


def test_an_answer_that_sends_elsewhere_is_not_followed():
    servers, asked = WebServers(), []
    servers.listen("here")
    servers.listen("elsewhere")
    (here, elsewhere) = (servers.endpoint(Named(name), None)[1] for name in ("here", "elsewhere"))
    servers.status, servers.headers = 302, {"Location": f"http://127.0.0.1:{elsewhere}/"}
    try:
        samples = drive(plan(here), asked.append, every=1)
    finally:
        servers.close()
    assert (len(samples), samples.failures) == (10, 10), "nothing was served"
    assert servers.served == {"here": 10}
    assert samples.notes[0].startswith("10 answers send elsewhere (3xx): not followed")


def test_a_worker_without_locust_says_which_extra_it_needs(tmp_path, monkeypatch):
    (tmp_path / "locust.py").write_text("raise ModuleNotFoundError('locust', name='locust')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    with pytest.raises(MissingExtra, match=r"pip install 'trimtab\[loadtest\]'"):
        drive(plan(9), lambda seconds: None, every=1)


PARENT = """
import sys
import trimtab as tt
from trimtab.loadtests import driving
from trimtab.loadtests.targets import RequestTarget

made = driving.Worker.__init__
def told(self, *arguments):
    made(self, *arguments)
    print(self.process.pid, flush=True)
driving.Worker.__init__ = told
load = tt.Load.steps([(tt.minutes(10), 5)])
target = RequestTarget(origin="http://127.0.0.1:PORT", path="/")
look = lambda seconds: print("looked", "gevent" in sys.modules, flush=True)
driving.drive(driving.Drive(target=target, load=load, workers=2), look, every=1)
"""


def test_no_worker_outlives_a_parent_that_is_killed(mute):
    command = [sys.executable, "-c", PARENT.replace("PORT", str(mute))]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        assert parent.stdout.readline() == "looked False\n", "gevent is in no process but the workers'"
        assert all(map(lives, workers))
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    until(lambda: not any(map(lives, workers)), "the workers are gone")


def lives(pid):
    """Whether a process is there, and not only waits for somebody to ask how it ended."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_dies_takes_only_its_own_requests_with_it(mute, monkeypatch):
    started = []

    class Recorded(driving.Worker):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            started.append(self)

    monkeypatch.setattr(driving, "Worker", Recorded)
    samples = driving.drive(plan(mute, workers=2), lambda seconds: started[0].process.kill(), every=60)
    assert 5 <= len(samples) < 10
    assert any(note.startswith("worker 1 of 2 ended early") for note in samples.notes)
    assert f"{10 - len(samples)} requests of the load were not sent in time" in samples.notes
