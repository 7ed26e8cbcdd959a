"""Handlers in Python inside an instance: what `listener.py` does with a command, done with functions."""

import threading
from collections.abc import Iterable
from datetime import UTC, timedelta
from typing import Any

from trimtab.clock import Clock, SystemClock
from trimtab.errors import InvalidArgument, Unreachable
from trimtab.hooks import listener
from trimtab.hooks.handlers import call_handlers, gather_handlers
from trimtab.hooks.results import HandledHook, HookOutcome, OnHandled
from trimtab.providers.hooks import HookKind, HookNotice, HookTransition

EVERY = timedelta(seconds=5)
STATE = "/var/lib/trimtab/listener.json"


class GuestHooks:
    """
    Handles what the metadata service says of the instance that this runs in: that it is to end.

    Azure waits until a handler is done, or until the time of the event: it is approved then. A handler that raises
    leaves the event its time. AWS and Google wait for no answer. No cloud tells an instance of a hook at its launch.

    Args:
        handlers: Functions marked by `on_terminate`.
        cloud: Which cloud this is, by its provider's name; detected when left out.
        group: The name of the group, for notices.
        url: Another address of the metadata service; plain http.
        state: The file that keeps which events were handled, across restarts.
        clock: Tells the time.
        on_handled: Called with each result.

    Raises:
        InvalidArgument: A handler is not marked, or takes launches, or there is no such cloud.
        Unreachable: No metadata service answers.
    """

    def __init__(
        self,
        handlers: Iterable[Any],
        *,
        cloud: str | None = None,
        group: str = "",
        url: str = "",
        state: str = STATE,
        clock: Clock | None = None,
        on_handled: OnHandled | None = None,
    ) -> None:
        self.handlers = gather_handlers(handlers)
        if launches := [handler for handler in self.handlers if handler.transition is HookTransition.LAUNCH]:
            name = getattr(launches[0].function, "__qualname__", "a handler")
            raise InvalidArgument(f"{name} takes launches, of which no metadata service tells; hand it to HookConsumer")
        self._group, self._clock = group, clock or SystemClock()
        self._on_handled = on_handled or (lambda _: None)
        metadata = _metadata(cloud, url)
        try:
            self.instance = metadata.instance()
        except (OSError, listener.Unheard) as error:
            raise Unreachable(str(error), provider=metadata.name, operation="metadata") from error
        self.provider = metadata.name
        self._handled: list[HandledHook] = []
        self._listener = listener.Listener(metadata, self._act, listener.State(state), self._wants, lambda _: None)

    def poll(self) -> tuple[HandledHook, ...]:
        """
        One look: handle what is new, and say what became of it.

        Raises:
            Unreachable: The metadata service does not answer, or not as the cloud's does.
        """
        return self._round(self._listener.metadata.events)

    def run(self, stop: threading.Event, *, every: timedelta = EVERY) -> None:
        """
        Look until `stop` is set, which ends it within a minute on Google and within `every` elsewhere.

        Args:
            stop: Ends it.
            every: The time between two looks; Google answers as soon as something changes.
        """
        seconds, heard = every.total_seconds(), self._listener.metadata.events
        while not stop.is_set():
            try:
                self._round(heard)
                heard = lambda: self._listener.metadata.listen(stop.wait, seconds)  # noqa: E731
            except Unreachable:
                stop.wait(seconds)

    def _round(self, hear: Any) -> tuple[HandledHook, ...]:
        self._handled = []
        try:
            self._listener.take(hear())
        except (OSError, listener.Unheard) as error:
            raise Unreachable(str(error), provider=self.provider, operation="metadata") from error
        return tuple(self._handled)

    def _wants(self, event: listener.Event) -> bool:
        notice = self._notice(event)
        return any(handler.takes(notice) for handler in self.handlers)

    def _act(self, event: listener.Event) -> bool:
        notice = self._notice(event)
        answer = call_handlers([handler for handler in self.handlers if handler.takes(notice)], notice)
        handled = HandledHook(
            outcome=HookOutcome.FAILED if answer.problem else HookOutcome.HANDLED,
            message=event.id,
            at=self._clock.now(),
            notice=notice,
            why=answer.problem,
        )
        self._handled.append(handled)
        self._on_handled(handled)
        return not answer.problem

    def _notice(self, event: listener.Event) -> HookNotice:
        return HookNotice(
            group=self._group,
            instance=self.instance,
            provider=self.provider,
            transition=HookTransition.TERMINATE,
            kind=HookKind(event.kind),
            deadline=event.deadline.astimezone(UTC) if event.deadline else None,
            at=self._clock.now(),
            id=event.id,
            clock=self._clock,
            reference=event.reference if isinstance(event.reference, dict) else {"value": event.reference},
        )


def _metadata(cloud: str | None, url: str) -> Any:
    if cloud is None:
        try:
            return listener.detect(url)
        except listener.Unheard as error:
            raise Unreachable(str(error), operation="metadata") from error
    known = {each.name: each for each in listener.CLOUDS}
    if cloud not in known:
        raise InvalidArgument(f"cloud: {cloud!r} has no metadata service that is known; use {', '.join(sorted(known))}")
    return known[cloud](url)
