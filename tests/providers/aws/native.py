"""Replies of AWS for imports: one reply as all that is known of a group, and what a plan makes of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import trimtab as tt
from tests.providers.import_law import plan_after_adopt
from trimtab.plan import Mark, read_description
from trimtab.providers.aws.importing import Replies, import_group
from trimtab.providers.aws.importing.group_reader import GroupReader
from trimtab.providers.aws.importing.metrics import dimensions_of
from trimtab.providers.aws.importing.resources import READ_KINDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGION = "us-east-1"
ELB = "arn:aws:elasticloadbalancing:::"
POLICY = re.compile(r"autoScalingGroupName/(?P<group>.+):policyName/(?P<policy>.+)$")


def imported(replies, fleet=None, now=NOW):
    """The group; what it was read from, as a plan reads it; what translation makes of it, and refuses."""
    found = import_group(replies, location=REGION, now=now, fleet=fleet)
    reading = GroupReader(replies=replies.plain(), location=REGION, now=now, fleet=fleet, home=REGION)
    made = reading.translated(tt.Fleet(name=found.fleet, groups=[found.group]))
    return found, reading.live, made.resources, made.problems


def next_plan(found, live, wanted, now=NOW):
    """The plan after `adopt`, which gives a template's mark a version of its own."""
    names = {item.key for item in wanted}
    bare = [
        replace(item, attributes={name: value for name, value in item.attributes.items() if name != "version"})
        if item.key.kind == "launch-template" and item.mark is None and item.key in names
        else item
        for item in live
    ]
    return plan_after_adopt("aws", READ_KINDS, found, bare, wanted, now)


# one reply alone: what stands around it is what it names


def stand_in(name, **more):
    """The least that a group is."""
    version = {"LaunchTemplateName": name, "VersionNumber": 1, "LaunchTemplateData": {"ImageId": "ami-1"}}
    version["LaunchTemplateData"]["InstanceType"] = "t3.small"
    launches = {} if "LaunchConfigurationName" in more else {"LaunchTemplate": launched(name)}
    sizes = {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0}
    group = {"AutoScalingGroupName": name, **sizes, "AvailabilityZones": ["us-east-1a"], **launches, **more}
    return {"group": group, **({"version": version, "own_version": version} if launches else {})}


def launched(name, version="1"):
    return {"LaunchTemplateName": name, "Version": version}


def target(arn, balancer=""):
    balancers = [f"{ELB}loadbalancer/{balancer}"] if balancer else []
    return {"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[-2], "LoadBalancerArns": balancers}


def of_group(item):
    return Replies(group=item, target_groups=[target(arn) for arn in item.get("TargetGroupARNs") or ()])


def of_version(item):
    name = item.get("LaunchTemplateName", "group")
    group = stand_in(name, LaunchTemplate=launched(name, str(item.get("VersionNumber", 1))))["group"]
    return Replies(group=group, version=item, own_version=item)


def of_configuration(item):
    return Replies(**stand_in("group", LaunchConfigurationName=item["LaunchConfigurationName"]), configuration=item)


def of_policy(item):
    return Replies(**behind(item["AutoScalingGroupName"], texts_in(item, "ResourceLabel")), policies=[item])


def texts_in(value, name):
    if isinstance(value, dict):
        yield from (text for key, text in value.items() if key == name)
        for one in value.values():
            yield from texts_in(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one, name)


def behind(name, labels):
    """A group behind these balancers."""
    targets = []
    for label in labels:
        balancer, _, rest = label.partition("/targetgroup/")
        targets.append(target(f"{ELB}targetgroup/{rest or 'none/0'}", balancer))
    return {**stand_in(name, TargetGroupARNs=[one["TargetGroupArn"] for one in targets]), "target_groups": targets}


def of_alarm(item):
    """An alarm that nothing ties to a group bears the mark of one, which is no part of its body."""
    named = dimensions_of(item)
    acts = [(arn, found) for arn in item.get("AlarmActions") or () if (found := POLICY.search(arn))]
    name = named.get("AutoScalingGroupName") or (acts[0][1]["group"] if acts else "fleet-group")
    policies = [acting(name, arn, found["policy"]) for arn, found in acts]
    labels = (
        [f"{named['LoadBalancer']}/{named['TargetGroup']}"] if {"LoadBalancer", "TargetGroup"} <= set(named) else []
    )
    marked = Mark("fleet", "group").sign(read_description(item.get("AlarmDescription"))[0])
    alarm = item if name != "fleet-group" else {**item, "AlarmDescription": marked}
    return Replies(**behind(name, labels), policies=policies, alarms=[alarm])


def acting(group, arn, name):
    change = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": 1}
    return {"AutoScalingGroupName": group, "PolicyName": name, "PolicyARN": arn, **change}


def of_action(item):
    return Replies(**stand_in(item["AutoScalingGroupName"]), actions=[item])


def of_hook(item):
    return Replies(**stand_in(item["AutoScalingGroupName"]), hooks=[item])


def of_topic(item):
    return Replies(**stand_in(item["AutoScalingGroupName"]), topics=[item])


ITEMS = {
    "DescribeAutoScalingGroups": ("AutoScalingGroups", of_group, "autoscaling-group"),
    "DescribeLaunchTemplateVersions": ("LaunchTemplateVersions", of_version, "launch-template"),
    "DescribeLaunchConfigurations": ("LaunchConfigurations", of_configuration, "launch-configuration"),
    "DescribePolicies": ("ScalingPolicies", of_policy, "scaling-policy"),
    "DescribeScheduledActions": ("ScheduledUpdateGroupActions", of_action, "scheduled-action"),
    "DescribeLifecycleHooks": ("LifecycleHooks", of_hook, "autoscaling-group"),
    "DescribeNotificationConfigurations": ("NotificationConfigurations", of_topic, "autoscaling-group"),
    "DescribeAlarms": ("MetricAlarms", of_alarm, "metric-alarm"),
}
"""Operation to the list in its reply, what makes a group's replies of one of them, and the kind that it is."""
