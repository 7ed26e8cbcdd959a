"""Changes and plans as data."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from trimtab.models import Fleet, Position
from trimtab.phrases import in_words
from trimtab.plan.resource import Key, Resource, full_digest, plain


class Action(StrEnum):
    """What a change does."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    ADOPT = "adopt"


class Reason(StrEnum):
    """Why a change is planned."""

    NEW = "new"
    EDITED = "edited"
    DRIFTED = "drifted"
    LEFT_FLEET = "left the fleet"
    SUPERSEDED = "superseded"
    ADOPTED = "adopted"
    MARK_LOST = "mark lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """
    One field, before and after; `None` where there is nothing.

    Attributes:
        path: In the native body: `LaunchTemplateData.InstanceType`.
        old: What the cloud has.
        new: What is wanted.
        field: The model field that it comes from: `web.template.size`.
        source: Where the file gives that field.
    """

    path: str
    old: Any
    new: Any
    field: str = ""
    source: Position | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON data; secrets as digests."""
        where = {"source": f"{self.source.file}:{self.source.line}"} if self.source else {}
        return {
            "path": self.path,
            "old": plain(self.old),
            "new": plain(self.new),
            "field": self.field,
            **where,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One resource to create, update, replace, delete or adopt.

    Attributes:
        fields: What differs; empty for a change that only renews the mark.
        wanted: The resource as it is to be; `None` for a deletion.
        live: The resource as it was read; `None` for a creation.
        after: Keys whose own change must have gone through first.
        instances: Instances that end with it.
        implied: It goes with its parent; no call of its own.
        notes: What a reviewer should know.
    """

    action: Action
    reason: Reason
    key: Key
    group: str
    fields: tuple[FieldChange, ...] = ()
    wanted: Resource | None = None
    live: Resource | None = None
    after: frozenset[Key] = frozenset()
    instances: int = 0
    implied: bool = False
    notes: tuple[str, ...] = ()

    @property
    def renews_mark_only(self) -> bool:
        """Whether nothing but the mark is written."""
        return self.action is Action.UPDATE and not self.writes_body

    @property
    def writes_body(self) -> bool:
        """Whether the body is written, which may give the resource another version; renewing a mark only does not."""
        return bool(self.fields) or self.reason is Reason.MARK_LOST

    def ground(self) -> list[Any]:
        """What the change assumes of the cloud and wants of it: existence and compared fields, as digests."""
        compared = [[item.path, full_digest(item.old), full_digest(item.new)] for item in self.fields]
        return [self.action.value, *astuple(self.key), self.live is not None, sorted(compared)]

    def to_dict(self) -> dict[str, Any]:
        """JSON data; secrets as digests."""
        return {
            "action": self.action.value,
            "reason": self.reason.value,
            "kind": self.key.kind,
            "name": self.key.name,
            **({"parent": self.key.parent} if self.key.parent else {}),
            "location": self.key.location,
            "group": self.group,
            "instances_lost": self.instances,
            "fields": [item.to_dict() for item in self.fields],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True)
class Note:
    """
    Something to know about a plan that is no change.

    Attributes:
        foreign: Whether it says that a name is taken by something that is not the fleet's.
        approximation: Whether it says that something is done otherwise than asked, which a strict plan refuses.
        code: The check that it comes from: `TT101`.
    """

    text: str
    group: str = ""
    foreign: bool = False
    code: str = ""
    approximation: bool = False

    def __str__(self) -> str:
        text = f"{self.code} {self.text}" if self.code else self.text
        return f"group {self.group}: {text}" if self.group else text


def merged(notes: Iterable[Note]) -> tuple[Note, ...]:
    """One note for each thing said, also where it is said of many groups."""
    groups: dict[Note, list[str]] = {}
    for note in notes:
        groups.setdefault(replace(note, group=""), []).append(note.group)
    return tuple(
        replace(note, group=in_words(list(dict.fromkeys(filter(None, names))))) for note, names in groups.items()
    )


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of the cloud that could not be read; nothing is created, deleted or pruned there."""

    location: str
    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.location} could not be read: {self.reason}"


def merged_unknown(scopes: Iterable[Unknown]) -> tuple[str, ...]:
    """One sentence for each reason why something could not be read, also where that is so of many parts."""
    places: dict[str, list[str]] = {}
    for scope in scopes:
        places.setdefault(scope.reason, []).append(f"{scope.kind} in {scope.location}")
    return tuple(f"{in_words(names)} could not be read: {reason}" for reason, names in places.items())


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """
    How a plan was asked for, so that apply can look again.

    Attributes:
        fleet: What is wanted, and where deletions look.
        prune: Whether what the fleet owns and no longer has is deleted.
        adopt: Whether what exists under the fleet's names is marked, and nothing else done.
        strict: Whether approximations are errors.
        refresh: What is looked up anew although it was kept.
        empty: Whether the empty fleet is wanted: everything goes.
        only: The groups that are planned; all when `None`.
    """

    fleet: Fleet
    prune: bool = True
    adopt: bool = False
    strict: bool = False
    refresh: frozenset[str] = frozenset()
    empty: bool = False
    only: frozenset[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    What apply would do, and why; true when there is anything to do or anything in the way.

    Attributes:
        changes: In the order of a group's dependencies.
        notes: What a reviewer should know.
        problems: What makes the plan impossible, so that apply refuses it; and, `foreign`, what is held back alone.
        unknown: What could not be read; nothing is planned there.
        request: How the plan was asked for, so that apply can look again.
    """

    provider: str
    fleet: str
    made_at: datetime
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    problems: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    request: PlanRequest | None = field(default=None, compare=False, repr=False)

    def __bool__(self) -> bool:
        return bool(self.changes or self.problems or self.unknown)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    @property
    def is_refused(self) -> bool:
        """Whether apply refuses it: something is impossible, or all there is to do is held back."""
        return any(not problem.foreign for problem in self.problems) or bool(self.problems and not self.changes)

    @cached_property
    def fingerprint(self) -> str:
        """Equal for two plans that do the same things to a cloud in the same state."""
        return full_digest([self.provider, self.fleet, sorted((change.ground() for change in self.changes), key=str)])

    def count(self, action: Action) -> int:
        """How many changes do `action`."""
        return sum(change.action is action for change in self.changes)

    @property
    def summary(self) -> dict[str, int]:
        """How many changes of each action, those that there are."""
        counts = {action.value: self.count(action) for action in Action}
        return {name: number for name, number in counts.items() if number}

    def to_dict(self) -> dict[str, Any]:
        """JSON data for reviewers and programs; secrets as digests."""
        return {
            "trimtab_plan": 1,
            "provider": self.provider,
            "fleet": self.fleet,
            "made_at": self.made_at.isoformat(),
            "fingerprint": self.fingerprint,
            "summary": self.summary,
            "changes": [change.to_dict() for change in self.changes],
            "notes": [str(note) for note in self.notes],
            "problems": [str(problem) for problem in self.problems],
            "unknown": [str(scope) for scope in self.unknown],
        }

    def to_saved(self) -> dict[str, Any]:
        """
        The plan as it is saved: digests instead of values, and one of it all, to be held against a new plan later.

        `check_saved` does that.
        """
        saved = self.to_dict()
        for change, shown in zip(self.changes, saved["changes"], strict=True):
            for item, field_shown in zip(change.fields, shown["fields"], strict=True):
                field_shown["old"], field_shown["new"] = full_digest(item.old), full_digest(item.new)
        return {**saved, "digest": full_digest(saved)}
