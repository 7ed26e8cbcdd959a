"""What the provider for AWS declares of itself."""

import re
from collections.abc import Mapping

from trimtab.declarations.advice import not_here
from trimtab.declarations.inert import ALTERNATE, NOWHERE
from trimtab.declarations.record import (
    Declarations,
    NameRule,
    NativePart,
    Natives,
    Option,
    Portability,
    RecordedSize,
    RegionForm,
    TagRule,
)
from trimtab.declarations.support import (
    HAPROXY,
    HAPROXY_HELD,
    NATIVE,
    Support,
    controller,
    ignored,
    inert,
    natively,
    unsupported,
)
from trimtab.providers.aws.settings import AwsSettings

_ELSEWHERE = unsupported("which is a matter of the target group; set it there, and leave it out here")
_NATIVELY = (
    "simple policy",
    "step policy",
    "step policy that removes by several steps",
    "step policy whose steps do not grow",
    "change by per cent",
    "step that begins at the threshold",
    "least change by per cent",
    "target-tracking policy",
    "predictive policy",
    "predictive policy on another metric than CPU",
    "forecast above the maximum",
    "alarm",
    "alarm over several periods",
    "alarm on some of several datapoints",
    "alarm on the sum of what a balancer counts",
    "alarm on a percentile",
    "alarm on a trimmed statistic",
    "alarm that breaches without data",
    "alarm that says how missing data count",
    "notification that breaches without data",
    "notification that says how missing data count",
    "scaling in by any of several alarms",
    "notification when an alarm is over",
    "told of an alarm's beginning and end",
    "separate OK recipients",
    "schedule",
    "schedule window",
    "schedule by day of the month",
    "schedule that fires within the hour",
    "schedule without some dates",
    "schedule on some dates only",
    "schedules with many dates in two months",
    "schedule with a first or last moment",
    "schedule once, without an end",
    "cpu metric",
    "network metric",
    "agent metric",
    "balancer metric",
    "queue metric",
    "custom metric",
    "PromQL metric",
    "second pool of a balancer",
    "spot instances",
    "several sizes",
    "sizes with weights",
    "spot replaced before it is taken",
    "capacity reservation",
    "warm-up",
    "protection from scaling in",
    "network by name",
    "subnets by tag",
    "several subnets",
    "several security groups",
    "metric math",
    "notification without data",
    "unit of samples",
    "forecast of another load",
    "image by architecture",
    "session tokens for metadata",
    "metadata hops",
    "host metrics each minute",
    "no public address",
    "encrypted disk",
    "unencrypted disk",
    "disk that is kept",
    "schedule that changes the maximum",
    "schedule that sets the size",
    "schedule that sets a size of its own",
    "schedules that do more than raise the minimum",
    "schedules without a policy",
    "forecast without scaling",
    "forecast buffer",
    "scaling in by some policies only",
    "warm-up of one policy",
    "alarm that includes its threshold",
    "on-demand base beside spot",
    "on-demand share beside spot",
    "policy or schedule beside an on-demand share",
    "policy beside an on-demand base",
    "policy on a whole queue beside an on-demand base",
    "strategy for spot",
    "spot price limit",
    "neutral image",
    "agent for memory",
    "agent for disks",
    "node exporter",
    "collectd",
    "interruption listener",
    "size by attributes",
    "tags in capitals",
    "thresholds of health that differ",
)
CAPABILITIES: Mapping[str, Support] = {
    **dict.fromkeys(_NATIVELY, NATIVE),
    HAPROXY: HAPROXY_HELD,
    "severity below a warning": inert("alarms of CloudWatch have no severity"),
    "metadata of one's own": unsupported(
        "an instance of EC2 finds its tags there: write `tags`, and `InstanceMetadataTags: enabled` of "
        "`aws.native.launch_template.MetadataOptions`"
    ),
    "stateful disk": unsupported(
        "EC2 Auto Scaling gives each instance new disks; keep the data on a file system or a database"
    ),
    "stateful address": unsupported(
        "EC2 Auto Scaling gives each instance a new address; name it by a load balancer or by DNS"
    ),
    "password of the administrator": ignored(
        "EC2 makes a password of its own when Windows first starts, encrypted with the key pair; this one is not sent"
    ),
    "fall-back from spot": controller("a group whose spot instances cannot be had goes on asking for spot", ""),
    "external metric": controller("only a running trimtab reads it", "publish its value as a custom metric"),
    "group stabilization": unsupported("EC2 Auto Scaling looks back for no group as a whole"),
    "health probe of the group": _ELSEWHERE,
    "host of a health check": _ELSEWHERE,
    "timeout of a health check": _ELSEWHERE,
    "balancer port": _ELSEWHERE,
    "balancer drain": _ELSEWHERE,
}

ADVICE = {
    "TT113": not_here("placement groups of EC2 have no such limit"),
    "TT205": not_here("a machine is replaced once it has been judged for a while; one check serves both"),
    "TT304": not_here("an interrupted spot instance leaves the group"),
    "TT405": not_here("a scheduled action raises the maximum too"),
    "TT407": not_here("the scheduled action that fired last holds"),
}

REGIONS = RegionForm("AWS", r"[a-z]{2,4}(-[a-z]+)+-\d+", "us-east-1")
REFERENCES: Mapping[str, str] = {
    "placement.network": "the tag `Name` of a VPC in the region; subnets and security groups by name are its own",
    "placement.subnets": "the tag `Name` of a subnet in the region, or in `placement.network`",
    "placement.subnet_tags": "tags of subnets in the region, or in `placement.network`; all that have them",
    "template.security_groups": "the group name, in the subnets' network, else in the default one",
    "template.ssh_key": "the name of a key pair",
    "template.role": "the name of an instance profile",
    "template.disks.key": "the alias of a KMS key, with or without `alias/`",
    "load_balancers": "the name of a target group",
    "purchase.reservation": "by id only: `cr-...`",
}
"""By field, how what it names is found where it is no id."""

INSTANCES: Mapping[str, Support] = {
    "protect": natively("`SetInstanceProtection`; instances in service or in standby"),
    "drain": natively(
        "`EnterStandby`: its balancers let it finish what it has, then it stands by; another one starts in its place, "
        "or the size shrinks"
    ),
    "replace": natively("`TerminateInstanceInAutoScalingGroup`; another one starts in its place"),
    "end": natively("`TerminateInstanceInAutoScalingGroup`, the size less by it in the same call"),
}
"""
What is done to one instance.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
"""

AWS = Declarations(
    name="aws",
    connect="trimtab.providers.aws.provider:connect",
    options=(
        Option("region", "where groups without a location live; the session's when left out"),
        Option("session", "a `boto3.Session`; boto3's default chain of credentials when left out", in_file=False),
        Option("endpoint", "another address than AWS's own; plain http on loopback only", in_file=False),
    ),
    place_option="region",
    extra="aws",
    sdk=("boto3", "botocore"),
    sign_in="run `aws configure` or `aws sso login`, or name a profile in AWS_PROFILE",
    preset="ec2",
    recorded_size=RecordedSize(
        is_measured=True,
        switch_on="set `aws: {group_metrics: true}` on the group, and wait until there are datapoints",
    ),
    capabilities=CAPABILITIES,
    instances=INSTANCES,
    inert={**NOWHERE, **ALTERNATE},
    settings=AwsSettings,
    natives=Natives(
        package="trimtab.providers.aws",
        parts={
            "launch_template": NativePart(kind="launch-template", at="LaunchTemplateData"),
            "group": NativePart(kind="autoscaling-group", clears=False),
            "policies": NativePart(kind="scaling-policy", items="policies"),
            "alarms": NativePart(kind="metric-alarm", items="alarms"),
        },
        api="the API of AWS",
        reserved=frozenset(
            {
                "AlarmName",
                "AutoScalingGroupName",
                "AvailabilityZoneIds",
                "LaunchTemplate.LaunchTemplateId",
                "LaunchTemplateData.InstanceRequirements",
                "LaunchTemplateData.Operator",
                "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
                "Operator",
                "PolicyName",
                "Tags",
            }
        ),
    ),
    checks={"TT119": "trimtab.providers.aws.checks:find_counted_once"},
    advice=ADVICE,
    rollouts="trimtab.providers.aws.rollouts:ROLLOUTS",
    id_rule="`subnet-`, `sg-` or `vpc-` and hexadecimal digits, an ARN, or the id of a KMS key",
    references=REFERENCES,
    portability=Portability(
        region=REGIONS,
        own_ids=re.compile(
            r"\d{12}|(ami|subnet|sg|vpc|lt|cr|vol|snap)-[0-9a-f]+|arn:aws[\w-]*:.*|(resolve:ssm:)?/aws/service/.*",
            re.DOTALL,
        ),
        name=NameRule(
            fits=re.compile(r"[\x20-\x39\x3b-\x7e]{1,255}"), text="printable ASCII without a colon, at most 255"
        ),
        tags=TagRule(
            key=re.compile(r"(?!aws:).*", re.IGNORECASE | re.DOTALL),
            value=re.compile(r".*", re.DOTALL),
            text="keys do not begin with `aws:`",
            most=50,
        ),
        subnets_are_zonal=True,
        balancer_judges_at_once=True,
    ),
    pure="trimtab.providers.aws.pure:PURE",
    images="trimtab.providers.aws.images:IMAGES",
    agents="trimtab.providers.aws.agents:AGENTS",
    disks="trimtab.providers.aws.disks:DISKS",
    sizes="trimtab.providers.aws:sizes.json",
    selects_sizes=True,
    moves_mix=True,
)
"""EC2 Auto Scaling, launch templates and CloudWatch."""
