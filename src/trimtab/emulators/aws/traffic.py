"""Traffic sources, target groups and notification topics of a group."""

from typing import Any

from trimtab.emulators.aws.calls import Answer, Call, at_most, find_group, page, reordered
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.notices import check_topic

NOTIFICATIONS = (
    "autoscaling:EC2_INSTANCE_LAUNCH",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR",
    "autoscaling:EC2_INSTANCE_TERMINATE",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR",
    "autoscaling:TEST_NOTIFICATION",
)
METRICS = tuple(
    f"Group{name}"
    for name in (
        *("MinSize", "MaxSize", "DesiredCapacity", "InServiceInstances", "PendingInstances", "StandbyInstances"),
        *("TerminatingInstances", "TotalInstances", "InServiceCapacity", "PendingCapacity", "StandbyCapacity"),
        *("TerminatingCapacity", "TotalCapacity"),
    )
)
"""The metrics that a group publishes of itself."""


def attach_load_balancer_target_groups(call: Call) -> Answer:
    """A group whose instances are targets of more target groups."""
    _attach(call, find_group(call), call.params["TargetGroupARNs"])
    return None


def detach_load_balancer_target_groups(call: Call) -> Answer:
    """A group whose instances are targets of fewer target groups."""
    _detach(find_group(call), call.params["TargetGroupARNs"])
    return None


def attach_traffic_sources(call: Call) -> Answer:
    """A group with more traffic sources."""
    at_most(call, "TrafficSources", 10)
    _attach(call, find_group(call), _targets(call))
    return {}


def detach_traffic_sources(call: Call) -> Answer:
    """A group with fewer traffic sources."""
    at_most(call, "TrafficSources", 10)
    _detach(find_group(call), _targets(call))
    return {}


def describe_traffic_sources(call: Call) -> Answer:
    """The traffic sources of a group, each with the state of its attachment."""
    group = find_group(call)
    names_by_type = {"elbv2": group.target_group_arns, "elb": group.load_balancer_names}
    kind = call.params.get("TrafficSourceType")
    if kind not in (None, "vpc-lattice", *names_by_type):
        raise invalid("Valid traffic source types are: elb, elbv2, vpc-lattice")
    sources = [
        {"TrafficSource": name, "Identifier": name, "Type": each, "State": "InService" if group.members() else "Added"}
        for each, names in names_by_type.items()
        for name in names
        if kind in (None, each)
    ]
    return page(call, sources, "TrafficSources", top=50)


def put_notification_configuration(call: Call) -> Answer:
    """A topic that is told of a group's events; nothing is sent."""
    params, group = call.params, find_group(call)
    for kind in params["NotificationTypes"]:
        if kind not in NOTIFICATIONS:
            raise invalid(f'"{kind}" is not a valid Notification Type')
    check_topic(call.region, params["TopicARN"])
    _forget_topic(call, group)
    for kind in params["NotificationTypes"]:
        call.region.topics[group.name, params["TopicARN"], kind] = {
            "AutoScalingGroupName": group.name,
            "TopicARN": params["TopicARN"],
            "NotificationType": kind,
        }
    return None


def describe_notification_configurations(call: Call) -> Answer:
    """The topics by group."""
    names = call.params.get("AutoScalingGroupNames")
    topics = [each for (name, _, _), each in sorted(call.region.topics.items()) if not names or name in names]
    return page(call, topics, "NotificationConfigurations")


def delete_notification_configuration(call: Call) -> Answer:
    """A topic that is told no more."""
    _forget_topic(call, find_group(call))
    return None


def enable_metrics_collection(call: Call) -> Answer:
    """A group that publishes metrics of itself; the emulator only says so."""
    group, wanted = find_group(call), _metrics(call)
    if call.params["Granularity"] != "1Minute":
        raise invalid("Valid metric granularities are: 1Minute")
    group.metrics = [*group.metrics, *(name for name in wanted if name not in group.metrics)]
    return None


def disable_metrics_collection(call: Call) -> Answer:
    """A group that publishes fewer metrics of itself, or none."""
    group, wanted = find_group(call), _metrics(call)
    group.metrics = [name for name in group.metrics if name not in wanted]
    return None


def check_target_groups(call: Call, arns: list[str]) -> None:
    """Refuse target groups that there are not."""
    for arn in arns:
        if arn not in call.region.elbv2.target_groups:
            raise invalid("Target group ARN not found: one or more of the specified target groups do not exist")


def targets_of(sources: list[dict[str, Any]]) -> list[str]:
    """The target groups among traffic sources."""
    return [source["Identifier"] for source in sources if source.get("Type", "elbv2") == "elbv2"]


def _targets(call: Call) -> list[str]:
    sources: list[dict[str, Any]] = call.params["TrafficSources"]
    for source in sources:
        if ":targetgroup/" not in source["Identifier"] or source.get("Type", "elbv2") != "elbv2":
            raise invalid(f"The traffic source {source['Identifier']} is not one that the emulator has: target groups")
    return targets_of(sources)


def _attach(call: Call, group: GroupView, arns: list[str]) -> None:
    check_target_groups(call, arns)
    known = group.target_group_arns
    group.target_group_arns = reordered([*known, *(set(arns) - set(known))])
    group.refresh_targets()


def _detach(group: GroupView, arns: list[str]) -> None:
    for arn in arns:
        if arn not in group.target_group_arns:
            raise invalid(f"Trying to remove Target Groups that are not part of the group: {arn}")
    for arn in arns:
        if arn in group.home.elbv2.target_groups:
            targets = [{"Id": state.instance.id} for state in group.instance_states]
            group.home.elbv2.deregister_targets(arn, targets)
    group.target_group_arns = [arn for arn in group.target_group_arns if arn not in arns]


def _forget_topic(call: Call, group: GroupView) -> None:
    for key in [key for key in call.region.topics if key[:2] == (group.name, call.params["TopicARN"])]:
        del call.region.topics[key]


def _metrics(call: Call) -> list[str]:
    for name in call.params.get("Metrics") or ():
        if name not in METRICS and not name.startswith(("GroupAndWarmPool", "WarmPool")):
            raise invalid(f"{name} is not a valid metric type")
    return list(call.params.get("Metrics") or METRICS)
