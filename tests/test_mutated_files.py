"""Every one-field mutation of the example: a valid fleet, or one problem at the mutated line."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from trimtab.config import load_fleet, parse_fleet
from trimtab.errors import ConfigError

pytestmark = pytest.mark.sweep

EXAMPLE = Path(__file__).parent.parent / "examples" / "virtualmin" / "fleet.yaml"
Way = tuple[str | int, ...]
Pairs = list[tuple[str, Any]]

TYPED: tuple[Any, ...] = ("text", 7, True, None, ["text"], {"text": "text"})
MISSPELT = ("{}x", "zzz")


@dataclass
class Written:
    """A tree as YAML text with one key or item on each line."""

    lines: list[str] = field(default_factory=list)
    at: dict[Way, int] = field(default_factory=dict)

    def write(self, value: Any, way: Way = (), indent: str = "") -> None:
        if isinstance(value, dict):
            value = list(value.items())
        if is_pairs(value):
            for key, item in value:
                self._write_one(f"{json.dumps(key)}:", item, (*way, key), indent)
        else:
            for index, item in enumerate(value):
                self._write_one("-", item, (*way, index), indent)

    def _write_one(self, head: str, item: Any, way: Way, indent: str) -> None:
        self.lines.append(f"{indent}{head}" + ("" if has_inside(item) else f" {json.dumps(item)}"))
        self.at[way] = len(self.lines)
        if has_inside(item):
            self.write(item, way, indent + "  ")

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"


def is_pairs(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], tuple)


def has_inside(value: Any) -> bool:
    return isinstance(value, (dict, list)) and bool(value)


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inside:
        yield (*way, step)
        yield from ways(item, (*way, step))


def changed(value: Any, way: Way, *entries: tuple[Any, Any]) -> Any:
    """The tree with the entry at `way` put out and `entries` in its place."""
    step, *rest = way
    if isinstance(value, list):
        new = [item for _, item in entries] if not rest else [changed(value[step], tuple(rest), *entries)]
        return [*value[:step], *new, *value[step + 1 :]]
    pairs: Pairs = []
    for key, item in value.items():
        if key != step:
            pairs.append((key, item))
        elif rest:
            pairs.append((key, changed(item, tuple(rest), *entries)))
        else:
            pairs.extend(entries)
    return pairs or {}


def find(value: Any, way: Way) -> Any:
    for step in way:
        value = value[step]
    return value


def problem_of(text: str) -> tuple[int, str] | None:
    """Line and text of the one problem; nothing for a valid fleet."""
    found = each_problem_of(text)
    assert len(found) <= 1
    return found[0] if found else None


def each_problem_of(text: str) -> list[tuple[int, str]]:
    lines = [(re.match(r"fleet\.yaml:(\d+): ", problem), problem) for problem in problems_of(text)]
    return [(int(line[1]), problem) for line, problem in lines if line]


def problems_of(text: str) -> tuple[str, ...]:
    try:
        parse_fleet(text, env={})
    except ConfigError as error:
        return error.problems
    return ()


DATA = yaml.safe_load(EXAMPLE.read_text())
# what an overlay says goes by what it is laid over: tests/test_overlays.py
del DATA["overlays"]


WAYS = list(ways(DATA))
KEYS = [way for way in WAYS if isinstance(way[-1], str)]


def label(way: Way) -> str:
    return ".".join(map(str, way))


def written(value: Any) -> Written:
    out = Written()
    out.write(value)
    return out


def around(out: Written, way: Way) -> set[int]:
    """The lines of what encloses a place, there and in the groups that `defaults` is given to."""
    lines = {1, *(out.at[way[:depth]] for depth in range(1, len(way)) if way[:depth] in out.at)}
    if way[0] == "defaults":
        inside = {place[2:]: line for place, line in out.at.items() if place[:2] == ("groups", "web")}
        lines |= {line for rest, line in inside.items() if rest == way[1 : len(rest) + 1]}
    return lines


SCRIPT: Way = ("defaults", "template", "user_data")
REFERRING: dict[str, tuple[Way, ...]] = {
    "user_data": (("defaults", "template", "variables"),),
    "variables": (("groups", "web", "template", "variables"), ("defaults", "template", "variables")),
    "size": (("groups", "web-spot", "template", "size"),),
}
"""What names, or needs, something that stands elsewhere."""
DECIDING = ("type", "spot")
"""Words that say what may stand beside them."""


def referring(out: Written, way: Way) -> set[int]:
    places = [place for word, found in REFERRING.items() if word in way for place in found]
    if way in (("defaults",), ("defaults", "template")):
        # what is given to every group is missed in each
        places += [("groups", name, *inside) for name in DATA["groups"] for inside in ((), ("template",))]
        places += [place for new in renamed(way) for place in ((new, *SCRIPT[1:]), ("defaults", new, "user_data"))]
    if way[-1] in DECIDING:
        places += [place for place in out.at if place[:-1] == way[:-1]]
    return {out.at[place] for place in places if place in out.at}


def renamed(way: Way) -> list[str]:
    return [pattern.format(way[-1]) for pattern in MISSPELT]


def test_the_example_itself_loads_as_written_and_as_rewritten() -> None:
    whole = load_fleet(EXAMPLE, env={}).model_copy(update={"overlays": {}})
    assert parse_fleet(written(DATA).text) == whole


@pytest.mark.sample(50)
@pytest.mark.parametrize("way", WAYS, ids=label)
def test_a_deletion_loads_or_is_said_at_what_encloses_or_names_it(way: Way) -> None:
    out = written(changed(DATA, way))
    found = each_problem_of(out.text)
    assert len(found) <= 1 or way[-1] in DECIDING or way[0] == "defaults", found
    for line, text in found:
        assert line in around(out, way) | referring(out, way), (text, out.at)


RETYPED = [(way, value) for way in WAYS for value in TYPED if type(value) is not type(find(DATA, way))]


@pytest.mark.sample(150)
@pytest.mark.parametrize(
    ("way", "value"), RETYPED, ids=lambda given: label(given) if isinstance(given, tuple) else None
)
def test_a_retyped_value_loads_or_is_said_at_its_line(way: Way, value: Any) -> None:
    out = written(changed(DATA, way, (way[-1], value)))
    found = problem_of(out.text)
    if found:
        inside = {out.at.get((*way, 0)), out.at.get((*way, "text"))}
        assert found[0] in {out.at[way], *inside, *referring(out, way)}, found[1]


@pytest.mark.sample(60)
@pytest.mark.parametrize("pattern", MISSPELT)
@pytest.mark.parametrize("way", KEYS, ids=label)
def test_a_renamed_key_loads_or_is_said_at_its_line_or_where_it_is_named(way: Way, pattern: str) -> None:
    new = pattern.format(way[-1])
    out = written(changed(DATA, way, (new, find(DATA, way))))
    found = problem_of(out.text)
    if found:
        expected = {out.at[(*way[:-1], new)], *referring(out, way)}
        if way[-2:-1] == ("variables",):
            expected |= around(out, way)
        assert found[0] in expected, found[1]


@pytest.mark.sample(40)
@pytest.mark.parametrize("way", KEYS, ids=label)
def test_a_key_given_twice_is_said_at_the_second(way: Way) -> None:
    entry = (way[-1], find(DATA, way))
    out = written(changed(DATA, way, entry, entry))
    found = problem_of(out.text)
    assert found is not None
    assert found[0] == out.at[way]
    assert "is given twice" in found[1]
