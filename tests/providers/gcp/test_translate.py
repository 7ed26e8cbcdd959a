"""
What is put to Google Cloud: bodies against its discovery documents, and autoscalers as its pages show them.

The bodies in the pages are those of Autoscaling based on CPU utilization, Scaling based on schedules, Scaling based on
Cloud Monitoring metrics, Scaling based on load balancing serving capacity, Autoscaling predictively, and Understanding
autoscaler decisions (scale-in controls), all of Compute Engine, with the names of this cluster.
"""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

import trimtab as tt
from tests.laws import examples
from tests.providers.gcp.random_groups import PROJECT, REGION, groups
from tests.providers.gcp.replies import bodies_of
from trimtab.emulators.gcp.discovery import check, load
from trimtab.plan import Ref
from trimtab.providers.gcp.bodies import autoscaler_body, manager_body, sent_body
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.translate import translate

RANDOM = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SCHEMAS = {
    "instance-template": ("compute.v1", "InstanceTemplate", "compute.instanceTemplates.insert"),
    "health-check": ("compute.v1", "HealthCheck", "compute.regionHealthChecks.insert"),
    "group-manager": ("compute.v1", "InstanceGroupManager", "compute.regionInstanceGroupManagers.insert"),
    "autoscaler": ("compute.v1", "Autoscaler", "compute.regionAutoscalers.insert"),
    "alert-policy": ("monitoring.v3", "AlertPolicy", "monitoring.projects.alertPolicies.create"),
    "notification-channel": (
        "monitoring.v3",
        "NotificationChannel",
        "monitoring.projects.notificationChannels.create",
    ),
}
FRONT = Service("projects/trimtab/global/backendServices/front", "front")


def as_sent(kind, name, body):
    """A body as a creation sends it."""
    found = sent_body(body)
    match kind:
        case "group-manager":
            zones = (body.get("distributionPolicy") or {}).get("zones", ())
            found = manager_body(found)
            if not body.get("zone"):
                shape = {key: value for key, value in (body.get("distributionPolicy") or {}).items() if key != "zones"}
                found["distributionPolicy"] = {**shape, "zones": [{"zone": f"zones/{zone}"} for zone in sorted(zones)]}
        case "autoscaler":
            found = autoscaler_body(found)
    return {**found, "displayName" if kind in ("alert-policy", "notification-channel") else "name": name}


def problems_in(kind, name, body):
    document, schema, method = SCHEMAS[kind]
    return check(load(document), schema, as_sent(kind, name, body), method=method)


@pytest.mark.sweep
def test_bodies_hold_against_googles_documents():
    """Unknown fields, types, enumerations, patterns and what a creation must have; every kind is seen."""
    seen = set()

    @RANDOM
    @given(groups())
    def law(group):
        for (kind, name), body in bodies_of(group).items():
            if kind == "backend":
                backend = {key: value for key, value in body.items() if key != "drain"}
                assert not check(load("compute.v1"), "Backend", sent_body(backend))
                continue
            seen.add(kind)
            assert not problems_in(kind, name, body), (kind, body)

    law()
    assert seen == set(SCHEMAS)


def test_the_check_against_the_documents_can_fail():
    """An unknown field deep down, a number where a text is expected, and a word that no enumeration has."""
    body = {"target": "t", "autoscalingPolicy": {"maxNumReplicas": 3, "cpuUtilisation": {}}}
    assert "cpuUtilisation" in problems_in("autoscaler", "web", body)[0]
    body = {"target": "t", "autoscalingPolicy": {"maxNumReplicas": "3"}}
    assert "maxNumReplicas" in problems_in("autoscaler", "web", body)[0]
    body = {"target": "t", "autoscalingPolicy": {"maxNumReplicas": 3, "mode": "SLEEPY"}}
    assert "SLEEPY" in problems_in("autoscaler", "web", body)[0]


# autoscalers as the pages have them


def group(**fields):
    given_ = {
        "name": "web",
        "capacity": {"min": 1, "max": 10},
        "template": {"image": "debian-cloud/debian-12", "size": "e2-medium"},
        **fields,
    }
    return tt.ScalingGroup.model_validate(given_)


def made(one, kind):
    facts = GcpFacts(attached={"web": Attached([FRONT] if one.load_balancers else [])})
    found = translate(tt.Fleet(name="shop", groups=(one,)), facts, NOW, REGION, PROJECT).resources
    return [item.body for item in found if item.key.kind == kind]


def policy(**fields):
    """The autoscaling policy, less what every one has."""
    found = made(group(**fields), "autoscaler")[0]["autoscalingPolicy"]
    return {name: value for name, value in found.items() if name not in ("mode", "minNumReplicas", "maxNumReplicas")}


def hold(metric, target, **fields):
    return {"policies": {"hold": {"type": "target-tracking", "metric": metric, "target": target, **fields}}}


def test_cpu():
    """`gcloud compute instance-groups managed set-autoscaling --target-cpu-utilization 0.75 --cool-down-period 90`."""
    assert policy(**hold("cpu", 75, warm_up="90s")) == {
        "coolDownPeriodSec": 90,
        "cpuUtilization": {"utilizationTarget": 0.75, "predictiveMethod": "NONE"},
    }


def test_predictive():
    """`--cpu-utilization-predictive-method optimize-availability`."""
    ahead = {"type": "predictive", "metric": "cpu", "target": 75, "mode": "forecast-and-scale", "approximate": True}
    found = policy(policies={**hold("cpu", 75)["policies"], "ahead": ahead})
    assert found["cpuUtilization"] == {"utilizationTarget": 0.75, "predictiveMethod": "OPTIMIZE_AVAILABILITY"}


def test_serving_capacity():
    """Of 600 requests a minute an instance is held at 80 %: its backend's rate is 12.5 a second."""
    one = group(**hold("requests-per-instance", 600), load_balancers=["front"])
    found = made(one, "autoscaler")[0]["autoscalingPolicy"]
    assert found["loadBalancingUtilization"] == {"utilizationTarget": 0.8}
    assert "cpuUtilization" not in found
    backend = made(one, "backend")[0]
    assert (backend["balancingMode"], backend["maxRatePerInstance"]) == ("RATE", 12.5)


@pytest.mark.parametrize(
    ("metric", "target", "signal"),
    [
        (
            {"custom": "JobsWaiting", "namespace": "Virtualmin"},
            20,
            {
                "metric": "custom.googleapis.com/Virtualmin/JobsWaiting",
                "utilizationTarget": 20.0,
                "utilizationTargetType": "GAUGE",
            },
        ),
        (
            {"name": "queue-per-instance", "of": "projects/trimtab/subscriptions/jobs"},
            100,
            {
                "metric": "pubsub.googleapis.com/subscription/num_undelivered_messages",
                "filter": 'resource.type = "pubsub_subscription" AND resource.labels.subscription_id = "jobs"',
                "singleInstanceAssignment": 100.0,
            },
        ),
        (
            "network-in",
            1_000_000,
            {
                "metric": "compute.googleapis.com/instance/network/received_bytes_count",
                "utilizationTarget": 1_000_000.0,
                "utilizationTargetType": "DELTA_PER_SECOND",
            },
        ),
        (
            "memory",
            70,
            {
                "metric": "agent.googleapis.com/memory/percent_used",
                "filter": 'metric.labels.state = "used"',
                "utilizationTarget": 70.0,
                "utilizationTargetType": "GAUGE",
            },
        ),
    ],
    ids=["custom", "queue", "network", "memory"],
)
def test_metrics_of_cloud_monitoring(metric, target, signal):
    """Per instance by a target, of the whole group by what one instance is assigned of it."""
    assert policy(**hold(metric, target))["customMetricUtilizations"] == [signal]


def test_a_schedule():
    """`update-autoscaling --set-schedule workdays --schedule-cron "30 8 * * Mon-Fri" --schedule-duration-sec 30600`."""
    day = {"cron": "30 8 * * 1-5", "zone": "America/New_York", "duration": "8h30m", "min": 10}
    assert policy(schedules={"workdays": day}, **hold("cpu", 60))["scalingSchedules"] == {
        "workdays": {
            "schedule": "30 8 * * 1-5",
            "timeZone": "America/New_York",
            "durationSec": 30600,
            "minRequiredReplicas": 10,
            "disabled": False,
        }
    }


def test_a_schedule_whose_windows_differ_in_length_is_split():
    """A scaling schedule has one length; until Monday's end is longer from Friday on."""
    late = {"cron": "0 20 * * 4,5", "until": "0 8 * * 1,5", "zone": "UTC", "min": 4}
    found = policy(schedules={"late": late}, **hold("cpu", 60))["scalingSchedules"]
    assert {(one["schedule"], one["durationSec"]) for one in found.values()} == {
        ("0 20 * * 4", 12 * 3600),
        ("0 20 * * 5", 60 * 3600),
    }


def test_scale_in_controls():
    """`update-autoscaling --scale-in-control max-scaled-in-replicas=5,time-window=1800`, with a stabilization."""
    found = policy(gcp={"scale_in_limit": 5, "scale_in_window": "30m", "stabilization": "15m"}, **hold("cpu", 60))
    assert found["scaleInControl"] == {"maxScaledInReplicas": {"fixed": 5}, "timeWindowSec": 1800}
    assert found["stabilizationPeriodSec"] == 900


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        (hold("cpu", 60), "ON"),
        (hold("cpu", 60, scale_in=False), "ONLY_SCALE_OUT"),
        ({**hold("cpu", 60), "gcp": {"mode": "only-scale-out"}}, "ONLY_SCALE_OUT"),
        (hold("cpu", 60, enabled=False), "OFF"),
        ({}, "OFF"),
    ],
    ids=["both ways", "one policy out", "the group out", "disabled", "no policy"],
)
def test_the_mode(fields, mode):
    assert made(group(**fields), "autoscaler")[0]["autoscalingPolicy"]["mode"] == mode


def test_a_controllers_group_has_an_autoscaler_that_is_off():
    """One actor writes the size; the bounds stay where everybody looks for them."""
    one = group(policies={"out": {"change": 1}}, alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["out"]}})
    found = translate(tt.Fleet(name="shop", groups=(one,), controller=True), GcpFacts(), NOW, REGION, PROJECT).resources
    scaler = next(item for item in found if item.key.kind == "autoscaler")
    policy_ = scaler.body["autoscalingPolicy"]
    assert (policy_["mode"], policy_["minNumReplicas"], policy_["maxNumReplicas"]) == ("OFF", 1, 10)


# templates


def test_a_spot_machine():
    """`instance-templates create --provisioning-model=SPOT --instance-termination-action=DELETE`."""
    assert made(group(purchase={"spot": True}), "instance-template")[0]["properties"]["scheduling"] == {
        "provisioningModel": "SPOT",
        "instanceTerminationAction": "DELETE",
        "automaticRestart": False,
        "onHostMaintenance": "TERMINATE",
        "preemptible": True,
    }


def test_templates_are_named_by_what_they_hold():
    """Another size is another template; the same one has the same name, in whatever run."""

    def name(**fields):
        found = translate(tt.Fleet(name="shop", groups=(group(**fields),)), GcpFacts(), NOW, REGION, PROJECT).resources
        return next(item.key.name for item in found if item.key.kind == "instance-template")

    assert name() == name()
    assert name() != name(template={"image": "debian-cloud/debian-12", "size": "e2-small"})
    assert name() != name(tags={"team": "ops"})
    assert name() == name(policies=hold("cpu", 60)["policies"])


def test_the_manager_refers_to_what_a_plan_makes():
    """References that are known only after they are made."""
    one = group(health_check={"path": "/up", "port": 8080, "grace": "5m"})
    manager = made(one, "group-manager")[0]
    assert isinstance(manager["versions"][0]["instanceTemplate"], Ref)
    healing = manager["autoHealingPolicies"][0]
    assert (healing["healthCheck"].key.kind, healing["initialDelaySec"]) == ("health-check", 300)


@pytest.mark.parametrize(
    ("check", "kind", "asked"),
    [
        ({"path": "/up"}, "HTTP", {"port": 80, "requestPath": "/up"}),
        ({"path": "/up", "port": 8080}, "HTTP", {"port": 8080, "requestPath": "/up"}),
        ({"path": "/", "port": 443}, "HTTPS", {"port": 443, "requestPath": "/"}),
        ({"path": "/", "protocol": "https"}, "HTTPS", {"port": 443, "requestPath": "/"}),
        ({"path": "/", "port": 8443, "protocol": "https"}, "HTTPS", {"port": 8443, "requestPath": "/"}),
        ({"path": "/", "port": 443, "protocol": "http"}, "HTTP", {"port": 443, "requestPath": "/"}),
        ({"port": 443}, "TCP", {"port": 443}),
    ],
)
def test_a_check_of_a_groups_own_asks_by_its_protocol(check, kind, asked):
    """One member of HealthCheck for each type: https://cloud.google.com/compute/docs/reference/rest/v1/healthChecks."""
    (body,) = made(group(health_check=check), "health-check")
    assert body == {"type": kind, f"{kind.lower()}HealthCheck": asked}
