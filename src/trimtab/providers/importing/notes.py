"""What importing gives back: a group, and what the next plan does to what its model does not say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.plan import Key, Secret
from trimtab.plan.resource import may_hold_secret


class ImportEffect(StrEnum):
    """What the next plan does to the subject of a note."""

    CHANGES = "changes"
    CREATES = "creates"
    DELETES = "deletes"
    REPLACES = "replaces"
    LOSES = "loses"
    """It is not in what the next plan makes in place of what has it."""
    REFUSES = "refuses"
    """There is no next plan until that is mended."""
    STAYS = "stays"


CHANGING = frozenset({ImportEffect.CHANGES, ImportEffect.CREATES, ImportEffect.DELETES, ImportEffect.REPLACES})
"""The effects that stand for changes of the next plan; each such change has its note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportNote:
    """
    Something that a group in the cloud has and that its model does not say, or says otherwise.

    Attributes:
        effect: What the plan after `adopt` does to it.
        resource: The thing in the cloud: `metric alert web-cpu`.
        key: The same as plans know it; `None` where the note is about the whole group.
        field: The field of the model, within its group: `policies.scale-out.cooldown`; empty where there is none.
        paths: The leaves of the native body that the note is about.
        value: What is there; empty where something is missing, or is several things. The reason says it too.
        reason: What the next plan does, and why the model does not say it.
    """

    effect: ImportEffect
    resource: str
    key: Key | None = None
    field: str = ""
    paths: tuple[str, ...] = ()
    value: str = ""
    reason: str

    @property
    def path(self) -> str:
        """The thing and its field: `metric alert web-cpu: alarms.cpu.statistic`."""
        return f"{self.resource}: {self.field}" if self.field else self.resource

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "effect": self.effect.value,
            "path": self.path,
            "resource": self.resource,
            "field": self.field,
            "native": list(self.paths),
            "value": self.value,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """
    A group that exists in a cloud, in the words of the model, and what these words leave out.

    Attributes:
        group: The group.
        notes: What the plan of `fleet` does after `adopt`, one note for each field; and what it leaves alone.
        fleet: The fleet that the notes hold for: the one that was asked for, else the one whose mark the group bears,
            else one of its own.
        owner: The fleet whose mark the group bears; empty without one.
    """

    group: ScalingGroup
    notes: tuple[ImportNote, ...] = ()
    fleet: str = ""
    owner: str = ""

    def __str__(self) -> str:
        return f"group {self.group.name}: {len(self.changes)} changes after adopt, {len(self.notes)} notes"

    @property
    def changes(self) -> tuple[ImportNote, ...]:
        """The notes that stand for changes of the next plan; it is empty where there are none."""
        return tuple(note for note in self.notes if note.effect in CHANGING)


def shown(value: Any, *, most: int = 60) -> str:
    """A value in a note, as a fleet file would write it; cut where it is long, an id or a link at its front."""
    if isinstance(value, frozenset):
        value = sorted(value, key=str)
    # a mapping in a set is a tuple that writes itself as one
    if type(value) in (list, tuple):
        return f"[{', '.join(map(shown, value[:3]))}{f' and {len(value) - 3} more' if len(value) > 3 else ''}]"
    text = _text(value)
    if len(text) <= most:
        return text
    is_link = isinstance(value, str) and "/" in text and " " not in text
    return f"...{text[3 - most :]}" if is_link else f"{text[: most - 3]}..."


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(item)}" for name, item in value.items()) + "}"
    return str(value) if value is not None and value != "" else '""'


def shown_at(path: str, value: Any) -> str:
    """A value in a note about the leaf at `path`: of start scripts, extensions' settings and the like the digest."""
    is_secret = not isinstance(value, Secret) and may_hold_secret(path)
    return str(Secret(str(value))) if is_secret else shown(value)


def in_a_row(texts: Iterable[str], *, most: int = 3) -> str:
    """Texts in one phrase, those after the first few only counted."""
    every = list(texts)
    more = len(every) - most
    return "; ".join(every) if more <= 0 else f"{'; '.join(every[:most])}; and {more} more"
