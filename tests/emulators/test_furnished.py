"""The emulator as a process: what it prints is enough, and the examples and the tutorial plan on it as they stand."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trimtab.emulators import ControlClient

pytest.importorskip("moto.server", reason="the extra emulators is not installed")
pytest.importorskip("azure.mgmt.compute", reason="the extra azure is not installed")
pytest.importorskip("google.cloud.compute_v1", reason="the extra gcp is not installed")
pytest.importorskip("typer", reason="the extra cli is not installed")

ROOT = Path(__file__).parents[2]
OF_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_", "CLOUDSDK_", "TRIMTAB_")


class Started:
    """An emulator in a process of its own: what it printed, and the environment that this says."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.said = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_CLOUDS)}
        self.environment = {**kept, **self.said}

    @property
    def doors(self) -> ControlClient:
        return ControlClient(next(value for value in self.said.values() if value.startswith("http")))

    def trimtab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "trimtab", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)


@contextmanager
def started(cloud: str, *options: str) -> Iterator[Started]:
    command = [sys.executable, "-m", "trimtab.emulators", cloud, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            lines = []
            while not lines or "stops it" not in lines[-1]:
                line = process.stdout.readline()
                assert line, f"it ended after {lines}"
                lines.append(line.rstrip("\n"))
            yield Started(lines)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0


@pytest.fixture(scope="module", params=["aws", "azure", "gcp"])
def emulator(request: pytest.FixtureRequest) -> Iterator[tuple[str, Started]]:
    with started(request.param) as process:
        assert process.doors.count()["total"] == 0  # the log of calls begins with the user's
        yield request.param, process


def test_the_command_that_it_names_plans_the_example(emulator: tuple[str, Started]) -> None:
    _, process = emulator
    (command,) = [line for line in process.lines if "trimtab plan" in line]
    program, *arguments = command.lstrip("# ").split()
    assert program == "trimtab"
    assert_planned(process.trimtab(*arguments))


def assert_planned(plan: subprocess.CompletedProcess[str]) -> None:
    assert plan.returncode == 2, plan.stdout + plan.stderr
    assert re.search(r"Plan: \d+ to create, 0 to update, 0 to delete", plan.stdout)


@pytest.mark.parametrize("emulator", ["aws"], indirect=True)
def test_the_guide_and_the_tutorial_plan_as_they_stand(emulator: tuple[str, Started], tmp_path: Path) -> None:
    _, process = emulator
    assert_planned(process.trimtab("plan", "examples/virtualmin/guide.yaml", "--provider", "aws"))
    tutorial = fleet_of_tutorial(tmp_path)
    assert_planned(process.trimtab("plan", str(tutorial), "--provider", "aws"))


def fleet_of_tutorial(folder: Path) -> Path:
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    (fleet,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    path = folder / "fleet.yaml"
    path.write_text(fleet, encoding="utf-8")
    return path


def test_an_empty_account_has_the_default_network_alone(tmp_path: Path) -> None:
    with started("aws", "--empty") as process:
        assert any("the account is empty" in line for line in process.lines)
        assert_planned(process.trimtab("plan", str(fleet_of_tutorial(tmp_path)), "--provider", "aws"))
        plan = process.trimtab("plan", "examples/virtualmin/fleet.yaml", "--provider", "aws")
    assert plan.returncode == 1
    assert "virtualmin-web" in plan.stdout + plan.stderr
