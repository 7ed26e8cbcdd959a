"""The vendor's rows about autoscalers as native bodies: what to set up, and what to look at afterwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from trimtab.engine.values import Sized

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
CPU = "compute.googleapis.com/instance/cpu/utilization"
REQUESTS = "loadbalancing.googleapis.com/https/backend_request_count"
NEEDED = "custom.googleapis.com/rows/needed"
"""One value for the whole group, of which each instance takes one: it asks for exactly so many."""
RATE = 100.0
"""The requests in a second that one instance of a row takes."""
ALWAYS = {"schedule": "0 * * * *", "timeZone": "UTC", "durationSec": 3600}
"""A schedule that is always open."""
NOT_AS_A_BODY = {
    "validate_schedule": "the service refuses the body; the checks of bodies have their own tests",
}
"""Rows that no evaluation shows, and why."""
Given = Mapping[str, Any]
GLOBAL = 'resource.type = "global"'


@dataclass(frozen=True)
class Measured:
    """One value: of every instance alike, or of the group as a whole."""

    metric: str
    value: float
    per_instance: bool = True
    resource: str = "gce_instance"


@dataclass(frozen=True)
class Setup:
    """
    A group and its autoscaler before a run.

    `needed` and `sizes` are what was needed and what the size was, each from its moment before now on.
    """

    policy: Mapping[str, Any]
    size: int
    measured: tuple[Measured, ...] = ()
    now: datetime = NOW
    needed: tuple[Sized, ...] = ()
    sizes: tuple[Sized, ...] = ()
    forecast: tuple[tuple[datetime, int], ...] = ()
    balanced: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


SETUPS: dict[str, Callable[[Given], Setup]] = {}


def setup(op: str) -> Callable[[Callable[[Given], Setup]], Callable[[Given], Setup]]:
    def register(make: Callable[[Given], Setup]) -> Callable[[Given], Setup]:
        SETUPS[op] = make
        return make

    return register


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def asking(size: int, **policy: Any) -> tuple[dict[str, Any], tuple[Measured, ...]]:
    """A policy whose one signal asks for exactly so many instances, and what is measured for it."""
    signal = {"metric": NEEDED, "filter": GLOBAL, "singleInstanceAssignment": 1}
    body = {"minNumReplicas": 0, "maxNumReplicas": 100, "customMetricUtilizations": [signal], **policy}
    return body, (Measured(NEEDED, size, per_instance=False, resource="global"),)


def signal_of(number: int, given: Given, serving: int) -> tuple[str, dict[str, Any], Measured]:
    """The field of the policy, what it says, and what is measured for it."""
    name = f"custom.googleapis.com/rows/{given.get('name', number)}"
    match given["type"]:
        case "cpu":
            return "cpuUtilization", {"utilizationTarget": given["target"]}, Measured(CPU, given["value"])
        case "load_balancing":
            in_a_minute = given["value"] * RATE * serving * 60
            found = Measured(REQUESTS, in_a_minute, per_instance=False, resource="https_lb_rule")
            return "loadBalancingUtilization", {"utilizationTarget": given["target"]}, found
        case "per_group":
            taken = given.get("single_instance_assignment", 1)
            body = {"metric": name, "filter": GLOBAL, "singleInstanceAssignment": taken}
            return "", body, Measured(name, given["value"], per_instance=False, resource="global")
        case _:
            return "", {"metric": name, "utilizationTarget": given["target"]}, Measured(name, given["value"])


def policy_of(given: Given, serving: int) -> tuple[dict[str, Any], tuple[Measured, ...]]:
    policy: dict[str, Any] = {"minNumReplicas": given["min"], "maxNumReplicas": given.get("max", 100)}
    custom, measured = [], []
    for number, one in enumerate(given["signals"]):
        name, body, value = signal_of(number, one, serving)
        measured.append(value)
        if name:
            policy[name] = body
        else:
            custom.append(body)
    if custom:
        policy["customMetricUtilizations"] = custom
    required = {f"always-{size}": {**ALWAYS, "minRequiredReplicas": size} for size in given["active_schedules"]}
    return policy | ({"scalingSchedules": required} if required else {}), tuple(measured)


@setup("signals")
def signals(given: Given) -> Setup:
    policy, measured = policy_of(given, given["serving_size"])
    return Setup(policy, given["serving_size"], measured, balanced="loadBalancingUtilization" in policy)


@setup("scale_in_control")
def scale_in_control(given: Given) -> Setup:
    control = {"maxScaledInReplicas": given["max_scaled_in"], "timeWindowSec": 600}
    policy, measured = asking(given["wanted"], scaleInControl=control, stabilizationPeriodSec=0)
    sizes = (Sized(ago(300), given["window_peak"]), Sized(ago(60), given["current"]))
    return Setup(policy, given["current"], measured, sizes=sizes)


@setup("stabilize")
def stabilize(given: Given) -> Setup:
    policy, measured = asking(given["needed_now"], stabilizationPeriodSec=given["window_seconds"])
    rows = given["history_needed_size"]
    # each was needed for the minute of one run
    after = [{"t": one["t"] + 60, "size": later["size"]} for one, later in pairwise(rows)]
    steps = sorted([*rows, *after], key=lambda one: int(one["t"]))
    needed = tuple(Sized(ago(-one["t"]), one["size"]) for one in steps if one["t"] < 0)
    return Setup(policy, given["current"], measured, needed=needed)


@setup("mode")
def mode(given: Given) -> Setup:
    policy, measured = asking(given["recommended"], mode=given["mode"])
    return Setup(policy, given["target_size"], measured)


@setup("schedule_active")
def schedule_active(given: Given) -> Setup:
    schedule = {
        "schedule": given["cron"],
        "timeZone": given.get("time_zone") or "UTC",
        "durationSec": given["duration_seconds"],
        "minRequiredReplicas": 5,
    }
    policy, measured = asking(1, scalingSchedules={"row": schedule})
    return Setup(policy, 1, measured, now=datetime.fromisoformat(given["at"]))


@setup("can_scale_to_zero")
def can_scale_to_zero(given: Given) -> Setup:
    names = given["signals"] if "signals" in given else [given["signal"]]
    signals = [{"type": name, "value": 0, "target": 1} for name in names if name is not None]
    policy, measured = policy_of({**given, "signals": signals}, 1)
    return Setup(policy, 1, measured, balanced="loadBalancingUtilization" in policy)


@setup("predictive_combine")
def predictive_combine(given: Given) -> Setup:
    size, predicted = given["real_time_size"], given.get("predicted_size")
    cpu = {"utilizationTarget": 0.5, "predictiveMethod": "OPTIMIZE_AVAILABILITY"}
    policy = {"minNumReplicas": given.get("min", 0), "maxNumReplicas": given.get("max", 100), "cpuUtilization": cpu}
    forecast = () if predicted is None else ((ago(60), predicted),)
    return Setup(policy, size, (Measured(CPU, 0.5),), forecast=forecast)


@setup("stabilization_period")
def stabilization_period(given: Given) -> Setup:
    policy, measured = asking(1, coolDownPeriodSec=given["initialization_seconds"])
    own = given.get("stabilization_period_seconds", given.get("stabilization_seconds"))
    return Setup(policy if own is None else {**policy, "stabilizationPeriodSec": own}, 20, measured)
