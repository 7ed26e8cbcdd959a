"""Regions of every partition, and calls and zones that are in none."""

import pytest
from aws_bench import Aws, client_for
from botocore.exceptions import ClientError
from botocore.session import get_session

from trimtab.emulators.aws.regions import known_regions

ARNS = {"us-west-2": "aws", "mx-central-1": "aws", "cn-northwest-1": "aws-cn", "eusc-de-east-1": "aws-eusc"}


@pytest.mark.parametrize(("region", "partition"), ARNS.items())
def test_a_group_in_any_partition(aws: Aws, region: str, partition: str) -> None:
    ec2, scaling = client_for(aws.emulator, "ec2", region), client_for(aws.emulator, "autoscaling", region)
    zones = [zone["ZoneName"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]
    assert zones[0].startswith(region)
    data = {"ImageId": "ami-12c6146b", "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName="far", LaunchTemplateData=data)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="far",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=zones[:1],
        LaunchTemplate={"LaunchTemplateName": "far", "Version": "$Latest"},
    )
    made = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    assert made["AutoScalingGroupARN"].startswith(f"arn:{partition}:autoscaling:{region}:")


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ec2", "describe_vpcs", "AuthFailure"),
        ("autoscaling", "describe_auto_scaling_groups", "SignatureDoesNotMatch"),
        ("cloudwatch", "describe_alarms", "SignatureDoesNotMatch"),
    ],
)
def test_a_region_that_there_is_not(aws: Aws, service: str, operation: str, expected: str) -> None:
    with pytest.raises(ClientError, match="a valid region, not 'mars-north-1'") as refused:
        getattr(client_for(aws.emulator, service, "mars-north-1"), operation)()
    assert refused.value.response["Error"]["Code"] == expected


@pytest.mark.parametrize("zone", ["us-east-1z", "us-west-2a"])
def test_a_zone_that_a_region_does_not_have(aws: Aws, zone: str) -> None:
    with pytest.raises(ClientError, match=f"Invalid availability zone: {zone}") as refused:
        client_for(aws.emulator, "autoscaling", "us-east-1").create_auto_scaling_group(
            AutoScalingGroupName="web",
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=["us-east-1a", zone],
            LaunchTemplate={"LaunchTemplateName": "web", "Version": "$Latest"},
        )
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_these_are_the_regions_that_the_sdk_knows() -> None:
    session = get_session()
    for partition in session.get_available_partitions():
        assert set(session.get_available_regions("autoscaling", partition)) <= known_regions()
