"""What a diagnosis goes by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trimtab.controller.comparing import Episode
from trimtab.explaining.fixing import Edit, diff_of
from trimtab.explaining.reading import Gathered
from trimtab.explaining.replaying import GroupPast, ReplayedMinute, minutes_of, run_up
from trimtab.explaining.sizes import SizeStep
from trimtab.models import ScalingGroup

SILENT = timedelta(minutes=10)
"""How long a metric has no datapoint before it counts as silent; some agents report every five minutes."""
LASTING = 5
"""Minutes for which something has to be so at the end of the time."""
LONG = 30
"""Minutes over which something has to be so to be called lasting."""
TURNS = 3
"""How often the size turns round before it counts as flapping."""
MOVED = 1.5
"""By how much the load of a group rises between two changes of its size to be what the second one follows."""
RECENT = timedelta(minutes=30)
"""A failure that is older than this is over, unless instances are missing."""


@dataclass(frozen=True, kw_only=True)
class DiagnosisCase:
    """What a diagnosis goes by."""

    gathered: Gathered
    past: GroupPast
    decided: Sequence[ReplayedMinute]
    differences: Sequence[Episode]
    begin: datetime
    end: datetime

    @property
    def group(self) -> ScalingGroup:
        """The group as the fleet has it."""
        return self.gathered.subject.group

    @property
    def steps(self) -> list[SizeStep]:
        """The changes of size in this time."""
        return [step for step in self.past.steps if self.begin <= step.at <= self.end]

    @property
    def is_short(self) -> bool:
        """Whether instances are missing now."""
        return self.gathered.state.running < self.gathered.state.desired

    @property
    def last(self) -> Sequence[ReplayedMinute]:
        """The last minutes."""
        return self.decided[-LASTING:]

    def replayed(self, group: ScalingGroup) -> list[ReplayedMinute]:
        """What the rules say of each minute with another group."""
        past = replace(self.past, subject=replace(self.past.subject, group=group))
        replayed = minutes_of(past, self.begin - run_up(past.subject), self.end)
        return [each for each in replayed if each.at >= self.begin]

    def diff(self, edits: Sequence[Edit], new: ScalingGroup) -> str:
        """The difference to the fleet file."""
        return diff_of(self.gathered.subject.fleet, self.group, edits, new)
