"""Metrics out of the statistics of HAProxies: what came since the last look, and what holds now."""

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from trimtab.clock import Clock, SystemClock
from trimtab.errors import InvalidRequest, UnreadableReply
from trimtab.haproxy.client import RuntimeClient, folder_of
from trimtab.haproxy.replies import BACKEND, PROVIDER, SERVER
from trimtab.models import Fleet, Metric, MetricSource
from trimtab.providers.datapoints import MetricQuery
from trimtab.sources.source import Answer, answer_points, failed

KEPT = timedelta(hours=3)
"""For how long looks are kept: alarms look back over their periods."""
LONGEST_GAP = timedelta(minutes=5)
"""The longest time between two looks whose difference is a datapoint; after longer, its minute is unknown."""
MEASURES = ("requests", "errors-5xx", "latency", "queue")
_COUNTED = {"requests": "req_tot", "errors-5xx": "hrsp_5xx"}
_AVERAGED = 1024
"""HAProxy's averages are over the last 1,024 requests: https://docs.haproxy.org/2.6/management.html#9.1"""


class HaproxyCounts(NamedTuple):
    """What one HAProxy said at a moment: how many requests, of them with a status of 5xx, and so on."""

    counted: Mapping[str, float]
    latency: float | None
    queue: float


def look_at(rows: Sequence[Mapping[str, str]]) -> HaproxyCounts:
    """
    A look, out of the rows of a backend in `show stat`; pure.

    Requests that wait are those of the backend and those of each server. The latency is from sending a request to the
    first byte of its answer, in seconds, and there is none before the first request.

    Raises:
        UnreadableReply: There is no such row, or a number is none.
    """
    try:
        backend = next(row for row in rows if row["type"] == BACKEND)
        counted = {name: float(backend[column]) for name, column in _COUNTED.items()}
        queue = sum(float(row["qcur"] or 0) for row in rows if row["type"] in (BACKEND, SERVER))
        latency = float(backend["rtime"]) / 1000 if counted["requests"] else None
    except (KeyError, ValueError, StopIteration) as error:
        text = "its statistics have no requests; the backend takes `mode http`"
        raise UnreadableReply(text, provider=PROVIDER, operation="show stat") from error
    return HaproxyCounts(counted, latency, queue)


Looks = Sequence[tuple[datetime, HaproxyCounts]]


def counts(looks: Looks, measure: str, begin: datetime, end: datetime) -> float | None:
    """
    How many came between two moments; `None` where the looks do not tell: too far apart, or a restart in between.

    Between two looks requests are taken to come evenly. Pure.
    """
    times = [at for at, _ in looks]
    if not times or times[0] > begin or times[-1] < end:
        return None
    first = max(0, bisect_left(times, begin) - 1)
    total = 0.0
    for (since, earlier), (until, later) in pairwise(looks[first:]):
        share = min(until, end) - max(since, begin)
        if share <= timedelta(0):
            continue
        came = later.counted[measure] - earlier.counted[measure]
        if came < 0 or until - since > LONGEST_GAP:
            return None
        total += came * (share / (until - since))
    return total


def stats_of(fleet: Fleet, name: str, group: str, measure: str, *, clock: Clock | None = None) -> "HaproxyStats":
    """The source that a fleet declares as the HAProxies of one of its groups."""
    folder = folder_of(fleet, group)
    clients = [RuntimeClient(settings, folder=folder) for settings in fleet[group].haproxies]
    return HaproxyStats(name, clients, measure, clock=clock)


class HaproxyStats:
    """
    Reads requests, answers of 5xx, average latency or the queue of the HAProxies of a group, as one number.

    A datapoint of `requests` or `errors-5xx` is how many came in its period. HAProxy is looked at when the source is
    asked, so there is one once that was before and after the period, as a controller does. Percentiles are in
    HAProxy's log alone.

    Args:
        name: Its name as a metric: `metrics.external(name)`.
        clients: The HAProxies.
        measure: `requests`, `errors-5xx`, `latency` or `queue`.
        clock: What tells the time.

    Raises:
        InvalidRequest: There is no such measure.
    """

    def __init__(
        self, name: str, clients: Sequence[RuntimeClient], measure: str, *, clock: Clock | None = None
    ) -> None:
        if measure not in MEASURES:
            raise InvalidRequest(f"measure {measure!r} is none of {', '.join(MEASURES)}", provider=name)
        self.name, self.measure = name, measure
        self._clients, self._clock = clients, clock or SystemClock()
        self._looks: list[deque[tuple[datetime, HaproxyCounts]]] = [deque() for _ in clients]
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"HaproxyStats({self.name!r}, {self.measure!r})"

    def reads(self, metric: Metric) -> bool:
        """Whether it is an external metric of this name."""
        return metric.source is MetricSource.EXTERNAL and metric.name == self.name

    def close(self) -> None:
        """There is nothing to let go of."""

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """One answer to each query; each HAProxy is asked once."""
        with self._lock:
            try:
                self._look()
            except Exception as error:
                return [failed(error, self.name)] * len(queries)
            return [self._answer(query) for query in queries]

    def _look(self) -> None:
        looks = [look_at(client.stats()) for client in self._clients]
        now = self._clock.now()
        for kept, look in zip(self._looks, looks, strict=True):
            while kept and (kept[0][0] < now - KEPT or kept[-1][0] >= now):
                kept.popleft() if kept[0][0] < now - KEPT else kept.pop()
            kept.append((now, look))

    def _answer(self, query: MetricQuery) -> Answer:
        if self.measure not in _COUNTED:
            # what holds now fills the newest whole period, as with other sources that have one value
            return answer_points(query, ((at - query.period, value) for at, value in self._points()))
        found: dict[datetime, float] = {}
        for begin in query.times:
            each = [counts(list(looks), self.measure, begin, begin + query.period) for looks in self._looks]
            if all(count is not None for count in each):
                found[begin] = sum(count for count in each if count is not None)
        return query.answered(found)

    def _points(self) -> Iterator[tuple[datetime, float]]:
        """What held at each look: waiting requests add up, averages count by the requests that they are over."""
        for looks in zip(*self._looks, strict=False):
            at, some = looks[0][0], [look for _, look in looks]
            if self.measure == "queue":
                yield at, sum(look.queue for look in some)
                continue
            weights = [min(look.counted["requests"], _AVERAGED) for look in some if look.latency is not None]
            values = [look.latency for look in some if look.latency is not None]
            if values:
                yield at, sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
