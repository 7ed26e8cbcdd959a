"""What a plan looks up before it writes; moto answers these, and these tests hold it to that."""

import pytest
from aws_bench import Aws, code
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS


def test_subnets_by_tag(aws: Aws) -> None:
    first, second = aws.subnets(2)
    aws.ec2.create_tags(Resources=[first], Tags=[{"Key": "tier", "Value": "web"}])
    aws.ec2.create_tags(Resources=[second], Tags=[{"Key": "tier", "Value": "db"}])

    def found(**rule: object) -> list[str]:
        return [each["SubnetId"] for each in aws.ec2.describe_subnets(Filters=[rule])["Subnets"]]

    assert found(Name="tag:tier", Values=["web"]) == [first]
    assert sorted(found(Name="tag-key", Values=["tier"])) == sorted([first, second])
    assert sorted(found(Name="subnet-id", Values=[first, second])) == sorted([first, second])


def test_images_by_name_owner_and_id(aws: Aws) -> None:
    rules = [{"Name": "name", "Values": ["amzn2-ami-hvm-*"]}]
    by_name = aws.ec2.describe_images(Owners=["amazon"], Filters=rules)["Images"]
    assert by_name
    assert all(each["Name"].startswith("amzn2-ami-hvm-") for each in by_name)
    number = by_name[0]["ImageId"]
    assert [each["ImageId"] for each in aws.ec2.describe_images(ImageIds=[number])["Images"]] == [number]
    assert code(aws.ec2.describe_images, ImageIds=["ami-0123456789abcdef9"]) == "InvalidAMIID.NotFound"
    ids = [each["ImageId"] for each in by_name[:2]]

    def of(*values: str) -> list[str]:
        both = [*rules, {"Name": "image-id", "Values": [*values]}]
        return [each["ImageId"] for each in aws.ec2.describe_images(Filters=both)["Images"]]

    assert of(*ids, "ami-0123456789abcdef9") == ids
    assert of(f"{ids[0][:-1]}?") == ids[:1]


@pytest.mark.parametrize("where", ["availability-zone", "availability-zone-id", "region"])
def test_types_that_are_named_are_offered_where_all_that_are_offered_say(aws: Aws, where: str) -> None:
    names = ["t3.medium", "m5.large", "no.such"]
    rule = {"Name": "instance-type", "Values": names}
    found = aws.ec2.describe_instance_type_offerings(LocationType=where, Filters=[rule])["InstanceTypeOfferings"]
    every = INSTANCE_TYPE_OFFERINGS[where]["us-east-1"]
    assert found == [each for each in every if each["InstanceType"] in names]
    place = {"Name": "location", "Values": [found[-1]["Location"]]}
    there = aws.ec2.describe_instance_type_offerings(LocationType=where, Filters=[rule, place])
    assert there["InstanceTypeOfferings"] == [each for each in found if each["Location"] == found[-1]["Location"]]


def test_public_image_parameters(aws: Aws) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    found = aws.ssm.get_parameters(Names=[name, "/no/such"])
    assert found["Parameters"][0]["Value"].startswith("ami-")
    assert found["InvalidParameters"] == ["/no/such"]


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id", "jammy-22.04-amd64"),
        ("canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id", "noble-24.04-arm64"),
        ("debian/release/12/latest/amd64", "debian-12-amd64"),
        ("ami-windows-latest/Windows_Server-2022-English-Full-Base", "Windows_Server-2022-English-Full-Base-2"),
    ],
)
def test_public_parameters_hold_the_newest_image(aws: Aws, parameter: str, name: str) -> None:
    (found,) = aws.ssm.get_parameters(Names=[f"/aws/service/{parameter}"])["Parameters"]
    (image,) = aws.ec2.describe_images(ImageIds=[found["Value"]])["Images"]
    assert name in image["Name"]
    assert aws.ssm.get_parameters(Names=[f"/aws/service/{parameter}-no"])["Parameters"] == []


def test_target_groups_by_name(aws: Aws) -> None:
    vpc = aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for name in ("b", "a"):
        aws.elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    found = aws.elbv2.describe_target_groups(Names=["b"])["TargetGroups"]
    assert [each["TargetGroupName"] for each in found] == ["b"]
    assert len(aws.elbv2.describe_target_groups(PageSize=400)["TargetGroups"]) == 2
    assert code(aws.elbv2.describe_target_groups, Names=["c"]) == "TargetGroupNotFound"
    assert code(aws.elbv2.describe_target_groups, PageSize=401) == "ValidationError"


def test_enums_of_ec2_are_checked(aws: Aws) -> None:
    data = {"ImageId": "ami-03cf127a", "InstanceType": "t99.mega"}
    call = aws.ec2.create_launch_template
    assert code(call, LaunchTemplateName="x", LaunchTemplateData=data) == "InvalidParameterValue"
