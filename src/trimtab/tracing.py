"""
Spans of OpenTelemetry for plans, applies, changes and calls; needs the extra `otel`.

Nothing is set up here: the program that uses it says where spans go.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from typing import NamedTuple

from trimtab.errors import MissingExtra
from trimtab.events import (
    ApplyEnded,
    ApplyStarted,
    CallEnded,
    CallRetried,
    CallStarted,
    ChangeEnded,
    ChangeStarted,
    EndpointFound,
    Event,
    PlanEnded,
    PlanStarted,
    Waiting,
)
from trimtab.plan import Change

try:
    from opentelemetry import context as contexts
    from opentelemetry import trace
except ModuleNotFoundError as missing:
    raise MissingExtra("tracing", "otel") from missing

__all__ = ["OpenTelemetryListener"]

Attributes = Mapping[str, str | int]


class _Open(NamedTuple):
    """A span within which others begin."""

    span: trace.Span
    outer: Token[contexts.Context]


class _OpenChange(NamedTuple):
    """A change that is being written, alone or beside others."""

    change: Change
    span: trace.Span


class OpenTelemetryListener:
    """
    A listener that makes a span of each plan, apply, change and call, within one another and within the caller's own.

    `tt.connect(..., listener=OpenTelemetryListener())`. An apply has the plan of its second look, its changes and its
    waits; a change has its calls. A call that writes several changes is within the first and linked to the others.
    Attributes name places and things, never bodies.

    Args:
        tracer: Makes the spans; that of the global provider when left out.
    """

    def __init__(self, tracer: trace.Tracer | None = None) -> None:
        self._tracer = tracer or trace.get_tracer("trimtab")
        self._open: ContextVar[tuple[_Open, ...]] = ContextVar("open", default=())
        self._changes: ContextVar[tuple[_OpenChange, ...]] = ContextVar("changes", default=())

    def __call__(self, event: Event) -> None:
        """Begin a span, end one, or note an event on the one that is open."""
        match event:
            case PlanStarted(provider, fleet):
                self._begin("trimtab.plan", _of_fleet(provider, fleet))
            case PlanEnded(plan=plan, error=error):
                counts = {"changes": len(plan.changes), "problems": len(plan.problems)} if plan else {}
                self._end(counts, error)
            case ApplyStarted(plan):
                about = _of_fleet(plan.provider, plan.fleet)
                self._begin("trimtab.apply", {**about, "trimtab.changes": len(plan.changes)})
            case ApplyEnded(_, outcomes, failures, error):
                self._end({**outcomes, "failures": failures}, error or ("ApplyFailed" if failures else ""))
            case ChangeStarted(change):
                self._begin_change(change)
            case ChangeEnded(change, error, skipped):
                self._end_change(change, error, skipped)
            case CallStarted(provider, operation, target, attempt):
                about = {"trimtab.provider": provider, "trimtab.operation": operation, "trimtab.target": target}
                self._begin_call(f"{provider}.{operation}", {**about, "trimtab.attempt": attempt})
            case CallEnded(error=error):
                self._end({}, error)
            case CallRetried(operation, attempt, wait, _, kind):
                about = {"trimtab.operation": operation, "error.type": kind}
                seconds = round(wait.total_seconds())
                self._note("retry", {**about, "trimtab.attempt": attempt, "trimtab.wait_seconds": seconds})
            case Waiting(group, _, ready, desired):
                self._note("waiting", {"trimtab.group": group, "trimtab.ready": ready, "trimtab.desired": desired})
            case EndpointFound(source, endpoint):
                self._note("endpoint", {"trimtab.source": source, "trimtab.endpoint": endpoint})

    def _begin(
        self,
        name: str,
        attributes: Attributes,
        kind: trace.SpanKind = trace.SpanKind.INTERNAL,
        parent: contexts.Context | None = None,
        links: Sequence[trace.Link] = (),
    ) -> None:
        span = self._tracer.start_span(name, parent, kind=kind, attributes=attributes, links=links)
        outer = contexts.attach(trace.set_span_in_context(span, parent))
        self._open.set((*self._open.get(), _Open(span, outer)))

    def _begin_call(self, name: str, attributes: Attributes) -> None:
        first, *others = self._changes.get() or (None,)
        parent = trace.set_span_in_context(first.span) if first else None
        links = [trace.Link(each.span.get_span_context()) for each in others if each]
        self._begin(name, attributes, trace.SpanKind.CLIENT, parent, links)

    def _end(self, counts: Mapping[str, int], error: str) -> None:
        *others, opened = self._open.get()
        opened.span.set_attributes({f"trimtab.{name}": number for name, number in counts.items()})
        if error:
            opened.span.set_attribute("error.type", error)
        _end(opened.span, error)
        self._open.set(tuple(others))
        contexts.detach(opened.outer)

    def _begin_change(self, change: Change) -> None:
        key = change.key
        attributes = {
            "trimtab.group": change.group,
            "trimtab.action": change.action.value,
            "trimtab.reason": change.reason.value,
            "trimtab.kind": key.kind,
            "trimtab.name": key.name,
            "trimtab.location": key.location,
        }
        span = self._tracer.start_span(f"{change.action} {key.kind}", attributes=attributes)
        self._changes.set((*self._changes.get(), _OpenChange(change, span)))

    def _end_change(self, change: Change, error: str, skipped: bool) -> None:
        opened = next(each for each in self._changes.get() if each.change is change)
        opened.span.set_attribute("trimtab.outcome", ("skipped" if skipped else "failed") if error else "done")
        _end(opened.span, error)
        self._changes.set(tuple(each for each in self._changes.get() if each is not opened))

    def _note(self, name: str, attributes: Attributes) -> None:
        changes = self._changes.get()
        (changes[0].span if changes else trace.get_current_span()).add_event(name, attributes)


def _of_fleet(provider: str, fleet: str) -> dict[str, str | int]:
    return {"trimtab.provider": provider, "trimtab.fleet": fleet}


def _end(span: trace.Span, error: str) -> None:
    if error:
        span.set_status(trace.StatusCode.ERROR, error)
    span.end()
