"""Progress of an apply: a live list of groups on a terminal, a line for each event elsewhere."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from trimtab.events import CallRetried, ChangeEnded, ChangeStarted, EndpointFound, Event, Listener, Waiting
from trimtab.models.base import format_duration
from trimtab.plan import Plan
from trimtab.views.values import printable


@contextmanager
def progress(plan: Plan, console: Console) -> Iterator[Listener]:
    """A listener that shows on `console` how far the plan is."""
    if not console.is_terminal:
        yield Lines(console)
        return
    board = Board(plan)
    with Live(console=console, get_renderable=board.view, refresh_per_second=8):
        yield board.take


class Lines:
    """A listener that writes one plain line for everything that ended, is waited for, or is tried again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Write the event's line, unless it says the same as the one before it."""
        line = event_line(event)
        with self._lock:
            if isinstance(event, Waiting):
                if self._last.get(str(event.key)) == line:
                    return
                self._last[str(event.key)] = line
            if line:
                self._console.file.write(f"{line}\n")
                self._console.file.flush()


def event_line(event: Event) -> str:
    """The event in one line; empty for the mere start of a change, whose end has a line."""
    match event:
        case ChangeStarted():
            return ""
        case ChangeEnded(change, error, skipped):
            state = f"{'not tried' if skipped else 'failed'}: {error}" if error else "done"
            return printable(f"{change.group}: {change.action} {change.key.kind} {change.key.name}: {state}")
        case Waiting(group, key, ready, desired):
            return printable(f"{group}: {ready} of {desired} instances ready in {key.name}")
        case EndpointFound(source, endpoint):
            return printable(f"{source} sets the address of the cloud's API: {endpoint}")
        case CallRetried(operation, attempt, wait, error):
            pause = format_duration(wait) if wait.total_seconds() >= 1 else "a moment"
            return printable(f"{operation} failed (attempt {attempt}), again in {pause}: {error}")


@dataclass
class Row:
    """How far one group is."""

    total: int
    ended: int = 0
    failed: int = 0
    waiting: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def is_busy(self) -> bool:
        """Whether there is more to come."""
        return self.ended < self.total or any(ready != desired for ready, desired in self.waiting.values())

    def text(self) -> Text:
        """The state in words."""
        if self.ended < self.total:
            text = Text(f"writing {self.ended}/{self.total}")
        else:
            text = Text(f"written {self.ended - self.failed}/{self.total}", "green")
        if self.failed:
            text.append(f", {self.failed} failed", "bold red")
        for ready, desired in self.waiting.values():
            style = "green" if ready == desired else "yellow"
            text.append(f", {'' if ready == desired else 'waiting: '}{ready} of {desired} ready", style)
        return text


class Board:
    """Where each group of a plan is, kept from events of several threads."""

    def __init__(self, plan: Plan) -> None:
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        totals = Counter(change.group for change in plan.changes)
        self.rows = {group: Row(total) for group, total in totals.items()}

    def take(self, event: Event) -> None:
        """Note an event."""
        with self._lock:
            match event:
                case ChangeEnded(change, error):
                    self.rows[change.group].ended += 1
                    self.rows[change.group].failed += bool(error)
                case Waiting(group, key, ready, desired):
                    self.rows[group].waiting[key.name] = (ready, desired)
                case ChangeStarted() | CallRetried() | EndpointFound():
                    pass

    def view(self) -> Table:
        """The list of groups."""
        table = Table.grid(padding=(0, 2, 0, 0))
        with self._lock:
            for group, row in self.rows.items():
                ended = Text("!", "red") if row.failed else Text("✓", "green")
                sign = self._spinner if row.is_busy else ended
                table.add_row(sign, Text(printable(group), "bold"), row.text())
        return table
