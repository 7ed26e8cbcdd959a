"""The policy document holds what the calls take, and nothing else."""

import fnmatch
import json

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from tests.found.worlds import make_by_arn
from tests.providers.aws.account import load_example
from trimtab import metrics
from trimtab.providers.aws.permissions import GRANTS, IMPLIED, policy_document

ROLE = "arn:aws:iam::123456789012:role/hooks"
PARAMETER = "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id"
LARGEST = 6144
"""Characters of a managed policy, blanks not counted (IAM and STS quotas)."""


def full_group(name, **fields):
    return make_group(
        name,
        **{
            "capacity": {"min": 1, "max": 4},
            "placement": {"subnet_tags": {"Type": "Private"}},
            "load_balancers": ["virtualmin-web"],
            "aws": {
                "lifecycle_hooks": [
                    {
                        "name": "drain",
                        "on": "terminate",
                        "timeout": "1m",
                        "notify": "arn:aws:sqs:us-east-1:123456789012:drain",
                        "role": ROLE,
                    }
                ],
                "warm_pool": {"min": 0},
                "group_metrics": True,
                "placement_group": "near",
                "notify_scaling": [{"topic": "arn:aws:sns:us-east-1:123456789012:scaling"}],
            },
            **fields,
        },
    )


def every_kind():
    """A fleet that uses all that takes a permission."""
    image = {"newest": "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-*", "owner": "099720109477"}
    jobs = {"custom": "JobsWaiting", "namespace": "Virtualmin", "dimensions": {"Group": "{group}"}}
    web = full_group(
        "web",
        template={"image": image, "size": "t3.medium", "role": "web-profile", "disks": [{"size_gb": 20}]},
        alarms={
            "hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]},
            "busy": {"metric": jobs, "above": 5, "triggers": ["scale-out"]},
        },
    )
    rolled = {"rollout": {"checkpoints": [50], "keep": 1}}
    return make_fleet(web, make_group("api", purchase={"spot": True, "sizes": [{"size": "t3.large"}]}, **rolled))


def metrics_of(group):
    return [item.metric for item in (*group.alarms, *group.policies) if hasattr(item, "metric")]


def execute(web, fleet):
    """Act on the first policy, where it is one that can be acted on: a target is watched by the cloud alone."""
    first = fleet.groups[0].policies[0]
    if first.type in ("simple", "step"):
        web.execute(first.name)


def live_through(world, cloud, fleet):
    """Everything that trimtab does with a fleet, so that each of its calls is made."""
    cloud.apply(cloud.plan(fleet), wait="healthy").raise_for_failures()
    web = cloud.group(fleet.native_name(fleet.groups[0]))
    names = {metric.namespace: metric for group in fleet.groups for metric in metrics_of(group)}
    for namespace, metric in names.items():
        if namespace:
            web.publish(metric, 1)
    web.datapoints(metrics.cpu)
    cloud.watch(fleet).snapshot()
    cloud.status(fleet, addresses=True)
    web.instances(), web.activities(), cloud.explain(fleet, fleet.groups[0].name)
    execute(web, fleet)
    web.scale(to=4)
    web.wait(timeout=tt.minutes(30))
    web.pause(by="Ana")
    act_on_instances(web)
    web.resume()
    roll_out(cloud, fleet)
    edited = edit(fleet)
    cloud.apply(cloud.plan(edited)).raise_for_failures()
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


def act_on_instances(web):
    """All that is done to single instances."""
    first, second, third = [one.id for one in web.instances()][:3]
    web.protect(first)
    web.drain(second)
    web.end(second, third, shrink=False)
    web.wait(timeout=tt.minutes(30))


def roll_out(cloud, fleet):
    """A new template for the last group, taken back and brought again, where it is under rollouts."""
    api = fleet.groups[-1]
    if api.rollout is None:
        return
    template = api.template.model_copy(update={"user_data": "#!/bin/sh"})
    changed = fleet.model_copy(update={"groups": (*fleet.groups[:-1], api.model_copy(update={"template": template}))})
    rollouts = cloud.rollouts(changed)
    rollouts.start([api.name], by="Ana")
    rollouts.tick([api.name])
    rollouts.abort(api.name)
    rollouts.see_through([api.name])
    cloud.rollout(changed, [api.name], again=True).raise_for_failures()


def edit(fleet):
    """The same fleet with all that can be taken away taken away from its first group."""
    bare = fleet.groups[0].model_copy(
        update={
            "policies": (),
            "alarms": (),
            "schedules": (),
            "load_balancers": (),
            "aws": tt.AwsSettings(),
            "template": fleet.groups[0].template.model_copy(update={"size": "t3.large"}),
            "cooldown": tt.minutes(7),
            "tags": {"Edited": "yes"},
        }
    )
    return fleet.model_copy(update={"groups": (bare, *fleet.groups[1:])})


def calls_of(world, fleet):
    """The actions of all calls that were made: an operation's own name, under the service's IAM prefix."""
    prefixes = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
    with world.connect() as cloud:
        world.doors.clear_requests()
        live_through(world, cloud, fleet)
        services = {"autoscaling", "cloudwatch", "ec2", "elbv2", "ssm", "iam", "kms", "sns", "sqs", "service-quotas"}
        made = [one for one in world.doors.requests() if one.service in services]
    return made, {f"{prefixes.get(one.service, one.service)}:{one.operation}" for one in made}


def actions_of(document):
    return {action for statement in document["Statement"] for action in statement["Action"]}


@pytest.fixture
def furnished(world):
    world.emulator.furnish()
    make_by_arn(world.client, "arn:aws:sqs:us-east-1:123456789012:drain", ROLE)
    make_by_arn(world.client, "arn:aws:sns:us-east-1:123456789012:scaling")
    world.client("ec2").create_placement_group(GroupName="near", Strategy="spread")
    world.client("iam").create_instance_profile(InstanceProfileName="web-profile")
    return world


def test_every_kind_uses_every_grant():
    """The fleet of these tests leaves out replacements, ids of the account's, and shares of requests."""
    allowed = actions_of(policy_document(every_kind(), region="us-east-1"))
    assert {grant.action for grant in GRANTS} - allowed == {
        "ssm:GetParameters",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcs",
        "ec2:DescribeCapacityReservations",
        "kms:ListAliases",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:ModifyRule",
    }


@pytest.mark.parametrize("fleet", [every_kind(), load_example()], ids=lambda fleet: fleet.name)
def test_each_call_is_allowed_and_nothing_is_idle(furnished, fleet):
    """Plan, apply, edit, destroy, status, watch, pause and the rest."""
    _, made = calls_of(furnished, fleet)
    allowed = actions_of(policy_document(fleet, region="us-east-1"))
    assert made - allowed == set()
    assert allowed - made <= set(IMPLIED)


def test_reads_are_allowed_by_the_read_only_document(furnished):
    fleet = every_kind()
    made, _ = calls_of(furnished, fleet)
    prefixes = {"elbv2": "elasticloadbalancing", "service-quotas": "servicequotas"}
    reads = {f"{prefixes.get(one.service, one.service)}:{one.operation}" for one in made if not one.write}
    document = policy_document(fleet, region="us-east-1", read_only=True)
    assert actions_of(document) == reads | {"ec2:DescribeLaunchTemplates", "servicequotas:GetAWSDefaultServiceQuota"}
    assert all(action.split(":")[1].startswith(("Describe", "Get", "List")) for action in actions_of(document))


def test_writes_on_groups_and_alarms_are_within_the_resources(furnished):
    """The names that calls write to fit the patterns of the statement that allows them."""
    fleet = every_kind()
    made, _ = calls_of(furnished, fleet)
    document = policy_document(fleet, region="us-east-1")
    checked = 0
    for one in made:
        if not one.write:
            continue
        action = f"{one.service}:{one.operation}"
        statements = [statement for statement in document["Statement"] if action in statement["Action"]]
        for arn in arns_of(one):
            checked += 1
            assert any(fnmatch.fnmatchcase(arn, pattern) for each in statements for pattern in each["Resource"]), arn
    assert checked > 20


def test_what_is_created_bears_the_tag_that_is_asked_for(furnished):
    """The conditions on new groups and templates hold for the calls that create them."""
    made, _ = calls_of(furnished, load_example())
    groups = [one.params["Tags"] for one in made if one.operation == "CreateAutoScalingGroup"]
    templates = [one.params["TagSpecifications"][0] for one in made if one.operation == "CreateLaunchTemplate"]
    assert len(groups) == len(templates) == 3
    for tags in [*groups, *(one["Tags"] for one in templates)]:
        assert {tag["Key"]: tag["Value"] for tag in tags}["trimtab-fleet"] == "virtualmin-pro-cluster"


def arns_of(call):
    if call.service == "autoscaling" and "AutoScalingGroupName" in call.params:
        name = call.params["AutoScalingGroupName"]
        yield f"arn:aws:autoscaling:us-east-1:1:autoScalingGroup:uuid:autoScalingGroupName/{name}"
    for name in [call.params.get("AlarmName"), *call.params.get("AlarmNames", ())]:
        if name:
            yield f"arn:aws:cloudwatch:us-east-1:1:alarm:{name}"


def test_a_plain_fleet_asks_for_little():
    """Without balancers, hooks, roles and the like there is nothing about them; a boost is scheduled actions."""
    fleet = make_fleet(make_group("web", policies={}, alarms={}, schedules={}))
    allowed = actions_of(policy_document(fleet, region="us-east-1"))
    services = {action.split(":")[0] for action in allowed}
    assert services == {"autoscaling", "cloudwatch", "ec2", "iam", "servicequotas"}
    for word in (
        "Policy",
        "Hook",
        "WarmPool",
        "Metrics",
        "TargetGroup",
        "PassRole",
        "PutMetric",
        "Subnet",
    ):
        assert not [action for action in allowed if word in action and not action.startswith("autoscaling:Describe")]


def test_names_regions_and_partitions_of_their_own():
    """A group's own name and region are in the patterns; China and GovCloud have their own ARNs."""
    fleet = make_fleet(
        make_group("web", native_name="old-web", location="eu-south-2"),
        make_group("api", template={"image": "ami-1", "size": "t3.small", "role": "api"}),
        name="shop",
    )
    groups = named(policy_document(fleet, region="us-east-1"), "ChangeGroups")
    assert groups["Resource"] == [
        "arn:aws:autoscaling:eu-south-2:*:autoScalingGroup:*:autoScalingGroupName/shop-*",
        "arn:aws:autoscaling:us-east-1:*:autoScalingGroup:*:autoScalingGroupName/shop-*",
        "arn:aws:autoscaling:eu-south-2:*:autoScalingGroup:*:autoScalingGroupName/old-web",
        "arn:aws:autoscaling:us-east-1:*:autoScalingGroup:*:autoScalingGroupName/old-web",
    ]
    assert groups["Condition"] == {"StringEquals": {"aws:ResourceTag/trimtab-fleet": "shop"}}
    passed = named(policy_document(fleet, region="cn-north-1"), "PassToInstances")
    assert passed["Resource"] == ["arn:aws-cn:iam::*:role/api"]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com.cn"}}
    assert "arn:aws-us-gov:" in json.dumps(policy_document(fleet, region="us-gov-west-1"))


def test_roles_parameters_and_namespaces_are_named():
    profile = "arn:aws:iam::123456789012:instance-profile/tiers/web"
    group = full_group("web", template={"image": PARAMETER, "size": "t3.small", "role": profile})
    own = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_web"
    other = make_group("api", aws={"service_linked_role": own})
    document = policy_document(make_fleet(group, other), region="us-east-1")
    assert named(document, "ReadParameters")["Resource"] == [f"arn:aws:ssm:us-east-1:*:parameter{PARAMETER}"]
    assert named(document, "PassToInstances")["Resource"] == ["arn:aws:iam::123456789012:role/tiers/web"]
    assert named(document, "ReadInstanceProfiles")["Resource"] == [profile]
    assert named(document, "PassToAutoScaling")["Resource"] == sorted([ROLE, own])
    assert named(policy_document(every_kind(), region="us-east-1"), "PublishMetrics")["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": ["Virtualmin"]}
    }


def named(document, sid):
    return next(statement for statement in document["Statement"] if statement["Sid"] == sid)


@pytest.mark.parametrize("fleet", [every_kind(), load_example()], ids=lambda fleet: fleet.name)
def test_the_document_fits_a_managed_policy(fleet):
    document = policy_document(fleet, region="us-east-1")
    assert len(json.dumps(document, separators=(",", ":"))) < LARGEST
    assert len({statement["Sid"] for statement in document["Statement"]}) == len(document["Statement"])


def test_every_implied_action_is_in_the_table():
    assert set(IMPLIED) <= {grant.action for grant in GRANTS}
