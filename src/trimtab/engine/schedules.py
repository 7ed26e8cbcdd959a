"""When schedules fire, and the sizes that are in force because of them."""

from datetime import datetime

from trimtab.engine.crons import fires, last_fire, next_fire
from trimtab.engine.openings import is_active, last_set, schedule_fires, window_end
from trimtab.engine.timetable import InForce, timetable_of
from trimtab.models import ScalingGroup

__all__ = [
    "InForce",
    "edges",
    "fires",
    "in_force",
    "is_active",
    "last_fire",
    "last_set",
    "next_fire",
    "schedule_fires",
    "window_end",
]


def in_force(group: ScalingGroup, now: datetime) -> InForce:
    """
    The sizes that hold for `group` at `now`.

    A schedule without an end sets what it names from then on; an open window holds on top of that
    for as long as it is open. Among each sort the later start wins, field by field.
    """
    return timetable_of(group.schedules).at(now).over(group.capacity)


def edges(group: ScalingGroup, after: datetime, until: datetime) -> list[datetime]:
    """Every moment in (after, until] at which a schedule of `group` begins or ends, in order."""
    return timetable_of(group.schedules).edges(after, until)
