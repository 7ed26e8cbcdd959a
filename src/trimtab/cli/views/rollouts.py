"""How rollouts stand: a table, redrawn on a terminal while they go on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from trimtab.cli.views.progress import event_line
from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import Prose, printable
from trimtab.events import CallRetried, Event, Listener, RolloutMoved
from trimtab.models.base import format_duration
from trimtab.rollout import GroupRollout, RolloutOutcome

_STYLES = {
    RolloutOutcome.DONE: "green",
    RolloutOutcome.RUNNING: "yellow",
    RolloutOutcome.WAITING: "cyan",
    RolloutOutcome.NONE: "dim",
}
_BAD = "bold red"


def rollouts_view(rollouts: Sequence[GroupRollout], now: datetime) -> RenderableType:
    """A row for each group; gates that do not hold, and reasons, below the table."""
    rows = [_row(each, now) for each in rollouts]
    remarks = [line for each in rollouts for line in _remarks(each)]
    return Group(Rows(("group", "rollout", "step", "ready", "time left", "by", "last driven"), rows), *remarks)


def _row(rollout: GroupRollout, now: datetime) -> list[Text]:
    run = rollout.run
    state = f"{rollout.outcome}" if run is None or rollout.is_settled else f"{run.phase}"
    return [
        Text(printable(rollout.group), "bold"),
        Text(state, _STYLES.get(rollout.outcome, _BAD)),
        Text(f"{rollout.step} of {rollout.steps}" if run else "-"),
        Text(f"{rollout.ready} of {rollout.goal}, {rollout.total} in all" if rollout.total else "-"),
        Text(_left(rollout, now)),
        Text(printable(run.by) if run else "-"),
        Text(_driven(rollout, now), _BAD if rollout.unattended else ""),
    ]


def _driven(rollout: GroupRollout, now: datetime) -> str:
    if rollout.run is None:
        return "-"
    if rollout.driven is None:
        return "never"
    minutes = max(0, int((now - rollout.driven) / timedelta(minutes=1)))
    return f"{format_duration(timedelta(minutes=minutes))} ago" if minutes else "just now"


def _left(rollout: GroupRollout, now: datetime) -> str:
    if rollout.until is None or rollout.is_settled:
        return "-"
    seconds = max(0, int((rollout.until - now).total_seconds()))
    return format_duration(rollout.until - now) if seconds else "now"


def _remarks(rollout: GroupRollout) -> Iterator[Text]:
    if rollout.text:
        style = _BAD if rollout.outcome in (RolloutOutcome.ERROR, RolloutOutcome.STOPPED) else "dim"
        yield Prose(printable(f"{rollout.group}: {rollout.text}"), style)
    for gate in rollout.gates:
        if gate != rollout.text:
            yield Prose(printable(f"{rollout.group}: {gate}"), "dim")


def rollouts_dict(rollouts: Sequence[GroupRollout]) -> dict[str, object]:
    """JSON data."""
    return {"rollouts": [each.to_dict() for each in rollouts]}


Show = Callable[[Sequence[GroupRollout]], None]


@contextmanager
def rollout_progress(console: Console, now: Callable[[], datetime]) -> Iterator[tuple[Listener, Show]]:
    """A listener and what shows each look: a table that is redrawn on a terminal, elsewhere a line for each event."""
    if not console.is_terminal:
        yield _Lines(console), lambda rollouts: None
        return
    with Live(console=console, auto_refresh=False) as live:

        def show(rollouts: Sequence[GroupRollout]) -> None:
            live.update(rollouts_view(rollouts, now()), refresh=True)

        yield (lambda event: None), show


class _Lines:
    """A listener that writes a line for each group that moved, and for calls that are tried again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        text = printable(event.text) if isinstance(event, RolloutMoved) else ""
        text = event_line(event) if isinstance(event, CallRetried) else text
        if text:
            with self._lock:
                self._console.file.write(f"{text}\n")
                self._console.file.flush()
