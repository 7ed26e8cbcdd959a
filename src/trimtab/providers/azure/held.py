"""What a rollout has in its hands of a scale set, as words of its mark: size, mode, where it turned back; pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCapacity:
    """
    What is held.

    Azure counts the instances that a rollout adds and removes in `sku.capacity`, as it does those that autoscale or a
    person asks for. So the mark says between which capacities the rollout itself moves: within them the size is
    `size`, whatever the capacity is just now; a capacity outside them was asked for by somebody else, and is the size
    from then on.

    Attributes:
        size: How many instances are wanted.
        low: The least capacity that the rollout itself leads to.
        high: The greatest.
        mode: The mode of upgrades that comes back at the end; empty for the one that is there.
        rules: The rules of scaling in that come back; meanwhile the oldest instances leave first.
        after: Once the old model is back: instances made later than this, but by another model, are of the new one.
        undo: Whether the new model is the version before, which stays when this is undone again.
    """

    size: int | None = None
    low: int | None = None
    high: int | None = None
    mode: str = ""
    rules: tuple[str, ...] = ()
    after: datetime | None = None
    undo: bool = False

    @classmethod
    def parse(cls, words: Iterable[str]) -> "HeldCapacity":
        """What the words of a mark say; those that say nothing here are passed over."""
        known = dict(word.partition("=")[::2] for word in words)
        low, _, high = known.get("band", "").partition("-")
        return cls(
            size=_number(known.get("size", "")),
            low=_number(low),
            high=_number(high),
            mode=known.get("mode", ""),
            rules=tuple(filter(None, known.get("in", "").split(","))),
            after=_moment(known.get("after", "")),
            undo=_UNDO in known,
        )

    def words(self) -> tuple[str, ...]:
        """The words of the mark."""
        after = None if self.after is None else (self.after - _EPOCH) // timedelta(microseconds=1)
        return (
            *((f"size={self.size}",) if self.size is not None else ()),
            *((f"band={self.low}-{self.high}",) if self.is_open else ()),
            *((f"mode={self.mode}",) if self.mode else ()),
            *((f"in={','.join(self.rules)}",) if self.rules else ()),
            *((f"after={after}",) if after is not None else ()),
            *((_UNDO,) if self.undo else ()),
        )

    @property
    def is_open(self) -> bool:
        """Whether the capacity may be another than the size just now."""
        return self.low is not None and self.high is not None and (self.low, self.high) != (self.size, self.size)

    def covers(self, capacity: int) -> bool:
        """Whether the rollout itself may have led to a capacity."""
        if self.size is None:
            return False
        low = self.size if self.low is None else min(self.low, self.size)
        high = self.size if self.high is None else max(self.high, self.size)
        return low <= capacity <= high

    def wanted(self, capacity: int) -> int:
        """How many instances are wanted where the scale set has this capacity."""
        return self.size if self.size is not None and self.covers(capacity) else capacity

    def seen(self, capacity: int) -> "HeldCapacity":
        """The same where the capacity is that: what somebody else asked for is the size from now on."""
        return self if self.covers(capacity) else replace(self, size=capacity, low=None, high=None)

    def between(self, *capacities: int) -> "HeldCapacity":
        """The same while the rollout moves between these capacities too."""
        known = [each for each in (self.size, self.low, self.high, *capacities) if each is not None]
        return replace(self, low=min(known), high=max(known))

    def closed(self) -> "HeldCapacity":
        """The same once the capacity is the size."""
        return replace(self, low=None, high=None)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _moment(text: str) -> datetime | None:
    return _EPOCH + timedelta(microseconds=int(text)) if text.isdecimal() else None
