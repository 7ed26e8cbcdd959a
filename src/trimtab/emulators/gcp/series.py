"""Time series: listed as clients ask for them, and written by those who measure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.aggregation import aggregate, read_aggregation
from trimtab.emulators.gcp.alignment import AlignedSeries, AlignedValue
from trimtab.emulators.gcp.datapoints import DatapointStore, Value
from trimtab.emulators.gcp.descriptors import OWN, RESOURCES, WRITABLE, Descriptors, is_own
from trimtab.emulators.gcp.distributions import distribution_body, read_distribution, samples_of
from trimtab.emulators.gcp.filters import invalid, parse_filter
from trimtab.emulators.gcp.monitoring_bodies import Page, page_of
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import zulu

MOST_SERIES = 200
"""How many series one call writes (CreateTimeSeriesRequest, Cloud Monitoring API v3)."""
MOST_POINTS = 100_000
CLOSEST = timedelta(seconds=5)
"""How far apart the points of a series are at least (Cloud Monitoring, Quotas and limits)."""
OLDEST, NEWEST = timedelta(hours=25), timedelta(minutes=5)
"""How far from now a point may be when it is written."""
Body = Mapping[str, Any]


def list_series(datapoints: DatapointStore, request: Body) -> dict[str, Any]:
    """
    The reply to `ListTimeSeries`.

    Raises:
        ServiceError: The filter, the interval, an aggregation or the page is not as it should be.
    """
    wanted = parse_filter(request.get("filter", ""))
    if wanted.exact("metric.type") is None:
        text = "The filter must specify a single metric type with an equality."
        raise invalid("filter", wanted.text, text)
    if request.get("orderBy"):
        raise invalid("orderBy", str(request["orderBy"]), "The field is unsupported: it must be left blank.")
    start, end = _interval(request)
    first, second = request.get("aggregation") or {}, request.get("secondaryAggregation")
    lines = aggregate(
        datapoints.series(wanted),
        read_aggregation(first),
        start,
        end,
        second=None if second is None else read_aggregation(second, field="secondaryAggregation"),
    )
    headers = request.get("view") == "HEADERS"
    bodies = [series_body(line, headers=headers) for line in lines]
    page = _page(bodies, request, headers=headers)
    return {
        "timeSeries": page.items,
        **({"nextPageToken": page.next} if page.next else {}),
        "unit": "1",
    }


def series_body(line: AlignedSeries, *, headers: bool = False) -> dict[str, Any]:
    """A native `TimeSeries`, with its points unless only headers are asked for."""
    metadata = {
        **({"systemLabels": dict(line.system_labels)} if line.system_labels else {}),
        **({"userLabels": dict(line.user_labels)} if line.user_labels else {}),
    }
    return {
        "metric": {"type": line.metric, "labels": dict(line.metric_labels)},
        "resource": {"type": line.resource, "labels": dict(line.resource_labels)},
        **({"metadata": metadata} if metadata else {}),
        "metricKind": line.kind,
        "valueType": line.value_type,
        "points": [] if headers else [_point(sample, line.value_type) for sample in line.samples],
    }


def _point(sample: AlignedValue, value_type: str) -> dict[str, Any]:
    return {
        "interval": {"startTime": zulu(sample.start), "endTime": zulu(sample.at)},
        "value": typed(sample.value, value_type),
    }


def typed(value: Value, value_type: str) -> dict[str, Any]:
    """A native `TypedValue`."""
    match value_type:
        case "DISTRIBUTION":
            return {"distributionValue": distribution_body(samples_of(value))}
        case "INT64":
            return {"int64Value": str(round(sum(samples_of(value))))}
        case "BOOL":
            return {"boolValue": bool(value)}
        case _:
            return {"doubleValue": float(sum(samples_of(value)))}


def _interval(request: Body) -> tuple[datetime, datetime]:
    given = request.get("interval") or {}
    if "endTime" not in given:
        raise invalid("interval.endTime", "", "The end of the interval is required.")
    end = datetime.fromisoformat(given["endTime"])
    start = datetime.fromisoformat(given["startTime"]) if "startTime" in given else end
    if start > end:
        raise invalid("interval.startTime", given["startTime"], "The start time must not be later than the end time.")
    return start, end


def _page(bodies: Sequence[dict[str, Any]], request: Body, *, headers: bool) -> Page:
    """A page counts series where only headers are shown, else points; a series may go on on the next one."""
    size = int(request.get("pageSize", 0))
    size = size if 0 < size <= MOST_POINTS else MOST_POINTS
    if headers:
        return page_of(bodies, request, size=size)
    pieces = [(number, point) for number, body in enumerate(bodies) for point in body["points"]]
    page = page_of(pieces, request, size=size)
    shown: dict[int, dict[str, Any]] = {}
    for number, point in page.items:
        shown.setdefault(number, {**bodies[number], "points": []})["points"].append(point)
    return Page(list(shown.values()), page.next)


# writing


def write_series(
    datapoints: DatapointStore,
    descriptors: Descriptors,
    request: Body,
    *,
    project: str,
    now: datetime,
    written: list[str],
) -> None:
    """
    Keep what `CreateTimeSeries` hands in, and add the metrics that were written to `written`.

    Series that are well made are kept even where others of the same call are not.

    Raises:
        ServiceError: A series could not be written; the error names all such.
    """
    given = request.get("timeSeries") or []
    if not given:
        raise invalid("timeSeries", "", "At least one TimeSeries must be specified.")
    if len(given) > MOST_SERIES:
        raise invalid("timeSeries", str(len(given)), f"At most {MOST_SERIES} TimeSeries can be written in a request.")
    problems = []
    for number, body in enumerate(given):
        try:
            written.append(_write(datapoints, descriptors, body, project, now))
        except ServiceError as error:
            problems.append(f"{error.message}: timeSeries[{number}]")
    if problems:
        raise ServiceError("INVALID_ARGUMENT", f"One or more TimeSeries could not be written: {'; '.join(problems)}")


def _write(datapoints: DatapointStore, descriptors: Descriptors, body: Body, project: str, now: datetime) -> str:
    metric, labels = str(body.get("metric", {}).get("type", "")), dict(body.get("metric", {}).get("labels", {}))
    kind, resource = str((body.get("resource") or {}).get("type", "")), _resource_labels(body, project)
    for problem in _refusals(metric, kind, resource, body):
        raise ServiceError("INVALID_ARGUMENT", problem)
    point = body["points"][0]
    value, value_type = _read_value(point.get("value") or {})
    sort = body.get("metricKind", "GAUGE")
    start, end = _written_interval(point.get("interval") or {}, sort, now)
    _check_shape(descriptors, metric, sort, value_type, labels)
    series = datapoints.find(metric, labels, kind, resource)
    if series is not None:
        _check_order(metric, series.points[-1].at, end)
    descriptors.learn(metric, sort, value_type, labels)
    datapoints.add(metric, labels, kind, resource, end, value, sort, value_type, start=start)
    return metric


def _resource_labels(body: Body, project: str) -> dict[str, str]:
    return {"project_id": project, **(body.get("resource") or {}).get("labels", {})}


def _refusals(metric: str, kind: str, labels: Mapping[str, str], body: Body) -> Iterator[str]:
    if not is_own(metric):
        yield f'Field timeSeries.metric.type had an invalid value of "{metric}": Metrics begin with {" or ".join(OWN)}.'
    if kind not in WRITABLE:
        text = f"The resource type is none of {', '.join(WRITABLE)}."
        yield f'Field timeSeries.resource.type had an invalid value of "{kind}": {text}'
        return
    wrong = sorted(set(labels).symmetric_difference(RESOURCES[kind][1]))
    if wrong:
        text = f"The labels of {kind} are {', '.join(RESOURCES[kind][1])}."
        yield f'Field timeSeries.resource.labels had an invalid value of "{", ".join(wrong)}": {text}'
    if len(body.get("points") or ()) != 1:
        yield f'Field timeSeries.points had an invalid value of "{len(body.get("points") or ())}": Exactly one point.'


def _read_value(given: Body) -> tuple[Value, str]:
    for name, value in given.items():
        match name:
            case "doubleValue":
                return float(value), "DOUBLE"
            case "int64Value":
                return int(value), "INT64"
            case "boolValue":
                return bool(value), "BOOL"
            case "distributionValue":
                return read_distribution(value), "DISTRIBUTION"
            case _:
                break
    raise ServiceError("INVALID_ARGUMENT", "The value of a point is a number, a Boolean or a distribution.")


def _written_interval(given: Body, kind: str, now: datetime) -> tuple[datetime, datetime]:
    if "endTime" not in given:
        raise ServiceError("INVALID_ARGUMENT", "The end time of the interval of a point is required.")
    end = datetime.fromisoformat(given["endTime"])
    start = datetime.fromisoformat(given["startTime"]) if "startTime" in given else end
    if end > now + NEWEST:
        raise ServiceError("INVALID_ARGUMENT", "Data points cannot be written more than 5m in the future.")
    if end < now - OLDEST:
        raise ServiceError("INVALID_ARGUMENT", "Data points cannot be written more than 25h in the past.")
    if kind == "GAUGE" and start != end:
        raise ServiceError("INVALID_ARGUMENT", "The start time of a GAUGE point must equal its end time.")
    if kind == "CUMULATIVE" and start >= end:
        raise ServiceError("INVALID_ARGUMENT", "The start time of a CUMULATIVE point must be before its end time.")
    return start, end


def _check_shape(descriptors: Descriptors, metric: str, kind: str, value_type: str, labels: Mapping[str, str]) -> None:
    if kind not in ("GAUGE", "CUMULATIVE"):
        raise ServiceError("INVALID_ARGUMENT", f"Metrics of one's own are GAUGE or CUMULATIVE, not {kind}.")
    descriptor = descriptors.find(metric)
    if descriptor is None:
        return
    for what, wanted, given in (
        ("kind", descriptor["metricKind"], kind),
        ("value type", descriptor["valueType"], value_type),
    ):
        if wanted != given:
            raise ServiceError(
                "INVALID_ARGUMENT", f"Metric {what} for metric {metric} must be {wanted}, but is {given}."
            )
    unknown = sorted(set(labels) - {label["key"] for label in descriptor.get("labels", ())})
    if unknown and not descriptors.grows(metric):
        raise ServiceError("INVALID_ARGUMENT", f"Unrecognized metric labels: [{', '.join(unknown)}].")


def _check_order(metric: str, youngest: datetime, at: datetime) -> None:
    stamps = f"{{Metric: {metric}, Timestamps: {{Youngest Existing: '{_shown(youngest)}', New: '{_shown(at)}'}}}}"
    if at <= youngest:
        text = "Points must be written in order. One or more of the points specified had an older end time than the"
        raise ServiceError("INVALID_ARGUMENT", f"{text} most recent point. {stamps}")
    if at < youngest + CLOSEST:
        text = "One or more points were written more frequently than the maximum sampling period configured for the"
        raise ServiceError("INVALID_ARGUMENT", f"{text} metric. {stamps}")


def _shown(moment: datetime) -> str:
    return f"{moment:%Y/%m/%d-%H:%M:%S}.{moment.microsecond // 1000:03d}"
