"""What is done to one group that runs: a pause, its end, a policy acted on once, the end of an instance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from trimtab.engine.crons import fires
from trimtab.errors import InvalidRequest, NotFound, Unreachable, Unsupported
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.reads import find_group
from trimtab.providers.aws.resources import PAUSED, find_boost, find_pause, is_boost, suspended
from trimtab.providers.base import GroupState, Instance, InstanceState
from trimtab.providers.lookup import group_not_found
from trimtab.providers.moments import zulu
from trimtab.providers.pause import BOOST, BOOST_TAG, Boost, Pause
from trimtab.providers.pause import TAG as PAUSE_TAG
from trimtab.providers.retry import in_batches
from trimtab.providers.sizes import check_shrink

_MINUTE = timedelta(minutes=1)
MOST_AT_ONCE = 50
"""Scheduled actions in one call: botocore autoscaling:BatchPutScheduledUpdateGroupActionType."""
MOST_PROTECTED = 50
"""Instances in one call: botocore autoscaling:SetInstanceProtectionQuery.InstanceIds."""
MOST_DRAINED = 20
"""Instances in one call: botocore autoscaling:EnterStandbyQuery.InstanceIds."""
TERMINATE = "terminate_instance_in_auto_scaling_group"
GONE = "Terminated"
AT_REST = ("Standby", "EnteringStandby")
GOING = ("Terminat",)


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

    def boost(self, boost: Boost) -> None:
        """
        Mark it, arm what is to happen while the boost lasts and at its end, then raise the minimum.

        A scheduled action that sets a lower minimum in between is followed by one that raises it again.
        """
        item, now = self._read(), self.calls.clock.now().replace(microsecond=0)
        actions = self._actions()
        before, since = _before(item, now)
        course = Course(before, since, now, tuple(one for one in actions if not is_boost(one)))
        self._refuse_lower(item, course, boost, now)
        marked = replace(boost, held=(str(before), zulu(since)))
        self._call(
            "create_or_update_tags", Tags=[{**self._boost_tag, "Value": marked.line(), "PropagateAtLaunch": False}]
        )
        self._disarm(actions)
        bodies = [
            {"ScheduledActionName": f"{self.name}-{BOOST}-{number}", "StartTime": at, "MinSize": low}
            for number, (at, low) in enumerate(sorted(course.while_boosted(boost, now).items()), start=1)
        ]
        for some in in_batches(bodies, MOST_AT_ONCE):
            self._call_group("batch_put_scheduled_update_group_action", ScheduledUpdateGroupActions=list(some))
        self._call_group("update_auto_scaling_group", MinSize=max(course.minimum(now), boost.min))

    def end_boost(self) -> None:
        """Disarm what is still to come, give back the minimum that schedules say now, then take the mark away."""
        item, now = self._read(), self.calls.clock.now()
        boost = find_boost(item)
        if not any(tag["Key"] == BOOST_TAG for tag in item.get("Tags", ())):
            return
        actions = self._actions()
        self._disarm(actions)
        if boost is not None and boost.held and item["MinSize"] == boost.min:
            course = Course(*_before(item, now), now, tuple(one for one in actions if not is_boost(one)))
            self._call_group("update_auto_scaling_group", MinSize=course.minimum(now))
        self._call("delete_tags", Tags=[self._boost_tag])

    def _refuse_lower(self, item: Mapping[str, Any], course: "Course", boost: Boost, now: datetime) -> None:
        """Refuse a boost that a scheduled action would undo, or that would keep one from being carried out."""
        for action in course.actions:
            for word, field in (("maximum", "MaxSize"), ("size", "DesiredCapacity")):
                value = action.get(field)
                if value is not None and value < boost.min and next(_fires(action, now, boost.until, now), None):
                    name = action["ScheduledActionName"]
                    text = f"scheduled action {name!r} sets the {word} to {value} before the boost is over"
                    raise InvalidRequest(
                        f"{text}; change it first, or boost for less", provider="aws", operation="boost"
                    )

    def _actions(self) -> list[Mapping[str, Any]]:
        params = {"AutoScalingGroupName": self.name}
        return list(self.calls.items("autoscaling", "describe_scheduled_actions", self.region, **params))

    def _disarm(self, actions: Sequence[Mapping[str, Any]]) -> None:
        names = [one["ScheduledActionName"] for one in actions if is_boost(one)]
        for some in in_batches(names, MOST_AT_ONCE):
            self._call_group("batch_delete_scheduled_action", ScheduledActionNames=list(some))

    def set_capacity(self, desired: int) -> None:
        """SetDesiredCapacity, without waiting for a cooldown."""
        params = {"AutoScalingGroupName": self.name, "DesiredCapacity": desired, "HonorCooldown": False}
        try:
            self.calls.call("autoscaling", "set_desired_capacity", self.region, **params)
        except NotFound as error:
            raise group_not_found(self.name, self.region, "aws", code=error.code) from error

    def set_mix(self, size: int, *, base: int) -> None:
        """
        One UpdateAutoScalingGroup with the size and all shares of the group, the base in them.

        Where the base is so already, the size alone is set. What a policy leaves out stays as it is, its template among
        it. Instances are replaced to keep the shares: "An update to this setting means a gradual replacement of
        instances to adjust the current On-Demand and Spot Instance levels [...] When replacing instances, Amazon EC2
        Auto Scaling launches new instances before terminating the previous ones" (AWS CloudFormation,
        InstancesDistribution).
        """
        shares = (self._read().get("MixedInstancesPolicy") or {}).get("InstancesDistribution") or {}
        if shares.get("OnDemandBaseCapacity") == base:  # an instance refresh refuses another policy, and no size
            self.set_capacity(size)
            return
        policy = {"InstancesDistribution": {**shares, "OnDemandBaseCapacity": base}}
        self._call_group("update_auto_scaling_group", DesiredCapacity=size, MixedInstancesPolicy=policy)

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
            text = f"policy {policy!r} is a step policy; give the metric's `value` and the `threshold` of its alarm"
            raise InvalidRequest(text, provider="aws", operation="execute_policy")
        self._call_group("execute_policy", PolicyName=name, MetricValue=value, BreachThreshold=threshold)

    def protect(self, instances: Sequence[Instance], *, protected: bool) -> None:
        """SetInstanceProtection, for those that are not so already."""
        ids = [instance.id for instance in instances if instance.protected != protected]
        for some in in_batches(ids, MOST_PROTECTED):
            self._call_group("set_instance_protection", InstanceIds=some, ProtectedFromScaleIn=protected)

    def drain(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """
        EnterStandby: the balancers let them finish what they have, and health checks and scaling in leave them alone.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
        """
        serving = [instance for instance in instances if instance.state is not InstanceState.STANDBY]
        if shrink:
            check_shrink(state, serving, "aws")
        for some in in_batches([instance.id for instance in serving], MOST_DRAINED):
            self._send_once("enter_standby", some, AT_REST, ShouldDecrementDesiredCapacity=shrink)

    def end_instances(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """
        TerminateInstanceInAutoScalingGroup, one by one.

        Those in standby are not counted by the size, so that it stays as it is without them.
        """
        counted = [instance for instance in instances if instance.state is not InstanceState.STANDBY]
        if shrink:
            check_shrink(state, counted, "aws")
        for instance in instances:
            shrinks = shrink and instance in counted
            self._send_once(TERMINATE, [instance.id], GOING, ShouldDecrementDesiredCapacity=shrinks)

    def _send_once(self, operation: str, ids: Sequence[str], done: tuple[str, ...], **params: Any) -> None:
        """
        Send what must not be done twice to instances: after a lost reply, and a refusal, it is looked first.

        Args:
            operation: It changes the size with each call.
            ids: The instances.
            done: How the states begin of those to which it was done; one that is not there any more counts.
            params: What it takes besides.
        """
        left = list(ids)
        for last in (False, False, True):
            named = {"InstanceId": left[0]} if operation == TERMINATE else {**self._named, "InstanceIds": left}
            try:
                self._call(operation, **named, **params)
            except (Unreachable, InvalidRequest, NotFound) as error:
                states = {each["InstanceId"]: each["LifecycleState"] for each in self._read().get("Instances", ())}
                left = [each for each in left if not states.get(each, GONE).startswith(done)]
                if left and (last or not isinstance(error, Unreachable)):
                    raise
            else:
                return
            if not left:
                return

    @property
    def _named(self) -> dict[str, str]:
        return {"AutoScalingGroupName": self.name}

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
    def _boost_tag(self) -> dict[str, Any]:
        return {**self._tag, "Key": BOOST_TAG}

    @property
    def _tag(self) -> dict[str, Any]:
        return {"ResourceId": self.name, "ResourceType": "auto-scaling-group", "Key": PAUSE_TAG}

    def _call(self, operation: str, **params: Any) -> None:
        self.calls.call("autoscaling", operation, self.region, **params)

    def _call_group(self, operation: str, **params: Any) -> None:
        self._call(operation, AutoScalingGroupName=self.name, **params)


@dataclass(frozen=True)
class Course:
    """
    How the minimum of a group goes by its scheduled actions, without a boost.

    Attributes:
        before: The minimum at `since`.
        since: From when on actions are looked at.
        now: When they were answered.
        actions: Its scheduled actions, as they are answered.
    """

    before: int
    since: datetime
    now: datetime
    actions: tuple[Mapping[str, Any], ...]

    def minimum(self, at: datetime) -> int:
        """The minimum at a moment."""
        return next((low for _, low in reversed(self._changes(self.since, at))), self.before)

    def while_boosted(self, boost: Boost, now: datetime) -> dict[datetime, int]:
        """When to set which minimum, so that a boost holds from now on and is over at its end."""
        changes = self._changes(now, boost.until)
        taken = {moment for moment, _ in changes}
        armed: dict[datetime, int] = {}
        for moment, low in changes:
            again = moment + _MINUTE
            if low < boost.min and again < boost.until and again not in taken:
                armed[again] = boost.min
        if boost.until not in taken:
            armed[boost.until] = self.minimum(boost.until)
        return armed

    def _changes(self, after: datetime, until: datetime) -> list[tuple[datetime, int]]:
        return sorted(
            (moment, action["MinSize"])
            for action in self.actions
            if action.get("MinSize") is not None
            for moment in _fires(action, after, until, self.now)
        )


def _fires(action: Mapping[str, Any], after: datetime, until: datetime, now: datetime) -> Iterator[datetime]:
    """When a scheduled action is carried out; its start is the next time, whether or not it recurs."""
    start, end = action.get("StartTime"), action.get("EndTime")
    if action.get("Recurrence") is None:
        yield from [start] if start is not None and after < start <= until else []
        return
    last = until if end is None else min(until, end)
    if after < last:
        moments = fires(action["Recurrence"], action.get("TimeZone") or "UTC", after, last)
        # before what is next due nothing comes, but what has passed since a boost began did
        yield from (moment for moment in moments if start is None or moment >= start or moment <= now)


def _before(item: Mapping[str, Any], now: datetime) -> tuple[int, datetime]:
    """The minimum without a boost that is marked, and since when it is known; that of the group where none is."""
    boost = find_boost(item)
    try:
        low, since = (boost.held or ()) if boost is not None else ("", "")
        return int(low), datetime.fromisoformat(since)
    except ValueError:
        return item["MinSize"], now
