"""What groups name and AWS has to have, asked for in bulk: a call for each kind and region."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.errors import NotFound
from trimtab.models import Metric, MetricSource, PredictivePolicy, ScalingGroup, TargetTrackingPolicy
from trimtab.models.metric import NEUTRAL
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.facts import TargetGroup, target_group
from trimtab.providers.aws.metrics import Scope, metric_for
from trimtab.providers.aws.names import is_elsewhere
from trimtab.providers.aws.places import FIREWALLS, NETWORKS, SUBNETS, Named, is_id
from trimtab.providers.aws.template import ALIAS, key_id, profile_name
from trimtab.providers.resolver import IMAGE, NO_START, SIZE, SUBNET, ZONE, ExistingThing, Reference
from trimtab.providers.retry import in_batches

KEY_PAIR, SECURITY_GROUP, TARGET_GROUP, METRIC = "key pair", "security group", "target group", "metric"
PROFILE, KEY, TOPIC, QUEUE, ROLE = "instance profile", "key alias", "topic", "queue", "role"
PLACEMENT, RESERVATION = "placement group", "capacity reservation"
UNTOLD = "nobody is told of the alarm until it is there; write another ARN or make it"
UNTESTED = "Auto Scaling sends it a test message first; write another ARN or make it"
UNSEEN = f"or this account may not see it; {UNTESTED}"
UNUSED_ROLE = "Auto Scaling acts as it; write another ARN or make it"
MOST_VALUES = 200
"""Of one filter: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html"""
ENDED = frozenset({"cancelled", "expired", "failed"})
"""States of a capacity reservation that is used up: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CapacityReservation.html"""
UNWRITTEN = "nothing has been written to it for two weeks, and until something is there are no datapoints"


_TOPIC = re.compile(r"arn:[\w-]+:sns:[\w-]+:\d{12}:[\w.-]+")
_QUEUE = re.compile(r"arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w.-]+")
_ROLE = re.compile(r"arn:[\w-]+:iam::\d{12}:role/.+")


class _List(NamedTuple):
    """How things of a kind are asked for by name."""

    operation: str
    filter: str
    part: str
    """What of each thing is its name."""
    more: Mapping[str, Any] = {}


_LISTS: Mapping[str, _List] = {
    # groups launch from deprecated images too: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html
    IMAGE: _List("describe_images", "image-id", "ImageId", {"IncludeDeprecated": True}),
    KEY_PAIR: _List("describe_key_pairs", "key-name", "KeyName"),
    SECURITY_GROUP: _List("describe_security_groups", "group-id", "GroupId"),
    SUBNET: _List("describe_subnets", "subnet-id", "SubnetId"),
    ZONE: _List("describe_availability_zones", "zone-name", "ZoneName"),
    PLACEMENT: _List("describe_placement_groups", "group-name", "GroupName"),
}


class Sought(NamedTuple):
    """A metric as ListMetrics tells it from others."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """It in words."""
        words = (f"{name} {value}" for name, value in self.dimensions)
        return ", ".join([f"{self.namespace}/{self.name}", *words])


def watched(group: ScalingGroup) -> Iterator[tuple[str, Metric]]:
    """Every metric that a group watches, with the path of what watches it."""
    for alarm in group.alarms:
        yield f"alarms.{alarm.name}", alarm.metric
    for policy in group.policies:
        if isinstance(policy, TargetTrackingPolicy | PredictivePolicy):
            yield f"policies.{policy.name}", policy.metric
        if isinstance(policy, PredictivePolicy) and policy.load is not None:
            yield f"policies.{policy.name}", NEUTRAL[policy.load]


def custom_metrics(group: ScalingGroup, native: str) -> Iterator[tuple[str, Sought]]:
    """The custom metrics that a group watches, each with the path of its field."""
    for path, metric in watched(group):
        if metric.source is MetricSource.CUSTOM:
            name, namespace, dimensions = metric_for(metric, Scope(native))
            yield f"{path}.metric", Sought(namespace, name, tuple(sorted(dimensions.items())))


def references_of(group: ScalingGroup, region: str, native: str) -> Iterator[Reference]:
    """What a group names and has to be there."""
    template, place = group.template, group.placement
    if template.image.id is not None and template.image.id.startswith("ami-"):
        yield Reference("template.image", IMAGE, template.image.id, region)
    if template.ssh_key and " " not in template.ssh_key:  # a key itself is refused by its form
        yield Reference("template.ssh_key", KEY_PAIR, template.ssh_key, region)
    if template.role:
        # who plans may not see roles and keys as the one does that launches
        yield Reference("template.role", PROFILE, profile_name(template.role), region, NO_START, is_needed=False)
    for index, disk in enumerate(template.disks):
        if disk.key and key_id(disk.key).startswith(ALIAS):
            yield Reference(f"template.disks.{index}.key", KEY, key_id(disk.key), region, NO_START, is_needed=False)
    for index, name in enumerate(template.security_groups):
        if is_id(name):
            yield Reference(f"template.security_groups.{index}", SECURITY_GROUP, name, region)
    for index, name in enumerate(place.subnets):
        if is_id(name):
            yield Reference(f"placement.subnets.{index}", SUBNET, name, region)
    for index, name in enumerate(place.zones):
        yield Reference(f"placement.zones.{index}", ZONE, name, region, "write a zone of the region")
    for index, balancer in enumerate(group.load_balancers):
        if balancer.id and not is_elsewhere(balancer.id, region):
            yield Reference(f"load_balancers.{index}.id", TARGET_GROUP, balancer.id, region)
        if balancer.id and balancer.alternate and not is_elsewhere(balancer.alternate, region):
            yield Reference(f"load_balancers.{index}.alternate", TARGET_GROUP, balancer.alternate, region)
    sizes = {f"purchase.sizes.{index}.size": option.size for index, option in enumerate(group.purchase.sizes)}
    for path, size in {**sizes, "template.size": template.size_name}.items():
        if size is not None:
            yield Reference(path, SIZE, size, region, "choose another size")
    yield from _told(group, region)
    yield from _roles(group, region)
    for path, name in placements_of(group):
        yield Reference(path, PLACEMENT, name, region)
    if group.purchase.reservation:
        yield Reference("purchase.reservation", RESERVATION, group.purchase.reservation, region)
    for path, metric in custom_metrics(group, native):
        yield Reference(path, METRIC, metric.text, region, UNWRITTEN, is_needed=False, known_by=metric.name)


def _told(group: ScalingGroup, region: str) -> Iterator[Reference]:
    """
    Topics and queues that are told.

    CloudWatch takes an alarm whose topic does not exist. Auto Scaling refuses a hook and a notification: "Unable to
    publish test message to notification target" (https://github.com/hashicorp/terraform/pull/3351).
    """
    for path, topic in topics_of(group):
        if not is_elsewhere(topic, region):
            is_alarm = path.startswith("alarms.")
            yield Reference(path, TOPIC, topic, region, UNTOLD if is_alarm else UNTESTED, is_needed=not is_alarm)
    for index, hook in enumerate(group.aws.lifecycle_hooks):
        queue = _QUEUE.fullmatch(hook.notify or "")
        if queue and not is_elsewhere(queue[0], region):
            # SQS does not tell a queue that is missing from one that is not to be seen
            path = f"aws.lifecycle_hooks.{index}.notify"
            yield Reference(path, QUEUE, queue[0], region, UNSEEN, is_needed=False)


def _roles(group: ScalingGroup, region: str) -> Iterator[Reference]:
    """Roles by which Auto Scaling acts; the account's usual one comes with the first group."""
    for index, hook in enumerate(group.aws.lifecycle_hooks):
        if hook.role and _ROLE.fullmatch(hook.role):
            path = f"aws.lifecycle_hooks.{index}.role"
            yield Reference(path, ROLE, hook.role, region, UNUSED_ROLE, is_needed=False)
    own = group.aws.service_linked_role
    if own and _ROLE.fullmatch(own) and not own.endswith("/AWSServiceRoleForAutoScaling"):
        yield Reference("aws.service_linked_role", ROLE, own, region, UNUSED_ROLE, is_needed=False)


def placements_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """The placement groups that a group names, each with its field."""
    if group.aws.placement_group:
        yield "aws.placement_group", group.aws.placement_group
    inner = group.aws.native.launch_template.get("Placement") if group.aws.native else None
    name = inner.get("GroupName") if isinstance(inner, Mapping) else None
    if isinstance(name, str) and name:
        yield "aws.native.launch_template.Placement.GroupName", name


def topics_of(group: ScalingGroup) -> Iterator[tuple[str, str]]:
    """The topics of SNS that a group names, each with its field."""
    told = (
        (f"alarms.{alarm.name}.{field}.{index}", target)
        for alarm in group.alarms
        for field in ("notify", "notify_ok", "notify_no_data")
        for index, target in enumerate(getattr(alarm, field))
    )
    hooks = ((f"aws.lifecycle_hooks.{at}.notify", each.notify) for at, each in enumerate(group.aws.lifecycle_hooks))
    scaling = ((f"aws.notify_scaling.{at}.topic", each.topic) for at, each in enumerate(group.aws.notify_scaling))
    for path, arn in (*told, *hooks, *scaling):
        if arn and _TOPIC.fullmatch(arn):
            yield path, arn


def find_topics(calls: Calls, region: str, arns: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the topics that are there: a call for each."""
    return _found_singly(lambda arn: calls.call("sns", "get_topic_attributes", region, TopicArn=arn), arns)


def find_queues(calls: Calls, region: str, arns: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the queues that are there: a call for each."""

    def ask(arn: str) -> object:
        *_, account, name = arn.split(":")
        return calls.call("sqs", "get_queue_url", region, QueueName=name, QueueOwnerAWSAccountId=account)

    return _found_singly(ask, arns)


def find_roles(calls: Calls, region: str, arns: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the roles that are there: a call for each."""
    return _found_singly(lambda arn: calls.call("iam", "get_role", region, RoleName=arn.rpartition("/")[2]), arns)


def find_reservations(calls: Calls, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the capacity reservations that are there, ended ones left out: a call for each."""
    found: dict[str, ExistingThing] = {}
    for name in names:
        try:
            items = calls.items("ec2", "describe_capacity_reservations", region, CapacityReservationIds=[name])
            states = [item["State"] for item in items]
        except NotFound:
            continue
        if set(states) - ENDED:
            found[name] = ExistingThing()
    return found


def _found_singly(ask: Callable[[str], object], names: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of some things that are there, each asked for by a call of its own."""
    result: dict[str, ExistingThing] = {}
    for name in names:
        try:
            ask(name)
        except NotFound:
            continue
        result[name] = ExistingThing()
    return result


def find_listed(calls: Calls, what: str, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
    """Images, key pairs, security groups, subnets or zones: those that are there, by name."""
    asked, result = _LISTS[what], {}
    for some in in_batches(names, MOST_VALUES):
        filters = [{"Name": asked.filter, "Values": list(some)}]
        for item in calls.items("ec2", asked.operation, region, Filters=filters, **asked.more):
            zones = frozenset({item["AvailabilityZone"]}) if what == SUBNET else None
            result[item[asked.part]] = ExistingThing(
                zones=zones, architecture=item.get("Architecture", "") if what == IMAGE else ""
            )
    return result


_NAMES: Mapping[str, _List] = {
    NETWORKS: _List("describe_vpcs", "tag:Name", "VpcId"),
    SUBNETS: _List("describe_subnets", "tag:Name", "SubnetId"),
    FIREWALLS: _List("describe_security_groups", "group-name", "GroupId"),
}


def find_named(calls: Calls, what: str, region: str, names: Sequence[str]) -> list[Named]:
    """Networks, subnets or security groups that are called by one of some names."""
    asked = _NAMES[what]
    items = (
        item
        for some in in_batches(names, MOST_VALUES)
        for item in calls.items(
            "ec2", asked.operation, region, Filters=[{"Name": asked.filter, "Values": list(some)}], **asked.more
        )
    )
    # a filter takes `*` and `?` for any characters; a name does not
    return sorted(each for item in items if (each := _named(item, asked.part)).name in names)


_EVERY: Mapping[str, _List] = {
    "network": _NAMES[NETWORKS],
    SUBNET: _NAMES[SUBNETS],
    SECURITY_GROUP: _NAMES[FIREWALLS],
    KEY_PAIR: _LISTS[KEY_PAIR],
}
"""How everything of a kind is listed."""


def names_of(calls: Calls, what: str, region: str) -> list[str]:
    """The names of everything of a kind in a region; none of a kind that is not listed whole."""
    if what == TARGET_GROUP:
        items = calls.items("elbv2", "describe_target_groups", region, PageSize=400)
        return [target.name for target in map(target_group, items)]
    if what not in _EVERY:
        return []
    asked = _EVERY[what]
    items = calls.items("ec2", asked.operation, region)
    return [str(item["KeyName"]) if what == KEY_PAIR else _named(item, asked.part).name for item in items]


def find_subnets(calls: Calls, region: str, filters: Mapping[str, Sequence[str]]) -> list[Named]:
    """The subnets that pass all the filters, in the order of their ids."""
    words = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
    return sorted(_named(item, "SubnetId") for item in calls.items("ec2", "describe_subnets", region, Filters=words))


def find_default_networks(calls: Calls, region: str) -> list[Named]:
    """The default network of a region; none where it was deleted."""
    filters = [{"Name": "is-default", "Values": ["true"]}]
    return [_named(item, "VpcId") for item in calls.items("ec2", "describe_vpcs", region, Filters=filters)]


def _named(item: Mapping[str, Any], part: str) -> Named:
    tags = {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags") or ()}
    name = item.get("GroupName") or tags.get("Name", "")
    return Named(item[part], name, item.get("VpcId", "") if part != "VpcId" else "", item.get("AvailabilityZone", ""))


def find_profiles(calls: Calls, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the instance profiles that are there: a call for each."""
    return _found_singly(
        lambda name: calls.call("iam", "get_instance_profile", region, InstanceProfileName=name), names
    )


def find_aliases(calls: Calls, region: str, names: Sequence[str]) -> dict[str, ExistingThing]:
    """Those of the aliases of keys that are there."""
    aliases = {item["AliasName"] for item in calls.items("kms", "list_aliases", region)}
    return {name: ExistingThing() for name in names if name in aliases}


def find_sizes(calls: Calls, region: str, names: Sequence[str], *, spot: bool) -> dict[str, ExistingThing]:
    """The zones in which instance types are offered, and where asked whether they can be had as spot."""
    zones: dict[str, set[str]] = {}
    for some in in_batches(names, MOST_VALUES):
        filters = [{"Name": "instance-type", "Values": list(some)}]
        params = {"LocationType": "availability-zone", "Filters": filters}
        for item in calls.items("ec2", "describe_instance_type_offerings", region, **params):
            zones.setdefault(item["InstanceType"], set()).add(item["Location"])
    able: dict[str, bool] = {}
    for some in in_batches(names, MOST_VALUES) if spot else ():
        filters = [{"Name": "instance-type", "Values": list(some)}]
        for item in calls.items("ec2", "describe_instance_types", region, Filters=filters):
            able[item["InstanceType"]] = "spot" in item["SupportedUsageClasses"]
    return {name: ExistingThing(zones=frozenset(some), is_spot=able.get(name)) for name, some in zones.items()}


def find_metrics(calls: Calls, region: str, wanted: Sequence[Sought]) -> dict[str, ExistingThing]:
    """Those of the metrics that something was written to in the last two weeks: a call for each."""
    result: dict[str, ExistingThing] = {}
    for metric in wanted:
        dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
        params = {"Namespace": metric.namespace, "MetricName": metric.name, "Dimensions": dimensions}
        for item in calls.items("cloudwatch", "list_metrics", region, **params):
            given = sorted((each["Name"], each["Value"]) for each in item.get("Dimensions") or ())
            if tuple(given) == metric.dimensions:
                result[metric.text] = ExistingThing()
    return result


def find_target_groups(calls: Calls, region: str, wanted: Sequence[str], *, by: str = "Names") -> list[TargetGroup]:
    """Target groups by name, or by ARN; those only that exist."""
    try:
        items = list(calls.items("elbv2", "describe_target_groups", region, **{by: list(wanted)}))
    except NotFound:  # one missing name hides all others
        items = list(calls.items("elbv2", "describe_target_groups", region, PageSize=400))
    targets = map(target_group, items)
    return [target for target in targets if target.name in wanted or target.arn in wanted]
