"""
What an emulated cloud hides is found again over the wire, through the vendor's own SDK: it lies in the intervals.

Two of the numbers are by chance, and an interval of 90 % misses one in ten: the seed of the noise is one with which
both are hit. How often they are, `test_calibrating.py` counts.
"""

import random
from datetime import timedelta

import pytest

import trimtab as tt
from tests.providers.placing import TEMPLATES, placement
from trimtab.testing.clouds import TEST_CLOUDS

pytest.importorskip("numpy", reason="a measured model needs numpy (extra `sim`)")
pytest.importorskip("moto", reason="the emulators need their extra")

MINUTE = timedelta(minutes=1)
BOOT, DRAIN, DELAY = timedelta(seconds=100), timedelta(seconds=70), timedelta(seconds=195)
CAPACITY, NOISE = 25, 0.04
MINUTES = 66
IN_SERVICE = {"aws": tt.metrics.instances}
"""The other clouds count instances that boot, too: what tells how long they do is a metric of one's own there."""
OWN = tt.metrics.custom("Shop", "InService", dimensions={"group": "{group}"})
WINDOWS = {
    f"at-{minute}": {"cron": f"{minute} 1 * * *", "until": f"{minute + 7} 1 * * *", "zone": "UTC", "min": size}
    for minute, size in ((10, 4), (24, 6), (38, 8))
}
"""Autoscale settings of Azure log the sizes that they set, and nothing those that somebody writes."""


SIZES = {10: 4, 17: 2, 24: 6, 31: 2, 38: 4, 45: 2}
"""The sizes that somebody asks for on the other clouds, by minute; those of a window's beginning are Azure's."""


def template(test_cloud, metric):
    """How an emulator takes a metric of the group, from a datapoint long before the time that is looked at."""
    doors = test_cloud.emulator.doors
    before = len(doors.metrics())
    test_cloud.push(metric, group="shop-web", value=1)
    return doors.metrics()[before:]


def datapoints(test_cloud, metric, points, values):
    """Have a cloud measure a metric at moments that are over, in one call."""
    if not points:
        for at, value in values:
            test_cloud.store.measures.add("local", "shop-web", metric, value, at)
        return
    doors = test_cloud.emulator.doors
    doors.push(
        [{**point, "value": point["value"] * value, "at": at.isoformat()} for point in points for at, value in values]
    )


def hide(provider, test_cloud):
    if provider == "memory":
        test_cloud.store.boot = BOOT
    else:
        test_cloud.emulator.doors.configure(boot_seconds=BOOT.total_seconds())


def fleet_of(provider, test_cloud):
    group = {
        "capacity": {"min": 2, "max": 10},
        "template": TEMPLATES[provider],
        "placement": placement(provider, test_cloud),
    }
    if provider == "azure":
        group |= {"schedules": WINDOWS}
    if provider == "aws":
        group |= {"aws": {"lifecycle_hooks": [{"name": "drain", "on": "terminate", "timeout": DRAIN}]}}
    return tt.Fleet(name="shop", groups={"web": group})


@pytest.mark.parametrize("provider", sorted(TEST_CLOUDS))
def test_hidden_numbers_lie_in_the_intervals(provider):
    noise = random.Random(3)
    with TEST_CLOUDS[provider].started() as test_cloud, test_cloud.connect() as cloud:
        hide(provider, test_cloud)
        fleet = fleet_of(provider, test_cloud)
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        clock, size = test_cloud.clock, IN_SERVICE.get(provider, OWN)
        forms = [template(test_cloud, each) if provider != "memory" else () for each in (tt.metrics.cpu, size)]
        clock.advance(timedelta(hours=1) - (clock.now() - clock.now().replace(minute=0, second=0, microsecond=0)))
        live, rates, cpu, sizes = cloud.group("shop-web"), [], [], []
        start, waited = clock.now(), 0
        for minute in range(MINUTES):
            if minute - max(each for each in (0, *SIZES) if each <= minute) < 3:
                clock.advance(waited * MINUTE)
                waited = 0
                if provider != "azure" and minute in SIZES:
                    live.scale(to=SIZES[minute])
                running = live.read().running
            at, rate = start + minute * MINUTE, 20 + minute % 13
            rates.append(rate)
            sizes.append((at, running))
            cpu.append((at, 100 * rate / running / CAPACITY * (1 + noise.gauss(0, NOISE))))
            waited += 1
        clock.advance(waited * MINUTE)
        datapoints(test_cloud, tt.metrics.cpu, forms[0], cpu)
        datapoints(test_cloud, size, forms[1], sizes)
        clock.advance(DELAY)
        load = tt.Load(start, MINUTE, tuple(rates))
        given = None if provider == "aws" else size
        found = tt.calibrate(cloud, fleet, since=70 * MINUTE, size=given, load=load)
    hidden = {"boot": BOOT.total_seconds(), "capacity": CAPACITY, "metric_delay": DELAY.total_seconds(), "noise": NOISE}
    if provider == "aws":
        hidden["drain"] = DRAIN.total_seconds()
    assert not {name: found[name] for name, value in hidden.items() if not found[name].covers(value)}
    assert found["boot_spread"].is_identifiable == (provider == "aws")
    assert found["drain"].is_identifiable == (provider == "aws")
    (replay,) = found.past_error
    assert replay.minutes == MINUTES, replay
