"""What messages of Auto Scaling, EC2 and EventBridge say; the forms are those of the vendor's pages."""

import json
from datetime import UTC, datetime, timedelta

import pytest

pytest.importorskip("boto3", reason="AWS needs its extra")

import trimtab as tt
from tests.hooks.messages import action, event, warning
from trimtab.providers.aws.hooks import parse_message

AT = datetime(2026, 1, 5, tzinfo=UTC)


def parsed(body):
    return parse_message(body if isinstance(body, str) else json.dumps(body), "us-east-1")


@pytest.mark.parametrize("body", [action(), event(), {"Type": "Notification", "Message": json.dumps(action())}])
def test_one_action_in_three_forms(body):
    notice = parsed(body).notice
    assert notice is not None
    assert (notice.native_name, notice.instance, notice.hook) == ("my-asg", "i-0598c7d356eba48d7", "my-hook")
    assert (notice.transition, notice.kind) == (tt.HookTransition.LAUNCH, tt.HookKind.LIFECYCLE_HOOK)
    assert (notice.id, notice.data) == ("71514b9d-6a40-4b26-8523-05e7ee35fa40", "hook message metadata")
    assert abs(notice.at - AT) < timedelta(seconds=1)


def test_the_end_of_an_instance():
    notice = parsed(event(LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING")).notice
    assert notice is not None
    assert notice.transition is tt.HookTransition.TERMINATE


def test_warnings_name_no_group_and_wait_for_nobody():
    notice = parsed(warning()).notice
    assert notice is not None
    assert (notice.kind, notice.group, notice.deadline) == ("interruption", "", AT + timedelta(minutes=2))
    advice = parsed(warning(**{"detail-type": "EC2 Instance Rebalance Recommendation"})).notice
    assert advice is not None
    assert (advice.kind, advice.deadline) == ("rebalance", None)


def test_the_test_of_a_queue():
    body = {"AccountId": "1", "Service": "AWS Auto Scaling", "Event": "autoscaling:TEST_NOTIFICATION", "Time": "x"}
    assert parsed(body).is_test


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        ('"text"', "it is not a JSON object"),
        ("[" * 100_000, "it is not JSON"),
        ({"Records": [{"eventName": "ObjectCreated:Put"}]}, "it is neither of Auto Scaling nor of EventBridge"),
        ({"detail-type": "EC2 Instance State-change Notification", "detail": {}}, "it is an event of another sort"),
        ({"LifecycleActionToken": "t", "Time": "2026-01-05T00:00:00Z"}, "it has no AutoScalingGroupName"),
        ({"Type": "Notification", "Message": 7}, "it is not JSON"),
        (action(EC2InstanceId="i-0a1b; rm"), "'i-0a1b; rm' is not the id of an instance"),
        (action(LifecycleTransition="autoscaling:EC2_INSTANCE_STANDBY"), "the transition"),
        (action(Time="9999-12-31T23:59:59Z"), "the time '9999-12-31T23:59:59Z' is not one that is known"),
        (action(Time="2026-01-05T00:00:00"), "the time '2026-01-05T00:00:00' is not one that is known"),
        (action(Time=7), "the time 7 is not one that is known"),
        (warning(region="eu-west-1"), "it is of the region 'eu-west-1', and the queue is in us-east-1"),
        (warning(detail={"instance-id": 7}), "7 is not the id of an instance"),
        (warning(time=None), "the time None is not one that is known"),
        (warning(detail=[]), "it is neither of Auto Scaling nor of EventBridge"),
    ],
)
def test_what_is_no_notice(body, why):
    found = parsed(body)
    assert (found.notice, found.is_test) == (None, False)
    assert why in found.problem
