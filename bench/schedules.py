"""What schedules cost: seconds of a check and of a plan, by how many there are and how many groups share them."""

import time

import trimtab as tt
from trimtab.emulators import GcpEmulator
from trimtab.engine.crons import read_cron
from trimtab.testing import GcpTestCloud

CASES = ((10, 1), (20, 1), (40, 1), (120, 1), (40, 100))
"""Schedules, and groups that share them."""
BAR = 0.5
"""Seconds of CPU for the check of one group with forty schedules."""


def print_schedules() -> int:
    """The figures, and how many bars were missed."""
    missed = 0
    print("schedules (gcp; seconds of CPU, and days that were held against a cron)")
    print("  schedules  groups  check  plan   days read")
    with GcpEmulator() as emulator, GcpTestCloud(emulator).connect() as cloud:
        for hour, (schedules, groups) in enumerate(CASES):
            fleet = make_fleet(schedules, groups, first=hour * 4)
            begin = time.process_time()
            tt.check_fleet(fleet, provider="gcp")
            checked = time.process_time()
            cloud.plan(fleet)
            planned = time.process_time()
            days = sum(read_cron(one.cron or "").days_read for one in fleet.groups[0].schedules)
            missed += (schedules, groups) == (40, 1) and checked - begin > BAR
            print(f"  {schedules:9} {groups:7} {checked - begin:6.2f} {planned - checked:5.2f} {days:11,}")
    print(f"  bar: the check of forty in {BAR} s")
    return missed


def make_fleet(schedules: int, groups: int, *, first: int) -> tt.Fleet:
    """Groups that share windows which no other case has: each case reads its crons for the first time."""
    windows = tuple(
        tt.Schedule(
            name=f"s{n}", cron=f"{n % 60} {first + n // 60} * * *", zone="UTC", duration=tt.hours(1), min=2 + n % 2
        )
        for n in range(schedules)
    )
    made = tuple(
        tt.ScalingGroup(
            name=f"web-{n}",
            capacity=tt.Capacity(min=1, max=4),
            template=tt.InstanceTemplate(image=tt.Image(id="debian-cloud/debian-12"), size="e2-small"),
            policies=(tt.TargetTrackingPolicy(name="hold", metric=tt.metrics.cpu, target=60),),
            schedules=windows,
        )
        for n in range(groups)
    )
    return tt.Fleet(name=f"shop{first}", groups=made)
