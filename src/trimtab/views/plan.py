"""A plan as a reviewer reads it: by group, change by change, field by field, with the file's lines."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import assert_never

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from trimtab.models import Position
from trimtab.plan import Action, Change, FieldChange, Kind, Plan
from trimtab.plan.changes import merged, merged_unknown
from trimtab.views.values import LONGEST, change_text, marked_lines, printable, value_text

SYMBOLS: Mapping[Action, tuple[str, str]] = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: ("*", "blue"),
}
"""The sign and the colour of each action."""
NO_CHANGES = "No changes: the cloud is as the fleet file says."
PACKED = 110
"""How wide the fields of a creation are packed at most."""

Kinds = Mapping[str, Kind]


def plan_view(plan: Plan, kinds: Kinds, *, empty: str = NO_CHANGES, agreed: Container[Action] = ()) -> RenderableType:
    """
    The whole plan.

    Args:
        plan: What to show.
        kinds: The provider's kinds, for their labels and for what forces a replacement.
        empty: What to say when there is nothing to do.
        agreed: Losses that were agreed to already.
    """
    parts: list[RenderableType] = []
    for group, changes in groupby(plan.changes, lambda change: change.group):
        parts += [*_group_view(group, list(changes), kinds), ""]
    remarks = [*_remarks(plan), *_consents(plan, kinds, agreed)]
    return Group(*parts, *remarks, *([""] if remarks else []), summary_text(plan, empty=empty))


def summary_text(plan: Plan, *, empty: str = NO_CHANGES) -> Text:
    """The last line: how much there is to do, or why nothing can be done."""
    if plan.is_refused:
        count = len(plan.problems)
        return Text(f"This plan cannot be applied: {_count(count, 'problem')}.", "bold red")
    if plan.unknown and not plan.changes:
        return Text("Nothing is planned: not all of the cloud could be read.", "bold red")
    if not plan.changes:
        return Text(empty, "bold green")
    parts = [f"{plan.count(Action.CREATE)} to create", f"{plan.count(Action.UPDATE)} to update"]
    parts += [f"{number} to {action}" for action in (Action.REPLACE, Action.ADOPT) if (number := plan.count(action))]
    held = f" {len(plan.problems)} held back: not this fleet's." if plan.problems else ""
    return Text(f"Plan: {', '.join([*parts, f'{plan.count(Action.DELETE)} to delete'])}.{held}", "bold")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _remarks(plan: Plan) -> Iterator[Text]:
    for note in plan.notes:
        yield Text.assemble(("note: ", "bold cyan"), printable(str(note)))
    unknown = [f"{sentence}; nothing is created or deleted there" for sentence in merged_unknown(plan.unknown)]
    yield from marked_lines("unknown: ", "bold red", unknown)
    yield from marked_lines("error: ", "bold red", [str(problem) for problem in merged(plan.problems)])


def _consents(plan: Plan, kinds: Kinds, agreed: Container[Action]) -> Iterator[Text]:
    flags = {Action.DELETE: "--allow-delete", Action.REPLACE: "--allow-replace"}
    for change in plan.changes:
        if change.action in flags and change.action not in agreed and kinds[change.key.kind].holds_instances:
            text = f"{_loss(change)}: apply takes {flags[change.action]}"
            yield Text.assemble(("consent: ", "bold red"), f"{printable(change.key.name)} {text}")


def _loss(change: Change) -> str:
    verb = "ends" if change.action is Action.DELETE else "is made anew and ends"
    return f"{verb} {_count(change.instances, 'instance')}"


# one group


def _group_view(group: str, changes: Sequence[Change], kinds: Kinds) -> Iterator[RenderableType]:
    places = sorted({change.key.location for change in changes})
    yield Text.assemble((printable(group) or "(no group)", "bold"), (f"  {', '.join(places)}", "dim"))
    for change in changes:
        yield Padding(_change_view(change, kinds[change.key.kind], show_place=len(places) > 1), (0, 0, 0, 2))


def _change_view(change: Change, kind: Kind, *, show_place: bool) -> RenderableType:
    heading = _heading(change, kind)
    if show_place:
        heading.append(f"  {change.key.location}", "dim")
    notes = [Text(f"note: {printable(note)}", "dim") for note in change.notes if not change.renews_mark_only]
    body = [*_fields_view(change, kind), *notes]
    return Group(heading, Padding(Group(*body), (0, 0, 0, 4))) if body else heading


def _heading(change: Change, kind: Kind) -> Text:
    symbol, colour = SYMBOLS[change.action]
    if change.renews_mark_only:
        return Text(f"{symbol} {kind.label}  {printable(change.key.name)}  renews its mark", "dim")
    text = Text.assemble((symbol, f"bold {colour}"), (f" {kind.label}  ", colour), (printable(change.key.name), ""))
    text.append(f"  [{change.reason}]", "dim")
    if kind.holds_instances and change.action in (Action.DELETE, Action.REPLACE):
        text.append(f"  {_loss(change)}", "bold red")
    if change.implied:
        text.append("  goes with its group", "dim")
    if change.action is Action.ADOPT:
        text.append("  gets the fleet's mark, nothing else", "dim")
    if change.action is Action.CREATE and (place := _first_place(change.fields)):
        text.append(f"  {place}", "dim")
    return text


def _first_place(fields: Iterable[FieldChange]) -> str:
    places = [item.source for item in fields if item.source is not None]
    return _place(min(places, key=lambda place: (place.file, place.line))) if places else ""


def _place(source: Position | None) -> str:
    return printable(f"{PurePath(source.file).name}:{source.line}") if source else ""


def _fields_view(change: Change, kind: Kind) -> list[RenderableType]:
    match change.action:
        case Action.CREATE:
            return [Packed(_given(change.fields))] if change.fields else []
        case Action.UPDATE | Action.REPLACE:
            return [_differences(change, kind)] if change.fields else []
        case Action.DELETE | Action.ADOPT:
            return []
        case _:
            assert_never(change.action)


# an update: one line for each field


def _differences(change: Change, kind: Kind) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True, style="dim")
    for item in change.fields:
        symbol, style = _sign(item)
        value = change_text(item.old, item.new)
        if style:
            value.stylize_before(style)
        if change.action is Action.REPLACE and (row := kind.find(item.path)) and row.immutable:
            value.append("  forces the replacement", "magenta")
        table.add_row(Text(symbol, style or "yellow"), Text(f"{printable(item.path)}:"), value, _place(item.source))
    return table


def _sign(item: FieldChange) -> tuple[str, str]:
    if item.old is None:
        return "+", "green"
    return ("-", "red") if item.new is None else ("~", "")


# a creation: fields side by side


_Element = tuple[str, list[FieldChange]]
"""A list element's path and the fields below it; an empty path for fields in no list."""


def _given(fields: Sequence[FieldChange]) -> list[Text]:
    """The fields, what belongs together as one text, without the step that all paths share."""
    start = len(_shared_step([item.path for item in fields]))
    elements = [(path, list(items)) for path, items in groupby(fields, lambda item: _element(item.path))]
    texts: list[Text] = []
    for column, run in groupby(elements, _column):
        alike = list(run)
        if column and len(alike) > 1:
            pairs = [_pair(path[path.rfind("[") + 1 : -1], "=", items[0]) for path, items in alike]
            texts.append(_together(column[start:], pairs))
        else:
            texts += [text for element in alike for text in _element_texts(element, start)]
    return texts


def _column(element: _Element) -> str:
    """What elements with one field have in common: `Tags[].Value`; empty for any other."""
    path, items = element
    return f"{path[: path.rfind('[')]}[]{items[0].path[len(path) :]}" if path and len(items) == 1 else ""


def _element_texts(element: _Element, start: int) -> list[Text]:
    path, items = element
    if not path or len(items) == 1:
        return [_pair(item.path[start:], ": ", item) for item in items]
    return [_together(path[start:], [_pair(item.path[len(path) :].lstrip("."), "=", item) for item in items])]


def _together(name: str, pairs: Sequence[Text]) -> Text:
    return Text.assemble((f"{printable(name)}: ", "dim"), Text(" ").join(pairs))


def _pair(name: str, sign: str, item: FieldChange) -> Text:
    quoted = sign == "=" and isinstance(item.new, str) and " " in item.new
    return Text.assemble((f"{printable(name)}{sign}", "dim"), value_text(item.new, quoted=quoted, longest=LONGEST))


def _element(path: str) -> str:
    return path[: path.rfind("]") + 1]


def _shared_step(paths: Sequence[str]) -> str:
    steps = {path.split(".", 1)[0] + "." for path in paths}
    step = steps.pop()
    return step if not steps and len(paths) > 1 and "[" not in step and all("." in path for path in paths) else ""


class Packed:
    """Texts one after the other, as many to a line as fit; none is broken unless it is wider than a line."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._texts = texts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        """The lines, for rich."""
        line, width = Text(), min(options.max_width, PACKED)
        for text in self._texts:
            if line and line.cell_len + 3 + text.cell_len > width:
                yield line
                line = Text()
            line.append(" · " if line else "", "dim")
            line.append_text(text)
        yield line
