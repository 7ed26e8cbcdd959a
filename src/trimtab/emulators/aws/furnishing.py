"""What an account has before anybody uses it."""

import json
from collections.abc import Mapping
from typing import Any

import boto3

from trimtab.emulators.aws.world import HOME
from trimtab.emulators.shared.furnishing import BALANCED, NAME

TOPIC = "ops"
_TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


def furnish(endpoint: str) -> Mapping[str, str]:
    """Make a network with subnets, target groups behind a balancer, and what instances refer to; says what there is."""
    ec2 = _client("ec2", endpoint)
    network, private, public = _make_network(ec2)
    _make_balancers(_client("elbv2", endpoint), network, public)
    ec2.create_key_pair(KeyName=NAME)
    firewall = ec2.create_security_group(GroupName=NAME, Description="web and SSH", VpcId=network)["GroupId"]
    _make_role(_client("iam", endpoint))
    topic = _client("sns", endpoint).create_topic(Name=TOPIC)["TopicArn"]
    return {
        "region": HOME,
        "network": f"{NAME} ({network})",
        "subnets": f"{', '.join(private)} tagged Type: Private; {', '.join(public)} tagged Type: Public",
        "target groups": ", ".join(BALANCED),
        "key pair": NAME,
        "security group": firewall,
        "instance profile": NAME,
        "topic": topic,
    }


def _client(service: str, endpoint: str) -> Any:
    # a session of its own: boto3's default one would keep what the environment says
    make: Any = boto3.session.Session(aws_access_key_id="owner", aws_secret_access_key="owner").client
    return make(service, region_name=HOME, endpoint_url=endpoint)


def _make_network(ec2: Any) -> tuple[str, list[str], list[str]]:
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=_tagged("vpc", Name=NAME))["Vpc"]["VpcId"]
    made: dict[str, list[str]] = {"Private": [], "Public": []}
    places = [(kind, zone) for kind in made for zone in (f"{HOME}a", f"{HOME}b")]
    for number, (kind, zone) in enumerate(places):
        tags = _tagged("subnet", Name=f"{NAME}-{kind.lower()}-{zone}", Type=kind)
        block = f"10.0.{number}.0/24"
        subnet = ec2.create_subnet(VpcId=network, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=tags)
        made[kind].append(subnet["Subnet"]["SubnetId"])
    return network, made["Private"], made["Public"]


def _tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def _make_balancers(elbv2: Any, network: str, subnets: list[str]) -> None:
    balancer = elbv2.create_load_balancer(Name=NAME, Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    for number, name in enumerate(BALANCED):
        group = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
        to_group = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
        where = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 80 + 8000 * number}
        elbv2.create_listener(DefaultActions=to_group, **where)


def _make_role(iam: Any) -> None:
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps({"Statement": [_TRUST]}))
    iam.create_instance_profile(InstanceProfileName=NAME)
    iam.add_role_to_instance_profile(InstanceProfileName=NAME, RoleName=NAME)
