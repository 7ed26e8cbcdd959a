"""Azure Monitor's metrics for ours: against the units of the vendor's own tables, and units both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.providers.azure.groups import OWN, QUEUE
from trimtab import errors, metrics
from trimtab.models.metric import INSTANCES, NEUTRAL
from trimtab.providers.azure.metrics import NATIVE, Scope, Where, from_native, metric_for, to_native
from trimtab.providers.metrics import is_counted

SET = f"{OWN}/Microsoft.Compute/virtualMachineScaleSets/shop-web"
GATEWAY = f"{OWN}/Microsoft.Network/applicationGateways/front"
STORAGE = f"{OWN}/Microsoft.Storage/storageAccounts/s/services/queue/queues/jobs"
SCOPE = Scope(SET, GATEWAY, "shop-web")
DESCRIBED = {
    Where.SCALE_SET: {
        "Percentage CPU": "Percent",
        "Available Memory Percentage": "Percent",
        "Network In Total": "Bytes",
        "Network Out Total": "Bytes",
    },
    Where.GATEWAY: {"TotalRequests": "Count", "BackendResponseStatus": "Count", "BackendFirstByteResponseTime": "ms"},
    Where.QUEUE: {"ActiveMessages": "Count"},
    Where.SETTING: {"ObservedCapacity": "Count"},
}
"""
What the vendor's tables say: the name in the REST API and the unit of each.

https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-compute-virtualmachinescalesets-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-network-applicationgateways-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-servicebus-namespaces-metrics
https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-insights-autoscalesettings-metrics
"""
FACTORS = {"Percent": 1, "Bytes": 60, "Count": 1, "ms": 1000}
"""What one of ours is of Azure's: a byte a second for a minute, a second in milliseconds."""


@pytest.mark.parametrize("name", [name for name in NATIVE if name != "disk"])
def test_a_row_is_what_azure_describes(name):
    row = NATIVE[name]
    assert row.factor == FACTORS[DESCRIBED[row.where][row.name]]
    assert row.inverted is row.name.startswith("Available")
    assert not is_counted({**NEUTRAL, INSTANCES.name: INSTANCES}[name]) or DESCRIBED[row.where][row.name] == "Count"


def test_every_neutral_metric_has_a_row_or_is_refused_by_name():
    for name, metric in NEUTRAL.items():
        if name not in NATIVE:
            with pytest.raises(errors.Unsupported, match=name):
                metric_for(metric, SCOPE)


@pytest.mark.parametrize("name", NATIVE)
@given(value=st.integers(0, 10**5).map(lambda number: number / 1000))
def test_units_come_back(name, value):
    """Whatever the factor, and what is left as what is used."""
    assert from_native(to_native(value, NATIVE[name]), NATIVE[name]) == pytest.approx(value, abs=1e-9)


def test_each_metric_is_asked_of_the_resource_that_has_it():
    """The scale set, its application gateway, the namespace of a queue with the queue as a dimension."""
    assert metric_for(metrics.cpu, SCOPE)[1:] == (SET, "Percentage CPU", "", {})
    assert metric_for(metrics.errors_5xx, SCOPE)[1:] == (
        GATEWAY,
        "BackendResponseStatus",
        "",
        {"HttpStatusGroup": "5xx"},
    )
    queue = metrics.queue_depth.model_copy(update={"of": QUEUE})
    bus = QUEUE.rsplit("/queues/", 1)[0]
    assert metric_for(queue, SCOPE)[1:] == (bus, "ActiveMessages", "", {"EntityName": "jobs"})
    stored = metrics.queue_depth.model_copy(update={"of": STORAGE})
    assert metric_for(stored, SCOPE)[1:3] == (STORAGE, "ApproximateMessageCount")


@pytest.mark.parametrize("of", [QUEUE, STORAGE, None])
def test_messages_in_flight_are_refused_by_name(of):
    """Azure Monitor counts none; what it has instead is said."""
    with pytest.raises(errors.Unsupported, match="'queue-in-flight': a storage queue has the messages in flight in"):
        metric_for(metrics.queue_in_flight.model_copy(update={"of": of}), SCOPE)


@pytest.mark.parametrize("metric", [metrics.external("cpu"), metrics.promql("up", source="eu")])
def test_a_metric_of_a_source_is_refused_whatever_its_name(metric):
    with pytest.raises(errors.Unsupported, match="no cloud knows the source"):
        metric_for(metric, SCOPE)


@pytest.mark.parametrize("of", [None, "jobs", "/subscriptions/x", SET])
def test_a_queue_that_is_none_is_refused(of):
    with pytest.raises(errors.Unsupported, match="needs the id of a Service Bus or storage queue"):
        metric_for(metrics.queue_depth.model_copy(update={"of": of}), SCOPE)


@pytest.mark.parametrize("gateway", ["", SET, "/applicationGateways/front"])
def test_a_gateway_that_is_none_is_refused(gateway):
    with pytest.raises(errors.Unsupported, match="needs an application gateway"):
        metric_for(metrics.latency, Scope(SET, gateway))


def test_custom_metrics_keep_their_namespace_and_name_the_group():
    jobs = metrics.custom("Virtualmin", "Jobs", dimensions={"pool": "{group}"})
    assert metric_for(jobs, SCOPE)[1:] == (SET, "Jobs", "Virtualmin", {"pool": "shop-web"})
    assert metric_for(metrics.cpu, SCOPE).own_namespace == "Microsoft.Compute/virtualMachineScaleSets"
    assert metric_for(jobs, SCOPE).own_namespace == "Virtualmin"
