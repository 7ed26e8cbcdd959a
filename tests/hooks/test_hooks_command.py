"""The command `trimtab hooks`: a process of its own, consent to import, signals, a kill in the middle of a handler."""

import json
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("moto", reason="the emulators need their extra")

import trimtab as tt
from tests.hooks.aws_hooks import Bench

HANDLERS = """
import os, signal
from pathlib import Path
import trimtab as tt

@tt.on_launch
def configure(notice):
    Path(os.environ["SEEN"]).open("a").write(notice.instance + "\\n")
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)
    if os.environ.get("FAIL"):
        raise OSError("no route to host")
"""


@pytest.fixture
def bench(trimtab_aws):
    return Bench.of(trimtab_aws)


class Command:
    """The command in front of an emulator; `seen` are the instances that its handler was called for."""

    def __init__(self, bench, folder):
        self.file = folder / "fleet.json"
        self.file.write_text(
            json.dumps({"name": "shop", "groups": {"web": {"capacity": {"min": 0, "max": 9}, **GROUP}}})
        )
        (folder / "acme_handlers.py").write_text(HANDLERS)
        self.record = folder / "seen"
        self.arguments = [sys.executable, "-m", "trimtab", "hooks", str(self.file), "--queue", "hooks"]
        self.arguments += ["--provider", "aws", "--format", "json", "--allow-python", "acme_handlers"]
        path = os.pathsep.join([str(folder), *sys.path])
        self.environment = {
            **os.environ,
            **bench.test.emulator.environment,
            "PYTHONPATH": path,
            "SEEN": str(self.record),
        }

    def once(self, *options, **variables):
        done = subprocess.run(
            [*self.arguments, "--once", *options],
            env={**self.environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
        )
        results = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return done.returncode, results, done.stderr

    @property
    def seen(self):
        return self.record.read_text().split() if self.record.exists() else []


GROUP = {"template": {"image": "ami-03cf127a", "size": "t3.micro"}}


def test_what_is_in_the_queue_is_handled(bench, tmp_path):
    bench.apply(bench.hook(), size=2)
    status, results, errors = Command(bench, tmp_path).once()
    assert status == 0, errors
    assert sorted(result["outcome"] for result in results) == ["continued", "continued", "test"]
    assert {result["format_version"] for result in results} == {1}
    assert bench.states() == ["InService", "InService"]


def test_killed_in_the_middle_of_a_handler_another_process_takes_over(bench, tmp_path):
    bench.apply(bench.hook())
    command = Command(bench, tmp_path)
    status, _, _ = command.once(DIE="1")
    assert status == -signal.SIGKILL
    assert bench.states() == ["Pending:Wait"]
    assert command.once()[1] == []  # hidden for others until a third of the hook's time is over
    bench.test.clock.advance(tt.seconds(101))
    status, results, _ = command.once()
    assert (status, [result["outcome"] for result in results]) == (0, ["continued"])
    assert command.seen == bench.instances() * 2
    assert (bench.states(), bench.left()) == (["InService"], 0)


def test_a_handler_that_fails_says_so(bench, tmp_path):
    bench.apply(bench.hook())
    _, results, _ = Command(bench, tmp_path).once(FAIL="1")
    abandoned = [result for result in results if result["outcome"] == "abandoned"]
    assert abandoned[0]["why"] == "configure raised OSError: no route to host"


def test_it_runs_until_a_signal(bench, tmp_path):
    bench.apply(bench.hook())
    command = Command(bench, tmp_path)
    with subprocess.Popen(command.arguments, env=command.environment, stdout=subprocess.PIPE, text=True) as process:
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
def test_what_cannot_be_begun(bench, tmp_path, change, message):
    command = Command(bench, tmp_path)
    first, rest = command.arguments[:4], command.arguments[4:]
    command.arguments = [*first, *(change.get(word, word) for word in rest if word not in ("--format", "json"))]
    status, _, errors = command.once()
    assert status == 1
    assert message in errors
