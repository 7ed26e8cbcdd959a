"""The demo runs to its end, and the command line works on the emulated AWS."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("moto")

from tests.laws import sampled
from trimtab.cli import run
from trimtab.emulators import AwsEmulator
from trimtab.testing import AwsTestCloud

pytestmark = pytest.mark.sweep

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"
FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 1, max: 2}
    template: {image: ami-12c6146b, size: t3.medium}
    placement: {zones: [us-east-1a]}
    policies:
      scale-out: {change: 1, cooldown: 5m}
    alarms:
      hot: {metric: cpu, above: 70, triggers: [scale-out]}
"""


STEPS = {
    "aws": ("30 to create", "Threshold:  95 → 10  fleet.yaml", "TargetValue:  95 → 70  fleet.yaml", "30 to delete"),
    "gcp": ("25 to create", "utilizationTarget:  0.95 → 0.7  fleet.yaml", "thresholdValue:  95 → 10", "25 to delete"),
    "azure": ("16 to create", "threshold:  25 → 44  fleet.yaml", "cooldown:  PT15M → PT5M", "16 to delete"),
}


@pytest.mark.parametrize("provider", sampled(STEPS, 2))
def test_the_demo_holds_what_it_shows(provider):
    """It checks each step itself and fails when one does not hold."""
    environment = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, str(DEMO), "--provider", provider]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    story = ("3 groups, ", "web: 4 -> 10 -> 4", "environment", "3 to update", "Nothing to delete")
    for step in (*STEPS[provider], *story):
        assert step in ended.stdout, step
    assert "Traceback" not in ended.stderr


@pytest.fixture
def aws(tmp_path):
    with AwsEmulator() as emulator:
        yield make_command(AwsTestCloud(emulator), tmp_path)


def make_command(cloud, folder):
    path = folder / "fleet.yaml"
    path.write_text(FLEET)

    def connect(provider, **settings):
        return cloud.connect(**settings)

    def command(name, *arguments):
        out, err = io.StringIO(), io.StringIO()
        given = [name, str(path), *arguments, "--provider", "aws"]
        return run(given, connect=connect, out=out, err=err), out.getvalue(), err.getvalue()

    command.emulator = cloud.emulator
    return command


def test_a_life_on_aws(aws):
    """plan 2, apply 0, plan 0, status, destroy 0, with one JSON document each."""
    assert aws("plan")[0] == 2
    code, out, err = aws("apply", "--yes", "--format", "json")
    assert (code, json.loads(out)["applied"]["ok"]) == (0, True), err
    assert aws("plan")[0] == 0
    code, out, _ = aws("status", "--format", "json")
    assert (code, json.loads(out)["groups"][0]["running"]) == (0, 1)
    assert aws("destroy", "--yes")[0] == 0
    assert aws("plan")[0] == 2


def test_a_denied_read_is_one_clear_sentence(aws):
    """Exit code 1 and what could not be read; no traceback."""
    aws("apply", "--yes")
    aws.emulator.doors.fault("denied", operation="DescribeAlarms", times=None)
    code, out, err = aws("plan")
    assert code == 1
    assert "unknown: " in out
    assert "Traceback" not in out + err
