"""The control doors on the emulator's side: `/_trimtab/...` in, JSON out."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs

from trimtab.emulators.shared.clock import EmulatorClock
from trimtab.emulators.shared.faults import Faults
from trimtab.emulators.shared.journal import Journal

PREFIX = "/_trimtab/"


class Emulated(Protocol):
    """What the doors need of an emulator."""

    clock: EmulatorClock
    faults: Faults
    journal: Journal
    settings: dict[str, float]

    def clock_moved(self) -> None:
        """Fire what was due up to now."""

    def earlier_replies(self) -> Mapping[str, Any]:
        """What reads answered last, for stale replies."""

    def push_metrics(self, region: str | None, points: list[dict[str, Any]]) -> None:
        """Store metric points."""

    def list_metrics(self) -> list[dict[str, Any]]:
        """The metric points that were stored."""

    def reset(self) -> None:
        """Wipe everything."""


Door = Callable[[Any], Any]
"""Answers the JSON of a request."""


class Control:
    """
    The doors of one emulator.

    Args:
        emulated: The emulator.
        more: Doors that only this cloud has, by method and name.
    """

    def __init__(self, emulated: Emulated, more: Mapping[tuple[str, str], Door] | None = None) -> None:
        self._emulated = emulated
        self._doors: dict[tuple[str, str], Door] = {
            ("GET", "clock"): self._read_clock,
            ("POST", "clock"): self._move_clock,
            ("GET", "faults"): lambda _: emulated.faults.to_dicts(),
            ("POST", "faults"): lambda rules: emulated.faults.add(rules, emulated.earlier_replies()),
            ("DELETE", "faults"): lambda _: emulated.faults.clear(),
            ("GET", "holds"): lambda _: emulated.faults.gate.to_dicts(),
            ("POST", "holds"): self._release,
            ("GET", "requests"): lambda _: emulated.journal.entries(),
            ("DELETE", "requests"): lambda _: emulated.journal.clear(),
            ("GET", "metrics"): lambda _: emulated.list_metrics(),
            ("POST", "metrics"): self._push,
            ("GET", "settings"): lambda _: emulated.settings,
            ("POST", "settings"): self._configure,
            ("POST", "reset"): lambda _: emulated.reset(),
            **(more or {}),
        }

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
        """Status and JSON of one request to a door."""
        name = path.removeprefix(PREFIX).strip("/")
        if (method, name) == ("GET", "requests") and parse_qs(query).get("count"):
            return 200, _json(self._emulated.journal.counts())
        door = self._doors.get((method, name))
        if door is None:
            return 404, _json({"error": f"unknown door {method} {name}; docs/testing.md lists them"})
        try:
            return 200, _json(door(json.loads(body) if body else None))
        except Exception as error:
            return 400, _json({"error": f"{type(error).__name__}: {error}"})

    def _read_clock(self, _: Any) -> dict[str, str]:
        return {"now": self._emulated.clock.now().isoformat()}

    def _move_clock(self, body: dict[str, Any]) -> dict[str, str]:
        clock, freeze = self._emulated.clock, bool(body.get("freeze", False))
        if body.get("run"):
            clock.run()
        elif "set" in body:
            clock.move_to(datetime.fromisoformat(body["set"]), freeze=freeze)
        else:
            clock.advance(timedelta(seconds=float(body.get("advance", 0))), freeze=freeze)
        self._emulated.clock_moved()
        return self._read_clock(None)

    def _release(self, body: dict[str, Any]) -> dict[str, int]:
        which = body["release"]
        number = None if which is True else int(which)
        return {"released": self._emulated.faults.gate.release(number, drop=bool(body.get("drop", False)))}

    def _push(self, body: Any) -> None:
        given: dict[str, Any] = {"points": body} if isinstance(body, list) else body
        self._emulated.push_metrics(given.get("region"), given["points"])

    def _configure(self, body: dict[str, float]) -> dict[str, float]:
        unknown = set(body) - set(self._emulated.settings)
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        self._emulated.settings.update({name: float(value) for name, value in body.items()})
        return self._emulated.settings


def _json(value: Any) -> bytes:
    return json.dumps(value, default=str).encode()
