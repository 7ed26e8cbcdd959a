"""What an autoscaler says of itself in the service: its status, its details, its schedules, and how often it looks."""

from datetime import timedelta
from typing import Any

import pytest
from gcp_bench import REGION, ZONE, Gcp
from gcp_groups_bench import MINUTE

from trimtab.emulators.gcp import autoscaler_watch

CPU = "compute.googleapis.com/instance/cpu/utilization"
QUEUE = "custom.googleapis.com/queue"
WINDOW = {"schedule": "0 8 * * *", "durationSec": 3600, "minRequiredReplicas": 5}
BALANCED = {"loadBalancingUtilization": {"utilizationTarget": 0.8}}
CUSTOM = {"customMetricUtilizations": [{"metric": QUEUE, "utilizationTarget": 10}]}


@pytest.fixture
def group(gcp: Gcp) -> str:
    """A group of two instances that have initialized."""
    gcp.make_template()
    made = gcp.make_group(size=2)
    gcp.doors.advance(MINUTE)
    return made


def push(gcp: Gcp, group: str, value: float, metric: str = CPU) -> None:
    gcp.doors.push([{"namespace": "", "metric": metric, "value": value, "resource": group}])


def said(gcp: Gcp, scaler: str) -> tuple[str, list[str]]:
    shown = gcp.ask("GET", scaler)
    return shown["status"], [one["type"] for one in shown.get("statusDetails", ())]


def balance(gcp: Gcp, name: str = "front", **backend: Any) -> None:
    backends = [{"group": f"zones/{ZONE}/instanceGroups/web", **backend}]
    gcp.ask("POST", "global/backendServices", {"name": name, "backends": backends})


@pytest.mark.parametrize(
    ("policy", "status", "words"),
    [
        ({}, "ACTIVE", []),
        ({"minNumReplicas": 2, "maxNumReplicas": 2}, "ACTIVE", ["MIN_EQUALS_MAX"]),
        ({"mode": "OFF"}, "ACTIVE", ["MODE_OFF"]),
        ({"mode": "ONLY_UP"}, "ACTIVE", ["MODE_ONLY_UP"]),
        ({"mode": "ONLY_SCALE_OUT"}, "ACTIVE", ["MODE_ONLY_SCALE_OUT"]),
        (CUSTOM, "ACTIVE", ["MISSING_CUSTOM_METRIC_DATA_POINTS"]),
        (
            {"customMetricUtilizations": [{"metric": QUEUE, "utilizationTarget": 10, "filter": "a OR"}]},
            "ERROR",
            ["CUSTOM_METRIC_INVALID"],
        ),
        (BALANCED, "ERROR", ["BACKEND_SERVICE_DOES_NOT_EXIST"]),
        (
            {"scalingSchedules": {"day": {**WINDOW, "minRequiredReplicas": 11}}},
            "ACTIVE",
            ["SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX"],
        ),
        (
            {"scalingSchedules": {"day": {**WINDOW, "minRequiredReplicas": 1}}, "minNumReplicas": 2},
            "ACTIVE",
            ["SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN"],
        ),
    ],
)
def test_what_the_policy_alone_gives_it_to_say(
    gcp: Gcp, group: str, policy: dict[str, Any], status: str, words: list[str]
) -> None:
    scaler = gcp.make_autoscaler(group, **policy)
    push(gcp, group, 0.6)
    gcp.doors.advance(MINUTE)
    assert said(gcp, scaler) == (status, words)


def test_every_detail_has_a_sentence(gcp: Gcp, group: str) -> None:
    scaler = gcp.make_autoscaler(group, mode="OFF", minNumReplicas=3, maxNumReplicas=3)
    details = gcp.ask("GET", scaler)["statusDetails"]
    assert [one["type"] for one in details] == ["MODE_OFF", "MIN_EQUALS_MAX"]
    assert all(one["message"].endswith(".") for one in details)


def test_more_than_the_maximum_is_wanted(gcp: Gcp, group: str) -> None:
    scaler = gcp.make_autoscaler(group, maxNumReplicas=3)
    push(gcp, group, 1.0)
    gcp.doors.advance(MINUTE)
    assert said(gcp, scaler) == ("ACTIVE", ["CAPPED_AT_MAX_NUM_REPLICAS"])
    assert gcp.ask("GET", scaler)["recommendedSize"] == 3


def test_what_balancers_give_it_to_say(gcp: Gcp, group: str) -> None:
    """In turn: no requests, a limit of the whole group only, more than one service."""
    balance(gcp, balancingMode="RATE", maxRatePerInstance=10)
    scaler = gcp.make_autoscaler(group, **BALANCED)
    assert said(gcp, scaler) == ("ACTIVE", ["MISSING_LOAD_BALANCING_DATA_POINTS"])
    gcp.ask("DELETE", scaler)
    gcp.ask("DELETE", "global/backendServices/front")
    balance(gcp, balancingMode="RATE", maxRate=100)
    gcp.make_autoscaler(group, **BALANCED)
    assert said(gcp, scaler) == ("ERROR", ["UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION"])
    gcp.ask("DELETE", scaler)
    balance(gcp, "second", balancingMode="UTILIZATION")
    gcp.make_autoscaler(group, **BALANCED)
    assert said(gcp, scaler) == ("ERROR", ["MORE_THAN_ONE_BACKEND_SERVICE"])


def test_data_that_come_and_stay_away(gcp: Gcp, group: str) -> None:
    scaler = gcp.make_autoscaler(group, **CUSTOM)
    push(gcp, group, 12, QUEUE)
    gcp.doors.advance(MINUTE)
    assert (said(gcp, scaler), gcp.ask("GET", group)["targetSize"]) == (("ACTIVE", []), 3)
    gcp.doors.advance(10 * MINUTE)
    assert said(gcp, scaler) == ("ACTIVE", ["MISSING_CUSTOM_METRIC_DATA_POINTS"])
    assert gcp.ask("GET", group)["targetSize"] == 3


def test_nothing_runs(gcp: Gcp) -> None:
    gcp.make_template()
    gcp.doors.configure(boot_seconds=300)
    scaler = gcp.make_autoscaler(gcp.make_group(size=2))
    assert said(gcp, scaler) == ("ACTIVE", ["ALL_INSTANCES_UNHEALTHY"])
    gcp.doors.advance(6 * MINUTE)
    assert said(gcp, scaler) == ("ACTIVE", [])


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (f"{REGION}-b", {"ZONE_RESOURCE_STOCKOUT"}),
        ("*", {"ZONE_RESOURCE_STOCKOUT", "REGION_RESOURCE_STOCKOUT"}),
    ],
)
def test_zones_that_are_out_and_a_region_that_is(gcp: Gcp, zone: str, words: set[str]) -> None:
    """Said as soon as instances cannot be had, and no longer when they are there."""
    gcp.make_template()
    group = gcp.make_group(size=3, place=f"regions/{REGION}")
    window = {**WINDOW, "minRequiredReplicas": 8}
    scaler = gcp.make_autoscaler(group, minNumReplicas=3, scalingSchedules={"day": window})
    gcp.doors.advance(30 * MINUTE)
    gcp.doors.run_short(zone=zone)
    body = gcp.ask("GET", scaler)
    body["autoscalingPolicy"]["minNumReplicas"] = 6
    gcp.ask("PUT", f"regions/{REGION}/autoscalers?autoscaler=web", body)
    gcp.doors.advance(MINUTE)
    status, found = said(gcp, scaler)
    assert (status, set(found)) == ("ERROR", words)
    gcp.doors.end_shortages()
    gcp.doors.advance(3 * MINUTE)
    assert said(gcp, scaler) == ("ACTIVE", [])


def test_errors_that_it_has_no_word_for_are_the_groups_alone(gcp: Gcp, group: str) -> None:
    gcp.doors.run_short(reason="permission")
    scaler = gcp.make_autoscaler(group, minNumReplicas=4)
    gcp.doors.advance(5 * MINUTE)
    assert said(gcp, scaler) == ("ACTIVE", [])
    assert gcp.ask("GET", f"{group}/listErrors")["items"][0]["error"]["code"] == "PERMISSIONS_ERROR"


# size


@pytest.mark.parametrize("mode", ["ON", "OFF"])
def test_a_size_is_recommended_in_every_mode(gcp: Gcp, group: str, mode: str) -> None:
    scaler = gcp.make_autoscaler(group, mode=mode)
    push(gcp, group, 0.9)
    gcp.doors.advance(MINUTE)
    assert gcp.ask("GET", scaler)["recommendedSize"] == 3
    assert gcp.ask("GET", group)["targetSize"] == (3 if mode == "ON" else 2)


def test_scale_in_control_lets_few_go_at_once(gcp: Gcp) -> None:
    """Two of the peak of the window, and two more when that has gone by."""
    gcp.make_template()
    group = gcp.make_group(size=6)
    gcp.doors.advance(MINUTE)
    control = {"maxScaledInReplicas": {"fixed": 2}, "timeWindowSec": 1800}
    gcp.make_autoscaler(group, scaleInControl=control)
    sizes = []
    for _ in range(80):
        push(gcp, group, 0.05)
        gcp.doors.advance(MINUTE)
        sizes.append(gcp.ask("GET", group)["targetSize"])
    assert list(dict.fromkeys(sizes)) == [6, 4, 2, 1]
    assert sizes.index(2) - sizes.index(4) >= 30


def test_the_size_stays_when_the_autoscaler_goes(gcp: Gcp, group: str) -> None:
    scaler = gcp.make_autoscaler(group, minNumReplicas=4)
    gcp.ask("DELETE", scaler)
    assert "autoscaler" not in gcp.ask("GET", group)["status"]
    push(gcp, group, 1.0)
    gcp.doors.advance(20 * MINUTE)
    assert gcp.ask("GET", group)["targetSize"] == 4
    gcp.ask("POST", f"{group}/resize?size=1")
    gcp.doors.advance(5 * MINUTE)
    assert gcp.ask("GET", group)["targetSize"] == 1


# schedules


def test_the_states_of_schedules(gcp: Gcp, group: str) -> None:
    schedules = {
        "soon": WINDOW,
        "now": {**WINDOW, "schedule": "0 0 * * *"},
        "never": {**WINDOW, "disabled": True},
        "past": {**WINDOW, "schedule": "0 8 1 1 * 2025"},
    }
    scaler = gcp.make_autoscaler(group, scalingSchedules=schedules)
    found = gcp.ask("GET", scaler)["scalingScheduleStatus"]
    assert {name: one["state"] for name, one in found.items()} == {
        "soon": "READY",
        "now": "ACTIVE",
        "never": "DISABLED",
        "past": "OBSOLETE",
    }
    assert found["now"]["nextStartTime"].startswith("2026-01-06T00:00:00")
    assert "nextStartTime" not in found["past"]
    assert gcp.ask("GET", group)["targetSize"] == 5
    gcp.doors.advance(timedelta(hours=2))
    after = gcp.ask("GET", scaler)["scalingScheduleStatus"]["now"]
    assert (after["state"], after["lastStartTime"][:10]) == ("READY", "2026-01-05")


# how often


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The moments at which autoscalers were looked at."""
    found: list[Any] = []
    real = autoscaler_watch.evaluate

    def counted(autoscaler: Any, **given: Any) -> Any:
        found.append(given["now"])
        return real(autoscaler, **given)

    monkeypatch.setattr(autoscaler_watch, "evaluate", counted)
    return found


@pytest.mark.parametrize("policy", [{}, CUSTOM, BALANCED])
def test_hours_without_data_are_not_looked_at(gcp: Gcp, group: str, looks: list[Any], policy: dict[str, Any]) -> None:
    gcp.make_autoscaler(group, **policy)
    looks.clear()
    gcp.doors.advance(timedelta(hours=10))
    assert len(looks) <= 3


def test_only_the_edges_of_schedules_are_looked_at(gcp: Gcp, group: str, looks: list[Any]) -> None:
    gcp.make_autoscaler(group, scalingSchedules={"day": WINDOW})
    gcp.doors.advance(timedelta(minutes=30))
    looks.clear()
    gcp.doors.advance(timedelta(hours=10))
    edges = {"2026-01-05T08:00:00+00:00", "2026-01-05T09:00:00+00:00"}
    assert edges <= {one.isoformat() for one in looks}
    assert len(looks) <= 8


def test_each_minute_with_data_is_looked_at_once(gcp: Gcp, group: str, looks: list[Any]) -> None:
    gcp.make_autoscaler(group)
    for _ in range(5):
        push(gcp, group, 0.6)
        gcp.doors.advance(MINUTE)
    looks.clear()
    for _ in range(10):
        push(gcp, group, 0.6)
        gcp.doors.advance(MINUTE)
    assert len(looks) == len(set(looks)) == 10


def test_a_shortage_is_looked_at_when_it_begins_and_ends(gcp: Gcp, group: str, looks: list[Any]) -> None:
    """The group tries each minute, its autoscaler has nothing new to find."""
    gcp.doors.run_short()
    gcp.make_autoscaler(group, minNumReplicas=3)
    gcp.doors.advance(2 * MINUTE)
    looks.clear()
    gcp.doors.advance(timedelta(hours=5))
    assert len(gcp.ask("GET", f"{group}/listErrors")["items"]) > 300
    assert len(looks) <= 3
