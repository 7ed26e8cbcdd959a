"""Subnets that run out of addresses: what EC2 says, what activities say, and where a group launches instead."""

import json
from datetime import timedelta
from typing import Any

import pytest
from aws_bench import Aws, code
from botocore.exceptions import ClientError

FREE = 11
"""Of the sixteen addresses of the smallest subnet AWS keeps five: VPC User Guide, Subnet CIDR blocks."""


@pytest.fixture
def small(aws: Aws) -> list[str]:
    """Two subnets of the smallest size, each in a zone of its own."""
    network = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = []
    for number, zone in enumerate("ab"):
        place = {"CidrBlock": f"10.0.{number}.0/28", "AvailabilityZone": f"us-east-1{zone}"}
        made.append(aws.ec2.create_subnet(VpcId=network, **place)["Subnet"]["SubnetId"])
    return made


def fill(aws: Aws, subnet: str, left: int = 0) -> None:
    for _ in range(FREE - left):
        aws.ec2.create_network_interface(SubnetId=subnet)


def free(aws: Aws, subnet: str) -> int:
    return int(aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"])


def zones(aws: Aws) -> list[str]:
    return sorted(each["AvailabilityZone"] for each in aws.group()["Instances"])


def activities(aws: Aws) -> list[dict[str, Any]]:
    return list(aws.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"])


def test_ec2_refuses_instances_and_interfaces(aws: Aws, small: list[str]) -> None:
    fill(aws, small[0], left=1)
    aws.ec2.run_instances(ImageId="ami-03cf127a", MinCount=1, MaxCount=1, SubnetId=small[0])
    assert free(aws, small[0]) == 0
    with pytest.raises(ClientError) as caught:
        aws.ec2.run_instances(ImageId="ami-03cf127a", MinCount=1, MaxCount=1, SubnetId=small[0])
    error = caught.value.response["Error"]
    # https://github.com/aws/karpenter-provider-aws/issues/3380
    assert (error["Code"], error["Message"]) == (
        "InsufficientFreeAddressesInSubnet",
        f"There are not enough free addresses in subnet '{small[0]}' to satisfy the requested number of instances.",
    )
    assert code(aws.ec2.create_network_interface, SubnetId=small[0]) == "InsufficientFreeAddressesInSubnet"


def test_a_group_goes_to_the_other_zone_and_the_activity_says_why(aws: Aws, small: list[str]) -> None:
    fill(aws, small[0])
    aws.make_group(MinSize=2, VPCZoneIdentifier=",".join(small))
    assert zones(aws) == ["us-east-1b", "us-east-1b"]
    failed = [each for each in activities(aws) if each["StatusCode"] == "Failed"]
    # https://github.com/PrairieLearn/PrairieLearn/issues/3271
    text = (
        f"There are not enough free addresses in subnet '{small[0]}' to satisfy the requested number of instances. "
        "Launching EC2 instance failed."
    )
    assert [each["StatusMessage"] for each in failed] == [text]
    assert failed[0]["Description"] == f"Launching a new EC2 instance.  Status Reason: {text}"
    assert json.loads(failed[0]["Details"]) == {"Subnet ID": small[0], "Availability Zone": "us-east-1a"}


def test_a_group_that_is_balanced_only_waits_for_its_zone(aws: Aws, small: list[str]) -> None:
    fill(aws, small[0], left=1)
    only = {"CapacityDistributionStrategy": "balanced-only"}
    aws.make_group(MinSize=2, VPCZoneIdentifier=",".join(small), AvailabilityZoneDistribution=only)
    aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=3)
    assert zones(aws) == ["us-east-1a", "us-east-1b"]


def test_a_full_network_is_tried_again_until_there_is_room(aws: Aws, small: list[str]) -> None:
    for subnet in small:
        fill(aws, subnet)
    aws.make_group(VPCZoneIdentifier=",".join(small))
    assert (zones(aws), aws.sizes()[2]) == ([], 1)
    assert [each["StatusCode"] for each in activities(aws)] == ["Failed", "Failed"]
    interface = aws.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [small[1]]}])
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaces"][0]["NetworkInterfaceId"])
    aws.doors.advance(timedelta(minutes=2))
    assert zones(aws) == ["us-east-1b"]


def test_an_instance_that_goes_gives_its_address_back(aws: Aws, small: list[str]) -> None:
    aws.make_group(MinSize=0, MaxSize=20, DesiredCapacity=12, VPCZoneIdentifier=small[0])
    assert (len(zones(aws)), free(aws, small[0])) == (FREE, 0)
    for size in (4, 10):
        aws.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=size)
        assert (len(zones(aws)), free(aws, small[0])) == (size, FREE - size)


def test_a_type_that_is_short_in_one_zone_is_had_in_another(aws: Aws) -> None:
    aws.doors.run_short(zone="us-east-1a")
    aws.make_group(MinSize=2, VPCZoneIdentifier=",".join(aws.subnets(2)))
    assert zones(aws) == ["us-east-1b", "us-east-1b"]
    assert [each["StatusCode"] for each in activities(aws)].count("Failed") == 1


def test_a_warm_pool_goes_to_the_other_zone_too(aws: Aws, small: list[str]) -> None:
    fill(aws, small[0])
    aws.make_group(MinSize=0, MaxSize=1, VPCZoneIdentifier=",".join(small))
    aws.autoscaling.put_warm_pool(AutoScalingGroupName="web")
    pool = aws.autoscaling.describe_warm_pool(AutoScalingGroupName="web")["Instances"]
    assert [each["AvailabilityZone"] for each in pool] == ["us-east-1b"]
