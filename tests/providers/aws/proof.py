"""What the proofs of crashes, faults and races share: scenarios, other people's things, and the whole state."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import boto3
from botocore.config import Config

from tests.conftest import make_fleet, make_group
from trimtab.emulators import ControlClient
from trimtab.testing import AwsTestCloud

IMAGE = "ami-0123456789abcdef0"
AGREED = {"allow_delete": True, "allow_replace": True}
SERVICES = ("autoscaling", "cloudwatch", "ec2")


@cache
def clients(endpoint):
    """Somebody else's clients, made once for each emulator."""
    session = boto3.Session(aws_access_key_id="somebody", aws_secret_access_key="else", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1})
    return tuple(session.client(service, endpoint_url=endpoint, config=config) for service in SERVICES)


def fleet():
    return make_fleet()


def edited():
    web = make_group(
        "web",
        template={"image": IMAGE, "size": "t3.large"},
        policies={"scale-out": {"change": 2, "cooldown": "5m"}},
        alarms={"hot": {"metric": "cpu", "above": 80, "triggers": ["scale-out"]}},
        schedules={
            "morning": {"cron": "0 9 * * 1-5", "zone": "Europe/Madrid", "min": 3},
            "evening": {"cron": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 2},
        },
        tags={"Team": "ops"},
    )
    return make_fleet(web, make_group("api", template={"image": IMAGE, "size": "t3.large"}))


TOPIC = "arn:aws:sns:us-east-1:123456789012:operators"


def everything(size="t3.medium", percent=25, timeout="5m"):
    """A group that has each kind and what hangs on a group by calls of its own."""
    web = make_group(
        "web",
        template={"image": IMAGE, "size": size},
        purchase={
            "spot": True,
            "on_demand_base": 1,
            "on_demand_percent": percent,
            "sizes": [{"size": "t3.medium"}, {"size": "t3.large"}],
        },
        policies={
            "scale-out": {
                "type": "step",
                "steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 2}],
            },
            "hold": {"type": "target-tracking", "metric": "cpu", "target": 60},
            "ahead": {"type": "predictive", "metric": "cpu", "target": 50},
        },
        alarms={
            "hot": {
                "metric": "cpu",
                "above": 70,
                "statistic": "p95",
                "periods": 3,
                "datapoints": 2,
                "triggers": ["scale-out"],
                "notify": [TOPIC],
            },
            "jobs": {
                "metric": {"name": "queue-depth", "of": "jobs"},
                "above": 100,
                "periods": 3,
                "datapoints": 2,
                "triggers": ["scale-out"],
            },
            "load": {"metric": {"promql": "sum(up)"}, "above": 5, "notify": [TOPIC]},
        },
        schedules={"office": {"cron": "0 8 * * 1-5", "until": "0 18 * * 1-5", "zone": "Europe/Madrid", "min": 3}},
        aws={
            "lifecycle_hooks": [{"name": "greet", "on": "launch", "timeout": timeout, "default": "continue"}],
            "suspended_processes": ["AZRebalance"],
            "group_metrics": True,
        },
    )
    return make_fleet(web, make_group("api"))


def other_everything():
    return everything(size="t3.large", percent=50, timeout="10m")


def pruned():
    bare = {"policies": {}, "alarms": {}, "schedules": {}}
    return make_fleet(make_group("web", **bare), make_group("api", **bare))


def make_step_policies(world):
    """Change the type of each group's policy by hand."""
    autoscaling, _, _ = clients(world.emulator.endpoint)
    for group in ("virtualmin-web", "virtualmin-api"):
        names = {"AutoScalingGroupName": group, "PolicyName": f"{group}-scale-out"}
        autoscaling.delete_policy(**names)
        autoscaling.put_scaling_policy(
            **names,
            PolicyType="StepScaling",
            AdjustmentType="ChangeInCapacity",
            StepAdjustments=[{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
        )


@dataclass(frozen=True)
class Scenario:
    """One apply: what is there before, and what is wanted; `after=None` is to destroy."""

    before: Callable | None
    after: Callable | None
    tamper: Callable = lambda world: None

    def prepare(self, world, cloud):
        if self.before is not None:
            cloud.apply(cloud.plan(self.before())).raise_for_failures()
        self.tamper(world)

    def plan(self, cloud):
        return cloud.destroy(fleet()) if self.after is None else cloud.plan(self.after())

    def run(self, cloud):
        return cloud.apply(self.plan(cloud), **AGREED)


SCENARIOS = {
    "create": Scenario(None, fleet),
    "edit": Scenario(fleet, edited),
    "prune": Scenario(fleet, pruned),
    "replace": Scenario(fleet, fleet, make_step_policies),
    "destroy": Scenario(fleet, None),
    "create everything": Scenario(None, everything),
    "edit everything": Scenario(everything, other_everything),
    "take everything away": Scenario(everything, pruned),
}


def connect_to(endpoint, **settings):
    """A connection with its clients made and no socket open yet, one write at a time."""
    cloud = AwsTestCloud(SimpleNamespace(endpoint=endpoint, doors=ControlClient(endpoint))).connect(
        workers=1, **settings
    )
    for service in SERVICES:
        cloud.provider.connection._client(service, "us-east-1")
    return cloud


LIKE_OURS = ("virtualmin-", "virtualmin-web-2", "VIRTUALMIN-web", "virtualmin-staging-web")


def make_foreign_things(world, names=LIKE_OURS):
    """Groups, policies, schedules, alarms and templates of others, under names like ours."""
    autoscaling, cloudwatch, ec2 = clients(world.emulator.endpoint)
    for name in names:
        mark = {"fleet": "virtualmin-staging", "group": "web"} if "staging" in name else {}
        line = f"[trimtab fleet={mark['fleet']} group=web digest=0123456789abcdef]" if mark else "made by hand"
        ec2.create_launch_template(
            LaunchTemplateName=name,
            VersionDescription=line,
            LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"},
        )
        tags = {f"trimtab-{word}": value for word, value in mark.items()} or {"Owner": "somebody else"}
        autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=1,
            MaxSize=2,
            LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
            AvailabilityZones=["us-east-1a"],
            Tags=[{"Key": key, "Value": value, "PropagateAtLaunch": False} for key, value in tags.items()],
        )
        policy = autoscaling.put_scaling_policy(
            AutoScalingGroupName=name,
            PolicyName="virtualmin-web-scale-out",
            AdjustmentType="ChangeInCapacity",
            ScalingAdjustment=1,
        )
        autoscaling.put_scheduled_update_group_action(
            AutoScalingGroupName=name,
            ScheduledActionName="virtualmin-web-morning",
            Recurrence="0 8 1 1 *",
            MinSize=1,
        )
        for alarm in (f"{name}-hot", f"{name}-hot-2"):
            _put_alarm(cloudwatch, alarm, line, policy["PolicyARN"])
    _put_alarm(cloudwatch, "virtualmin-web-hot-3", None)
    _put_alarm(cloudwatch, "virtualmin-web-hot-4", "[trimtab fleet=virtualmin-staging group=web digest=0]")


def _put_alarm(cloudwatch, name, description, *actions):
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        **({"AlarmDescription": description} if description else {}),
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": "virtualmin-web"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=50.0,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=list(actions),
    )


TAKEN = TAKEN_LATER = ("launch-template", "autoscaling-group", "metric-alarm")
"""The kinds whose names others may have, before a plan and after it."""


def put_theirs(world, kind):
    """Somebody else's thing under a name that the fleet wants."""
    autoscaling, cloudwatch, ec2 = clients(world.emulator.endpoint)
    if kind == "metric-alarm":
        cloudwatch.put_metric_alarm(
            AlarmName="virtualmin-web-hot",
            AlarmDescription="theirs",
            Namespace="Theirs",
            MetricName="Load",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=3,
            Threshold=7.0,
            ComparisonOperator="LessThanThreshold",
        )
        return lambda: cloudwatch.describe_alarms(AlarmNames=["virtualmin-web-hot"])["MetricAlarms"]
    ec2.create_launch_template(
        LaunchTemplateName="virtualmin-web" if kind == "launch-template" else "theirs",
        LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.nano"},
    )
    if kind == "launch-template":
        return lambda: ec2.describe_launch_template_versions(LaunchTemplateName="virtualmin-web")[
            "LaunchTemplateVersions"
        ]
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="virtualmin-web",
        MinSize=1,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateName": "theirs", "Version": "1"},
        AvailabilityZones=["us-east-1a"],
    )
    return lambda: autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["virtualmin-web"])[
        "AutoScalingGroups"
    ]


OUR_GROUPS = frozenset({"virtualmin-web", "virtualmin-api"})
OUR_ALARMS = frozenset({"virtualmin-web-hot", "virtualmin-web-jobs", "virtualmin-web-load", "virtualmin-api-hot"})


MADE_BY_POLICIES = tuple(f"TargetTracking-{name}-" for name in sorted(OUR_GROUPS))


class State:
    """Everything that the cloud has, as it describes it."""

    def __init__(self, world):
        autoscaling, cloudwatch, ec2 = clients(world.emulator.endpoint)
        self.groups = _named(_all(autoscaling, "describe_auto_scaling_groups"), "AutoScalingGroupName")
        self.policies = _all(autoscaling, "describe_policies")
        self.actions = _all(autoscaling, "describe_scheduled_actions")
        self.alarms = _named(_all(cloudwatch, "describe_alarms", "MetricAlarms"), "AlarmName")
        self.templates = _named(_all(ec2, "describe_launch_templates"), "LaunchTemplateName")
        self.versions = {
            name: _all(ec2, "describe_launch_template_versions", LaunchTemplateName=name) for name in self.templates
        }

    def foreign(self):
        """All that is not ours, byte for byte."""
        theirs = {
            "groups": {name: item for name, item in self.groups.items() if name not in OUR_GROUPS},
            "policies": [item for item in self.policies if item["AutoScalingGroupName"] not in OUR_GROUPS],
            "actions": [item for item in self.actions if item["AutoScalingGroupName"] not in OUR_GROUPS],
            "alarms": {
                name: item
                for name, item in self.alarms.items()
                if name not in OUR_ALARMS and not name.startswith(MADE_BY_POLICIES)
            },
            "templates": {name: item for name, item in self.templates.items() if name not in OUR_GROUPS},
            "versions": {name: item for name, item in self.versions.items() if name not in OUR_GROUPS},
        }
        return json.dumps(theirs, sort_keys=True, default=str)

    def names(self):
        """How many of each kind are ours, by name, duplicates included."""
        return {
            "groups": sorted(OUR_GROUPS & set(self.groups)),
            "templates": sorted(OUR_GROUPS & set(self.templates)),
            "alarms": sorted(OUR_ALARMS & set(self.alarms)),
            "policies": sorted(item["PolicyName"] for item in self._ours(self.policies)),
            "actions": sorted(item["ScheduledActionName"] for item in self._ours(self.actions)),
            "versions": {name: len(self.versions[name]) for name in sorted(OUR_GROUPS & set(self.versions))},
            "instances": {name: len(self.groups[name]["Instances"]) for name in sorted(OUR_GROUPS & set(self.groups))},
        }

    def identities(self):
        """The ids that stay as long as nothing is deleted and made anew."""
        return {
            "instances": {
                name: sorted(one["InstanceId"] for one in self.groups[name]["Instances"])
                for name in sorted(OUR_GROUPS & set(self.groups))
            },
            "groups": {name: self.groups[name]["AutoScalingGroupARN"] for name in OUR_GROUPS & set(self.groups)},
            "policies": {item["PolicyName"]: item["PolicyARN"] for item in self._ours(self.policies)},
            "templates": {name: self.templates[name]["LaunchTemplateId"] for name in OUR_GROUPS & set(self.templates)},
        }

    def _ours(self, items):
        return [item for item in items if item["AutoScalingGroupName"] in OUR_GROUPS]


def without_versions(names):
    return {kind: found for kind, found in names.items() if kind != "versions"}


def owned(cloud):
    """Every body and owner, as trimtab reads them; ARNs are of one life of a policy only."""
    arns = {}
    found = {}
    live = cloud.provider.resources.read(fleet())
    assert not live.unknown, live.unknown
    for key, item in live.resources.items():
        if key.kind == "scaling-policy":
            arns[item.attributes["arn"]] = key.name
    for key, item in live.resources.items():
        if (key.parent or key.name) not in OUR_GROUPS | OUR_ALARMS:
            continue
        body = json.dumps(item.body, sort_keys=True, default=_text)
        for arn, name in arns.items():
            body = body.replace(arn, name)
        attributes = {name: item.attributes.get(name) for name in ("version", "instances", "outdated")}
        found[str(key)] = (body, item.mark, attributes)
    return found


def assert_converged(world, cloud, scenario, expected, foreign):
    """Plan and apply go through, the next plan is empty, nothing is there twice, others' things are as they were."""
    scenario.run(cloud).raise_for_failures()
    plan = scenario.plan(cloud)
    assert not plan, plan.to_dict()
    state = State(world)
    names = state.names()
    assert without_versions(names) == without_versions(expected)
    for name, number in names["versions"].items():
        assert expected["versions"][name] <= number <= expected["versions"][name] + 1
    assert state.foreign() == foreign


def prepared(world, cloud, scenario, *names):
    """An emulator made anew with what there is before, and with things of others under `names`."""
    world.doors.reset()
    again = type(world)(world.emulator)
    make_foreign_things(again, names)
    scenario.prepare(again, cloud)
    return again


def expected_of(world, cloud, scenario):
    """The names and counts that one untroubled run leaves, and the writes that it takes."""
    world = prepared(world, cloud, scenario)
    world.doors.clear_requests()
    scenario.run(cloud).raise_for_failures()
    writes = [call.operation for call in world.doors.requests() if call.write]
    return State(world).names(), owned(cloud), writes


def _all(client, operation, key=None, **params):
    found = []
    for page in client.get_paginator(operation).paginate(**params):
        name = key or next(name for name, value in page.items() if isinstance(value, list))
        found += page[name]
    return found


def _named(items, name):
    return {item[name]: item for item in items}


def _text(value):
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)
