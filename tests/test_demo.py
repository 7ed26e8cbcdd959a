"""The demo runs to its end, and the command line works on the emulated AWS."""

import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("moto")

import trimtab as tt
from tests.haproxy.local import until
from tests.laws import sampled
from tests.servers import missing, short_folder
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
    "gcp": ("29 to create", "utilizationTarget:  0.95 → 0.7  fleet.yaml", "thresholdValue:  95 → 10", "29 to delete"),
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


MATCH = DEMO.parent / "haproxy" / "match.py"


def processes_of(folder):
    """Those that have a folder for temporary files, by the environment that the kernel tells."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it is gone, or another user's
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                yield int(process.name)


def addresses_of(processes):
    """The addresses, in hexadecimal, that processes listen on."""
    sockets = {os.readlink(link) for each in processes for link in Path(f"/proc/{each}/fd").iterdir()}
    rows = [line.split() for table in ("tcp", "tcp6") for line in Path("/proc/net", table).read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


ON_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it needs Linux's loopback network")
STARTS_ONE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from parts.children import Children
with Children(Path(sys.argv[2])) as children:
    children.start("web", [sys.executable, Path(sys.argv[1]) / "parts/web.py", "127.8.99.1", "0", "1", "1"])
    print("started", flush=True)
    sys.stdin.read()
"""


@ON_LINUX
def test_a_match_behind_haproxy_says_how_far_it_is_from_its_prediction():
    """The first minutes of it, nobody beyond loopback is heard meanwhile, and no process is left when it ends."""
    pytest.importorskip("vl_convert")
    path = f"{os.environ['PATH']}:/usr/sbin"
    if lacking := [name for name in ("haproxy", "prometheus") if not shutil.which(name, path=path)]:
        missing(f"not installed: {', '.join(lacking)}")
    with short_folder("trimtab-match-") as folder:
        command = [sys.executable, str(MATCH), "--minutes", "6", "--out", str(folder / "out")]
        given = {"env": {**os.environ, "TMPDIR": str(folder)}, "text": True, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, stdout=subprocess.PIPE, **given) as match:
            said = [next((line for line in match.stdout if " of 2 serve" in line), "nothing of servers")]
            running = set(processes_of(folder))
            listening = addresses_of(running)
            said += match.stdout
        said = "".join(said)
        assert match.returncode == 0, said[-2000:]
        assert len(running) == 5, said  # itself, HAProxy, Prometheus, two instances
        assert len(listening) >= 3
        # 127.0.0.0/8, in the order of bytes of this machine, also as an address of IPv6
        assert all(re.search("(^|0000FFFF)......7F$", address) for address in listening), listening
        assert re.search(r"within one instance of the prediction in [\d.]+ % of the minutes", said)
        assert re.search(r"longest shortage: \d+ min seen, 0 min predicted", said)
        page, picture = (folder / "out" / name for name in ("match.html", "match.png"))
        assert "predicted in service" in page.read_text()
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert not list(processes_of(folder))


@pytest.mark.parametrize(
    ("up", "missing", "why"),
    [
        (0.0, (3, 4), "HAProxy did not answer it"),
        (None, (3, 4), "it scraped nothing, since this machine was busy or a disk is full"),
        (0.0, range(6), "HAProxy did not answer it"),
    ],
)
def test_minutes_in_which_nobody_looked_are_said(monkeypatch, up, missing, why):
    """HAProxy away for a minute of the match is a note of what was seen, and no match that was played in vain."""
    monkeypatch.syspath_prepend(str(MATCH.parent))
    seen = importlib.import_module("parts.seen")

    class Prometheus:
        def values(self, query, start, minutes):
            gap = up if "up" in query else None
            return [gap if minute in missing else 1.0 for minute in range(minutes)]

    group = tt.ScalingGroup(
        name="web", capacity=tt.Capacity(min=1, max=2), template=tt.InstanceTemplate(image="ami-1", size="t3.small")
    )
    predicted = tt.simulate(group, tt.Load.steps([(tt.minutes(10), 1)]), preset="ec2")
    said = f"Prometheus has no samples of {len(missing)} of 10 minutes: {why}"
    if len(missing) > 5:
        with pytest.raises(SystemExit, match=f"^{said}$"):
            seen.seen_run(Prometheus(), predicted, seen.Record(), "here", ())
    else:
        run = seen.seen_run(Prometheus(), predicted, seen.Record(), "here", ("first",))
        assert tuple(run.notes) == ("first", f"{said}; the minute before stands for each")
        assert run.load.tolist() == [1.0] * 10


@ON_LINUX
def test_no_process_of_a_match_outlives_one_that_is_killed():
    with short_folder("trimtab-match-") as folder:
        command = [sys.executable, "-c", STARTS_ONE, str(MATCH.parent), str(folder)]
        given = {"env": {**os.environ, "TMPDIR": str(folder)}, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, **given) as killed:
            assert killed.stdout.readline() == b"started\n"
            assert len(list(processes_of(folder))) == 2
            killed.kill()
        until(lambda: not list(processes_of(folder)), "what it has started ends with it")


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
