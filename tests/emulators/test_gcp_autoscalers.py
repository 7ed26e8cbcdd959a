"""Autoscalers in the service: what they refuse, and how they move the size of their group on the clock."""

from datetime import timedelta

import pytest
from gcp_bench import PREFIX, PROJECT, REGION, ZONE, Gcp, Refused

MINUTE = timedelta(minutes=1)
CPU = "compute.googleapis.com/instance/cpu/utilization"
WINDOW = {"schedule": "0 8 * * *", "durationSec": 3600, "minRequiredReplicas": 5}


@pytest.fixture
def group(gcp: Gcp) -> str:
    """A group of two instances that have initialized."""
    gcp.make_template()
    made = gcp.make_group(size=2)
    gcp.doors.advance(MINUTE)
    return made


def push(gcp, group, value):
    gcp.doors.push([{"namespace": "", "metric": CPU, "value": value, "resource": group}])


def size(gcp, group):
    return gcp.ask("GET", group)["targetSize"]


def types(gcp, scaler):
    return [one["type"] for one in gcp.ask("GET", scaler).get("statusDetails", ())]


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"minNumReplicas": -1}, "minNumReplicas"),
        ({"minNumReplicas": 11}, "maxNumReplicas"),
        ({"cpuUtilization": {"utilizationTarget": 1.2}}, "cpuUtilization.utilizationTarget"),
        ({"cpuUtilization": {"utilizationTarget": 0}}, "cpuUtilization.utilizationTarget"),
        ({"stabilizationPeriodSec": 3601}, "stabilizationPeriodSec"),
        ({"customMetricUtilizations": [{"metric": "a.b/c"}]}, "customMetricUtilizations"),
        ({"customMetricUtilizations": [{"metric": "a.b/c", "utilizationTarget": 1}] * 6}, "customMetricUtilizations"),
        (
            {"customMetricUtilizations": [{"metric": "a", "utilizationTarget": 1, "singleInstanceAssignment": 1}]},
            "customMetricUtilizations",
        ),
        ({"scalingSchedules": {"day": {**WINDOW, "schedule": "8 o'clock"}}}, "scalingSchedules"),
        ({"scalingSchedules": {"day": {**WINDOW, "durationSec": 299}}}, "scalingSchedules"),
        ({"scalingSchedules": {"day": {**WINDOW, "timeZone": "Europe/Atlantis"}}}, "scalingSchedules"),
        ({"scalingSchedules": {"day": {"schedule": "0 8 * * *", "durationSec": 300}}}, "minRequiredReplicas"),
        ({"scalingSchedules": {f"day-{number}": WINDOW for number in range(129)}}, "scalingSchedules"),
        ({"mode": "SLEEPY"}, "mode"),
        ({"loadBalancingUtilization": {"utilizationTarget": 0}}, "loadBalancingUtilization.utilizationTarget"),
        ({"coolDownPeriodSec": -1}, "coolDownPeriodSec"),
        ({"customMetricUtilizations": [{"metric": "a.b/c", "utilizationTarget": -1}]}, "customMetricUtilizations"),
    ],
)
def test_a_policy_that_the_service_does_not_take(gcp, group, policy, field):
    with pytest.raises(Refused, match=field) as refused:
        gcp.make_autoscaler(group, **policy)
    assert (refused.value.status, refused.value.reason) == (400, "invalid")


def test_a_group_has_one_autoscaler_and_it_is_where_the_group_is(gcp, group):
    gcp.make_autoscaler(group)
    second = {"name": "second", "target": group, "autoscalingPolicy": {"maxNumReplicas": 3}}
    with pytest.raises(Refused, match="another autoscaler") as refused:
        gcp.ask("POST", f"zones/{ZONE}/autoscalers", second)
    assert refused.value.status == 409
    with pytest.raises(Refused, match="where the autoscaler is"):
        gcp.ask("POST", f"regions/{REGION}/autoscalers", second)
    with pytest.raises(Refused, match="instanceGroupManagers/none"):
        gcp.ask("POST", f"zones/{ZONE}/autoscalers", {**second, "target": f"zones/{ZONE}/instanceGroupManagers/none"})


def test_the_defaults_of_a_minimal_autoscaler(gcp, group):
    scaler = gcp.ask("GET", gcp.make_autoscaler(group, minNumReplicas=0, scalingSchedules={"day": WINDOW}))
    assert scaler["target"] == f"{PREFIX}{group}"
    policy = scaler["autoscalingPolicy"]
    assert (policy["mode"], policy["coolDownPeriodSec"]) == ("ON", 60)
    assert policy["cpuUtilization"] == {"utilizationTarget": 0.6, "predictiveMethod": "NONE"}
    assert policy["scalingSchedules"]["day"]["timeZone"] == "UTC"
    assert gcp.ask("GET", group)["status"]["autoscaler"] == scaler["selfLink"]


def test_the_group_follows_its_cpu(gcp, group):
    """Out at once; in when the peak has left the ten minutes; the autoscaler says what it recommends."""
    scaler = gcp.make_autoscaler(group)
    push(gcp, group, 0.9)
    gcp.doors.advance(MINUTE)
    assert (size(gcp, group), gcp.ask("GET", scaler)["recommendedSize"]) == (3, 3)
    for _ in range(15):
        push(gcp, group, 0.1)
        gcp.doors.advance(MINUTE)
    assert size(gcp, group) == 1
    assert gcp.ask("GET", scaler)["status"] == "ACTIVE"


def test_without_data_nothing_moves(gcp, group):
    gcp.make_autoscaler(group)
    gcp.doors.advance(timedelta(hours=10))
    assert size(gcp, group) == 2


@pytest.mark.parametrize(("mode", "out", "home"), [("OFF", 2, 2), ("ONLY_SCALE_OUT", 3, 3), ("ONLY_UP", 3, 3)])
def test_modes(gcp, group, mode, out, home):
    scaler = gcp.make_autoscaler(group, mode=mode)
    push(gcp, group, 0.9)
    gcp.doors.advance(MINUTE)
    assert size(gcp, group) == out
    for _ in range(15):
        push(gcp, group, 0.1)
        gcp.doors.advance(MINUTE)
    assert size(gcp, group) == home
    assert f"MODE_{mode}" in types(gcp, scaler)


def test_a_schedule_raises_the_minimum_and_says_so(gcp, group):
    scaler = gcp.make_autoscaler(group, scalingSchedules={"day": {**WINDOW, "timeZone": "Europe/Madrid"}})
    status = gcp.ask("GET", scaler)["scalingScheduleStatus"]["day"]
    assert (status["state"], status["nextStartTime"][:19]) == ("READY", "2026-01-05T07:00:00")
    gcp.doors.advance(timedelta(hours=7, minutes=1))
    assert size(gcp, group) == 5
    status = gcp.ask("GET", scaler)["scalingScheduleStatus"]["day"]
    assert (status["state"], status["lastStartTime"][:19]) == ("ACTIVE", "2026-01-05T07:00:00")


def test_a_regional_group_with_an_autoscaler_is_not_resized_and_a_zonal_one_is_taken_back(gcp, group):
    place = f"regions/{REGION}"
    regional = gcp.make_group("spread", place=place)
    gcp.make_autoscaler(regional)
    with pytest.raises(Refused, match="autoscaled regional") as refused:
        gcp.ask("POST", f"{regional}/resize?size=5")
    assert (refused.value.status, refused.value.reason) == (412, "conditionNotMet")
    gcp.make_autoscaler(group, maxNumReplicas=3)
    gcp.ask("POST", f"{group}/resize?size=5")
    assert size(gcp, group) == 5
    gcp.doors.advance(2 * MINUTE)
    assert size(gcp, group) == 3


def test_a_bound_that_moves_moves_the_group(gcp, group):
    scaler = gcp.make_autoscaler(group)
    body = gcp.ask("GET", scaler)
    body["autoscalingPolicy"]["minNumReplicas"] = 4
    gcp.ask("PUT", f"zones/{ZONE}/autoscalers?autoscaler=web", body)
    assert size(gcp, group) == 4
    gcp.ask("PATCH", f"zones/{ZONE}/autoscalers?autoscaler=web", {"autoscalingPolicy": {"minNumReplicas": 6}})
    assert size(gcp, group) == 6
    assert gcp.ask("GET", scaler)["autoscalingPolicy"]["maxNumReplicas"] == 10, "a patch keeps the rest"


@pytest.mark.parametrize(
    ("reason", "word"), [("stockout", "ZONE_RESOURCE_STOCKOUT"), ("quota", "NOT_ENOUGH_QUOTA_AVAILABLE")]
)
def test_what_its_group_lacks_is_the_autoscalers_trouble(gcp, group, reason, word):
    scaler = gcp.make_autoscaler(group, minNumReplicas=2)
    gcp.doors.run_short(instance_type="e2-small", reason=reason)
    push(gcp, group, 0.9)
    gcp.doors.advance(2 * MINUTE)
    assert word in types(gcp, scaler)
    assert gcp.ask("GET", scaler)["status"] == "ERROR"
    gcp.doors.end_shortages()
    gcp.doors.advance(2 * MINUTE)
    assert word not in types(gcp, scaler)


def test_a_forecast_is_met_ahead(gcp, group):
    predictive = {"utilizationTarget": 0.6, "predictiveMethod": "OPTIMIZE_AVAILABILITY"}
    gcp.make_autoscaler(group, cpuUtilization=predictive, coolDownPeriodSec=600)
    peak = gcp.doors.now() + timedelta(minutes=30)
    gcp.doors.forecast("web", {peak: 6})
    for _ in range(25):
        push(gcp, group, 0.6)
        gcp.doors.advance(MINUTE)
    assert size(gcp, group) == 6


def test_googles_own_client_lists_what_every_zone_and_region_has(gcp, group):
    gcp.make_autoscaler(group)
    gcp.make_autoscaler(gcp.make_group("spread", place=f"regions/{REGION}"))
    pages = gcp.client("Autoscalers").aggregated_list(project=PROJECT)
    assert {scope: [one.name for one in inner.autoscalers] for scope, inner in pages if inner.autoscalers} == {
        f"zones/{ZONE}": ["web"],
        f"regions/{REGION}": ["spread"],
    }
