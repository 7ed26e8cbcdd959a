"""
What a fleet names by name or by tag, on the emulator: by id, by name, by tag, of an unknown name, of one that two have.

An id is what EC2 numbers things by; anything else is a name. Names of subnets and networks are their tags `Name`, which
need not be unique; a security group's name is unique in its network only:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
"""

import pytest

import trimtab as tt
from tests.found.worlds import make_by_arn

TEXT = """name: shop
groups:
  web:
    capacity: {{min: 1, max: 4}}
    template:
      image: ami-12c6146b
      size: t3.medium
      {template}
    placement:
      {placement}
    {more}
"""


def fleet_of(template="", placement="zones: [us-east-1a]", more=""):
    return tt.parse_fleet(TEXT.format(template=template, placement=placement, more=more))


def tagged(kind, **tags):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


@pytest.fixture
def account(world):
    """Two networks, of which each has a subnet in each of two zones and a security group, all of the same names."""
    ec2, made = world.client("ec2"), {}
    for network, number in (("main", 1), ("test", 2)):
        tags = tagged("vpc", Name=network)
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16", TagSpecifications=tags)["Vpc"]["VpcId"]
        made[network] = vpc
        for place, zone in enumerate("ab"):
            tags = tagged("subnet", Name=f"private-{zone}", Type="Private")
            block = f"10.{number}.{place}.0/24"
            where = {"VpcId": vpc, "CidrBlock": block, "AvailabilityZone": f"us-east-1{zone}"}
            subnet = ec2.create_subnet(TagSpecifications=tags, **where)["Subnet"]["SubnetId"]
            made[f"{network}-{zone}"] = subnet
        firewall = ec2.create_security_group(GroupName="web", Description="members", VpcId=vpc)
        made[f"{network}-web"] = firewall["GroupId"]
    made["only"] = world.make_security_group("only")
    iam, kms = world.client("iam"), world.client("kms")
    iam.create_instance_profile(InstanceProfileName="web")
    trust = '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=trust)
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/disks", TargetKeyId=key)
    elbv2 = world.client("elbv2")
    elbv2.create_target_group(Name="front", Protocol="HTTP", Port=80, VpcId=made["main"])
    world.make_key_pair("ops")
    return made


@pytest.fixture
def cloud(world, account):
    with world.connect() as cloud:
        yield cloud


def bodies(plan):
    """The launch template's data and the group's body as a plan has them."""
    found = {change.key.kind: change.wanted.body for change in plan}
    return found["launch-template"]["LaunchTemplateData"], found["autoscaling-group"]


def problems(plan):
    return [str(one) for one in plan.problems]


PRIVATE = "{network: main, subnets: [private-a, private-b]}"


def test_a_file_without_an_id_is_made_and_plans_empty(world, cloud, account):
    """Everything by its name; the plan asks for each kind once, and again where a name has to be resolved."""
    template = (
        "security_groups: [web]\n      ssh_key: ops\n      role: web\n      disks: [{encrypted: true, key: disks}]"
    )
    fleet = fleet_of(template, "network: main\n      subnets: [private-a, private-b]", "load_balancers: [front]")
    plan = cloud.plan(fleet)
    assert problems(plan) == []
    launched, group = bodies(plan)
    assert launched["SecurityGroupIds"] == [account["main-web"]]
    assert launched["BlockDeviceMappings"][0]["Ebs"]["KmsKeyId"] == "alias/disks"
    assert sorted(group["VPCZoneIdentifier"]) == sorted([account["main-a"], account["main-b"]])
    cloud.apply(plan, wait="stable").raise_for_failures()
    world.doors.clear_requests()
    assert not cloud.plan(fleet)
    asked = world.doors.count()["operations"]
    names = ("DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups", "DescribeTargetGroups")
    assert {name: asked.get(name) for name in names} == dict.fromkeys(names, 1)
    assert not {"ListAliases", "GetInstanceProfile", "DescribeKeyPairs"} & {*asked}


def test_by_id_the_network_is_not_asked_for(cloud, account):
    placement = f"subnets: [{account['main-a']}]"
    launched, group = bodies(cloud.plan(fleet_of(f"security_groups: [{account['main-web']}]", placement)))
    assert launched["SecurityGroupIds"] == [account["main-web"]]
    assert group["VPCZoneIdentifier"] == [account["main-a"]]


def test_ids_and_names_stand_side_by_side(cloud, account):
    placement = f"network: main\n      subnets: [private-a, {account['main-b']}]"
    _, group = bodies(cloud.plan(fleet_of(placement=placement)))
    assert sorted(group["VPCZoneIdentifier"]) == sorted([account["main-a"], account["main-b"]])


def test_by_tag_within_a_network(cloud, account):
    plan = cloud.plan(fleet_of("security_groups: [web]", "network: test\n      subnet_tags: {Type: Private}"))
    launched, group = bodies(plan)
    assert sorted(group["VPCZoneIdentifier"]) == sorted([account["test-a"], account["test-b"]])
    assert launched["SecurityGroupIds"] == [account["test-web"]]


def test_a_security_group_is_that_of_the_subnets_network(cloud, account):
    plan = cloud.plan(fleet_of("security_groups: [web]", f"subnets: [{account['test-b']}]"))
    assert bodies(plan)[0]["SecurityGroupIds"] == [account["test-web"]]


def test_without_subnets_it_is_that_of_the_default_network(cloud, account):
    assert bodies(cloud.plan(fleet_of("security_groups: [only]")))[0]["SecurityGroupIds"] == [account["only"]]


def test_zones_choose_among_subnets_by_name(cloud, account):
    placement = "network: main\n      subnets: [private-a, private-b]\n      zones: [us-east-1b]"
    plan = cloud.plan(fleet_of(placement=placement))
    assert bodies(plan)[1]["VPCZoneIdentifier"] == [account["main-b"]]
    assert [note for note in plan.notes if "private-a lies in us-east-1a" in str(note)]


def test_the_permissions_name_every_look_up(world, cloud):
    """The read-only document of a fleet allows exactly what its first plan asks of these kinds."""
    template = "security_groups: [web]\n      role: web\n      disks: [{encrypted: true, key: disks}]"
    fleet = fleet_of(template, "network: main\n      subnets: [private-a]")
    world.doors.clear_requests()
    assert not problems(cloud.plan(fleet))
    asked = {f"{one.service.replace('-', '')}:{one.operation}" for one in world.doors.requests()}
    document = cloud.permissions(fleet, read_only=True)
    allowed = {action for statement in document["Statement"] for action in statement["Action"]}
    assert asked - allowed == set()
    looked_up = {"ec2:DescribeVpcs", "ec2:DescribeSecurityGroups", "iam:GetInstanceProfile", "kms:ListAliases"}
    assert looked_up <= asked
    plain = cloud.permissions(fleet_of(), read_only=True)
    assert not looked_up & {action for statement in plain["Statement"] for action in statement["Action"]}


UNKNOWN = {
    "network": ("placement.network", "network 'nope'", {"placement": "network: nope\n      subnets: [private-a]"}),
    "subnet": ("placement.subnets.0", "subnet 'nope'", {"placement": "subnets: [nope]"}),
    "subnet id": ("placement.subnets.0", "subnet 'subnet-0123'", {"placement": "subnets: [subnet-0123]"}),
    "security group": ("template.security_groups.0", "security group 'nope'", {"template": "security_groups: [nope]"}),
    # that of another network does not count
    "of another network": (
        "template.security_groups.0",
        "security group 'only'",
        {"template": "security_groups: [only]", "placement": "network: main\n      subnets: [private-a]"},
    ),
    "pattern": ("placement.subnets.0", "subnet 'private-*'", {"placement": "subnets: ['private-*']"}),
    "key pair": ("template.ssh_key", "key pair 'nope'", {"template": "ssh_key: nope"}),
    "placement group": ("aws.placement_group", "placement group 'nope'", {"more": "aws: {placement_group: nope}"}),
    "placement group of a native leaf": (
        "aws.native.launch_template.Placement.GroupName",
        "placement group 'nope'",
        {"more": "aws: {native: {launch_template: {Placement: {GroupName: nope}}}}"},
    ),
    "reservation": ("purchase.reservation", "capacity reservation 'cr-1'", {"more": "purchase: {reservation: cr-1}"}),
    "target group": ("load_balancers.0", "target group 'nope'", {"more": "load_balancers: [nope]"}),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_a_problem_of_its_line(cloud, name):
    """File, line, field, what was looked for, where, and the fix."""
    path, what, fields = UNKNOWN[name]
    (problem,) = problems(cloud.plan(fleet_of(**fields)))
    place, _, text = problem.partition(": ")
    assert place.startswith("fleet.yaml:")
    assert TEXT.splitlines()[int(place.rpartition(":")[2]) - 1].strip()
    assert text.startswith(f"group web: {path}: {what} not found in us-east-1")
    fix = "did you mean 'private-b'?" if name == "pattern" else "write another name or make it first"
    assert text.endswith(f"; {fix}")


SLIPS = {
    "network": ({"placement": "network: mian\n      subnets: [private-a]"}, "network 'mian'", "main"),
    "subnet": ({"placement": "subnets: [privat-a]"}, "subnet 'privat-a'", "private-a"),
    "security group": ({"template": "security_groups: [onlyy]"}, "security group 'onlyy'", "only"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_in_a_name_comes_with_the_name_that_is_there(cloud, name):
    fields, what, meant = SLIPS[name]
    (problem,) = problems(cloud.plan(fleet_of(**fields)))
    assert f"{what} not found in us-east-1" in problem
    assert problem.endswith(f"; did you mean {meant!r}?")


def test_a_profile_with_a_role_is_found(cloud):
    """botocore reads the policy of its role as JSON, where the service's model says text."""
    assert not [note for note in cloud.plan(fleet_of("role: web")).notes if note.text.startswith("template.role")]


UNSEEN = {
    "profile": ("template.role", "instance profile 'nope'", "role: nope"),
    "profile by ARN": (
        "template.role",
        "instance profile 'nope'",
        "role: arn:aws:iam::123456789012:instance-profile/path/nope",
    ),
    "key": ("template.disks.0.key", "key alias 'alias/nope'", "disks: [{encrypted: true, key: nope}]"),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_role_or_a_key_that_is_not_there_is_a_note(cloud, name):
    """Who plans may not see them as the one does that launches."""
    path, what, template = UNSEEN[name]
    plan = cloud.plan(fleet_of(template))
    (text,) = [note.text for note in plan.notes if note.text.startswith(path)]
    assert not problems(plan)
    assert f"{what} not found in us-east-1; without it no instance starts" in text


OWN = "us-east-1:123456789012"
TOLD = {
    "topic of a hook": ("aws.lifecycle_hooks.0.notify", f"topic 'arn:aws:sns:{OWN}:nope'", True),
    "queue of a hook": ("aws.lifecycle_hooks.0.notify", f"queue 'arn:aws:sqs:{OWN}:nope'", False),
    "role of a hook": ("aws.lifecycle_hooks.0.role", "role 'arn:aws:iam::123456789012:role/nope'", False),
    "topic of scalings": ("aws.notify_scaling.0.topic", f"topic 'arn:aws:sns:{OWN}:nope'", True),
    "topic of an alarm": ("alarms.hot.notify.0", f"topic 'arn:aws:sns:{OWN}:nope'", False),
    "role of the service": ("aws.service_linked_role", "role 'arn:aws:iam::123456789012:role/nope'", False),
}


@pytest.mark.parametrize("name", TOLD)
def test_who_is_told_and_is_not_there(world, cloud, name):
    """A problem where Auto Scaling tries it at once and nobody hides it; else a note."""
    path, what, is_needed = TOLD[name]
    make_by_arn(world.client, "arn:aws:iam::123456789012:role/web-hooks", f"arn:aws:sns:{OWN}:hooks")
    arn = what.split("'")[1]
    notify = f"arn:aws:sns:{OWN}:hooks" if path.endswith("role") else arn
    role = arn if path.endswith("hooks.0.role") else "arn:aws:iam::123456789012:role/web-hooks"
    hook = f"{{name: a, on: launch, notify: '{notify}', role: '{role}'}}"
    more = {
        "aws.lifecycle_hooks": f"aws: {{lifecycle_hooks: [{hook}]}}",
        "aws.notify_scaling": f"aws: {{notify_scaling: [{{topic: '{arn}'}}]}}",
        "aws.service_linked_role": f"aws: {{service_linked_role: '{arn}'}}",
        "alarms.hot": f"alarms: {{hot: {{metric: cpu, above: 90, notify: ['{arn}']}}}}",
    }
    (given,) = [text for start, text in more.items() if path.startswith(start)]
    plan = cloud.plan(fleet_of(more=given))
    found = plan.problems if is_needed else plan.notes
    assert [note for note in found if f"{path}: {what} not found in us-east-1; " in str(note)]
    assert bool(plan.problems) == is_needed


def test_what_is_reserved_and_over_is_not_there(world, cloud):
    wanted = {"InstanceType": "t3.medium", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": "us-east-1a"}
    ec2 = world.client("ec2")
    made = ec2.create_capacity_reservation(InstanceCount=2, **wanted)["CapacityReservation"]["CapacityReservationId"]
    fleet = fleet_of(more=f"purchase: {{reservation: {made}}}")
    assert not problems(cloud.plan(fleet))
    ec2.cancel_capacity_reservation(CapacityReservationId=made)
    assert [text for text in problems(cloud.plan(fleet)) if f"capacity reservation '{made}' not found" in text]


def test_a_subnet_name_that_two_have_is_a_problem_that_names_both(cloud, account):
    (problem,) = problems(cloud.plan(fleet_of(placement="subnets: [private-a]")))
    assert "2 subnets are called 'private-a' in us-east-1" in problem
    assert account["main-a"] in problem
    assert account["test-a"] in problem
    assert "or `subnet_tags: {Name: private-a}` to mean all of them" in problem


def test_a_network_name_that_two_have_is_a_problem_that_names_both(world, cloud, account):
    other = world.client("ec2").create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tagged("vpc", Name="main"))
    (problem, *_) = problems(cloud.plan(fleet_of(placement="network: main\n      subnets: [private-a]")))
    assert "placement.network: 2 networks are called 'main' in us-east-1" in problem
    assert account["main"] in problem
    assert other["Vpc"]["VpcId"] in problem


def test_a_security_group_name_that_two_have_is_a_problem_where_the_subnets_lie_in_both(cloud, account):
    placement = f"subnets: [{account['main-a']}, {account['test-b']}]"
    (problem,) = problems(cloud.plan(fleet_of("security_groups: [web]", placement)))
    assert "2 security groups are called 'web'" in problem
    assert account["main-web"] in problem
    assert account["test-web"] in problem


def test_a_network_alone_is_refused_and_beside_ids_of_no_use(cloud, account):
    (problem,) = problems(cloud.plan(fleet_of(placement="network: main")))
    assert "placement.network: a group is in subnets; name those too" in problem
    plan = cloud.plan(fleet_of(placement=f"network: main\n      subnets: [{account['main-a']}]"))
    assert [note for note in plan.notes if "placement.network: not used: subnets that are named by id" in str(note)]


@pytest.mark.parametrize("operation", ["DescribeVpcs", "DescribeSecurityGroups", "DescribeSubnets"])
def test_what_may_not_be_looked_up_is_unknown_and_nothing_is_made(world, cloud, operation):
    """A name that cannot be resolved keeps its group as it is."""
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet_of("security_groups: [web]", "network: main\n      subnets: [private-a]"))
    assert {one.kind for one in plan.unknown} & {"*", "launch-template"}
    assert "launch-template" not in {change.key.kind for change in plan}


@pytest.mark.parametrize("operation", ["GetInstanceProfile", "ListAliases"])
def test_what_is_only_checked_may_be_denied(world, cloud, operation):
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet_of("role: web\n      disks: [{encrypted: true, key: disks}]"))
    assert not problems(plan)
    assert [note for note in plan.notes if "could not check whether" in str(note)]


@pytest.mark.parametrize(
    "place", ["network: main\n      subnet_tags: {Tier: nope}", "network: mian\n      subnet_tags: {Tier: a}"]
)
def test_fields_of_a_place_that_is_not_found_are_not_called_unused(cloud, place):
    plan = cloud.plan(fleet_of(placement=place))
    assert problems(plan)
    assert not [note for note in plan.notes if note.path.startswith("placement")]
