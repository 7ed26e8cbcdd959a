"""Calls with the faults that were asked for."""

import threading
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from trimtab.emulators.shared.calls import EmulatorReply, ServedRequest
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.faults import FaultRule, Faults

R = TypeVar("R", bound=ServedRequest)
RIn = TypeVar("RIn", bound=ServedRequest, contravariant=True)


class Dropped(Exception):
    """A call whose connection is to be closed without a reply."""


class Answers(Protocol[RIn]):
    """What one cloud answers."""

    def effect(self, request: RIn) -> EmulatorReply:
        """The reply to a call that nothing is wrong with."""

    def failure(self, request: RIn, error: ServiceError) -> EmulatorReply:
        """An error in the cloud's own shape."""

    def nothing(self, request: RIn) -> EmulatorReply:
        """What a read answers when there is nothing."""

    def throttled(self, request: RIn) -> ServiceError:
        """The error of a call too many."""

    def denied(self, request: RIn) -> ServiceError:
        """The error of a call without permission."""

    def broken(self, request: RIn) -> ServiceError:
        """The error of a server that fails."""


class FaultInjector(Generic[R]):
    """
    Answers calls, or fails them as the rules say.

    Args:
        faults: The rules.
        cloud: Answers a call that no rule keeps from it, and knows how it fails.
    """

    def __init__(self, faults: Faults, cloud: Answers[R]) -> None:
        self._faults = faults
        self._cloud = cloud
        self._replies: dict[str, EmulatorReply] = {}
        self._lock = threading.Lock()

    def answer(self, request: R) -> EmulatorReply:
        """The reply to a call; raises `Dropped` where there is none."""
        rule = self._faults.take(request.service, request.operation, request.text, write=request.is_write)
        if rule is None:
            return self._remember(request, self._cloud.effect(request))
        return self._fail(request, rule)

    def earlier_replies(self) -> Mapping[str, EmulatorReply]:
        """What each read answered last."""
        with self._lock:
            return dict(self._replies)

    def forget(self) -> None:
        """Drop what reads answered."""
        with self._lock:
            self._replies.clear()

    def _fail(self, request: R, rule: FaultRule) -> EmulatorReply:
        match rule.kind:
            case "throttle":
                return self._cloud.failure(request, self._cloud.throttled(request))
            case "error500":
                return self._cloud.failure(request, self._cloud.broken(request))
            case "denied":
                return self._cloud.failure(request, self._cloud.denied(request))
            case "timeout_before":
                raise Dropped
            case "timeout_after":
                self._cloud.effect(request)
                raise Dropped
            case "stale":
                return self._stale(request, rule)
            case "reply_before":
                return _replacement(rule)
            case "reply_after":
                self._cloud.effect(request)
                return _replacement(rule)
            case "cut":
                whole = self._cloud.effect(request)
                half = len(whole.body) // 2
                return replace(whole, body=whole.body[:half], lost=len(whole.body) - half)
            case _:
                return self._hold(request, rule)

    def _hold(self, request: R, rule: FaultRule) -> EmulatorReply:
        about = {
            "service": request.service,
            "operation": request.operation,
            "kind": rule.kind,
            "params": request.shown,
        }
        reply = None if rule.kind == "hold_before" else self._cloud.effect(request)
        if not self._faults.gate.hold(about):
            raise Dropped
        return reply or self._cloud.effect(request)

    def _stale(self, request: R, rule: FaultRule) -> EmulatorReply:
        if request.is_write:
            return self._cloud.effect(request)
        earlier = rule.replies.get(request.key)
        return earlier if isinstance(earlier, EmulatorReply) else self._cloud.nothing(request)

    def _remember(self, request: R, reply: EmulatorReply) -> EmulatorReply:
        if not request.is_write and reply.status < 400:
            with self._lock:
                self._replies[request.key] = reply
                if len(self._replies) > 5000:
                    self._replies.pop(next(iter(self._replies)))
        return reply


def _replacement(rule: FaultRule) -> EmulatorReply:
    """The reply that stands in for the cloud's own."""
    given = rule.reply or {}
    return EmulatorReply(int(given["status"]), b64decode(given["body"]), tuple(dict(given["headers"]).items()))
