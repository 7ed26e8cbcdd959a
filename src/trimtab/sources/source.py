"""What a source of metrics is, and how values become the datapoints of a query."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from trimtab.engine.trimmed import combined
from trimtab.errors import InvalidRequest, TrimtabError, UnreadableReply
from trimtab.models import Metric
from trimtab.providers.datapoints import Datapoints, MetricQuery

Answer = Datapoints | TrimtabError
"""What a query is answered with: its datapoints, or why there are none."""


class Source(Protocol):
    """
    Something that is asked for metrics and is no cloud: a Prometheus, an HTTP address, a file, a function.

    It may be asked by several threads at the same time.
    """

    @property
    def name(self) -> str:
        """What metrics call it."""
        ...

    def reads(self, metric: Metric) -> bool:
        """Whether it is this source that answers queries for a metric."""
        ...

    def read(self, queries: Sequence[MetricQuery]) -> Sequence[Answer]:
        """
        One answer to each query, in order; each query says its location and its end.

        A query that fails is answered with its error and harms no other. It ends within a time that it knows itself.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def finite(value: object) -> float | None:
    """The number that a value is; `None` for one that is no number, not a number, or infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def number_in(text: str) -> float | None:
    """The number that a text is; `None` for `NaN` and what is infinite, as in JSON of those who write such."""
    number = float(text)
    return number if math.isfinite(number) else None


def answer_now(query: MetricQuery, value: float | None, now: datetime) -> Datapoints:
    """
    The datapoints of something that has one value, the one of now: it fills the newest whole period.

    A query whose newest period is not the newest of all, or the one before, is about another time: all is missing.
    """
    times = query.times
    newest = query.period * ((now - _EPOCH) // query.period - 1) + _EPOCH
    is_now = bool(times) and abs(newest - times[-1]) <= query.period
    return query.answered({times[-1]: value} if is_now and value is not None else {})


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def answer_points(query: MetricQuery, points: Iterable[tuple[datetime, float]]) -> Datapoints:
    """The datapoints of values over time: those within a period as one, by the statistic of the query."""
    inside: dict[datetime, list[float]] = {}
    for at, value in points:
        if math.isfinite(value):
            inside.setdefault(query.period * ((at - _EPOCH) // query.period) + _EPOCH, []).append(value)
    answers = {begin: _combined(values, query.statistic) for begin, values in inside.items()}
    return query.answered({begin: value for begin, value in answers.items() if math.isfinite(value)})


def _combined(values: Sequence[float], statistic: str) -> float:
    """Values as one; infinite where they are too large to add."""
    try:
        return combined(values, statistic)
    except OverflowError:
        return math.inf


def value_at(document: object, path: str, *, source: str) -> float | None:
    """
    The number at a place of a JSON document.

    Args:
        document: What the JSON says.
        path: A JSON pointer (`/queues/0/depth`, RFC 6901), or the same with dots (`queues.0.depth`); empty for all.
        source: Who is asked, for errors.

    Raises:
        UnreadableReply: There is no such place, or no number in it; null is a missing value.
    """
    for step in _steps(path):
        document = _inner(document, step, path, source)
    if document is None:
        return None
    if isinstance(document, str):
        try:
            return number_in(document)
        except ValueError:
            document = ""
    if isinstance(document, float) and not math.isfinite(document):
        return None
    number = finite(document)
    if number is None:
        raise UnreadableReply(f"no number at {path or 'the top'!r}", provider=source, operation="read")
    return number


def _steps(path: str) -> Sequence[str]:
    if path.startswith("/"):
        return [step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/")]
    return path.split(".") if path else []


def _inner(document: object, step: str, path: str, source: str) -> object:
    if isinstance(document, Mapping) and step in document:
        return document[step]
    if isinstance(document, list) and step.isascii() and step.isdigit() and int(step) < len(document):
        return document[int(step)]
    raise UnreadableReply(f"nothing at {path!r}: there is no {step!r}", provider=source, operation="read")


def failed(error: Exception, source: str) -> TrimtabError:
    """An exception as the answer to a query."""
    if isinstance(error, TrimtabError):
        return error
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    answer = InvalidRequest(text, provider=source, operation="read")
    answer.__cause__ = error
    return answer
