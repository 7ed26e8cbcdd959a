"""Aggregations of Cloud Monitoring: series aligned, and then reduced to fewer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.alignment import NUMERIC, VALID, AlignedSeries, AlignedValue, align, of_values, raw
from trimtab.emulators.gcp.datapoints import Series, Value
from trimtab.emulators.gcp.distributions import samples_of
from trimtab.emulators.gcp.filters import invalid, selector_of
from trimtab.emulators.shared.moments import read_seconds

SHORTEST = timedelta(seconds=60)
_ALL = NUMERIC | {"DISTRIBUTION"}
REDUCERS = {
    "REDUCE_MEAN": _ALL,
    "REDUCE_MIN": NUMERIC,
    "REDUCE_MAX": NUMERIC,
    "REDUCE_SUM": _ALL,
    "REDUCE_STDDEV": _ALL,
    "REDUCE_COUNT": _ALL | {"BOOL", "STRING"},
    "REDUCE_COUNT_TRUE": frozenset({"BOOL"}),
    "REDUCE_COUNT_FALSE": frozenset({"BOOL"}),
    "REDUCE_FRACTION_TRUE": frozenset({"BOOL"}),
    "REDUCE_PERCENTILE_99": _ALL,
    "REDUCE_PERCENTILE_95": _ALL,
    "REDUCE_PERCENTILE_50": _ALL,
    "REDUCE_PERCENTILE_05": _ALL,
}
"""The value types that each reducer takes (Aggregation.Reducer, Cloud Monitoring API v3)."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How series become fewer values: aligned by period, then reduced by labels."""

    period: timedelta = SHORTEST
    aligner: str = "ALIGN_NONE"
    reducer: str = "REDUCE_NONE"
    group_by: tuple[str, ...] = ()


def read_aggregation(body: Mapping[str, Any], *, field: str = "aggregation") -> Aggregation:
    """
    A native aggregation.

    Raises:
        ServiceError: It does not say enough, or says what does not go together.
    """
    aligner, reducer = body.get("perSeriesAligner", "ALIGN_NONE"), body.get("crossSeriesReducer", "REDUCE_NONE")
    fields = tuple(body.get("groupByFields") or ())
    if aligner == "ALIGN_NONE" and reducer != "REDUCE_NONE":
        raise invalid(f"{field}.crossSeriesReducer", reducer, "A reducer needs a per-series aligner.")
    if fields and reducer == "REDUCE_NONE":
        text = "An aggregation cannot have group-by fields without a reducer."
        raise invalid(f"{field}.groupByFields", ", ".join(fields), text)
    named = [selector_of(name) for name in fields]
    if None in named:
        text = "Fields are labels of the metric, of the resource or of its metadata."
        raise invalid(f"{field}.groupByFields", ", ".join(fields), text)
    period = _period(body, aligner, field)
    return Aggregation(period, aligner, reducer, tuple(name for name in named if name is not None))


def _period(body: Mapping[str, Any], aligner: str, field: str) -> timedelta:
    if aligner == "ALIGN_NONE":
        return SHORTEST
    if aligner not in VALID:
        raise invalid(f"{field}.perSeriesAligner", aligner, f"Unknown aligner; use one of {', '.join(sorted(VALID))}.")
    text = body.get("alignmentPeriod", "")
    if not text or read_seconds(text) < SHORTEST:
        raise invalid(f"{field}.alignmentPeriod", text, "The alignment period must be at least 60 seconds.")
    return read_seconds(text)


def aggregate(
    series: Sequence[Series], first: Aggregation, start: datetime, end: datetime, *, second: Aggregation | None = None
) -> list[AlignedSeries]:
    """
    Series after an aggregation, and after another one; those without values are left out.

    Raises:
        ServiceError: An aligner or a reducer does not fit what is measured.
    """
    if first.aligner == "ALIGN_NONE":
        return [line for source in series if (line := raw(source, start, end)).samples]
    lines = _reduced([align(source, first.aligner, first.period, start, end) for source in series], first)
    if second is None:
        return lines
    again = [align(as_series(line), second.aligner, second.period, start, end) for line in lines]
    return _reduced(again, second)


def as_series(line: AlignedSeries) -> Series:
    """A line as a series, to be aggregated once more."""
    series = Series(line.metric, line.metric_labels, line.resource, line.resource_labels, line.kind, line.value_type)
    series.extend((sample.at, sample.value, sample.start) for sample in reversed(line.samples))
    return series


def _reduced(lines: Sequence[AlignedSeries], how: Aggregation) -> list[AlignedSeries]:
    filled = [line for line in lines if line.samples]
    if how.reducer == "REDUCE_NONE":
        return filled
    groups: dict[tuple[str, ...], list[AlignedSeries]] = {}
    for line in filled:
        # series of different resources are never reduced to one
        key = (line.resource, *(_read(line, name) for name in how.group_by))
        groups.setdefault(key, []).append(line)
    return [_one(group, how) for group in groups.values()]


def _read(line: AlignedSeries, selector: str) -> str:
    return as_probe(line).read(selector) or ""


def as_probe(line: AlignedSeries) -> Series:
    """A line's labels as a filter reads them."""
    return Series(
        line.metric,
        line.metric_labels,
        line.resource,
        line.resource_labels,
        line.kind,
        line.value_type,
        line.system_labels,
        line.user_labels,
    )


def _one(group: Sequence[AlignedSeries], how: Aggregation) -> AlignedSeries:
    first = group[0]
    if first.value_type not in REDUCERS[how.reducer]:
        text = f"The reducer cannot be applied to values of type {first.value_type}."
        raise invalid("aggregation.crossSeriesReducer", how.reducer, text)
    by_moment: dict[datetime, list[AlignedValue]] = {}
    for line in group:
        for sample in line.samples:
            by_moment.setdefault(sample.at, []).append(sample)
    samples = [
        AlignedValue(at, concurrent[0].start, _reduce(how.reducer, [point.value for point in concurrent]))
        for at, concurrent in sorted(by_moment.items(), reverse=True)
    ]
    return replace(
        first,
        metric_labels=_kept(first, how, "metric.labels"),
        resource_labels=_kept(first, how, "resource.labels"),
        system_labels=_kept(first, how, "metadata.system_labels"),
        user_labels=_kept(first, how, "metadata.user_labels"),
        value_type=_type_after(how.reducer, first.value_type),
        samples=samples,
    )


def _kept(line: AlignedSeries, how: Aggregation, family: str) -> dict[str, str]:
    return dict(_labels(line, how.group_by, family))


def _labels(line: AlignedSeries, names: Sequence[str], family: str) -> Iterator[tuple[str, str]]:
    for name in names:
        if name.startswith(f"{family}."):
            yield name.removeprefix(f"{family}."), _read(line, name)
        elif name == "project" and family == "resource.labels":
            yield "project_id", _read(line, name)


def _reduce(reducer: str, values: Sequence[Value]) -> Value:
    match reducer:
        case "REDUCE_COUNT":
            return len(values)
        case "REDUCE_MIN":
            return min(value for value in values if isinstance(value, int | float))
        case "REDUCE_MAX":
            return max(value for value in values if isinstance(value, int | float))
        case "REDUCE_SUM" if isinstance(values[0], tuple):
            return tuple(sample for value in values for sample in samples_of(value))
        case "REDUCE_SUM":
            return sum(value for value in values if isinstance(value, int | float))
        case _:
            return of_values(
                reducer.removeprefix("REDUCE_"), [sample for value in values for sample in samples_of(value)]
            )


def _type_after(reducer: str, value_type: str) -> str:
    if reducer in ("REDUCE_COUNT", "REDUCE_COUNT_TRUE", "REDUCE_COUNT_FALSE"):
        return "INT64"
    return value_type if reducer in ("REDUCE_MIN", "REDUCE_MAX", "REDUCE_SUM") else "DOUBLE"
