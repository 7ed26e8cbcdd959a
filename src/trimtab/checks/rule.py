"""What a rule is, and what it looks at: a group, and the clouds that the advice is for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from trimtab.checks.finding import Remark
from trimtab.checks.words import listed
from trimtab.declarations import Means, Portability, declarations_of, load, support_of
from trimtab.engine.presets import PRESETS, Preset
from trimtab.engine.ruleset import AlarmRule, Ruleset, rules_for
from trimtab.models import Alarm, Fleet, ScalingGroup
from trimtab.models.built_in import BUILT_IN


def preset_of(cloud: str) -> Preset:
    """How a cloud's own autoscaler decides."""
    return PRESETS[declarations_of(cloud).preset]


def advised_clouds() -> tuple[str, ...]:
    """The clouds that advice is for when none is named."""
    return tuple(name for name in BUILT_IN if declarations_of(name).advised)


@dataclass(frozen=True)
class Subject:
    """One group of a fleet, and the clouds that it may run on."""

    fleet: Fleet
    group: ScalingGroup
    clouds: tuple[str, ...]

    @cached_property
    def rules(self) -> Ruleset:
        """The group as the engine reads it; which alarms scale which way is the same everywhere."""
        return rules_for(self.group, preset_of(self.clouds[0]))

    def rules_on(self, cloud: str) -> Ruleset:
        """The group as the engine reads it on one cloud."""
        return rules_for(self.group, preset_of(cloud))

    @cached_property
    def alarms(self) -> tuple[tuple[Alarm, AlarmRule], ...]:
        """Each alarm with what the engine makes of it."""
        return tuple(zip(self.group.alarms, self.rules.alarms, strict=True))

    def where(self, holds: Callable[[Preset], bool]) -> str:
        """The clouds whose preset holds, in words; empty when there is none."""
        return listed([cloud for cloud in self.clouds if holds(preset_of(cloud))])

    def where_declared(self, holds: Callable[[Portability], bool]) -> str:
        """The clouds of which it is declared, in words; empty when there is none."""
        return listed([cloud for cloud in self.clouds if holds(declarations_of(cloud).portability)])

    def where_not_native(self, feature: str) -> str:
        """The clouds that do not do a feature by themselves, in words; empty when there is none."""
        return listed([cloud for cloud in self.clouds if support_of(feature, cloud).means is not Means.NATIVE])


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


def of_providers(code: str) -> Find:
    """What the providers themselves have to say under a code."""

    def find(subject: Subject) -> Iterator[Remark]:
        for cloud in subject.clouds:
            if code in (own := declarations_of(cloud).checks):
                yield from load(own[code])(subject)

    return find
