"""One importer for every cloud: the group that a cloud's own code read, held against what is there by the one diff."""

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, cast

from trimtab.capabilities import MARK
from trimtab.capabilities.delegation import Enacted, read_enacted
from trimtab.declarations import declarations_of
from trimtab.errors import InvalidRequest, Unsupported
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.base import NAME, NAME_RULE
from trimtab.phrases import in_words
from trimtab.plan import Action, Attributes, Change, Key, Kind, Live, Note, Plan, Resource, make_plan
from trimtab.plan.changes import IN_MARK
from trimtab.providers.importing.building import ITEMS, build_group, with_unmanaged, without_blamed
from trimtab.providers.importing.differences import Differences
from trimtab.providers.importing.natives import with_natives
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
        successors: What the fleet calls otherwise, or has as another kind: key to the key that it would have. Where
            an item was read from a whole resource, its origin says so.
    """

    fields: Mapping[str, Any]
    reasons: Mapping[tuple[Key, str], str] = field(default_factory=dict)
    origins: Mapping[str, tuple[Key, str]] = field(default_factory=dict)
    remarks: Sequence[tuple[Key, str, str]] = ()
    successors: Mapping[Key, Key] = field(default_factory=dict)


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
        versioned: Kinds whose mark is part of a version, so that adopting gives their volatile attributes new values.
        now: When it was read.
    """

    provider: str
    kinds: Mapping[str, Kind]
    translate: Translator
    guarded: Sequence[str] = ()
    versioned: Container[str] = ()
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
        draft, enacted = self._with_enacted(draft, live)
        group, refused = build_group(draft.fields, self.provider)
        group, wanted, problems = self._translatable(group, fleet, refused)
        group, wanted, problems = self._with_natives(group, wanted, problems, live, fleet)
        adopted = self._adopted(group, wanted, live, fleet)
        bare = group.model_copy(update={"unmanaged": ()})
        if group.unmanaged:
            wanted = self.translate(_fleet_of(fleet, bare)).resources
        unguarded = self._plan(bare, wanted, adopted, fleet)
        guarded = with_unmanaged(group, self._guarded_fields(unguarded))
        plan = unguarded
        if guarded.unmanaged:
            group, wanted, plan = self._guard(group, guarded.unmanaged, adopted, fleet)
        successors = _successors(draft, plan, live)
        differences = Differences(
            kinds=self.kinds,
            group=group,
            live={item.key: item for item in live},
            wanted={item.key: item for item in wanted},
            plan=plan,
            unguarded=unguarded,
            likeness=self._plan(bare, wanted, _renamed(adopted, wanted, successors), fleet),
            successors=successors,
            problems=problems,
            reasons={
                **draft.reasons,
                **{(key, IN_MARK + MARK): text for key, each in enacted.items() if (text := _unreadable(each, group))},
                **{draft.origins[item]: text for item, text in refused.items() if item in draft.origins},
            },
            remarks=draft.remarks,
            origins=draft.origins,
        )
        owners = [item.mark.fleet for item in live if item.mark and self.kinds[item.key.kind].holds_instances]
        return Imported(group=group, notes=tuple(differences.notes()), fleet=fleet, owner=next(iter(owners), ""))

    def _with_enacted(self, draft: Draft, live: Sequence[Resource]) -> tuple[Draft, dict[Key, Enacted]]:
        """What was read, with what only the controller enacts as far as marks have it; and what each mark says."""
        marks = {item.key: read_enacted(item.mark.kept) for item in live if item.mark is not None}
        enacted = {key: each for key, each in marks.items() if each is not None}
        fields = dict(draft.fields)
        for path, value in (item for each in enacted.values() for item in each.values.items()):
            block, _, name = path.partition(".")
            fields[block] = {**fields.get(block, {}), name: value}
        return replace(draft, fields=fields), enacted

    def _adopted(
        self, group: ScalingGroup, wanted: Sequence[Resource], live: Sequence[Resource], fleet: str
    ) -> dict[Key, Resource]:
        """What is there once `adopt` has been applied: the marks are there, nothing else has changed."""
        existing = {item.key: item for item in live}
        adopting = self._plan(group, wanted, existing, fleet, adopt=True)
        return existing | {change.key: self._marked(change.wanted) for change in adopting if change.wanted is not None}

    def _marked(self, item: Resource) -> Resource:
        """What is there as adopting leaves it."""
        if item.key.kind not in self.versioned:
            return item
        moved = self.kinds[item.key.kind].volatile
        known = {name: value for name, value in item.attributes.items() if name not in moved}
        return replace(item, attributes=cast("Attributes", known))

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
            fleet=_fleet_of(fleet, group),
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
            translation = self.translate(_fleet_of(fleet, group))
            smaller = without_blamed(group, translation.problems, refused)
            if smaller is None:
                return group, translation.resources, translation.problems
            group = smaller
        raise Unsupported(f"group {group.name!r} has too much that cannot be said")

    def _with_natives(
        self,
        group: ScalingGroup,
        wanted: Sequence[Resource],
        problems: Sequence[Note],
        live: Sequence[Resource],
        fleet: str,
    ) -> tuple[ScalingGroup, Sequence[Resource], Sequence[Note]]:
        """The group with what the model has no word for, what translation makes of it, and the problems."""
        natives = declarations_of(self.provider).natives
        if natives is None:
            return group, wanted, problems

        def translate(some: ScalingGroup) -> Translation:
            return self.translate(_fleet_of(fleet, some))

        larger = with_natives(group, natives, self.kinds, wanted, live, translate, self.provider)
        if larger is group:
            return group, wanted, problems
        translation = translate(larger)
        return larger, translation.resources, translation.problems

    def _guard(
        self, group: ScalingGroup, paths: Sequence[str], adopted: Mapping[Key, Resource], fleet: str
    ) -> tuple[ScalingGroup, Sequence[Resource], Plan]:
        """The group with these fields left to others, less those for which the plan would be the same."""

        def left(some: Sequence[str]) -> tuple[ScalingGroup, Sequence[Resource], Plan]:
            smaller = group.model_copy(update={"unmanaged": tuple(some)})
            wanted = self.translate(_fleet_of(fleet, smaller)).resources
            return smaller, wanted, self._plan(smaller, wanted, adopted, fleet)

        guarded = left(paths)
        for path in (path for path in paths if path not in group.unmanaged):
            fewer = left([other for other in guarded[0].unmanaged if other != path])
            if _effects(fewer[2]) == _effects(guarded[2]):
                guarded = fewer
        return guarded

    def _guarded_fields(self, plan: Plan) -> list[str]:
        paths = (path for change in plan for path in self._guarded_by(change))
        return list(dict.fromkeys(paths))

    def _guarded_by(self, change: Change) -> Iterator[str]:
        if change.live is None or change.wanted is None:
            return
        kind = self.kinds[change.key.kind]
        current, wanted = (_elements(kind, item.body) for item in (change.live, change.wanted))
        for leaf in change.fields:
            name = leaf.field.removeprefix(f"{change.group}.") if leaf.field != change.group else ""
            around = set(kind.elements(leaf.path))
            fixed = kind.is_fixed(leaf.path, leaf.old, leaf.new) and around.isdisjoint(current ^ wanted)
            if name and (fixed or any(fnmatchcase(name, pattern) for pattern in self.guarded)):
                whole = around & (current ^ wanted) or ("[" in leaf.path and not around)
                yield ".".join(name.split(".")[:2]) if whole and name.split(".")[0] not in ITEMS else name


def _fleet_of(name: str, group: ScalingGroup) -> Fleet:
    """A fleet of one group, and the controller's where nobody else does what the group says."""
    return Fleet(name=name, groups=(group,), controller=group.purchase.fallback is not None)


def _unreadable(enacted: Enacted, group: ScalingGroup) -> str:
    """Which of the fields that only the controller enacts the model does not say; empty where it says them all."""
    lost = [*enacted.paths]
    if "purchase.fallback" in enacted.values and group.purchase.fallback is None:
        lost.append("purchase.fallback")
    if not lost and enacted.values:
        return ""
    names = in_words(lost) or "what the controller does for it"
    text = f"{names}: enacted by the controller alone, and not readable from the cloud"
    return f"{text}; write {'it' if len(lost) < 2 else 'them'} into the file again, with `controller: true`"


def _effects(plan: Plan) -> list[tuple[Action, Key, dict[str, Any]]]:
    """All that a plan does to each thing."""
    return [(change.action, change.key, {leaf.path: leaf.new for leaf in change.fields}) for change in plan]


def _successors(draft: Draft, plan: Plan, live: Sequence[Resource]) -> dict[Key, Key]:
    """What the plan makes anew because it has another name than the fleet gives it: old to new."""
    created = [change.wanted for change in plan if change.action is Action.CREATE and change.wanted is not None]
    successors = dict(draft.successors)
    for item, (key, path) in draft.origins.items():
        new = next(
            (resource.key for resource in created if (resource.item, resource.key.kind) == (item, key.kind)), None
        )
        if not path and new is not None:
            successors.setdefault(key, new)
    existing = {item.key for item in live}
    return {
        old: new for old, new in successors.items() if old in existing and new in {resource.key for resource in created}
    }


def _renamed(
    live: Mapping[Key, Resource], wanted: Sequence[Resource], successors: Mapping[Key, Key]
) -> dict[Key, Resource]:
    """What is there, as if each of its things had been called as the fleet calls it."""
    marks = {item.key: item.mark for item in wanted}
    renamed = {key: item for key, item in live.items() if key not in successors}
    for old, new in successors.items():
        renamed[new] = replace(live[old], key=new, mark=marks[new])
    return renamed


def _elements(kind: Kind, body: Mapping[str, Any]) -> set[str]:
    """The elements of lists with keys that a body has."""
    return {element for path in kind.leaves(body) for element in kind.elements(path)}
