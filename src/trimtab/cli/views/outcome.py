"""What came of a plan."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.values import marked_lines
from trimtab.runtime.apply import Applied, merged_failures


def applied_view(applied: Applied) -> RenderableType:
    """How much went through, after a line for everything that did not."""
    return Group(*_failures(applied), _summary(applied))


def _failures(applied: Applied) -> Iterator[Text]:
    failures = merged_failures(applied.outcomes)
    failed = [str(failure) for failure in failures if failure.word == "failed"]
    unknown = [
        f"{failure.what}: {failure.error.removeprefix('outcome unknown: ')}"
        for failure in failures
        if failure.word == "unknown"
    ]
    skipped = [
        f"{failure.what}: {failure.error.removeprefix('not tried, ')}"
        for failure in failures
        if failure.word == "skipped"
    ]
    yield from marked_lines("failed: ", "bold red", failed)
    yield from marked_lines("outcome unknown: ", "bold red", unknown)
    yield from marked_lines("not tried: ", "bold red", skipped)
    yield from marked_lines("late: ", "bold yellow", applied.timed_out)
    yield from marked_lines("held back: ", "bold red", applied.held)
    yield from marked_lines("unknown: ", "bold red", applied.unreadable)


def _summary(applied: Applied) -> Text:
    done, total = sum(outcome.is_done for outcome in applied.outcomes), len(applied.outcomes)
    if applied.held and done == total and not applied.unreadable:
        return Text(
            f"Applied {total} {'change' if total == 1 else 'changes'}; what is not this fleet's was held back.",
            "bold red",
        )
    if done < total or applied.unreadable:
        return Text(f"Applied {done} of {total} changes; plan and apply again for the rest.", "bold red")
    text = f"Applied {total} {'change' if total == 1 else 'changes'}"
    if applied.timed_out:
        return Text(f"{text}, but not every group is where it should be.", "bold yellow")
    return Text(f"{text}.", "bold green")
