"""Changes, notes and what could not be read, as data."""

import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from enum import StrEnum
from typing import Any

from trimtab.models import Position
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
    LEFT_FLEET = "removed from fleet"
    SUPERSEDED = "superseded"
    ADOPTED = "adopted"
    MARK_LOST = "mark lost"
    OVER = "over"


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
        reason: Of an update, whether the file was edited here or the cloud drifted.
        is_mark: Whether it only says whose the resource is; what else is wanted settles it.
    """

    path: str
    old: Any
    new: Any
    field: str = ""
    source: Position | None = None
    reason: Reason | None = None
    is_mark: bool = False

    def to_dict(self) -> dict[str, Any]:
        """JSON data; secrets as digests."""
        why: dict[str, Any] = {"reason": self.reason.value} if self.reason else {}
        why |= {"mark": True} if self.is_mark else {}
        where = {"source": f"{self.source.file}:{self.source.line}"} if self.source else {}
        return {
            "path": self.path,
            "old": plain(self.old),
            "new": plain(self.new),
            "field": self.field,
            **why,
            **where,
        }


IN_MARK = "mark."
"""How paths of fields begin that stand in the mark and not in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One resource to create, update, replace, delete or adopt.

    Attributes:
        reason: Why; an update of which something was edited is `edited`, and its fields tell what of it has drifted.
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
        return self.action is Action.UPDATE and not self.fields and not self.writes_body

    @property
    def writes_body(self) -> bool:
        """Whether the body is written, which may give the resource another version; renewing a mark only does not."""
        return bool(self.written) or self.reason is Reason.MARK_LOST

    @property
    def written(self) -> tuple[FieldChange, ...]:
        """The fields that are in the body, and not in the mark alone."""
        return tuple(item for item in self.fields if not item.path.startswith(IN_MARK))

    def ground(self) -> list[Any]:
        """What the change assumes of the cloud and wants of it: existence and compared fields, as digests."""
        compared = [
            [item.path, full_digest(item.old), full_digest(item.new)] for item in self.fields if not item.is_mark
        ]
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


_PATH = re.compile(r"([a-z_]+(?:\.[^\s:]+?)*)(?:, [a-z_]+\.[^\s:]+)*:")
PATHS = ", "
"""What stands between the fields of which one thing is said at once: `health_check.path, health_check.port: ...`."""


@dataclass(frozen=True, slots=True)
class Note:
    """
    Something to know about a plan that is no change.

    Attributes:
        foreign: Whether it says that a name is taken by something that is not the fleet's.
        approximation: Whether it says that something is done otherwise than asked, which a strict plan refuses.
        code: The check that it comes from: `TT101`.
        place: Where the file gives a problem's field, or what is around it; `None` for a fleet made in Python.
    """

    text: str
    group: str = ""
    foreign: bool = False
    code: str = ""
    approximation: bool = False
    place: Position | None = None

    def __str__(self) -> str:
        text = f"{self.code} {self.text}" if self.code else self.text
        place = f"{self.place}: " if self.place else ""
        return f"{place}group {self.group}: {text}" if self.group else text

    @property
    def path(self) -> str:
        """The field that it is about, as its text begins, the first of several; empty where it is about none."""
        match = _PATH.match(self.text)
        return match[1] if match else ""

    def to_dict(self) -> dict[str, Any]:
        """JSON data: `message`, `group`, `path`, `code`, `file` and `line`, `null` where there is none."""
        return {
            "message": self.text,
            "group": self.group or None,
            "path": self.path or None,
            "code": self.code or None,
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
        }


def merged(notes: Iterable[Note]) -> tuple[Note, ...]:
    """One note for each thing said, also where it is said of many groups; its place is that of the first."""
    same: dict[Note, list[Note]] = {}
    for note in notes:
        same.setdefault(replace(note, group="", place=None), []).append(note)
    return tuple(
        replace(some[0], group=in_words(list(dict.fromkeys(note.group for note in some if note.group))))
        for some in same.values()
    )


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part of the cloud that could not be read; nothing is created, deleted or pruned there."""

    location: str
    kind: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.location} could not be read: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {"kind": self.kind, "location": self.location, "reason": self.reason}


def merged_unknown(scopes: Iterable[Unknown]) -> tuple[str, ...]:
    """One sentence for each reason why something could not be read, also where that is so of many parts."""
    places: dict[str, list[str]] = {}
    for scope in scopes:
        places.setdefault(scope.reason, []).append(f"{scope.kind} in {scope.location}")
    return tuple(f"{in_words(names)} could not be read: {reason}" for reason, names in places.items())
