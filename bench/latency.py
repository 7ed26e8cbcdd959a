"""What a no-change plan waits when each call takes 50 ms longer, beside a script that makes one after the other."""

import time
from datetime import UTC, datetime
from typing import Any

import boto3

import trimtab as tt
from bench.peer import read_account
from bench.timing import median
from trimtab.emulators import AwsEmulator
from trimtab.testing import AwsTestCloud

DELAY = 0.050
BAR = 0.6
WATCHED = 20


def slow_session() -> boto3.Session:
    """A session each of whose calls takes `DELAY` longer on its way."""
    session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")
    session.events.register("before-send", lambda **_: time.sleep(DELAY))
    return session


def print_latency(furnish: Any) -> None:
    """
    Print the seconds of a no-change plan of two groups, and the calls of a status of twenty.

    Args:
        furnish: Makes the account of the running example and gives its web group so many times.
    """
    with AwsEmulator() as emulator:
        emulator.doors.set_clock(datetime(2026, 11, 30, 9, tzinfo=UTC), freeze=True)
        plain = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")
        fleet = furnish(lambda service: plain.client(service, endpoint_url=emulator.endpoint), WATCHED)
        two = tt.Fleet(name=fleet.name, groups=fleet.groups[:2])
        clock = AwsTestCloud(emulator).clock
        session = slow_session()
        with tt.connect("aws", session=session, endpoint=emulator.endpoint, clock=clock) as cloud:
            cloud.apply(cloud.plan(two), wait="accepted").raise_for_failures()
            seconds = median(lambda: cloud.plan(two))
            script = median(
                lambda: read_account(lambda service: session.client(service, endpoint_url=emulator.endpoint))
            )
            cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
            emulator.doors.clear_requests()
            cloud.status(fleet)
            calls = emulator.doors.count()["total"]
    print(f"no-change plan of two groups, each call {DELAY * 1000:.0f} ms longer (bar: {BAR} s)")
    print(f"  plan {seconds:.2f} s; one call after the other in boto3 {script:.2f} s; ratio {seconds / script:.2f}")
    print(f"status of {WATCHED} groups: {calls} calls (bar: 3)")
