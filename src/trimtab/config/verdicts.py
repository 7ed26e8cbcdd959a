"""Pydantic's verdict on a merged file as problems: at the file's lines, in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trimtab.config.document import Item, is_named
from trimtab.config.paths import is_secret
from trimtab.config.problems import Problem, shorten
from trimtab.models.alarm import PERCENTILE
from trimtab.models.purchase import PRICE


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the item at `steps` of the merged file."""

    item: Item
    steps: tuple[str, ...]
    message: str
    lacks: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """The group that it is about."""
        return self.steps[1] if self.steps[:1] == ("groups",) and len(self.steps) > 1 else None


def missing_fields(item: Item, steps: tuple[str, ...], names: tuple[str, ...]) -> Finding:
    """A mapping that lacks fields."""
    *most, last = (f"`{name}`" for name in names)
    message = f"{', '.join(most)} and {last} are missing" if most else f"{last} is missing"
    return Finding(item, steps, message, names)


def findings(error: ValidationError, root: Item) -> list[Finding]:
    """What pydantic found, at the items that it means."""
    results = []
    details = error.errors(include_url=False)
    for detail in details:
        if _is_echo(detail, details):
            continue
        context: Mapping[str, Any] = detail.get("ctx", {})
        item, steps = _reach(root, (*detail["loc"], *context.get("at", ())))
        results.append(Finding(item, steps, _words(detail["type"], detail["msg"], context, item)))
    return results


def _is_echo(detail: ErrorDetails, details: Iterable[ErrorDetails]) -> bool:
    """Whether a list is called too short for the items in it that are wrong: those are said."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in details
    )


def _reach(root: Item, location: Iterable[int | str]) -> tuple[Item, tuple[str, ...]]:
    """The item at pydantic's location; steps that are in no file, such as the tags of unions, are passed over."""
    item: Item = root
    steps: tuple[str, ...] = ()
    for step in location:
        children = list(item.children())
        matches = children[step : step + 1] if isinstance(step, int) else [pair for pair in children if pair[0] == step]
        if matches and (isinstance(step, str) or isinstance(item.value, list) or is_named(steps)):
            item, steps = matches[0][1], (*steps, matches[0][0])
    return item, steps


def settle(reported: Iterable[Finding], root: Item) -> list[Problem]:
    """
    The findings as problems, each once.

    What is wrong with a value of `defaults` is said there, not once for each group. What a mapping lacks
    is said at the group's own mapping, or in `defaults` where that is the nearer one for all groups.
    """
    groups = {step for key, child in root.children() if key == "groups" for step, _ in child.children()}
    alike: dict[tuple[tuple[str, ...], str], list[Finding]] = {}
    for finding in reported:
        rest = finding.steps[2:] if finding.group else finding.steps
        alike.setdefault((("*", *rest) if finding.group else rest, finding.message), []).append(finding)
    return [problem for same in alike.values() for problem in _settle_alike(same, groups, root)]


def _settle_alike(same: list[Finding], groups: set[str], root: Item) -> list[Problem]:
    everyone = {finding.group for finding in same} == groups
    if same[0].group is None:
        return [Problem(finding.item.place, finding.steps, finding.message) for finding in same]
    if isinstance(same[0].item.value, dict):
        return [_settle_mappings(same, root, everyone=everyone)]
    return [_settle_value(finding, everyone=everyone) for finding in same]


def _settle_value(finding: Finding, *, everyone: bool) -> Problem:
    path = finding.item.path if everyone else finding.steps
    return Problem(finding.item.place, path, finding.message)


def _settle_mappings(same: list[Finding], root: Item, *, everyone: bool) -> Problem:
    first = same[0]
    own, own_depth = _deepest(root, (*first.steps, *first.lacks[:1]))
    shared, shared_depth = _deepest(root, ("defaults", *first.steps[2:]))
    if everyone and shared_depth > 1 and shared_depth >= own_depth - 1:
        return Problem(shared.place, ("defaults", *first.steps[2:]), first.message)
    others = (f"{other.group} (line {_deepest(root, other.steps)[0].place.line})" for other in same[1:])
    return Problem(own.place, first.steps, first.message, tuple(others))


def _deepest(root: Item, steps: tuple[str, ...]) -> tuple[Item, int]:
    """How far the file itself, before merging, goes along a path."""
    item = root
    for depth, step in enumerate(steps):
        inside = dict(item.children())
        if step not in inside:
            return item, depth
        item = inside[step]
    return item, len(steps)


def _words(kind: str, message: str, context: Mapping[str, Any], item: Item) -> str:
    value = item.value
    shown = _shown(item)
    match kind:
        case "rule":
            return message
        case "enum" | "literal_error":
            return _choice(str(context["expected"]), value, shown)
        case "string_pattern_mismatch":
            return f"write {_PATTERNS.get(str(context['pattern']), context['pattern'])}, not {shown}"
        case "finite_number":
            return f"give a finite number, not {shown}"
        case "string_too_short":
            return "give some text; this is empty"
        case "string_too_long":
            return f"this is longer than {context['max_length']} characters; shorten it"
        case "too_short" | "too_long":
            bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
            return f"give {bound}, not {context['actual_length']}"
    for name, words in _BOUNDS.items():
        if kind == name:
            return f"give {words.format(next(iter(context.values())))}, not {shown}"
    return message[:1].lower() + message[1:]


def _shown(item: Item) -> str:
    """A value in a message; what start scripts and their variables hold is never shown."""
    if is_secret(item.path):
        return "what is given"
    return shorten(item.value) if isinstance(item.value, str) else str(item.value)


def _choice(expected: str, value: object, shown: str) -> str:
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    close = get_close_matches(str(value), words, 1, 0.6)
    return f"write one of {', '.join(words)}, not {shown}" + (f"; did you mean {close[0]}?" if close else "")


_PATTERNS = {
    PERCENTILE: "average, minimum, maximum, sum, count, or a percentile such as p95",
    PRICE: 'a price in quotes, such as "0.05"',
}
_BOUNDS = {
    "greater_than_equal": "{} or more",
    "greater_than": "more than {}",
    "less_than_equal": "{} or less",
    "less_than": "less than {}",
}
