"""What importing gives back: a group, what was lost on the way, and what became of each leaf that was read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.models.base import NAME
from trimtab.plan import Secret

LONGEST = 63
"""How long a name can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """
    Something that a group in the cloud has and that its model does not say, or says otherwise.

    Attributes:
        path: The thing in the cloud and its field: `alarm web-cpu: Unit`.
        value: What is there; empty where something is missing.
        reason: Why it is not carried, and what the next plan makes of it.
    """

    path: str
    value: str = ""
    reason: str

    def __str__(self) -> str:
        return f"{self.path} = {self.value}: {self.reason}" if self.value else f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A group that exists in a cloud, in the words of the model, and what these words leave out."""

    group: ScalingGroup
    notes: tuple[Loss, ...] = ()


class Fate(StrEnum):
    """What becomes of one leaf of a reply."""

    CARRIED = "carried"
    LOST = "lost"
    READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One leaf of a reply: where it is, what it says, what became of it; `text` is a model path or a reason."""

    path: str
    value: Any
    fate: Fate
    text: str


@dataclass(frozen=True)
class LeafTable:
    """What became of each leaf of one reply, in its order."""

    operation: str
    leaves: tuple[Leaf, ...] = field(default=())

    @property
    def lost(self) -> tuple[Leaf, ...]:
        """Those that the model does not say."""
        return tuple(leaf for leaf in self.leaves if leaf.fate is Fate.LOST)

    def lines(self) -> Iterator[str]:
        """The table as text, a line each."""
        width = max((len(leaf.path) for leaf in self.leaves), default=0)
        for leaf in self.leaves:
            yield f"{leaf.path:<{width}}  {leaf.fate:<9}  {leaf.text}"


def walk(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf below a value by its path, `Tags[0].Key`; something empty is a leaf itself."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from walk(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and value:
        for index, item in enumerate(value):
            yield from walk(item, f"{path}[{index}]")
    else:
        yield path, value


def shown(value: Any, *, most: int = 60) -> str:
    """A value in a note, cut where it is long."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


_SECRETS = {
    *("userdata", "customdata", "adminpassword", "password", "secrets"),
    *("settings", "protectedsettings", "serviceuri", "authtoken"),
}
"""Steps of paths, in lower case, below which something secret may stand."""


def shown_at(path: str, value: Any) -> str:
    """
    A value in a note about the leaf at `path`: of start scripts, extensions' settings and the like only the digest.

    Anything may stand in metadata: https://cloud.google.com/compute/docs/metadata/overview
    """
    steps = {step.lower() for step in re.findall(r"[^.\[\]]+", path)}
    is_metadata = re.search(r"\bmetadata\.items\[\d+\]\.value$", path) is not None
    return str(Secret(str(value))) if is_metadata or steps & _SECRETS else shown(value)


def legal(text: str, kind: str) -> str:
    """The nearest name to a text that is legal."""
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    word = word if word[:1].isalpha() else f"{kind}-{word}".rstrip("-")
    return word[:LONGEST].rstrip("-")


def is_exact(native: str, prefix: str) -> bool:
    """Whether translation would call it so."""
    return native.startswith(prefix) and re.fullmatch(NAME, native.removeprefix(prefix)) is not None


def group_name(native: str, fleet: str | None) -> tuple[str, str | None]:
    """A group's name within the fleet, and its native name where that does not say itself."""
    if fleet is not None and is_exact(native, f"{fleet}-"):
        return native.removeprefix(f"{fleet}-"), None
    return legal(native, "group"), native


def group_names(native: str, fleet: str | None) -> dict[str, str]:
    """The same as fields of a group."""
    name, own = group_name(native, fleet)
    return {"name": name} if own is None else {"name": name, "native_name": own}


def fleet_for(natives: Sequence[str]) -> str:
    """The fleet that groups with these names would be of: what they all begin with, up to a hyphen."""
    parts = [native.split("-") for native in natives]
    shared: list[str] = []
    for words in zip(*(each[:-1] for each in parts), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return legal("-".join(shared), "fleet") if shared else "imported"
