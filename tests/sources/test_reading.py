"""What is asked of whom: routing, one bulk call to the cloud, sources side by side, an answer to each query."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.laws import examples
from tests.sources.conftest import MINUTE, NOW
from trimtab import metrics
from trimtab.errors import (
    Cancelled,
    InvalidRequest,
    NotFound,
    ProviderError,
    Throttled,
    TrimtabError,
    Unreachable,
    UnreadableReply,
    Unsupported,
)
from trimtab.models import Metric
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.providers.memory.provider import connect
from trimtab.providers.memory.store import MemoryStore
from trimtab.sources import Function, read_all
from trimtab.sources.reading import MOST_UNANSWERED
from trimtab.sources.source import Answer

JOBS, LAG = metrics.external("jobs"), metrics.external("lag")


def query(group: str = "web", metric: Metric = metrics.cpu, **more: Any) -> MetricQuery:
    return MetricQuery(group=group, metric=metric, **{"since": NOW - 5 * MINUTE, "until": NOW, **more})


class Cloud:
    """A provider that answers with a number of each group, and refuses what it is told to."""

    name, location = "cloud", "here"

    def __init__(self, refused: Callable[[MetricQuery], Exception | None] = lambda _: None) -> None:
        self.calls: list[list[MetricQuery]] = []
        self._refused = refused
        self.metrics = SimpleNamespace(read=self.read)

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Datapoints]:
        self.calls.append(list(queries))
        for each in queries:
            if (error := self._refused(each)) is not None:
                raise error
        return [each.answered({each.times[-1]: float(len(each.group))}) for each in queries]


class Listed:
    """A source that keeps what it was asked, and answers by a function."""

    def __init__(self, name: str, found: Callable[[MetricQuery], Answer]) -> None:
        self.name = name
        self.asked: list[list[MetricQuery]] = []
        self._found = found

    def reads(self, metric: Metric) -> bool:
        return metric.name == self.name

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        self.asked.append(list(queries))
        return [self._found(each) for each in queries]

    def close(self) -> None:
        """There is nothing."""


def listed(name: str, value: float = 1.0) -> Listed:
    return Listed(name, lambda each: each.answered({each.times[-1]: value}))


def read(cloud: Any, sources: Sequence[Any], queries: Sequence[MetricQuery], **more: Any) -> Sequence[Answer]:
    return read_all(cloud, sources, queries, NOW, **more)


def latest(answers: Sequence[Answer]) -> list[Any]:
    return [each.latest if isinstance(each, Datapoints) else type(each) for each in answers]


# who is asked


def test_one_call_to_the_cloud_and_one_to_each_source() -> None:
    cloud, jobs, lag = Cloud(), listed("jobs", 7), listed("lag", 9)
    queries = [query("web"), query("web", JOBS), query("api"), query("api", LAG), query("api", JOBS)]
    assert latest(read(cloud, [jobs, lag], queries)) == [3, 7, 3, 9, 7]
    assert [len(cloud.calls), len(jobs.asked), len(lag.asked)] == [1, 1, 1]
    assert [each.group for each in cloud.calls[0]] == ["web", "api"]


def test_a_question_that_is_asked_twice_is_asked_once() -> None:
    """Also one that leaves out what another says."""
    cloud, jobs = Cloud(), listed("jobs")
    queries = [query(), query(location="here"), query(until=None), query(metric=JOBS), query(metric=JOBS)]
    assert latest(read(cloud, [jobs], queries)) == [3, 3, 3, 1, 1]
    assert [len(cloud.calls[0]), len(jobs.asked[0])] == [1, 1]


def test_nothing_is_asked_of_a_cloud_without_a_question() -> None:
    cloud = Cloud()
    assert list(read(cloud, [], [])) == []
    assert latest(read(cloud, [listed("jobs")], [query(metric=JOBS)])) == [1]
    assert cloud.calls == []


def test_a_source_goes_before_the_cloud() -> None:
    cloud = Cloud()
    assert latest(read(cloud, [listed("cpu", 55)], [query()])) == [55]
    assert cloud.calls == []


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (JOBS, "no source is called 'jobs'; there are lag"),
        (metrics.promql("up", source="eu"), "no source is called 'eu'"),
    ],
)
def test_a_metric_whose_source_is_missing_is_an_error_and_never_asked_of_the_cloud(metric: Metric, said: str) -> None:
    cloud = Cloud()
    missing, well = read(cloud, [listed("lag")], [query(metric=metric), query()])
    assert isinstance(missing, NotFound)
    assert said in str(missing)
    assert isinstance(well, Datapoints)


def test_a_metric_that_several_sources_read_is_an_error() -> None:
    (answer,) = read(
        Cloud(), [listed("promql"), Listed("promql", lambda _: Unsupported("no"))], [query(metric=metrics.promql("up"))]
    )
    assert isinstance(answer, InvalidRequest)
    assert "name one by `source:`" in str(answer)


def test_a_promql_metric_without_a_source_is_the_cloud_s() -> None:
    store = MemoryStore(clock=tt.ManualClock(NOW))
    provider = connect(store=store, clock=store.clock, location="here")
    up = metrics.promql("up")
    store.measures.add("here", "web", up, 4.0, NOW - MINUTE)
    assert latest(read(provider, [], [query(metric=up)])) == [4.0]


# failures


def test_a_query_that_the_cloud_refuses_fails_alone() -> None:
    cloud = Cloud(lambda each: Unsupported("no such metric") if each.group == "bad" else None)
    queries = [query(name) for name in ("a", "bb", "bad", "dddd")]
    assert latest(read(cloud, [], queries)) == [1, 2, Unsupported, 4]


def test_what_all_would_fail_of_is_asked_once() -> None:
    for error in (Unreachable("away"), Throttled("slowly"), tt.errors.Unauthenticated("who?")):
        cloud = Cloud(lambda each, error=error: error)  # type: ignore[misc]
        answers = read(cloud, [listed("jobs")], [*(query(f"g{number}") for number in range(50)), query(metric=JOBS)])
        assert answers[:50] == [error] * 50
        assert isinstance(answers[50], Datapoints)
        assert len(cloud.calls) == 1


def test_one_bad_query_among_a_thousand_costs_few_calls() -> None:
    cloud = Cloud(lambda each: Unsupported("no") if each.group == "g700" else None)
    answers = read(cloud, [], [query(f"g{number}") for number in range(1000)])
    assert [number for number, each in enumerate(answers) if isinstance(each, TrimtabError)] == [700]
    assert len(cloud.calls) <= 2 * 10 + 1


def test_an_invalid_query_is_its_own_answer() -> None:
    cloud = Cloud()
    queries = [query(statistic="mode"), query(since=NOW.replace(tzinfo=None)), query(period=timedelta(0)), query()]
    assert latest(read(cloud, [], queries)) == [InvalidRequest, InvalidRequest, InvalidRequest, 3]


def test_a_mistake_of_a_provider_is_an_answer_too() -> None:
    cloud = Cloud(lambda each: KeyError("x"))
    (answer,) = read(cloud, [], [query()])
    assert isinstance(answer, ProviderError)
    assert "KeyError: 'x'" in str(answer)


def test_work_that_is_cancelled_ends() -> None:
    with pytest.raises(Cancelled):
        read(Cloud(lambda each: Cancelled("stop")), [], [query(), query("api")])


@pytest.mark.parametrize("found", [[], [1, 2], RuntimeError("broken")])
def test_a_source_that_breaks_harms_no_other(found: Any) -> None:
    def reply(queries: Sequence[MetricQuery]) -> Any:
        if isinstance(found, Exception):
            raise found
        return found

    broken = listed("jobs")
    broken.read = reply  # type: ignore[method-assign]
    jobs, lag, cpu = read(Cloud(), [broken, listed("lag")], [query(metric=JOBS), query(metric=LAG), query()])
    assert isinstance(jobs, InvalidRequest if isinstance(found, Exception) else UnreadableReply)
    assert latest([lag, cpu]) == [1, 3]


# time


def test_sources_are_asked_side_by_side_and_beside_the_cloud() -> None:
    """All three meet, or none would go on."""
    meeting = threading.Barrier(3, timeout=30)

    def met(each: MetricQuery) -> Answer:
        meeting.wait()
        return each.answered({each.times[-1]: 1.0})

    cloud = Cloud(lambda each: meeting.wait() and None)
    answers = read(cloud, [Listed("jobs", met), Listed("lag", met)], [query(metric=JOBS), query(metric=LAG), query()])
    assert latest(answers) == [1, 1, 3]


def test_a_source_that_hangs_is_not_waited_for_and_not_asked_for_ever() -> None:
    over = threading.Event()

    def hang(each: MetricQuery) -> float:
        over.wait(60)
        return 1.0

    source, well = Function("jobs", hang), listed("lag")
    queries = [query(metric=LAG), query(metric=JOBS), query()]
    before = threading.active_count()
    answers = read(Cloud(), [source, well], queries, patience=timedelta(seconds=1))
    assert latest(answers) == [1, Unreachable, 3]
    assert "no answer within 1 s" in str(answers[1])
    for number in range(1, MOST_UNANSWERED + 3):
        (answer,) = read(Cloud(), [source], queries[1:2], patience=timedelta(milliseconds=10))
        said = "no answer within 0.01 s" if number < MOST_UNANSWERED else "earlier questions are still unanswered"
        assert said in str(answer)
    assert threading.active_count() <= before + MOST_UNANSWERED
    over.set()
    for thread in threading.enumerate():
        if thread.name == "trimtab-jobs":
            thread.join(30)
    (answer,) = read(Cloud(), [source], [query(metric=JOBS, until=None)])
    assert isinstance(answer, Datapoints)


# laws

PLACES = st.lists(
    st.tuples(
        st.sampled_from(["a", "bb", "ccc", "dddd"]),
        st.sampled_from([metrics.cpu, metrics.memory, JOBS, LAG, metrics.external("none"), metrics.promql("up")]),
        st.sampled_from(["average", "maximum"]),
    ),
    max_size=12,
)
BAD = st.sets(st.tuples(st.sampled_from(["a", "bb", "ccc", "dddd"]), st.sampled_from(["cpu", "memory"])), max_size=4)


@given(places=PLACES, bad=BAD)
@settings(max_examples=examples(), deadline=None)
def test_each_query_is_answered_in_its_place_as_if_it_were_asked_alone(places: Any, bad: set[tuple[str, str]]) -> None:
    queries = [query(group, metric, statistic=statistic) for group, metric, statistic in places]

    def refused(each: MetricQuery) -> Exception | None:
        return Unsupported(f"{each.group} has none") if (each.group, each.metric.name) in bad else None

    sources = [listed("jobs", 7), Listed("lag", lambda each: NotFound(each.group))]
    together = read(Cloud(refused), sources, queries)
    alone = [read(Cloud(refused), sources, [each])[0] for each in queries]
    assert [*map(comparable, together)] == [*map(comparable, alone)]
    for each, answer in zip(queries, together, strict=True):
        if isinstance(answer, Datapoints):
            assert (answer.group, answer.metric, answer.statistic) == (each.group, each.metric, each.statistic)
            assert answer.times == replace(each, location="here").times


def comparable(answer: Answer) -> object:
    return answer if isinstance(answer, Datapoints) else (type(answer), str(answer))
