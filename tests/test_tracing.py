"""Spans of plans, applies, changes and calls, as the SDK of OpenTelemetry collects them."""

import asyncio
import logging

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from trimtab.errors import InvalidRequest, Throttled
from trimtab.providers.memory.store import MemoryStore

pytest.importorskip("opentelemetry.sdk", reason="the spans are collected by OpenTelemetry's SDK")

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

from trimtab.tracing import OpenTelemetryListener


class Traced:
    """A listener and what it makes."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")
        self.listener = OpenTelemetryListener(self.tracer)

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def parent(self, span):
        by_id = {each.context.span_id: each for each in self.spans}
        return by_id.get(span.parent.span_id) if span.parent else None

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def changes(self):
        return [span for span in self.spans if "trimtab.action" in span.attributes]

    def calls(self):
        return [span for span in self.spans if span.kind is SpanKind.CLIENT]


@pytest.fixture
def traced():
    return Traced()


@pytest.fixture
def store():
    return MemoryStore(tt.ManualClock())


def apply(store, listener, wait="stable", workers=8):
    with tt.connect("memory", store=store, clock=store.clock, listener=listener, workers=workers) as cloud:
        return cloud.apply(cloud.plan(make_fleet()), wait)


def check_tree(traced):
    """Calls are within changes, plans or applies, changes within applies; one span ends after those within it."""
    for call in traced.calls():
        parent = traced.parent(call)
        assert parent is not None, call.name
        assert parent.name in ("trimtab.plan", "trimtab.apply") or "trimtab.action" in parent.attributes
    for change in traced.changes():
        assert traced.parent(change).name == "trimtab.apply"
    for span in traced.spans:
        if (parent := traced.parent(span)) is not None:
            assert parent.start_time <= span.start_time <= span.end_time <= parent.end_time
            assert parent.context.trace_id == span.context.trace_id


def test_an_apply_is_a_tree_across_its_threads(traced, store):
    applied = apply(store, traced.listener)
    check_tree(traced)
    [plan], [whole] = traced.named("trimtab.plan"), traced.named("trimtab.apply")
    assert dict(plan.attributes) == {
        "trimtab.provider": "memory",
        "trimtab.fleet": "virtualmin",
        "trimtab.changes": len(applied.outcomes),
        "trimtab.problems": 0,
    }
    assert whole.attributes["trimtab.done"] == len(applied.outcomes) == len(traced.changes())
    assert {(each.attributes["trimtab.kind"], each.attributes["trimtab.name"]) for each in traced.changes()} == {
        (outcome.change.key.kind, outcome.change.key.name) for outcome in applied.outcomes
    }
    writes = [call for call in traced.calls() if call.name == "memory.write"]
    assert all("trimtab.action" in traced.parent(call).attributes for call in writes)
    assert {event.name for event in whole.events} == {"waiting"}
    assert all(span.status.status_code is StatusCode.UNSET for span in traced.spans)


def test_a_call_that_writes_several_changes_is_within_the_first_and_linked_to_the_others(traced, store):
    apply(store, traced.listener, "accepted")
    schedules = [span for span in traced.changes() if span.attributes["trimtab.kind"] == "schedule"]
    by_id = {span.context.span_id: span for span in schedules}
    calls = [call for call in traced.calls() if call.parent.span_id in by_id]
    assert len(schedules) == 4
    assert len(calls) == 2
    for call in calls:
        [link] = call.links
        pair = traced.parent(call), by_id[link.context.span_id]
        assert [span.attributes["trimtab.name"] for span in pair] == ["evening", "morning"]
        assert len({span.parent.span_id for span in pair}) == 1


def test_it_is_all_within_the_span_of_the_caller(traced, store):
    with traced.tracer.start_as_current_span("job") as job:
        apply(store, traced.listener)
        assert get_current_span() is job
    [job] = traced.named("job")
    assert {traced.parent(span).name for span in traced.named("trimtab.plan")} == {"job"}
    assert traced.parent(traced.named("trimtab.apply")[0]).name == "job"


def test_on_asyncio_too(traced, store):
    """Each task has its own tree."""

    async def job(cloud, name):
        with traced.tracer.start_as_current_span(name):
            await cloud.plan(make_fleet(name=name))

    async def live():
        async with tt.connect_async("memory", store=store, clock=store.clock, listener=traced.listener) as cloud:
            await asyncio.gather(job(cloud, "one"), job(cloud, "two"))

    asyncio.run(live())
    check_tree(traced)
    for plan in traced.named("trimtab.plan"):
        assert traced.parent(plan).name == plan.attributes["trimtab.fleet"]


def test_what_fails_is_an_error_up_to_the_apply(traced, store):
    error = InvalidRequest("'hunter2' is no start script", provider="memory", operation="create", code="Malformed")
    store.fault = lambda name, key: error if name == "create group" and key.name == "virtualmin-web" else None
    apply(store, traced.listener)
    check_tree(traced)
    outcomes = {
        (span.attributes["trimtab.group"], span.attributes["trimtab.kind"]): span.attributes["trimtab.outcome"]
        for span in traced.changes()
    }
    assert outcomes["web", "group"] == "failed"
    assert outcomes["web", "policy"] == "skipped"
    assert outcomes["api", "group"] == "done"
    [whole] = traced.named("trimtab.apply")
    assert whole.status.status_code is StatusCode.ERROR
    assert whole.attributes["error.type"] == "ApplyFailed"
    assert whole.attributes["trimtab.failures"] == sum(word != "done" for word in outcomes.values()) + 1


def test_what_is_refused_ends_its_spans(traced, store):
    with tt.connect("memory", store=store, clock=store.clock, listener=traced.listener) as cloud:
        cloud.apply(cloud.plan(make_fleet())).raise_for_failures()
        stale = cloud.destroy(make_fleet())
        cloud.apply(cloud.destroy(make_fleet()), allow_delete=True)
        with pytest.raises(tt.errors.StalePlan):
            cloud.apply(stale, allow_delete=True)
    check_tree(traced)
    last = traced.named("trimtab.apply")[-1]
    assert last.attributes["error.type"] == "StalePlan"
    assert [span.name for span in traced.spans if traced.parent(span) is last] == ["trimtab.plan"]
    assert not get_current_span().is_recording()


def test_each_attempt_is_a_call_and_each_retry_an_event(traced):
    from trimtab.providers.retry import Caller

    caller, errors = (
        Caller(clock=tt.ManualClock(), workers=1, listener=traced.listener),
        [Throttled("slow", code="Busy")],
    )

    def attempt():
        if errors:
            raise errors.pop()
        return get_current_span().get_span_context().span_id

    with traced.tracer.start_as_current_span("job"):
        inside = caller.retried("Describe", attempt, target=["here", "web"])
    first, second = traced.calls()
    assert [span.attributes["trimtab.attempt"] for span in (first, second)] == [1, 2]
    assert second.attributes["trimtab.target"] == "here web"
    assert first.attributes["error.type"] == "Throttled (Busy)"
    assert first.status.status_code is StatusCode.ERROR
    # what the SDK's own instrumentation would make is within the call
    assert inside == second.context.span_id
    [job] = traced.named("job")
    assert [event.name for event in job.events] == ["retry"]


def test_nothing_complains(traced, store, caplog):
    """OpenTelemetry logs what is ended or detached where it was not begun."""
    with caplog.at_level(logging.WARNING, logger="opentelemetry"):
        apply(store, traced.listener)
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


def test_on_aws_the_reads_of_a_plan_are_within_it(traced, aws_emulator):
    """They are asked in threads of several sets; the emulator counted the same calls."""
    from trimtab.testing import AwsTestCloud

    aws_emulator.doors.reset()
    world = AwsTestCloud(aws_emulator)
    with world.connect(listener=traced.listener) as cloud:
        plan = cloud.plan(make_fleet())
        aws_emulator.doors.clear_requests()
        traced.exporter.clear()
        cloud.plan(make_fleet())
        reads = [call.operation for call in aws_emulator.doors.requests()]
        [whole] = traced.named("trimtab.plan")
        assert [traced.parent(call) for call in traced.calls()] == [whole] * len(reads)
        spelled = sorted(call.attributes["trimtab.operation"].replace("_", "") for call in traced.calls())
        assert spelled == sorted(name.lower() for name in reads)
        traced.exporter.clear()
        cloud.apply(plan, "accepted").raise_for_failures()
    check_tree(traced)
    made = [call for call in traced.calls() if call.name == "aws.create_auto_scaling_group"]
    assert {call.attributes["trimtab.target"] for call in made} == {
        "us-east-1 virtualmin-web",
        "us-east-1 virtualmin-api",
    }
