"""What is wrong with a file, and where: each problem becomes one sentence of a `ConfigError`."""

from collections.abc import Iterable
from dataclasses import dataclass

from trimtab.config.paths import in_place
from trimtab.errors import ConfigError
from trimtab.models import Position
from trimtab.phrases import in_words

LONGEST = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong, at a place in the file and on a path of fields.

    Attributes:
        others: Other groups of which it is so, each with its line.
    """

    place: Position
    path: tuple[str, ...]
    message: str
    others: tuple[str, ...] = ()

    @property
    def alone(self) -> str:
        """The sentence without the other groups."""
        label = label_of(self.path)
        return f"{self.place}: {label}: {self.message}" if label else f"{self.place}: {self.message}"

    def __str__(self) -> str:
        return f"{self.alone}; likewise in group {', '.join(self.others)}" if self.others else self.alone


def label_of(path: tuple[str, ...]) -> str:
    """A path in words: `group web, alarms.hot.above`; `overlay azure, group web, capacity.max`."""
    if (plain := in_place(path)) != path:
        name = path[path.index("overlays") + 1]
        return ", ".join(part for part in (f"overlay {name}", label_of(plain)) if part)
    if path[:1] == ("groups",) and len(path) > 1:
        return ", ".join(part for part in (f"group {path[1]}", ".".join(path[2:])) if part)
    if path[:1] == ("defaults",):
        return ", ".join(part for part in ("defaults", ".".join(path[1:])) if part)
    return ".".join(path)


def refuse_file(problems: Iterable[Problem]) -> None:
    """Raise a `ConfigError` of the problems, in the order of the file, each once; nothing when there are none."""
    ordered = sorted(problems, key=lambda problem: (problem.place.line, problem.place.column))
    if ordered:
        places = {str(problem): _place(problem.place) for problem in reversed(ordered)}
        sentences = list(dict.fromkeys(map(str, ordered)))
        raise ConfigError(sentences, _merged(ordered), places=[places[sentence] for sentence in sentences])


def refusal(place: Position, message: str) -> ConfigError:
    """An error about one place in a file."""
    return ConfigError([f"{place}: {message}"], places=[_place(place)])


def _place(place: Position) -> tuple[str, int, int]:
    return place.file, place.line, place.column


def _merged(problems: Iterable[Problem]) -> list[str]:
    """One line for what is wrong with many groups alike, at the first of them."""
    alike: dict[tuple[tuple[str, ...], str], list[Problem]] = {}
    for problem in problems:
        is_group = problem.path[:1] == ("groups",) and len(problem.path) > 1
        what = ("*", *problem.path[2:]) if is_group else (str(problem),)
        alike.setdefault((what, problem.message), []).append(problem)
    return [_line({str(problem): problem for problem in same}.values()) for same in alike.values()]


def _line(same: Iterable[Problem]) -> str:
    first, *more = same
    names = [*first.others, *(f"{problem.path[1]} (line {problem.place.line})" for problem in more)]
    return f"{first.alone}; likewise in group {in_words(names)}" if names else first.alone


def shorten(text: str) -> str:
    """The text in quotes, cut where a message would become unreadable; text of several lines is only counted."""
    if "\n" in text:
        return f"({len(text.splitlines())} lines)"
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")
