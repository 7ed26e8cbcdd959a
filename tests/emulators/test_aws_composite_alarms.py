"""Composite alarms: rules as CloudWatch reads them, and alarms that follow others."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from aws_bench import START, Aws, client_for, code
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import examples

from trimtab.emulators.aws.alarm_rules import read_rule
from trimtab.emulators.shared.errors import ServiceError

NAMES = ("a", "b", "c")
CHOICES = ("ALARM", "OK", "INSUFFICIENT_DATA")


def written(parts: tuple[str, list[str]]) -> str:
    word, operands = parts
    return f"{word} ({operands[0]})" if word == "NOT" else "(" + f" {word} ".join(operands) + ")"


FUNCTIONS = st.tuples(st.sampled_from(CHOICES), st.sampled_from(NAMES), st.booleans()).map(
    lambda parts: f'{parts[0]}("{parts[1]}")' if parts[2] else f"{parts[0]}({parts[1]})"
)
RULES = st.recursive(
    FUNCTIONS | st.sampled_from(["TRUE", "FALSE"]),
    lambda inner: (
        st.tuples(st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)).map(written)
        | inner.map(lambda text: written(("NOT", [text])))
        # without parentheses, so that one operator has to bind before the other
        | st.tuples(FUNCTIONS, st.sampled_from(["AND", "OR"]), inner).map(" ".join)
    ),
    max_leaves=12,
)
IN_STATES = st.fixed_dictionaries({name: st.sampled_from(CHOICES) for name in NAMES})


@settings(max_examples=examples())
@given(RULES, IN_STATES)
def test_a_rule_says_what_the_same_words_say_in_python(text: str, states: dict[str, str]) -> None:
    words = {"AND": "and", "OR": "or", "NOT": "not", "TRUE": "True", "FALSE": "False"}
    python = re.sub(r'([A-Z_]+)\("?(\w+)"?\)', lambda found: str(states[found[2]] == found[1]), text)
    python = re.sub(r"[A-Z]{2,}", lambda found: words[found[0]], python)
    assert read_rule(text).condition(states) is eval(python, {})


@pytest.mark.parametrize(
    ("text", "states", "is_true"),
    [
        ("AT_LEAST(2, ALARM, (a, b, c))", "ALARM ALARM OK", True),
        ("AT_LEAST(2, ALARM, (a, b, c))", "ALARM OK OK", False),
        ("AT_LEAST(50%, OK, (a, b, c))", "OK OK ALARM", True),
        ("AT_LEAST(50%, OK, (a, b, c))", "OK ALARM ALARM", False),
        ("AT_LEAST(60%, NOT OK, (a, b, c))", "ALARM INSUFFICIENT_DATA OK", True),
        ("AT_LEAST(2, NOT ALARM, (a, b, c)) AND NOT ALARM(a)", "OK OK ALARM", True),
        ('AT_LEAST(1, ALARM, ("a", "b")) OR FALSE', "OK OK ALARM", False),
        ("ALARM (a)", "ALARM OK OK", True),
        ("ALARM(a) OR ALARM(b) AND ALARM(c)", "ALARM OK OK", True),
        ("NOT NOT ALARM(a)", "ALARM OK OK", True),
    ],
)
def test_rules_of_the_user_guide(text: str, states: str, is_true: bool) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html"""
    assert read_rule(text).condition(dict(zip(NAMES, states.split(), strict=True))) is is_true


def test_a_name_in_quotes_may_have_any_letters() -> None:
    rule = read_rule(r'ALARM("queue (old), \"hot\"") OR OK(arn:aws:cloudwatch:us-east-1:123456789012:alarm:x)')
    assert rule.children == ('queue (old), "hot"', "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        # https://github.com/aws/aws-cdk/issues/34662
        ("()", "Error in AlarmRule [Unsupported token ')' at char 1, must be: "),
        ("ALARM()", "Error in AlarmRule [Unsupported token ')' at char 6, must be: "),
        ("ALARM(a) ALARM(b)", "Error in AlarmRule [Unsupported token 'ALARM' at char 9, must be: "),
        ("ALARM(a) AND", "Error in AlarmRule [Unsupported end of expression at char 12, must be: "),
        ("alarm(a)", "Error in AlarmRule [Unsupported token 'alarm' at char 0, must be: "),
        ('ALARM("a)', "Error in AlarmRule [Unsupported token '\"' at char 6, must be: "),
        ("AT_LEAST(x, ALARM, (a))", "Error in AlarmRule [Unsupported token 'x' at char 9, must be: "),
        (" ALARM(a)", "AlarmRule must not contain leading or trailing whitespace"),
        ("ALARM(a)\n", "AlarmRule must not contain leading or trailing whitespace"),
        ("(" * 5000 + "TRUE" + ")" * 5000, "AlarmRule must not "),
        (" OR ".join(f"ALARM(a{number})" for number in range(101)), "AlarmRule must not "),
        (" OR ".join(["TRUE"] * 501), "AlarmRule must not "),
    ],
)
def test_what_is_no_rule(text: str, where: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read_rule(text)
    assert caught.value.code == "ValidationError"
    assert caught.value.message.startswith(where)


def test_the_word_that_is_too_many_is_told_by_its_place() -> None:
    """https://github.com/aws/aws-cdk/issues/13953"""
    text = "(ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:SampleQueue Oldest Age Alarm))"
    with pytest.raises(ServiceError, match=re.escape("[Unsupported token 'Oldest' at char 67, must be: ')']")):
        read_rule(text)


# on the wire


def metric_alarm(aws: Aws, *names: str) -> None:
    for name in names:
        aws.cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName=f"Load-{name}",
            Namespace="Mine",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )


def combine(aws: Aws, rule: str, name: str = "both", **given: Any) -> None:
    aws.cloudwatch.put_composite_alarm(AlarmName=name, AlarmRule=rule, **given)


def turn(aws: Aws, name: str, state: str = "ALARM") -> None:
    aws.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="because")


def composite(aws: Aws, name: str = "both") -> dict[str, Any]:
    found = aws.cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])
    return dict(found["CompositeAlarms"][0])


def state(aws: Aws, name: str = "both") -> str:
    return str(composite(aws, name)["StateValue"])


def refused(call: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*args, **given)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    return str(error["Message"])


def delete(aws: Aws, *names: str) -> None:
    aws.cloudwatch.delete_alarms(AlarmNames=list(names))


def arn(aws: Aws, name: str) -> str:
    return str(aws.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])


class TestDescribed:
    def test_as_the_service_was_recorded(self, aws: Aws, shared: Any) -> None:
        folder = shared / "recordings" / "aws" / "cloud-custodian" / "alarms" / "test_delete_composite_alarms"
        recorded = json.loads((folder / "monitoring.DescribeAlarms_1.json").read_text(encoding="utf-8"))
        sample = recorded["data"]["CompositeAlarms"][0]
        metric_alarm(aws, "c7n-test-alarm-tags-filter")
        topic = "arn:aws:sns:us-east-1:644160558196:c7n-pratyush"
        combine(aws, sample["AlarmRule"], sample["AlarmName"], AlarmActions=[topic])
        found = composite(aws, sample["AlarmName"])
        account = found["AlarmArn"].split(":")[4]
        assert set(found) == set(sample)
        same = ("ActionsEnabled", "AlarmActions", "OKActions", "InsufficientDataActions", "AlarmRule", "StateValue")
        assert {name: found[name] for name in same} == {name: sample[name] for name in same}
        assert found["StateReason"].replace(account, "644160558196") == sample["StateReason"]
        own, theirs = (json.loads(each["StateReasonData"])["triggeringAlarms"] for each in (found, sample))
        assert own[0]["arn"].replace(account, "644160558196") == theirs[0]["arn"]
        assert own[0]["state"] == {"value": "INSUFFICIENT_DATA", "timestamp": "2026-01-05T00:00:00.000+0000"}

    def test_only_where_its_type_is_asked_for(self, aws: Aws) -> None:
        metric_alarm(aws, "a", "z")
        combine(aws, "ALARM(a)")

        def names(**given: Any) -> tuple[list[str], list[str]]:
            found = aws.cloudwatch.describe_alarms(**given)
            lists = found["MetricAlarms"], found["CompositeAlarms"]
            first, second = ([alarm["AlarmName"] for alarm in alarms] for alarms in lists)
            return first, second

        assert names() == (["a", "z"], [])
        assert names(AlarmNames=["a", "both"]) == (["a"], [])
        assert names(AlarmTypes=["CompositeAlarm"]) == ([], ["both"])
        assert names(AlarmTypes=["CompositeAlarm", "MetricAlarm"]) == (["a", "z"], ["both"])
        assert names(AlarmTypes=["CompositeAlarm"], StateValue="ALARM") == ([], [])
        pages = aws.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmTypes=["MetricAlarm", "CompositeAlarm"], PaginationConfig={"PageSize": 2}
        )
        assert [len(page["MetricAlarms"]) + len(page["CompositeAlarms"]) for page in pages] == [2, 1]

    def test_children_and_parents(self, aws: Aws) -> None:
        metric_alarm(aws, "a", "b")
        combine(aws, "ALARM(a) OR OK(b)")
        combine(aws, f'ALARM(both) AND NOT ALARM("{arn(aws, "a")}")', "outer")

        def of(**given: str) -> list[dict[str, Any]]:
            found = aws.cloudwatch.describe_alarms(**given)
            return [*found["CompositeAlarms"], *found["MetricAlarms"]]

        assert [each["AlarmName"] for each in of(ChildrenOfAlarmName="outer")] == ["both", "a"]
        assert set(of(ChildrenOfAlarmName="both")[0]) == {
            *("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
        }
        assert [each["AlarmName"] for each in of(ParentsOfAlarmName="a")] == ["both", "outer"]
        assert set(of(ParentsOfAlarmName="b")[0]) == {"AlarmName", "AlarmArn"}
        given = {"ParentsOfAlarmName": "a", "AlarmNames": ["a"]}
        assert code(aws.cloudwatch.describe_alarms, **given) == "ValidationError"

    def test_tags_are_those_of_the_first_put(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        for value in ("1", "2"):
            combine(aws, "ALARM(a)", Tags=[{"Key": "team", "Value": value}])
        found = aws.cloudwatch.list_tags_for_resource(ResourceARN=composite(aws)["AlarmArn"])
        assert found["Tags"] == [{"Key": "team", "Value": "1"}]


class TestEvaluated:
    def test_it_follows_its_children(self, aws: Aws) -> None:
        metric_alarm(aws, "a", "b")
        combine(aws, "ALARM(a) AND NOT ALARM(b)")
        seen = [state(aws)]
        for name, value in (("a", "ALARM"), ("b", "ALARM"), ("b", "OK"), ("a", "OK")):
            turn(aws, name, value)
            seen.append(state(aws))
        assert seen == ["OK", "ALARM", "OK", "ALARM", "OK"]

    def test_it_is_evaluated_from_datapoints(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        datum = {"MetricName": "Load-a", "Value": 5.0, "Timestamp": START}
        aws.cloudwatch.put_metric_data(Namespace="Mine", MetricData=[datum])
        aws.doors.advance(timedelta(minutes=2))
        assert state(aws) == "ALARM"

    def test_the_reason_names_the_child_and_the_time(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        turn(aws, "a")
        alarm = composite(aws)
        own = arn(aws, "a")
        assert alarm["StateReason"] == f"{own} transitioned to ALARM at Monday 05 January, 2026 00:00:00 UTC"
        when = "2026-01-05T00:00:00.000+0000"
        triggering = [{"arn": own, "state": {"value": "ALARM", "timestamp": when}}]
        assert json.loads(alarm["StateReasonData"]) == {"triggeringAlarms": triggering}

    def test_one_stands_on_another(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        combine(aws, "ALARM(both) AND TRUE", "outer")
        turn(aws, "a")
        assert state(aws, "outer") == "ALARM"
        assert composite(aws, "outer")["StateReason"].startswith(f"{composite(aws)['AlarmArn']} transitioned to ALARM")

    def test_a_new_rule_counts_at_once_and_an_old_state_stays(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        before = composite(aws)
        aws.doors.advance(timedelta(hours=1))
        combine(aws, "ALARM(a) AND TRUE", AlarmDescription="d")
        kept = composite(aws)
        states = ("StateValue", "StateReason", "StateUpdatedTimestamp", "StateTransitionedTimestamp")
        assert {name: kept[name] for name in states} == {name: before[name] for name in states}
        combine(aws, "NOT ALARM(a)")
        after = composite(aws)
        assert after["StateValue"] == "ALARM"
        assert after["StateReason"] == f"{after['AlarmArn']} was updated and its alarm rule evaluates to ALARM"
        assert "AlarmDescription" not in after

    def test_a_circle_comes_to_rest(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        combine(aws, "NOT ALARM(both)", "outer")
        combine(aws, "ALARM(a) AND NOT ALARM(outer)")
        turn(aws, "a")
        # neither can be deleted before one of the two lets go
        for name in ("both", "outer"):
            assert "as there are composite alarm(s) depending on it." in refused(delete, aws, name)
        combine(aws, "FALSE")
        delete(aws, "outer")


class TestRefused:
    def test_children_that_are_not_there(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        # https://github.com/awsdocs/aws-cloudformation-user-guide/issues/911
        text = refused(combine, aws, "ALARM(a) OR ALARM(gone) OR OK(lost)")
        assert text == "Could not save the composite alarm as alarms [gone, lost] in the alarm rule do not exist"
        assert aws.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []

    def test_what_composite_alarms_cannot_do(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        aws.make_group()
        policy = aws.autoscaling.put_scaling_policy(
            AutoScalingGroupName="web", PolicyName="out", AdjustmentType="ChangeInCapacity", ScalingAdjustment=1
        )
        for action in (policy["PolicyARN"], "arn:aws:automate:us-east-1:ec2:stop"):
            refused(combine, aws, "ALARM(a)", AlarmActions=[action])

    def test_a_name_is_of_one_alarm(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        refused(combine, aws, "TRUE", "a")
        combine(aws, "ALARM(a)")
        refused(metric_alarm, aws, "both")

    def test_a_suppressor_needs_its_periods(self, aws: Aws) -> None:
        metric_alarm(aws, "a", "quiet")
        refused(combine, aws, "ALARM(a)", ActionsSuppressor="quiet")
        periods = {"ActionsSuppressorWaitPeriod": 60, "ActionsSuppressorExtensionPeriod": 60}
        refused(combine, aws, "ALARM(a)", ActionsSuppressor="no", **periods)
        combine(aws, "ALARM(a)", ActionsSuppressor="quiet", **periods)
        assert {name: composite(aws)[name] for name in periods} == periods
        assert "depending on it" in refused(delete, aws, "quiet")

    def test_the_alarms_that_it_stands_on_cannot_be_deleted(self, aws: Aws) -> None:
        metric_alarm(aws, "a", "b", "c")
        combine(aws, f'ALARM(a) OR OK("{arn(aws, "b")}")')
        # https://github.com/cloud-custodian/cloud-custodian/issues/7763
        text = refused(delete, aws, "b", "c", "a")
        assert text == "Cannot delete a,b as there are composite alarm(s) depending on them."
        assert refused(delete, aws, "a") == "Cannot delete a as there are composite alarm(s) depending on it."
        assert len(aws.cloudwatch.describe_alarms()["MetricAlarms"]) == 3

    def test_one_composite_at_a_time_goes_with_its_children(self, aws: Aws) -> None:
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)")
        combine(aws, "TRUE", "other")
        refused(delete, aws, "both", "other")
        delete(aws, "both", "a")
        found = aws.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm", "MetricAlarm"])
        assert [each["AlarmName"] for each in (*found["CompositeAlarms"], *found["MetricAlarms"])] == ["other"]


class TestActs:
    @pytest.fixture
    def topic(self, aws: Aws) -> tuple[str, Any]:
        """A topic, and what has come into the queue that is subscribed to it."""
        sqs, sns = (client_for(aws.emulator, name) for name in ("sqs", "sns"))
        queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        own = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        name = sns.create_topic(Name="ops")["TopicArn"]
        sns.subscribe(TopicArn=name, Protocol="sqs", Endpoint=own)

        def received() -> list[dict[str, Any]]:
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            for each in found:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
            return [json.loads(each["Body"]) for each in found]

        return name, received

    def test_a_change_is_told_once(self, aws: Aws, topic: tuple[str, Any]) -> None:
        name, received = topic
        metric_alarm(aws, "a", "b")
        combine(aws, "ALARM(a) OR ALARM(b)", AlarmActions=[name])
        turn(aws, "a")
        turn(aws, "b")
        (message,) = received()
        assert message["Subject"] == 'ALARM: "both" in US East (N. Virginia)'
        told = json.loads(message["Message"])
        assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == ("both", "OK", "ALARM")
        assert told["AlarmRule"] == "ALARM(a) OR ALARM(b)"
        turn(aws, "a", "OK")
        turn(aws, "b", "OK")
        assert received() == []

    def test_not_while_its_actions_are_disabled_or_suppressed(self, aws: Aws, topic: tuple[str, Any]) -> None:
        name, received = topic
        metric_alarm(aws, "a", "quiet")
        periods = {"ActionsSuppressorWaitPeriod": 0, "ActionsSuppressorExtensionPeriod": 0}
        combine(aws, "ALARM(a)", AlarmActions=[name], ActionsSuppressor="quiet", **periods)
        aws.cloudwatch.disable_alarm_actions(AlarmNames=["both"])
        assert composite(aws)["ActionsEnabled"] is False
        turn(aws, "a")
        turn(aws, "a", "OK")
        aws.cloudwatch.enable_alarm_actions(AlarmNames=["both"])
        turn(aws, "quiet")
        turn(aws, "a")
        assert composite(aws)["ActionsSuppressedBy"] == "Alarm"
        assert received() == []
        for alarm, value in (("quiet", "OK"), ("a", "OK"), ("a", "ALARM")):
            turn(aws, alarm, value)
        assert len(received()) == 1

    def test_its_own_state_can_be_set_until_a_child_changes(self, aws: Aws, topic: tuple[str, Any]) -> None:
        name, received = topic
        metric_alarm(aws, "a")
        combine(aws, "ALARM(a)", AlarmActions=[name])
        turn(aws, "both")
        assert (state(aws), len(received())) == ("ALARM", 1)
        turn(aws, "a", "OK")
        assert state(aws) == "OK"

    def test_a_metric_alarm_tells_its_topics_too(self, aws: Aws, topic: tuple[str, Any]) -> None:
        name, received = topic
        aws.cloudwatch.put_metric_alarm(
            AlarmName="hot",
            MetricName="Load",
            Namespace="Mine",
            Dimensions=[{"Name": "z", "Value": "1"}, {"Name": "a", "Value": "2"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[name],
        )
        turn(aws, "hot")
        (message,) = received()
        trigger = json.loads(message["Message"])["Trigger"]
        assert trigger["Dimensions"] == [{"value": "1", "name": "z"}, {"value": "2", "name": "a"}]
