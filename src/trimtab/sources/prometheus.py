"""Prometheus, and what speaks its HTTP API: Thanos, Mimir, VictoriaMetrics, managed services."""

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from trimtab.errors import InvalidRequest, Unreachable, UnreadableReply, Unsupported
from trimtab.models import Metric, MetricSource
from trimtab.providers.datapoints import MetricQuery
from trimtab.providers.promql import fill_query
from trimtab.sources.asking import ask_each
from trimtab.sources.http import MOST_CONNECTIONS, Answered, error_of
from trimtab.sources.signing import Signing, open_client
from trimtab.sources.source import Answer, failed, number_in

TIMEOUT = timedelta(seconds=10)
TURNS = 3
"""How many timeouts a set of queries takes at most, however many they are."""
HTTP_OK, HTTP_BAD_REQUEST, HTTP_UNPROCESSABLE = 200, 400, 422
_OPERATION = "query_range"


class PrometheusQuery(NamedTuple):
    """What Prometheus is asked; two queries that come to the same are asked once."""

    query: str
    start: datetime
    end: datetime
    step: timedelta


class Prometheus:
    """
    Answers PromQL metrics by range queries.

    The value of a period is what the query gives at the period's end: `rate(x[1m])` at 12:05 is about the minute that
    began at 12:04, and is that minute's datapoint. An empty answer, NaN and infinity are missing values, never 0.

    Args:
        url: Its address, with a path where it has one: `https://prometheus.example.com/prometheus`.
        name: What metrics call it, where there are several.
        token: Sent as a bearer token.
        username: With `password`, sent as basic authentication.
        password: See `username`.
        headers: What else is sent, such as `X-Scope-OrgID`.
        ca: A file of certificates of authorities to trust, in place of the system's.
        certificate: A PEM file with a certificate of one's own and its key.
        timeout: How long a query may take; all queries of a tick take three times that at most.
        staleness: How old a sample may be to count; what Prometheus is set to, 5 minutes, when left out. A server of
            before 2023 takes none, and says so.

    Raises:
        ConfigError: The address or the way to sign in is not safe or not whole.
        MissingExtra: The extra `controller` is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "prometheus",
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        headers: Mapping[str, str] | None = None,
        ca: str | None = None,
        certificate: str | None = None,
        timeout: timedelta = TIMEOUT,
        staleness: timedelta | None = None,
    ) -> None:
        self.name = name
        self._timeout, self._staleness = timeout, staleness
        self._takes_staleness: bool | None = None
        signing = Signing(token, username, password, headers or {}, ca, certificate)
        self._client = open_client(name, url, signing, timeout)
        head, _, own = url.partition("?")
        self._url, self._own = f"{head.rstrip('/')}/api/v1/query_range", own

    def __repr__(self) -> str:
        return f"Prometheus({self._client.url!r}, name={self.name!r})"

    def reads(self, metric: Metric) -> bool:
        """Whether it is a PromQL metric that names this source, or none."""
        return metric.source is MetricSource.PROMQL and metric.source_name in (None, self.name)

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """One answer to each query, in order; queries that come to the same are asked once."""
        end = time.monotonic() + TURNS * self._timeout.total_seconds()
        questions = [self._question(query) for query in queries]
        distinct = list(dict.fromkeys(each for each in questions if isinstance(each, PrometheusQuery)))
        asked = ask_each([partial(self._ask, each, end) for each in distinct], MOST_CONNECTIONS)
        answers = dict(zip(distinct, asked, strict=True))
        return [
            self._answer(query, answers[each] if isinstance(each, PrometheusQuery) else each)
            for query, each in zip(queries, questions, strict=True)
        ]

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _question(self, query: MetricQuery) -> PrometheusQuery | Exception | None:
        """What is asked; nothing where the query has no whole period."""
        if query.statistic != "average":
            text = f"a PromQL query aggregates by itself; write {query.statistic} into it and leave `statistic` out"
            return InvalidRequest(text, provider=self.name, operation=_OPERATION)
        times = query.times
        if not times:
            return None
        try:
            text = fill_query(query.metric.query or "", query.group)
        except Unsupported as error:
            return error
        return PrometheusQuery(text, times[0] + query.period, times[-1] + query.period, query.period)

    def _ask(self, question: PrometheusQuery, end: float) -> "dict[datetime, float] | Exception":
        try:
            return self._values(question, min(end, time.monotonic() + self._timeout.total_seconds()))
        except Exception as error:
            return error

    def _values(self, question: PrometheusQuery, deadline: float) -> dict[datetime, float]:
        asked = {
            "query": question.query,
            "start": _seconds(question.start),
            "end": _seconds(question.end),
            "step": f"{question.step.total_seconds():g}",
            "timeout": f"{max(1, round(deadline - time.monotonic()))}s",
        }
        if self._staleness is not None:
            self._check_staleness(deadline)
            asked["lookback_delta"] = f"{self._staleness.total_seconds():g}"
        answered = self._get(asked, deadline)
        document = _document(answered.body)
        said = document.get("error") if document else None
        if problem := error_of(self.name, answered, _OPERATION, said if isinstance(said, str) else ""):
            raise problem
        if document is None:
            raise self._unreadable("its reply is not JSON of the Prometheus API")
        return {at - question.step: value for at, value in self._points(document)}

    def _get(self, asked: Mapping[str, str], deadline: float) -> Answered:
        url = f"{self._url}?{'&'.join(part for part in (self._own, urlencode(asked)) if part)}"
        return self._client.get(url, deadline, operation=_OPERATION)

    def _check_staleness(self, deadline: float) -> None:
        """
        Refuse a server that would ignore how old a sample may be: it takes what is no duration without complaint.

        Prometheus takes `lookback_delta` since 2023 (prometheus/prometheus#12088); 2.42 does not.
        """
        if self._takes_staleness is None:
            wrong = {"query": "1", "start": "0", "end": "0", "step": "1", "lookback_delta": "none"}
            status = self._get(wrong, deadline).status
            if status not in (HTTP_OK, HTTP_BAD_REQUEST, HTTP_UNPROCESSABLE):
                return  # the query itself will say what is wrong
            self._takes_staleness = status != HTTP_OK
        if not self._takes_staleness:
            text = "this server knows no `staleness` of a query; leave it out, or set --query.lookback-delta there"
            raise InvalidRequest(text, provider=self.name, operation=_OPERATION)

    def _points(self, document: Mapping[str, Any]) -> list[tuple[datetime, float]]:
        if document.get("status") != "success":
            raise InvalidRequest(str(document.get("error", "it failed")), provider=self.name, operation=_OPERATION)
        if warnings := document.get("warnings"):
            # what is read of a part of the series is too little, and would scale in
            raise Unreachable(f"its answer may be partial: {warnings}", provider=self.name, operation=_OPERATION)
        data = document.get("data")
        series = data.get("result") if isinstance(data, Mapping) and data.get("resultType") == "matrix" else None
        if not isinstance(series, list):
            raise self._unreadable("its reply is not that of a range query")
        if len(series) > 1:
            text = f"the query gives {len(series)} series; aggregate them into one, such as by sum(...) or max(...)"
            raise InvalidRequest(text, provider=self.name, operation=_OPERATION)
        return [point for each in series for point in self._samples(each)]

    def _samples(self, series: Any) -> list[tuple[datetime, float]]:
        if isinstance(series, Mapping) and series.get("histograms"):
            text = "the query gives a histogram; take a number of it, such as by histogram_quantile(0.95, ...)"
            raise InvalidRequest(text, provider=self.name, operation=_OPERATION)
        try:
            pairs = [(datetime.fromtimestamp(at, UTC), number_in(value)) for at, value in series["values"]]
        except (TypeError, KeyError, ValueError, OverflowError, OSError) as error:
            raise self._unreadable("its reply has samples that are none") from error
        return [(at, value) for at, value in pairs if value is not None]

    def _answer(self, query: MetricQuery, found: "dict[datetime, float] | Exception | None") -> Answer:
        return failed(found, self.name) if isinstance(found, Exception) else query.answered(found or {})

    def _unreadable(self, text: str) -> UnreadableReply:
        return UnreadableReply(text, provider=self.name, operation=_OPERATION)


def _document(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, Mapping) else None


def _seconds(moment: datetime) -> str:
    return f"{moment.timestamp():.3f}".rstrip("0").rstrip(".")
