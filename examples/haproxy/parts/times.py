"""Time that goes faster than the machine's, and a Prometheus on the machine's time that is asked in it."""

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import trimtab as tt
from trimtab.errors import TrimtabError
from trimtab.sources import Prometheus

MINUTE = timedelta(minutes=1)


class FastClock:
    """
    A clock that goes so many times as fast as the machine's.

    Args:
        begin: What it shows at the next whole second of the machine; a whole minute.
        factor: How fast it goes; a minute of it is a whole number of milliseconds.
    """

    def __init__(self, begin: datetime, factor: int) -> None:
        self.factor = factor
        self.restart(begin)

    def restart(self, begin: datetime) -> None:
        """Have it show another time at the next whole second of the machine."""
        self.begin = begin
        self._machine = datetime.fromtimestamp(math.ceil(time.time()), UTC)

    def now(self) -> datetime:
        """The time now."""
        return self.begin + (datetime.now(UTC) - self._machine) * self.factor

    def sleep(self, duration: timedelta) -> None:
        """Return when `duration` has passed on this clock."""
        time.sleep(max(0.0, duration.total_seconds() / self.factor))

    def sleep_until(self, moment: datetime) -> None:
        """Return at a moment of this clock; at once if that has passed."""
        self.sleep(moment - self.now())

    def on_machine(self, moment: datetime) -> datetime:
        """When a moment of this clock is on the machine's."""
        return self._machine + (moment - self.begin) / self.factor

    def from_machine(self, moment: datetime) -> datetime:
        """What this clock shows at a moment of the machine's."""
        return self.begin + (moment - self._machine) * self.factor


class FastPrometheus:
    """
    A source that asks a real Prometheus, which knows the machine's time alone, in the time of a fast clock.

    `[1m]` in a query is a minute of that clock.
    """

    def __init__(self, url: str, clock: FastClock) -> None:
        self._prometheus = Prometheus(url)
        self._clock = clock
        self.name = self._prometheus.name
        self._minute = f"[{MINUTE / clock.factor // timedelta(milliseconds=1)}ms]"

    def reads(self, metric: tt.Metric) -> bool:
        """Whether it is a PromQL metric."""
        return self._prometheus.reads(metric)

    def read(self, queries: Sequence[tt.MetricQuery]) -> "Sequence[tt.Datapoints | TrimtabError]":
        """One answer to each query, in order."""
        answers = self._prometheus.read([self._in_machine_time(query) for query in queries])
        return [self._in_clock_time(*each) for each in zip(queries, answers, strict=True)]

    def close(self) -> None:
        """Let go of connections."""
        self._prometheus.close()

    def values(self, query: str, since: datetime, minutes: int) -> list[float | None]:
        """
        What a query gives at the end of each minute.

        Raises:
            TrimtabError: Prometheus refuses it, or does not answer.
        """
        metric = tt.metrics.promql(query)
        asked = tt.MetricQuery(group="", metric=metric, since=since, until=since + minutes * MINUTE)
        (answer,) = self.read([asked])
        if not isinstance(answer, tt.Datapoints):
            raise answer
        return list(answer.values)

    def _in_machine_time(self, query: tt.MetricQuery) -> tt.MetricQuery:
        metric = query.metric.replace(query=(query.metric.query or "").replace("[1m]", self._minute))
        return replace(
            query,
            metric=metric,
            since=self._clock.on_machine(query.since),
            until=self._clock.on_machine(query.until or self._clock.now()),
            period=query.period / self._clock.factor,
        )

    def _in_clock_time(
        self, query: tt.MetricQuery, answer: "tt.Datapoints | TrimtabError"
    ) -> "tt.Datapoints | TrimtabError":
        if not isinstance(answer, tt.Datapoints):
            return answer
        found = zip(answer.times, answer.values, strict=True)
        return query.answered({self._clock.from_machine(at): value for at, value in found if value is not None})
