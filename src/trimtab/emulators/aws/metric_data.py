"""CloudWatch metrics: published and read; moto keeps them too, for the reads that it answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, page
from trimtab.emulators.aws.datapoints import check_data, metric_key
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.expressions import NotComputed, Values, series_of
from trimtab.emulators.aws.insights import PeriodSpan, answer_insight, is_insight
from trimtab.emulators.aws.watches import moment_of
from trimtab.emulators.aws.world import Region

_PER_CALL, _QUERIES = 1000, 500
_LISTED = 14 * 86400


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
    if params["StartTime"] > params["EndTime"]:
        raise invalid("The parameter EndTime must be greater than StartTime.")
    if params["StartTime"].replace(microsecond=0) == params["EndTime"].replace(microsecond=0):
        raise invalid("The parameter StartTime must not equal parameter EndTime.")
    period = max([_period(query) for query in queries])
    begin, end = (int(params[name].timestamp()) for name in ("StartTime", "EndTime"))
    begin, end = begin - begin % period, end + -end % period
    if begin >= end:
        raise invalid("The parameter StartTime must be less than the parameter EndTime.")
    span = PeriodSpan(end, period, (end - begin) // period)
    try:
        answers = list(_answers(call.region, queries, span))
    except NotComputed as error:
        raise invalid(f"Error in expression: {error}") from None
    is_ascending = params.get("ScanBy") == "TimestampAscending"
    return {"MetricDataResults": [_result(*each, span, ascending=is_ascending) for each in answers], "Messages": []}


def _answers(
    region: Region, queries: Sequence[Mapping[str, Any]], span: PeriodSpan
) -> Iterator[tuple[str, str, Values]]:
    """The id, the label and the values of each series that is answered."""
    label, since = default_label(queries), int(region.world.now().timestamp()) - _LISTED
    series = series_of(
        [query for query in queries if not is_insight(query)], lambda stat: _read(region, stat, span), span.count
    )
    for query in (query for query in queries if query.get("ReturnData", True)):
        name = query["Id"]
        if is_insight(query):
            for group, values in answer_insight(query["Expression"], region.datapoints, since, span):
                yield name, query.get("Label") or group or name, values
        else:
            yield name, query.get("Label") or label(query), series[name]


def default_label(queries: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], str]:
    """
    What a query is called that has no label: its metric, and what tells the queries of the call apart.

    CloudWatch "generates a default" (MetricDataQuery, CloudWatch API Reference) and does not say which; recorded
    replies have the statistic where the statistics differ, then the period where the periods do.
    """
    stats = [query["MetricStat"] for query in queries if query.get("MetricStat")]
    told = [name for name in ("Stat", "Period") if len({stat[name] for stat in stats}) > 1]

    def label(query: Mapping[str, Any]) -> str:
        stat = query.get("MetricStat")
        if not stat:
            return str(query["Id"])
        return " ".join([stat["Metric"]["MetricName"], *(str(stat[name]) for name in told)])

    return label


def list_metrics(call: Call) -> Answer:
    """The metrics that something was written to in two weeks: ListMetrics, CloudWatch API Reference."""
    params, since = call.params, int(call.world.now().timestamp()) - _LISTED
    wanted = params.get("Dimensions") or ()
    metrics = [
        {
            "Namespace": namespace,
            "MetricName": name,
            "Dimensions": list(series.dimensions),
        }
        for (namespace, name, dimensions), series in call.region.datapoints.since(since)
        if params.get("Namespace") in (None, namespace)
        and params.get("MetricName") in (None, name)
        and all(any(each["Name"] == own and each.get("Value", of) == of for own, of in dimensions) for each in wanted)
    ]
    return page(call, metrics, "Metrics", size="MaxResults", default=500, top=500, bad_token="InvalidParameterValue")


def _result(name: str, label: str, values: Values, span: PeriodSpan, *, ascending: bool) -> dict[str, Any]:
    begin = span.end - span.count * span.period
    points = [
        (moment_of(begin + place * span.period), value) for place, value in enumerate(values) if value is not None
    ]
    points = points if ascending else points[::-1]
    return {
        "Id": name,
        "Label": label,
        "Timestamps": [at for at, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": "Complete",
    }


def _period(query: dict[str, Any]) -> int:
    if not query.get("MetricStat") and not query.get("Expression"):
        raise invalid("The parameter MetricDataQueries.member.1.MetricStat is required.\n")
    if query.get("MetricStat") and query.get("Expression"):
        raise invalid(f"Query {query['Id']} must have exactly one of MetricStat and Expression")
    return int((query.get("MetricStat") or query).get("Period") or 60)


def _read(region: Region, stat: Mapping[str, Any], span: PeriodSpan) -> Values:
    metric = stat["Metric"]
    series = region.datapoints.series(
        metric_key(metric.get("Namespace", ""), metric["MetricName"], metric.get("Dimensions") or ())
    )
    if series is None:
        return [None] * span.count
    points = series.read(span.end, span.period, span.count, stat["Stat"], stat.get("Unit"))
    return [point.value for point in points]


def _for_moto(datum: dict[str, Any], now: datetime) -> dict[str, Any]:
    at = datum.get("Timestamp") or now
    return {**datum, "Timestamp": at.replace(tzinfo=None)}
