"""What a shell completes: fleet files, the groups of a fleet, the names of providers."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import typer

from trimtab.config import load_fleet
from trimtab.declarations import provider_names
from trimtab.errors import TrimtabError
from trimtab.models import Fleet

FILES = (".yaml", ".yml", ".json")
"""How the name of a fleet file ends."""
FLEET_FILE = "fleet.yaml"
"""The fleet file of a folder, when none is named."""


def is_file(word: str) -> bool:
    """Whether an argument is the fleet file: by how it ends, by a folder in it, or `-` for standard input."""
    return word == "-" or "/" in word or "\\" in word or word.lower().endswith(FILES)


def complete_file(incomplete: str) -> list[str]:
    """Files and folders that begin so."""
    return list(_files(incomplete))


def complete_words(context: typer.Context, incomplete: str) -> list[str]:
    """Fleet files where none is named yet, and groups of the fleet."""
    words = list(context.params.get("words") or ())
    groups = [name for name in _groups(next(filter(is_file, words), FLEET_FILE)) if name.startswith(incomplete)]
    return [*([] if words else _files(incomplete)), *(name for name in groups if name not in words)]


def complete_provider(incomplete: str) -> list[str]:
    """Providers that begin so."""
    return [name for name in provider_names() if name.startswith(incomplete)]


def complete_overlay(context: typer.Context, incomplete: str) -> list[str]:
    """Overlays of the fleet that begin so, without those of providers."""
    words = [str(word) for word in (context.params.get("fleet"), *(context.params.get("words") or ())) if word]
    names = _names(next(filter(is_file, words), FLEET_FILE), lambda fleet: fleet.overlays)
    return [name for name in names if name.startswith(incomplete) and name not in provider_names()]


def _files(incomplete: str) -> Iterator[str]:
    folder, slash, begin = incomplete.rpartition("/")
    for path in sorted(Path(folder + slash).glob("*")):
        if path.name.startswith(begin) and (begin or not path.name.startswith(".")):
            name = f"{folder}{slash}{path.name}"
            if path.is_dir():
                yield f"{name}/"
            elif path.name.lower().endswith(FILES):
                yield name


def _groups(fleet: str) -> list[str]:
    return _names(fleet, lambda declared: (group.name for group in declared.groups))


def _names(fleet: str, names: Callable[[Fleet], Iterable[str]]) -> list[str]:
    if fleet == "-":
        return []
    try:
        return list(names(load_fleet(fleet)))
    except TrimtabError:
        return []
