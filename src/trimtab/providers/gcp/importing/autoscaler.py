"""An autoscaler in the words of the model: bounds, policies, schedules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.engine.rounding import exact
from trimtab.providers.gcp.autoscaler import INITIALIZATION, OFF, SCALE_IN_WINDOW
from trimtab.providers.gcp.importing.metrics import metric_of
from trimtab.providers.gcp.metrics import from_native
from trimtab.providers.gcp.policies import IDLE_TARGET, TARGET_UTILIZATION, per_minute
from trimtab.providers.importing import legal, unused
from trimtab.providers.importing.building import whole

P = "autoscalingPolicy"
FORECASTS = "OPTIMIZE_AVAILABILITY"
Body = Mapping[str, Any]


@dataclass
class ScalerRead:
    """
    What one autoscaler says.

    Attributes:
        native: The group's name in the cloud.
        rate: The rate in a second at which a backend service holds one instance to be full.
        fields: Fields of a group.
        unsaid: Why the model does not say something, by its path.
    """

    native: str
    rate: float | None
    fields: dict[str, Any] = field(default_factory=dict)
    unsaid: dict[str, str] = field(default_factory=dict)

    def take(self, policy: Body, size: int) -> None:
        """Read a policy; `size` is the group's own, which an autoscaler that is off leaves to it."""
        low, high = whole(policy.get("minNumReplicas")), whole(policy.get("maxNumReplicas"))
        capacity: dict[str, Any] = {"min": low, "max": high}
        is_off = policy.get("mode") == OFF
        self.fields = {"capacity": capacity, "gcp": _settings(policy)}
        if is_off:
            capacity["desired"] = min(max(size, low), high)
            self._leave_off(policy)
            return
        policies = self._policies(policy)
        if policy.get("mode") == "ONLY_SCALE_OUT":
            tracking = [entry for entry in policies.values() if entry["type"] == "target-tracking"]
            for tracker in tracking:
                tracker["scale_in"] = False
            self.fields["gcp"] |= {} if tracking else {"mode": "only-scale-out"}
        self.fields |= {"policies": policies, "schedules": self._schedules(policy)}
        if any(not path.startswith(f"{P}.scalingSchedules") for path in self.unsaid):
            self.fields["unmanaged"] = ["policies"]

    def _leave_off(self, policy: Body) -> None:
        """What an autoscaler that is off would do stays as it is; it does nothing now."""
        left = []
        cpu = policy.get("cpuUtilization") or {}
        others = policy.get("customMetricUtilizations") or policy.get("loadBalancingUtilization")
        if others or (
            cpu and (cpu.get("utilizationTarget") != IDLE_TARGET or cpu.get("predictiveMethod") == FORECASTS)
        ):
            left.append("policies")
        if policy.get("scalingSchedules"):
            left.append("schedules")
        if left:
            self.fields["unmanaged"] = left

    # signals

    def _policies(self, policy: Body) -> dict[str, Any]:
        policies: dict[str, Any] = {}
        custom = policy.get("customMetricUtilizations") or ()
        balanced = policy.get("loadBalancingUtilization") or {}
        cpu = policy.get("cpuUtilization") or {}
        target = cpu.get("utilizationTarget")
        is_idle = target == IDLE_TARGET and policy.get("scalingSchedules") and not custom and not balanced
        if target is not None and not is_idle:
            percent = float(exact(target) * 100)
            policies["cpu"] = {"type": "target-tracking", "metric": "cpu", "target": percent}
            if cpu.get("predictiveMethod") == FORECASTS:
                ahead = {"type": "predictive", "metric": "cpu", "target": percent, "mode": "forecast-and-scale"}
                policies["forecast"] = {**ahead, "approximate": True}
        if balanced:
            self._take_balanced(balanced, policies)
        for signal in custom:
            self._take_custom(signal, policies)
        return policies

    def _take_balanced(self, balanced: Body, policies: dict[str, Any]) -> None:
        if balanced.get("utilizationTarget") == TARGET_UTILIZATION and self.rate:
            target = per_minute(self.rate)
            policies["requests"] = {"type": "target-tracking", "metric": "requests-per-instance", "target": target}
        else:
            share = f"{TARGET_UTILIZATION:.0%}"
            text = f"policies on requests per instance take {share} of the maximum rate per instance of a backend"
            self.unsaid[f"{P}.loadBalancingUtilization"] = text

    def _take_custom(self, signal: Body, policies: dict[str, Any]) -> None:
        kind = str(signal.get("metric", ""))
        shared = "singleInstanceAssignment" in signal
        known = metric_of(kind, str(signal.get("filter") or ""), self.native, shared=shared)
        value = signal.get("singleInstanceAssignment" if shared else "utilizationTarget")
        if known is None or value is None:
            self.unsaid[f"{P}.customMetricUtilizations[{kind}]"] = "metric not supported"
            return
        metric, measured = known
        name = unused(legal(kind.rsplit("/", 1)[-1], "policy"), policies)
        policies[name] = {"type": "target-tracking", "metric": metric, "target": from_native(float(value), measured)}

    # schedules

    def _schedules(self, policy: Body) -> dict[str, Any]:
        schedules: dict[str, Any] = {}
        for name, schedule in sorted((policy.get("scalingSchedules") or {}).items(), key=_by_minimum):
            path = f"{P}.scalingSchedules.{name}"
            when = _when(str(schedule.get("schedule") or ""))
            if schedule.get("disabled"):
                self.unsaid[path] = "a schedule of a fleet cannot be disabled"
            elif when is None:
                self.unsaid[path] = "a schedule with a year must name a single moment, or years and ranges of them"
            else:
                schedules[name] = {
                    **when,
                    **({"description": schedule["description"]} if schedule.get("description") else {}),
                    "zone": schedule.get("timeZone") or "UTC",
                    "duration": timedelta(seconds=whole(schedule.get("durationSec"))),
                    "min": whole(schedule.get("minRequiredReplicas")),
                }
        return schedules


def _settings(policy: Body) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    cooldown = policy.get("coolDownPeriodSec")
    if cooldown is not None and timedelta(seconds=whole(cooldown)) != INITIALIZATION:
        settings["initialization"] = timedelta(seconds=whole(cooldown))
    if (back := policy.get("stabilizationPeriodSec")) is not None:
        settings["stabilization"] = timedelta(seconds=whole(back))
    control = policy.get("scaleInControl") or {}
    limit = (control.get("maxScaledInReplicas") or {}).get("fixed")
    if limit is not None:
        settings["scale_in_limit"] = whole(limit)
        window = timedelta(seconds=whole(control.get("timeWindowSec")))
        settings |= {"scale_in_window": window} if window != SCALE_IN_WINDOW else {}
    return settings


def _by_minimum(pair: tuple[str, Body]) -> tuple[int, str]:
    """Of windows that open at the same moment a fleet takes the last one, and Compute Engine the greatest."""
    return whole(pair[1].get("minRequiredReplicas")), pair[0]


def _when(cron: str) -> dict[str, Any] | None:
    fields = cron.split()
    if len(fields) != 6:
        return {"cron": cron}
    minute, hour, day, month, weekday, year = fields
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute))  # noqa: DTZ001 - the schedule's zone
    except ValueError:
        years = _years(year)
        return {"cron": f"{minute} {hour} {day} {month} {weekday}", "only_dates": years} if years else None
    return {"at": moment.isoformat()}


def _years(field: str) -> list[str] | None:
    """The years of a cron as dates of a schedule; `None` where they are not single ones and ranges."""
    try:
        years = [(int(part.partition("-")[0]), int(part.partition("-")[2] or part)) for part in field.split(",")]
    except ValueError:
        return None
    return [f"{first}-01-01..{last}-12-31" for first, last in years]
