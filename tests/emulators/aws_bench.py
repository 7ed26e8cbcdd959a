"""What the tests of the AWS emulator share: clients, a group to start from, error codes."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from trimtab.emulators import AwsEmulator, ControlClient

START = datetime(2026, 1, 5, tzinfo=UTC)
ONCE = Config(retries={"total_max_attempts": 1})


def client_for(emulator: AwsEmulator, service: str, region: str = "us-east-1") -> Any:
    return boto3.client(
        service,
        endpoint_url=emulator.endpoint,
        region_name=region,
        aws_access_key_id="trimtab",
        aws_secret_access_key="trimtab",
        config=ONCE,
    )


@dataclass
class Aws:
    """The emulator with a client of each service, a template and places to launch in."""

    emulator: AwsEmulator
    doors: ControlClient
    autoscaling: Any
    cloudwatch: Any
    ec2: Any
    elbv2: Any
    ssm: Any

    def subnets(self, count: int = 3) -> list[str]:
        found = sorted(self.ec2.describe_subnets()["Subnets"], key=lambda each: each["AvailabilityZone"])
        return [each["SubnetId"] for each in found[:count]]

    def make_template(self, name: str = "web", **given: Any) -> dict[str, Any]:
        data = {
            "ImageId": "ami-03cf127a",
            "InstanceType": "t3.micro",
            "UserData": base64.b64encode(b"#!/bin/sh").decode(),
        }
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **given)
        return dict(made["LaunchTemplate"])

    def make_group(self, name: str = "web", **given: Any) -> None:
        wanted = {
            "MinSize": 1,
            "MaxSize": 5,
            "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "$Latest"},
            "VPCZoneIdentifier": ",".join(self.subnets()),
            **given,
        }
        self.autoscaling.create_auto_scaling_group(AutoScalingGroupName=name, **wanted)

    def group(self, name: str = "web") -> dict[str, Any]:
        found = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        return dict(found["AutoScalingGroups"][0])

    def names(self) -> list[str]:
        return [
            each["AutoScalingGroupName"]
            for each in self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        ]

    def sizes(self, name: str = "web") -> tuple[int, int, int]:
        group = self.group(name)
        return group["MinSize"], group["MaxSize"], group["DesiredCapacity"]


def code(call: Any, **params: Any) -> str:
    """The vendor's error code that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])
