"""Progress of an apply: a live list of groups on a terminal, a line for each event elsewhere."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from trimtab.cli.views.values import printable
from trimtab.clock import SystemClock
from trimtab.events import CallRetried, ChangeEnded, EndpointFound, Event, Listener, Waiting
from trimtab.models.base import format_duration
from trimtab.plan import Plan

Now = Callable[[], datetime]


@contextmanager
def progress(plan: Plan, console: Console, now: Now | None = None) -> Iterator[Listener]:
    """
    A listener that shows on `console` how far the plan is, and since when.

    Args:
        plan: What is applied.
        console: Where it is shown.
        now: Tells the time; the machine's clock when left out.
    """
    tally = ChangeTally(len(plan.changes), now or SystemClock().now)
    if not console.is_terminal:
        yield ProgressLines(console, tally)
        return
    board = Board(plan, tally)
    with Live(console=console, get_renderable=board.view, refresh_per_second=8):
        yield board.take


class ChangeTally:
    """
    How many of the changes have ended, and how long it has taken so far.

    Args:
        total: How many changes there are.
        now: Tells the time.
    """

    def __init__(self, total: int, now: Now) -> None:
        self._total, self._now = total, now
        self._begin = now()
        self._ended = 0

    def take(self, event: Event) -> None:
        """Note an event."""
        self._ended += isinstance(event, ChangeEnded)

    @property
    def elapsed(self) -> str:
        """How long it has taken so far."""
        return format_duration(self._now() - self._begin)

    def __str__(self) -> str:
        return f"{self._ended} of {self._total}, {self.elapsed}"


class ProgressLines:
    """A listener that writes one plain line for everything that ended, is waited for, or is tried again."""

    def __init__(self, console: Console, tally: ChangeTally) -> None:
        self._console = console
        self._tally = tally
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
            self._tally.take(event)
            if line:
                so_far = self._tally if isinstance(event, ChangeEnded) else self._tally.elapsed
                self._console.file.write(f"{line} ({so_far})\n")
                self._console.file.flush()


def event_line(event: Event) -> str:
    """The event in one line; empty for what people need no line of."""
    match event:
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
        case _:
            return ""


@dataclass
class GroupRow:
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

    def __init__(self, plan: Plan, tally: ChangeTally) -> None:
        self._tally = tally
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")
        totals = Counter(change.group for change in plan.changes)
        self.rows = {group: GroupRow(total) for group, total in totals.items()}

    def take(self, event: Event) -> None:
        """Note an event."""
        with self._lock:
            self._tally.take(event)
            match event:
                case ChangeEnded(change, error):
                    self.rows[change.group].ended += 1
                    self.rows[change.group].failed += bool(error)
                case Waiting(group, key, ready, desired):
                    self.rows[group].waiting[key.name] = (ready, desired)
                case _:
                    pass

    def view(self) -> Group:
        """The list of groups, and how many of the changes have ended."""
        table = Table.grid(padding=(0, 2, 0, 0))
        with self._lock:
            for group, row in self.rows.items():
                ended = Text("!", "red") if row.failed else Text("✓", "green")
                sign = self._spinner if row.is_busy else ended
                table.add_row(sign, Text(printable(group), "bold"), row.text())
            return Group(table, Text(f"{self._tally} elapsed", "dim"))
