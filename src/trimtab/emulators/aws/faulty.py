"""Calls with the faults that were asked for."""

import threading
from collections.abc import Callable, Mapping

from trimtab.emulators.aws import wire
from trimtab.emulators.aws.errors import ServiceError
from trimtab.emulators.faults import Faults, Rule

# which code each service answers with when it is asked too often
_THROTTLED = {"ec2": "RequestLimitExceeded", "ssm": "ThrottlingException"}
_STATUS = {"ec2": 503}


class Dropped(Exception):
    """A call whose connection is to be closed without a reply."""


class Faulty:
    """
    Answers calls, or fails them as the rules say.

    Args:
        faults: The rules.
        effect: Answers a call that no rule keeps from it.
    """

    def __init__(self, faults: Faults, effect: Callable[[wire.Request], wire.Reply]) -> None:
        self._faults = faults
        self._effect = effect
        self._replies: dict[str, wire.Reply] = {}
        self._lock = threading.Lock()

    def answer(self, request: wire.Request) -> wire.Reply:
        """The reply to a call; raises `Dropped` where there is none."""
        rule = self._faults.take(request.service, request.operation, request.text, write=request.is_write)
        if rule is None:
            return self._remember(request, self._effect(request))
        return self._fail(request, rule)

    def earlier_replies(self) -> Mapping[str, wire.Reply]:
        """What each read answered last."""
        with self._lock:
            return dict(self._replies)

    def forget(self) -> None:
        """Drop what reads answered."""
        with self._lock:
            self._replies.clear()

    def _fail(self, request: wire.Request, rule: Rule) -> wire.Reply:
        match rule.kind:
            case "throttle":
                return wire.failure(request, _throttled(request))
            case "error500":
                error = ServiceError("InternalFailure", "An internal error has occurred", 500)
                return wire.failure(request, error)
            case "denied":
                return wire.failure(request, _denied(request))
            case "timeout_before":
                raise Dropped
            case "timeout_after":
                self._effect(request)
                raise Dropped
            case "stale":
                return self._stale(request, rule)
            case _:
                return self._hold(request, rule)

    def _hold(self, request: wire.Request, rule: Rule) -> wire.Reply:
        about = {
            "service": request.service,
            "operation": request.operation,
            "kind": rule.kind,
            "params": wire.plain(request.params),
        }
        reply = None if rule.kind == "hold_before" else self._effect(request)
        if not self._faults.gate.hold(about):
            raise Dropped
        return reply or self._effect(request)

    def _stale(self, request: wire.Request, rule: Rule) -> wire.Reply:
        if request.is_write or request.model is None:
            return self._effect(request)
        earlier = rule.replies.get(request.key)
        return earlier if isinstance(earlier, wire.Reply) else wire.nothing(request)

    def _remember(self, request: wire.Request, reply: wire.Reply) -> wire.Reply:
        if not request.is_write and reply.status < 400:
            with self._lock:
                self._replies[request.key] = reply
                if len(self._replies) > 5000:
                    self._replies.pop(next(iter(self._replies)))
        return reply


def _throttled(request: wire.Request) -> ServiceError:
    code = _THROTTLED.get(request.service, "Throttling")
    return ServiceError(code, "Rate exceeded", _STATUS.get(request.service, 400))


def _denied(request: wire.Request) -> ServiceError:
    if request.service == "ec2":
        return ServiceError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    what = f"{request.service}:{request.operation}"
    text = f"User: arn:aws:iam::123456789012:user/trimtab is not authorized to perform: {what}"
    return ServiceError("AccessDenied", text, 403)
