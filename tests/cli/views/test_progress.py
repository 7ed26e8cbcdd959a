"""Events folded into a board, and written as lines."""

import io
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("rich")

from rich.console import Console

import trimtab as tt
from trimtab.cli.views.progress import Board, ChangeTally, ProgressLines, event_line, progress
from trimtab.cli.views.screen import rendered
from trimtab.events import CallRetried, ChangeEnded, ChangeStarted, Waiting
from trimtab.plan import Action, Change, Key, Plan, Reason

KEY = Key("us-east-1", "group", "shop-web")
CHANGE = Change(action=Action.CREATE, reason=Reason.NEW, key=KEY, group="web")
PLAN = Plan(provider="aws", fleet="shop", made_at=datetime(2026, 1, 5, tzinfo=UTC), changes=(CHANGE, CHANGE))

LINES = {
    "done": (ChangeEnded(CHANGE), "web: create group shop-web: done"),
    "failed": (ChangeEnded(CHANGE, "no room"), "web: create group shop-web: failed: no room"),
    "skipped": (ChangeEnded(CHANGE, "because", skipped=True), "web: create group shop-web: not tried: because"),
    "waiting": (Waiting("web", KEY, 1, 2), "web: 1 of 2 instances ready in shop-web"),
    "retried": (CallRetried("Put", 2, timedelta(seconds=4), "slow"), "Put failed (attempt 2), again in 4s: slow"),
    "soon": (CallRetried("Put", 1, timedelta(0), "slow"), "Put failed (attempt 1), again in a moment: slow"),
    "started": (ChangeStarted(CHANGE), ""),
}


@pytest.mark.parametrize(("event", "line"), LINES.values(), ids=LINES)
def test_each_event_is_a_line(event, line):
    assert event_line(event) == line


def test_lines_say_nothing_twice():
    """Looking again and again at a group that has not moved is no news."""
    stream = io.StringIO()
    clock = tt.ManualClock()
    lines = ProgressLines(Console(file=stream, width=20), ChangeTally(2, clock.now))
    for event in (
        ChangeStarted(CHANGE),
        Waiting("web", KEY, 1, 2),
        Waiting("web", KEY, 1, 2),
        Waiting("web", KEY, 2, 2),
    ):
        lines(event)
    said = [f"{event_line(Waiting('web', KEY, number, 2))} (0s)" for number in (1, 2)]
    assert stream.getvalue().splitlines() == said
    clock.advance(tt.minutes(2))
    lines(ChangeEnded(CHANGE))
    assert stream.getvalue().splitlines()[-1] == "web: create group shop-web: done (1 of 2, 2m)"


def test_the_board_follows_a_group():
    """Writing, written with a failure, waiting, ready."""
    clock = tt.ManualClock()
    board = Board(PLAN, ChangeTally(2, clock.now))
    assert "writing 0/2" in rendered(board.view())
    board.take(ChangeStarted(CHANGE))
    board.take(ChangeEnded(CHANGE))
    assert "writing 1/2" in rendered(board.view())
    board.take(Waiting("web", KEY, 1, 2))
    board.take(ChangeEnded(CHANGE, "no room"))
    assert "written 1/2, 1 failed, waiting: 1 of 2 ready" in rendered(board.view())
    board.take(Waiting("web", KEY, 2, 2))
    clock.advance(tt.seconds(75))
    assert rendered(board.view()) == "!  web  written 1/2, 1 failed, 2 of 2 ready\n2 of 2, 1m15s elapsed\n"


def test_a_terminal_gets_the_board_and_a_file_lines():
    for terminal, expected in ((True, "written 2/2"), (False, "web: create group shop-web: done")):
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=terminal, width=80)
        with progress(PLAN, console) as listener:
            listener(ChangeEnded(CHANGE))
            listener(ChangeEnded(CHANGE))
        assert expected in stream.getvalue()
