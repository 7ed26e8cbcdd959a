"""What a rule is, and what it looks at: a group, and the clouds that the advice is for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from trimtab.checks.finding import Remark
from trimtab.checks.words import listed
from trimtab.declarations import GENERAL, Applies, Means, Portability, declarations_of, load, support_of
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
    """
    One group of a fleet, and the clouds that it may run on.

    Attributes:
        fleet: The fleet.
        group: The group of it that is looked at.
        clouds: Those that are looked at now.
        is_portable: Whether the advice is for other clouds too.
    """

    fleet: Fleet
    group: ScalingGroup
    clouds: tuple[str, ...]
    is_portable: bool = False

    @cached_property
    def rules(self) -> Ruleset:
        """The group as the engine reads it; which alarms scale which way is the same everywhere."""
        return rules_for(self.group, preset_of(self.clouds[0]))

    def rules_on(self, cloud: str) -> Ruleset:
        """The group as the engine reads it on one cloud."""
        return rules_for(self.group, preset_of(cloud))

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], "Subject"]:
        return {}

    def on(self, clouds: tuple[str, ...]) -> "Subject":
        """The same group, looked at for some of the clouds."""
        if clouds not in self._parts:
            self._parts[clouds] = replace(self, clouds=clouds, is_portable=len(self.clouds) > 1)
        return self._parts[clouds]

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


Find = Callable[[Subject], Iterable[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One check.

    Attributes:
        title: What it warns of, in one line.
        find: What it has to say about a group; pure.
        live: Whether only a plan knows, which has read the cloud; `find` then says nothing.
        of_comments: Whether it is about comments of the file; `find` then says nothing, and plans leave it out.
        page: The address of the page that explains it; empty where there is none.
    """

    title: str
    find: Find
    live: bool = False
    of_comments: bool = False
    page: str = ""


def of_providers(subject: Subject) -> Iterator[Remark]:
    """Nothing: what is under such a code, the providers find by themselves (`Declarations.checks`)."""
    yield from ()


class Finder(NamedTuple):
    """A rule on some of the clouds: the function that finds, and the advice in place of its own."""

    find: Find
    mend: str
    clouds: tuple[str, ...]


def finders_of(code: str, rule: Rule, clouds: Sequence[str], fleet: Fleet) -> list[Finder]:
    """How a rule looks at the groups of a fleet: clouds of which one thing is said are looked at together."""
    parts: dict[tuple[str, str], list[str]] = {}
    for cloud in clouds:
        declared = declarations_of(cloud)
        advice = declared.advice.get(code, GENERAL)
        is_held = advice.applies is Applies.WITH_CONTROLLER and not fleet.controller
        if advice.applies is not Applies.TO_NONE and not is_held:
            parts.setdefault((declared.checks.get(code, ""), advice.mend), []).append(cloud)
    return [
        Finder(load(path) if path else rule.find, mend, tuple(together)) for (path, mend), together in parts.items()
    ]


def remarks_of(finders: Sequence[Finder], subject: Subject) -> list[Remark]:
    """What a rule has to say about a group: of each cloud what is so there, of one field in one remark."""
    merged: dict[str, Remark] = {}
    for find, mend, clouds in finders:
        for remark in find(subject.on(clouds)):
            said = remark._replace(mend=mend or remark.mend)
            merged[said.path] = _both(merged[said.path], said, clouds) if said.path in merged else said
    return list(merged.values())


def _both(first: Remark, two: Remark, clouds: Sequence[str]) -> Remark:
    """What is said of a field for some clouds, and what for others."""
    text = first.text if two.text == first.text else f"{first.text}; {two.text}"
    mend = first.mend if two.mend == first.mend else f"{first.mend}; on {listed(clouds)}: {two.mend}"
    return Remark(first.path, text, mend)
