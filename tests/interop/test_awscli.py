"""The AWS CLI, as its users type it, against the AWS emulator; `TRIMTAB_AWSCLI` is the program."""

import json
import os

import pytest

import trimtab as tt
from tests.interop.conftest import required
from trimtab.testing import AwsTestCloud


@pytest.fixture
def cli(run):
    program = os.environ.get("TRIMTAB_AWSCLI") or required("TRIMTAB_AWSCLI names no AWS CLI")

    def asked(*words, **more):
        out = run(program, *words, "--output", "json", **more)
        return json.loads(out) if out.strip() else None

    return asked


def test_a_group_made_by_hand_is_read_and_taken_over(cli, aws):
    image = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    data = {"ImageId": image, "InstanceType": "t3.micro", "KeyName": "virtualmin"}
    made = cli(
        *("ec2", "create-launch-template", "--launch-template-name", "shop-web"),
        *("--launch-template-data", json.dumps(data)),
    )
    assert made["LaunchTemplate"]["LatestVersionNumber"] == 1
    private = cli(
        "ec2", "describe-subnets", "--filters", "Name=tag:Type,Values=Private", "--query", "Subnets[].SubnetId"
    )
    cli(
        *("autoscaling", "create-auto-scaling-group", "--auto-scaling-group-name", "shop-web"),
        *("--launch-template", "LaunchTemplateName=shop-web,Version=$Latest", "--min-size", "1", "--max-size", "3"),
        *("--desired-capacity", "2", "--vpc-zone-identifier", ",".join(private), "--tags", "Key=Team,Value=web"),
    )
    policy = cli(
        *("autoscaling", "put-scaling-policy", "--auto-scaling-group-name", "shop-web", "--policy-name", "out"),
        *("--adjustment-type", "ChangeInCapacity", "--scaling-adjustment", "1", "--cooldown", "60"),
    )
    cli(
        *("cloudwatch", "put-metric-alarm", "--alarm-name", "shop-web-hot", "--namespace", "AWS/EC2"),
        *("--metric-name", "CPUUtilization", "--dimensions", "Name=AutoScalingGroupName,Value=shop-web"),
        *("--statistic", "Average", "--period", "60", "--evaluation-periods", "2", "--threshold", "70"),
        *("--comparison-operator", "GreaterThanThreshold", "--alarm-actions", policy["PolicyARN"]),
    )
    cli(
        *("autoscaling", "put-scheduled-update-group-action", "--auto-scaling-group-name", "shop-web"),
        *("--scheduled-action-name", "morning", "--recurrence", "0 8 * * 1-5", "--time-zone", "Europe/Madrid"),
        *("--min-size", "2"),
    )
    (group,) = cli("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"]
    assert [each["LifecycleState"] for each in group["Instances"]] == ["InService", "InService"]
    with AwsTestCloud(aws).connect() as cloud:
        found = cloud.import_group("shop-web")
    assert (found.group.capacity.min, found.group.capacity.max) == (1, 3)
    assert [policy.change for policy in found.group.policies] == [1]
    assert [(alarm.above, alarm.periods) for alarm in found.group.alarms] == [(70, 2)]
    assert [(each.cron, each.zone) for each in found.group.schedules] == [("0 8 * * 1-5", "Europe/Madrid")]


def test_what_trimtab_made_is_what_the_cli_shows(cli, aws):
    group = tt.ScalingGroup(
        name="web",
        capacity={"min": 2, "max": 4},
        template={"image": "ami-12c6146b", "size": "t3.medium"},
        policies=[tt.SimplePolicy(name="out", change=1)],
        alarms=[tt.Alarm(name="hot", metric=tt.metrics.cpu, above=70, triggers=["out"])],
    )
    fleet = tt.Fleet(name="shop", groups=[group])
    with AwsTestCloud(aws).connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        (alarm,) = cli("cloudwatch", "describe-alarms")["MetricAlarms"]
        (policy,) = cli("autoscaling", "describe-policies")["ScalingPolicies"]
        assert alarm["AlarmActions"] == [policy["PolicyARN"]]
        cli("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", "shop-web", "--desired-capacity", "3")
        assert cloud.group("web").read().desired == 3
        assert not cloud.plan(fleet)
        cli("autoscaling", "delete-auto-scaling-group", "--auto-scaling-group-name", "shop-web", "--force-delete")
        assert "create" in {change.action for change in cloud.plan(fleet)}


def test_a_dry_run_changes_nothing(run, aws):
    program = os.environ.get("TRIMTAB_AWSCLI") or required("TRIMTAB_AWSCLI names no AWS CLI")
    data = json.dumps({"ImageId": "ami-12c6146b"})
    create = ("ec2", "create-launch-template", "--launch-template-name", "x", "--launch-template-data", data)
    run(program, *create, "--dry-run", codes=(254, 255))
    assert "x" not in run(
        program, "ec2", "describe-launch-templates", "--query", "LaunchTemplates[].LaunchTemplateName"
    )
