"""
trimtab inside one's own automation: a job that looks for drift every hour, heals it, and leaves the rest to people.

It runs on a cloud in memory. `tt.connect("aws", region=...)` in its place makes it run on an account.
"""

import json
from pathlib import Path
from typing import Any

import trimtab as tt
from trimtab.providers import Change

FILE = Path(__file__).parent / "virtualmin" / "fleet.yaml"


def is_safe(change: Change) -> bool:
    """Whether nobody has to be asked: it puts back what was applied, and ends no instance."""
    return change.reason == "drifted" and not change.instances


def heal(cloud: tt.Cloud, fleet: tt.Fleet) -> dict[str, Any]:
    """What was found, and what was done about it, as JSON data for a log or a web page."""
    plan = cloud.plan(fleet)
    if not plan:
        return {"found": "nothing"}
    if plan.problems or plan.unknown or not all(is_safe(change) for change in plan):
        return {"found": plan.to_dict(), "done": "left to people"}
    try:
        result = cloud.apply(plan)
    except tt.errors.StalePlan as error:
        return {"found": plan.to_dict(), "done": f"tried again in an hour: {error}"}
    return {"found": plan.to_dict(), "done": result.to_dict()}


def main() -> None:
    """Three hours of an account in which somebody changes a target by hand."""
    clock, fleet = tt.ManualClock(), tt.load_fleet(FILE, provider="memory", env={})
    with tt.connect("memory", clock=clock) as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        things = cloud.provider.connection.things
        policy = next(thing for key, thing in things.items() if key.kind == "policy")
        for hour in range(3):
            if hour == 1:
                policy.body["target"] = 95
            print(clock.now().isoformat(), json.dumps(heal(cloud, fleet), indent=2))
            clock.advance(tt.hours(1))


if __name__ == "__main__":
    main()
