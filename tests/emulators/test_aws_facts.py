"""What a plan looks up before it writes; moto answers these, and these tests hold it to that."""

from aws_bench import Aws, code


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


def test_public_image_parameters(aws: Aws) -> None:
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    found = aws.ssm.get_parameters(Names=[name, "/no/such"])
    assert found["Parameters"][0]["Value"].startswith("ami-")
    assert found["InvalidParameters"] == ["/no/such"]


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
