"""What is wrong with a file, and where: each problem becomes one sentence of a `ConfigError`."""

from collections.abc import Iterable
from dataclasses import dataclass

from trimtab.errors import ConfigError
from trimtab.models import Position

LONGEST = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, at a place in the file and on a path of fields."""

    place: Position
    path: tuple[str, ...]
    message: str

    def __str__(self) -> str:
        label = label_of(self.path)
        return f"{self.place}: {label}: {self.message}" if label else f"{self.place}: {self.message}"


def label_of(path: tuple[str, ...]) -> str:
    """A path in words: `group web, alarms.hot.above`."""
    if path[:1] == ("groups",) and len(path) > 1:
        return ", ".join(part for part in (f"group {path[1]}", ".".join(path[2:])) if part)
    if path[:1] == ("defaults",):
        return ", ".join(part for part in ("defaults", ".".join(path[1:])) if part)
    return ".".join(path)


def refuse_file(problems: Iterable[Problem]) -> None:
    """Raise a `ConfigError` of the problems, in the order of the file, each once; nothing when there are none."""
    found = sorted(problems, key=lambda problem: (problem.place.line, problem.place.column))
    if found:
        raise ConfigError(list(dict.fromkeys(map(str, found))))


def shorten(text: str) -> str:
    """The text in quotes, cut where a message would become unreadable; text of several lines is only counted."""
    if "\n" in text:
        return f"({len(text.splitlines())} lines)"
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
