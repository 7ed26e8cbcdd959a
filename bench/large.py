"""A thousand groups on AWS, each command a process of its own: calls, seconds of CPU, memory, and that apply ends."""

from collections.abc import Callable

import boto3

import trimtab as tt
from bench.whole import FLEET, MOMENT, PLAN, measured
from trimtab.emulators import AwsEmulator

GROUPS = 1000
CALLS = 141
CPU = 15
"""Seconds of CPU that a plan may take."""
MIB = 300
"""What its process may hold at most."""
APPLY = f"""{FLEET}
with tt.connect("aws", region="us-east-1", endpoint=endpoint, clock=tt.ManualClock(moment)) as cloud:
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
"""


def print_large(furnish: Callable[..., tt.Fleet], groups: int = GROUPS) -> int:
    """
    Print what the apply and the no-change plan that follows take; 1 when the plan takes too many calls.

    Args:
        furnish: Makes the account of the running example.
        groups: How many groups there are.
    """
    session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")
    with AwsEmulator() as emulator:
        emulator.doors.set_clock(MOMENT, freeze=True)
        furnish(lambda service: session.client(service, endpoint_url=emulator.endpoint), 1)
        arguments = emulator.endpoint, str(groups), MOMENT.isoformat()
        print(f"{groups} groups on AWS (bars of the plan: {CALLS} calls, {CPU} s of CPU, {MIB} MiB)")
        print("  command  calls  CPU s  wall s    MiB")
        calls = 0
        for name, program in (("apply", APPLY), ("plan", PLAN)):
            emulator.doors.clear_requests()
            cost, memory = measured(["-c", program, *arguments])
            calls = emulator.doors.count()["total"]
            print(f"  {name:7}  {calls:5}  {cost.cpu:5.1f}  {cost.wall:6.1f}  {memory:5.0f}")
    return int(calls > CALLS)
