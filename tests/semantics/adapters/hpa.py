from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.semantics.adapters import adapter
from trimtab.engine import behavior, replicas
from trimtab.engine.behavior import Behavior, LimitReason, LimitUnit, ScaleEvent, ScalingLimit, SelectPolicy
from trimtab.engine.pods import Pod, PodPhase, is_unready_for_cpu, ready_count
from trimtab.engine.policies import Direction
from trimtab.engine.replicas import Tolerance, UnusableMetric
from trimtab.engine.values import Sized

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIRECTIONS = {"up": Direction.OUT, "down": Direction.IN}
CONDITIONS = {
    LimitReason.WITHIN_RANGE: "DesiredWithinRange",
    LimitReason.TOO_MANY: "TooManyReplicas",
    LimitReason.TOO_FEW: "TooFewReplicas",
    LimitReason.SCALE_OUT_LIMIT: "ScaleUpLimit",
    LimitReason.SCALE_IN_LIMIT: "ScaleDownLimit",
}


# replica calculator


@adapter("resource_utilization")
def resource_utilization(given):
    names = given.get("metric_pod_names") or []
    usage = {
        names[index] if index < len(names) else pod_name(index): per_container(given, used)
        for index, used in enumerate(given["usage_milli"])
        if used is not None
    }
    try:
        found = replicas.utilization_replicas(
            given["current_replicas"],
            pods_of(given),
            usage=usage,
            target=given["target_utilization_percent"],
            container=given.get("container"),
            resource=given.get("resource") or "cpu",
            tolerance=tolerance_of(given),
        )
    except UnusableMetric as problem:
        return {"error": str(problem)}
    return {"replicas": found.size, "utilization_percent": found.percent, "raw_value_milli": found.usage}


@adapter("raw_metric")
def raw_metric(given):
    try:
        found = raw(given, given["metric_type"], given["current_replicas"])
    except UnusableMetric as problem:
        return {"error": str(problem)}
    return {"replicas": found.size, "usage_milli": found.usage}


def raw(given, sort, current):
    values, tolerance = given["values_milli"], tolerance_of(given)
    if sort == "pods":
        named = {pod_name(index): value for index, value in enumerate(values) if value is not None}
        pods = pods_of({"current_replicas": current, **given})
        return replicas.pods_replicas(current, pods, values=named, target=given["target_milli"], tolerance=tolerance)
    if sort.endswith("_per_pod"):
        target = given["per_pod_target_milli"]
        return replicas.per_pod_replicas(current, value=sum(values), target=target, tolerance=tolerance)
    ready = ready_count(pods_of({"current_replicas": current, **given}))
    return replicas.total_replicas(current, ready, value=sum(values), target=given["target_milli"], tolerance=tolerance)


@adapter("formula")
def formula(given):
    size = replicas.documented_size(
        given["current"], metric=given["metric"], target=given["target"], tolerance=tolerance_of(given)
    )
    return {"replicas": size}


def pod_name(index):
    return f"pod-{index}"


def pods_of(given):
    phases, ready, deleting = (given.get(key) or [] for key in ("phase", "ready", "deleting"))
    starts, requests = given.get("cpu_start") or [], given.get("request_milli_per_container") or []
    return [
        Pod(
            name=pod_name(index),
            requests=per_container(given, requests[index] if index < len(requests) else None),
            phase=PodPhase(phases[index].lower()) if index < len(phases) else PodPhase.RUNNING,
            ready=ready[index] if index < len(ready) else True,
            unready_for_cpu=is_unready(ready[index : index + 1], starts[index : index + 1]),
            deleting=deleting[index] if index < len(deleting) else False,
        )
        for index in range(max(given["current_replicas"], len(phases)))
    ]


def is_unready(ready, start):
    """As the tests that the rows are from set pods up: they never were ready, or their sample is older than that."""
    started = NOW - timedelta(seconds=30 if start == ["hot"] else 3600)
    return is_unready_for_cpu(
        ready=ready != [False], started=started, changed=started, sampled=started, sample_window=MINUTE, now=NOW
    )


MINUTE = timedelta(minutes=1)


def per_container(given, value):
    names = [f"container{number + 1}" for number in range(given.get("containers_per_pod", 1))]
    return dict(zip(names, value, strict=False)) if isinstance(value, list) else dict.fromkeys(names, value)


def tolerance_of(given):
    found = given.get("tolerance")
    if found is None:
        return replicas.DEFAULT_TOLERANCE
    return Tolerance(scale_in=found["down"], scale_out=found["up"])


# behaviors


@adapter("limit_default")
def limit_default(given):
    found = behavior.limit_by_default(given["current"], given["desired"], low=given["min"], high=given["max"])
    return {"replicas": found.size, "condition": CONDITIONS[found.reason]}


@adapter("limit_behavior")
def limit_behavior(given):
    found = behavior.limit_by_behavior(
        given["current"],
        given["desired"],
        behavior_of(given),
        low=given["min"],
        high=given["max"],
        events=events_of(given),
        now=NOW,
    )
    return {"replicas": found.size, "condition": CONDITIONS[found.reason]}


@adapter("scale_up_limit")
def scale_up_limit(given):
    rules = rules_of(given["rules"], behavior.DEFAULT_OUT)
    return {"limit": behavior.scale_out_limit(given["current"], rules, events=events_of(given), now=NOW)}


@adapter("scale_down_limit")
def scale_down_limit(given):
    rules = rules_of(given["rules"], behavior.DEFAULT_IN)
    return {"limit": behavior.scale_in_limit(given["current"], rules, events=events_of(given), now=NOW)}


@adapter("change_per_period")
def change_per_period(given):
    events = [ScaleEvent(ago(event), event["change"]) for event in given["events"]]
    return {"change": behavior.change_within(events, seconds(given["period_seconds"]), now=NOW)}


@adapter("stabilize", "scale_up_window_seconds")
def stabilize(given):
    size = behavior.stabilized_size(
        given["current"],
        given["desired"],
        recommendations_of(given),
        window_out=seconds(given["scale_up_window_seconds"]),
        window_in=seconds(given["scale_down_window_seconds"]),
        now=NOW,
    )
    return {"replicas": size}


@adapter("stabilize_default")
def stabilize_default(given):
    window = seconds(given["window_seconds"])
    return {"replicas": behavior.stabilized_in(given["desired"], recommendations_of(given), window=window, now=NOW)}


@adapter("window_pick")
def window_pick(given):
    recommended, direction = given["recommendations_in_window"], DIRECTIONS[given["direction"]]
    return {"replicas": behavior.pick_recommendation(given["current"], recommended, direction=direction)}


@adapter("hpa")
def hpa(given):
    current = given["current"]
    has_behavior = any(given.get(key) for key in ("scale_up", "scale_down"))
    size = replicas.decided_size(
        current,
        [proposal(current, {**pod_states(given), **metric}) for metric in given["metrics"]],
        low=given["min"],
        high=given["max"],
        behavior=behavior_of(given) if has_behavior else None,
        recommendations=recommendations_of(given),
        events=events_of(given),
        now=NOW,
    )
    return {"replicas": size}


def pod_states(given):
    return {key: given[key] for key in ("ready", "cpu_start", "phase", "deleting", "tolerance") if key in given}


def proposal(current, metric):
    """What one metric asks for, `None` where it failed."""
    if metric.get("error") or metric.get("invalid"):
        return None
    if "usage_milli_per_pod" not in metric:
        return raw_metric({"current_replicas": current, "metric_type": metric["type"], **metric}).get("replicas")
    given = {
        **metric,
        "current_replicas": current,
        "usage_milli": metric["usage_milli_per_pod"],
        "request_milli_per_container": [metric["request_milli"]] * current,
        "resource": metric["type"],
    }
    return resource_utilization(given).get("replicas")


def behavior_of(given):
    return Behavior(
        scale_out=rules_of(given.get("scale_up") or {}, behavior.DEFAULT_OUT),
        scale_in=rules_of(given.get("scale_down") or {}, behavior.DEFAULT_IN),
    )


def rules_of(given, default):
    """The rules that a row gives, the default where it is silent."""
    told = {
        "limits": tuple(limit_of(policy) for policy in given.get("policies") or []) or None,
        "select": given.get("select_policy") and SelectPolicy(given["select_policy"].lower()),
        "window": seconds(given.get("stabilization_window_seconds")),
    }
    return replace(default, **{name: value for name, value in told.items() if value is not None})


def limit_of(policy):
    return ScalingLimit(LimitUnit(policy["type"].lower()), policy["value"], seconds(policy["period_seconds"]))


def events_of(given):
    return [
        *(ScaleEvent(ago(event), event["change"]) for event in given.get("scale_up_events") or []),
        *(ScaleEvent(ago(event), -event["change"]) for event in given.get("scale_down_events") or []),
    ]


def recommendations_of(given):
    return [Sized(ago(one), one["replicas"]) for one in given.get("recommendations") or []]


def ago(event):
    return NOW - seconds(event["seconds_ago"])


def seconds(count):
    return None if count is None else timedelta(seconds=count)
