"""What the plan after `adopt` does to an imported group, told one note for each field of each resource."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.plan import Action, Change, FieldChange, Key, Kind, Note, Plan, Resource
from trimtab.providers.importing.building import ITEMS
from trimtab.providers.importing.notes import ImportEffect, ImportNote, in_a_row, shown_at

_ELEMENT = re.compile(r"\[[^\]]*\]")
Subject = tuple[str, str]
"""What a note is about: `+`, `-` and an element of a list that comes or goes, or `=` and a field."""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """
    A plan and what it was made from.

    Attributes:
        group: The group that was imported.
        live: What was read.
        wanted: What translation makes of the group.
        plan: What comes after `adopt`.
        unguarded: What it would be if nothing were left to others.
        likeness: What it would be if everything were called as the fleet calls it.
        successors: What is made anew because it is not: old key to new.
        problems: What keeps it from being made at all.
        reasons: Why the model does not say something, by resource and path.
        remarks: What a reader should know of what stays: resource, field of the model, text.
    """

    kinds: Mapping[str, Kind]
    group: ScalingGroup
    live: Mapping[Key, Resource]
    wanted: Mapping[Key, Resource]
    plan: Plan
    unguarded: Plan
    likeness: Plan
    successors: Mapping[Key, Key] = field(default_factory=dict)
    problems: Sequence[Note] = ()
    reasons: Mapping[tuple[Key, str], str] = field(default_factory=dict)
    remarks: Sequence[tuple[Key, str, str]] = ()

    def notes(self) -> Iterator[ImportNote]:
        """All that is to be said, what changes first."""
        for problem in (*self.problems, *self.plan.problems):
            text = f"the next plan refuses the group: {problem.text}"
            yield ImportNote(effect=ImportEffect.REFUSES, resource=f"group {self.group.name}", reason=text)
        for change in self.plan:
            yield from self._of_change(change)
        for key in self.successors:
            yield from self._of_likeness(key)
        for change in self.unguarded:
            yield from self._of_left(change)
        for key, name, text in self.remarks:
            yield self._note(key, ImportEffect.STAYS, text, field=name)
        for key, item in self.live.items():
            yield from self._of_outside(key, item)

    # what changes

    def _of_change(self, change: Change) -> Iterator[ImportNote]:
        match change.action:
            case Action.CREATE:
                yield self._whole(change, ImportEffect.CREATES, "the next plan creates it")
            case Action.DELETE:
                text = f"the next plan deletes it{self._likeness(change.key)}"
                yield self._whole(change, ImportEffect.DELETES, text)
            case Action.REPLACE:
                text = "the next plan deletes it and creates it anew"
                yield self._whole(change, ImportEffect.REPLACES, f"{text}, ending {change.instances} instances")
                yield from self._of_fields(change)
            case Action.UPDATE:
                yield from self._of_fields(change)
            case Action.ADOPT:
                pass

    def _whole(self, change: Change, effect: ImportEffect, text: str) -> ImportNote:
        return self._note(change.key, effect, text, field=change.wanted.item if change.wanted else "")

    def _of_fields(self, change: Change) -> Iterator[ImportNote]:
        for (way, name), some in self._by_subject(change).items():
            paths = tuple(one.path for one in some)
            if way == "=":
                value = shown_at(some[0].path, some[0].old) if len(some) == 1 and some[0].old is not None else ""
                text = f"the next plan {_told(some[0], briefly=bool(value)) if value else in_a_row(map(_told, some))}"
                yield self._note(change.key, ImportEffect.CHANGES, text, field=name, paths=paths, value=value)
            else:
                text = f"the next plan {'adds' if way == '+' else 'removes'} {name}"
                made = self._common_name(change, some) if way == "+" else ""
                yield self._note(change.key, ImportEffect.CHANGES, text, field=made, paths=paths)

    def _by_subject(self, change: Change) -> dict[Subject, list[FieldChange]]:
        kind = self.kinds[change.key.kind]
        old, new = (
            {prefix for path in kind.leaves(one.body if one else {}) for prefix in kind.elements(path)}
            for one in (change.live, change.wanted)
        )
        found: dict[Subject, list[FieldChange]] = {}
        for one in change.fields:
            whole = next((prefix for prefix in kind.elements(one.path) if (prefix in old) is not (prefix in new)), None)
            if whole is not None:
                subject = ("-" if whole in old else "+", whole)
            else:
                subject = ("=", self._name(change, one) or one.path)
            found.setdefault(subject, []).append(one)
        return found

    def _name(self, change: Change, one: FieldChange) -> str:
        """The model field of a leaf, within its group; empty where it is of an item that the group does not have."""
        name = "" if one.field == change.group else one.field.removeprefix(f"{change.group}.")
        item, _, rest = name.partition(".")
        names = {each.name for each in getattr(self.group, item)} if item in ITEMS else set()
        return "" if rest and item in ITEMS and rest.split(".")[0] not in names else name

    def _common_name(self, change: Change, some: Sequence[FieldChange]) -> str:
        """The field of the model that several leaves are all in; empty where there is none."""
        return _common([self._name(change, one) for one in some])

    # what is made anew under another name

    def _of_likeness(self, key: Key) -> Iterator[ImportNote]:
        """What its successor has otherwise, and what it does not have because no row is about it."""
        new = self.successors[key]
        start = f"{self._label(new)}, which the next plan makes in its likeness,"
        for change in self.likeness:
            for some in self._by_subject(change).values() if change.key == new and change.live else ():
                field, paths = self._common_name(change, some), tuple(one.path for one in some)
                text = f"{start} {in_a_row(map(_told, some))}"
                yield self._note(key, ImportEffect.LOSES, text, field=field, paths=paths)
        kind, body = self.kinds[key.kind], self.live[key].body
        if names := tuple(_outside(kind, body, self.wanted[new].body)):
            leaves = kind.outside(body)
            told = (f"{name} ({shown_at(name, leaves[name])})" if name in leaves else name for name in names)
            yield self._note(key, ImportEffect.LOSES, f"{start} does not have {', '.join(told)}", paths=names)

    def _likeness(self, key: Key) -> str:
        """Said of something that bears another name than the fleet gives it."""
        new = self.successors.get(key)
        return f"; {self._label(new)} is made in its likeness" if new is not None else ""

    def _label(self, key: Key) -> str:
        return f"{self.kinds[key.kind].label} {key.name}"

    # what stays

    def _of_left(self, change: Change) -> Iterator[ImportNote]:
        """What would change if it were not left to others."""
        changed = {one.path for other in self.plan if other.key == change.key for one in other.fields}
        left: dict[str, list[FieldChange]] = {}
        for one in change.fields if change.live is not None and change.wanted is not None else ():
            if one.path not in changed:
                left.setdefault(self._name(change, one), []).append(one)
        for name, some in left.items():
            text = f"left to others by `unmanaged`, stays: {in_a_row(map(_there, some))}"
            paths = tuple(one.path for one in some)
            yield self._note(change.key, ImportEffect.STAYS, text, field=name, paths=paths)

    def _of_outside(self, key: Key, item: Resource) -> Iterator[ImportNote]:
        """What no plan looks at: things that are not the fleet's, and leaves that no row is about."""
        actions = {change.action for change in self.plan if change.key == key}
        kind = self.kinds[key.kind]
        if Action.DELETE in actions:
            return
        if key not in self.wanted:
            yield self._note(key, ImportEffect.STAYS, f"not managed by trimtab, stays as it is{self._likeness(key)}")
        made = self.wanted.get(key)
        names = tuple(_outside(kind, item.body, made.body if made else {}))
        superseded = kind.by_content and any(
            change.action is Action.CREATE and change.key.kind == key.kind for change in self.plan
        )
        if names and (Action.REPLACE in actions or superseded):
            text = f"what the next plan makes in its place does not have: {', '.join(names)}"
            yield self._note(key, ImportEffect.LOSES, text, paths=names)
        elif names and key in self.wanted:
            yield self._note(key, ImportEffect.STAYS, f"not managed by trimtab, stays: {', '.join(names)}", paths=names)

    # small things

    def _note(
        self,
        key: Key,
        effect: ImportEffect,
        text: str,
        *,
        field: str = "",
        paths: tuple[str, ...] = (),
        value: str = "",
    ) -> ImportNote:
        why = list(dict.fromkeys(self._why(key, paths)))
        return ImportNote(
            effect=effect,
            resource=self._label(key),
            key=key,
            field=field,
            paths=paths,
            value=value,
            reason="; ".join([text, *why]),
        )

    def _why(self, key: Key, paths: Sequence[str]) -> Iterator[str]:
        for (where, start), reason in self.reasons.items():
            if where == key and (not paths if not start else any(_is_at(path, start) for path in paths)):
                yield reason


def _is_at(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def _told(one: FieldChange, *, briefly: bool = False) -> str:
    """What becomes of a leaf; briefly where what is there is said already."""
    if one.old is None:
        return f"sets {one.path} to {shown_at(one.path, one.new)}"
    if one.new is None:
        return f"removes {one.path}" if briefly else f"removes {one.path} ({shown_at(one.path, one.old)})"
    before = "" if briefly else f" from {shown_at(one.path, one.old)}"
    return f"changes {one.path}{before} to {shown_at(one.path, one.new)}"


def _there(one: FieldChange) -> str:
    there = "nothing" if one.old is None else shown_at(one.path, one.old)
    return f"{one.path} is {there}, where the model says {shown_at(one.path, one.new)}"


def _common(names: Sequence[str]) -> str:
    """What several fields of the model are all in: `schedules.office`."""
    steps: list[str] = []
    for words in zip(*(name.split(".") for name in names), strict=False):
        if len(set(words)) > 1:
            break
        steps.append(words[0])
    return ".".join(steps)


def _outside(kind: Kind, body: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """
    The parts of a live body that no plan looks at and translation does not make as well, each once and as a whole.

    Those are the ones that no row is about, and those that are only compared where a fleet gives them.
    """
    there, ours = kind.outside(body), kind.outside(made)
    wanted = kind.leaves(made)
    filled = {
        path: value
        for path, value in kind.leaves(body).items()
        if path not in wanted and (row := kind.find(path)) and row.filled and made
    }
    known = {row.path[: found.start()] for row in kind.fields for found in re.finditer(r"\.|\[\*\]|$", row.path)}
    said: set[str] = set()
    yield from filled
    for path in (path for path, value in there.items() if ours.get(path) != value):
        pattern = _ELEMENT.sub("[*]", path)
        steps = [pattern[: found.start()] for found in re.finditer(r"\.|\[\*\]|$", pattern)]
        whole = next((step for step in steps if step not in known), pattern)
        if whole not in said:
            said.add(whole)
            yield whole
