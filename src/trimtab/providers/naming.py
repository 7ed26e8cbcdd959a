"""What things of a fleet are called in a cloud, and who decides its size."""

from typing import Any

from trimtab.models import Fleet, ScalingGroup


def alarm_name(fleet: Fleet, group: ScalingGroup, alarm: str) -> str:
    """An alarm's name in the cloud: unique in a region, and with the fleet's name first to be found by."""
    return f"{fleet.name}-{group.name}-{alarm}"


def size_is_owned(fleet: Fleet, group: ScalingGroup) -> bool:
    """Whether a policy, a schedule or the controller decides how many instances there are."""
    return bool(group.policies or group.schedules or fleet.controller)


def given(**fields: Any) -> dict[str, Any]:
    """The fields of a native body that say something."""
    return {name: value for name, value in fields.items() if value is not None and value not in ({}, [])}
