"""Cloud Monitoring's metrics for ours: against its own descriptors, and units both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab import errors, metrics
from trimtab.emulators.gcp.descriptors import RESOURCES, Descriptors
from trimtab.models.metric import NEUTRAL
from trimtab.providers.gcp.metrics import GLOBAL, NATIVE, PointShape, Scope, from_native, metric_for, to_native, type_of

SCOPE = Scope("shop-web")
KINDS = {
    PointShape.GAUGE: {"GAUGE"},
    PointShape.COUNTER: {"DELTA", "CUMULATIVE"},
    PointShape.DISTRIBUTION: {"DELTA", "CUMULATIVE"},
}
UNITS = {"10^2.%": 0.01, "%": 1, "1": 1, "By": 1, "ms": 1000}
"""What one of Google's units is of ours: a fraction of a per cent, a thousand milliseconds of a second."""


@pytest.mark.parametrize("name", NATIVE)
def test_a_row_is_what_google_describes(name):
    """The type exists for the resource, grows or does not, has the labels, and its unit gives the factor."""
    row, described = NATIVE[name], Descriptors("p").find(NATIVE[name].type)
    assert described is not None
    assert described["metricKind"] in KINDS[row.shape]
    assert (described["valueType"] == "DISTRIBUTION") is (row.shape is PointShape.DISTRIBUTION)
    assert row.resource in described["monitoredResourceTypes"]
    assert row.resource in RESOURCES
    assert set(row.labels) <= {label["key"] for label in described["labels"]}
    assert row.factor == UNITS[described["unit"]]


def test_every_neutral_metric_has_a_row_or_is_refused_by_name():
    for name, metric in NEUTRAL.items():
        if name not in NATIVE:
            with pytest.raises(errors.Unsupported, match=name):
                metric_for(metric, SCOPE)


@pytest.mark.parametrize("name", NATIVE)
@given(value=st.integers(0, 10**9).map(lambda number: number / 1000))
def test_units_come_back(name, value):
    """Decimals as they were written, for whatever factor."""
    assert from_native(to_native(value, NATIVE[name]), NATIVE[name]) == value


def test_filters_name_the_group_in_the_way_of_the_resource():
    """Instances by the group that they are in, a balancer's backend by its name, a queue by its subscription."""
    assert metric_for(metrics.cpu, SCOPE).filter == (
        'resource.type = "gce_instance" AND metadata.system_labels.instance_group = "shop-web"'
    )
    assert metric_for(metrics.requests, SCOPE).filter == (
        'resource.type = "https_lb_rule" AND resource.labels.backend_name = "shop-web"'
    )
    queue = metrics.queue_depth.model_copy(update={"of": "projects/p/subscriptions/jobs"})
    assert 'resource.labels.subscription_id = "jobs"' in metric_for(queue, SCOPE).filter
    with pytest.raises(errors.Unsupported, match="needs a subscription"):
        metric_for(metrics.queue_depth, SCOPE)


def test_messages_in_flight_are_those_of_a_push_subscription():
    """https://cloud.google.com/monitoring/api/metrics_gcp: delivered to its endpoint, and not yet acknowledged."""
    found = metric_for(metrics.queue_in_flight.model_copy(update={"of": "projects/p/subscriptions/jobs"}), SCOPE)
    assert found.native.type == "pubsub.googleapis.com/subscription/num_outstanding_messages"
    assert 'resource.labels.subscription_id = "jobs"' in found.filter


@pytest.mark.parametrize("metric", [metrics.external("cpu"), metrics.promql("up", source="eu")])
def test_a_metric_of_a_source_is_refused_whatever_its_name(metric):
    with pytest.raises(errors.Unsupported, match="no cloud knows the source"):
        metric_for(metric, SCOPE)


def test_custom_metrics_live_under_custom_or_the_service_that_they_name():
    jobs = metrics.custom("Virtualmin", "Jobs", dimensions={"pool": "{group}"})
    found = metric_for(jobs, SCOPE)
    assert type_of(jobs) == "custom.googleapis.com/Virtualmin/Jobs"
    assert (found.native.resource, dict(found.metric_labels)) == (GLOBAL, {"pool": "shop-web"})
    assert type_of(metrics.custom("logging.googleapis.com/user", "hits")) == "logging.googleapis.com/user/hits"
