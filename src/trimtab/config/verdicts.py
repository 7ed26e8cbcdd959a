"""Pydantic's verdict on a merged file as problems: at the file's lines, in plain words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trimtab.config.document import Item
from trimtab.config.paths import is_named, is_secret
from trimtab.config.problems import Problem, shorten
from trimtab.errors import InvalidModel
from trimtab.models.wording import is_echo, plain_words


@dataclass(frozen=True, slots=True)
class ItemProblem:
    """Something wrong with the item at `steps` of the merged file."""

    item: Item
    steps: tuple[str, ...]
    message: str
    lacks: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """The group that it is about."""
        return self.steps[1] if self.steps[:1] == ("groups",) and len(self.steps) > 1 else None


def missing_fields(item: Item, steps: tuple[str, ...], names: tuple[str, ...]) -> ItemProblem:
    """A mapping that lacks fields."""
    *most, last = (f"`{name}`" for name in names)
    message = f"{', '.join(most)} and {last} are missing; add them" if most else f"{last} is missing; add it"
    return ItemProblem(item, steps, message, names)


def findings(error: InvalidModel, root: Item) -> list[ItemProblem]:
    """What pydantic found, at the items that it means."""
    results = []
    for detail in error.details:
        if is_echo(detail, error.details):
            continue
        context: Mapping[str, Any] = detail.get("ctx", {})
        item, steps = _reach(root, (*detail["loc"], *context.get("at", ())))
        results.append(ItemProblem(item, steps, plain_words(detail, _shown(item), value=item.value)))
    return results


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


def settle(reported: Iterable[ItemProblem], root: Item) -> list[Problem]:
    """
    The findings as problems, each once.

    What is wrong with a value of `defaults` is said there, not once for each group. What a mapping lacks
    is said at the group's own mapping, or in `defaults` where that is the nearer one for all groups.
    """
    groups = {step for key, child in root.children() if key == "groups" for step, _ in child.children()}
    alike: dict[tuple[tuple[str, ...], str], list[ItemProblem]] = {}
    for finding in reported:
        rest = finding.steps[2:] if finding.group else finding.steps
        alike.setdefault((("*", *rest) if finding.group else rest, finding.message), []).append(finding)
    return [problem for same in alike.values() for problem in _settle_alike(same, groups, root)]


def _settle_alike(same: list[ItemProblem], groups: set[str], root: Item) -> list[Problem]:
    everyone = {finding.group for finding in same} == groups
    if same[0].group is None:
        return [Problem(finding.item.place, finding.steps, finding.message) for finding in same]
    if isinstance(same[0].item.value, dict):
        return [_settle_mappings(same, root, everyone=everyone)]
    return [_settle_value(finding, everyone=everyone) for finding in same]


def _settle_value(finding: ItemProblem, *, everyone: bool) -> Problem:
    path = finding.item.path if everyone else finding.steps
    return Problem(finding.item.place, path, finding.message)


def _settle_mappings(same: list[ItemProblem], root: Item, *, everyone: bool) -> Problem:
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


def _shown(item: Item) -> str:
    """A value in a message; nothing of what start scripts and their variables hold."""
    if is_secret(item.path):
        return ""
    return shorten(item.value) if isinstance(item.value, str) else str(item.value)
