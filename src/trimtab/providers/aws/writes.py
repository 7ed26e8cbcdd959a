"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, NotFound, ProviderError
from trimtab.plan import Action, Change, Resource, digest, plain, revealed
from trimtab.providers.aws.bodies import (
    action_params,
    alarm_as_it_is,
    group_params,
    group_tags,
    is_written,
    top_step,
    update_params,
    whole_body,
)
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    KINDS,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
    template_tags,
)
from trimtab.providers.aws.reads import find_group
from trimtab.providers.aws.resources import (
    POOL_ENDING,
    alarm_resource,
    group_resource,
    policy_resource,
    template_resource,
)
from trimtab.providers.base import Write, Written
from trimtab.providers.bodies import differing_paths
from trimtab.providers.retry import Pace, in_batches
from trimtab.providers.writer import ensure_owned, found_in_place, live_of, mark_of, outcome_of

PACE = Pace(timedelta(minutes=15), timedelta(seconds=10), timedelta(seconds=10))
"""How a group or a warm pool that is being deleted is waited for, which makes room for a new one."""
AFTER_CREATION = ("NotificationConfigurations", "WarmPoolConfiguration", "SuspendedProcesses", "EnabledMetrics")
"""Parts that CreateAutoScalingGroup does not take."""
PARTS = ("TargetGroupARNs", "LifecycleHookSpecificationList", *AFTER_CREATION)
"""Parts that UpdateAutoScalingGroup does not take, in the order in which they are written."""
REMOVED_FIRST = ("WarmPoolConfiguration",)
"""
Parts that are taken away before UpdateAutoScalingGroup: it refuses Spot Instances and weights beside a warm pool.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html#warm-pools-limitations
"""
_REFUSED_WITH_A_POOL = frozenset({"MixedInstancesPolicy", "WarmPoolConfiguration"})
"""What waits for a pool that is being deleted."""
_NOT_ATTACHED = "Trying to remove Target Groups that are not part of the group"
"""What Auto Scaling says of a detachment that somebody else made before; a ValidationError like any other."""
_HOOK_DEFAULTS = {"HeartbeatTimeout": 3600, "DefaultResult": "ABANDON"}
"""botocore autoscaling:PutLifecycleHookType."""


@dataclass(frozen=True)
class Writer:
    """Sends changes of one kind, action and group."""

    calls: Calls

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """An outcome for each change."""
        kind = writes[0].change.key.kind
        if kind == SCHEDULED_ACTION.name:
            return self._actions(writes)
        if kind == METRIC_ALARM.name and writes[0].change.action is Action.DELETE:
            return self._delete_alarms(writes)
        if kind == METRIC_ALARM.name and writes[0].change.action is Action.CREATE:
            return self._create_alarms(writes)
        send: Mapping[str, Callable[[Write], Mapping[str, Any]]] = {
            LAUNCH_TEMPLATE.name: self._template,
            AUTO_SCALING_GROUP.name: self._group,
            SCALING_POLICY.name: self._policy,
            METRIC_ALARM.name: self._alarm,
        }
        return [outcome_of("aws", send[kind], write) for write in writes]

    # launch templates

    def _template(self, write: Write) -> Mapping[str, Any]:
        change, region, name = write.change, write.change.key.location, write.change.key.name
        if change.action is Action.DELETE:
            return self._gone("ec2", "delete_launch_template", region, LaunchTemplateName=name)
        if change.action is Action.CREATE:
            return self._create_template(write)
        return self._new_version(write, change.live.attributes if change.live else {})

    def _create_template(self, write: Write) -> Mapping[str, Any]:
        change, region, name = write.change, write.change.key.location, write.change.key.name
        mark = mark_of(change)
        try:
            reply = self.calls.call(
                "ec2",
                "create_launch_template",
                region,
                LaunchTemplateName=name,
                LaunchTemplateData=revealed(write.body["LaunchTemplateData"]),
                VersionDescription=mark.line(),
                TagSpecifications=template_tags(mark),
                # for the attempts of this call only: a token of the content would, once the template has been
                # deleted, answer with the one that is gone; the name alone keeps a second one away
                ClientToken=str(uuid4()),
            )
        except AlreadyExists as error:
            return self._take_template(write, error)
        template = reply["LaunchTemplate"]
        return {"id": template["LaunchTemplateId"], "name": name, "version": str(template["LatestVersionNumber"])}

    def _take_template(self, write: Write, taken: AlreadyExists) -> Mapping[str, Any]:
        """Somebody was faster, perhaps this very call before its reply was lost: ours, or an error."""
        change, region, name = write.change, write.change.key.location, write.change.key.name
        reply = self.calls.call(
            "ec2", "describe_launch_template_versions", region, LaunchTemplateName=name, Versions=["$Latest"]
        )
        # it may not be seen yet
        versions = [template_resource(region, version) for version in reply["LaunchTemplateVersions"]]
        existing = found_in_place(change, next(iter(versions), None), taken)
        if is_written(change, write.body, existing):
            return dict(existing.attributes)
        return self._new_version(write, existing.attributes)

    def _new_version(self, write: Write, before: Mapping[str, Any]) -> Mapping[str, Any]:
        change, region, name = write.change, write.change.key.location, write.change.key.name
        line, body = mark_of(change).line(), whole_body(write)
        reply = self.calls.call(
            "ec2",
            "create_launch_template_version",
            region,
            LaunchTemplateName=name,
            LaunchTemplateData=revealed(body["LaunchTemplateData"]),
            VersionDescription=line,
            # a rollout that failed takes its version away again: a token of the content would answer with that one
            ClientToken=str(uuid4())
            if before.get("by_rollout")
            else digest([before.get("id"), before.get("version"), plain(body), line]),
        )
        version = reply["LaunchTemplateVersion"]
        return {"id": version["LaunchTemplateId"], "name": name, "version": str(version["VersionNumber"])}

    # groups

    def _group(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete_group(change)
        if change.action in (Action.CREATE, Action.REPLACE):
            return self._create_group(write)
        if change.action is Action.ADOPT:
            self.calls.call(
                "autoscaling",
                "create_or_update_tags",
                change.key.location,
                Tags=group_tags(change.key.name, {}, mark_of(change)),
            )
        if change.action is Action.UPDATE:
            self._update_group(change, write.body)
        return change.live.attributes if change.live else {}

    def _delete_group(self, change: Change) -> None:
        name = change.key.name
        params = {"AutoScalingGroupName": name, "ForceDelete": True}
        self._gone("autoscaling", "delete_auto_scaling_group", change.key.location, **params)

    def _create_group(self, write: Write) -> Mapping[str, Any]:
        change, region, name = write.change, write.change.key.location, write.change.key.name
        body = {**group_params(write.body), "Tags": group_tags(name, write.body, mark_of(change))}
        later = {part: body.pop(part) for part in AFTER_CREATION if part in body}
        if change.live is not None or change.action is Action.REPLACE:
            self._wait_until_gone(region, name)
        try:
            self.calls.call("autoscaling", "create_auto_scaling_group", region, AutoScalingGroupName=name, **body)
        except AlreadyExists as refusal:
            existing = found_in_place(change, self._read_group(region, name), refusal)
            self._bring_up_to_date(write, existing)
            return existing.attributes
        parts = GroupParts(self.calls, region, name)
        for part in later:
            parts.write(part, write.body, {})
        return {"arn": "", "instances": 0, "outdated": 0}

    def _bring_up_to_date(self, write: Write, existing: Resource) -> None:
        change = write.change
        paths = differing_paths(KINDS[AUTO_SCALING_GROUP.name], existing, write)
        stale = existing.mark != (change.wanted.mark if change.wanted else None)
        self._send_group(
            change, write.body, {top_step(path) for path in paths} | ({"Tags"} if stale else set()), existing
        )

    def _wait_until_gone(self, region: str, name: str) -> None:
        def look() -> bool | None:
            existing = self._read_group(region, name)
            return True if existing is None or not existing.deleting else None

        self.calls.wait_until("create", look, PACE, late=f"the old group {name!r} is still being deleted")

    def _read_group(self, region: str, name: str) -> Resource | None:
        item = find_group(self.calls, region, name)
        return None if item is None else group_resource(region, item)

    def _update_group(self, change: Change, body: Mapping[str, Any]) -> None:
        existing = live_of(change)
        fields = {top_step(item.path) for item in change.written}
        stale = existing.mark != mark_of(change)
        self._send_group(change, body, fields | ({"Tags"} if stale else set()), existing)

    def _send_group(self, change: Change, body: Mapping[str, Any], fields: set[str], existing: Resource) -> None:
        region, name = change.key.location, change.key.name
        parts = GroupParts(self.calls, region, name)
        first = [part for part in REMOVED_FIRST if part in fields and part not in body]
        for part in first:
            parts.write(part, body, existing.body)
        if fields & _REFUSED_WITH_A_POOL and (first or "WarmPoolConfiguration" not in existing.body):
            parts.wait_until_pool_gone()
        if plain_fields := fields - {"Tags", *PARTS}:
            params = update_params(body, plain_fields, existing.body)
            self.calls.call("autoscaling", "update_auto_scaling_group", region, AutoScalingGroupName=name, **params)
        for part in PARTS:
            if part in fields and part not in first:
                parts.write(part, body, existing.body)
        if "Tags" in fields:
            self._tag(region, name, group_tags(name, body, mark_of(change)), existing)

    def _tag(self, region: str, name: str, wanted: Sequence[Mapping[str, Any]], existing: Resource) -> None:
        keep = {tag["Key"] for tag in wanted}
        had = {tag["Key"] for tag in existing.body.get("Tags", ())} | set(existing.mark.tags() if existing.mark else ())
        base = {"ResourceId": name, "ResourceType": "auto-scaling-group"}
        if gone := sorted(had - keep):  # first: a group takes 50, those that are about to go included
            self.calls.call("autoscaling", "delete_tags", region, Tags=[{**base, "Key": key} for key in gone])
        self.calls.call("autoscaling", "create_or_update_tags", region, Tags=list(wanted))

    # policies

    def _policy(self, write: Write) -> Mapping[str, Any]:
        change, region = write.change, write.change.key.location
        names = {"AutoScalingGroupName": change.key.parent, "PolicyName": change.key.name}
        if change.action in (Action.DELETE, Action.REPLACE):
            self._gone("autoscaling", "delete_policy", region, **names)
        if change.action is Action.DELETE:
            return {}
        reply = self.calls.call("autoscaling", "put_scaling_policy", region, **names, **revealed(whole_body(write)))
        return {"arn": reply.get("PolicyARN") or self._policy_arn(region, names)}

    def _policy_arn(self, region: str, names: Mapping[str, str]) -> str:
        params = {"AutoScalingGroupName": names["AutoScalingGroupName"], "PolicyNames": [names["PolicyName"]]}
        reply = self.calls.call("autoscaling", "describe_policies", region, **params)
        return str(policy_resource(region, reply["ScalingPolicies"][0]).attributes["arn"])

    # scheduled actions

    def _actions(self, writes: Sequence[Write]) -> list[Written]:
        key, action = writes[0].change.key, writes[0].change.action
        group = {"AutoScalingGroupName": key.parent}
        names = [write.change.key.name for write in writes]
        try:
            if action is Action.DELETE:
                operation, failed = "batch_delete_scheduled_action", "FailedScheduledActions"
                reply = self.calls.call("autoscaling", operation, key.location, **group, ScheduledActionNames=names)
            else:
                operation, failed = "batch_put_scheduled_update_group_action", "FailedScheduledUpdateGroupActions"
                actions = [
                    {"ScheduledActionName": name, **action_params(write.body)}
                    for name, write in zip(names, writes, strict=True)
                ]
                params = {"ScheduledUpdateGroupActions": actions}
                reply = self.calls.call("autoscaling", operation, key.location, **group, **params)
        except NotFound as error:
            return [{} if action is Action.DELETE else error for _ in writes]
        except ProviderError as error:
            return [error for _ in writes]
        errors = {item["ScheduledActionName"]: item for item in reply.get(failed) or ()}
        return [self._action_outcome(errors.get(name), action, operation) for name in names]

    def _action_outcome(self, failure: Mapping[str, Any] | None, action: Action, operation: str) -> Written:
        if failure is None:
            return {}
        text = failure.get("ErrorMessage") or "no reason given"
        if action is Action.DELETE and "not found" in text.lower():
            return {}
        return InvalidRequest(text, provider="aws", operation=operation, code=failure.get("ErrorCode", ""))

    # alarms

    def _create_alarms(self, writes: Sequence[Write]) -> list[Written]:
        """PutMetricAlarm would silently replace an alarm that somebody made since the plan: look once, for all."""
        region, names = writes[0].change.key.location, [write.change.key.name for write in writes]
        try:
            reply = self.calls.call("cloudwatch", "describe_alarms", region, AlarmNames=names)
        except ProviderError as error:
            return [error for _ in writes]
        taken = {item["AlarmName"]: alarm_resource(region, item) for item in reply["MetricAlarms"]}

        def create(write: Write) -> Mapping[str, Any]:
            existing = taken.get(write.change.key.name)
            if existing is not None:
                ensure_owned(write.change, existing)
            return self._alarm(write)

        return [outcome_of("aws", create, write) for write in writes]

    def _alarm(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        body = alarm_as_it_is(change) if change.action is Action.ADOPT else revealed(whole_body(write))
        body["AlarmDescription"] = mark_of(change).sign(body.get("AlarmDescription"))
        self.calls.call("cloudwatch", "put_metric_alarm", change.key.location, AlarmName=change.key.name, **body)
        return {}

    def _delete_alarms(self, writes: Sequence[Write]) -> list[Written]:
        region, names = writes[0].change.key.location, [write.change.key.name for write in writes]
        try:
            self.calls.call("cloudwatch", "delete_alarms", region, AlarmNames=names)
        except NotFound:  # one missing name keeps all others
            return [outcome_of("aws", self._delete_alarm, write) for write in writes]
        except ProviderError as error:
            return [error for _ in writes]
        return [{} for _ in writes]

    def _delete_alarm(self, write: Write) -> Mapping[str, Any]:
        key = write.change.key
        return self._gone("cloudwatch", "delete_alarms", key.location, AlarmNames=[key.name])

    def _gone(self, service: str, operation: str, region: str, **params: Any) -> Mapping[str, Any]:
        """Delete; what is gone already is fine."""
        try:
            self.calls.call(service, operation, region, **params)
        except NotFound:
            return {}
        except Conflict:
            if operation != "delete_auto_scaling_group":
                raise
        return {}


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
        elif part == "NotificationConfigurations":
            self._topics(wanted.get(part, ()), existing.get(part, ()))
        elif part == "WarmPoolConfiguration":
            self._warm_pool(wanted.get(part), existing.get(part))
        elif part == "SuspendedProcesses":
            self._processes(set(wanted.get(part, ())), set(existing.get(part, ())))
        else:
            self._metrics(wanted.get(part))

    def _call(self, operation: str, **params: Any) -> None:
        self.calls.call("autoscaling", operation, self.region, AutoScalingGroupName=self.name, **params)

    def _attach(self, wanted: Sequence[str], existing: Sequence[str]) -> None:
        for some in in_batches(sorted(set(wanted) - set(existing)), 10):
            self._call("attach_load_balancer_target_groups", TargetGroupARNs=some)
        for some in in_batches(sorted(set(existing) - set(wanted)), 10):
            self._detach(some)

    def _detach(self, arns: Sequence[str]) -> None:
        """Out of target groups, also where somebody was first with one of them, which refuses them all."""
        try:
            self._call("detach_load_balancer_target_groups", TargetGroupARNs=arns)
        except InvalidRequest as error:
            if _NOT_ATTACHED not in str(error):
                raise
            for arn in arns if len(arns) > 1 else ():
                self._detach([arn])

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

    def _topics(self, wanted: Sequence[Mapping[str, Any]], existing: Sequence[Mapping[str, Any]]) -> None:
        known = {topic["TopicARN"]: topic["NotificationTypes"] for topic in existing}
        for topic in wanted:
            if sorted(known.get(topic["TopicARN"], ())) != sorted(topic["NotificationTypes"]):
                self._call("put_notification_configuration", **topic)
        for arn in sorted(set(known) - {topic["TopicARN"] for topic in wanted}):
            self._call("delete_notification_configuration", TopicARN=arn)

    def _warm_pool(self, wanted: Mapping[str, Any] | None, existing: Mapping[str, Any] | None) -> None:
        if wanted is None:
            with suppress(NotFound):
                self._call("delete_warm_pool", ForceDelete=True)
            return
        unset = {"MaxGroupPreparedCapacity": -1} if "MaxGroupPreparedCapacity" in (existing or {}) else {}
        self._call("put_warm_pool", **{**unset, **wanted})

    def wait_until_pool_gone(self) -> None:
        """Return once a pool that is being deleted has gone."""

        def look() -> bool | None:
            pool = (find_group(self.calls, self.region, self.name) or {}).get("WarmPoolConfiguration") or {}
            return None if pool.get("Status") == POOL_ENDING else True

        self.calls.wait_until("update", look, PACE, late=f"the warm pool of {self.name!r} is still being deleted")

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
