"""What is expected of a group, judged by what was read of it; pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trimtab.drills.results import DrillCheck
from trimtab.phrases import in_words
from trimtab.providers.base import GroupState, InstanceState

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class GroupReading:
    """A group as it was at a moment."""

    at: datetime
    state: GroupState


@dataclass(frozen=True, slots=True)
class Sign:
    """
    Something by which one learns of what is wrong.

    Attributes:
        source: `status`, `alarm`, `activity`, `explain`, `plan` or `exit code`.
        code: What it says in a word, such as `shortage`.
        text: In words.
    """

    source: str
    code: str
    text: str

    def __str__(self) -> str:
        """`explain: shortage: the cloud has no such machine there now`."""
        return f"{self.source}: {self.text}"


def instances_of(state: GroupState) -> int:
    """Instances that run, whatever a health check says of them, in the units of the size."""
    return sum(each.weight for each in state.instances if each.state is InstanceState.RUNNING)


def never_below_minimum(
    readings: Iterable[GroupReading], count: Callable[[GroupState], int] = instances_of, *, fix: str
) -> DrillCheck:
    """
    Expect at least as many as the minimum in force of each reading.

    Args:
        readings: All that were taken.
        count: Counts what there is.
        fix: What to change where it is not so.
    """
    lowest = min(readings, key=lambda each: count(each.state) - each.state.min)
    number, least = count(lowest.state), lowest.state.min
    return _check(
        "size", "never below the minimum", f"{number} at the least, the minimum is {least}", number >= least, fix
    )


def some_serve(readings: Iterable[GroupReading], before: int, *, fix: str) -> DrillCheck:
    """Expect that not all go at once: at least one serves at each reading, of those that there were."""
    lowest = min(each.state.running for each in readings)
    return _check("size", "never without an instance", f"{lowest} of {before} at the least", lowest > 0, fix)


def unchanged(readings: Iterable[GroupReading], before: int, *, fix: str) -> DrillCheck:
    """Expect that the size stays as it was, or is never smaller where something scales out to be safe."""
    sizes = [each.state.desired for each in readings]
    seen = f"{before} throughout" if set(sizes) == {before} else f"{before}, then {min(sizes)} to {max(sizes)}"
    return _check("size", "not scaled in", seen, min(sizes) >= before, fix)


def back_within(
    readings: Sequence[GroupReading],
    since: datetime,
    within: timedelta,
    is_back: Callable[[GroupState], bool],
    *,
    fix: str,
    what: str = "back",
) -> DrillCheck:
    """
    Expect that a group is as it was, and stays so up to the last reading.

    Args:
        readings: What was read from `since` on.
        since: When the trouble was over, or began where the group is to mend it.
        within: How long it may take.
        is_back: Whether a group is as it was.
        fix: What to change where it is not.
        what: What is expected, in a word or some.
    """
    after = _settled_at(readings, is_back)
    limit = f"{what} within {in_minutes(within)}"
    if after is None:
        last = readings[-1].state
        seen = f"not after {in_minutes(readings[-1].at - since)}: {last.running} of {last.desired} run"
        return _check("back", limit, seen, held=False, fix=fix)
    took = after - since
    return _check("back", limit, f"after {in_minutes(took)}", took <= within, fix)


def _settled_at(readings: Sequence[GroupReading], is_back: Callable[[GroupState], bool]) -> datetime | None:
    """From which reading on it is as it was up to the last one."""
    first = None
    for reading in readings:
        if not is_back(reading.state):
            first = None
        elif first is None:
            first = reading.at
    return first


def told_by(signs: Iterable[Sign], is_about: Callable[[Sign], bool], *, what: str, fix: str) -> DrillCheck:
    """Expect that something tells of it, by name."""
    seen = [f"{sign.source} ({sign.code})" for sign in signs if is_about(sign)]
    words = in_words(list(dict.fromkeys(seen))) if seen else "nothing"
    return _check("told", f"told of {what}", f"by {words}", bool(seen), fix)


def in_minutes(span: timedelta) -> str:
    """`15 min`."""
    return f"{span / MINUTE:g} min"


def _check(name: str, expected: str, observed: str, held: bool, fix: str) -> DrillCheck:
    return DrillCheck(name=name, expected=expected, observed=observed, held=held, fix="" if held else fix)
