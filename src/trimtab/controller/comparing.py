"""What a shadow would have done against what the cloud did, minute by minute; pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from trimtab.controller.results import TickOutcome
from trimtab.store.records import DecisionRecord, GroupKey, TickRecord

ACTIVITY, UNREAD = "cloud-activity", "unread"
"""Codes of what a shadow's record holds beside the engine's reasons."""
BY_HAND = (
    "user request",
    "somebody asked for it",
    "resize instanceGroupManager",
    "Virtual Machine Scale Set",
    "virtualMachineScaleSets/write",
)
"""What the logs of the clouds say where somebody set a size: of Auto Scaling, in memory, Compute Engine, Azure."""
NO_RECORD = "its log does not say why"


class DifferenceKind(StrEnum):
    """In what way a shadow and the cloud differ for a time."""

    EARLIER = "earlier"
    """The shadow came to the same size first."""
    LATER = "later"
    """The cloud came to the same size first."""
    OTHER_SIZE = "other size"
    """Both changed the size, to different ones."""
    SHADOW_ONLY = "shadow only"
    """Only the shadow would have changed the size."""
    CLOUD_ONLY = "cloud only"
    """Only the cloud changed the size."""
    BY_HAND = "by hand"
    """Somebody changed the size."""
    METRIC_NOT_READ = "metric not read"
    """The shadow could not read a metric."""


class Instant(NamedTuple):
    """One tick of a shadow: the size that the group would have after it, and the one that it had."""

    at: datetime
    length: timedelta
    """Until the next tick, and no longer than its interval."""
    record: DecisionRecord
    is_own: bool
    """Whether the record was made at this tick; else it repeats the last one."""

    @property
    def ours(self) -> int:
        """The size by the shadow's decisions."""
        return self.record.size or 0

    @property
    def theirs(self) -> int:
        """The size of the group."""
        return self.record.cloud_size or 0

    @property
    def is_compared(self) -> bool:
        """Whether there was a decision, and a size to hold it against."""
        record = self.record
        return record.outcome == TickOutcome.SHADOW and None not in (record.size, record.cloud_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """
    A time in which a shadow and the cloud differed without a break.

    Attributes:
        until: When they agreed again, or the shadow went on from the size of the group; the end of what was compared.
        ours: The sizes by the shadow's decisions, one after the other; the first is the one before.
        theirs: The sizes of the group.
        codes: Codes of the engine's reasons for the shadow's part.
        because: The shadow's reasons in words: for its change, or why it made none when the cloud did.
        activity: What the cloud says of its part.
    """

    since: datetime
    until: datetime
    kind: DifferenceKind
    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    codes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    activity: str = ""

    @property
    def minutes(self) -> float:
        """How long it lasted."""
        return _minutes(self.until - self.since)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "minutes": self.minutes,
            "kind": self.kind.value,
            "ours": list(self.ours),
            "theirs": list(self.theirs),
            "codes": list(self.codes),
            "because": list(self.because),
            "activity": self.activity,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowComparison:
    """
    A shadow of one group against the cloud.

    Attributes:
        compared: For how long there were two sizes to compare.
        equal: For how long they were the same.
        not_compared: For how long there was no decision, by the reason: a pause, a group that cannot be read.
        changes: How often the size would have changed by the shadow.
        cloud_changes: How often it changed.
    """

    key: GroupKey
    candidate: str = ""
    compared: timedelta = timedelta(0)
    equal: timedelta = timedelta(0)
    not_compared: Mapping[str, timedelta]
    changes: int = 0
    cloud_changes: int = 0
    episodes: tuple[Episode, ...] = ()

    @property
    def counts(self) -> Mapping[DifferenceKind, int]:
        """How many episodes there are of each kind."""
        return Counter(episode.kind for episode in self.episodes)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.key.group,
            "location": self.key.location,
            "cloud": self.key.cloud,
            "candidate": self.candidate,
            "minutes_compared": _minutes(self.compared),
            "minutes_equal": _minutes(self.equal),
            "minutes_not_compared": {reason: _minutes(length) for reason, length in self.not_compared.items()},
            "changes": self.changes,
            "cloud_changes": self.cloud_changes,
            "counts": {kind.value: number for kind, number in self.counts.items()},
            "episodes": [episode.to_dict() for episode in self.episodes],
        }


def compare(key: GroupKey, records: Sequence[DecisionRecord], ticks: Sequence[TickRecord]) -> ShadowComparison:
    """
    A shadow's decisions about a group against the sizes that the group had.

    A record stands until the next one, for each tick: ticks that say the same as the one before make none.

    Args:
        key: The group, under the shadow's name.
        records: What the shadow decided about it, oldest first; the first may lie before the first tick.
        ticks: The shadow's ticks, oldest first.
    """
    instants = list(_instants(records, ticks))
    compared = [instant for instant in instants if instant.is_compared]
    without: Counter[str] = Counter()
    for instant in instants:
        if not instant.is_compared:
            without[instant.record.error or instant.record.outcome] += instant.length // _SECOND
    return ShadowComparison(
        key=key,
        candidate=records[0].candidate if records else "",
        compared=_total(compared),
        equal=_total([instant for instant in compared if instant.ours == instant.theirs]),
        not_compared={reason: seconds * _SECOND for reason, seconds in without.items()},
        changes=sum(_has_decided(instant) for instant in compared),
        cloud_changes=sum(before.theirs != after.theirs for before, after in pairwise(compared)),
        episodes=_merged(_episodes(instants)),
    )


_SECOND = timedelta(seconds=1)


def _minutes(length: timedelta) -> float:
    return round(length / timedelta(minutes=1), 1)


def _total(instants: Sequence[Instant]) -> timedelta:
    return sum((instant.length for instant in instants), timedelta(0))


def _instants(records: Sequence[DecisionRecord], ticks: Sequence[TickRecord]) -> Iterator[Instant]:
    place, record = 0, None
    for number, tick in enumerate(ticks, 1):
        is_own = False
        while place < len(records) and records[place].at <= tick.at:
            record, is_own = records[place], records[place].at == tick.at
            place += 1
        if record is not None:
            until = ticks[number].at if number < len(ticks) else tick.at + tick.interval
            yield Instant(tick.at, min(until - tick.at, tick.interval), record, is_own)


def _has_decided(instant: Instant) -> bool:
    return instant.is_own and instant.record.size != instant.record.previous


def _episodes(instants: Sequence[Instant]) -> Iterator[Episode]:
    """Each run of instants that differ; one without a decision, and a time without ticks, ends it."""
    run: list[Instant] = []
    before: Instant | None = None
    for instant in instants:
        follows = bool(run) and _is_next(run[-1], instant) and instant.is_compared
        if run and not (follows and instant.ours != instant.theirs and not _has_adopted(run[-1], instant)):
            yield _episode(before, run, instant if follows else None)
            run, before = [], None
        if instant.is_compared and instant.ours != instant.theirs:
            run.append(instant)
        else:
            before = instant if instant.is_compared else None
    if run:
        yield _episode(before, run, None)


def _merged(episodes: Iterator[Episode]) -> tuple[Episode, ...]:
    """The same, with what only the shadow would do, again and again, as one."""
    merged: list[Episode] = []
    for episode in episodes:
        last = merged[-1] if merged else None
        if last and last.kind is episode.kind is DifferenceKind.SHADOW_ONLY and last.until == episode.since:
            merged[-1] = replace(last, until=episode.until, ours=_sizes([*last.ours, episode.ours[-1]]))
        else:
            merged.append(episode)
    return tuple(merged)


def _is_next(earlier: Instant, later: Instant) -> bool:
    return later.at - earlier.at <= earlier.length


def _has_adopted(earlier: Instant, later: Instant) -> bool:
    """Whether the shadow went on from the size of the group instead of its own."""
    return later.is_own and later.record.previous != earlier.ours


def _episode(before: Instant | None, run: Sequence[Instant], after: Instant | None) -> Episode:
    """
    One episode.

    Args:
        before: The last instant at which both were the same; none where there is no such.
        run: Those at which they differed.
        after: The next one; none where nothing was compared then.
    """
    adopted = after is not None and _has_adopted(run[-1], after)
    within = [*run, *([after] if after and not adopted else [])]
    start = before.theirs if before else run[0].record.previous or run[0].theirs
    decided = [instant for instant in within if _has_decided(instant)]
    ours = _sizes([start, *(instant.ours for instant in within)])
    moved = [
        later for earlier, later in pairwise([before, *within] if before else within) if later.theirs != earlier.theirs
    ]
    theirs = _sizes([before.theirs if before else run[0].theirs, *(instant.theirs for instant in within)])
    activities = list(dict.fromkeys(_texts(moved, ACTIVITY)))
    is_first = bool(decided) and not (moved and moved[0].at < decided[0].at)
    own = decided[0] if is_first else run[0]
    reasons = [reason for reason in own.record.reasons if reason.get("code") != ACTIVITY]
    last = run[-1]
    return Episode(
        since=run[0].at,
        until=after.at if after else last.at + last.length,
        kind=_kind(within, decided, moved, activities),
        ours=ours,
        theirs=theirs,
        codes=tuple(str(reason.get("code", "")) for reason in reasons),
        because=tuple(str(reason.get("text", "")) for reason in reasons),
        activity="; ".join(activities) if activities else NO_RECORD if moved else "no change",
    )


def _kind(
    within: Sequence[Instant], decided: Sequence[Instant], moved: Sequence[Instant], activities: Sequence[str]
) -> DifferenceKind:
    if any(_texts(within, UNREAD)):
        return DifferenceKind.METRIC_NOT_READ
    if any(word in text for text in activities for word in BY_HAND):
        return DifferenceKind.BY_HAND
    if not moved:
        return DifferenceKind.SHADOW_ONLY
    if not decided:
        return DifferenceKind.CLOUD_ONLY
    end = within[-1]
    if end.ours != end.theirs or decided[0].at == moved[0].at:
        return DifferenceKind.OTHER_SIZE
    return DifferenceKind.EARLIER if decided[0].at < moved[0].at else DifferenceKind.LATER


def _texts(instants: Sequence[Instant], code: str) -> Iterator[str]:
    for instant in instants:
        yield from (str(each.get("text", "")) for each in instant.record.reasons if each.get("code") == code)


def _sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Each size once as long as it stays."""
    return tuple(size for place, size in enumerate(sizes) if place == 0 or size != sizes[place - 1])
