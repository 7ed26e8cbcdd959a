"""What is done to one group that runs: a pause, its end, a policy acted on once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trimtab.errors import InvalidRequest, NotFound, Unsupported
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.reads import find_group
from trimtab.providers.aws.resources import PAUSED, find_pause, suspended
from trimtab.providers.lookup import group_not_found
from trimtab.providers.pause import TAG as PAUSE_TAG
from trimtab.providers.pause import Pause


@dataclass(frozen=True)
class GroupActions:
    """Acts on one group."""

    calls: Calls
    region: str
    name: str

    def pause(self, pause: Pause) -> None:
        """Mark it first, so that no plan heals what follows; then stop what does not stand still already."""
        item = self._read()
        before = find_pause(item)
        held = PAUSED - set(suspended(item))
        if before is not None:
            held |= PAUSED if before.held is None else PAUSED & set(before.held)
        marked = replace(pause, held=tuple(sorted(held)))
        self._call("create_or_update_tags", Tags=[{**self._tag, "Value": marked.line(), "PropagateAtLaunch": False}])
        if held:
            self._call_group("suspend_processes", ScalingProcesses=sorted(held))

    def resume(self) -> None:
        """Give back what the pause stopped, then take the mark away."""
        item = self._read()
        pause = find_pause(item)
        if pause is None:
            return
        held = PAUSED if pause.held is None else PAUSED & set(pause.held)
        if held & set(suspended(item)):
            self._call_group("resume_processes", ScalingProcesses=sorted(held))
        self._call("delete_tags", Tags=[self._tag])

    def set_capacity(self, desired: int) -> None:
        """SetDesiredCapacity, without waiting for a cooldown."""
        params = {"AutoScalingGroupName": self.name, "DesiredCapacity": desired, "HonorCooldown": False}
        try:
            self.calls.call("autoscaling", "set_desired_capacity", self.region, **params)
        except NotFound as error:
            raise group_not_found(self.name, self.region, "aws", code=error.code) from error

    def execute(self, policy: str, *, value: float | None, threshold: float | None) -> None:
        """Act once on a simple or a step policy, as an alarm would."""
        scaling_policy = self._policy(policy)
        kind, name = scaling_policy.get("PolicyType", "SimpleScaling"), scaling_policy["PolicyName"]
        if kind == "SimpleScaling":
            self._call_group("execute_policy", PolicyName=name, HonorCooldown=False)
            return
        if kind != "StepScaling":
            text = f"policy {policy!r} of {self.name!r} is {kind}: it watches its own metric and cannot be executed"
            raise Unsupported(f"{text}; scale the group instead")
        if value is None or threshold is None:
            text = f"policy {policy!r} has steps: say the metric's value and the threshold that it is held against"
            raise InvalidRequest(text, provider="aws", operation="execute_policy")
        self._call_group("execute_policy", PolicyName=name, MetricValue=value, BreachThreshold=threshold)

    def _policy(self, policy: str) -> Mapping[str, Any]:
        names = [f"{self.name}-{policy}", policy]
        params = {"AutoScalingGroupName": self.name, "PolicyNames": names}
        reply = self.calls.call("autoscaling", "describe_policies", self.region, **params)
        policies = {item["PolicyName"]: item for item in reply["ScalingPolicies"]}
        for name in names:
            if name in policies:
                scaling_policy: Mapping[str, Any] = policies[name]
                return scaling_policy
        raise NotFound(f"group {self.name!r} has no policy {policy!r}", provider="aws", operation="execute_policy")

    def _read(self) -> Mapping[str, Any]:
        item = find_group(self.calls, self.region, self.name)
        if item is None:
            raise group_not_found(self.name, self.region, "aws", operation="pause")
        return item

    @property
    def _tag(self) -> dict[str, Any]:
        return {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": PAUSE_TAG}

    def _call(self, operation: str, **params: Any) -> None:
        self.calls.call("autoscaling", operation, self.region, **params)

    def _call_group(self, operation: str, **params: Any) -> None:
        self._call(operation, AutoScalingGroupName=self.name, **params)
