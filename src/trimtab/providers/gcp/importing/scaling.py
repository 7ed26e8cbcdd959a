"""An autoscaler in the words of the model: bounds, policies, schedules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from trimtab.engine.rounding import exact
from trimtab.engine.windows import cron_of, minimums_of
from trimtab.models import ScalingGroup
from trimtab.providers.gcp.autoscaler import FULL, IDLE_TARGET, INITIALIZATION, SCALE_IN_WINDOW, per_minute
from trimtab.providers.gcp.importing.metrics import metric_of
from trimtab.providers.gcp.metrics import from_native
from trimtab.providers.gcp.resources import ASKED
from trimtab.providers.importing.names import legal
from trimtab.providers.leaves import Reply
from trimtab.providers.pause import Pause

P = "autoscalingPolicy"
READ_ONLY: Mapping[str, str] = {
    "id|name|kind|selfLink|creationTimestamp|description|zone|region|target": "the autoscaler itself",
    "status|statusDetails.*|recommendedSize|scalingScheduleStatus.*": "how it stands",
    f"{P}\\.scalingSchedules\\.[\\w-]+\\.(description|disabled)": "as of every schedule",
    f"{P}\\.scalingSchedules\\.{ASKED}\\..*": "a size that somebody asked for; it ends by itself",
    f"{P}\\.scaleInControl\\.maxScaledInReplicas\\.calculated": "worked out",
    f"{P}\\.customMetricUtilizations\\[\\d+\\]\\.utilizationTargetType": "part of the metric",
    f"{P}\\.cpuUtilization\\.predictiveMethod": "none without a predictive policy",
}


def scaling_of(reply: Reply, native: str, paused: Pause | None, *, rate: float | None, size: int) -> dict[str, Any]:
    """The fields of a group that its autoscaler says; `size` is the group's own, which one that is off leaves to it."""
    low = int(reply.take(f"{P}.minNumReplicas", "capacity.min") or 0)
    high = int(reply.take(f"{P}.maxNumReplicas", "capacity.max") or 0)
    mode = str(reply.take(f"{P}.mode", "gcp.mode") or "ON")
    if paused is not None and paused.held:
        mode = paused.held[0]
    found: dict[str, Any] = {"capacity": {"min": low, "max": high}, "gcp": _settings(reply)}
    if mode == "OFF":
        reply.known(f"{P}.cpuUtilization", "an autoscaler that is off")
        return {**found, "capacity": {"min": low, "max": high, "desired": min(max(size, low), high)}}
    policies = _policies(reply, native, rate)
    found["policies"] = policies
    found["schedules"] = _schedules(reply)
    if mode == "ONLY_SCALE_OUT":
        tracking = [policy for policy in policies.values() if policy["type"] == "target-tracking"]
        for policy in tracking:
            policy["scale_in"] = False
        found["gcp"] |= {} if tracking else {"mode": "only-scale-out"}
    return found


def _settings(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cooldown = reply.take(f"{P}.coolDownPeriodSec", "gcp.initialization")
    if cooldown is not None and timedelta(seconds=int(cooldown)) != INITIALIZATION:
        found["initialization"] = timedelta(seconds=int(cooldown))
    if (back := reply.take(f"{P}.stabilizationPeriodSec", "gcp.stabilization")) is not None:
        found["stabilization"] = timedelta(seconds=int(back))
    limit = reply.take(f"{P}.scaleInControl.maxScaledInReplicas.fixed", "gcp.scale_in_limit")
    if limit is not None:
        found["scale_in_limit"] = int(limit)
        window = timedelta(seconds=int(reply.take(f"{P}.scaleInControl.timeWindowSec", "gcp.scale_in_window") or 0))
        found |= {"scale_in_window": window} if window != SCALE_IN_WINDOW else {}
    return found


def _policies(reply: Reply, native: str, rate: float | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cpu = reply.take(f"{P}.cpuUtilization.utilizationTarget", "policies.*.target")
    others = reply.peek(f"{P}.customMetricUtilizations") or reply.peek(f"{P}.loadBalancingUtilization")
    if cpu is not None and (cpu != IDLE_TARGET or not reply.peek(f"{P}.scalingSchedules") or others):
        target = float(exact(cpu) * 100)
        found["cpu"] = {"type": "target-tracking", "metric": "cpu", "target": target}
        if reply.peek(f"{P}.cpuUtilization.predictiveMethod") == "OPTIMIZE_AVAILABILITY":
            reply.take(f"{P}.cpuUtilization.predictiveMethod", "policies.*.mode")
            found["forecast"] = {
                "type": "predictive",
                "metric": "cpu",
                "target": target,
                "mode": "forecast-and-scale",
                "approximate": True,
            }
    share = reply.peek(f"{P}.loadBalancingUtilization.utilizationTarget")
    if share == FULL and rate:
        reply.take(f"{P}.loadBalancingUtilization.utilizationTarget", "policies.*.target")
        metric = "requests-per-instance"
        found["requests"] = {"type": "target-tracking", "metric": metric, "target": per_minute(rate)}
    for place, one in enumerate(reply.peek(f"{P}.customMetricUtilizations") or ()):
        policy = _custom(reply, f"{P}.customMetricUtilizations[{place}]", one, native)
        if policy is not None:
            found[_free(found, legal(str(one["metric"]).rsplit("/", 1)[-1], "policy"))] = policy
    return found


def _custom(reply: Reply, path: str, one: Mapping[str, Any], native: str) -> dict[str, Any] | None:
    shared = "singleInstanceAssignment" in one
    known = metric_of(str(one["metric"]), str(one.get("filter", "")), native, shared=shared)
    if known is None:
        reply.lose(path, "no metric of the model is meant by it; a plan takes it away")
        return None
    metric, measured = known
    reply.take(f"{path}.metric", "policies.*.metric")
    reply.take(f"{path}.filter", "policies.*.metric")
    word = "singleInstanceAssignment" if shared else "utilizationTarget"
    value = reply.take(f"{path}.{word}", "policies.*.target")
    return {"type": "target-tracking", "metric": metric, "target": from_native(float(value), measured)}


def _free(taken: Mapping[str, Any], name: str) -> str:
    names = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if one not in taken)


def _schedules(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in sorted((reply.peek(f"{P}.scalingSchedules") or {}).items(), key=_by_minimum):
        path = f"{P}.scalingSchedules.{name}"
        if name == ASKED:
            continue
        if one.get("disabled"):
            reply.lose(path, "a schedule that is disabled does nothing; a plan takes it away")
            continue
        for field, ours in (
            ("schedule", "cron"),
            ("timeZone", "zone"),
            ("durationSec", "duration"),
            ("minRequiredReplicas", "min"),
        ):
            reply.take(f"{path}.{field}", f"schedules.*.{ours}")
        when = _when(str(one["schedule"]))
        if when is None:
            reply.lose(path, "its cron names a year and no single moment; a plan takes it away")
            continue
        found[name] = {
            **when,
            "zone": one.get("timeZone") or "UTC",
            "duration": timedelta(seconds=int(one["durationSec"])),
            "min": int(one.get("minRequiredReplicas") or 0),
        }
    return found


def _by_minimum(pair: tuple[str, Mapping[str, Any]]) -> tuple[int, str]:
    """Of windows that open at the same moment a fleet takes the last one, and Compute Engine the greatest."""
    return int(pair[1].get("minRequiredReplicas") or 0), pair[0]


def overlap_of(group: ScalingGroup) -> str | None:
    """Why the windows of an imported group are not those that a plan would make; `None` where they are."""
    declared = {(one.cron or cron_of(one), one.zone, one.duration, one.min) for one in group.schedules}
    try:
        made = {(one.cron, one.zone, one.duration, one.min) for one in minimums_of(group).windows}
    except ValueError:
        made = set()
    if made == declared:
        return None
    return (
        "of windows that overlap Compute Engine takes the greatest minimum, and a fleet the one that opened last; "
        "a plan writes them as the fleet has them"
    )


def _when(cron: str) -> dict[str, Any] | None:
    fields = cron.split()
    if len(fields) == 5:
        return {"cron": cron}
    minute, hour, day, month, _, year = fields
    if not all(field.isdigit() for field in (minute, hour, day, month, year)):
        return None
    moment = datetime(int(year), int(month), int(day), int(hour), int(minute))  # noqa: DTZ001 - the schedule's zone
    return {"at": moment.isoformat()}
