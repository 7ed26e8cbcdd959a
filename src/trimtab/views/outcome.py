"""What came of a plan."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.apply import Applied
from trimtab.views.values import printable


def applied_view(applied: Applied) -> RenderableType:
    """How much went through, after a line for everything that did not."""
    return Group(*_failures(applied), _summary(applied))


def _failures(applied: Applied) -> Iterator[Text]:
    for outcome in applied.outcomes:
        if not outcome.is_done:
            word = {"skipped": "not tried: ", "unknown": "outcome unknown: "}.get(outcome.word, "failed: ")
            what = f"{outcome.change.action} {outcome.change.key}"
            error = outcome.error.removeprefix("not tried, ").removeprefix("outcome unknown: ")
            yield Text.assemble((word, "bold red"), printable(f"{what}: {error}"))
    for sentence in applied.late:
        yield Text.assemble(("late: ", "bold yellow"), printable(sentence))
    for sentence in applied.unread:
        yield Text.assemble(("unknown: ", "bold red"), printable(sentence))


def _summary(applied: Applied) -> Text:
    done, total = sum(outcome.is_done for outcome in applied.outcomes), len(applied.outcomes)
    if done < total or applied.unread:
        return Text(f"Applied {done} of {total} changes; plan and apply again for the rest.", "bold red")
    text = f"Applied {total} {'change' if total == 1 else 'changes'}"
    if applied.late:
        return Text(f"{text}, but not every group is where it should be.", "bold yellow")
    return Text(f"{text}.", "bold green")
