"""Requests held against the rows of what AWS refuses: the same that a plan reads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.wire import Request
from trimtab.emulators.aws.world import Region
from trimtab.emulators.shared.errors import ServiceError
from trimtab.providers.aws.constraints import ACTION, ALARM, CONSTRAINTS, GROUP, POLICY, TEMPLATE

Body = Mapping[str, Any]
_Bodies = Callable[[Body, Region], Iterator[tuple[str, Body]]]


def refuse(request: Request, region: Region) -> None:
    """
    Refuse a request by a row that what it writes breaks.

    Raises:
        ServiceError: The row's code, or the service's usual one.
    """
    bodies_of = _BODIES.get(request.operation)
    for kind, body in bodies_of(request.params, region) if bodies_of else ():
        for breach in CONSTRAINTS.breaches(kind, body):
            text = f"{breach.path} {breach.text}"
            raise ServiceError(breach.row.code, text) if breach.row.code else _usual(request, text)


def _usual(request: Request, text: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", text) if request.service == "ec2" else invalid(text)


def _whole(kind: str) -> _Bodies:
    def bodies(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
        yield kind, params

    return bodies


def _group(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    standing = _standing(params, region)
    body = {**standing, **params}
    if standing and body.get("PlacementGroup") == "":
        body.pop("PlacementGroup")  # "To remove the placement group setting, pass an empty string" (botocore)
    if params.get("MixedInstancesPolicy"):
        body["MixedInstancesPolicy"] = {
            **(standing.get("MixedInstancesPolicy") or {}),
            **params["MixedInstancesPolicy"],
        }
    elif params.get("LaunchTemplate") or params.get("LaunchConfigurationName"):
        body.pop("MixedInstancesPolicy", None)
    yield GROUP, body


def _warm_pool(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    yield GROUP, {**_standing(params, region), "WarmPoolConfiguration": params}


def _hook(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    earlier = region.hooks.get((params["AutoScalingGroupName"], params.get("LifecycleHookName", "")), {})
    yield GROUP, {"LifecycleHookSpecificationList": [{**earlier, **params}]}


def _topic(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    told = {topic for group, topic, _ in region.topics if group == params["AutoScalingGroupName"]}
    others = [{"TopicARN": topic} for topic in sorted(told - {params.get("TopicARN", "")})]
    yield GROUP, {"NotificationConfigurations": [*others, params]}


def _targets(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    group = region.groups.get(params["AutoScalingGroupName"])
    standing = group.target_group_arns if group is not None else ()
    yield GROUP, {"TargetGroupARNs": [*dict.fromkeys([*standing, *params["TargetGroupARNs"]])]}


def _group_tags(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    by_name: dict[str, list[Body]] = {}
    for tag in params["Tags"]:
        by_name.setdefault(tag.get("ResourceId", ""), []).append(tag)
    for name, tags in by_name.items():
        group = region.groups.get(name)
        given = {tag["Key"] for tag in tags}
        standing = [tag for tag in group.tags if tag["Key"] not in given] if group is not None else []
        yield GROUP, {"Tags": [*standing, *tags]}


def _actions(params: Body, region: Region) -> Iterator[tuple[str, Body]]:
    yield from ((ACTION, action) for action in params["ScheduledUpdateGroupActions"])


def _standing(params: Body, region: Region) -> dict[str, Any]:
    """What a group has and a request beside it may not go with."""
    group = region.groups.get(params["AutoScalingGroupName"])
    if group is None:
        return {}
    return {
        "MixedInstancesPolicy": group.mixed_instances_policy,
        "WarmPoolConfiguration": group.pool,
    }


_BODIES: Mapping[str, _Bodies] = {
    "CreateLaunchTemplate": _whole(TEMPLATE),
    "CreateLaunchTemplateVersion": _whole(TEMPLATE),
    "CreateAutoScalingGroup": _whole(GROUP),
    "UpdateAutoScalingGroup": _group,
    "AttachLoadBalancerTargetGroups": _targets,
    "PutWarmPool": _warm_pool,
    "PutLifecycleHook": _hook,
    "PutNotificationConfiguration": _topic,
    "CreateOrUpdateTags": _group_tags,
    "PutScalingPolicy": _whole(POLICY),
    "PutScheduledUpdateGroupAction": _whole(ACTION),
    "BatchPutScheduledUpdateGroupAction": _actions,
    "PutMetricAlarm": _whole(ALARM),
}
"""By operation, the bodies that a request writes, each with its kind."""
