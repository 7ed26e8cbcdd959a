"""Schedules that trimtab did not make: until one fires after it was first seen, the bounds that the cloud has stand."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from trimtab.engine.crons import ended_by_cron
from trimtab.engine.openings import last_opening
from trimtab.engine.timetable import InForce, timetable_of
from trimtab.models import Capacity, ScalingGroup, Schedule

_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
LONGEST_WORD = 250
"""What a word of a mark holds at most; a tag's value has 256 characters."""


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """
    When the schedules of a group were first seen that trimtab did not make.

    Attributes:
        at: The moment.
        schedules: Their fingerprints; `None` for all that the group has.
    """

    at: datetime
    schedules: frozenset[str] | None = None

    @classmethod
    def parse(cls, word: str) -> "FirstSeen | None":
        """What a word of a mark says; `None` where there is none that can be read."""
        moment, *prints = word.split("+")
        try:
            at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(at, frozenset(prints) if prints else None)

    def word(self) -> str:
        """The same as a word of a mark; fingerprints that find no room count as made by trimtab."""
        text = self.at.astimezone(UTC).strftime(_MOMENT)
        for digest in sorted(self.schedules or ()):
            if len(text) + len(digest) + 1 <= LONGEST_WORD:
                text += f"+{digest}"
        return text

    def waiting(self, schedules: Iterable[Schedule], now: datetime) -> tuple[Schedule, ...]:
        """Those of some schedules that were seen and have not fired since."""
        seen = [schedule for schedule in schedules if self.schedules is None or fingerprint(schedule) in self.schedules]
        return tuple(schedule for schedule in seen if not _has_fired(schedule, self.at, now))

    def of(self, waiting: Collection[Schedule], schedules: Collection[Schedule]) -> "FirstSeen":
        """The same moment for those that still wait, of all that the group has."""
        every = len(waiting) == len(schedules)
        return replace(self, schedules=None if every else frozenset(fingerprint(schedule) for schedule in waiting))


def fingerprint(schedule: Schedule) -> str:
    """Five hexadecimal digits that tell one schedule of a group from another, however its end is written."""
    text = ended_by_cron(schedule).model_dump_json(exclude_defaults=True)
    return sha256(text.encode()).hexdigest()[:5]


def _has_fired(schedule: Schedule, since: datetime, now: datetime) -> bool:
    """Whether a schedule began or ended at or after a moment."""
    last = last_opening(schedule, now)
    return last is not None and (last.start.at >= since or (last.end is not None and since <= last.end <= now))


def in_force_since(group: ScalingGroup, now: datetime, waiting: Collection[Schedule], live: Capacity) -> InForce:
    """
    The sizes that hold for `group` at `now`, where some of its schedules have not fired yet since they were made.

    A bound that only such schedules set is the one that the cloud has.
    """
    names = {schedule.name for schedule in waiting}
    others = tuple(schedule for schedule in group.schedules if schedule.name not in names)
    in_force = timetable_of(others).at(now).over(group.capacity)
    stands = [
        name
        for name in ("min", "max")
        if any(getattr(schedule, name) is not None for schedule in waiting)
        and all(getattr(schedule, name) is None for schedule in others)
    ]
    return replace(in_force, **{name: getattr(live, name) for name in stands})
