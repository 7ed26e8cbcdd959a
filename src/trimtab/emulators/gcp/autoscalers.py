"""Autoscalers, zonal and regional: what the collection does of its own."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.gcp.autoscaler_watch import AutoscalerWatch
from trimtab.emulators.gcp.resources import Collection, must_exist
from trimtab.emulators.gcp.wire import invalid
from trimtab.emulators.gcp.world import CloudWorld
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.signals import window_problem


def _check(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    target, policy = str(body.get("target", "")), body.get("autoscalingPolicy") or {}
    must_exist(world, target)
    if world.key(target).split("/")[:2] != key.split("/")[:2]:
        raise invalid(f"Invalid value for field 'resource.target': '{target}'. It must be where the autoscaler is.")
    state = ((world.resources[world.key(target)].get("statefulPolicy") or {}).get("preservedState")) or {}
    if any(state.values()):  # https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs
        raise invalid(f"Invalid value for field 'resource.target': '{target}'. A stateful group cannot be autoscaled.")
    for other, watch in world.watches.items():
        if other != key and watch.target == world.key(target):
            text = f"The resource '{world.key(target)}' is already the target of another autoscaler."
            raise ServiceError("conflict", text, 409)
    for field, value, text in _problems(policy):
        raise invalid(f"Invalid value for field 'resource.autoscalingPolicy{field}': '{value}'. {text}")


def _problems(policy: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """What the service does not take in a policy: field, value, reason."""
    if "maxNumReplicas" not in policy:
        yield ".maxNumReplicas", "", "It is required."
    for place, metric in enumerate(policy.get("customMetricUtilizations") or ()):
        words = [name for name in ("utilizationTarget", "singleInstanceAssignment") if name in metric]
        if len(words) != 1 or float(metric[words[0]]) <= 0:
            yield f".customMetricUtilizations[{place}]", ", ".join(words), "It needs one target, which is positive."
    yield from _schedule_problems(policy.get("scalingSchedules") or {})


def _schedule_problems(schedules: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, object, str]]:
    for name, schedule in schedules.items():
        where = f".scalingSchedules[{name}]"
        if "minRequiredReplicas" not in schedule:
            yield f"{where}.minRequiredReplicas", "", "It is required."
        duration = timedelta(seconds=int(schedule.get("durationSec") or 0))
        if problem := window_problem(str(schedule.get("schedule", "")), schedule.get("timeZone") or "UTC", duration):
            yield where, schedule.get("schedule", ""), problem


def _complete(world: CloudWorld, key: str, body: dict[str, Any]) -> None:
    policy = body["autoscalingPolicy"]
    policy.setdefault("mode", "ON")
    policy.setdefault("coolDownPeriodSec", 60)
    policy.setdefault("minNumReplicas", 0)
    for schedule in (policy.get("scalingSchedules") or {}).values():
        schedule["timeZone"] = schedule.get("timeZone") or "UTC"
    signals = ("cpuUtilization", "loadBalancingUtilization", "customMetricUtilizations")
    if not any(policy.get(name) for name in signals):
        policy["cpuUtilization"] = {"utilizationTarget": 0.6}
    if policy.get("cpuUtilization"):
        policy["cpuUtilization"].setdefault("utilizationTarget", 0.6)
        policy["cpuUtilization"].setdefault("predictiveMethod", "NONE")


def _written(world: CloudWorld, key: str) -> None:
    world.watches[key] = AutoscalerWatch(world, key, world.watches.get(key))
    world.watches[key].look()


def _shown(world: CloudWorld, key: str) -> dict[str, Any]:
    watch: AutoscalerWatch = world.watches[key]
    return watch.shown()


def _leave(world: CloudWorld, key: str) -> None:
    world.watches.pop(key)


COLLECTIONS: Mapping[str, Collection] = {
    "autoscalers": Collection(check=_check, complete=_complete, written=_written, leave=_leave, shown=_shown),
}
