"""One group's replies as a group of ours, with notes on all that this leaves out or adds."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from trimtab.plan import Ref, Resource, Text, plain, resolved
from trimtab.providers.aws.importing.alarms import MADE_BY_POLICY
from trimtab.providers.aws.importing.compare import all_as
from trimtab.providers.aws.importing.fates import (
    action_leaves,
    alarm_leaves,
    composite_leaves,
    configuration_leaves,
    group_leaves,
    hook_leaves,
    losses,
    policy_leaves,
    pool_leaves,
    template_leaves,
)
from trimtab.providers.aws.importing.replies import Replies, Reply
from trimtab.providers.aws.importing.rows import MADE_BY_POLICY as MADE
from trimtab.providers.aws.importing.whole import Reading
from trimtab.providers.aws.kinds import KINDS
from trimtab.providers.aws.reads import (
    action_resource,
    alarm_resource,
    group_resource,
    policy_resource,
    template_resource,
)
from trimtab.providers.importing.notes import Imported, ImportNote, shown
from trimtab.providers.imports import Fate, Leaf, loss

Where = tuple[str, int]
"""A sort of item and its place among those of its sort."""


def import_group(replies: Replies, *, location: str, now: datetime, fleet: str | None = None) -> Imported:
    """
    The group that these replies tell of, and what its model leaves out.

    Args:
        replies: All that was answered about the group.
        location: Where it is.
        now: When it was answered.
        fleet: The fleet that the group is to join; names are shortened by what they then begin with.

    Raises:
        Unsupported: It is no group of ours, whatever is left out.
    """
    reading = Reading(replies=replies.plain(), location=location, now=now, fleet=fleet)
    return Imported(group=reading.group, notes=tuple(_notes(reading)))


def fates(replies: Replies, *, location: str, now: datetime, fleet: str | None = None) -> dict[Where, list[Leaf]]:
    """What became of each leaf of the replies, by item; paths begin at the item."""
    return _fates(Reading(replies=replies.plain(), location=location, now=now, fleet=fleet))


def _fates(reading: Reading) -> dict[Where, list[Leaf]]:
    replies = reading.replies
    found: dict[Where, list[Leaf]] = {("group", 0): group_leaves(reading)}
    if replies.version is not None:
        found["version", 0] = template_leaves(reading)
    if replies.configuration is not None:
        found["configuration", 0] = configuration_leaves(reading)
    if replies.warm_pool is not None:
        found["warm_pool", 0] = pool_leaves(reading, {"WarmPoolConfiguration": replies.warm_pool})
    found |= {("policies", place): policy_leaves(reading, one) for place, one in enumerate(replies.policies)}
    found |= {("actions", place): action_leaves(reading, one) for place, one in enumerate(replies.actions)}
    found |= {("hooks", place): hook_leaves(reading, one) for place, one in enumerate(replies.hooks)}
    for place, one in enumerate(replies.alarms):
        if one["AlarmName"].startswith(MADE_BY_POLICY):
            found["alarms", place] = list(all_as(one, Fate.READ_ONLY, MADE))
        elif one["AlarmName"] in reading.alarm_names:
            found["alarms", place] = alarm_leaves(reading, one)
    found |= {("composites", place): composite_leaves(one) for place, one in enumerate(replies.composites)}
    return found


_LABELS = {
    "policies": ("policy", "PolicyName", "a plan deletes it"),
    "actions": ("scheduled action", "ScheduledActionName", "a plan deletes it"),
    "alarms": ("alarm", "AlarmName", "it stays as it is, and what it triggers is perhaps no longer there"),
    "hooks": ("lifecycle hook", "LifecycleHookName", "a plan deletes it"),
}
_REFUSED = {"policies": "policy", "actions": "schedule", "alarms": "alarm"}


def _notes(reading: Reading) -> Iterator[ImportNote]:
    replies = reading.replies
    leaves = _fates(reading)
    for (sort, place), some in leaves.items():
        if sort in _LABELS:
            label, field, after = _LABELS[sort]
            native = getattr(replies, sort)[place][field]
            refused = (_REFUSED.get(sort, ""), native) in reading.refused
            yield from losses(f"{label} {native}", some, whole=after if refused else "")
        elif sort == "composites":
            if _is_about(reading, replies.composites[place]):
                yield from losses(f"alarm {replies.composites[place]['AlarmName']}", some, whole="it stays as it is")
        else:
            yield from losses(_label(reading, sort), some)
    label = _label(reading, "version" if replies.configuration is None else "configuration")
    yield from (loss(path=f"{label}: {field}", reason=reason) for field, reason in reading.gaps)
    yield from _additions(reading)


def _label(reading: Reading, sort: str) -> str:
    name = reading.replies.name
    if sort == "version":
        return f"launch template {(reading.replies.version or {}).get('LaunchTemplateName', name)}"
    if sort == "configuration":
        return f"launch configuration {(reading.replies.configuration or {}).get('LaunchConfigurationName', name)}"
    return f"Auto Scaling group {name}"


def _is_about(reading: Reading, item: Reply) -> bool:
    arns = reading.replies.policy_names
    acts = any(arn in arns for arn in item.get("AlarmActions") or ())
    return acts or any(f'"{name}"' in item.get("AlarmRule", "") for name in reading.alarm_names)


# what a plan would add: fields that are not there and that translation gives


def _additions(reading: Reading) -> Iterator[ImportNote]:
    for live in _live(reading):
        made = reading.made.get((live.key.kind, live.key.name, live.key.parent))
        if made is None:
            continue
        kind = KINDS[live.key.kind]
        there, wanted = kind.leaves(live.body), kind.leaves(_settled(reading, made))
        swapped = "LaunchConfigurationName" in live.body  # which a note says already
        for path in sorted(set(wanted) - set(there) - made.initial):
            if not isinstance(wanted[path], (Ref, Text)) and not (swapped and path.startswith("LaunchTemplate.")):
                label = f"{kind.label} {live.key.name}: {path}"
                yield loss(path=label, reason=f"it is not there; a plan writes {shown(plain(wanted[path]))}")


def _settled(reading: Reading, made: Resource) -> Mapping[str, Any]:
    return dict(resolved(made.body, reading.known))


def _live(reading: Reading) -> Iterator[Resource]:
    """The replies as a plan would read them."""
    replies, region = reading.replies, reading.location
    group = group_resource(region, replies.group, wanted=reading.group.aws.suspended_processes)
    hooks = [_hook(one) for one in replies.hooks]
    body = {**group.body, **({"LifecycleHookSpecificationList": hooks} if hooks else {})}
    yield Resource(key=group.key, body=body)
    if replies.version is not None and replies.launched_from.get("LaunchTemplateName") == replies.name:
        yield template_resource(region, {"LaunchTemplateName": replies.name, **replies.version})
    yield from (policy_resource(region, one) for one in replies.policies)
    yield from (action_resource(region, one, reading.now) for one in replies.actions)
    yield from (alarm_resource(region, one) for one in replies.alarms if reading.fleet)


def _hook(item: Reply) -> dict[str, object]:
    return {name: value for name, value in item.items() if name not in ("AutoScalingGroupName", "GlobalTimeout")}
