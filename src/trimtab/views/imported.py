"""Groups that were imported, as a fleet file with what it leaves out as comments."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from trimtab.config import dump_fleet
from trimtab.models import Fleet
from trimtab.providers.imports import Imported
from trimtab.views.values import printable


def imported_view(fleet: Fleet, found: Mapping[str, Imported]) -> Text:
    """The fleet file; notes come first, a comment each."""
    return Text("".join(f"{line}\n" for line in _comments(found)) + dump_fleet(fleet), no_wrap=True, end="")


def imported_dict(fleet: Fleet, found: Mapping[str, Imported]) -> dict[str, Any]:
    """JSON data of the same."""
    notes = [
        {"group": name, "path": note.path, "value": note.value, "reason": note.reason}
        for name, one in found.items()
        for note in one.notes
    ]
    return {"fleet": fleet.name, "file": dump_fleet(fleet), "notes": notes}


def _comments(found: Mapping[str, Imported]) -> Iterator[str]:
    if any(one.notes for one in found.values()):
        yield "# What the cloud has and this file does not say, or says otherwise:"
    for name, one in found.items():
        yield from (f"# - {name}: {printable(str(note))}" for note in one.notes)
