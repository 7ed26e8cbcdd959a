"""How fast sizes are decided: one by one with reasons, and many variants at once."""

import math
import random
import time
from datetime import UTC, datetime, timedelta

import numpy as np

import trimtab as tt
from trimtab.engine import History, Observation, decide
from trimtab.engine.batch import Batch, BatchObservation

START = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PRESETS = ("ec2", "azure", "gce", "neutral")
SCALAR_BAR, BATCH_BAR = 30_000, 1_000_000
N, M, MISSING = 5, 3, 0.05


def print_engine() -> int:
    """The figures, and how many bars were missed."""
    missed = 0
    print(f"decisions (two alarms, {M} of {N} datapoints, {MISSING:.0%} missing)")
    print("  preset    decisions/s  change a size  group-minutes/s at once")
    for preset in PRESETS:
        rate, changed = time_decisions(preset)
        batch = time_batch(preset)
        missed += rate < SCALAR_BAR or batch < BATCH_BAR
        print(f"  {preset:9} {rate:11,.0f}  {changed:13.0%}  {batch:23,.0f}")
    print(f"  bars: {SCALAR_BAR:,} and {BATCH_BAR:,} a second and core")
    return missed


def group(above: float = 70, below: float = 30, cooldown: int = 1) -> tt.ScalingGroup:
    """The web group of the running example with room to move."""
    wait = tt.minutes(cooldown)
    return tt.ScalingGroup(
        name="web",
        capacity=tt.Capacity(min=2, max=50, desired=10),
        template=tt.InstanceTemplate(image=tt.Image(id="ami-0abcdef1234567890"), size="t3.medium"),
        policies=[
            tt.SimplePolicy(name="scale-out", change=+1, cooldown=wait),
            tt.SimplePolicy(name="scale-in", change=-1, cooldown=wait),
        ],
        alarms=[
            tt.Alarm(name="hot", metric=tt.metrics.cpu, above=above, periods=N, datapoints=M, triggers=["scale-out"]),
            tt.Alarm(name="idle", metric=tt.metrics.cpu, below=below, periods=N, datapoints=M, triggers=["scale-in"]),
        ],
        stabilization=tt.minutes(0),
    )


def time_decisions(preset: str, ticks: int = 40_000) -> tuple[float, float]:
    """Decisions a second, and the share of ticks that change the size."""
    chance = random.Random(1)
    load = [50 + 45 * math.sin(tick / 20) + chance.uniform(-5, 5) for tick in range(ticks + N + 2)]
    series = [None if chance.random() < MISSING else value for value in load]
    web, history, size, now, changed = group(), History(), 10, START, 0
    begin = time.perf_counter()
    for tick in range(N + 2, ticks):
        points = series[tick - N - 2 : tick]
        decision = decide(web, Observation(desired=size, alarms={"hot": points, "idle": points}), history, now, preset)
        changed += decision.size != size
        history, size, now = decision.history, decision.size, now + MINUTE
    return ticks / (time.perf_counter() - begin), changed / ticks


def time_batch(preset: str, variants: int = 1000, ticks: int = 720) -> float:
    """Group-minutes a second over many variants of the group, closed over a load that instances share."""
    chance = np.random.default_rng(1)
    groups = [group(60 + number % 20, 30 + number % 11, 1 + number % 5) for number in range(variants)]
    batch = Batch(groups, preset)
    load = 10 * (50 + 45 * np.sin(np.arange(ticks) / 60)) + chance.uniform(-20, 20, ticks)
    metric = np.full((ticks + N + 2, variants), np.nan)
    missing = chance.random((ticks, variants)) < MISSING
    now = START
    begin = time.perf_counter()
    for tick in range(ticks):
        metric[tick + N + 2] = np.where(missing[tick], np.nan, np.minimum(100, load[tick] / batch.sizes))
        window = metric[tick + 1 : tick + N + 3]
        batch.decide(BatchObservation(alarms={"hot": window, "idle": window}), now)
        now += MINUTE
    return ticks * variants / (time.perf_counter() - begin)
