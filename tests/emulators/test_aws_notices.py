"""Lifecycle hooks tell their queue, their topic and EventBridge; instances are warned of interruptions."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from tests.found.worlds import make_by_arn

LAUNCHING, TERMINATING = "autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"
ROLE = "arn:aws:iam::123456789012:role/hooks"
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html
DETAIL = {
    *("LifecycleActionToken", "AutoScalingGroupName", "LifecycleHookName", "EC2InstanceId", "LifecycleTransition"),
    *("NotificationMetadata", "Origin", "Destination"),
}
EVENT = {"version", "id", "detail-type", "source", "time", "region", "resources", "detail"}
"""And `account`, which moto leaves out of what it puts into queues."""


@pytest.fixture
def queue(aws: Aws) -> dict[str, str]:
    sqs = client_for(aws.emulator, "sqs")
    make_by_arn(partial(client_for, aws.emulator), ROLE)
    url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return {"url": url, "arn": arn}


def hook(arn: str, transition: str = LAUNCHING, name: str = "wait") -> dict[str, Any]:
    return {
        "LifecycleHookName": name,
        "LifecycleTransition": transition,
        "NotificationTargetARN": arn,
        "RoleARN": ROLE,
        "NotificationMetadata": "blue",
    }


def received(aws: Aws, queue: dict[str, str], hidden: int = 60) -> list[dict[str, Any]]:
    sqs = client_for(aws.emulator, "sqs")
    reply = sqs.receive_message(QueueUrl=queue["url"], MaxNumberOfMessages=10, VisibilityTimeout=hidden)
    return [json.loads(message["Body"]) for message in reply.get("Messages", ())]


def test_a_target_is_sent_a_test_message_once(aws: Aws, queue: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html: of each new target."""
    aws.make_group(MinSize=0)
    for timeout in (60, 90):
        aws.autoscaling.put_lifecycle_hook(
            AutoScalingGroupName="web", **hook(queue["arn"], TERMINATING), HeartbeatTimeout=timeout
        )
    (test,) = received(aws, queue)
    assert (test["Event"], test["AutoScalingGroupName"]) == ("autoscaling:TEST_NOTIFICATION", "web")
    assert set(test) == {
        *("Service", "Time", "RequestId", "AccountId", "AutoScalingGroupName", "AutoScalingGroupARN", "Event")
    }


def test_a_queue_is_told_of_an_instance_that_waits(aws: Aws, queue: dict[str, str]) -> None:
    aws.make_group(LifecycleHookSpecificationList=[hook(queue["arn"])])
    (message,) = (each for each in received(aws, queue) if "Event" not in each)
    (instance,) = aws.group()["Instances"]
    assert set(message) == {"Service", "Time", "RequestId", "AccountId", *DETAIL}
    assert (message["EC2InstanceId"], message["LifecycleTransition"]) == (instance["InstanceId"], LAUNCHING)
    assert (message["Service"], message["NotificationMetadata"]) == ("AWS Auto Scaling", "blue")
    assert (message["Origin"], message["Destination"]) == ("EC2", "AutoScalingGroup")
    done = {"LifecycleActionToken": message["LifecycleActionToken"], "LifecycleActionResult": "CONTINUE"}
    aws.autoscaling.complete_lifecycle_action(AutoScalingGroupName="web", LifecycleHookName="wait", **done)
    assert aws.group()["Instances"][0]["LifecycleState"] == "InService"


def test_messages_are_hidden_by_the_clock_of_the_emulator(aws: Aws, queue: dict[str, str]) -> None:
    aws.make_group(LifecycleHookSpecificationList=[hook(queue["arn"])])
    assert len(received(aws, queue)) == 2
    assert received(aws, queue) == []
    aws.doors.advance(timedelta(seconds=61))
    assert len(received(aws, queue)) == 2


def test_waiting_for_messages_keeps_no_other_call_out(aws: Aws, queue: dict[str, str]) -> None:
    """Answered at once: calls have their effect one at a time."""
    sqs = client_for(aws.emulator, "sqs")
    assert "Messages" not in sqs.receive_message(QueueUrl=queue["url"], WaitTimeSeconds=20)


def test_a_topic_hands_it_on_to_its_queue(aws: Aws, queue: dict[str, str]) -> None:
    sns = client_for(aws.emulator, "sns")
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue["arn"])
    aws.make_group(LifecycleHookSpecificationList=[hook(topic)])
    told = [json.loads(each["Message"]) for each in received(aws, queue) if each["Type"] == "Notification"]
    assert [message.get("LifecycleHookName") for message in told] == [None, "wait"]


def test_eventbridge_is_told_whether_there_is_a_target_or_not(aws: Aws, queue: dict[str, str]) -> None:
    events = client_for(aws.emulator, "events")
    events.put_rule(Name="ends", EventPattern=json.dumps({"detail-type": ["EC2 Instance-terminate Lifecycle Action"]}))
    events.put_targets(Rule="ends", Targets=[{"Id": "queue", "Arn": queue["arn"]}])
    silent = {
        name: value for name, value in hook("", TERMINATING).items() if name not in ("NotificationTargetARN", "RoleARN")
    }
    aws.make_group(LifecycleHookSpecificationList=[silent])
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
    (event,) = received(aws, queue)
    assert set(event) >= EVENT
    assert (event["source"], event["detail-type"]) == ("aws.autoscaling", "EC2 Instance-terminate Lifecycle Action")
    assert event["time"] == START.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert set(event["detail"]) == DETAIL
    assert (event["detail"]["Origin"], event["detail"]["Destination"]) == ("AutoScalingGroup", "EC2")


def test_a_rule_whose_queue_is_gone_loses_its_events(aws: Aws, queue: dict[str, str]) -> None:
    events = client_for(aws.emulator, "events")
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["aws.autoscaling"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": queue["arn"]}])
    client_for(aws.emulator, "sqs").delete_queue(QueueUrl=queue["url"])
    aws.make_group(LifecycleHookSpecificationList=[{"LifecycleHookName": "wait", "LifecycleTransition": LAUNCHING}])
    assert aws.group()["Instances"][0]["LifecycleState"] == "Pending:Wait"


@pytest.mark.parametrize("service", ["sqs", "sns", "iam"])
def test_a_target_or_a_role_that_does_not_exist_is_refused(aws: Aws, queue: dict[str, str], service: str) -> None:
    """Where that is asked for: a queue or a topic, or the role of a queue that is there."""
    aws.doors.configure(check_hook_targets=1)
    target = queue["arn"] if service == "iam" else f"arn:aws:{service}:us-east-1:123456789012:nowhere"
    if service == "iam":
        client_for(aws.emulator, "iam").delete_role(RoleName="hooks")
    group = {"LifecycleHookSpecificationList": [hook(target)]}
    assert code(aws.make_group, **group) == "ValidationError"
    assert aws.names() == []
    aws.make_group()
    assert code(aws.autoscaling.put_lifecycle_hook, AutoScalingGroupName="web", **hook(target)) == "ValidationError"


def test_an_interruption_comes_two_minutes_after_its_warning(aws: Aws, queue: dict[str, str]) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html."""
    events = client_for(aws.emulator, "events")
    events.put_rule(Name="spot", EventPattern=json.dumps({"source": ["aws.ec2"]}))
    events.put_targets(Rule="spot", Targets=[{"Id": "queue", "Arn": queue["arn"]}])
    aws.make_group()
    instance = aws.group()["Instances"][0]["InstanceId"]
    for kind in ("rebalance", "interruption"):
        aws.doors.notice(instance, kind)
    rebalance, warning = received(aws, queue)
    assert rebalance["detail-type"] == "EC2 Instance Rebalance Recommendation"
    assert warning["detail-type"] == "EC2 Spot Instance Interruption Warning"
    assert warning["detail"] == {"instance-id": instance, "instance-action": "terminate"}
    aws.doors.advance(timedelta(seconds=119))
    assert aws.group()["Instances"][0]["InstanceId"] == instance
    aws.doors.advance(timedelta(seconds=1))
    assert aws.group()["Instances"][0]["InstanceId"] != instance


def test_notices_that_cannot_be(aws: Aws) -> None:
    aws.make_group()
    instance = aws.group()["Instances"][0]["InstanceId"]
    with pytest.raises(Exception, match="of the kind interruption or rebalance"):
        aws.doors.notice(instance, "reboot")
    with pytest.raises(Exception, match="No managed instance found"):
        aws.doors.notice("i-0")


def test_an_instance_that_ended_before_is_not_interrupted(aws: Aws) -> None:
    aws.make_group()
    aws.doors.notice(aws.group()["Instances"][0]["InstanceId"])
    aws.autoscaling.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0, DesiredCapacity=0)
    aws.doors.advance(timedelta(minutes=3))
    assert aws.group()["Instances"] == []
