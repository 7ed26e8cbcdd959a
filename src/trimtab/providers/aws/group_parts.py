"""Parts of a group that calls of their own write: target groups, hooks, the warm pool, processes, metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trimtab.providers.aws.client import Calls

AFTER_CREATION = ("WarmPoolConfiguration", "SuspendedProcesses", "EnabledMetrics")
"""Parts that CreateAutoScalingGroup does not take."""
PARTS = ("TargetGroupARNs", "LifecycleHookSpecificationList", *AFTER_CREATION)
"""Parts that UpdateAutoScalingGroup does not take, in the order in which they are written."""
_HOOK_DEFAULTS = {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON"}


@dataclass(frozen=True)
class GroupParts:
    """Writes the parts of one group."""

    calls: Calls
    region: str
    name: str

    def write(self, part: str, wanted: Mapping[str, Any], existing: Mapping[str, Any]) -> None:
        """Bring one part from what is there to what is wanted."""
        if part == "TargetGroupARNs":
            self._attach(wanted.get(part, ()), existing.get(part, ()))
        elif part == "LifecycleHookSpecificationList":
            self._hooks(wanted.get(part, ()), existing.get(part, ()))
        elif part == "WarmPoolConfiguration":
            self._warm_pool(wanted.get(part), existing.get(part))
        elif part == "SuspendedProcesses":
            self._processes(set(wanted.get(part, ())), set(existing.get(part, ())))
        else:
            self._metrics(wanted.get(part))

    def _call(self, operation: str, **params: Any) -> None:
        self.calls.call("autoscaling", operation, self.region, AutoScalingGroupName=self.name, **params)

    def _attach(self, wanted: Sequence[str], existing: Sequence[str]) -> None:
        for operation, arns in (
            ("attach_load_balancer_target_groups", sorted(set(wanted) - set(existing))),
            ("detach_load_balancer_target_groups", sorted(set(existing) - set(wanted))),
        ):
            for start in range(0, len(arns), 10):
                self._call(operation, TargetGroupARNs=arns[start : start + 10])

    def _hooks(self, wanted: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]]) -> None:
        known = {hook["LifecycleHookName"]: hook for hook in existing}
        for hook in wanted:
            name = hook["LifecycleHookName"]
            if {**_HOOK_DEFAULTS, **hook} == {**_HOOK_DEFAULTS, **known.get(name, {})}:
                continue
            if name in known and set(known[name]) - set(hook):  # a put leaves out what it does not name
                self._call("delete_lifecycle_hook", LifecycleHookName=name)
            self._call("put_lifecycle_hook", **hook)
        for name in sorted(set(known) - {hook["LifecycleHookName"] for hook in wanted}):
            self._call("delete_lifecycle_hook", LifecycleHookName=name)

    def _warm_pool(self, wanted: Mapping[str, Any] | None, existing: Mapping[str, Any] | None) -> None:
        if wanted is None:
            self._call("delete_warm_pool", ForceDelete=True)
            return
        unset = {"MaxGroupPreparedCapacity": -1} if "MaxGroupPreparedCapacity" in (existing or {}) else {}
        self._call("put_warm_pool", **{**unset, **wanted})

    def _processes(self, wanted: set[str], existing: set[str]) -> None:
        if stop := sorted(wanted - existing):
            self._call("suspend_processes", ScalingProcesses=stop)
        if resume := sorted(existing - wanted):
            self._call("resume_processes", ScalingProcesses=resume)

    def _metrics(self, granularity: str | None) -> None:
        if granularity is None:
            self._call("disable_metrics_collection")
        else:
            self._call("enable_metrics_collection", Granularity=granularity)
