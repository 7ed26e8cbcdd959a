"""What a look at a HAProxy gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncedBackend:
    """
    One backend of one HAProxy, as a sync left it.

    Attributes:
        group: The group's name within the fleet.
        place: The address or the socket of the HAProxy.
        backend: Its backend.
        serving: How many servers of the group get requests and are up.
        wanted: How many instances are to be servers.
        done: What was done, by server.
        waiting: What each server waits for that is not where it is to be.
        held: Why nothing was done, such as a group that could not be read.
        error: What failed.
    """

    group: str
    place: str
    backend: str
    serving: int = 0
    wanted: int = 0
    done: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    held: str = ""
    error: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether every instance serves and nothing is on its way out."""
        return not (self.waiting or self.held or self.error) and self.serving == self.wanted

    def __str__(self) -> str:
        """`web in /run/haproxy.sock: 3 of 3 serve; i-0a1b: added, entered`."""
        servers = [f"{_short(name)}: {', '.join(words)}" for name, words in self.done.items()]
        servers += [f"{_short(name)}: {text}" for name, text in self.waiting.items()]
        counts = "" if self.error or self.held else f"{self.serving} of {self.wanted} serve"
        text = "; ".join(filter(None, [self.error, self.held, counts, *servers]))
        return f"{self.group} in {self.backend} of {self.place}: {text}"

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "group": self.group,
            "place": self.place,
            "backend": self.backend,
            "serving": self.serving,
            "wanted": self.wanted,
            "done": {name: list(words) for name, words in self.done.items()},
            "waiting": dict(self.waiting),
            "held": self.held,
            "error": self.error,
            "settled": self.is_settled,
        }


def _short(name: str) -> str:
    return name.rpartition(":")[2]
