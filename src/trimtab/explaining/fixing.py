"""A fix as a diff of the fleet file: of the file itself where that can be read, else of the fleet as it is written."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from trimtab.config import dump_fleet
from trimtab.errors import TrimtabError
from trimtab.models import Fleet, ScalingGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """
    One number of a group that is to be another.

    Attributes:
        path: With names for list items: `alarms.cold.below`.
    """

    path: str
    old: float
    new: float


def edited(
    group: ScalingGroup, edits: Sequence[Edit], added: Mapping[str, Sequence[Any]] | None = None
) -> ScalingGroup:
    """The group with other numbers, and with more items in its lists."""
    for edit in edits:
        group = _replaced(group, edit.path.split("."), edit.new)
    lists = {name: (*getattr(group, name), *items) for name, items in (added or {}).items()}
    return group.model_copy(update=lists)


def _replaced(model: Any, steps: Sequence[str], value: float) -> Any:
    first, *rest = steps
    if isinstance(model, tuple):
        return tuple(_replaced(item, rest, value) if item.name == first else item for item in model)
    inner = _replaced(getattr(model, first), rest, value) if rest else value
    return model.model_copy(update={first: inner})


def diff_of(fleet: Fleet, group: ScalingGroup, edits: Sequence[Edit], new: ScalingGroup) -> str:
    """
    The difference that an edit makes.

    Args:
        fleet: As it was loaded.
        group: The group before.
        edits: What changes in numbers; empty where items are added.
        new: The group after.
    """
    in_file = _in_file(fleet, group.name, edits) if edits else None
    if in_file is not None:
        return in_file
    after = fleet.model_copy(
        update={"groups": tuple(new if each.name == group.name else each for each in fleet.groups)}
    )
    try:
        old, changed = (dump_fleet(each).splitlines(keepends=True) for each in (fleet, after))
    except TrimtabError:
        return ""
    return "".join(unified_diff(old, changed, "fleet.yaml", "fleet.yaml"))


def _in_file(fleet: Fleet, group: str, edits: Sequence[Edit]) -> str | None:
    """The diff of the file itself; `None` where a number does not stand there as it is."""
    places = [fleet.position(group, edit.path) for edit in edits]
    first = places[0]
    if first is None or any(place is None or place.file != first.file for place in places):
        return None
    try:
        before = Path(first.file).read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, ValueError):
        return None
    after = list(before)
    for edit, place in zip(edits, places, strict=True):
        line = place.line - 1 if place else len(after)
        if line >= len(after):
            return None
        leaf = edit.path.rpartition(".")[2]
        after[line], count = re.subn(rf"(\b{leaf}[\"']?:\s*){edit.old:g}\b", rf"\g<1>{edit.new:g}", after[line])
        if count != 1:
            return None
    return "".join(unified_diff(before, after, first.file, first.file))
