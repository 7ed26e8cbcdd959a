"""What things of a fleet are called in a cloud, and who decides its size."""

from collections.abc import Callable, Sequence
from typing import Any

from trimtab.errors import InvalidRequest
from trimtab.models import Alarm, Fleet, ScalingGroup
from trimtab.phrases import in_words
from trimtab.providers.base import GroupState


def alarm_name(fleet: Fleet, group: ScalingGroup, alarm: str) -> str:
    """An alarm's name in the cloud: unique in a region, and with the fleet's name first to be found by."""
    return f"{fleet.name}-{group.name}-{alarm}"


def is_alert(alarm: Alarm) -> bool:
    """Whether an alarm is to be seen by people: it notifies, or it does nothing else."""
    return bool(alarm.notify or alarm.notify_ok or not alarm.triggers)


def notification_targets(alarm: Alarm) -> list[str]:
    """Whom an alarm tells, each once."""
    return list(dict.fromkeys((*alarm.notify, *alarm.notify_ok)))


def addresses_of(alarms: Sequence[Alarm], is_native: Callable[[str], bool]) -> list[str]:
    """The addresses that alarms tell and that need something of ours that tells them, each once."""
    told = dict.fromkeys(target for alarm in alarms for target in notification_targets(alarm))
    return [target for target in told if not is_native(target)]


def single_match(states: Sequence[GroupState], name: str, provider: str) -> GroupState | None:
    """
    The only group that has a name within its fleet; `None` where there is none.

    Raises:
        InvalidRequest: Several have it.
    """
    if len(states) > 1:
        names = in_words(sorted(state.name for state in states))
        raise InvalidRequest(f"several groups are called {name!r}: {names}; use the full name", provider=provider)
    return states[0] if states else None


def size_is_owned(fleet: Fleet, group: ScalingGroup) -> bool:
    """Whether a policy, a schedule or the controller decides how many instances there are."""
    return bool(group.policies or group.schedules or fleet.controller)


def drop_empty(**fields: Any) -> dict[str, Any]:
    """The fields of a native body that say something."""
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}
