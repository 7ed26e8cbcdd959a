"""The mark of a pause, as text on a group."""

from datetime import UTC, datetime

import pytest

from trimtab.providers import Pause

UNTIL = datetime(2026, 7, 6, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pause", "line"),
    [
        (Pause(by="ana", held=()), "ana / - / -"),
        (Pause(by="ana", until=UNTIL, held=("B", "A")), "ana / 2026-07-06T18:00:00Z / B A"),
        (Pause(by="Ana García", why="a deployment", held=("A",)), "Ana García / - / A / a deployment"),
        (Pause(by="ana", why="web / api: both", held=("A",)), "ana / - / A / web/api: both"),
    ],
)
def test_a_mark_says_what_was_said(pause, line):
    """It is readable, and reading it gives the same pause."""
    assert pause.line() == line
    found = Pause.parse(line)
    assert (found.by, found.until, found.held) == (pause.by, pause.until, pause.held)
    assert found.why == pause.why.replace(" / ", "/")


@pytest.mark.parametrize(
    ("line", "by", "until", "why"),
    [
        ("ana 2026-07-06T18:00:00Z", "ana 2026-07-06T18:00:00Z", None, ""),
        ("ana / 2026-07-06 18:00", "ana", UNTIL, ""),
        ("ana / tonight", "ana", None, ""),
        ("", "somebody", None, ""),
        ("ana / - / - / one / two", "ana", None, "one / two"),
    ],
)
def test_a_mark_by_hand_is_read_as_far_as_it_goes(line, by, until, why):
    found = Pause.parse(line)
    assert (found.by, found.until, found.why) == (by, until, why)


def test_a_mark_fits_a_tag():
    """The reason is cut, never the rest."""
    pause = Pause(by="a" * 64, until=UNTIL, why="because " * 100, held=("AlarmNotification", "ScheduledActions"))
    assert len(pause.line()) <= 255
    found = Pause.parse(pause.line())
    assert (found.by, found.until, found.held) == (pause.by, pause.until, pause.held)
    assert found.why.startswith("because because")


def test_a_pause_is_over_at_its_end():
    pause = Pause(by="ana", until=UNTIL, why="x")
    assert not pause.is_over(UNTIL.replace(hour=17, minute=59))
    assert pause.is_over(UNTIL)
    assert not Pause(by="ana").is_over(UNTIL)
    assert str(pause) == "paused by ana until 2026-07-06 18:00 UTC: x"
