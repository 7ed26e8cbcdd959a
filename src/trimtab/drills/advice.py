"""What to change in the file of a group that did not come through: never what it has already; pure."""

from datetime import timedelta

from trimtab.drills.expectations import in_minutes
from trimtab.models import Alarm, ScalingGroup

_LONG = timedelta(minutes=5)
"""From here on a cooldown is a good part of the time in which a group is to grow again."""


def against_a_lost_zone(group: ScalingGroup) -> str:
    """So that a zone that is lost does not take all, and what it took is made elsewhere."""
    zones = len(set(group.placement.zones))
    if zones == 1 or len(set(group.placement.subnets)) == 1:
        return "name several zones in `placement`, and a minimum of one instance for each"
    if group.capacity.min < max(2, zones):
        return f"raise `capacity.min` to {max(2, zones)}: one instance for each zone"
    if group.health_check.by == "instance" and group.health_check.path is None:
        return "add `health_check` with a path, or `by: load-balancer`, so that what does not serve is replaced"
    return f"raise `capacity.min` above {group.capacity.min}: what the other zones keep serves until the rest is made"


def against_a_shortage(group: ScalingGroup) -> str:
    """So that a group grows sooner once instances are to be had again, or elsewhere meanwhile."""
    waits = [group.cooldown, *(getattr(policy, "cooldown", None) for policy in group.policies)]
    longest = max((wait for wait in waits if wait is not None), default=timedelta(0))
    if longest >= _LONG:
        text = f"shorten the cooldown, which is {in_minutes(longest)} at the longest"
        return f"{text}, so that a failed attempt is made again sooner"
    if len(group.purchase.sizes) < 2:
        return "name several sizes in `purchase.sizes`, so that another one is taken where one is not to be had"
    return "raise `capacity.min`, so that less has to be added under load"


def against_silence(group: ScalingGroup) -> str:
    """So that missing data scale nothing in."""
    if names := [alarm.name for alarm in group.alarms if alarm.missing == "breaching" and _scales_in(group, alarm)]:
        return f"do not let missing data scale in: leave `missing` out of alarms.{names[0]}, or write `ignore`"
    return "scale in by an alarm of its own on a metric that does not end with the others, or by no alarm"


def _scales_in(group: ScalingGroup, alarm: Alarm) -> bool:
    triggered = [policy for policy in group.policies if policy.name in alarm.triggers]
    return any((getattr(policy, "change", None) or getattr(policy, "percent", None) or -1) < 0 for policy in triggered)
