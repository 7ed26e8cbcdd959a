"""Notices of Auto Scaling and EC2 out of a queue of SQS: what they say, heartbeats, results."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from trimtab.errors import InvalidArgument, InvalidRequest, NotFound
from trimtab.providers.aws.client import Calls
from trimtab.providers.hooks import HookKind, HookMessage, HookNotice, HookQueue, HookResult, HookTransition

MOST_MESSAGES = 10
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html"""
LONGEST_WAIT, LONGEST_HIDDEN = timedelta(seconds=20), timedelta(hours=12)
TEST = "autoscaling:TEST_NOTIFICATION"
OVER = "no active lifecycle action found"
"""What Auto Scaling says, in a ValidationError, of an action that was completed or has run out."""
TRANSITIONS: Mapping[str, HookTransition] = {
    "autoscaling:EC2_INSTANCE_LAUNCHING": HookTransition.LAUNCH,
    "autoscaling:EC2_INSTANCE_TERMINATING": HookTransition.TERMINATE,
}
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
LIFECYCLE = frozenset({"EC2 Instance-launch Lifecycle Action", "EC2 Instance-terminate Lifecycle Action"})
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
INTERRUPTION = "EC2 Spot Instance Interruption Warning"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
REBALANCE = "EC2 Instance Rebalance Recommendation"
WARNING = timedelta(minutes=2)
"""How long before an interruption its warning comes."""
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_YEARS = range(2000, 9000)
_KEYS = ("LifecycleActionToken", "AutoScalingGroupName", "LifecycleHookName", "EC2InstanceId", "LifecycleTransition")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a message says: a notice, the test of a queue, or neither and why."""

    notice: HookNotice | None = None
    problem: str = ""
    is_test: bool = False


def parse_message(body: str, location: str) -> Parsed:
    """
    What the body of a message says; pure.

    Taken are what Auto Scaling sends to a queue itself, the events that EventBridge puts there, and either of them in
    the envelope of SNS (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).

    Args:
        body: The text.
        location: The region of the queue.
    """
    try:
        said = json.loads(body)
        if isinstance(said, Mapping) and said.get("Type") == "Notification" and "Message" in said:
            said = json.loads(said["Message"])
        return _parsed(said, location) if isinstance(said, Mapping) else Parsed(problem="it is not a JSON object")
    except (ValueError, TypeError, RecursionError):
        return Parsed(problem="it is not JSON")


def _parsed(said: Mapping[str, Any], location: str) -> Parsed:
    if said.get("Event") == TEST:
        return Parsed(is_test=True)
    kind, detail = said.get("detail-type"), said.get("detail")
    if kind is None and "LifecycleActionToken" in said:
        return _action(said, said, said.get("Time"), location)
    if not isinstance(kind, str) or not isinstance(detail, Mapping):
        return Parsed(problem="it is neither of Auto Scaling nor of EventBridge")
    if said.get("region", location) != location:
        return Parsed(problem=f"it is of the region {said['region']!r}, and the queue is in {location}")
    if kind in LIFECYCLE:
        return _action(said, detail, said.get("time"), location)
    if kind in (INTERRUPTION, REBALANCE):
        return _warning(said, detail, kind, location)
    return Parsed(problem=f"it is an event of another sort, {kind!r}")


def _action(said: Mapping[str, Any], detail: Mapping[str, Any], time: Any, location: str) -> Parsed:
    if missing := [key for key in _KEYS if not isinstance(detail.get(key), str)]:
        return Parsed(problem=f"it has no {', '.join(missing)}")
    if not _INSTANCE.fullmatch(detail["EC2InstanceId"]):
        return Parsed(problem=f"{detail['EC2InstanceId']!r} is not the id of an instance")
    transition, at = TRANSITIONS.get(detail["LifecycleTransition"]), _moment(time)
    if transition is None or at is None:
        wrong = f"the transition {detail['LifecycleTransition']!r}" if transition is None else f"the time {time!r}"
        return Parsed(problem=f"{wrong} is not one that is known")
    notice = HookNotice(
        group=detail["AutoScalingGroupName"],
        native_name=detail["AutoScalingGroupName"],
        instance=detail["EC2InstanceId"],
        provider="aws",
        transition=transition,
        kind=HookKind.LIFECYCLE_HOOK,
        deadline=None,
        at=at,
        id=detail["LifecycleActionToken"],
        hook=detail["LifecycleHookName"],
        data=str(detail.get("NotificationMetadata") or ""),
        location=location,
        reference=said,
    )
    return Parsed(notice)


def _warning(said: Mapping[str, Any], detail: Mapping[str, Any], kind: str, location: str) -> Parsed:
    instance, at = detail.get("instance-id"), _moment(said.get("time"))
    if not isinstance(instance, str) or not _INSTANCE.fullmatch(instance):
        return Parsed(problem=f"{instance!r} is not the id of an instance")
    if at is None:
        return Parsed(problem=f"the time {said.get('time')!r} is not one that is known")
    is_last = kind == INTERRUPTION
    notice = HookNotice(
        group="",
        instance=instance,
        provider="aws",
        transition=HookTransition.TERMINATE,
        kind=HookKind.INTERRUPTION if is_last else HookKind.REBALANCE,
        deadline=at + WARNING if is_last else None,
        at=at,
        id=f"{instance} {kind}" + ("" if is_last else f" {at.isoformat()}"),
        location=location,
        reference=said,
    )
    return Parsed(notice)


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo and moment.year in _YEARS else None


class SqsQueue(HookQueue):
    """
    One queue of SQS, and the lifecycle actions that its messages are about.

    Args:
        calls: Asks AWS.
        queue: Its URL, ARN or name.

    Raises:
        NotFound: There is no queue of that name.
    """

    def __init__(self, calls: Calls, queue: str) -> None:
        self.calls = calls
        self.location, self.url = _place(calls, queue)

    def receive(self, most: int, *, wait: timedelta, hidden: timedelta) -> Sequence[HookMessage]:
        """The next messages; of each group that they name, one call more for its hooks."""
        reply = self.calls.call(
            "sqs",
            "receive_message",
            self.location,
            QueueUrl=self.url,
            MaxNumberOfMessages=max(1, min(most, MOST_MESSAGES)),
            WaitTimeSeconds=int(min(wait, LONGEST_WAIT).total_seconds()),
            VisibilityTimeout=_seconds(hidden),
        )
        pairs = [(item, parse_message(item.get("Body", ""), self.location)) for item in reply.get("Messages", ())]
        warned = [said.notice for _, said in pairs if said.notice and not said.notice.native_name]
        groups = self._groups_of(warned)
        hooks = self._hooks_of(said.notice for _, said in pairs if said.notice and said.notice.hook)
        return [self._message(item, said, groups, hooks) for item, said in pairs]

    def hide(self, message: HookMessage, hidden: timedelta) -> None:
        """Keep a message from others for so long from now on."""
        params = {"QueueUrl": self.url, "ReceiptHandle": message.receipt, "VisibilityTimeout": _seconds(hidden)}
        self.calls.call("sqs", "change_message_visibility", self.location, **params)

    def delete(self, message: HookMessage) -> None:
        """Take a message out of the queue."""
        self.calls.call("sqs", "delete_message", self.location, QueueUrl=self.url, ReceiptHandle=message.receipt)

    def takes_result(self, notice: HookNotice) -> bool:
        """Lifecycle hooks wait for a result; a warning waits for nobody."""
        return notice.kind is HookKind.LIFECYCLE_HOOK

    def heartbeat(self, notice: HookNotice) -> bool:
        """Begin the hook's time anew; false once the action was completed or has run out."""
        return self._act("record_lifecycle_action_heartbeat", notice)

    def complete(self, notice: HookNotice, result: HookResult) -> bool:
        """End the wait with a result; false once the action was completed or has run out."""
        return self._act("complete_lifecycle_action", notice, LifecycleActionResult=result.upper())

    def with_address(self, notice: HookNotice) -> HookNotice:
        """The notice with the instance's private address."""
        try:
            reply = self.calls.call("ec2", "describe_instances", notice.location, InstanceIds=[notice.instance])
        except NotFound:
            return notice
        items = [item for reservation in reply["Reservations"] for item in reservation["Instances"]]
        return replace(notice, address=next((item.get("PrivateIpAddress") or "" for item in items), ""))

    def _act(self, operation: str, notice: HookNotice, **more: str) -> bool:
        if not self.takes_result(notice):
            return True
        named = {"AutoScalingGroupName": notice.native_name, "LifecycleHookName": notice.hook}
        try:
            self.calls.call("autoscaling", operation, notice.location, **named, LifecycleActionToken=notice.id, **more)
        except NotFound:
            return False
        except InvalidRequest as error:
            if OVER in str(error).lower():
                return False
            raise
        return True

    def _message(
        self,
        item: Mapping[str, Any],
        said: Parsed,
        groups: Mapping[str, str],
        hooks: Mapping[tuple[str, str, str], Mapping[str, Any]],
    ) -> HookMessage:
        notice, heartbeat = said.notice, None
        if notice is not None and not notice.native_name:
            name = groups.get(notice.instance, "")
            notice = replace(notice, group=name, native_name=name)
        elif notice is not None:
            hook = hooks.get((notice.location, notice.native_name, notice.hook), {})
            heartbeat = timedelta(seconds=hook.get("HeartbeatTimeout", 3600))
            notice = replace(notice, deadline=notice.at + timedelta(seconds=hook.get("GlobalTimeout", 172_800)))
        return HookMessage(item["MessageId"], item["ReceiptHandle"], notice, said.problem, said.is_test, heartbeat)

    def _groups_of(self, notices: Iterable[HookNotice]) -> dict[str, str]:
        """The groups of instances that are in one."""
        result: dict[str, str] = {}
        by_region: dict[str, list[str]] = {}
        for notice in notices:
            by_region.setdefault(notice.location, []).append(notice.instance)
        for region, instances in by_region.items():
            items = self.calls.items(
                "autoscaling", "describe_auto_scaling_instances", region, InstanceIds=sorted(set(instances))
            )
            result |= {item["InstanceId"]: item["AutoScalingGroupName"] for item in items}
        return result

    def _hooks_of(self, notices: Iterable[HookNotice]) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        """The hooks of groups that still are; asked at the same time."""
        groups = sorted({(notice.location, notice.native_name) for notice in notices})
        questions: list[Callable[[], list[Mapping[str, Any]]]] = [partial(self._hooks, *group) for group in groups]
        answers = self.calls.gather_or_raise(questions)
        return {
            (*group, hook["LifecycleHookName"]): hook
            for group, hooks in zip(groups, answers, strict=True)
            for hook in hooks
        }

    def _hooks(self, region: str, group: str) -> list[Mapping[str, Any]]:
        try:
            reply = self.calls.call("autoscaling", "describe_lifecycle_hooks", region, AutoScalingGroupName=group)
        except (NotFound, InvalidRequest):  # gone, or a name that no group can have
            return []
        return list(reply["LifecycleHooks"])


def _place(calls: Calls, queue: str) -> tuple[str, str]:
    """The region and the URL of a queue."""
    if "://" in queue:
        return calls.region, queue
    region, params = calls.region, {"QueueName": queue}
    if queue.startswith("arn:"):
        parts = queue.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            raise InvalidArgument(f"queue: {queue!r} is not the ARN of a queue of SQS")
        region, params = parts[3], {"QueueName": parts[5], "QueueOwnerAWSAccountId": parts[4]}
    return region, str(calls.call("sqs", "get_queue_url", region, **params)["QueueUrl"])


def _seconds(hidden: timedelta) -> int:
    return max(0, int(min(hidden, LONGEST_HIDDEN).total_seconds()))
