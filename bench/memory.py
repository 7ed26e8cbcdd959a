"""The first plan of many groups, on the cloud in memory: what thinking costs, without any call."""

import time
from pathlib import Path

import trimtab as tt

GROUPS = 1000
BAR = 3
"""Seconds."""


def print_memory() -> None:
    """Print the seconds of CPU of the first plan of so many groups."""
    path = Path(__file__).parents[1] / "examples" / "virtualmin" / "fleet.yaml"
    example = tt.load_fleet(path, provider="memory", env={})["web"]
    template = example.template.model_copy(update={"image": tt.Image(id="ami-0abcdef1234567890")})
    groups = [example.model_copy(update={"name": f"web-{n}", "template": template}) for n in range(GROUPS)]
    fleet = tt.Fleet(name="bench", groups=groups)
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        begin = time.process_time()
        plan = cloud.plan(fleet)
        seconds = time.process_time() - begin
    print(f"first plan of {GROUPS} groups on memory: {seconds:.2f} s for {len(plan.changes)} changes (bar: {BAR} s)")
