"""
Metrics Insights: queries in words over all metrics of a namespace.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimtab.emulators.aws.datapoints import DatapointStore, Key, Series
from trimtab.emulators.aws.expressions import NotComputed, Values

_NAME = r'"[^"]+"|[\w./:#-]+'
_FUNCTION = "AVG|COUNT|MAX|MIN|SUM"
_QUERY = re.compile(
    rf"""\s* SELECT \s+ (?P<function>{_FUNCTION}) \s*\(\s* (?P<metric>{_NAME}) \s*\)
    \s+ FROM \s+ (?: SCHEMA \s*\( (?P<schema>[^)]+) \) | (?P<namespace>{_NAME}) )
    (?: \s+ WHERE \s+ (?P<where>.+?) )?
    (?: \s+ GROUP \s+ BY \s+ (?P<group>.+?) )?
    (?: \s+ ORDER \s+ BY \s+ (?P<order>{_FUNCTION}) \s*\(\s*\) (?: \s+ (?P<way>ASC|DESC) )? )?
    (?: \s+ LIMIT \s+ (?P<limit>\d+) )? \s*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(rf"\s*(?P<key>{_NAME})\s*(?P<unlike>!?)=\s*'(?P<value>[^']*)'\s*")
_STATISTICS = ("Sum", "SampleCount", "Minimum", "Maximum")
_JOINED: Mapping[str, Callable[[Sequence[Sequence[float]]], float]] = {
    "SUM": lambda rows: sum(row[0] for row in rows),
    "COUNT": lambda rows: sum(row[1] for row in rows),
    "AVG": lambda rows: sum(row[0] for row in rows) / sum(row[1] for row in rows),
    "MIN": lambda rows: min(row[2] for row in rows),
    "MAX": lambda rows: max(row[3] for row in rows),
}


@dataclass(frozen=True, slots=True)
class PeriodSpan:
    """The periods that are asked for: how many there are of how many seconds, and where the last one ends."""

    end: int
    period: int
    count: int


def is_insight(query: Mapping[str, Any]) -> bool:
    """Whether a query is in the words of Metrics Insights."""
    return str(query.get("Expression") or "").lstrip().upper().startswith("SELECT ")


def answer_insight(
    expression: str, datapoints: DatapointStore, since: int, span: PeriodSpan
) -> list[tuple[str, Values]]:
    """
    The values of each series that a query answers, with what its GROUP BY calls it.

    Raises:
        Unknown: The query is not one that is read here.
    """
    query = _QUERY.fullmatch(expression)
    if query is None:
        raise NotComputed(expression)
    groups: dict[str, list[Series]] = {}
    named = _names(query["group"])
    for key, series in datapoints.since(since):
        dimensions = dict(key[2])
        if _matches(query, key) and set(named) <= set(dimensions):
            groups.setdefault(" ".join(dimensions[name] for name in named), []).append(series)
    answers = [(name, _values(query["function"].upper(), members, span)) for name, members in groups.items()]
    if query["order"]:
        weigh = _JOINED[query["order"].upper()]
        answers.sort(key=lambda each: _weight(weigh, each[1]), reverse=(query["way"] or "").upper() == "DESC")
    return answers[: int(query["limit"])] if query["limit"] else answers


def _matches(query: re.Match[str], key: Key) -> bool:
    namespace, metric, pairs = key
    dimensions = dict(pairs)
    if query["schema"]:
        schema, *names = _names(query["schema"])
        if namespace != schema or set(names) != set(dimensions):
            return False
    elif namespace != _bare(query["namespace"]):
        return False
    return metric == _bare(query["metric"]) and all(
        (dimensions.get(name) == value) is not is_unlike for name, is_unlike, value in _conditions(query["where"])
    )


def _conditions(text: str | None) -> list[tuple[str, bool, str]]:
    conditions = []
    for part in re.split(r"\s+AND\s+", text, flags=re.IGNORECASE) if text else ():
        match = _CONDITION.fullmatch(part)
        if match is None:
            raise NotComputed(part)
        conditions.append((_bare(match["key"]), bool(match["unlike"]), match["value"]))
    return conditions


def _names(text: str | None) -> list[str]:
    return [_bare(each.strip()) for each in text.split(",")] if text else []


def _bare(name: str) -> str:
    return name.strip('"')


def _values(function: str, members: Sequence[Series], span: PeriodSpan) -> Values:
    columns = [
        zip(
            *(
                [point.value for point in series.read(span.end, span.period, span.count, statistic)]
                for statistic in _STATISTICS
            ),
            strict=True,
        )
        for series in members
    ]
    rows = ([row for row in at if None not in row] for at in zip(*columns, strict=True))
    return [_JOINED[function](row) if row else None for row in rows]


def _weight(weigh: Callable[[Sequence[Sequence[float]]], float], values: Values) -> float:
    rows = [(value, 1.0, value, value) for value in values if value is not None]
    return weigh(rows) if rows else 0.0
