"""The command `trimtab hooks`: consent to import, signals, a kill in the middle of a handler."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("moto", reason="the emulators need their extra")

import trimtab as tt
from tests.hooks.aws_hooks import Bench
from trimtab.cli import run

HANDLERS = """
import os, signal
from pathlib import Path
import trimtab as tt

@tt.on_launch
def configure(notice):
    with Path(os.environ["SEEN"]).open("a") as file:
        file.write(notice.instance + "\\n")
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("FAIL"):
        raise OSError("no route to host")
"""
GROUP = {"capacity": {"min": 0, "max": 9}, "template": {"image": "ami-03cf127a", "size": "t3.micro"}}


@pytest.fixture
def bench(trimtab_aws):
    return Bench.of(trimtab_aws)


class Command:
    """The command in front of an emulator; `seen` are the instances that its handler was called for."""

    def __init__(self, bench, folder):
        self.test = bench.test
        self.record = folder / "seen"
        fleet = folder / "fleet.json"
        fleet.write_text(json.dumps({"name": "shop", "groups": {"web": GROUP}}))
        (folder / "acme_handlers.py").write_text(HANDLERS)
        self.arguments = ["hooks", str(fleet), "--queue", "hooks", "--provider", "aws", "--format", "json"]
        self.arguments += ["--allow-python", "acme_handlers"]
        path = os.pathsep.join([str(folder), *sys.path])
        own = {**bench.test.emulator.environment, "PYTHONPATH": path, "SEEN": str(self.record)}
        self.process = {"args": [sys.executable, "-m", "trimtab", *self.arguments], "env": {**os.environ, **own}}

    def connect(self, name, **_):
        return self.test.connect() if name == "aws" else tt.connect(name)

    def here(self):
        """One round in this process."""
        out = io.StringIO()
        status = run([*self.arguments, "--once"], connect=self.connect, out=out, err=io.StringIO())
        lines = out.getvalue().splitlines()
        return status, [json.loads(line) for line in lines if line.startswith('{"')], out.getvalue()

    @property
    def seen(self):
        return self.record.read_text().split() if self.record.exists() else []


@pytest.fixture
def command(bench, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "acme_handlers", raising=False)
    found = Command(bench, tmp_path)
    monkeypatch.setenv("SEEN", str(found.record))
    return found


def test_what_is_in_the_queue_is_handled(bench, command):
    bench.apply(bench.hook(), size=2)
    status, results, _ = command.here()
    assert status == 0
    assert sorted(result["outcome"] for result in results) == ["continued", "continued", "test"]
    assert {result["format_version"] for result in results} == {1}
    assert bench.states() == ["InService", "InService"]


def test_killed_in_the_middle_of_a_handler_another_process_takes_over(bench, command):
    bench.apply(bench.hook())
    dying = {**command.process["env"], "DIE": "1"}
    done = subprocess.run(command.process["args"], env=dying, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert bench.states() == ["Pending:Wait"]
    assert command.here()[1] == []  # hidden from others until a third of the hook's time is over
    bench.test.clock.advance(tt.seconds(101))
    status, results, _ = command.here()
    assert (status, [result["outcome"] for result in results]) == (0, ["continued"])
    assert command.seen == bench.instances() * 2
    assert (bench.states(), bench.left()) == (["InService"], 0)


def test_a_handler_that_fails_says_so(bench, command, monkeypatch):
    monkeypatch.setenv("FAIL", "1")
    bench.apply(bench.hook())
    _, results, _ = command.here()
    (abandoned,) = (result for result in results if result["outcome"] == "abandoned")
    assert abandoned["why"] == "configure raised OSError: no route to host"


def test_an_answer_that_does_not_get_through_is_a_failure(bench, command):
    bench.apply(bench.hook())
    bench.test.emulator.doors.fault("denied", operation="CompleteLifecycleAction")
    status, results, _ = command.here()
    assert (status, "failed" in {result["outcome"] for result in results}) == (1, True)


def test_it_runs_until_a_signal(bench, command):
    bench.apply(bench.hook())
    with subprocess.Popen(**command.process, stdout=subprocess.PIPE, text=True) as process:
        outcomes = {json.loads(process.stdout.readline())["outcome"] for _ in range(2)}
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert (outcomes, process.returncode) == ({"continued", "test"}, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"acme_handlers": "acme_missing"}, "acme_missing cannot be imported: ModuleNotFoundError"),
        ({"hooks": "nowhere"}, "aws get_queue_url"),
        ({"aws": "memory"}, "no queue of notices"),
    ],
)
def test_what_cannot_be_begun(command, change, message):
    verb, *rest = command.arguments
    command.arguments = [verb, *(change.get(word, word) for word in rest)]
    status, _, out = command.here()
    assert status == 1
    assert message in out
