"""What the plan after `adopt` does to an imported group, told one note for each field of each resource."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.plan import Action, Change, FieldChange, Key, Kind, MarkPlace, Note, Plan, Resource, read_description
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
        origins: The resource and the path in it that each item was read from: by `schedules.office`.
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
    origins: Mapping[str, tuple[Key, str]] = field(default_factory=dict)

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
                text = f"the next plan {self._copies(change.key)}deletes it"
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
        """One note for each field of the model; one for each element that goes, which is no field any more."""
        told: dict[str, list[tuple[str, Sequence[FieldChange]]]] = {}
        subjects = self._by_subject(change)
        for (new, old), item in self._renamed(change, subjects).items():
            some = [*subjects.pop(("-", old)), *subjects.pop(("+", new))]
            text = "; ".join((f"renames {old} to {new}", *_told_inside(self.kinds[change.key.kind], some, old, new)))
            told.setdefault(item, []).append((f"{text}{self._unkept(change, some)}", some))
        for (way, name), some in subjects.items():
            common = "" if way == "-" else self._common_name(change, some) if way == "+" else name
            text = {"+": f"adds {name}{self._unkept(change, some)}", "-": f"removes {name}"}.get(way, "")
            told.setdefault(common or f"{way} {name}", []).append((text or in_a_row(map(_told, some)), some))
        for name, parts in told.items():
            every = [leaf for _, some in parts for leaf in some]
            yield self._note(
                change.key,
                ImportEffect.CHANGES,
                f"the next plan {'; '.join(text for text, _ in parts)}",
                field="" if name[:2] in ("+ ", "- ") else name,
                paths=tuple(leaf.path for leaf in every),
                value=shown_at(every[0].path, every[0].old) if len(every) == 1 and every[0].old is not None else "",
            )

    def _renamed(self, change: Change, subjects: Mapping[Subject, Sequence[FieldChange]]) -> dict[tuple[str, str], str]:
        """Elements that come in place of those that their items were read from: new and old name, to their item."""
        renames: dict[tuple[str, str], str] = {}
        added = {
            name: {self._name(change, leaf) for leaf in some} for (way, name), some in subjects.items() if way == "+"
        }
        # the end of a window is an element of its own: what it was read from comes before the whole schedule
        for item, (key, old) in sorted(self.origins.items(), key=lambda pair: -len(pair[0])):
            new = next((name for name, fields in added.items() if any(_is_at(leaf, item) for leaf in fields)), None)
            if key == change.key and new is not None and ("-", old) in subjects:
                del added[new]
                renames[new, old] = item
        return renames

    def _unkept(self, change: Change, some: Sequence[FieldChange]) -> str:
        """Said of what is made anew where the file leaves a part of it to others."""
        names = dict.fromkeys(
            name
            for leaf in some
            if leaf.old is None
            for name in self.group.unmanaged
            if _is_at(self._name(change, leaf), name)
        )
        text = f", with {' and '.join(names)} as the file says: `unmanaged` keeps only what is there"
        return text if names else ""

    def _by_subject(self, change: Change) -> dict[Subject, list[FieldChange]]:
        kind = self.kinds[change.key.kind]
        old, new = (
            {prefix for path in kind.leaves(resource.body if resource else {}) for prefix in kind.wholes(path)}
            for resource in (change.live, change.wanted)
        )
        subjects: dict[Subject, list[FieldChange]] = {}
        for leaf in change.fields:
            whole = next((prefix for prefix in kind.wholes(leaf.path) if (prefix in old) is not (prefix in new)), None)
            if whole is not None:
                subject = ("-" if whole in old else "+", whole)
            else:
                subject = ("=", self._name(change, leaf) or leaf.path)
            subjects.setdefault(subject, []).append(leaf)
        return subjects

    def _name(self, change: Change, leaf: FieldChange) -> str:
        """The model field of a leaf, within its group; empty where it is of an item that the group does not have."""
        name = "" if leaf.field == change.group else leaf.field.removeprefix(f"{change.group}.")
        item, _, rest = name.partition(".")
        names = {each.name for each in getattr(self.group, item)} if item in ITEMS else set()
        return "" if rest and item in ITEMS and rest.split(".")[0] not in names else name

    def _common_name(self, change: Change, some: Sequence[FieldChange]) -> str:
        """The field of the model that several leaves are all in; empty where there is none."""
        names = [self._name(change, leaf) for leaf in some]
        # what stands for a schedule has the group's bounds and rules in it as well
        return _common(names) or _common([name for name in names if name.startswith("schedules.")])

    # what is made anew under another name

    def _of_likeness(self, key: Key) -> Iterator[ImportNote]:
        """What its copy has otherwise, and what that does not have because no row is about it."""
        new = self.successors[key]
        start = f"the next plan copies it to {self._label(new)}"
        parts: dict[str, list[FieldChange]] = {}
        for change in self.likeness:
            for some in self._by_subject(change).values() if change.key == new and change.live else ():
                parts.setdefault(self._common_name(change, some), []).extend(some)
        for name, some in parts.items():
            text, paths = f"{start} and {in_a_row(map(_told, some))}", tuple(leaf.path for leaf in some)
            yield self._note(key, ImportEffect.LOSES, text, field=name, paths=paths)
        kind, body = self.kinds[key.kind], self.live[key].body
        if names := tuple(_outside(kind, body, self.wanted[new].body)):
            leaves = kind.outside(body)
            told = (f"{path} ({shown_at(path, leaves[path])})" if path in leaves else path for path in names)
            yield self._note(key, ImportEffect.LOSES, f"{start} without {', '.join(told)}", paths=names)

    def _copies(self, key: Key) -> str:
        """Said of something that bears another name than the fleet gives it."""
        new = self.successors.get(key)
        return f"copies it to {self._label(new)} and " if new is not None else ""

    def _label(self, key: Key) -> str:
        return f"{self.kinds[key.kind].label} {key.name}"

    # what stays

    def _of_left(self, change: Change) -> Iterator[ImportNote]:
        """What would change if it were not left to others."""
        changed = {leaf.path for other in self.plan if other.key == change.key for leaf in other.fields}
        left: dict[str, list[FieldChange]] = {}
        for field_change in change.fields if change.live is not None and change.wanted is not None else ():
            if field_change.path not in changed:
                left.setdefault(self._name(change, field_change) or self._left_by(change, field_change), []).append(
                    field_change
                )
        for name, some in left.items():
            text = f"left to others by `unmanaged`, stays: {in_a_row(map(_there, some))}"
            paths = tuple(leaf.path for leaf in some)
            yield self._note(change.key, ImportEffect.STAYS, text, field=name, paths=paths)

    def _left_by(self, change: Change, leaf: FieldChange) -> str:
        """The entry of `unmanaged` that a leaf falls under which is of no item of the group."""
        return next((name for name in self.group.unmanaged if _is_at(leaf.field, f"{change.group}.{name}")), "")

    def _of_outside(self, key: Key, item: Resource) -> Iterator[ImportNote]:
        """What no plan looks at: things that are not the fleet's, and leaves that no row is about."""
        actions = {change.action for change in self.plan if change.key == key}
        kind = self.kinds[key.kind]
        if Action.DELETE in actions:
            return
        if key not in self.wanted:
            new = self.successors.get(key)
            copied = f"; the next plan copies it to {self._label(new)}" if new is not None else ""
            yield self._note(key, ImportEffect.STAYS, f"not managed by trimtab, stays as it is{copied}")
        resource = self.wanted.get(key)
        names = tuple(_outside(kind, item.body, resource.body if resource else {}))
        superseded = kind.content_addressed and any(
            change.action is Action.CREATE and change.key.kind == key.kind for change in self.plan
        )
        if names and (Action.REPLACE in actions or superseded):
            text = f"the next plan makes another one in its place, without {', '.join(names)}"
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


def _told(leaf: FieldChange) -> str:
    """What becomes of a leaf."""
    if leaf.old is None:
        return f"sets {leaf.path} to {shown_at(leaf.path, leaf.new)}"
    if leaf.new is None:
        return f"removes {leaf.path} ({shown_at(leaf.path, leaf.old)})"
    return f"changes {leaf.path} from {shown_at(leaf.path, leaf.old)} to {shown_at(leaf.path, leaf.new)}"


def _there(leaf: FieldChange) -> str:
    current = "not set" if leaf.old is None else shown_at(leaf.path, leaf.old)
    ours = "nothing" if leaf.new is None else shown_at(leaf.path, leaf.new)
    return f"{leaf.path} is {current}, where trimtab would write {ours}"


def _told_inside(kind: Kind, some: Sequence[FieldChange], old: str, new: str) -> Iterator[str]:
    """What else becomes of an element that gets another name."""
    removed = {leaf.path.removeprefix(old): leaf for leaf in some if leaf.new is None}
    added = {leaf.path.removeprefix(new): leaf for leaf in some if leaf.old is None}
    inner = {
        way: {part for path in side for part in kind.elements(f"{old}{path}")}
        for way, side in (("removes", removed), ("adds", added))
    }
    said = inner["removes"] ^ inner["adds"]
    for way, parts in inner.items():
        yield from (f"{way} {part.removeprefix(old).lstrip('.')}" for part in sorted(parts & said))
    for path in sorted({*removed, *added}):
        before, after = removed.get(path), added.get(path)
        if not said.intersection(kind.elements(f"{old}{path}")):
            both = FieldChange(path=path.lstrip("."), old=before and before.old, new=after and after.new)
            yield from (_told(both),) if both.old != both.new else ()


def _common(names: Sequence[str]) -> str:
    """What several fields of the model are all in: `schedules.office`."""
    steps: list[str] = []
    for words in zip(*(name.split(".") for name in names), strict=False):
        if len(set(words)) > 1:
            break
        steps.append(words[0])
    return ".".join(steps)


def _outside(kind: Kind, body: Mapping[str, Any], translated: Mapping[str, Any]) -> Iterator[str]:
    """
    The parts of a live body that no plan looks at and translation does not make as well, each once and as a whole.

    Those are the ones that no row is about, and those that are only compared where a fleet gives them.
    """
    live, ours = kind.outside(body), kind.outside(translated)
    wanted = kind.leaves(translated)
    filled = {
        path: value
        for path, value in kind.leaves(body).items()
        if path not in wanted and (row := kind.find(path)) and row.server_default and translated
    }
    known = {row.path[: match.start()] for row in kind.fields for match in re.finditer(r"\.|\[\*\]|$", row.path)}
    said: set[str] = set()
    yield from (path for path, value in filled.items() if not _is_usual(kind, path, value))
    for path in (path for path, value in live.items() if ours.get(path) != value and not _is_usual(kind, path, value)):
        pattern = _ELEMENT.sub("[*]", path)
        steps = [pattern[: match.start()] for match in re.finditer(r"\.|\[\*\]|$", pattern)]
        whole = next((step for step in steps if step not in known), pattern)
        if whole not in said:
            said.add(whole)
            yield whole


def _is_usual(kind: Kind, path: str, value: Any) -> bool:
    """Whether a leaf has what the cloud gives it by itself, or is where the mark stands and has no other text."""
    if path == "description" and kind.mark is MarkPlace.DESCRIPTION:
        return not read_description(value)[0]
    return _ELEMENT.sub("[*]", path) in kind.defaults and kind.is_filled_in(path, value)
