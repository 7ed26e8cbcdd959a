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
from trimtab.plan import Change, Key, Kind, Live, Note, Plan, Resource, make_plan
from trimtab.providers.importing.building import build_group, with_unmanaged, without_blamed
from trimtab.providers.importing.differences import Differences
from trimtab.providers.importing.notes import Imported
from trimtab.providers.translation import Translation

Translator = Callable[[Fleet], Translation]
"""A fleet in the provider's own terms; facts come from what was read."""
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
        remarks: What a reader should know of what stays: resource, field of the model, text.
    """

    fields: Mapping[str, Any]
    reasons: Mapping[tuple[Key, str], str] = field(default_factory=dict)
    origins: Mapping[str, tuple[Key, str]] = field(default_factory=dict)
    remarks: Sequence[tuple[Key, str, str]] = ()


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
        group, wanted, problems = self._translatable(group, fleet, refused)
        adopted = self._adopted(group, wanted, live, fleet)
        bare = group.model_copy(update={"unmanaged": ()})
        if group.unmanaged:
            wanted = self.translate(Fleet(name=fleet, groups=(bare,))).resources
        unguarded = self._plan(bare, wanted, adopted, fleet)
        guarded = with_unmanaged(group, self._guarded_fields(unguarded))
        plan = unguarded
        if guarded.unmanaged:
            group = guarded
            wanted = self.translate(Fleet(name=fleet, groups=(group,))).resources
            plan = self._plan(group, wanted, adopted, fleet)
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
            remarks=draft.remarks,
        )
        owners = [item.mark.fleet for item in live if item.mark and self.kinds[item.key.kind].holds_instances]
        return Imported(group=group, notes=tuple(found.notes()), fleet=fleet, owner=next(iter(owners), ""))

    def _adopted(
        self, group: ScalingGroup, wanted: Sequence[Resource], live: Sequence[Resource], fleet: str
    ) -> dict[Key, Resource]:
        """What is there once `adopt` has been applied: the marks are there, nothing else has changed."""
        found = {item.key: item for item in live}
        adopting = self._plan(group, wanted, found, fleet, adopt=True)
        return found | {change.key: change.wanted for change in adopting if change.wanted is not None}

    def _plan(
        self,
        group: ScalingGroup,
        wanted: Sequence[Resource],
        live: Mapping[Key, Resource],
        fleet: str,
        *,
        adopt: bool = False,
    ) -> Plan:
        return make_plan(
            provider=self.provider,
            kinds=self.kinds,
            fleet=Fleet(name=fleet, groups=(group,)),
            wanted=wanted,
            live=Live(resources=live),
            now=self.now,
            adopt=adopt,
        )

    def _translatable(
        self, group: ScalingGroup, fleet: str, refused: dict[str, str]
    ) -> tuple[ScalingGroup, Sequence[Resource], Sequence[Note]]:
        """The group less what this cloud cannot have, what translation makes of it, and the problems that are left."""
        for _ in range(MOST_ROUNDS):
            made = self.translate(Fleet(name=fleet, groups=(group,)))
            smaller = without_blamed(group, made.problems, refused)
            if smaller is None:
                return group, made.resources, made.problems
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
