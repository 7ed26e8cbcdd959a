"""One importer for every cloud: the group that a cloud's own code read, held against what is there by the one diff."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from trimtab.errors import InvalidRequest, Unsupported
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.base import NAME, NAME_RULE
from trimtab.plan import Change, Key, Kind, Live, Note, Options, Plan, Resource, make_plan
from trimtab.providers.importing.building import build_group, with_unmanaged, without_blamed
from trimtab.providers.importing.differences import Differences
from trimtab.providers.importing.notes import Imported

Translator = Callable[[Fleet], tuple[Sequence[Resource], Sequence[Note]]]
"""The resources that a fleet wants, and what makes them impossible; facts come from what was read."""
MOST_ROUNDS = 50
"""So many items at most are left out, one after the other, because translation refuses them."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """
    What a cloud's own code read out of native bodies.

    Attributes:
        fields: The fields of a `ScalingGroup`, its items by name.
        reasons: Why the model does not say something: by the key of the resource and the path of a leaf or of
            something around it; an empty path stands for the whole resource.
        origins: The resource and the path in it that each item was read from: by `alarms.cpu`.
    """

    fields: Mapping[str, Any]
    reasons: Mapping[tuple[Key, str], str] = field(default_factory=dict)
    origins: Mapping[str, tuple[Key, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Importer:
    """
    What is the same for every group of one cloud.

    Attributes:
        provider: Its name.
        kinds: Its kinds by name.
        translate: A fleet as resources.
        guarded: Patterns of model fields that are left to others (`unmanaged`) where the next plan would otherwise
            change what the model cannot say: `alarms.*.metric`. Fields that take a new group always are.
        now: When it was read.
    """

    provider: str
    kinds: Mapping[str, Kind]
    translate: Translator
    guarded: Sequence[str] = ()
    now: datetime

    def run(self, draft: Draft, live: Sequence[Resource], *, fleet: str) -> Imported:
        """
        The group, and a note on each field that the next plan changes.

        Args:
            draft: What was read out of the bodies.
            live: The same things as a plan reads them.
            fleet: The fleet that the group is to join.

        Raises:
            Unsupported: The model has no such group, whatever is left out.
            InvalidRequest: The fleet's name is none.
        """
        if re.fullmatch(NAME, fleet) is None:
            raise InvalidRequest(f"invalid fleet name {fleet!r}: use {NAME_RULE}", operation="import")
        group, refused = build_group(draft.fields, self.provider)
        group, problems = self._translatable(group, fleet, refused)
        unguarded = plan = self.next_plan(group, live, fleet)
        if left := self._guarded_fields(plan):
            group = with_unmanaged(group, left)
            plan = self.next_plan(group, live, fleet)
        wanted, _ = self.translate(Fleet(name=fleet, groups=(group,)))
        found = Differences(
            kinds=self.kinds,
            group=group,
            live={item.key: item for item in live},
            wanted={item.key: item for item in wanted},
            plan=plan,
            unguarded=unguarded,
            problems=problems,
            reasons={
                **draft.reasons,
                **{draft.origins[item]: text for item, text in refused.items() if item in draft.origins},
            },
            origins=draft.origins,
        )
        owners = [item.mark.fleet for item in live if item.mark and self.kinds[item.key.kind].holds_instances]
        return Imported(group=group, notes=tuple(found.notes()), fleet=fleet, owner=next(iter(owners), ""))

    def next_plan(self, group: ScalingGroup, live: Sequence[Resource], fleet: str) -> Plan:
        """The plan of a fleet of this group after its `adopt`: the marks are there, nothing else has changed."""
        wanted_fleet = Fleet(name=fleet, groups=(group,))
        wanted, _ = self.translate(wanted_fleet)
        found = {item.key: item for item in live}
        adopted = {change.key: change.wanted for change in self._plan(wanted_fleet, wanted, found, Options(adopt=True))}
        found |= {key: item for key, item in adopted.items() if item is not None}
        return self._plan(wanted_fleet, wanted, found, Options())

    def _plan(self, fleet: Fleet, wanted: Sequence[Resource], live: Mapping[Key, Resource], options: Options) -> Plan:
        return make_plan(
            provider=self.provider,
            kinds=self.kinds,
            fleet=fleet,
            wanted=wanted,
            live=Live(resources=live),
            now=self.now,
            options=options,
        )

    def _translatable(
        self, group: ScalingGroup, fleet: str, refused: dict[str, str]
    ) -> tuple[ScalingGroup, Sequence[Note]]:
        """The group less the items that this cloud cannot have, and the problems that are left."""
        for _ in range(MOST_ROUNDS):
            _, problems = self.translate(Fleet(name=fleet, groups=(group,)))
            smaller = without_blamed(group, problems, refused)
            if smaller is None:
                return group, problems
            group = smaller
        raise Unsupported(f"group {group.name!r} has too much that cannot be said")

    def _guarded_fields(self, plan: Plan) -> list[str]:
        found = (path for change in plan for path in self._guarded_by(change))
        return list(dict.fromkeys(found))

    def _guarded_by(self, change: Change) -> Iterator[str]:
        kind = self.kinds[change.key.kind]
        for one in change.fields if change.live is not None and change.wanted is not None else ():
            name = one.field.removeprefix(f"{change.group}.") if one.field != change.group else ""
            row = kind.find(one.path)
            fixed = row is not None and row.immutable
            if name and (fixed or any(fnmatchcase(name, pattern) for pattern in self.guarded)):
                yield name
