"""What Auto Scaling and EC2 tell others of: messages in queues and topics, events for the rules of EventBridge."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from moto.core.exceptions import ServiceException
from moto.events.models import events_backends

from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.queues import at, find_queue, send
from trimtab.emulators.aws.world import Region, new_id

TEST = "autoscaling:TEST_NOTIFICATION"
_DETAIL_TYPES = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": "EC2 Instance-launch Lifecycle Action",
    "autoscaling:EC2_INSTANCE_TERMINATING": "EC2 Instance-terminate Lifecycle Action",
}


def check_target(region: Region, hook: Mapping[str, Any]) -> None:
    """Refuse what of this account does not exist, where that is asked for: the test message does not get through."""
    target, role = hook.get("NotificationTargetARN") or "", hook.get("RoleARN") or "null"
    if target and region.world.settings["check_hook_targets"] and (_lacks(region, target) or _lacks(region, role)):
        raise invalid(
            f"Unable to publish test message to notification target {target} using IAM role {role}. "
            "Please check your target and role configuration and try to put lifecycle hook again."
        )


def check_topic(region: Region, topic: str) -> None:
    """Refuse a topic of this account that does not exist, where that is asked for."""
    if region.world.settings["check_hook_targets"] and _lacks(region, topic):
        raise invalid(
            f"Unable to publish test message to notification target {topic}. "
            "Please check your target configuration and try to put notification configuration again."
        )


def _lacks(region: Region, arn: str) -> bool:
    """Whether something of this account is told by its ARN and is not there."""
    _, _, service, _, account, name = (*arn.split(":", 5), *[""] * 6)[:6]
    if account != region.account:
        return False
    match service:
        case "sqs":
            return find_queue(region, name) is None
        case "sns":
            return arn not in region.sns.topics
        case "iam":
            return arn not in {each.arn for each in region.iam.roles.values()}
        case _:
            return False


def send_test(region: Region, group: str, hook: Mapping[str, Any]) -> None:
    """Put the test message of a new target into it."""
    _publish(
        region,
        hook,
        {
            **_envelope(region, group),
            "Event": TEST,
            "AutoScalingGroupARN": region.arn(
                "autoscaling", f"autoScalingGroup:{new_id()}:autoScalingGroupName/{group}"
            ),
        },
    )


def tell(region: Region, hook: Mapping[str, Any], token: str, instance: str, *, origin: str, destination: str) -> None:
    """
    Tell the target of a hook, and EventBridge, that an instance waits.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
    """
    group = hook["AutoScalingGroupName"]
    detail = {
        "LifecycleActionToken": token,
        "AutoScalingGroupName": group,
        "LifecycleHookName": hook["LifecycleHookName"],
        "EC2InstanceId": instance,
        "LifecycleTransition": hook["LifecycleTransition"],
        **({"NotificationMetadata": hook["NotificationMetadata"]} if hook.get("NotificationMetadata") else {}),
        "Origin": origin,
        "Destination": destination,
    }
    if hook.get("NotificationTargetARN"):
        _publish(region, hook, {**_envelope(region, group), **detail})
    arn = region.groups[group].arn if group in region.groups else ""
    put_event(region, "aws.autoscaling", _DETAIL_TYPES[hook["LifecycleTransition"]], detail, arn)


def put_event(region: Region, source: str, kind: str, detail: Mapping[str, Any], resource: str = "") -> None:
    """Hand an event to the rules of the region's default bus."""
    backend: Any = events_backends[region.account][region.name]
    entry = {
        "Source": source,
        "DetailType": kind,
        "Detail": json.dumps(detail),
        "Time": region.world.now().timestamp(),
        "Resources": [resource] if resource else [],
    }
    with at(region.world.now()), suppress(ServiceException):  # a target that is gone loses its events
        backend.put_events([entry])


def _envelope(region: Region, group: str) -> dict[str, Any]:
    return {
        "Service": "AWS Auto Scaling",
        "Time": stamp(region.world.now()),
        "RequestId": new_id(),
        "AccountId": region.account,
        "AutoScalingGroupName": group,
    }


def _publish(region: Region, hook: Mapping[str, Any], message: Mapping[str, Any]) -> None:
    target, text = str(hook["NotificationTargetARN"]), json.dumps(message)
    service, name = target.split(":")[2], target.rpartition(":")[2]
    with at(region.world.now()):
        if service == "sqs" and find_queue(region, name) is not None:
            send(region, name, text)
        elif service == "sns" and target in region.sns.topics:
            region.sns.topics[target].publish(text)
