import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_bench import ONCE, START, Aws, client_for, code
from botocore.exceptions import ClientError, ConnectionClosedError

from trimtab.clock import ManualClock
from trimtab.emulators import AwsEmulator, ControlClient, DoorError


def test_the_sdk_finds_it_through_the_environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.emulator.environment.items():
        monkeypatch.setenv(name, value)
    assert boto3.client("sts", config=ONCE).get_caller_identity()["Account"] == "123456789012"


def test_it_listens_on_loopback_only(aws: Aws) -> None:
    assert aws.emulator.endpoint.startswith("http://127.0.0.1:")


def test_two_emulators_in_one_process_share_nothing(aws: Aws) -> None:
    aws.make_group()
    with AwsEmulator() as other:
        assert client_for(other, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
        assert client_for(other, "ec2").describe_launch_templates()["LaunchTemplates"] == []
    assert aws.names() == ["web"]


def test_regions_are_apart(aws: Aws) -> None:
    aws.make_group()
    there = client_for(aws.emulator, "autoscaling", "eu-west-1")
    assert there.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_stopping_twice_is_fine() -> None:
    emulator = AwsEmulator()
    emulator.stop()
    emulator.stop()


def test_reset_wipes_state_faults_log_and_clock(aws: Aws) -> None:
    aws.make_group()
    aws.doors.fault("denied", times=None)
    aws.doors.reset()
    assert aws.names() == []
    assert aws.doors.list_faults() == []
    assert aws.doors.count()["total"] == 1
    assert aws.doors.now() - datetime.now(UTC) < timedelta(minutes=1)


class TestClock:
    def test_stands_still_when_frozen(self, aws: Aws) -> None:
        assert aws.doors.now() == aws.doors.now() == START

    def test_advances_and_goes_back(self, aws: Aws) -> None:
        assert aws.doors.advance(90) == START + timedelta(seconds=90)
        assert aws.doors.advance(timedelta(hours=1)) == START + timedelta(seconds=3690)
        assert aws.doors.set_clock(START) == START

    def test_runs_on_from_where_it_was_set(self, aws: Aws) -> None:
        aws.doors.run_clock()
        assert START + timedelta(days=9) <= aws.doors.set_clock(START + timedelta(days=9)) < START + timedelta(days=10)

    def test_follows_the_clock_that_it_was_given(self) -> None:
        clock = ManualClock(START)
        with AwsEmulator(clock=clock) as emulator:
            clock.advance(timedelta(minutes=3))
            assert emulator.doors.now() == START + timedelta(minutes=3)


class TestFaults:
    CALLS = (
        ("autoscaling", "describe_auto_scaling_groups", "Throttling"),
        ("cloudwatch", "describe_alarms", "Throttling"),
        ("elbv2", "describe_target_groups", "Throttling"),
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("ssm", "describe_parameters", "ThrottlingException"),
    )

    @pytest.mark.parametrize(("service", "operation", "expected"), CALLS)
    def test_throttle_is_each_services_own_error(self, aws: Aws, service: str, operation: str, expected: str) -> None:
        aws.doors.fault("throttle", service=service)
        assert code(getattr(getattr(aws, service), operation)) == expected

    @pytest.mark.parametrize(("service", "operation", "_"), CALLS)
    def test_error500(self, aws: Aws, service: str, operation: str, _: str) -> None:
        aws.doors.fault("error500")
        with pytest.raises(ClientError) as caught:
            getattr(getattr(aws, service), operation)()
        assert caught.value.response["Error"]["Code"] == "InternalFailure"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500

    @pytest.mark.parametrize(("service", "operation", "_"), CALLS)
    def test_denied(self, aws: Aws, service: str, operation: str, _: str) -> None:
        aws.doors.fault("denied")
        expected = "UnauthorizedOperation" if service == "ec2" else "AccessDenied"
        assert code(getattr(getattr(aws, service), operation)) == expected

    def test_timeout_before_has_no_effect(self, aws: Aws) -> None:
        aws.doors.fault("timeout_before", operation="CreateAutoScalingGroup")
        with pytest.raises(ConnectionClosedError):
            aws.make_group()
        assert aws.names() == []

    def test_timeout_after_has_its_effect(self, aws: Aws) -> None:
        aws.doors.fault("timeout_after", operation="CreateAutoScalingGroup")
        with pytest.raises(ConnectionClosedError):
            aws.make_group()
        assert aws.names() == ["web"]

    def test_after_and_times_count_the_matching_calls(self, aws: Aws) -> None:
        aws.doors.fault("throttle", operation="DescribeAlarms", after=1, times=2)
        aws.cloudwatch.describe_alarms()
        aws.autoscaling.describe_policies()
        assert code(aws.cloudwatch.describe_alarms) == "Throttling"
        assert aws.doors.list_faults()[0]["times"] == 1
        assert code(aws.cloudwatch.describe_alarms) == "Throttling"
        assert aws.doors.list_faults() == []
        aws.cloudwatch.describe_alarms()

    def test_write_only_spares_reads(self, aws: Aws) -> None:
        aws.doors.fault("throttle", write_only=True)
        aws.autoscaling.describe_policies()
        assert code(aws.make_group) == "Throttling"

    def test_contains_looks_into_the_parameters(self, aws: Aws) -> None:
        aws.doors.fault("throttle", operation="Create*", contains="api-")
        aws.make_group("web-1")
        assert code(aws.make_group, name="api-1") == "Throttling"

    def test_stale_answers_what_was_true_when_the_rule_was_set(self, aws: Aws) -> None:
        assert aws.names() == []
        aws.make_group("one")
        aws.names()
        aws.doors.fault("stale", operation="DescribeAutoScalingGroups")
        aws.make_group("two")
        assert aws.names() == ["one"]
        assert aws.names() == ["one", "two"]

    def test_stale_is_empty_for_what_nobody_asked_before(self, aws: Aws) -> None:
        aws.make_group("one")
        aws.doors.fault("stale", operation="DescribeAutoScalingGroups")
        assert aws.names() == []

    def test_cleared_faults_are_gone(self, aws: Aws) -> None:
        aws.doors.fault("throttle", times=None)
        aws.doors.clear_faults()
        aws.autoscaling.describe_policies()

    @pytest.mark.parametrize("rule", [{"kind": "nonsense"}, {"kind": "throttle", "colour": 1}, "text"])
    def test_a_rule_that_is_none_is_refused(self, aws: Aws, rule: Any) -> None:
        with pytest.raises(DoorError, match="a fault"):
            aws.doors.faults([rule])


class TestHolds:
    @pytest.mark.parametrize(("kind", "during"), [("hold_before", []), ("hold_after", ["web"])])
    def test_a_held_call_waits_without_stopping_others(self, aws: Aws, kind: str, during: list[str]) -> None:
        aws.doors.fault(kind, operation="CreateAutoScalingGroup")
        thread = threading.Thread(target=aws.make_group)
        thread.start()
        hold = aws.doors.wait_for_hold()
        assert (hold.operation, hold.params["AutoScalingGroupName"]) == ("CreateAutoScalingGroup", "web")
        assert aws.names() == during
        aws.doors.release(hold)
        thread.join()
        assert aws.names() == ["web"]
        assert aws.doors.holds() == []

    def test_a_dropped_call_has_no_effect(self, aws: Aws) -> None:
        aws.doors.fault("hold_before", operation="CreateAutoScalingGroup")
        errors: list[Exception] = []

        def create() -> None:
            try:
                aws.make_group()
            except ConnectionClosedError as error:
                errors.append(error)

        thread = threading.Thread(target=create)
        thread.start()
        aws.doors.wait_for_hold()
        aws.doors.release(drop=True)
        thread.join()
        assert len(errors) == 1
        assert aws.names() == []

    def test_a_killed_clients_call_can_be_dropped(self, aws: Aws) -> None:
        aws.doors.fault("hold_before", operation="DeleteLaunchTemplate")
        script = "import boto3; boto3.client('ec2').delete_launch_template(LaunchTemplateName='web')"
        environment = {**os.environ, **aws.emulator.environment}
        child = subprocess.Popen([sys.executable, "-c", script], env=environment)
        hold = aws.doors.wait_for_hold()
        child.send_signal(signal.SIGKILL)
        child.wait()
        aws.doors.release(hold, drop=True)
        assert len(aws.ec2.describe_launch_templates()["LaunchTemplates"]) == 1

    def test_releasing_what_is_not_held_is_refused(self, aws: Aws) -> None:
        with pytest.raises(DoorError, match="no call 99 is held"):
            aws.doors.release(99)

    def test_waiting_for_a_hold_ends(self, aws: Aws) -> None:
        with pytest.raises(DoorError, match="no call was held"):
            aws.doors.wait_for_hold(timeout=0)


class TestLog:
    def test_every_call_is_logged_with_its_outcome(self, aws: Aws) -> None:
        aws.make_group()
        code(aws.make_group)
        found = [each for each in aws.doors.requests() if each.operation == "CreateAutoScalingGroup"]
        assert [(each.status, each.code, each.write) for each in found] == [
            (200, None, True),
            (400, "AlreadyExists", True),
        ]
        assert found[0].params["MaxSize"] == 5
        assert found[0].region == "us-east-1"

    def test_counts(self, aws: Aws) -> None:
        aws.make_group()
        aws.autoscaling.describe_policies()
        count = aws.doors.count()
        assert (count["total"], count["writes"]) == (3, 1)
        assert count["operations"]["DescribePolicies"] == 1
        aws.doors.clear_requests()
        assert aws.doors.count()["total"] == 0

    def test_a_call_without_reply_has_status_0(self, aws: Aws) -> None:
        aws.doors.fault("timeout_before")
        with pytest.raises(ConnectionClosedError):
            aws.cloudwatch.describe_alarms()
        assert aws.doors.requests()[-1].status == 0

    def test_codes_of_errors_that_moto_answers(self, aws: Aws) -> None:
        assert code(aws.ec2.describe_subnets, SubnetIds=["subnet-0123456789abcdef0"]) == "InvalidSubnetID.NotFound"
        assert aws.doors.requests()[-1].code == "InvalidSubnetID.NotFound"


class TestDoors:
    def test_metric_points_are_stored_and_listed(self, aws: Aws) -> None:
        aws.doors.push([{"namespace": "AWS/EC2", "metric": "CPUUtilization", "dimensions": {"G": "web"}, "value": 90}])
        assert [(each["metric"], each["value"], each["at"]) for each in aws.doors.metrics()] == [
            ("CPUUtilization", 90.0, START.isoformat())
        ]

    def test_pushed_points_are_in_cloudwatch(self, aws: Aws) -> None:
        aws.doors.push([{"namespace": "N", "metric": "m", "value": 4}, {"namespace": "N", "metric": "m", "value": 6}])
        found = aws.cloudwatch.get_metric_statistics(
            Namespace="N",
            MetricName="m",
            StartTime=START - timedelta(minutes=5),
            EndTime=START + timedelta(minutes=5),
            Period=600,
            Statistics=["Average"],
        )
        assert [each["Average"] for each in found["Datapoints"]] == [5.0]

    def test_a_setting_that_is_none_is_refused(self, aws: Aws) -> None:
        with pytest.raises(DoorError, match="no such setting: speed"):
            aws.doors.configure(speed=2)

    def test_a_door_that_nobody_answers_says_so(self) -> None:
        with pytest.raises(DoorError, match=r"127\.0\.0\.1:9"):
            ControlClient("http://127.0.0.1:9").now()


def test_what_it_does_not_have_is_a_client_error(aws: Aws) -> None:
    assert code(aws.autoscaling.describe_metric_collection_types) == "NotImplemented"
    with pytest.raises(ClientError):
        client_for(aws.emulator, "pricing").describe_services()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_environment_logs_and_ends_quietly(tmp_path: Any, number: signal.Signals) -> None:
    log = tmp_path / "calls.log"
    command = [sys.executable, "-m", "trimtab.emulators", "aws", "--log", str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    lines = [process.stdout.readline().strip() for _ in range(5)]
    environment = dict(line.split("=", 1) for line in lines)
    client = boto3.client(
        "ec2",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_DEFAULT_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        config=ONCE,
    )
    assert (
        code(client.delete_launch_template, LaunchTemplateName="no-such")
        == "InvalidLaunchTemplateName.NotFoundException"
    )
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert all(line.startswith("#") for line in out.splitlines())
    words = log.read_text().split()
    assert words[1:] == [
        "ec2",
        "DeleteLaunchTemplate",
        "400",
        "InvalidLaunchTemplateName.NotFoundException",
        "no-such",
    ]
