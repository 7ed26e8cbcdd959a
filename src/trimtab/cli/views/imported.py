"""Groups that were imported, as a fleet file with what it leaves out as comments."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from trimtab.cli.views.values import printable
from trimtab.config import dump_fleet
from trimtab.models import Fleet
from trimtab.providers.importing import Imported, ImportEffect

_ALONE = frozenset({ImportEffect.REFUSES, ImportEffect.STAYS})
_HEADS: Mapping[str, frozenset[ImportEffect]] = {
    "What keeps the next plan from being made:": frozenset({ImportEffect.REFUSES}),
    "What the next plan changes, after `trimtab adopt`:": frozenset(ImportEffect) - _ALONE,
    "What no plan changes, and this file does not say:": frozenset({ImportEffect.STAYS}),
}


def imported_view(fleet: Fleet, imported: Mapping[str, Imported], *, guessed: bool = False) -> Text:
    """
    The fleet file; notes come first, a comment each.

    Args:
        fleet: The groups.
        imported: What was read, by the groups' names.
        guessed: Whether nobody named the fleet.
    """
    comments = [*_about_name(fleet, imported, guessed=guessed), *_comments(imported)]
    return Text(
        "".join(f"# {line}\n" for line in comments) + dump_fleet(fleet), no_wrap=True, overflow="ignore", end=""
    )


def imported_dict(fleet: Fleet, imported: Mapping[str, Imported]) -> dict[str, Any]:
    """JSON data of the same."""
    notes = [{"group": name, **note.to_dict()} for name, result in imported.items() for note in result.notes]
    return {"fleet": fleet.name, "file": dump_fleet(fleet), "notes": notes}


def _about_name(fleet: Fleet, imported: Mapping[str, Imported], *, guessed: bool) -> Iterator[str]:
    if any(result.owner == fleet.name for result in imported.values()):
        yield f"Fleet {fleet.name} exists: a plan of this file deletes those of its groups that are not in it."
    elif guessed:
        yield "The fleet's name is made for these groups alone; choose another with --fleet NAME."


def _comments(imported: Mapping[str, Imported]) -> Iterator[str]:
    for head, effects in _HEADS.items():
        notes = [(name, note) for name, result in imported.items() for note in result.notes if note.effect in effects]
        if notes:
            yield head
        yield from (f"- {name}: {printable(str(note))}" for name, note in notes)
