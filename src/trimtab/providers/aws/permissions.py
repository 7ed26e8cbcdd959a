"""The least that trimtab needs on AWS for one fleet, as an IAM policy document; pure."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from trimtab.models import Fleet, MetricSource, ScalingGroup, SimplePolicy, StepPolicy
from trimtab.providers.aws.existing import placements_of, topics_of, watched
from trimtab.providers.aws.places import NETWORKS, asks_default_network, names_asked
from trimtab.providers.aws.template import ALIAS, key_id
from trimtab.providers.run import BLUE_GREEN


class Need(StrEnum):
    """What a fleet has that takes a permission."""

    ANYTHING = "anything"
    POLICIES = "policies"
    EXECUTED = "policies that can be executed"
    ALARMS = "alarms"
    HOOKS = "lifecycle hooks"
    TOPICS = "topics that are told of scaling"
    TOLD = "topics of alarms, hooks and scaling"
    WARM_POOL = "a warm pool"
    GROUP_METRICS = "metrics of the group"
    BALANCERS = "load balancers"
    PARAMETERS = "images by parameter"
    NETWORKS = "networks by name, or security groups by name in the default one"
    SUBNETS = "subnets, by id, by name or by tag"
    ZONES = "zones, or all of a region"
    KEY_PAIRS = "key pairs"
    KEY_ALIASES = "keys of disks by alias"
    SECURITY_GROUPS = "security groups"
    CUSTOM = "custom metrics, also of AWS itself"
    PUBLISHED = "custom metrics of its own"
    PROFILES = "instance profiles"
    ROLES = "roles of hooks and of groups"
    QUEUES = "queues of hooks"
    PLACEMENTS = "placement groups"
    RESERVATIONS = "capacity reservations"
    DEFAULT_ROLE = "groups without a service-linked role of their own"
    SPOT = "spot instances"
    FALLBACK = "spot instances that fall back on demand"
    ROLLOUTS = "rollouts"
    SHARES = "two target groups that share requests"


class On(StrEnum):
    """What a permission is on: one statement each."""

    READ = "Read"
    PARAMETERS = "ReadParameters"
    READ_PROFILES = "ReadInstanceProfiles"
    READ_ROLES = "ReadRoles"
    READ_QUEUES = "ReadQueues"
    NEW_GROUPS = "CreateGroups"
    NAMED_GROUPS = "TagGroups"
    OWN_GROUPS = "ChangeGroups"
    LISTENERS = "ShareRequests"
    NEW_TEMPLATES = "CreateTemplates"
    NEW_TEMPLATE_TAGS = "TagNewTemplates"
    OWN_TEMPLATES = "ChangeTemplates"
    LAUNCHES = "Launch"
    LAUNCHED = "TagLaunched"
    ALARMS = "ChangeAlarms"
    METRICS = "PublishMetrics"
    PROFILES = "PassToInstances"
    ROLES = "PassToAutoScaling"
    SERVICE_ROLES = "CreateServiceLinkedRoles"


class Grant(NamedTuple):
    """One row: an action, what it is on, and what in a fleet takes it."""

    action: str
    on: On = On.READ
    need: Need = Need.ANYTHING


# which action an operation takes, on which resources, and under which conditions:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html and its neighbours
GRANTS: Sequence[Grant] = (
    Grant("autoscaling:DescribeAccountLimits"),
    Grant("autoscaling:DescribeAutoScalingGroups"),
    Grant("autoscaling:DescribePolicies"),
    Grant("autoscaling:DescribeScheduledActions"),
    Grant("autoscaling:DescribeScalingActivities"),
    Grant("autoscaling:DescribeInstanceRefreshes"),
    Grant("autoscaling:DescribeLifecycleHooks", need=Need.HOOKS),
    Grant("autoscaling:DescribeNotificationConfigurations", need=Need.TOPICS),
    Grant("cloudwatch:DescribeAlarms"),
    Grant("cloudwatch:DescribeAlarmHistory", need=Need.ALARMS),
    Grant("cloudwatch:GetMetricData"),
    Grant("cloudwatch:ListMetrics", need=Need.CUSTOM),
    Grant("ec2:DescribeLaunchTemplateVersions"),
    Grant("ec2:DescribeLaunchTemplates"),
    Grant("ec2:DescribeInstances"),
    Grant("ec2:DescribeImages"),
    Grant("ec2:DescribeInstanceTypeOfferings"),
    Grant("ec2:DescribeInstanceTypes", need=Need.SPOT),
    Grant("ec2:DescribeKeyPairs", need=Need.KEY_PAIRS),
    Grant("ec2:DescribeSecurityGroups", need=Need.SECURITY_GROUPS),
    Grant("ec2:DescribeSubnets", need=Need.SUBNETS),
    Grant("ec2:DescribeVpcs", need=Need.NETWORKS),
    Grant("ec2:DescribeAvailabilityZones", need=Need.ZONES),
    Grant("elasticloadbalancing:DescribeTargetGroups", need=Need.BALANCERS),
    Grant("elasticloadbalancing:DescribeTargetHealth", need=Need.BALANCERS),
    Grant("servicequotas:GetServiceQuota"),
    Grant("servicequotas:GetAWSDefaultServiceQuota"),
    Grant("elasticloadbalancing:DescribeListeners", need=Need.SHARES),
    Grant("elasticloadbalancing:DescribeRules", need=Need.SHARES),
    Grant("sns:GetTopicAttributes", need=Need.TOLD),
    Grant("kms:ListAliases", need=Need.KEY_ALIASES),
    Grant("ssm:GetParameters", On.PARAMETERS, Need.PARAMETERS),
    Grant("iam:GetInstanceProfile", On.READ_PROFILES, Need.PROFILES),
    Grant("iam:GetRole", On.READ_ROLES, Need.ROLES),
    Grant("sqs:GetQueueUrl", On.READ_QUEUES, Need.QUEUES),
    Grant("ec2:DescribePlacementGroups", need=Need.PLACEMENTS),
    Grant("ec2:DescribeCapacityReservations", need=Need.RESERVATIONS),
    Grant("autoscaling:CreateAutoScalingGroup", On.NEW_GROUPS),
    Grant("autoscaling:CreateOrUpdateTags", On.NAMED_GROUPS),
    Grant("autoscaling:UpdateAutoScalingGroup", On.OWN_GROUPS),
    Grant("autoscaling:DeleteAutoScalingGroup", On.OWN_GROUPS),
    Grant("autoscaling:DeleteTags", On.OWN_GROUPS),
    Grant("autoscaling:SetDesiredCapacity", On.OWN_GROUPS),
    Grant("autoscaling:SetInstanceProtection", On.OWN_GROUPS),
    Grant("autoscaling:EnterStandby", On.OWN_GROUPS),
    Grant("autoscaling:TerminateInstanceInAutoScalingGroup", On.OWN_GROUPS),
    Grant("autoscaling:SuspendProcesses", On.OWN_GROUPS),
    Grant("autoscaling:ResumeProcesses", On.OWN_GROUPS),
    Grant("autoscaling:PutScalingPolicy", On.OWN_GROUPS, Need.POLICIES),
    Grant("autoscaling:DeletePolicy", On.OWN_GROUPS, Need.POLICIES),
    Grant("autoscaling:ExecutePolicy", On.OWN_GROUPS, Need.EXECUTED),
    Grant("autoscaling:BatchPutScheduledUpdateGroupAction", On.OWN_GROUPS),
    Grant("autoscaling:BatchDeleteScheduledAction", On.OWN_GROUPS),
    Grant("autoscaling:StartInstanceRefresh", On.OWN_GROUPS, Need.ROLLOUTS),
    Grant("autoscaling:CancelInstanceRefresh", On.OWN_GROUPS, Need.ROLLOUTS),
    Grant("autoscaling:RollbackInstanceRefresh", On.OWN_GROUPS, Need.ROLLOUTS),
    Grant("autoscaling:AttachLoadBalancerTargetGroups", On.OWN_GROUPS, Need.BALANCERS),
    Grant("autoscaling:DetachLoadBalancerTargetGroups", On.OWN_GROUPS, Need.BALANCERS),
    Grant("elasticloadbalancing:ModifyListener", On.LISTENERS, Need.SHARES),
    Grant("elasticloadbalancing:ModifyRule", On.LISTENERS, Need.SHARES),
    Grant("autoscaling:PutLifecycleHook", On.OWN_GROUPS, Need.HOOKS),
    Grant("autoscaling:DeleteLifecycleHook", On.OWN_GROUPS, Need.HOOKS),
    Grant("autoscaling:PutNotificationConfiguration", On.OWN_GROUPS, Need.TOPICS),
    Grant("autoscaling:DeleteNotificationConfiguration", On.OWN_GROUPS, Need.TOPICS),
    Grant("autoscaling:PutWarmPool", On.OWN_GROUPS, Need.WARM_POOL),
    Grant("autoscaling:DeleteWarmPool", On.OWN_GROUPS, Need.WARM_POOL),
    Grant("autoscaling:EnableMetricsCollection", On.OWN_GROUPS, Need.GROUP_METRICS),
    Grant("autoscaling:DisableMetricsCollection", On.OWN_GROUPS, Need.GROUP_METRICS),
    Grant("ec2:CreateLaunchTemplate", On.NEW_TEMPLATES),
    Grant("ec2:CreateTags", On.NEW_TEMPLATE_TAGS),
    Grant("ec2:CreateLaunchTemplateVersion", On.OWN_TEMPLATES),
    Grant("ec2:DeleteLaunchTemplate", On.OWN_TEMPLATES),
    Grant("ec2:DeleteLaunchTemplateVersions", On.OWN_TEMPLATES, Need.ROLLOUTS),
    Grant("ec2:ModifyLaunchTemplate", On.OWN_TEMPLATES, Need.ROLLOUTS),
    Grant("ec2:RunInstances", On.LAUNCHES),
    Grant("ec2:CreateTags", On.LAUNCHED),
    Grant("cloudwatch:PutMetricAlarm", On.ALARMS, Need.ALARMS),
    Grant("cloudwatch:DeleteAlarms", On.ALARMS, Need.ALARMS),
    Grant("cloudwatch:PutMetricData", On.METRICS, Need.PUBLISHED),
    Grant("iam:PassRole", On.PROFILES, Need.PROFILES),
    Grant("iam:PassRole", On.ROLES, Need.ROLES),
    Grant("iam:CreateServiceLinkedRole", On.SERVICE_ROLES, Need.DEFAULT_ROLE),
    Grant("iam:CreateServiceLinkedRole", On.SERVICE_ROLES, Need.SPOT),
)
READS = frozenset({On.READ, On.PARAMETERS, On.READ_PROFILES, On.READ_ROLES, On.READ_QUEUES})
CONTROLLED: Sequence[Grant] = (
    Grant("autoscaling:DescribeAutoScalingGroups"),
    Grant("cloudwatch:GetMetricData"),
    Grant("autoscaling:SetDesiredCapacity", On.OWN_GROUPS),
    Grant("autoscaling:DescribeScalingActivities", need=Need.FALLBACK),
    Grant("ec2:DescribeInstances", need=Need.FALLBACK),
    Grant("autoscaling:UpdateAutoScalingGroup", On.OWN_GROUPS, Need.FALLBACK),
)
"""What the controller does."""
IMPLIED: Mapping[str, str] = {
    "ec2:DescribeLaunchTemplates": (
        "asked for only where an account has many more templates than the fleet, or a group follows a version by name"
    ),
    "servicequotas:GetAWSDefaultServiceQuota": "asked for only where an account has no value of its own",
    "ec2:RunInstances": "checked when a group is created or updated with a template, which launches by it",
    "ec2:CreateTags": "checked when a template is created with tags, and for the tags that a template gives",
    "iam:PassRole": "checked for the roles that templates, hooks and groups name",
    "iam:CreateServiceLinkedRole": "checked when the account's first group, or first spot instance, is created",
}
"""Actions that no call of trimtab's is named after, and why they are needed all the same."""


def policy_document(fleet: Fleet, *, region: str, read_only: bool = False, controller: bool = False) -> dict[str, Any]:
    """
    The policy for plan, apply, destroy and all that acts on running groups, or for reading only.

    Args:
        fleet: Says what is needed; for an edit that takes something away, the fleet before it counts too.
        region: Where groups without a location live.
        read_only: Leave out what changes anything.
        controller: For the controller only.
    """
    grants = CONTROLLED if controller else GRANTS
    needs, account = set(needs_of_fleet(fleet)), _Account(fleet, region)
    statements = []
    for on in On:
        actions = sorted({grant.action for grant in grants if grant.on is on and grant.need in needs})
        if actions and (on in READS or not read_only):
            statements.append({"Sid": on.value, "Effect": "Allow", "Action": actions, **account.scope(on)})
    return {"Version": "2012-10-17", "Statement": statements}


AGENT = "CWAgent"
"""The namespace in which the CloudWatch agent publishes."""
HOOKED = ("autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat")
"""What an instance that a hook holds does when it is ready, or needs longer."""


def instance_document(fleet: Fleet, *, region: str) -> dict[str, Any]:
    """
    The policy for the role of the fleet's instances: what they publish, and the hooks that they end themselves.

    The agent reads the name of its group off the instance's tags:
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/CloudWatchAgentServerPolicy.html

    Args:
        fleet: Says what is needed.
        region: Where groups without a location live.
    """
    account = _Account(fleet, region)
    metrics = [metric for group in fleet.groups for _, metric in watched(group)]
    from trimtab.providers.agents import installs  # plans do without

    has_agent = any(installs(fleet, "aws", "cloudwatch-agent")) or any(
        metric.source is MetricSource.AGENT for metric in metrics
    )
    agent = [AGENT] if has_agent else []
    names = sorted({*agent, *(name for group in fleet.groups for name in _namespaces(group))})
    anywhere: dict[str, Any] = {"Resource": ["*"]}
    published = {**anywhere, "Condition": {"StringEquals": {"cloudwatch:namespace": names}}}
    hooked = any(group.aws.lifecycle_hooks for group in fleet.groups)
    statements = [
        ("PublishMetrics", ["cloudwatch:PutMetricData"], published, bool(names)),
        ("ReadOwnTags", ["ec2:DescribeTags"], anywhere, bool(agent)),
        ("EndLifecycleHooks", [*HOOKED], account.scope(On.OWN_GROUPS), hooked),
    ]
    made = [{"Sid": sid, "Effect": "Allow", "Action": do, **on} for sid, do, on, is_needed in statements if is_needed]
    return {"Version": "2012-10-17", "Statement": made}


CONSUMED = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage")
"""What a consumer does with its queue."""
CONSUMER_READS = (
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLifecycleHooks",
    "ec2:DescribeInstances",
)
"""What a consumer reads: hooks and their times, the groups of instances that are warned of, addresses."""


def hook_document(fleet: Fleet, *, region: str) -> dict[str, Any]:
    """
    The policy for the consumer of the fleet's hooks.

    Where no hook tells a queue itself, as with a rule of EventBridge, any queue in the fleet's regions may be read.

    Args:
        fleet: Says which groups, and which queues.
        region: Where groups without a location live.
    """
    account = _Account(fleet, region)
    statements = [
        ("ReadHooks", CONSUMER_READS, account.scope(On.READ)),
        ("EndLifecycleHooks", HOOKED, account.scope(On.OWN_GROUPS)),
        ("ConsumeQueues", CONSUMED, {"Resource": account.queues()}),
    ]
    made = [{"Sid": sid, "Effect": "Allow", "Action": [*actions], **on} for sid, actions, on in statements]
    return {"Version": "2012-10-17", "Statement": made}


def needs_of_fleet(fleet: Fleet) -> Iterator[Need]:
    """Everything that the fleet has and that takes a permission."""
    yield Need.ANYTHING
    for group in fleet.groups:
        yield from (need for need, is_needed in _needs(group).items() if is_needed)


def _needs(group: ScalingGroup) -> Mapping[Need, bool]:
    template, placement, aws = group.template, group.placement, group.aws
    return {
        Need.POLICIES: bool(group.policies),
        Need.EXECUTED: any(isinstance(policy, SimplePolicy | StepPolicy) for policy in group.policies),
        Need.ALARMS: bool(group.alarms),
        Need.HOOKS: bool(aws.lifecycle_hooks),
        Need.TOPICS: bool(aws.notify_scaling),
        Need.TOLD: any(topics_of(group)),
        Need.WARM_POOL: aws.warm_pool is not None,
        Need.GROUP_METRICS: aws.group_metrics,
        Need.BALANCERS: bool(group.cloud_balancers),
        Need.PARAMETERS: _parameter(group) is not None,
        Need.NETWORKS: bool(names_asked([group]).get(NETWORKS)) or asks_default_network(group),
        Need.SUBNETS: bool(placement.subnet_tags or placement.subnets),
        Need.ZONES: bool(placement.zones) or not (placement.subnet_tags or placement.subnets),
        Need.KEY_PAIRS: template.ssh_key is not None,
        Need.KEY_ALIASES: any(disk.key and key_id(disk.key).startswith(ALIAS) for disk in template.disks),
        Need.SECURITY_GROUPS: bool(template.security_groups),
        Need.CUSTOM: any(metric.source is MetricSource.CUSTOM for _, metric in watched(group)),
        Need.PUBLISHED: any(_namespaces(group)),
        Need.PROFILES: template.role is not None,
        Need.ROLES: bool(_roles(group)),
        Need.QUEUES: any(":sqs:" in (hook.notify or "") for hook in aws.lifecycle_hooks),
        Need.PLACEMENTS: any(placements_of(group)),
        Need.RESERVATIONS: group.purchase.reservation is not None,
        Need.DEFAULT_ROLE: aws.service_linked_role is None,
        Need.SPOT: group.purchase.spot,
        Need.FALLBACK: bool(group.purchase.fallback),
        Need.ROLLOUTS: group.rollout is not None,
        Need.SHARES: group.rollout is not None
        and group.rollout.strategy == BLUE_GREEN
        and any(balancer.alternate for balancer in group.load_balancers),
    }


class _Account:
    """ARNs and conditions; the account's number is left open, since a policy counts in its own only."""

    def __init__(self, fleet: Fleet, region: str) -> None:
        self.fleet = fleet
        self.regions = sorted({region, *(group.location for group in fleet.groups if group.location)})
        self.partition = partition_of(region)

    def scope(self, on: On) -> dict[str, Any]:
        """Resource and condition of a statement."""
        tag = {"StringEquals": {"aws:ResourceTag/trimtab-fleet": self.fleet.name}}
        request_tag = {"StringEquals": {"aws:RequestTag/trimtab-fleet": self.fleet.name}}
        templates = self._arns("ec2", "launch-template/*")
        scopes: Mapping[On, tuple[list[str], Mapping[str, Any]]] = {
            On.READ: (["*"], {}),
            On.PARAMETERS: (self._parameters(), {}),
            On.READ_PROFILES: (self._instance_profiles(), {}),
            On.READ_ROLES: (self._roles(), {}),
            On.READ_QUEUES: (self.queues(), {}),
            On.NEW_GROUPS: (self._groups(), request_tag),
            On.NAMED_GROUPS: (self._groups(), {}),
            On.OWN_GROUPS: (self._groups(), tag),
            On.LISTENERS: (
                [
                    arn
                    for what in ("listener/app/*", "listener/net/*", "listener-rule/app/*")
                    for arn in self._arns("elasticloadbalancing", what)
                ],
                {},
            ),
            On.NEW_TEMPLATES: (templates, request_tag),
            On.NEW_TEMPLATE_TAGS: (templates, {"StringEquals": {"ec2:CreateAction": "CreateLaunchTemplate"}}),
            On.OWN_TEMPLATES: (templates, tag),
            On.LAUNCHES: (["*"], {"ArnLike": {"ec2:LaunchTemplate": templates}}),
            On.LAUNCHED: (
                [*self._arns("ec2", "instance/*"), *self._arns("ec2", "volume/*")],
                {"StringEquals": {"ec2:CreateAction": "RunInstances"}},
            ),
            On.ALARMS: (self._arns("cloudwatch", f"alarm:{self.fleet.name}-*"), {}),
            On.METRICS: (["*"], {"StringEquals": {"cloudwatch:namespace": self._namespaces()}}),
            On.PROFILES: (self._profiles(), self._passed_to("ec2")),
            On.ROLES: (self._roles(), self._passed_to("autoscaling")),
            On.SERVICE_ROLES: (
                [f"arn:{self.partition}:iam::*:role/aws-service-role/{name}/*" for name in self._services()],
                {"StringEquals": {"iam:AWSServiceName": self._services()}},
            ),
        }
        resources, condition = scopes[on]
        return {"Resource": resources, **({"Condition": dict(condition)} if condition else {})}

    def queues(self) -> list[str]:
        """The queues that hooks tell; all where none is named."""
        named = [hook.notify or "" for group in self.fleet.groups for hook in group.aws.lifecycle_hooks]
        return sorted({arn for arn in named if ":sqs:" in arn}) or self._arns("sqs", "*")

    def _arns(self, service: str, resource: str) -> list[str]:
        return [f"arn:{self.partition}:{service}:{region}:*:{resource}" for region in self.regions]

    def _groups(self) -> list[str]:
        prefix = f"{self.fleet.name}-"
        names = {self.fleet.native_name(group) for group in self.fleet.groups}
        patterns = [f"{prefix}*", *sorted(name for name in names if not name.startswith(prefix))]
        return [
            arn
            for pattern in patterns
            for arn in self._arns("autoscaling", f"autoScalingGroup:*:autoScalingGroupName/{pattern}")
        ]

    def _parameters(self) -> list[str]:
        names = {name for group in self.fleet.groups if (name := _parameter(group))}
        return [arn for name in sorted(names) for arn in self._arns("ssm", f"parameter/{name.removeprefix('/')}")]

    def _namespaces(self) -> list[str]:
        return sorted({name for group in self.fleet.groups for name in _namespaces(group)})

    def _instance_profiles(self) -> list[str]:
        roles = {group.template.role for group in self.fleet.groups if group.template.role}
        arn = f"arn:{self.partition}:iam::*:instance-profile/"
        return sorted(role if role.startswith("arn:") else f"{arn}{role}" for role in roles)

    def _profiles(self) -> list[str]:
        roles = {group.template.role for group in self.fleet.groups if group.template.role}
        return sorted(self._role(role) for role in roles)

    def _roles(self) -> list[str]:
        return sorted({arn for group in self.fleet.groups for arn in _roles(group)})

    def _role(self, profile: str) -> str:
        """The role of an instance profile: as in most accounts, the one of the same name."""
        if profile.startswith("arn:"):
            return profile.replace(":instance-profile/", ":role/")
        return f"arn:{self.partition}:iam::*:role/{profile}"

    def _passed_to(self, service: str) -> dict[str, Any]:
        # in China EC2 is a principal by another name
        suffix = ".com.cn" if service == "ec2" and self.partition == "aws-cn" else ".com"
        return {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws{suffix}"}}

    def _services(self) -> list[str]:
        needs = set(needs_of_fleet(self.fleet))
        names = {"autoscaling.amazonaws.com": Need.DEFAULT_ROLE, "spot.amazonaws.com": Need.SPOT}
        return [name for name, need in names.items() if need in needs]


def partition_of(region: str) -> str:
    """The partition that a region is in."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _namespaces(group: ScalingGroup) -> list[str]:
    """Namespaces of custom metrics, less those that only AWS publishes in."""
    names = [metric.namespace or "" for _, metric in watched(group) if metric.source is MetricSource.CUSTOM]
    return [name for name in names if name and not name.startswith("AWS/")]


def _parameter(group: ScalingGroup) -> str | None:
    """The public parameter that an image is named by."""
    image = group.template.image
    return image.id.removeprefix("resolve:ssm:") if image.id and not image.id.startswith("ami-") else None


def _roles(group: ScalingGroup) -> list[str]:
    hooks = [hook.role for hook in group.aws.lifecycle_hooks if hook.role]
    return [*hooks, *([group.aws.service_linked_role] if group.aws.service_linked_role else [])]
