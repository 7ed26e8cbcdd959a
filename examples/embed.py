"""
trimtab inside one's own automation: a job that looks for drift every hour, heals it, and leaves the rest to people.

It runs on a cloud in memory. `tt.connect("aws", region=...)` in its place makes it run on an account.
"""

import json
from typing import Any

import trimtab as tt
from trimtab.providers import Change

WEB = tt.ScalingGroup(
    name="web",
    capacity=tt.Capacity(min=2, max=6),
    template=tt.InstanceTemplate(image=tt.Image(id="ami-0abcdef1234567890"), size="t3.medium"),
    policies=(tt.SimplePolicy(name="scale-out", change=+1, cooldown=tt.minutes(5)),),
    schedules=(tt.Schedule(name="office", cron="0 8 * * 1-5", zone="Europe/Madrid", duration=tt.hours(10), min=4),),
)
FLEET = tt.Fleet(name="shop", groups=(WEB,))


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
    """Three hours of an account in which somebody changes a cooldown by hand."""
    clock = tt.ManualClock()
    with tt.connect("memory", clock=clock) as cloud:
        cloud.apply(cloud.plan(FLEET)).raise_for_failures()
        things = cloud.provider.connection.things
        policy = next(thing for key, thing in things.items() if key.kind == "policy")
        for hour in range(3):
            if hour == 1:
                policy.body["cooldown"] = "20m"
            print(clock.now().isoformat(), json.dumps(heal(cloud, FLEET), indent=2))
            clock.advance(tt.hours(1))


if __name__ == "__main__":
    main()
