"""Faults on request: which calls fail, vanish, answer late or answer what was true before."""

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

KINDS = (
    "throttle",
    "error500",
    "denied",
    "timeout_before",
    "timeout_after",
    "stale",
    "hold_before",
    "hold_after",
    "reply_before",
    "reply_after",
    "cut",
)


@dataclass(slots=True)
class FaultRule:
    """One fault: what it does and to which calls."""

    kind: str
    service: str = "*"
    operation: str = "*"
    write_only: bool = False
    after: int = 0
    times: int | None = 1
    contains: str | None = None
    reply: Mapping[str, Any] | None = None
    replies: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def matches(self, service: str, operation: str, text: str, *, write: bool) -> bool:
        """Whether the rule is about this call, whatever its counters say."""
        return (
            fnmatchcase(service, self.service)
            and fnmatchcase(operation, self.operation)
            and (write or not self.write_only)
            and (self.contains is None or self.contains in text)
        )

    def to_dict(self) -> dict[str, Any]:
        """The rule as the door shows it."""
        return {name: value for name, value in asdict(self).items() if name != "replies"}


class Faults:
    """The rules that are in force, and the calls that are held because of them."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()
        self.gate = Gate()

    def add(self, given: list[dict[str, Any]], replies: Mapping[str, Any]) -> None:
        """Add rules; `replies` are the earlier answers that a stale one gives."""
        rules = [_read_rule(each, replies) for each in given]
        with self._lock:
            self._rules += rules

    def clear(self) -> None:
        """Drop all rules."""
        with self._lock:
            self._rules.clear()

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rules that are not spent, as the door shows them."""
        with self._lock:
            return [rule.to_dict() for rule in self._rules]

    def take(self, service: str, operation: str, text: str, *, write: bool) -> FaultRule | None:
        """The fault that this call gets, counted; `None` for an untroubled call."""
        with self._lock:
            for rule in self._rules:
                if not rule.matches(service, operation, text, write=write):
                    continue
                if rule.after > 0:
                    rule.after -= 1
                    continue
                return self._use(rule)
        return None

    def _use(self, rule: FaultRule) -> FaultRule:
        if rule.times is not None:
            rule.times -= 1
            if rule.times <= 0:
                self._rules.remove(rule)
        return rule


class Gate:
    """Where calls wait until they are let through or dropped."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held: dict[int, dict[str, Any]] = {}
        self._verdicts: dict[int, bool] = {}
        self._next = 1

    def hold(self, description: dict[str, Any]) -> bool:
        """Block until released; `False` when the call is to be dropped."""
        with self._condition:
            number = self._next
            self._next += 1
            self._held[number] = {"id": number, **description}
            self._condition.wait_for(lambda: number in self._verdicts)
            return self._verdicts.pop(number)

    def release(self, which: int | None = None, *, drop: bool = False) -> int:
        """Let one held call go, or all; answers how many."""
        with self._condition:
            numbers = list(self._held) if which is None else [which]
            for number in numbers:
                if self._held.pop(number, None) is None:
                    raise ValueError(f"no call {number} is held")
                self._verdicts[number] = not drop
            self._condition.notify_all()
            return len(numbers)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The held calls, in the order in which they came."""
        with self._condition:
            return list(self._held.values())


def _read_rule(given: dict[str, Any], replies: Mapping[str, Any]) -> FaultRule:
    known = {each.name for each in fields(FaultRule)} - {"replies"}
    if not isinstance(given, dict) or not set(given) <= known:
        raise ValueError(f"a fault has the fields {', '.join(sorted(known))}: {given}")
    if given.get("kind") not in KINDS:
        raise ValueError(f"a fault's kind is one of {', '.join(KINDS)}, not {given.get('kind')!r}")
    if given["kind"].startswith("reply_") and not isinstance(given.get("reply"), dict):
        raise ValueError("a fault that replaces a reply has `reply`: status, headers, body in base64")
    return FaultRule(**given, replies=replies if given["kind"] == "stale" else {})
