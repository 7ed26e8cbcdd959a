"""How fast a group is simulated: by the command line, with every decision or without idle ones, and in lock step."""

import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import trimtab as tt
from bench.whole import run
from trimtab.engine.presets import find_preset
from trimtab.simulation.replaying import Replay
from trimtab.simulation.simulating import make_scenario

START = datetime(1998, 4, 30, 21, 30, tzinfo=UTC)
MINUTES = 87_711
EVERY_BAR, SKIPPING_BAR, BATCH_BAR = 25_000, 100_000, 1_000_000
VARIANTS, BATCH_MINUTES = 1000, 2880
WHOLE_BAR = 10
"""Minutes that all variants take on two cores over the whole load."""
PRESETS = ("ec2", "azure", "gce")
GROUPS = {
    "target 70 %": {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 70}}},
    "70/30 by 5 min": {
        "policies": {"out": {"change": 2, "cooldown": "5m"}, "in": {"change": -1, "cooldown": "5m"}},
        "alarms": {
            "hot": {"metric": "cpu", "above": 70, "period": "5m", "periods": 2, "triggers": ["out"]},
            "idle": {"metric": "cpu", "below": 30, "period": "5m", "periods": 2, "triggers": ["in"]},
        },
    },
}
CAPACITY = 60


def print_simulation() -> int:
    """The figures, and how many bars were missed."""
    missed = 0
    load = make_load()
    print(f"simulation of one group over {MINUTES:,} minutes: simulated minutes a second, on the clock and of CPU")
    print("  group           rules   every step     CPU  skipping      CPU  decided  by the command, both")
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), load)
        for name, fields in GROUPS.items():
            for preset in PRESETS:
                every, every_cpu, _ = time_replay(fields, load, preset, every_step=True)
                skipping, skipping_cpu, decided = time_replay(fields, load, preset, every_step=False)
                whole = [time_command(Path(folder), path, fields, preset, *more) for more in (("--every-step",), ())]
                missed += whole[0][0] < EVERY_BAR or whole[1][0] < SKIPPING_BAR
                shown = " / ".join(f"{wall:,.0f} ({cpu:,.0f} of CPU)" for wall, cpu in whole)
                print(
                    f"  {name:15} {preset:6} {every:11,.0f} {every_cpu:7,.0f} {skipping:9,.0f} {skipping_cpu:8,.0f}"
                    f" {decided / MINUTES:8.1%}  {shown}"
                )
    print(f"  bars by the command, start included: {EVERY_BAR:,} and {SKIPPING_BAR:,} a second")
    for name, fields in GROUPS.items():
        for preset in PRESETS:
            rate, cpu = time_batch(fields, load, preset)
            missed += cpu < BATCH_BAR
            whole = VARIANTS * MINUTES / cpu / 60
            missed += whole > 2 * WHOLE_BAR
            print(
                f"  {VARIANTS:,} variants of {name} in lock step, {preset}:"
                f" {rate:,.0f} group-minutes/s, {cpu:,.0f} of CPU; 61 days on two cores: {whole / 2:.1f} min"
            )
    print(f"  bars: {BATCH_BAR:,} a second and core, {WHOLE_BAR} min on two cores")
    return missed


def make_load() -> tt.Load:
    """A load as long and as uneven as that of a World Cup: days, a rising level, matches, chance."""
    days = tt.Load.days(61, low=40, high=220, start=START)
    matches = tt.Load.bursts(
        tt.hours(24 * 61), height=900, length=tt.minutes(110), every=tt.hours(36), seed=1, start=START
    )
    load = (days + matches).noise(0.08, seed=1)
    return tt.Load(START, load.step, load.values[:MINUTES])


def write(folder: Path, load: tt.Load) -> Path:
    """The load as a CSV file, requests a minute."""
    path = folder / "load.csv"
    rows = (
        f"{(load.start + place * load.step).isoformat()},{value * 60:.0f}" for place, value in enumerate(load.values)
    )
    path.write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    return path


def group(fields: dict[str, object], **more: object) -> tt.ScalingGroup:
    """The group of a row."""
    given = {"name": "web", "capacity": {"min": 2, "max": 60}, "template": {"image": "ubuntu", "size": "small"}}
    return tt.ScalingGroup.model_validate({**given, **fields, **more})


def time_replay(fields: dict[str, object], load: tt.Load, preset: str, *, every_step: bool) -> tuple[float, float, int]:
    """Minutes a second on the clock and of CPU, and how many decisions were made."""
    scenario = make_scenario(
        group(fields), load, find_preset(preset), tt.FleetModel(capacity=CAPACITY), 1, {}, every_step=every_step
    )
    clock, cpu = time.perf_counter(), time.process_time()
    trace = Replay(scenario).run()
    return MINUTES / (time.perf_counter() - clock), MINUTES / (time.process_time() - cpu), trace.decided


def time_command(folder: Path, load: Path, fields: dict[str, object], preset: str, *more: str) -> tuple[float, float]:
    """Minutes a second of `trimtab simulate`, its start and the reading of the file included; clock and CPU."""
    fleet = folder / "fleet.json"
    body = {"capacity": {"min": 2, "max": 60}, "template": {"image": "ubuntu", "size": "small"}, **fields}
    fleet.write_text(json.dumps({"name": "shop", "groups": {"web": body}}))
    command = ["-m", "trimtab", "simulate", str(fleet), "--load", str(load), "--preset", preset]
    model = folder / "model.json"
    model.write_text(json.dumps(tt.FleetModel(capacity=CAPACITY).to_dict()))
    costs = [run([*command, "--model", str(model), *more]) for _ in range(2)]
    return MINUTES / min(cost.wall for cost in costs), MINUTES / min(cost.cpu for cost in costs)


def time_batch(fields: dict[str, object], load: tt.Load, preset: str) -> tuple[float, float]:
    """Group-minutes a second on the clock and of CPU, over variants that differ in their bounds and cooldown."""
    groups = [
        group(fields, capacity={"min": 1 + number % 7, "max": 30 + number % 31}, cooldown=f"{1 + number % 600}s")
        for number in range(VARIANTS)
    ]
    part = tt.Load(load.start, load.step, load.values[:BATCH_MINUTES])
    clock, cpu = time.perf_counter(), time.process_time()
    found = tt.simulate_many(
        groups, part, preset=preset, model=tt.FleetModel(capacity=CAPACITY), reduce=tt.Simulation.totals
    )
    spent = VARIANTS * BATCH_MINUTES / np.array([time.perf_counter() - clock, time.process_time() - cpu])
    if len(found) != VARIANTS:
        raise AssertionError(len(found))
    return float(spent[0]), float(spent[1])
