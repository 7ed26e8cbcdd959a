"""Reads everything about one group that importing takes: ten calls, and one more for each further page."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from trimtab.errors import InvalidRequest, NotFound
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.importing.group_reader import import_group
from trimtab.providers.aws.importing.replies import Replies
from trimtab.providers.aws.reads import find_group
from trimtab.providers.aws.resources import is_boost, launched_from
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import group_not_found

Items = list[Mapping[str, Any]]


def read_group(calls: Calls, location: str, name: str, *, fleet: str | None = None) -> Imported:
    """
    The group of this name in a region.

    Raises:
        NotFound: There is none.
    """
    replies = read_replies(calls, location, name)
    return import_group(replies, location=location, now=calls.clock.now(), fleet=fleet, home=calls.region)


def read_replies(calls: Calls, region: str, name: str) -> Replies:
    """
    All that is answered about a group.

    Raises:
        NotFound: There is no such group.
    """
    group = find_group(calls, region, name)
    if group is None:
        raise group_not_found(name, region, "aws")
    inside = partial(_items, calls, region, "autoscaling", AutoScalingGroupName=name)
    questions: list[Callable[[], Any]] = [
        partial(inside, "describe_policies"),
        partial(inside, "describe_scheduled_actions"),
        partial(_hooks, calls, region, name),
        partial(
            _items, calls, region, "autoscaling", "describe_notification_configurations", AutoScalingGroupNames=[name]
        ),
        partial(_alarms, calls, region),
        partial(_version, calls, region, launched_from(group)),
        partial(_one_version, calls, region, "$Latest", {"LaunchTemplateName": name}),
        partial(_configuration, calls, region, group.get("LaunchConfigurationName")),
        partial(_target_groups, calls, region, group.get("TargetGroupARNs") or ()),
    ]
    answers = calls.gather_or_raise(questions)
    policies, actions, hooks, topics, alarms, version, own_version, configuration, targets = answers
    return Replies(
        group=group,
        version=version,
        own_version=own_version,
        configuration=configuration,
        policies=policies,
        alarms=alarms[0],
        composites=alarms[1],
        actions=[action for action in actions if not is_boost(action)],
        hooks=hooks,
        topics=topics,
        target_groups=targets,
    )


def _items(calls: Calls, region: str, service: str, operation: str, **params: Any) -> Items:
    return list(calls.items(service, operation, region, **params))


def _hooks(calls: Calls, region: str, name: str) -> Items:
    reply = calls.call("autoscaling", "describe_lifecycle_hooks", region, AutoScalingGroupName=name)
    return list(reply["LifecycleHooks"])


def _alarms(calls: Calls, region: str) -> tuple[Items, Items]:
    """Every alarm of the region: which are the group's only their actions and dimensions say."""
    params = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}
    pages = list(calls.pages("cloudwatch", "describe_alarms", region, **params))
    metric = [item for page in pages for item in page.get("MetricAlarms") or ()]
    return metric, [item for page in pages for item in page.get("CompositeAlarms") or ()]


def _version(calls: Calls, region: str, template: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The version that a group launches from; none where it launches from no template or from one that is gone."""
    if not template:
        return None
    by = "LaunchTemplateId" if template.get("LaunchTemplateId") else "LaunchTemplateName"
    return _one_version(calls, region, template.get("Version", "$Default"), {by: template[by]})


def _one_version(calls: Calls, region: str, version: str, template: Mapping[str, str]) -> Mapping[str, Any] | None:
    try:
        reply = calls.call("ec2", "describe_launch_template_versions", region, **template, Versions=[version])
    except (NotFound, InvalidRequest):  # none of that name, or a name that none can have
        return None
    return next(iter(reply["LaunchTemplateVersions"]), None)


def _configuration(calls: Calls, region: str, name: str | None) -> Mapping[str, Any] | None:
    if name is None:
        return None
    configurations = _items(
        calls, region, "autoscaling", "describe_launch_configurations", LaunchConfigurationNames=[name]
    )
    return next(iter(configurations), None)


def _target_groups(calls: Calls, region: str, arns: Sequence[str]) -> Items:
    if not arns:
        return []
    try:
        return _items(calls, region, "elbv2", "describe_target_groups", TargetGroupArns=list(arns))
    except NotFound:  # one that is gone hides all others
        every = _items(calls, region, "elbv2", "describe_target_groups", PageSize=400)
        return [target for target in every if target["TargetGroupArn"] in arns]
