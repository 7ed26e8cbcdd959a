"""Datapoints by the metrics of Azure Monitor, and custom metrics sent to its data plane."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.azure.groups import OWN, QUEUE, azure_group
from tests.providers.azure.world import START
from trimtab import errors, metrics
from trimtab.providers import MetricQuery, MetricValue

MINUTE = timedelta(minutes=1)
NAME = "virtualmin-web"
SET = f"{OWN}/Microsoft.Compute/virtualMachineScaleSets/{NAME}"
GATEWAY = f"{OWN}/Microsoft.Network/applicationGateways/front"
STORAGE = f"{OWN}/Microsoft.Storage/storageAccounts/s/queueServices/default/queues/jobs"
BUS = QUEUE.rsplit("/queues/", 1)[0]
GUEST = "azure.vm.linux.guestmetrics"
JOBS = metrics.custom("Virtualmin", "Jobs", unit="count", dimensions={"Group": "{group}"})


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


@pytest.fixture
def applied(world, cloud):
    bare = {"policies": {}, "alarms": {}, "schedules": {}}
    cloud.apply(cloud.plan(make_fleet(azure_group(world, "web", **bare))), wait="accepted").raise_for_failures()
    world.doors.clear_requests()
    return cloud


def of(metric, resource):
    return metric.model_copy(update={"of": resource})


def query(metric, group=NAME, **fields):
    """The first five minutes, as one period unless another is named."""
    given = {"since": START, "until": START + 5 * MINUTE, "period": 5 * MINUTE, **fields}
    return MetricQuery(group=group, metric=metric, **given)


def measure(world, resource, name, *values, namespace="", **dimensions):
    """A value for each minute from the start, in Azure's own unit."""
    kind = resource.split("/providers/")[1].split("/")
    point = {"namespace": namespace or "/".join((kind[0], *kind[1::2])), "metric": name, "resource": resource}
    world.doors.push(
        [
            {**point, "dimensions": dimensions, "value": value, "at": (START + place * MINUTE).isoformat()}
            for place, value in enumerate(values)
        ]
    )


def reads(world):
    return [call.params["query"] for call in world.doors.requests() if call.operation == "Metrics_List"]


# reading


def test_values_come_in_our_unit(world, applied):
    """
    Bytes of a minute as bytes a second, milliseconds as seconds, what is free as what is used; counts by their sum.

    https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachinescalesets-metrics
    """
    measure(world, SET, "Percentage CPU", 50, 60)
    measure(world, SET, "Available Memory Percentage", 38.5)
    measure(world, SET, "Network In Total", 6000)
    measure(world, SET, "Network Out Total", 90)
    measure(world, SET, "disk/used_percent", 80, namespace=GUEST)
    measure(world, GATEWAY, "BackendFirstByteResponseTime", 250)
    measure(world, GATEWAY, "TotalRequests", 40, 60)
    measure(world, GATEWAY, "BackendResponseStatus", 1, 2, HttpStatusGroup="5xx")
    measure(world, GATEWAY, "BackendResponseStatus", 700, HttpStatusGroup="2xx")
    measure(world, BUS, "ActiveMessages", 12, EntityName="jobs")
    measure(world, BUS, "ActiveMessages", 900, EntityName="mails")
    wanted = [
        (metrics.cpu, 55.0),
        (metrics.memory, 61.5),
        (metrics.network_in, 100.0),
        (metrics.network_out, 1.5),
        (metrics.disk, 80.0),
        (of(metrics.latency, GATEWAY), 0.25),
        (of(metrics.requests, GATEWAY), 100.0),
        (of(metrics.requests_per_instance, GATEWAY), 20.0),
        (of(metrics.errors_5xx, GATEWAY), 3.0),
        (of(metrics.queue_depth, QUEUE), 12.0),
    ]
    found = applied.datapoints([query(metric) for metric, _ in wanted])
    assert {one.metric.name: one.latest for one in found} == {metric.name: value for metric, value in wanted}
    assert len(reads(world)) == len(wanted)


def test_a_question_is_as_azure_wants_it(world, applied):
    """
    The moments in UTC, the interval as ISO 8601, one aggregation, dimensions as a filter.

    https://learn.microsoft.com/rest/api/monitor/metrics/list
    """
    applied.datapoints(
        [
            query(metrics.cpu, statistic="maximum", since=START + timedelta(seconds=90), period=MINUTE),
            query(JOBS, period=timedelta(hours=1), until=START + tt.hours(2)),
        ]
    )
    assert {given["metricnames"]: given for given in reads(world)} == {
        "Percentage CPU": {
            "timespan": "2026-01-05T00:02:00Z/2026-01-05T00:05:00Z",
            "interval": "PT1M",
            "metricnames": "Percentage CPU",
            "aggregation": "Maximum",
        },
        "Jobs": {
            "timespan": "2026-01-05T00:00:00Z/2026-01-05T02:00:00Z",
            "interval": "PT1H",
            "metricnames": "Jobs",
            "metricnamespace": "Virtualmin",
            "aggregation": "Average",
            "$filter": "Group eq 'virtualmin-web'",
        },
    }


def test_statistics_and_periods(world, applied):
    """Of what is left the smallest is the largest of what is used; a count is a count."""
    measure(world, SET, "Percentage CPU", 20, 40, 90, 50, 10)
    measure(world, SET, "Available Memory Percentage", 80, 30)

    def ask(metric, statistic):
        return applied.datapoints([query(metric, statistic=statistic)])[0].latest

    statistics = ("average", "minimum", "maximum", "sum", "count")
    assert [ask(metrics.cpu, name) for name in statistics] == [42, 10, 90, 210, 5]
    memory = [ask(metrics.memory, name) for name in ("average", "minimum", "maximum", "count")]
    assert memory == [45, 20, 70, 2]
    minutes = applied.datapoints([query(metrics.memory, period=MINUTE)])[0]
    assert minutes.values == (20, 70, None, None, None)


def test_what_azure_does_not_answer_is_said_before_any_call(world, cloud):
    for fields, text in (
        ({"statistic": "p95"}, "does not support p95; use average"),
        ({"period": timedelta(seconds=90)}, "does not support a period of 0:01:30; use 1m"),
        ({"metric": metrics.latency}, "needs an application gateway"),
        ({"metric": metrics.queue_depth}, "needs the id of a Service Bus or storage queue"),
        ({"metric": metrics.queue_depth.replace(of=STORAGE)}, "autoscale alone knows the length of one storage queue"),
        ({"metric": metrics.queue_in_flight.replace(of=QUEUE)}, "has the messages in flight in its queue-depth"),
        ({"metric": metrics.promql("up")}, "no metric for"),
        ({"metric": metrics.promql("up", source="eu")}, "no cloud knows the source 'eu'"),
        ({"metric": metrics.external("cpu")}, "no cloud knows the source 'cpu'"),
        ({"metric": metrics.memory, "statistic": "sum"}, "measures what memory leaves, .*; use average"),
    ):
        with pytest.raises(errors.Unsupported, match=text):
            cloud.datapoints([query(**{"metric": metrics.cpu, **fields})])
    assert not reads(world)


def test_a_group_without_data_has_none_and_one_that_is_not_there_is_an_error(applied):
    """A metric is a scale set's: Azure answers 404 ResourceNotFound for those of none."""
    (found,) = applied.datapoints([query(metrics.cpu, period=MINUTE)])
    assert found.values == (None,) * 5
    with pytest.raises(errors.NotFound, match="nobody"):
        applied.datapoints([query(metrics.cpu), query(metrics.cpu, "nobody")])


def test_a_span_without_a_whole_period_asks_for_nothing(world, applied):
    """Azure refuses a timespan that ends where it begins."""
    (found,) = applied.datapoints([query(metrics.cpu, until=START + 4 * MINUTE)])
    assert found.values == ()
    assert not reads(world)


def test_a_call_too_many_is_waited_out_for_metrics_too(world, applied):
    measure(world, SET, "Percentage CPU", 70)
    world.doors.fault("throttle", operation="Metrics_List", times=2)
    assert applied.datapoints([query(metrics.cpu)])[0].latest == 70
    assert len(reads(world)) == 3


# publishing


def test_a_value_is_sent_as_azure_wants_it(world, applied):
    """
    A call for each value, about one scale set, with a time and as many values as names of dimensions.

    https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-store-custom-rest-api
    """
    applied.publish([MetricValue(metric=JOBS, value=7, group=NAME, dimensions={"Part": "{group}-mail"})])
    applied.publish([MetricValue(metric=metrics.custom("V", "Plain"), value=2.5, group=NAME, at=START - MINUTE)])
    made = [call.params for call in world.doors.requests() if call.operation == "CustomMetrics_Create"]
    assert [one["path"] for one in made] == [f"{SET}/metrics"] * 2
    first, second = (one["body"] for one in made)
    series = {"min": 7, "max": 7, "sum": 7, "count": 1, "dimValues": [NAME, f"{NAME}-mail"]}
    data = {"metric": "Jobs", "namespace": "Virtualmin", "dimNames": ["Group", "Part"], "series": [series]}
    assert first == {"time": "2026-01-05T00:00:00+00:00", "data": {"baseData": data}}
    assert second["time"] == "2026-01-04T23:59:00+00:00"
    assert second["data"]["baseData"] == {
        "metric": "Plain",
        "namespace": "V",
        "series": [{"min": 2.5, "max": 2.5, "sum": 2.5, "count": 1}],
    }


def test_values_of_a_minute_are_put_together(world, applied):
    """Each as it was measured: https://learn.microsoft.com/azure/azure-monitor/essentials/metrics-custom-overview"""
    values = (7, 4, 13, 16)
    applied.publish(MetricValue(metric=JOBS, value=value, group=NAME, at=START) for value in values)
    found = {
        name: applied.datapoints([query(JOBS, statistic=name)])[0].latest
        for name in ("minimum", "maximum", "sum", "count")
    }
    assert found == {"minimum": 4, "maximum": 16, "sum": 40, "count": 4}


@pytest.mark.parametrize(("location", "region"), [("", "westeurope"), ("North Europe", "northeurope")])
def test_values_go_to_the_data_plane_of_their_region(world, cloud, location, region):
    """`https://REGION.monitoring.azure.com/RESOURCE/metrics`, the region without blanks."""
    sent = []
    head = {"x-ms-request-id": "1"}
    reply = SimpleNamespace(status_code=200, content=b"", headers=head, raise_for_status=lambda: None)
    host = f"https://{region}.monitoring.azure.com"
    calls = cloud.provider.connection
    calls._endpoint = None  # as on Azure itself, where nothing is sent here
    calls._clients[host] = SimpleNamespace(
        send_request=lambda request: sent.append(request) or reply, close=lambda: None
    )
    cloud.publish([MetricValue(metric=JOBS, value=7, group=NAME, location=location)])
    assert [(one.method, one.url) for one in sent] == [("POST", f"{host}{SET}/metrics")]


def test_a_value_whose_group_is_not_there_is_an_error_and_one_that_is_refused_too(world, applied):
    with pytest.raises(errors.NotFound, match="nobody"):
        applied.publish([MetricValue(metric=JOBS, value=1, group="nobody")])
    world.doors.fault("denied", operation="CustomMetrics_Create")
    with pytest.raises(errors.AccessDenied):
        applied.publish([MetricValue(metric=JOBS, value=1, group=NAME)])
