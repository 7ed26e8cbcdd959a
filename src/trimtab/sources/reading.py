"""Reading for the controller: each query goes to the cloud or to a source, and each has an answer."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from datetime import datetime, timedelta

from trimtab.errors import (
    Cancelled,
    InvalidRequest,
    NotFound,
    Throttled,
    TrimtabError,
    Unauthenticated,
    Unreachable,
    UnreadableReply,
)
from trimtab.models import Metric, MetricSource
from trimtab.phrases import in_words
from trimtab.providers.datapoints import Datapoints, MetricQuery, complete_query
from trimtab.providers.roles import Provider
from trimtab.sources.source import Answer, Source, failed

PATIENCE = timedelta(seconds=60)
"""How long a tick waits for its sources."""
MOST_UNANSWERED = 4
"""So many questions to one source may be open; then it is not asked until one has come back."""
_FAIL_TOGETHER = (Unreachable, Throttled, Unauthenticated)
"""What one query fails of, others would fail of too."""


def read_all(
    provider: Provider,
    sources: Sequence[Source],
    queries: Iterable[MetricQuery],
    now: datetime,
    *,
    patience: timedelta = PATIENCE,
) -> Sequence[Answer]:
    """
    An answer to each query, in order: its datapoints, or why there are none.

    A source that reads a metric goes before the cloud. The cloud is asked once for all that is left; where it refuses,
    for the halves, so that a query that it cannot answer fails alone. Sources are asked side by side, and what is
    asked twice is asked once.

    Args:
        provider: The cloud.
        sources: What else is asked.
        queries: What is asked.
        now: The end of the queries that say none.
        patience: How long sources are waited for; one that takes longer is answered for with an error.

    Raises:
        Cancelled: The work was cancelled meanwhile.
    """
    asked = [_complete(query, provider.location, now) for query in queries]
    answers: dict[MetricQuery, Answer] = {}
    cloud: list[MetricQuery] = []
    by_source: dict[int, list[MetricQuery]] = {}
    for query in dict.fromkeys(each for each in asked if isinstance(each, MetricQuery)):
        place = _place_of(query.metric, sources)
        if isinstance(place, TrimtabError):
            answers[query] = place
        elif place is None:
            cloud.append(query)
        else:
            by_source.setdefault(place, []).append(query)
    end = time.monotonic() + patience.total_seconds()
    waits = [_Wait(sources[place], some) for place, some in by_source.items()]
    answers |= _of_cloud(provider.metrics.read, cloud, provider.name)
    for wait in waits:
        answers |= wait.answers(end, patience)
    return [answers[each] if isinstance(each, MetricQuery) else each for each in asked]


def _complete(query: MetricQuery, location: str, now: datetime) -> MetricQuery | TrimtabError:
    try:
        return complete_query(query, location, now)
    except TrimtabError as error:
        return error


def _place_of(metric: Metric, sources: Sequence[Source]) -> int | TrimtabError | None:
    """Which source reads a metric; none where the cloud does, and an error where nobody can."""
    places = [place for place, source in enumerate(sources) if source.reads(metric)]
    if len(places) == 1:
        return places[0]
    if places:
        names = in_words([sources[place].name for place in places])
        hint = "; name one by `source:`" if metric.source is MetricSource.PROMQL else ""
        return InvalidRequest(f"several sources read {metric.name!r}: {names}{hint}", operation="datapoints")
    if metric.needs_source:
        wanted = metric.source_name or metric.name
        names = in_words([source.name for source in sources]) if sources else "none"
        return NotFound(f"no source is called {wanted!r}; there are {names}", operation="datapoints")
    return None


# the cloud

Reader = Callable[[Sequence[MetricQuery]], Sequence[Datapoints]]


def _of_cloud(read: Reader, queries: Sequence[MetricQuery], name: str) -> dict[MetricQuery, Answer]:
    """Its answers, in one call; after a refusal those of each half, down to the queries that it refuses."""
    if not queries:
        return {}
    try:
        return dict(zip(queries, read(queries), strict=True))
    except Cancelled:
        raise
    except Exception as error:
        if len(queries) == 1 or isinstance(error, _FAIL_TOGETHER):
            return dict.fromkeys(queries, failed(error, name))
    half = len(queries) // 2
    return _of_cloud(read, queries[:half], name) | _of_cloud(read, queries[half:], name)


# sources

_open: Counter[int] = Counter()
"""How many questions are open, by source; each is held by its thread meanwhile, so that no other has its identity."""
_lock = threading.Lock()


class _Wait:
    """A question to a source that is on its way, in a thread of its own."""

    def __init__(self, source: Source, queries: Sequence[MetricQuery]) -> None:
        self._source, self._queries = source, queries
        self._answered = threading.Event()
        self._found: Sequence[Answer] = ()
        with _lock:
            self._asks = _open[id(source)] < MOST_UNANSWERED
            _open[id(source)] += self._asks
        if self._asks:
            work = copy_context().run
            threading.Thread(target=work, args=(self._ask,), name=f"trimtab-{source.name}", daemon=True).start()

    def answers(self, end: float, patience: timedelta) -> Mapping[MetricQuery, Answer]:
        """What it answered, or the error that it has not."""
        if not self._asks:
            text = f"{MOST_UNANSWERED} earlier questions are still unanswered, so it was not asked"
            return self._all(Unreachable(text, provider=self._source.name, operation="read"))
        if not self._answered.wait(max(0.0, end - time.monotonic())):
            text = f"no answer within {patience.total_seconds():g} s"
            return self._all(Unreachable(text, provider=self._source.name, operation="read"))
        return dict(zip(self._queries, self._found, strict=True))

    def _ask(self) -> None:
        try:
            self._found = self._checked(self._source.read(self._queries))
        except Exception as error:
            self._found = [failed(error, self._source.name)] * len(self._queries)
        finally:
            with _lock:
                _open[id(self._source)] -= 1
            self._answered.set()

    def _checked(self, found: Sequence[Answer]) -> Sequence[Answer]:
        if len(found) != len(self._queries):
            text = f"it gave {len(found)} answers to {len(self._queries)} queries"
            raise UnreadableReply(text, provider=self._source.name, operation="read")
        return found

    def _all(self, error: TrimtabError) -> Mapping[MetricQuery, Answer]:
        return dict.fromkeys(self._queries, error)
