"""Scale-ins that a stabilization window holds back: what is asked for in vain, minute by minute, without a decision."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Self

from trimtab.engine.policies import Direction, tracking_size
from trimtab.engine.presets import CooldownScope
from trimtab.engine.ruleset import Ruleset
from trimtab.engine.values import Sized
from trimtab.simulation.signals import SimulatedSignals, WatchedTarget

_MINUTE = timedelta(minutes=1)
_NEVER = -(10**9)


class Holding:
    """
    What the one target tracking policy of a group asks for while a window holds the size.

    A size goes no lower than the highest that was asked for in the window; while one that is at least the current size
    is in there, a decision changes nothing, and leaves behind what was asked for.

    Args:
        policy: The policy with its datapoints.
        target: Its target.
        window: The window.
        start: When the first minute begins.
    """

    def __init__(self, policy: WatchedTarget, target: float, window: timedelta, start: datetime) -> None:
        self._policy, self._target, self._start = policy, target, start
        self._window = window
        self._minutes = -(-window // _MINUTE)
        self._decided = 0
        self._peak = _NEVER
        """The last minute in which at least the current size was asked for."""
        self._held: list[tuple[int, int]] = []
        """The minutes since the last decision that asked for less, with what they asked for."""

    @classmethod
    def of_group(cls, rules: Ruleset, signals: SimulatedSignals, start: datetime) -> Self | None:
        """That of a group that nothing else scales in, or asks to wait; `None` for others."""
        preset = rules.preset
        simple = len(rules.tracking) == 1 and not any(alarm.rules for alarm in rules.alarms) and not rules.forecasts
        waits = preset.cooldown is not CooldownScope.NONE or preset.estimate or preset.tracking.by_one
        is_window = rules.stabilization_in and not rules.stabilization_out
        if not simple or waits or not is_window or rules.policies_stopped:
            return None
        return cls(signals.policies[0], rules.tracking[0].target, rules.stabilization_in, start)

    def decided(self, minute: int, size: int, asked: Sequence[Sized]) -> None:
        """Take in a decision: the size since, and what is in the window."""
        self._decided, self._held = minute, []
        peak = next((entry.at for entry in reversed(asked) if entry.size >= size), None)
        self._peak = _NEVER if peak is None else (peak - self._start) // _MINUTE

    def holds(self, minute: int, size: int, serving: int) -> bool:
        """Whether a decision of this minute, in which the policy scales in, would leave the size as it is."""
        before = self._held[-1][0] if self._held else self._decided
        if before < minute - 1:  # minutes between them asked for the size
            self._peak = minute - 1
        asked = tracking_size(
            size, Direction.IN, in_service=serving, value=self._policy.newest or 0.0, target=self._target
        )
        if asked == size:
            return True
        if minute - self._peak >= self._minutes:
            return False
        self._held.append((minute, asked))
        return True

    def asked_by(self, last: int, size: int, before: Sequence[Sized]) -> tuple[Sized, ...]:
        """What decisions up to a minute would have left in the window."""
        calm, place = last, len(self._held)
        while place and self._held[place - 1][0] == calm:
            calm, place = calm - 1, place - 1
        asked = [(calm, size)] if calm > self._decided else []
        entries = list(before)
        for minute, wanted in [*asked, *self._held[place:]]:
            entries = [entry for entry in entries if entry.size > wanted]
            entries.append(Sized(self._start + minute * _MINUTE, wanted))
        now = self._start + last * _MINUTE
        return tuple(entry for entry in entries if now - entry.at < self._window)
