"""What an account has before anybody uses it."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import boto3

from trimtab.emulators.aws.world import HOME
from trimtab.emulators.shared.furnishing import BALANCED, NAME, AccountNames

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


Owner = Callable[..., dict[str, Any]]
"""Makes a call by service and operation, as the account's owner does."""


def make_named(call: Owner, names: AccountNames) -> None:
    """Make what a fleet names in one region: networks, with a subnet of each name, and of each set of tags by zone."""
    blocks = (f"10.0.{number}.0/24" for number in range(256))
    zones = [each["ZoneName"] for each in call("ec2", "describe_availability_zones")["AvailabilityZones"]][:3]
    first = next(iter(names.networks))
    for name, subnets in names.networks.items():
        tags = _tagged("vpc", Name=name) if name else []
        network = call("ec2", "create_vpc", CidrBlock="10.0.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
        places = [({"Name": subnet}, zones[number % len(zones)]) for number, subnet in enumerate(subnets)]
        if name == first:
            places += [(dict(each), zone) for each in names.subnet_tags for zone in zones]
            places = places or [({}, zone) for zone in zones]  # for the balancer
        made = [_make_subnet(call, network, place, next(blocks)) for place in places]
        if name == first:
            for firewall in names.firewalls:
                call("ec2", "create_security_group", GroupName=firewall, Description="of the fleet", VpcId=network)
            _make_target_groups(call, network, made, names.balancers)
    for key in names.keys:
        call("ec2", "create_key_pair", KeyName=key)
    for placement in names.placements:
        call("ec2", "create_placement_group", GroupName=placement)
    for arn in names.arns:
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        if service == "sns":
            call("sns", "create_topic", Name=name)
        elif service == "sqs":
            call("sqs", "create_queue", QueueName=name)


def make_profiles(call: Owner, names: AccountNames) -> None:
    """Make the roles and instance profiles that a fleet names, which are of the whole account."""
    for arn in names.arns:
        path, _, name = arn.partition(":role")[2].rpartition("/")
        if name and name not in names.identities:
            trust = json.dumps({"Statement": [_TRUST]})
            call("iam", "create_role", RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=trust)
    for name in names.identities:
        call("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [_TRUST]}))
        call("iam", "create_instance_profile", InstanceProfileName=name)
        call("iam", "add_role_to_instance_profile", InstanceProfileName=name, RoleName=name)


def _make_subnet(call: Owner, network: str, place: tuple[dict[str, str], str], block: str) -> str:
    tags, zone = place
    where = {"VpcId": network, "CidrBlock": block, "AvailabilityZone": zone}
    made = call("ec2", "create_subnet", **where, TagSpecifications=_tagged("subnet", **tags) if tags else [])
    return str(made["Subnet"]["SubnetId"])


def _make_target_groups(call: Owner, network: str, subnets: list[str], names: Sequence[str]) -> None:
    if not names:
        return
    made = call("elbv2", "create_load_balancer", Name="of-the-fleet", Subnets=subnets)
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    for number, name in enumerate(names):
        about = {"Name": name, "Protocol": "HTTP", "Port": 80, "VpcId": network}
        group = call("elbv2", "create_target_group", **about)["TargetGroups"][0]
        to_group = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
        where = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 8000 + number}
        call("elbv2", "create_listener", DefaultActions=to_group, **where)


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
