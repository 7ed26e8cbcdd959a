"""Autoscalers, zonal and regional: what the collection does of its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.emulators.errors import ServiceError
from trimtab.emulators.gcp.autoscaler_watch import AutoscalerWatch
from trimtab.emulators.gcp.resources import Collection, must_exist
from trimtab.emulators.gcp.wire import invalid
from trimtab.emulators.gcp.world import World
from trimtab.engine.signals import MOST_SCHEDULES, window_problem

MOST_CUSTOM = 5


def _check(world: World, key: str, body: dict[str, Any]) -> None:
    target, policy = str(body.get("target", "")), body.get("autoscalingPolicy") or {}
    must_exist(world, target)
    for other, watch in world.watches.items():
        if other != key and watch.target == world.key(target):
            text = f"The resource '{world.key(target)}' is already the target of another autoscaler."
            raise ServiceError("conflict", text, 409)
    low, high = int(policy.get("minNumReplicas") or 0), int(policy.get("maxNumReplicas") or 0)
    field = "resource.autoscalingPolicy"
    if "maxNumReplicas" not in policy or low > high:
        raise invalid(f"Invalid value for field '{field}.maxNumReplicas': '{high}'. It must not be below the minimum.")
    cpu = (policy.get("cpuUtilization") or {}).get("utilizationTarget", 0.6)
    if not 0 < float(cpu) <= 1:
        raise invalid(f"Invalid value for field '{field}.cpuUtilization.utilizationTarget': '{cpu}'.")
    schedules = policy.get("scalingSchedules") or {}
    if len(schedules) > MOST_SCHEDULES or len(policy.get("customMetricUtilizations") or ()) > MOST_CUSTOM:
        raise invalid(f"Invalid value for field '{field}': there are too many signals.")
    for name, one in schedules.items():
        duration = timedelta(seconds=int(one.get("durationSec") or 0))
        if problem := window_problem(str(one.get("schedule", "")), one.get("timeZone") or "UTC", duration):
            raise invalid(f"Invalid value for field '{field}.scalingSchedules[{name}]': {problem}.")


def _complete(world: World, key: str, body: dict[str, Any]) -> None:
    policy = body["autoscalingPolicy"]
    policy.setdefault("mode", "ON")
    policy.setdefault("coolDownPeriodSec", 60)
    policy.setdefault("minNumReplicas", 0)
    signals = ("cpuUtilization", "loadBalancingUtilization", "customMetricUtilizations")
    if not any(policy.get(name) for name in signals):
        policy["cpuUtilization"] = {"utilizationTarget": 0.6}
    if policy.get("cpuUtilization"):
        policy["cpuUtilization"].setdefault("utilizationTarget", 0.6)
        policy["cpuUtilization"].setdefault("predictiveMethod", "NONE")


def _written(world: World, key: str) -> None:
    world.watches[key] = AutoscalerWatch(world, key, world.watches.get(key))
    world.watches[key].look()


def _shown(world: World, key: str) -> dict[str, Any]:
    return world.watches[key].shown()


def _leave(world: World, key: str) -> None:
    world.watches.pop(key)


COLLECTIONS: Mapping[str, Collection] = {
    "autoscalers": Collection(check=_check, complete=_complete, written=_written, leave=_leave, shown=_shown),
}
