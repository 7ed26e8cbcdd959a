"""Google Cloud drops no field in silence."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.translate import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
PROJECT, REGION = "trimtab", "europe-west1"
SERVICE = f"projects/{PROJECT}/global/backendServices/{{}}"
POOL = f"projects/{PROJECT}/regions/{REGION}/targetPools/old"
CHECK = f"projects/{PROJECT}/global/healthChecks/front"
OWN = {
    "location": ("europe-west4", "us-east1"),
    "template.image.id": ("debian-cloud/debian-12", "golden"),
    "template.image.owner": ("debian-cloud", "ubuntu-os-cloud"),
    "template.disks.*.device": (None, "data", "mail"),
    "template.tags.*": ("web", "Pro"),
    "tags.*": ("web", "Pro"),
    "placement.zones.*": (f"{REGION}-b", f"{REGION}-c", f"{REGION}-d"),
    "load_balancers.*.id": (SERVICE.format("other"), POOL),
    "health_check.port": (81, 8080),
    "alarms.*.notify.*": ("ops@example.org", "https://example.org/a", f"projects/{PROJECT}/topics/alarms"),
}


def translated(group):
    """A group as Google Cloud has it, with whatever it refers to found."""
    image, balancers = group.template.image, group.load_balancers
    services = {
        one: Service(one.id or SERVICE.format(one.name), one.name or "other", "http", CHECK)
        for one in balancers
        if one.id != POOL
    }
    attached = Attached(
        services=tuple(services.values()),
        target_pools=tuple(one.id for one in balancers if one not in services),
        ports={service.port_name: one.port for one, service in services.items() if one.port is not None},
    )
    found = f"projects/{image.owner}/global/images/{image.newest}-{image.architecture}"
    facts = GcpFacts(attached={"web": attached}, images={"web": found} if image.newest else {})
    return translate(tt.Fleet(name="virtualmin", groups=[group]), facts, NOW, REGION, PROJECT)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups(OWN))
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "gcp", {**VALUES, **OWN}))


# the cases that people have met


def said(**fields):
    """What notes and problems say of a group, each by its path."""
    bare = {"alarms": {}, "policies": {}, "schedules": {}, "load_balancers": (), "placement": {}}
    template = {"image": "debian-cloud/debian-12", "size": "e2-small"}
    found = translated(make_group(**{**bare, "template": template, **fields}))
    notes, problems = (
        {one.text.partition(": ")[0]: one.text.partition(": ")[2] for one in some}
        for some in (found.notes, found.problems)
    )
    return notes, problems


QUERY = {"metric": {"promql": "sum(up)"}, "above": 1, "periods": 3, "notify": ["ops@example.org"]}
TRACKING = {"type": "target-tracking", "metric": "cpu", "target": 50}
FORECAST = {"type": "predictive", "metric": "cpu", "target": 50}
UNSAID = [
    ({"policies": {"hold": {**TRACKING, "statistic": "maximum"}}}, "policies.hold.statistic"),
    ({"alarms": {"up": {**QUERY, "statistic": "p95"}}}, "alarms.up.statistic"),
    ({"alarms": {"up": {**QUERY, "missing": "breaching"}}}, "alarms.up.missing"),
    ({"alarms": {"up": {**QUERY, "datapoints": 2}}}, "alarms.up.datapoints"),
    ({"policies": {"ahead": {**FORECAST, "maximum_buffer": 10}}}, "policies.ahead.maximum_buffer"),
    ({"health_check": {"grace": "5m"}}, "health_check.grace"),
    ({"health_check": {"by": "load-balancer"}}, "health_check.by"),
    ({"cooldown": "5m"}, "cooldown"),
    ({"aws": {"max_instance_lifetime": "7d"}}, "aws"),
    ({"azure": {"eviction": "delete"}}, "azure"),
]


@pytest.mark.parametrize(("fields", "path"), UNSAID, ids=[path for _, path in UNSAID])
def test_what_google_cloud_does_not_have_is_told_by_its_path(fields, path):
    notes, problems = said(**fields)
    assert path in notes.keys() | problems.keys()
    assert path not in set().union(*said())


def test_a_schedule_whose_minimum_always_holds_says_that_its_times_change_nothing():
    day = {"cron": "0 8 * * 1-5", "zone": "UTC", "min": 3}
    notes, problems = said(schedules={"day": day})
    assert set(notes) == {"schedules", "capacity.min", "schedules.day.cron", "schedules.day.zone"}
    assert not problems
    night = {**day, "cron": "0 20 * * *", "min": 1}
    assert not {"schedules.day.cron", "schedules.night.cron"} & set(said(schedules={"day": day, "night": night})[0])


def test_one_metric_is_one_signal_whatever_it_is_of():
    """gcloud takes a signal away by its metric alone (`--remove-stackdriver-metric`)."""
    hold = {"type": "target-tracking", "target": 40}
    policies = {
        name: {**hold, "metric": {"name": metric, "of": f"projects/trimtab/subscriptions/{name}"}}
        for name, metric in (("depth", "queue-depth"), ("each", "queue-per-instance"))
    }
    _, problems = said(policies=policies)
    assert problems == {
        "policies.each.metric": "'depth' holds it already, and an autoscaler has one target for a metric"
    }
