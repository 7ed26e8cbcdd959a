"""A plan as a reviewer reads it: by group, change by change, field by field, with the file's lines; pure."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Protocol, assert_never

from trimtab.models import Position
from trimtab.phrases import printable
from trimtab.plan.changes import Action, Change, FieldChange, Note, Reason, Unknown, merged, merged_unknown
from trimtab.plan.kind import Kind
from trimtab.plan.lines import Line, Span, joined, line
from trimtab.plan.values import LONGEST, change_text, is_address, marked_lines, value_text

SYMBOLS: Mapping[Action, Span] = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.ADOPT: ("*", "blue"),
}
"""The sign and the colour of each action."""
NO_CHANGES = "No changes: the cloud is as the fleet file says."
MOST_GROUPS = 50
"""Of how many groups each change is shown; of those after them what ends something is, and the rest is counted."""
PACKED = 110
"""How wide the fields of a creation are packed at most."""
UNLIMITED = 10_000
NARROWEST = 40
_GAP = 2
_CONSENTS = {Action.DELETE: "--allow-delete", Action.REPLACE: "--allow-replace"}


class Reviewed(Protocol):
    """What of a plan is shown."""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would be done."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reviewer should know."""

    @property
    def problems(self) -> tuple[Note, ...]:
        """What is in the way."""

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """What could not be read."""

    @property
    def waiting(self) -> tuple[Change, ...]:
        """What waits for a rollout."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What is known of the kinds."""

    @property
    def is_refused(self) -> bool:
        """Whether apply refuses it."""

    def count(self, action: Action) -> int:
        """How many changes do `action`."""


def plan_lines(
    plan: Reviewed, *, width: int | None = None, empty: str = NO_CHANGES, agreed: Container[Action] = ()
) -> Iterator[Line]:
    """
    The whole plan.

    Args:
        plan: What to show.
        width: How many characters a line has at most.
        empty: What to say when there is nothing to do.
        agreed: Losses that were agreed to already.
    """
    room = max(width or UNLIMITED, NARROWEST)
    shown, left_out = shown_groups(plan)
    for group, changes in shown:
        yield from _group_lines(group, changes, plan.kinds, room)
        yield Line()
    if left_out:
        yield from line((left_out, "dim")).wrapped(room)
        yield Line()
    if plan.waiting:
        yield line(("Waits for a rollout", "bold"), ("  apply --rollout, or trimtab rollout start", "dim"))
        for group, waiting in groupby(plan.waiting, lambda change: change.group):
            yield from _indented(_group_lines(group, list(waiting), plan.kinds, room - 2), 2)
        yield Line()
    remarks = [*remark_lines(plan), *consent_lines(plan, agreed)]
    for each in [*remarks, *([Line()] if remarks else []), summary_line(plan, empty=empty)]:
        yield from each.wrapped(room)


def shown_groups(plan: Reviewed) -> tuple[list[tuple[str, list[Change]]], str]:
    """The changes of each group that are shown, and a sentence about those that are not; empty where all are."""
    shown: list[tuple[str, list[Change]]] = []
    left_out: list[Change] = []
    for number, (group, grouped) in enumerate(groupby(plan.changes, lambda change: change.group)):
        changes = list(grouped)
        if number >= MOST_GROUPS:
            left_out += [change for change in changes if change.action not in _CONSENTS]
            changes = [change for change in changes if change.action in _CONSENTS]
        if changes:
            shown.append((group, changes))
    return shown, _left_out(left_out) if left_out else ""


def _left_out(changes: Sequence[Change]) -> str:
    groups = len({change.group for change in changes})
    counts = {action: sum(change.action is action for change in changes) for action in Action}
    parts = ", ".join(f"{number} to {action}" for action, number in counts.items() if number)
    return f"and {_count(groups, 'group')} more: {parts}; `--format json` has each change"


def summary_line(plan: Reviewed, *, empty: str = NO_CHANGES) -> Line:
    """The last line: how much there is to do, or why nothing can be done."""
    if plan.is_refused:
        count = len(plan.problems)
        return line((f"This plan cannot be applied: {_count(count, 'problem')}.", "bold red"))
    if plan.unknown and not plan.changes:
        return line(("Nothing is planned: not all of the cloud could be read.", "bold red"))
    late = len({change.group for change in plan.waiting})
    waiting = f" {_count(late, 'group')} {'waits' if late == 1 else 'wait'} for a rollout." if late else ""
    if not plan.changes:
        return line((f"No changes to apply.{waiting}", "bold")) if waiting else line((empty, "bold green"))
    parts = [f"{plan.count(Action.CREATE)} to create", f"{plan.count(Action.UPDATE)} to update"]
    parts += [f"{number} to {action}" for action in (Action.REPLACE, Action.ADOPT) if (number := plan.count(action))]
    held = f" {len(plan.problems)} held back: not this fleet's." if plan.problems else ""
    return line((f"Plan: {', '.join([*parts, f'{plan.count(Action.DELETE)} to delete'])}.{held}{waiting}", "bold"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def remark_lines(plan: Reviewed) -> Iterator[Line]:
    """Notes, what could not be read, and problems, each with its mark in front."""
    for note in plan.notes:
        yield line(("note: ", "bold cyan"), printable(str(note)))
    unknown = [f"{sentence}; nothing is created or deleted there" for sentence in merged_unknown(plan.unknown)]
    yield from marked_lines("unknown: ", "bold red", unknown)
    yield from marked_lines("error: ", "bold red", [str(problem) for problem in merged(plan.problems)])


def consent_lines(plan: Reviewed, agreed: Container[Action]) -> Iterator[Line]:
    """What instances are lost that nobody has agreed to yet."""
    for change in plan.changes:
        if change.action in _CONSENTS and change.action not in agreed and holds_instances(plan, change):
            text = f"{loss_of(change)}: apply takes {_CONSENTS[change.action]}"
            yield line(("consent: ", "bold red"), f"{printable(change.key.name)} {text}")


def holds_instances(plan: Reviewed, change: Change) -> bool:
    """Whether instances end when its resource is deleted."""
    kind = plan.kinds.get(change.key.kind)
    return kind is not None and kind.holds_instances


def loss_of(change: Change) -> str:
    """What becomes of the instances of a group that is deleted or replaced."""
    verb = "ends" if change.action is Action.DELETE else "is replaced and ends"
    return f"{verb} {_count(change.instances, 'instance')}"


def label_of(change: Change, kind: Kind | None) -> str:
    """What the vendor calls the resource."""
    return kind.label if kind else change.key.kind


def locations_of(changes: Iterable[Change]) -> list[str]:
    """Where the resources of a group are."""
    return sorted({printable(change.key.location) for change in changes})


# one group


def _group_lines(group: str, changes: Sequence[Change], kinds: Mapping[str, Kind], width: int) -> Iterator[Line]:
    places = locations_of(changes)
    yield line((printable(group) or "(no group)", "bold"), (f"  {', '.join(places)}", "dim"))
    for change in changes:
        yield from _change_lines(change, kinds.get(change.key.kind), width, show_place=len(places) > 1)


def _change_lines(change: Change, kind: Kind | None, width: int, *, show_place: bool) -> Iterator[Line]:
    place = line((f"  {printable(change.key.location)}", "dim")) if show_place else Line()
    yield from _indented((heading_line(change, kind) + place).wrapped(width - 2), 2)
    yield from _indented(_field_lines(change, kind, width - 6), 6)
    for note in change.notes if not change.renews_mark_only else ():
        yield from _indented(line((f"note: {printable(note)}", "dim")).wrapped(width - 6), 6)


def _indented(lines: Iterable[Line], by: int) -> Iterator[Line]:
    for each in lines:
        yield line(" " * by) + each


def heading_line(change: Change, kind: Kind | None) -> Line:
    """What is done to which resource, and why."""
    symbol, colour = SYMBOLS[change.action]
    name, label = printable(change.key.name), label_of(change, kind)
    if change.renews_mark_only:
        return line((f"{symbol} {label}  {name}  renews its mark", "dim"))
    return line(
        (symbol, f"bold {colour}"),
        (f" {label}  ", colour),
        name,
        (f"  [{change.reason}]", "dim"),
        *_additions(change, kind),
    )


def _additions(change: Change, kind: Kind | None) -> Iterator[Span]:
    if kind and kind.holds_instances and change.action in _CONSENTS:
        yield f"  {loss_of(change)}", "bold red"
    if change.implied:
        yield "  goes with its group", "dim"
    if change.action is Action.ADOPT:
        yield "  gets the fleet's mark, nothing else", "dim"
    if change.action is Action.CREATE and (place := _first_place(change.fields)):
        yield f"  {place}", "dim"


def _first_place(fields: Iterable[FieldChange]) -> str:
    places = [item.source for item in fields if item.source is not None]
    return place_of(min(places, key=lambda place: (place.file, place.line))) if places else ""


def place_of(source: Position | None) -> str:
    """A line of the file, by the file's name alone."""
    return printable(f"{PurePath(source.file).name}:{source.line}") if source else ""


def _field_lines(change: Change, kind: Kind | None, width: int) -> Iterable[Line]:
    match change.action:
        case Action.CREATE:
            return packed(_given(change.fields), min(width, PACKED)) if change.fields else ()
        case Action.UPDATE | Action.REPLACE:
            return _differences(change, kind, width)
        case Action.DELETE | Action.ADOPT:
            return ()
        case _:
            assert_never(change.action)


# an update: one line for each field


def _differences(change: Change, kind: Kind | None, width: int) -> Iterator[Line]:
    rows = [_row(item, change, kind) for item in change.fields]
    signs, paths, values, places = (max((len(row[column]) for row in rows), default=0) for column in range(4))
    room = max(width - signs - places - 3 * _GAP, 10)
    path_room = paths if paths + values <= room else min(paths, max(room // 2, room - values))
    value_room = values if paths + values <= room else max(room - path_room, 5)
    for row in rows:
        cells = [[row[0]], row[1].folded(path_room), _value_lines(row[2], value_room), [row[3]]]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else Line() for cell in cells]
            sizes = (signs, path_room, value_room, places)
            padded = [part.padded(size) for part, size in zip(parts, sizes, strict=True)]
            yield joined(" " * _GAP, padded)


def _value_lines(value: Line, width: int) -> list[Line]:
    """A value in its column; broken between words only where it holds an address, which nobody can open in pieces."""
    return value.wrapped(width) if any(map(is_address, str(value).split())) else value.folded(width)


def _row(item: FieldChange, change: Change, kind: Kind | None) -> tuple[Line, Line, Line, Line]:
    symbol, style = _sign(item)
    value = change_text(item.old, item.new).within(style)
    if forces_replacement(item, change, kind):
        value += line(("  forces the replacement", "magenta"))
    if item.reason is Reason.DRIFTED and change.reason is not Reason.DRIFTED:
        value += line(("  drifted", "dim"))
    return (
        line((symbol, style or "yellow")),
        line(f"{printable(item.path)}:"),
        value,
        line((place_of(item.source), "dim")),
    )


def forces_replacement(item: FieldChange, change: Change, kind: Kind | None) -> bool:
    """Whether it is because of this field that the resource is made anew."""
    return change.action is Action.REPLACE and kind is not None and kind.is_fixed(item.path, item.old, item.new)


def _sign(item: FieldChange) -> Span:
    if item.old is None:
        return "+", "green"
    return ("-", "red") if item.new is None else ("~", "")


# a creation: fields side by side


_Element = tuple[str, list[FieldChange]]
"""A list element's path and the fields below it; an empty path for fields in no list."""


def packed(texts: Sequence[Line], width: int) -> Iterator[Line]:
    """Texts one after the other, as many to a line as fit; none is broken unless it is wider than a line."""
    current: list[Line] = []
    for text in texts:
        if current and sum(len(each) + 3 for each in current) + len(text) > width:
            yield joined((" · ", "dim"), current)
            current = []
        current.append(text)
    yield joined((" · ", "dim"), current)


def _given(fields: Sequence[FieldChange]) -> list[Line]:
    """The fields, what belongs together as one text, without the step that all paths share."""
    start = len(_shared_step([item.path for item in fields]))
    elements = [(path, list(items)) for path, items in groupby(fields, lambda item: _element(item.path))]
    texts: list[Line] = []
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


def _element_texts(element: _Element, start: int) -> list[Line]:
    path, items = element
    if not path or len(items) == 1:
        return [_pair(item.path[start:], ": ", item) for item in items]
    return [_together(path[start:], [_pair(item.path[len(path) :].lstrip("."), "=", item) for item in items])]


def _together(name: str, pairs: Sequence[Line]) -> Line:
    return line((f"{printable(name)}: ", "dim"), joined(" ", pairs))


def _pair(name: str, sign: str, item: FieldChange) -> Line:
    quoted = sign == "=" and isinstance(item.new, str) and " " in item.new
    return line((f"{printable(name)}{sign}", "dim"), value_text(item.new, quoted=quoted, longest=LONGEST))


def _element(path: str) -> str:
    return path[: path.rfind("]") + 1]


def _shared_step(paths: Sequence[str]) -> str:
    steps = {path.split(".", 1)[0] + "." for path in paths}
    step = steps.pop()
    return step if not steps and len(paths) > 1 and "[" not in step and all("." in path for path in paths) else ""
