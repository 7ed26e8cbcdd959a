"""AWS drops no field in silence."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.any_group import VALUES, any_groups
from tests.providers.field_law import breaches
from trimtab.providers.aws.facts import AwsFacts, ImageFacts
from trimtab.providers.aws.places import is_id
from trimtab.providers.aws.translate import translate

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
REGION = "us-east-1"
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{}/0123456789abcdef"
LABEL = "app/front/50dc6c495c0c9188/targetgroup/{}/0123456789abcdef"
BALANCERS = {"web": ARN.format("web"), "api": ARN.format("api")}
LABELS = {word: LABEL.format(name) for name, arn in BALANCERS.items() for word in (name, arn)}
OWN = {
    "location": ("us-west-2", "eu-west-1"),
    "load_balancers.*.id": (ARN.format("other"), ARN.format("more")),
    "placement.subnets.*": ("subnet-1", "subnet-2", "private"),
    "template.disks.*.device": (None, "/dev/sdf", "/dev/sdg"),
}


def translated(group):
    """A group as AWS has it, with whatever it refers to found."""
    image, regions = group.template.image, ("us-east-1", "us-west-2", "eu-west-1")
    found = f"ami-{image.newest}-{image.owner}-{image.architecture}" if image.newest else image.id
    tags, zones = group.placement.subnet_tags, group.placement.zones
    network = group.placement.network or ""
    tagged = "-".join([f"subnet{network}", *(f"{name}-{value}" for name, value in sorted((tags or {}).items()))])
    named = [name if is_id(name) else f"{network}-{name}" for name in group.placement.subnets]
    facts = AwsFacts(
        images={"web": ImageFacts(found, "/dev/xvda")},
        subnets={"web": [tagged] if tags else named},
        subnet_zones={"subnet-1": "a", "subnet-2": "b", f"{network}-private": "c", tagged: (*zones, "a")[0]},
        zones={region: [f"{region}a", f"{region}b"] for region in regions},
        target_groups=dict.fromkeys(regions, BALANCERS),
        labels=dict.fromkeys(regions, LABELS),
    )
    return translate(tt.Fleet(name="virtualmin", groups=[group]), facts, NOW, REGION)


@settings(max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_groups(OWN))
def test_every_leaf_reaches_a_body_or_has_its_note(group):
    assert not list(breaches(group, translated, "aws", {**VALUES, **OWN}))


# the cases that people have met


def said(**fields):
    """Path and text of what is said of a group, and its problems' paths."""
    found = translated(make_group(**{"alarms": {}, "policies": {}, "schedules": {}, **fields}))
    notes = {note.text.partition(": ")[0]: note.text.partition(": ")[2] for note in found.notes}
    return notes, {note.text.partition(": ")[0]: note.text.partition(": ")[2] for note in found.problems}


def body_of(kind, **fields):
    found = translated(make_group(**{"alarms": {}, "policies": {}, "schedules": {}, **fields}))
    (body,) = [one.body for one in found.resources if one.key.kind == kind]
    return body


def tracking(metric, **fields):
    policies = {"hold": {"type": "target-tracking", "metric": metric, "target": 100, **fields}}
    return body_of("scaling-policy", policies=policies, load_balancers=["web"])["TargetTrackingConfiguration"]


QUEUE = {"name": "queue-per-instance", "of": "jobs"}


@pytest.mark.parametrize(("statistic", "native"), [("maximum", "Maximum"), ("p99", "p99"), ("average", "Average")])
def test_an_alarm_on_a_queue_for_each_instance_sends_its_statistic(statistic, native):
    body = body_of("metric-alarm", alarms={"long": {"metric": QUEUE, "above": 9, "statistic": statistic}})
    assert [part["MetricStat"]["Stat"] for part in body["Metrics"] if "MetricStat" in part] == [native, "Average"]


def test_target_tracking_sends_its_statistic():
    """A predefined metric is an average always; another statistic takes a metric of one's own."""
    own = tracking("cpu", statistic="maximum")["CustomizedMetricSpecification"]
    assert (own["MetricName"], own["Statistic"]) == ("CPUUtilization", "Maximum")
    assert tracking("cpu")["PredefinedMetricSpecification"] == {"PredefinedMetricType": "ASGAverageCPUUtilization"}
    parts = tracking(QUEUE, statistic="maximum")["CustomizedMetricSpecification"]["Metrics"]
    assert parts[0]["MetricStat"]["Stat"] == "Maximum"


def test_target_tracking_adds_up_requests():
    """The average of RequestCount is 1 whatever comes: a group that holds it shrinks under any load."""
    assert tracking("requests")["CustomizedMetricSpecification"]["Statistic"] == "Sum"
    _, problems = said(
        policies={"hold": {"type": "target-tracking", "metric": "requests", "target": 9, "statistic": "maximum"}},
        load_balancers=["web"],
    )
    assert list(problems) == ["policies.hold.statistic"]


@pytest.mark.parametrize("path", ["tags", "template.tags"])
def test_a_tag_is_for_instances_or_not(path):
    tags = {"tags": {"Team": "web"}}
    fields = tags if path == "tags" else {"template": {"image": "ami-1", "size": "t3.medium", **tags}}
    _, problems = said(aws={"group_tags": {"Team": "ops"}}, **fields)
    assert problems == {
        "aws.group_tags.Team": f"`{path}` has 'Team' too, which gives it to instances; remove one of the two"
    }


def test_what_an_alarm_on_a_query_cannot_have_is_refused_each_by_its_name():
    alarm = {"metric": {"promql": "sum(up)"}, "above": 1, "periods": 3}
    _, problems = said(alarms={"up": {**alarm, "statistic": "p95", "datapoints": 2, "missing": "breaching"}})
    assert set(problems) == {"alarms.up.statistic", "alarms.up.datapoints", "alarms.up.missing"}
    notes, problems = said(alarms={"up": {**alarm, "datapoints": 3, "missing": "not-breaching"}})
    assert (set(notes), problems) == ({"alarms.up.datapoints", "alarms.up.missing"}, {})


def test_zones_choose_among_subnets():
    placement = {"subnets": ["subnet-1", "subnet-2"], "zones": ["a"]}
    body = body_of("autoscaling-group", placement=placement)
    assert body["VPCZoneIdentifier"] == ["subnet-1"]
    assert "AvailabilityZones" not in body
    notes, problems = said(placement=placement)
    assert (list(notes), problems) == (["placement.subnets.1"], {})


def test_a_zone_without_a_subnet_is_refused():
    _, problems = said(placement={"subnets": ["subnet-1"], "zones": ["a", "c"]})
    assert problems == {"placement.zones": "no subnet of the group is in c; add one, or leave the zone out"}


def test_a_buffer_without_an_increase_has_its_note():
    policy = {"type": "predictive", "metric": "cpu", "target": 50, "maximum_buffer": 10}
    notes, problems = said(policies={"ahead": policy})
    assert (list(notes), problems) == (["policies.ahead.maximum_buffer"], {})
    assert said(policies={"ahead": {**policy, "maximum_breach": "increase"}}) == ({}, {})


def test_a_maximum_that_no_moment_will_see_has_its_note():
    day = {"cron": "0 8 * * *", "zone": "UTC", "max": 4}
    notes, _ = said(capacity={"min": 0, "max": 9}, schedules={"day": day, "night": {**day, "cron": "0 20 * * *"}})
    assert notes == {"capacity.max": "not used: the schedules set `max` at every moment; change it there"}
    assert said(capacity={"min": 0, "max": 9}, schedules={"day": {**day, "until": "0 20 * * *"}}) == ({}, {})


def test_a_schedule_that_fires_no_more_says_so_field_by_field():
    notes, _ = said(schedules={"once": {"at": "2025-01-01T00:00:00", "zone": "UTC", "min": 3}})
    assert set(notes) == {*(f"schedules.once.{name}" for name in ("at", "zone", "min")), "capacity.min"}


def test_a_variable_that_the_script_does_not_name_has_its_note():
    template = {"image": "ami-1", "size": "t3.micro", "user_data": "{{ a }}", "variables": {"a": 1, "b": 2}}
    assert list(said(template=template)[0]) == ["template.variables.b"]
