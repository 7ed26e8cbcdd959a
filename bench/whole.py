"""Whole processes beside each other, in turn: a no-change plan on AWS, and the bulk script in boto3."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import boto3

import trimtab as tt
from trimtab.emulators import AwsEmulator
from trimtab.testing import AwsTestCloud

ROOT = Path(__file__).parents[1]
BARS = {2: 1.3, 100: 1.5}
MOMENT = datetime(2026, 11, 30, 9, tzinfo=UTC)
FLEET = """
import sys
import trimtab as tt
from datetime import datetime
from pathlib import Path
endpoint, size, moment = sys.argv[1], int(sys.argv[2]), datetime.fromisoformat(sys.argv[3])
web = tt.load_fleet(Path("examples/virtualmin/fleet.yaml"), provider="aws", env={})["web"]
fleet = tt.Fleet(name="bench", groups=[web.model_copy(update={"name": f"web-{number}"}) for number in range(size)])
"""
"""The running example's web group so many times."""
PLAN = f"""{FLEET}
with tt.connect("aws", region="us-east-1", endpoint=endpoint, clock=tt.ManualClock(moment)) as cloud:
    plan = cloud.plan(fleet)
    sys.exit(1 if plan or plan.problems or plan.unknown else 0)
"""
PEER = """
import sys
import boto3
from bench.peer import read_account
session = boto3.Session(region_name="us-east-1")
read_account(lambda service: session.client(service, endpoint_url=sys.argv[1]))
"""


class Cost(NamedTuple):
    """What one process took, in seconds."""

    cpu: float
    wall: float


def run(arguments: Sequence[str]) -> Cost:
    """Run Python in a process of its own; bytecode is kept, as it is where a program is installed."""
    changed = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "PYTHONDONTWRITEBYTECODE": ""}
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **changed}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"a process of the bench ended with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, wall)


def measured(arguments: Sequence[str]) -> tuple[Cost, float]:
    """Run Python code in a process of its own; what that cost, and the MiB that it held at most."""
    option, program, *rest = arguments
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as told:
        # what the system counts for a child has the memory of its parent in it
        tell = f"import atexit, shutil; atexit.register(shutil.copyfile, '/proc/self/status', {told.name!r})"
        cost = run([option, f"{tell}\n{program}", *rest])
        most = next(line.split()[1] for line in told if line.startswith("VmHWM"))
    return cost, int(most) / 1024


def beside(first: Sequence[str], two: Sequence[str], *, times: int) -> list[tuple[Cost, Cost]]:
    """Both in turn, so many times; a first pair is not counted."""
    return [(run(first), run(two)) for _ in range(times + 1)][1:]


def cpu_beside(first: Sequence[str], two: Sequence[str], *, times: int) -> tuple[tuple[float, float], float]:
    """Median seconds of CPU of each, and the median of the ratios, pair by pair, of the second to the first."""
    pairs = beside(first, two, times=times)
    medians = statistics.median(one.cpu for one, _ in pairs), statistics.median(other.cpu for _, other in pairs)
    return medians, statistics.median(other.cpu / one.cpu for one, other in pairs)


def print_whole(furnish: Callable[..., tt.Fleet], times: int = 5) -> None:
    """
    Print the ratios of whole processes for each number of groups.

    Args:
        furnish: Makes the account of the running example and gives its web group so many times.
        times: How many pairs of processes are run.
    """
    print("no-change plan on AWS beside the bulk boto3 script, whole processes (medians; ratios pair by pair)")
    print("  groups  plan s  boto3 s  ratio  bar  CPU s  boto3 CPU s  ratio")
    for size, bar in BARS.items():
        with AwsEmulator() as emulator:
            _apply(emulator, furnish, size)
            plan = ["-c", PLAN, emulator.endpoint, str(size), MOMENT.isoformat()]
            pairs = beside(["-c", PEER, emulator.endpoint], plan, times=times)
        middle = {
            name: statistics.median(values)
            for name, values in {
                "peer": [peer.wall for peer, _ in pairs],
                "plan": [own.wall for _, own in pairs],
                "ratio": [own.wall / peer.wall for peer, own in pairs],
                "peer cpu": [peer.cpu for peer, _ in pairs],
                "plan cpu": [own.cpu for _, own in pairs],
                "ratio cpu": [own.cpu / peer.cpu for peer, own in pairs],
            }.items()
        }
        print(
            f"  {size:6}  {middle['plan']:6.2f}  {middle['peer']:7.2f}  {middle['ratio']:5.2f}  {bar:3}"
            f"  {middle['plan cpu']:5.2f}  {middle['peer cpu']:11.2f}  {middle['ratio cpu']:5.2f}"
        )


def _apply(emulator: AwsEmulator, furnish: Callable[..., tt.Fleet], size: int) -> None:
    emulator.doors.set_clock(MOMENT, freeze=True)
    session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=emulator.endpoint)

    fleet = furnish(client, size)
    with AwsTestCloud(emulator).connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
