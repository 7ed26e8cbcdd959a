"""A plan as Markdown, for pull requests, and as HTML, for notebooks; pure."""

import re
from collections.abc import Iterator
from html import escape

from trimtab.phrases import printable
from trimtab.plan.changes import Action, Change
from trimtab.plan.kind import Kind
from trimtab.plan.lines import Line
from trimtab.plan.rendering import (
    Reviewed,
    consent_lines,
    forces_replacement,
    heading_line,
    locations_of,
    place_of,
    plan_lines,
    remark_lines,
    shown_groups,
    summary_line,
)
from trimtab.plan.values import LONGEST, change_text, value_text

_COLOURS = {
    "red": "#cf222e",
    "green": "#1a7f37",
    "yellow": "#9a6700",
    "blue": "#0969da",
    "magenta": "#8250df",
    "cyan": "#1b7c83",
}
_WORDS = {"bold": "font-weight:600", "dim": "opacity:.65", "italic": "font-style:italic"}


def plan_markdown(plan: Reviewed) -> str:
    """The plan as GitHub's Markdown: its summary, then each change with a table of its fields."""
    parts = [f"**{_plain(str(summary_line(plan)))}**"]
    shown, left_out = shown_groups(plan)
    for group, changes in shown:
        places = ", ".join(locations_of(changes))
        parts.append(f"#### {_plain(printable(group) or '(no group)')} ({_plain(places)})")
        parts += [_change(change, plan.kinds.get(change.key.kind)) for change in changes]
    parts += [_plain(left_out)] if left_out else []
    remarks = [f"- {_plain(str(each))}" for each in [*remark_lines(plan), *consent_lines(plan, ())]]
    return "\n\n".join([*parts, *(["\n".join(remarks)] if remarks else [])]) + "\n"


def _change(change: Change, kind: Kind | None) -> str:
    heading = f"- {_plain(str(heading_line(change, kind)))}"
    notes = [f"  - note: {_plain(printable(note))}" for note in change.notes if not change.renews_mark_only]
    rows = list(_rows(change, kind))
    table = ["", "  | field | value | file |", "  | --- | --- | --- |", *rows] if rows else []
    return "\n".join([heading, *notes, *table])


def _rows(change: Change, kind: Kind | None) -> Iterator[str]:
    if change.action in (Action.DELETE, Action.ADOPT):
        return
    for item in change.fields:
        new = value_text(item.new, longest=LONGEST) if change.action is Action.CREATE else None
        value = _code(str(new or change_text(item.old, item.new)))
        more = " forces the replacement" if forces_replacement(item, change, kind) else ""
        yield f"  | {_code(printable(item.path))} | {value}{more} | {_plain(place_of(item.source))} |"


def _code(text: str) -> str:
    """Text as code that no character of it ends, in a cell of a table."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}".replace("|", "\\|") if text else ""


def _plain(text: str) -> str:
    """Text that means itself in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|#~])", r"\\\1", text)


def plan_html(plan: Reviewed) -> str:
    """The plan as one element, with the colours that a terminal has."""
    body = "\n".join(_html(each) for each in plan_lines(plan))
    return f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{body}</pre>'


def _html(line: Line) -> str:
    return "".join(_span(text, style) for text, style in line.spans).rstrip()


def _span(text: str, style: str) -> str:
    rules = [_WORDS.get(word) or f"color:{_COLOURS[word]}" for word in style.split()]
    return f'<span style="{";".join(rules)}">{escape(text)}</span>' if rules else escape(text)
