"""Replies about metrics: values, definitions, namespaces."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.emulators.azure.datapoints import DatapointStore, StoredValue, platform_namespace
from trimtab.emulators.azure.filters import filter_of
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.aggregates import TimeAggregation, over_time

_AGGREGATIONS = {
    "average": TimeAggregation.AVERAGE,
    "minimum": TimeAggregation.MINIMUM,
    "maximum": TimeAggregation.MAXIMUM,
    "total": TimeAggregation.TOTAL,
    "count": TimeAggregation.COUNT,
}
_INTERVALS = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D")
_CLAUSE = re.compile(r"^\s*'?(.+?)'?\s+(eq|ne)\s+(?:'([^']*)'|([^'\s]+))\s*$", re.IGNORECASE)
_HOUR = timedelta(hours=1)
_LONGEST = timedelta(days=31)
"""How long a span is at most: what is before that is left out."""
_FIRST = {"virtualmachines": "Percentage CPU", "virtualmachinescalesets": "Percentage CPU"}
"""The metric that is shown where none is asked for."""
Filter = dict[str, tuple[bool, frozenset[str]]]


def metrics_reply(
    datapoints: DatapointStore, resource: str, query: Mapping[str, str], *, now: datetime, region: str
) -> dict[str, Any]:
    """The reply to `metrics` of one resource; the names of the query are in small letters."""
    start, end = _span(query, now)
    interval = _interval(query)
    namespace = query.get("metricnamespace") or platform_namespace(resource)
    names = [name for name in query.get("metricnames", "").split(",") if name]
    if not names:
        first = _FIRST.get(platform_namespace(resource).rpartition("/")[2].lower())
        names = (
            [first] if first else [name for space, name, _ in datapoints.metrics(resource) if space == namespace][:1]
        )
    value = [_metric(datapoints, [resource], resource, namespace, name, query, start=start, end=end) for name in names]
    return {
        "cost": int((end - start) / timedelta(minutes=1)) * len(names),
        "timespan": f"{_zulu(start)}/{_zulu(end)}",
        "interval": interval,
        "value": value,
        "namespace": namespace,
        "resourceregion": region,
    }


def subscription_reply(
    datapoints: DatapointStore, resources: Sequence[str], query: Mapping[str, str], *, now: datetime, region: str
) -> dict[str, Any]:
    """The reply to `metrics` of a subscription: the resources of one region, apart where asked by their ids."""
    start, end = _span(query, now)
    namespace = query.get("metricnamespace") or (platform_namespace(resources[0]) if resources else "")
    names = [name for name in query.get("metricnames", "").split(",") if name]
    scope = f"/subscriptions/{resources[0].split('/')[2]}" if resources else ""
    value = [_metric(datapoints, resources, scope, namespace, name, query, start=start, end=end) for name in names]
    return {
        "cost": 0,
        "timespan": f"{_zulu(start)}/{_zulu(end)}",
        "interval": _interval(query),
        "value": value,
        "namespace": namespace,
        "resourceregion": region,
    }


def namespaces_reply(datapoints: DatapointStore, resource: str) -> dict[str, Any]:
    """The reply to `metricNamespaces`."""
    own = platform_namespace(resource)
    spaces = {own.lower(): own, **{space.lower(): space for space, _, _ in datapoints.metrics(resource)}}
    return {
        "value": [
            {
                "id": f"{resource}/providers/microsoft.insights/metricNamespaces/{space.replace('/', '-')}",
                "name": space.replace("/", "-"),
                "type": "Microsoft.Insights/metricNamespaces",
                "classification": "Platform" if space.lower() == own.lower() else "Custom",
                "properties": {"metricNamespaceName": space},
            }
            for space in sorted(spaces.values())
        ]
    }


def definitions_reply(datapoints: DatapointStore, resource: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The reply to `metricDefinitions`: the metrics that have been measured."""
    wanted = (query.get("metricnamespace") or platform_namespace(resource)).lower()
    definitions = []
    for space, name, dimensions in datapoints.metrics(resource):
        if space.lower() != wanted:
            continue
        definition: dict[str, Any] = {
            "id": f"{resource}/providers/microsoft.insights/metricdefinitions/{name}",
            "resourceId": resource,
            "namespace": space,
            "name": _named(name),
            "isDimensionRequired": False,
            "unit": unit_of(name),
            "primaryAggregationType": "Average",
            "supportedAggregationTypes": ["None", "Average", "Minimum", "Maximum", "Total", "Count"],
            "metricAvailabilities": [{"timeGrain": grain, "retention": "P93D"} for grain in _INTERVALS],
        }
        if dimensions:
            definition["dimensions"] = [_named(each) for each in sorted(dimensions)]
        definitions.append(definition)
    return {"value": definitions}


def unit_of(metric: str) -> str:
    """The unit of a metric, by the words of its name."""
    name = metric.lower()
    if "percent" in name or name.endswith(("cpu", "%")):
        return "Percent"
    if "bytes/sec" in name:
        return "BytesPerSecond"
    if "operations/sec" in name:
        return "CountPerSecond"
    if "bytes" in name or name.startswith(("network in", "network out")):
        return "Bytes"
    return "MilliSeconds" if name.endswith("latency") else "Count"


def _metric(
    datapoints: DatapointStore,
    resources: Sequence[str],
    scope: str,
    namespace: str,
    name: str,
    query: Mapping[str, str],
    *,
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    dimensions, split = _filter(filter_of(query))
    only = dimensions.pop("microsoft.resourceid", None)
    measured = any(datapoints.newest(resource, namespace, name) for resource in resources)
    # what was never measured has no series; what was has one, with or without values
    series: dict[tuple[str, ...], list[StoredValue]] = {(): []} if measured and not split else {}
    for resource in resources:
        if only is not None and "*" not in only[1] and (resource.lower() in only[1]) is not only[0]:
            continue
        begin = start.replace(second=0, microsecond=0)
        for each in datapoints.values(resource, namespace, name, begin, end, dimensions=dimensions):
            own = {"microsoft.resourceid": resource, **{key.lower(): value for key, value in each.dimensions.items()}}
            series.setdefault(tuple(own.get(part, "") for part in split), []).append(each)
    return {
        "id": f"{scope}/providers/Microsoft.Insights/metrics/{name}",
        "type": "Microsoft.Insights/metrics",
        "name": _named(name),
        "displayDescription": name,
        "unit": unit_of(name),
        "timeseries": [_timeseries(split, key, values, query, start, end) for key, values in sorted(series.items())],
        "errorCode": "Success",
    }


def _timeseries(
    split: Sequence[str],
    key: Sequence[str],
    values: Sequence[StoredValue],
    query: Mapping[str, str],
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    names = [{"name": _named(name), "value": value} for name, value in zip(split, key, strict=True)]
    return {"metadatavalues": names, "data": list(_data(values, query, start, end))}


def _data(
    values: Sequence[StoredValue], query: Mapping[str, str], start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    grain, start = read_iso_span(_interval(query)), start.replace(second=0, microsecond=0)
    words = [word.strip().lower() for word in (query.get("aggregation") or "average").split(",") if word.strip()]
    if unknown := [word for word in words if word not in _AGGREGATIONS]:
        raise ServiceError("BadRequest", f"Unknown aggregation: {', '.join(unknown)}.")
    grains: dict[int, list[float]] = {}
    for each in values:
        grains.setdefault((each.at - start) // grain, []).append(each.value)
    for number in range(-((start - end) // grain)):
        entry: dict[str, Any] = {"timeStamp": _zulu(start + number * grain)}
        for word in words if number in grains else ():
            entry[word] = float(over_time(grains[number], _AGGREGATIONS[word]) or 0.0)
        yield entry


def _filter(text: str) -> tuple[Filter, list[str]]:
    """The values that dimensions may have, and the dimensions that are shown apart."""
    dimensions: Filter = {}
    split: list[str] = []
    for clause in re.split(r"\s+(?:and|or)\s+", text, flags=re.IGNORECASE) if text.strip() else ():
        match = _CLAUSE.match(clause)
        if not match:
            raise ServiceError("BadRequest", f"The $filter is not valid: '{clause}'.")
        name, included, value = (
            match.group(1).lower(),
            match.group(2).lower() == "eq",
            (match.group(3) or match.group(4) or "").lower(),
        )
        earlier = dimensions.get(name, (included, frozenset[str]()))[1]
        dimensions[name] = (included, earlier | {value})
        if name not in split:
            split.append(name)
    return dimensions, split


def _span(query: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    text = query.get("timespan")
    if not text:
        return now - _HOUR, now
    first, _, last = text.partition("/")
    try:
        start, end = _moment(first), _moment(last)
    except ValueError as error:
        raise ServiceError("BadRequest", f"The timespan '{text}' is not valid.") from error
    if end <= start:
        raise ServiceError("BadRequest", f"The timespan '{text}' ends before it starts.")
    return max(start, end - _LONGEST), end


def _interval(query: Mapping[str, str]) -> str:
    interval = query.get("interval") or "PT1M"
    if interval not in _INTERVALS:
        text = f"Detected invalid time grain input: {interval}. Supported: {', '.join(_INTERVALS)}."
        raise ServiceError("BadRequest", text)
    return interval


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}
