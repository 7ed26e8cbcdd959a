"""An instance refresh as a rollout asks for it: what it goes to, how fast, and where it stops; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.providers.aws.resources import aimed_at, mixed_of, template_of_words
from trimtab.providers.rolling import Limits

# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
WIDEST = 100
"""The most points that MaxHealthyPercentage may be above MinHealthyPercentage."""
LONGEST_STOP = 172800
"""
Seconds that a refresh waits at a checkpoint at most; it is cancelled there long before.

botocore autoscaling:RefreshPreferences.CheckpointDelay: up to two days.
"""


def configuration(item: Mapping[str, Any], words: str) -> dict[str, Any]:
    """
    A group's own way to launch, with another template: what a refresh goes to, and what the group is updated with.

    A mixed instances policy is sent whole: what a desired configuration leaves out goes back to its default
    (https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh-skip-matching.html).

    Args:
        item: The group as it was answered.
        words: The template, in the words of a mark.
    """
    policy = mixed_of(aimed_at(item, words).get("MixedInstancesPolicy"))
    if policy is not None:
        return {"MixedInstancesPolicy": policy}
    source = template_of_words(item, words)
    return {"LaunchTemplate": {name: source[name] for name in ("LaunchTemplateName", "Version")}}


def goes_to(refresh: Mapping[str, Any], item: Mapping[str, Any], words: str) -> bool:
    """Whether a refresh brings this template."""
    wished = refresh.get("DesiredConfiguration") or {}
    launch = (wished.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    source = launch.get("LaunchTemplateSpecification") or wished.get("LaunchTemplate")
    if source is None or not source.get("Version"):
        return False
    wanted = template_of_words(item, words)
    # told by name or by id, as it was asked for
    known = [name for name in ("LaunchTemplateId", "LaunchTemplateName", "Version") if source.get(name)]
    return all(source[name] == wanted.get(name, source[name]) for name in known)


def stop_of(refresh: Mapping[str, Any]) -> int | None:
    """The checkpoint that a refresh stops at, in per cent of what it replaces; `None` where it goes on to the end."""
    points = (refresh.get("Preferences") or {}).get("CheckpointPercentages") or ()
    return points[0] if points and points[0] < 100 else None


def has_stopped(refresh: Mapping[str, Any]) -> bool:
    """Whether a refresh is at its checkpoint: as many are replaced, in service and warm."""
    stop = stop_of(refresh)
    # with a warm pool, whose instances come last, the whole is told and each part
    part = (refresh.get("ProgressDetails") or {}).get("LivePoolProgress") or refresh
    return stop is not None and int(part.get("PercentageComplete") or 0) >= stop


def stop_after(number: int, left: int) -> int:
    """
    The checkpoint at which so many of those that are left have been replaced: exactly, of up to a hundred.

    It is reached once the share that is replaced is no less. Of more than a hundred, where a per cent is more than one
    instance, it is the first that is enough.
    """
    return min(99, max(100 * number // left, 100 * (number - 1) // left + 1))


def pace(size: int, limits: Limits) -> dict[str, int] | None:
    """
    How much of a group of this size is in service while a refresh goes on; `None` where nothing may go.

    AWS rounds what has to be healthy up to whole instances. In groups of more than a hundred, where a per cent is more
    than an instance, it is the careful side; one at a time it always replaces.
    """
    missing = min(limits.unavailable, size - limits.healthy)
    if missing <= 0 and not limits.surge:
        return None
    lost, more = _share(max(0, missing), size), _share(limits.surge, size)
    if missing > 0 and not lost and not more:
        # the upper bound is left out: with one of 100 the new instance would come first
        return {"MinHealthyPercentage": 100}
    least = 100 - lost
    return {"MinHealthyPercentage": least, "MaxHealthyPercentage": min(100 + more, least + WIDEST)}


def _share(number: int, size: int) -> int:
    """Per cents of a size that are so many instances and no more, rounded down to whole ones."""
    share = min(100, -(-100 * number // size)) if size else 0
    return share if size * share // 100 <= number else 100 * number // size


def preferences(size: int, limits: Limits, *, stop: int | None, back: bool = False) -> dict[str, Any] | None:
    """
    The preferences of a refresh; `None` where nothing may go.

    Args:
        size: The desired capacity.
        limits: How far the rollout may go at once.
        stop: The checkpoint that it stops at; `None` to go on to the end. At the last one it would not wait: a refresh
            that has none above it succeeds there, and saves its template to the group.
        back: Whether it is the way back, on which every instance goes that the rollout made.
    """
    healthy = pace(size, limits)
    if healthy is None:
        return None
    return {
        **healthy,
        "SkipMatching": True,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Refresh" if back or limits.replaces_protected else "Ignore",
        "StandbyInstances": "Terminate" if back or limits.replaces_standby else "Ignore",
        **({} if stop is None else {"CheckpointPercentages": [stop, 100], "CheckpointDelay": LONGEST_STOP}),
    }
