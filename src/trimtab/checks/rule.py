"""What a rule is, and what it looks at: a group, and the clouds that the advice is for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from trimtab.checks.finding import Remark
from trimtab.checks.words import listed
from trimtab.engine.presets import AZURE, EC2, GCE, NEUTRAL, Preset
from trimtab.engine.ruleset import AlarmRule, Ruleset, rules_for
from trimtab.models import Alarm, Fleet, ScalingGroup

CLOUDS: Mapping[str, Preset] = {"aws": EC2, "azure": AZURE, "gcp": GCE}
"""The clouds that advice is for when none is named, and how each of them scales."""
PRESETS: Mapping[str, Preset] = {**CLOUDS, "memory": NEUTRAL}


@dataclass(frozen=True)
class Subject:
    """One group of a fleet, and the clouds that it may run on."""

    fleet: Fleet
    group: ScalingGroup
    clouds: tuple[str, ...]

    @cached_property
    def rules(self) -> Ruleset:
        """The group as the engine reads it; which alarms scale which way is the same everywhere."""
        return rules_for(self.group, PRESETS[self.clouds[0]])

    def rules_on(self, cloud: str) -> Ruleset:
        """The group as the engine reads it on one cloud."""
        return rules_for(self.group, PRESETS[cloud])

    @cached_property
    def alarms(self) -> tuple[tuple[Alarm, AlarmRule], ...]:
        """Each alarm with what the engine makes of it."""
        return tuple(zip(self.group.alarms, self.rules.alarms, strict=True))

    def where(self, holds: Callable[[Preset], bool]) -> str:
        """The clouds whose preset holds, in words; empty when there is none."""
        return listed([cloud for cloud in self.clouds if holds(PRESETS[cloud])])


Find = Callable[[Subject], Iterator[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One check.

    Attributes:
        title: What it warns of, in one line.
        find: What it has to say about a group; pure.
        live: Whether only a plan knows, which has read the cloud; `find` then says nothing.
    """

    title: str
    find: Find
    live: bool = False
