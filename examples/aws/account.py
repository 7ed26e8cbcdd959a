"""
The account that the examples run on: an emulated one (`--emulator`), or a real one (`--region eu-west-1`).

A real account is never touched by accident: one of the two has to be said. Credentials come from boto3's own chain.
"""

import argparse
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import boto3

import trimtab as tt
from trimtab.emulators import AwsEmulator
from trimtab.testing import AwsTestCloud

FLEET = Path(__file__).parents[1] / "virtualmin" / "fleet.yaml"
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


class Account:
    """An AWS account, emulated on this machine or real."""

    provider = "aws"

    def __init__(self, emulator: AwsEmulator | None = None, *, region: str = "us-east-1") -> None:
        self.region = region
        self.emulated = AwsTestCloud(emulator) if emulator else None
        if self.emulated:
            self.emulated.emulator.doors.set_clock(MONDAY, freeze=True)
            self.emulated.emulator.furnish()

    @classmethod
    def open(cls, about: str | None) -> "Opened":
        """The account that the command line asks for, as a context manager."""
        parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--emulator", action="store_true", help="on this machine, without an account")
        where.add_argument("--region", help="in your account, where it costs money")
        given = parser.parse_args()
        return Opened(cls, None if given.emulator else given.region)

    def connect(self, **settings: Any) -> tt.Cloud:
        """A connection of trimtab's."""
        if self.emulated:
            return self.emulated.connect(**settings)
        return tt.connect("aws", region=self.region, **settings)

    def client(self, service: str) -> Any:
        """The SDK's own client, for what an example does behind trimtab's back."""
        if not self.emulated:
            return boto3.client(service, region_name=self.region)
        keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "else", "region_name": self.region}
        return boto3.client(service, endpoint_url=self.emulated.emulator.endpoint, **keys)

    @property
    def variables(self) -> dict[str, str]:
        """The environment that the fleet file is read with: its topic is one of this region."""
        return {} if self.emulated else {**os.environ, "AWS_REGION": self.region}

    def pass_time(self, duration: timedelta) -> None:
        """Let time pass: at once in the emulator, as it does in a real account."""
        if self.emulated:
            self.emulated.clock.advance(duration)
        else:
            time.sleep(duration.total_seconds())

    def load(self, group: str, cpu: float) -> None:
        """Have instances report so much CPU, and memory and requests to match, in the emulator; real ones measure."""
        if self.emulated:
            measured = {tt.metrics.cpu: cpu, tt.metrics.memory: 0.8 * cpu, tt.metrics.requests_per_instance: 5 * cpu}
            for metric, value in measured.items():
                self.emulated.push(metric, group=group, value=value)

    def drift(self) -> None:
        """Somebody changes three things by hand: an alarm's threshold, a policy's target, a tag."""
        autoscaling, cloudwatch = self.client("autoscaling"), self.client("cloudwatch")
        name = "virtualmin-pro-cluster-web-high-error-rate"
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        cloudwatch.put_metric_alarm(**{**_settable(cloudwatch, "PutMetricAlarm", alarm), "Threshold": 95.0})
        where = {"AutoScalingGroupName": "virtualmin-pro-cluster-api"}
        found = autoscaling.describe_policies(**where, PolicyNames=["virtualmin-pro-cluster-api-hold-cpu"])
        (policy,) = found["ScalingPolicies"]
        tracking = {**policy["TargetTrackingConfiguration"], "TargetValue": 95.0}
        settable = _settable(autoscaling, "PutScalingPolicy", policy)
        autoscaling.put_scaling_policy(**{**settable, "TargetTrackingConfiguration": tracking})
        tag = {"Key": "environment", "Value": "staging", "PropagateAtLaunch": False}
        place = {"ResourceType": "auto-scaling-group", "ResourceId": "virtualmin-pro-cluster-web"}
        autoscaling.create_or_update_tags(Tags=[tag | place])

    def what_is_left(self) -> list[str]:
        """Names of all groups, templates and alarms that exist."""
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        templates = self.client("ec2").describe_launch_templates()["LaunchTemplates"]
        alarms = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return [
            *(group["AutoScalingGroupName"] for group in groups),
            *(template["LaunchTemplateName"] for template in templates),
            *(alarm["AlarmName"] for alarm in alarms),
        ]


def _settable(client: Any, operation: str, found: dict[str, Any]) -> dict[str, Any]:
    """Of what a read gave, the fields that the write takes."""
    takes = client.meta.service_model.operation_model(operation).input_shape.members
    return {name: value for name, value in found.items() if name in takes and value not in (None, [], "")}


class Opened:
    """An account while it is used."""

    def __init__(self, kind: type[Account], region: str | None) -> None:
        self._kind, self._region = kind, region
        self._stack = ExitStack()

    def __enter__(self) -> Account:
        if self._region is not None:
            return self._kind(region=self._region)
        return self._kind(self._stack.enter_context(AwsEmulator()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
