"""What a tick gives back: of each group the decision, what was done, or the error."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from trimtab.controller.mixing import MixStep
from trimtab.engine import Decision
from trimtab.engine.reasons import ReasonCode
from trimtab.haproxy.results import SyncedBackend


class TickOutcome(StrEnum):
    """What became of a decision."""

    KEPT = "kept"
    """The size stays as it is."""
    WRITTEN = "written"
    """The size was set."""
    UNKNOWN = "unknown"
    """The size was sent, and no answer came; the next tick looks."""
    FAILED = "failed"
    """The cloud refused the size."""
    HELD = "held"
    """Nothing was decided or nothing may be written: a pause, another controller, a group that is not ready."""
    SHADOW = "shadow"
    """Only decided: nothing is ever written in shadow mode."""
    ERROR = "error"
    """There was no decision; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixTick:
    """
    How a group is shared between on demand and spot, where it falls back.

    Attributes:
        phase: `spot`, `on-demand` or `returning`.
        since: Since when; `None` where it never was in another.
        on_demand: How many are to run on demand, those included that wait for spot to serve.
        spot: How many are asked for as spot.
        has_nothing: Whether the cloud has some neither as spot nor on demand.
        short: What it had none of, in words.
    """

    phase: str
    since: datetime | None
    on_demand: int
    spot: int
    has_nothing: bool = False
    short: tuple[str, ...] = ()

    @classmethod
    def of(cls, mix: MixStep) -> "MixTick":
        """The same of a mix."""
        decision = mix.decision
        return cls(
            phase=decision.state.phase.value,
            since=decision.state.since,
            on_demand=decision.on_demand,
            spot=decision.spot,
            has_nothing=any(reason.code is ReasonCode.NOTHING_TO_BE_HAD for reason in decision.reasons),
            short=tuple([str(each) for each in mix.short]),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "phase": self.phase,
            "since": self.since.isoformat() if self.since else None,
            "on_demand": self.on_demand,
            "spot": self.spot,
            "short": list(self.short),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTick:
    """
    One group in one tick.

    Attributes:
        group: Its name within the fleet.
        name: Its name in the cloud.
        outcome: What became of it.
        text: Why it is held, what failed, or why the size was not taken as it was read.
        decision: What was decided; `None` where nothing was.
        live: The size that was read; `None` where none was.
        unread: Metrics that could not be read, each with the reason.
        silent: Metrics without a datapoint, each with a sentence, where the fleet does not say what that means.
        paused: Whether somebody has paused it.
        leased: Whether this controller had its lease.
        activity: In shadow mode, what the cloud says of a change of size since the last tick.
        mix: How it is shared between on demand and spot; `None` where it does not fall back.
    """

    group: str
    name: str
    location: str
    outcome: TickOutcome
    text: str = ""
    decision: Decision | None = None
    live: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    running: int | None = None
    unread: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    paused: bool = False
    leased: bool = True
    activity: str = ""
    mix: MixTick | None = None

    @property
    def is_error(self) -> bool:
        """Whether something went wrong that people should look at."""
        return self.outcome in (TickOutcome.FAILED, TickOutcome.ERROR, TickOutcome.UNKNOWN) or bool(self.unread)

    def __str__(self) -> str:
        """`web: 4 to 6, written: policy out asks for +2: 4 to 6`."""
        decision = self.decision
        if decision is None:
            return f"{self.group}: {self.outcome}: {self.text}"
        sizes = f"{decision.previous} to {decision.size}" if decision.change else f"stays at {decision.size}"
        reasons = [str(reason) for reason in decision.reasons]
        unread = [f"cannot read {text}" for text in self.unread]
        because = "; ".join(filter(None, [self.text, *reasons, *unread]))
        return f"{self.group}: {sizes}, {self.outcome}: {because}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "name": self.name,
            "location": self.location,
            "outcome": self.outcome.value,
            "text": self.text,
            "live": self.live,
            "running": self.running,
            "unread": list(self.unread),
            "silent": list(self.silent),
            "paused": self.paused,
            "leased": self.leased,
            "activity": self.activity,
            "decision": self.decision.to_dict() if self.decision else None,
            **({"mix": self.mix.to_dict()} if self.mix else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """
    One tick of the controller over its groups.

    Attributes:
        lag: How long after it was due it began.
        duration: How long it took, on the controller's clock.
        error: Why nothing at all could be done, such as a store that cannot be reached.
        haproxies: What became of the servers of each HAProxy.
    """

    fleet: str
    provider: str
    at: datetime
    groups: tuple[GroupTick, ...]
    lag: timedelta = timedelta(0)
    duration: timedelta = timedelta(0)
    shadow: bool = False
    error: str = ""
    haproxies: tuple[SyncedBackend, ...] = ()

    def __str__(self) -> str:
        sizes = f"{self.changed} of {len(self.groups)} sizes written"
        wrong = self.error or (f"{self.errors} errors" if self.errors else "")
        return f"tick of fleet {self.fleet} on {self.provider}: {sizes}" + (f"; {wrong}" if wrong else "")

    def __iter__(self) -> Iterator[GroupTick]:
        return iter(self.groups)

    def __getitem__(self, group: str) -> GroupTick:
        """What became of the group with this name; `KeyError` when it is not the controller's."""
        for item in self.groups:
            if item.group == group:
                return item
        raise KeyError(f"the controller does not size {group!r}")

    @property
    def changed(self) -> int:
        """How many sizes were written."""
        return sum(item.outcome is TickOutcome.WRITTEN for item in self.groups)

    @property
    def errors(self) -> int:
        """How many groups, and HAProxies, something went wrong with."""
        return sum(item.is_error for item in self.groups) + sum(bool(each.error) for each in self.haproxies)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "fleet": self.fleet,
            "provider": self.provider,
            "at": self.at.isoformat(),
            "lag_seconds": self.lag.total_seconds(),
            "duration_seconds": self.duration.total_seconds(),
            "shadow": self.shadow,
            "error": self.error,
            "groups": [item.to_dict() for item in self.groups],
            "haproxies": [each.to_dict() for each in self.haproxies],
        }
