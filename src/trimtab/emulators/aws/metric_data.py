"""CloudWatch metrics: published and read; moto keeps them too, for the reads that it answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most
from trimtab.emulators.aws.datapoints import check_data, metric_key
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.expressions import Unknown, Values, series_of
from trimtab.emulators.aws.watches import moment_of
from trimtab.emulators.aws.world import Region

_PER_CALL, _QUERIES = 1000, 500


def put_metric_data(call: Call) -> Answer:
    """Datapoints published."""
    data = call.params.get("MetricData") or []
    at_most(call, "MetricData", _PER_CALL)
    for entity in call.params.get("EntityMetricData") or ():
        data = [*data, *entity["MetricData"]]
    check_data(data)
    publish(call.region, call.params["Namespace"], data)
    return None


def publish(region: Region, namespace: str, data: list[dict[str, Any]]) -> None:
    """Take in datapoints."""
    now = region.world.now()
    for datum in data:
        region.datapoints.add(namespace, datum, now)
    region.cloudwatch.put_metric_data(namespace, [_for_moto(datum, now) for datum in data])


def get_metric_data(call: Call) -> Answer:
    """The values of metrics and of what is computed of them, newest first unless asked otherwise."""
    params = call.params
    queries = params["MetricDataQueries"]
    at_most(call, "MetricDataQueries", _QUERIES)
    period = max([_period(query) for query in queries])
    begin, end = (int(params[name].timestamp()) for name in ("StartTime", "EndTime"))
    begin, end = begin - begin % period, end + -end % period
    if begin >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    length = (end - begin) // period
    is_ascending = params.get("ScanBy") == "TimestampAscending"
    try:
        series = series_of(queries, lambda stat: _read(call.region, stat, begin, end, period), length)
    except Unknown as error:
        raise invalid(f"Error in expression: {error}") from None
    results = []
    for query in queries:
        if not query.get("ReturnData", True):
            continue
        pairs = [(moment_of(begin + place * period), value) for place, value in enumerate(series[query["Id"]])]
        results.append(_result(query, pairs if is_ascending else pairs[::-1]))
    return {"MetricDataResults": results, "Messages": []}


def _result(query: dict[str, Any], pairs: list[tuple[datetime, float | None]]) -> dict[str, Any]:
    points = [(at, value) for at, value in pairs if value is not None]
    stat = query.get("MetricStat")
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or (stat["Metric"]["MetricName"] if stat else query["Id"]),
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete",
    }


def _period(query: dict[str, Any]) -> int:
    if bool(query.get("MetricStat")) == bool(query.get("Expression")):
        raise invalid(f"Query {query['Id']} must have exactly one of MetricStat and Expression")
    return int((query.get("MetricStat") or query).get("Period") or 60)


def _read(region: Region, stat: Mapping[str, Any], begin: int, end: int, period: int) -> Values:
    metric = stat["Metric"]
    series = region.datapoints.series(
        metric_key(metric.get("Namespace", ""), metric["MetricName"], metric.get("Dimensions") or ())
    )
    if series is None:
        return [None] * ((end - begin) // period)
    points = series.read(end, period, (end - begin) // period, stat["Stat"], stat.get("Unit"))
    return [point.value for point in points]


def _for_moto(datum: dict[str, Any], now: datetime) -> dict[str, Any]:
    at = datum.get("Timestamp") or now
    return {**datum, "Timestamp": at.replace(tzinfo=None)}
