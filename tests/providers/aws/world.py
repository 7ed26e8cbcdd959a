"""The AWS emulator as the contract wants it, and how to act behind trimtab's back through boto3."""

from datetime import UTC, datetime, timedelta
from functools import cache

import boto3
from botocore.config import Config

from tests.found.worlds import PUBLIC_KEY
from trimtab.plan import read_description
from trimtab.testing import AwsTestCloud

READS = {
    "autoscaling-group": ("autoscaling", "DescribeAutoScalingGroups"),
    "scaling-policy": ("autoscaling", "DescribePolicies"),
    "scheduled-action": ("autoscaling", "DescribeScheduledActions"),
    "metric-alarm": ("cloudwatch", "DescribeAlarms"),
    "launch-template": ("ec2", "DescribeLaunchTemplateVersions"),
}
START = datetime(2026, 1, 5, tzinfo=UTC)


@cache
def client_of(endpoint, service):
    """Somebody else's client, made once for each emulator."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="somebody",
        aws_secret_access_key="else",
        config=Config(retries={"total_max_attempts": 1}),
    )


class AwsWorld:
    def __init__(self, emulator):
        self.emulator = emulator
        self.doors = emulator.doors
        self.doors.set_clock(START, freeze=True)
        self.cloud = AwsTestCloud(emulator)

    def client(self, service):
        return client_of(self.emulator.endpoint, service)

    def make_key_pair(self, name):
        self.client("ec2").import_key_pair(KeyName=name, PublicKeyMaterial=PUBLIC_KEY)

    def make_security_group(self, name):
        """Its id."""
        ec2 = self.client("ec2")
        network = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
        return ec2.create_security_group(GroupName=name, Description="members", VpcId=network)["GroupId"]

    def connect(self, **settings):
        return self.cloud.connect(**settings)

    def advance(self, duration: timedelta):
        self.doors.advance(duration)

    def push(self, group, metric, value):
        self.cloud.push(metric, group=group, value=value)

    def deny(self, kind):
        service, operation = READS[kind]
        self.doors.fault("denied", operation=operation, service=service, times=None)

    def allow(self):
        self.doors.clear_faults()

    def writes(self):
        return self.doors.count()["writes"]

    def boot_slowly(self):
        self.doors.configure(boot_seconds=60)

    def tamper(self, cloud, key):
        return getattr(self, "_tamper_" + key.kind.replace("-", "_"))(key)

    def latest(self, key):
        ec2 = self.client("ec2")
        reply = ec2.describe_launch_template_versions(LaunchTemplateName=key.name, Versions=["$Latest"])
        return reply["LaunchTemplateVersions"][0]

    def new_version(self, key, data, description=None):
        more = {"VersionDescription": description} if description else {}
        self.client("ec2").create_launch_template_version(LaunchTemplateName=key.name, LaunchTemplateData=data, **more)

    def put_alarm(self, name, **changes):
        cloudwatch = self.client("cloudwatch")
        alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        names = cloudwatch.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
        given = {field: value for field, value in alarm.items() if field in names} | changes
        cloudwatch.put_metric_alarm(**{field: value for field, value in given.items() if value is not None})

    def _tamper_launch_template(self, key):
        there = self.latest(key)
        self.new_version(key, {**there["LaunchTemplateData"], "InstanceType": "m5.large"}, there["VersionDescription"])
        return "LaunchTemplateData.InstanceType"

    def _tamper_autoscaling_group(self, key):
        self.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=key.name, DefaultCooldown=77)
        return "DefaultCooldown"

    def _tamper_scaling_policy(self, key):
        self.client("autoscaling").put_scaling_policy(
            AutoScalingGroupName=key.parent,
            PolicyName=key.name,
            PolicyType="SimpleScaling",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=2,
            Cooldown=300,
        )
        return "ScalingAdjustment"

    def _tamper_scheduled_action(self, key):
        autoscaling = self.client("autoscaling")
        there = autoscaling.describe_scheduled_actions(
            AutoScalingGroupName=key.parent, ScheduledActionNames=[key.name]
        )["ScheduledUpdateGroupActions"][0]
        autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=key.parent,
            ScheduledActionName=key.name,
            Recurrence="7 7 * * *",
            TimeZone=there["TimeZone"],
            MinSize=there["MinSize"],
        )
        return "Recurrence"

    def _tamper_metric_alarm(self, key):
        self.put_alarm(key.name, Threshold=99.0)
        return "Threshold"

    def make_foreign(self, cloud, key):
        if key.kind == "launch-template":
            data = self.latest(key)["LaunchTemplateData"]
            ec2 = self.client("ec2")
            ec2.delete_launch_template(LaunchTemplateName=key.name)
            ec2.create_launch_template(LaunchTemplateName=key.name, LaunchTemplateData=data)
        elif key.kind == "autoscaling-group":
            tags = [
                {"ResourceId": key.name, "ResourceType": "auto-scaling-group", "Key": f"trimtab-{word}"}
                for word in ("fleet", "group", "digest")
            ]
            self.client("autoscaling").delete_tags(Tags=tags)
        else:
            alarm = self.client("cloudwatch").describe_alarms(AlarmNames=[key.name])["MetricAlarms"][0]
            self.put_alarm(key.name, AlarmDescription=read_description(alarm["AlarmDescription"])[0])
