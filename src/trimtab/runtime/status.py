"""How a fleet stands: sizes, instances, schedules in force, alarms."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from trimtab.engine.first_seen import in_force_since
from trimtab.engine.timetable import InForce
from trimtab.errors import ProviderError, TrimtabError
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Plan
from trimtab.providers.base import Activity, AlarmState, GroupState, Short
from trimtab.providers.datapoints import Datapoints
from trimtab.providers.roles import LiveState


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupStatus:
    """
    One group of a fleet as it stands.

    Attributes:
        state: What the cloud has; `None` when the group does not exist.
        in_force: The sizes that hold now because of schedules.
        next_edge: When a schedule next begins or ends, within a week.
        alarms: The states of its alarms.
        controlled: Whether the controller sizes it, because the cloud cannot do all that it asks for.
        cpu: Its load of late; only in a watch.
        activity: What was last done to it, if that was of late; only in a watch.
        short: What the cloud had none of lately, where instances are missing.
        waits: Whether a changed template waits for a rollout; `None` where nobody asked, or it cannot be told.
    """

    group: str
    name: str
    location: str
    state: GroupState | None
    in_force: InForce
    next_edge: datetime | None
    alarms: tuple[AlarmState, ...] = ()
    controlled: bool = False
    cpu: Datapoints | None = None
    activity: Activity | None = None
    waits: bool | None = None
    short: tuple[Short, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "name": self.name,
            "location": self.location,
            "exists": self.state is not None,
            **(_state_dict(self.state) if self.state else {}),
            "in_force": {"min": self.in_force.min, "max": self.in_force.max, "because": list(self.in_force.because)},
            "next_edge": self.next_edge.isoformat() if self.next_edge else None,
            "controlled": self.controlled,
            "waits_for_rollout": self.waits,
            "short": [str(each) for each in self.short],
            "alarms": [{"name": alarm.name, "state": alarm.state, "reason": alarm.reason} for alarm in self.alarms],
            **(_watched_dict(self) if self.cpu else {}),
        }


def _watched_dict(group: GroupStatus) -> dict[str, Any]:
    done = group.activity
    last = {"at": done.at.isoformat(), "description": done.description, "cause": done.cause} if done else None
    return {"cpu": group.cpu.latest if group.cpu else None, "last_activity": last}


def _state_dict(state: GroupState) -> dict[str, Any]:
    return {
        "min": state.min,
        "max": state.max,
        "desired": state.desired,
        **({"parts": dict(state.parts)} if state.parts else {}),
        "running": state.running,
        "pending": state.pending,
        "outdated": state.outdated,
        "stable": state.is_stable,
        "paused": state.paused.to_dict() if state.paused else None,
        "boost": state.boost.to_dict() if state.boost else None,
        "rollout": state.rollout.to_dict() if state.rollout else None,
        "instances": [
            {
                "id": instance.id,
                "zone": instance.zone,
                "state": instance.state.value,
                "healthy": instance.healthy,
                "outdated": instance.outdated,
                "weight": instance.weight,
            }
            for instance in state.instances
        ],
    }


@dataclass(frozen=True, kw_only=True)
class FleetStatus:
    """A fleet as it stands, group by group."""

    fleet: str
    provider: str
    at: datetime
    groups: tuple[GroupStatus, ...]

    @property
    def is_degraded(self) -> bool:
        """Whether a rollout of a group waits for somebody: it is paused, or it failed and stopped."""
        return any(
            group.state is not None and group.state.rollout is not None and not group.state.rollout.is_active
            for group in self.groups
        )

    def with_waiting(self, plan: Callable[[Fleet], Plan], fleet: Fleet) -> "FleetStatus":
        """
        The same with which templates wait for a rollout.

        Args:
            plan: Makes a plan; not called where no group has `rollout:`.
            fleet: The fleet.
        """
        rolled = {group.name for group in fleet.for_provider(self.provider).groups if group.rollout is not None}
        if not rolled:
            return self
        try:
            made = plan(fleet)
        except ProviderError:
            return self
        if made.problems or made.unknown:
            return self
        waiting = {change.group for change in made.waiting}
        groups = (replace(each, waits=each.group in waiting) if each.group in rolled else each for each in self.groups)
        return replace(self, groups=tuple(groups))

    def __str__(self) -> str:
        """The sizes of its groups in one sentence."""
        sizes = [f"{group.group} {group.state.running if group.state else 'missing'}" for group in self.groups]
        return f"fleet {self.fleet} on {self.provider}: {', '.join(sizes) or 'no groups'}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        groups = [group.to_dict() for group in self.groups]
        return {"fleet": self.fleet, "provider": self.provider, "at": self.at.isoformat(), "groups": groups}


SHORT_OF_LATE = timedelta(hours=2)
"""How old a shortage may be that is named: EC2 Auto Scaling tries again after an hour at most."""
_LAST = 20


def shortages_of(live: LiveState, group: ScalingGroup, state: GroupState | None, now: datetime) -> tuple[Short, ...]:
    """
    What the cloud had none of, of a group of which instances are missing; asks for its activities where none says so.

    Args:
        live: Who is asked; where it cannot answer, nothing is named.
        group: As its fleet has it.
        state: As it stands; nothing is missing of one that does not exist.
        now: The moment.
    """
    if state is None or state.deleting:
        return ()
    failed = dict.fromkeys(each.short for each in state.instances if each.short is not None)
    if not failed and state.running + state.pending < state.desired:
        with suppress(TrimtabError):
            told = live.read_activities(state.location, state.name, _LAST)
            failed = dict.fromkeys(each.short for each in told if each.short and now - each.at <= SHORT_OF_LATE)
    return tuple(dict.fromkeys(each.of(group) for each in failed))


def in_force_of(group: ScalingGroup, state: GroupState | None, now: datetime) -> InForce:
    """The sizes that schedules have set; one that trimtab did not make has set none before it was seen."""
    seen = state.first_seen if state else None
    waiting = seen.waiting(group.schedules, now) if seen else ()
    return in_force_since(group, now, waiting, state.capacity if state else group.capacity)
