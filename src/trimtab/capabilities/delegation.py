"""What the controller takes over of a group that a cloud cannot size by itself, and what is left to the cloud."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from trimtab.capabilities.table import ENACTS, MARK, supports_of
from trimtab.declarations import Means, declarations_of
from trimtab.engine.schedules import in_force
from trimtab.models import Alarm, Capacity, PredictivePolicy, Purchase, ScalingGroup

if TYPE_CHECKING:
    from trimtab.engine.presets import Preset

_DIGITS = 8
_WITH_THE_GROUP = "the controller enacts it, as it does all that sizes this group; run `trimtab run`"
_RULES = ("policies", "schedules", "cooldown", "warm_up", "stabilization")
"""What only the controller reads of a delegated group; its alarms too, as far as they trigger policies."""
_STILL: Mapping[str, "Callable[[Preset], bool]"] = {
    "schedule that sets the size": lambda preset: preset.schedule != "set-once",
    "schedule that sets a size of its own": lambda preset: preset.schedule != "set-once",
    "target-tracking policy": lambda preset: preset.tracking.by_one,
    "scaling in by any of several alarms": lambda preset: preset.scale_in == "all",
    "alarm over several periods": lambda preset: preset.alarm_window == "average",
    "alarm on some of several datapoints": lambda preset: preset.alarm_window == "average",
}
"""Features that a cloud approximates, and whether the controller does so too: it decides by the cloud's own preset."""
_OF_FALLBACK = ("fallback", "fallback_after", "return_after")
_CARRIED = ("capacity.desired", *(f"purchase.{name}" for name in ("on_demand_base", *_OF_FALLBACK)))
"""What stands there with its value where a group falls back; the size and the base are the controller's to move."""


class Delegation(NamedTuple):
    """A group that is the controller's to size."""

    rest: ScalingGroup
    """The group without what the controller enacts: what the cloud is told."""
    digest: str
    """Of what the controller enacts; it is in the group's mark, so that a plan shows when that changes."""
    notes: tuple[tuple[str, str], ...]
    """Path and text of each thing that the controller enacts."""
    problems: tuple[tuple[str, str], ...]
    """Path and text of what not even the controller does."""
    enacts: str = ""
    """The fields that the controller enacts, in one word of the mark."""
    falls_back: bool = False
    """Whether the controller moves its on-demand part, where spot is short."""

    @property
    def kept(self) -> Mapping[str, str]:
        """What the mark of the group keeps."""
        return {MARK: self.digest, ENACTS: self.enacts}


def delegate(group: ScalingGroup, provider: str, now: datetime) -> Delegation:
    """
    What becomes of a group that is the controller's to size.

    Policies, schedules and the alarms that trigger policies are the controller's, all of them: one actor writes the
    size. The cloud keeps the widest bounds that the group ever has, and the alarms that notify.
    """
    notes, problems = tuple(_notes(group, provider)), tuple(_problems(group))
    enacts, falls_back = "/".join(_words(group)), bool(group.purchase.fallback)
    return Delegation(rest_of(group, now), _digest(group), notes, problems, enacts, falls_back)


def rest_of(group: ScalingGroup, now: datetime) -> ScalingGroup:
    """A group that is the controller's to size, without what the controller enacts."""
    alarms = [alarm for alarm in map(_to_notify, group.alarms) if alarm is not None]
    return group.model_copy(
        update={
            **{name: type(group).model_fields[name].get_default(call_default_factory=True) for name in _RULES},
            "alarms": tuple(alarms),
            "capacity": _widest(group, now),
            "purchase": _as_told(group.purchase),
        }
    )


def widest_bounds(group: ScalingGroup) -> tuple[int, int]:
    """The least minimum and the greatest maximum that a group has at any time, because of its schedules."""
    own = group.capacity
    lows = [own.min, *(schedule.min for schedule in group.schedules if schedule.min is not None)]
    highs = [own.max, *(schedule.max for schedule in group.schedules if schedule.max is not None)]
    sizes = [schedule.desired for schedule in group.schedules if schedule.desired is not None]
    return min(lows + sizes), max(highs + sizes)


def _widest(group: ScalingGroup, now: datetime) -> Capacity:
    """The bounds that the cloud is told; a new group begins with the size that is in force now."""
    low, high = widest_bounds(group)
    force = in_force(group, now)
    size = force.min if force.desired is None else force.desired
    return Capacity(min=low, max=high, desired=size)


def _as_told(purchase: Purchase) -> Purchase:
    """How instances are paid for, less what the controller does about spot that is short."""
    fields = Purchase.model_fields
    return purchase.model_copy(update={name: fields[name].default for name in _OF_FALLBACK})


def _to_notify(alarm: Alarm) -> Alarm | None:
    """An alarm as the cloud keeps it: one that notifies or is only looked at; `None` for one that only sizes."""
    if not alarm.triggers:
        return alarm
    return (
        alarm.model_copy(update={"triggers": ()}) if alarm.notify or alarm.notify_ok or alarm.notify_no_data else None
    )


def _digest(group: ScalingGroup) -> str:
    """Of all that the engine reads and the cloud is not told."""
    paid = {"purchase"} if group.purchase.fallback else set()
    body = group.model_dump(mode="json", include={*_RULES, "alarms", "capacity", *paid})
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:_DIGITS]


def _words(group: ScalingGroup) -> Iterator[str]:
    """The fields that the controller enacts; those of a fall-back with their values, none for none."""
    yield from (name for name in _RULES if getattr(group, name) not in (None, ()))
    if any(alarm.triggers for alarm in group.alarms):
        yield "alarms"
    if group.purchase.fallback is None:
        return
    for path in _CARRIED:
        value = attrgetter(path)(group)
        text = f"{value.total_seconds():g}s" if isinstance(value, timedelta) else "" if value is None else value
        yield f"{path}:{text}"


class Enacted(NamedTuple):
    """What a mark says of what the controller enacts."""

    digest: str
    values: Mapping[str, Any]
    """The fields that are read back, by path."""
    paths: tuple[str, ...]
    """The fields of which nothing but that they were set is known."""


def read_enacted(kept: Mapping[str, str]) -> Enacted | None:
    """What the mark of a group says of what the controller enacts; `None` of a group that it does not size."""
    if not kept.get(MARK):
        return None
    words = [word.partition(":") for word in kept.get(ENACTS, "").split("/")]
    values = {path: _value_of(value) for path, colon, value in words if colon and path in _CARRIED}
    return Enacted(kept[MARK], values, tuple(path for path, colon, _ in words if path and not colon))


def _value_of(text: str) -> str | int | None:
    return int(text) if text.isdecimal() else text or None


def _notes(group: ScalingGroup, provider: str) -> Iterator[tuple[str, str]]:
    said = set()
    for feature, path, support in supports_of(group, provider):
        if support.means is Means.CONTROLLER:
            said.add(path)
            yield path, f"{feature}: {support.text}; the controller enacts it: run `trimtab run`"
        elif support.means is Means.APPROXIMATED and _is_approximated_still(feature, provider):
            said.add(path)
            yield path, f"{feature}: {support.text}; the controller decides so too: run `trimtab run`"
    for path in _enacted(group):
        if not any(one == path or one.startswith(f"{path}.") for one in said):
            yield path, _WITH_THE_GROUP


def _is_approximated_still(feature: str, provider: str) -> bool:
    """Whether what a cloud does about a feature is what the controller does there."""
    if feature not in _STILL:
        return False
    from trimtab.engine.presets import PRESETS  # most plans have no such group, and load nothing for it

    return _STILL[feature](PRESETS[declarations_of(provider).preset])


def _enacted(group: ScalingGroup) -> Iterator[str]:
    """The paths of everything that the controller enacts."""
    for policy in group.policies:
        yield f"policies.{policy.name}"
    for alarm in group.alarms:
        if alarm.triggers:
            yield f"alarms.{alarm.name}"
    for schedule in group.schedules:
        yield f"schedules.{schedule.name}"
    yield from (name for name in ("cooldown", "warm_up", "stabilization") if getattr(group, name) is not None)


def _problems(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    for policy in group.policies:
        if isinstance(policy, PredictivePolicy) and policy.enabled:
            text = "the controller makes no forecasts; leave the policy out, or take what else needs the controller out"
            yield f"policies.{policy.name}", text
