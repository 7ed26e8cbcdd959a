"""The listener within an instance: the real file, run as a process, against the services that it is made for."""

import ast
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trimtab
from tests.hooks.metadata import AwsService, AzureService, GoogleService, scheduled

LISTENER = Path(trimtab.__file__).parent / "hooks" / "listener.py"
RECORD = """
import json, os, sys
names = ("CLOUD", "KIND", "EVENT_ID", "DEADLINE", "INSTANCE", "EVENT")
with open(sys.argv[1], "a") as file:
    file.write(json.dumps({name: os.environ["TRIMTAB_" + name] for name in names}) + "\\n")
sys.exit(int(sys.argv[2]) if sys.argv[2:] else 0)
"""


class Run:
    """A listener that runs, its command, and what that was told."""

    def __init__(self, folder, url, *options, command=None, status=0, path=""):
        self.folder, self.record = folder, folder / "record.jsonl"
        program = folder / "record.py"
        program.write_text(RECORD)
        # alone, as it is in an instance: no package around it, no site-packages
        copy = folder / "listener.py"
        copy.write_text(LISTENER.read_text())
        self.command = command or [sys.executable, str(program), str(self.record), str(status)]
        self.arguments = [sys.executable, "-I", "-S", "-W", "error", str(copy), "--url", url, "--every", "0.02"]
        self.arguments += [
            "--state",
            str(folder / "state" / "listener.json"),
            *options,
            "--on-terminate",
            *self.command,
        ]
        self.environment = {"PATH": path or os.environ["PATH"], "http_proxy": "http://127.0.0.1:9"}

    def once(self):
        done = subprocess.run(
            [*self.arguments[:8], "--once", *self.arguments[8:]],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
        )
        return done.returncode, done.stderr

    @contextmanager
    def started(self):
        process = subprocess.Popen(self.arguments, stderr=subprocess.PIPE, text=True, env=self.environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    @property
    def told(self):
        return [json.loads(line) for line in self.record.read_text().splitlines()] if self.record.exists() else []


def ended(process, number=signal.SIGTERM):
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def lines_until(process, words):
    """What a listener says, up to the line with these words."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(lines)


# Azure


def test_azure_terminate_runs_the_command_and_is_approved(tmp_path):
    with AzureService() as service:
        service.change(events=(scheduled(),))
        run = Run(tmp_path, service.url)
        status, errors = run.once()
        assert status == 0, errors
        (told,) = run.told
        assert (told["CLOUD"], told["KIND"], told["INSTANCE"]) == ("azure", "scheduled-event", "web_0")
        assert told["EVENT_ID"] == "C7061BAC-AFDC-4513-B24B-AA5F13A16123"
        assert datetime.fromisoformat(told["DEADLINE"]) > datetime.now(UTC) + timedelta(minutes=4)
        assert json.loads(told["EVENT"])["EventType"] == "Terminate"
        assert service.approved == ["C7061BAC-AFDC-4513-B24B-AA5F13A16123"]
        assert run.once()[0] == 0
        assert len(run.told) == 1


def test_azure_events_of_others_and_those_that_began_are_left(tmp_path):
    """Each machine of a placement group is told of all of them: approving another's would end that early."""
    with AzureService() as service:
        others = scheduled(event="A", name="web_7"), scheduled(event="B", EventStatus="Started")
        service.change(events=(*others, scheduled("Preempt", event="C")))
        run = Run(tmp_path, service.url, "--cloud", "azure")
        run.once()
        assert [told["KIND"] for told in run.told] == ["preemption"]
        assert service.approved == ["C"]


def test_azure_an_event_that_others_wait_for_is_not_approved(tmp_path):
    with AzureService() as service:
        service.change(events=(scheduled(Resources=["web_0", "web_7"]),))
        run = Run(tmp_path, service.url, "--cloud", "azure")
        run.once()
        run.once()
        assert (len(run.told), service.approved) == (1, [])


@pytest.mark.parametrize("kind", ["Reboot", "Redeploy", "Freeze"])
def test_azure_maintenance_is_for_those_who_ask_for_it(tmp_path, kind):
    with AzureService() as service:
        service.change(events=(scheduled(kind),))
        run = Run(tmp_path, service.url, "--cloud", "azure")
        run.once()
        assert (run.told, service.approved) == ([], [])
        asking = Run(tmp_path, service.url, "--cloud", "azure", "--also-advice")
        asking.once()
        assert [told["KIND"] for told in asking.told] == ["maintenance"]
        assert len(service.approved) == 1


def test_azure_a_command_that_fails_leaves_the_event_its_time(tmp_path):
    """Neither approved nor run again."""
    with AzureService() as service:
        service.change(events=(scheduled(),))
        run = Run(tmp_path, service.url, "--cloud", "azure", status=3)
        _, errors = run.once()
        assert "failed; not approved" in errors
        run.once()
        assert (len(run.told), service.approved) == (1, [])


def test_azure_a_command_is_killed_at_the_deadline(tmp_path):
    with AzureService() as service:
        soon = format(datetime.now(UTC) + timedelta(seconds=1), "%a, %d %b %Y %H:%M:%S GMT")
        service.change(events=(scheduled(NotBefore=soon),))
        forever = [sys.executable, "-c", "import signal; signal.pause()"]
        status, errors = Run(tmp_path, service.url, "--cloud", "azure", command=forever).once()
        assert (status, service.approved) == (0, [])
        assert "did not end before" in errors


def test_killed_in_the_middle_the_command_runs_again(tmp_path):
    """At least once: the state says begun, not done. And what is done and not approved is approved, not run again."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    waits = [sys.executable, "-c", f"open({str(gate)!r}).read()"]
    with AzureService() as service:
        service.change(events=(scheduled(),))
        run = Run(tmp_path, service.url, "--cloud", "azure", command=waits)
        with run.started() as process, gate.open("w"):  # opens once the command is there
            process.kill()
            process.wait()
        run = Run(tmp_path, service.url, "--cloud", "azure")
        run.once()
        assert (len(run.told), len(service.approved)) == (1, 1)
        service.change(events=(scheduled(event="next"),))
        (tmp_path / "state" / "listener.json").write_text(json.dumps({"events": {"next": "done"}}))
        run.once()
        assert (len(run.told), service.approved[-1]) == (1, "next")


# Google


def test_google_preemption_is_heard_as_it_happens(tmp_path):
    """The metadata server is waited on; the answer comes with the change. Nothing is sent back."""
    with GoogleService() as service:
        run = Run(tmp_path, service.url)
        with run.started() as process:
            service.wait_for(GoogleService.is_waited_on)
            service.change(preempted="TRUE", etag="e2")
            lines_until(process, "done")
            status, _ = ended(process)
            assert status == 0
            (told,) = run.told
            assert (told["CLOUD"], told["KIND"], told["INSTANCE"]) == ("gcp", "preemption", "web-1")
            assert {method for method, _, _ in service.asked} <= {"GET", "PUT"}
            # the next start finds the same preemption, which was handled; a later one is another
            assert run.once()[0] == 0
            assert len(run.told) == 1
            service.change(preempted="FALSE", etag="e3")
            run.once()
            service.change(preempted="TRUE", etag="e4")
            run.once()
            assert len(run.told) == 2


@pytest.mark.parametrize(
    ("value", "options", "kinds"),
    [
        ("NONE", [], []),
        ("MIGRATE_ON_HOST_MAINTENANCE", [], []),
        ("MIGRATE_ON_HOST_MAINTENANCE", ["--also-advice"], ["maintenance"]),
        ("TERMINATE_ON_HOST_MAINTENANCE", [], ["scheduled-event"]),
    ],
)
def test_google_maintenance(tmp_path, value, options, kinds):
    with GoogleService() as service:
        service.change(maintenance=value)
        run = Run(tmp_path, service.url, "--cloud", "gcp", *options)
        assert run.once()[0] == 0
        assert [told["KIND"] for told in run.told] == kinds


def test_google_graceful_shutdown(tmp_path):
    """A stop or deletion that waits: https://docs.cloud.google.com/compute/docs/instances/graceful-shutdown-overview."""
    begun = datetime.now(UTC).replace(microsecond=0)
    stop = {"stop-state": "PENDING_STOP", "max-duration": "600s", "request-timestamp": begun.isoformat()}
    with GoogleService() as service:
        service.change(stop=stop)
        run = Run(tmp_path, service.url, "--cloud", "gcp")
        run.once()
        (told,) = run.told
        assert told["KIND"] == "stop"
        assert datetime.fromisoformat(told["DEADLINE"]) == begun + timedelta(minutes=10)


# AWS


def test_aws_spot_action_by_imdsv2(tmp_path):
    with AwsService() as service:
        run = Run(tmp_path, service.url)
        run.once()
        assert run.told == []
        at = (datetime.now(UTC) + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        service.change(action=json.dumps({"action": "terminate", "time": at}))
        run.once()
        run.once()
        (told,) = run.told
        assert (told["CLOUD"], told["KIND"], told["INSTANCE"]) == ("aws", "interruption", "i-1234567890abcdef0")
        assert datetime.fromisoformat(told["DEADLINE"]) == datetime.fromisoformat(at)


@pytest.mark.parametrize(("state", "kinds"), [("InService", []), ("Terminated", ["lifecycle-hook"])])
def test_aws_target_lifecycle_state(tmp_path, state, kinds):
    with AwsService() as service:
        service.change(state=state)
        run = Run(tmp_path, service.url, "--cloud", "aws")
        run.once()
        assert [told["KIND"] for told in run.told] == kinds


def test_aws_advice_and_a_token_that_ran_out(tmp_path):
    with AwsService() as service:
        run = Run(tmp_path, service.url, "--cloud", "aws", "--also-advice")
        with run.started() as process:
            lines_until(process, "listening")
            service.change(token="AQAEB", advice=json.dumps({"noticeTime": "2026-11-05T08:22:00Z"}))
            lines_until(process, "done")
            assert ended(process)[0] == 0
            assert [told["KIND"] for told in run.told] == ["rebalance"]


# all


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait_at_once(tmp_path, number):
    with GoogleService() as service, Run(tmp_path, service.url).started() as process:
        service.wait_for(GoogleService.is_waited_on)
        status, errors = ended(process, number)
        assert status == 0
        assert "Traceback" not in errors


def test_a_signal_lets_the_command_finish(tmp_path):
    """The service is stopped while the command drains: the command ends first, and its event is approved."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with AzureService() as service:
        service.change(events=(scheduled(),))
        waits = [sys.executable, "-c", f"open({str(gate)!r}).read()"]
        with Run(tmp_path, service.url, "--cloud", "azure", command=waits).started() as process:
            lines_until(process, "acting")
            process.send_signal(signal.SIGTERM)
            gate.write_text("go on")
            process.communicate(timeout=60)
            assert (process.returncode, len(service.approved)) == (0, 1)


@pytest.mark.parametrize(("says", "kinds"), [("stopping", ["stop"]), ("running", [])])
def test_at_shutdown_the_end_of_the_machine_counts(tmp_path, says, kinds):
    """Google's autoscaler gives no notice but the shutdown itself; a restart of the service alone is none."""
    program = tmp_path / "systemctl"
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)
    with GoogleService() as service:
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        run = Run(tmp_path, service.url, "--cloud", "gcp", "--at-shutdown", path=path)
        with run.started() as process:
            lines_until(process, "listening")
            service.wait_for(GoogleService.is_waited_on)
            assert ended(process)[0] == 0
            assert [told["KIND"] for told in run.told] == kinds


def test_a_service_that_is_away_is_asked_again(tmp_path):
    with AzureService() as service:
        url = service.url
        service.change(events=(scheduled(),))
        answer = service.answer
        service.answer = lambda *given: (500, {}, "") if "scheduledevents" in given[1] else answer(*given)
        run = Run(tmp_path, url, "--cloud", "azure")
        with run.started() as process:
            lines_until(process, "not heard: the metadata service answers 500")
            service.answer = lambda *given: (200, {}, "<html>") if "scheduledevents" in given[1] else answer(*given)
            lines_until(process, "not heard: a reply is not JSON")
            service.answer = answer
            lines_until(process, "done")
            assert ended(process)[0] == 0
    status, errors = Run(tmp_path, url).once()
    assert (status, errors) == (1, "error: no metadata service answers; say which cloud this is, by --cloud\n")


def test_a_command_that_is_not_there(tmp_path):
    with AzureService() as service:
        service.change(events=(scheduled(),))
        _, errors = Run(tmp_path, service.url, "--cloud", "azure", command=["/nowhere/drain"]).once()
        assert "/nowhere/drain cannot be run: No such file or directory" in errors
        assert service.approved == []


def test_it_is_one_file_for_python_3_8_with_the_standard_library_alone():
    tree = ast.parse(LISTENER.read_text(), feature_version=(3, 8))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")]
        )
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert names <= sys.stdlib_module_names
