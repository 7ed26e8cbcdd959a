"""What AWS answers, each thing as plans compare it; pure."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from cronsim import CronSimError

from trimtab.engine.crons import fires
from trimtab.models.metric import RESULT
from trimtab.plan import Key, Resource, Secret, read_description, read_tags
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.pause import BACK_TAG, BOOST, BOOST_TAG, DRIVEN_TAG, NOTES, Boost, Pause
from trimtab.providers.pause import TAG as PAUSE_TAG
from trimtab.providers.run import TAG as ROLLOUT_TAG
from trimtab.providers.run import RolloutRun

PAUSED = frozenset({"AlarmNotification", "ScheduledActions"})
"""The processes that stand still while a group is paused."""


Numbers = Mapping[tuple[str, str], str]
"""The number that a version by name (`$Latest`, `$Default`) of a template, told by its id, has now."""
FIRST_CHOICE = "$Default"
"""The version of a template that is named without one: LaunchTemplateSpecification, Auto Scaling API Reference."""


def launched_from(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The launch template that a group launches from, by itself or in its mixed instances policy."""
    mixed = item.get("MixedInstancesPolicy") or {}
    own: Mapping[str, Any] = mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification")
    return own or item.get("LaunchTemplate") or {}


def launch_sources(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every launch template that a group launches from: its own, and those of single sizes in a mixed policy."""
    launch = (item.get("MixedInstancesPolicy") or {}).get("LaunchTemplate") or {}
    others = (override.get("LaunchTemplateSpecification") for override in launch.get("Overrides") or ())
    return [source for source in (launched_from(item), *others) if source]


def _template(template: Mapping[str, Any]) -> dict[str, Any]:
    return {name: template[name] for name in ("LaunchTemplateName", "Version") if name in template}


def mixed_of(policy: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A mixed instances policy that was answered, as it is written."""
    if not policy:
        return None
    launch = dict(policy.get("LaunchTemplate") or {})
    launch["LaunchTemplateSpecification"] = _template(launch.get("LaunchTemplateSpecification") or {})
    shares = {
        name: value for name, value in (policy.get("InstancesDistribution") or {}).items() if value not in (None, "")
    }
    if shares.get("SpotInstancePools") in (NO_POOLS, DEFAULT_POOLS):
        del shares["SpotInstancePools"]
    return {**policy, "LaunchTemplate": launch, "InstancesDistribution": shares}


DEFAULT_POOLS = 2
"""What `SpotInstancePools` is when nobody gives it: botocore autoscaling:InstancesDistribution.SpotInstancePools."""
NO_POOLS = 0
"""What `SpotInstancePools` is set to where the strategy is another than `lowest-price`, which alone takes a number."""


POOL_ENDING = "PendingDelete"
"""The status of a warm pool that is being deleted."""


def _warm_pool(pool: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not pool or pool.get("Status") == POOL_ENDING:
        return None
    reuse = (pool.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn", False)
    most = pool.get("MaxGroupPreparedCapacity")
    return {
        "MinSize": pool.get("MinSize", 0),
        "PoolState": pool.get("PoolState", "Stopped"),
        "InstanceReusePolicy": {"ReuseOnScaleIn": reuse},
        **({} if most in (None, -1) else {"MaxGroupPreparedCapacity": most}),
    }


def find_pause(item: Mapping[str, Any]) -> Pause | None:
    """The pause that is marked on a group."""
    return next((Pause.parse(tag.get("Value", "")) for tag in item.get("Tags", ()) if tag["Key"] == PAUSE_TAG), None)


def find_boost(item: Mapping[str, Any]) -> Boost | None:
    """The boost that is marked on a group."""
    return Boost.parse(next((tag.get("Value", "") for tag in item.get("Tags", ()) if tag["Key"] == BOOST_TAG), ""))


def find_run(item: Mapping[str, Any]) -> RolloutRun | None:
    """The rollout that is marked on a group."""
    return RolloutRun.parse(
        next((tag.get("Value", "") for tag in item.get("Tags", ()) if tag["Key"] == ROLLOUT_TAG), "")
    )


def find_notes(item: Mapping[str, Any]) -> dict[str, str]:
    """What is noted of rollouts on a group."""
    return {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", ()) if tag["Key"] in NOTES}


def template_in_words(item: Mapping[str, Any], source: Mapping[str, Any]) -> str:
    """A template as the mark of a rollout has it: its version, after its name where that is not the group's."""
    name, version = source.get("LaunchTemplateName", ""), source.get("Version") or FIRST_CHOICE
    return version if name == item["AutoScalingGroupName"] else f"{name}:{version}"


def template_of_words(item: Mapping[str, Any], words: str) -> dict[str, Any]:
    """What a group launches from by a template in the words of a mark, its id included where that is known."""
    name, _, version = words.rpartition(":")
    name, own = name or item["AutoScalingGroupName"], launched_from(item)
    known = own.get("LaunchTemplateId") if own.get("LaunchTemplateName") == name else None
    return {**({"LaunchTemplateId": known} if known else {}), "LaunchTemplateName": name, "Version": version}


def aimed_at(item: Mapping[str, Any], words: str) -> dict[str, Any]:
    """A group as if it launched from another template, told in the words of a mark."""
    source = template_of_words(item, words)
    policy = item.get("MixedInstancesPolicy")
    if not policy:
        return {**item, "LaunchTemplate": source}
    launch = {**(policy.get("LaunchTemplate") or {}), "LaunchTemplateSpecification": source}
    return {**item, "MixedInstancesPolicy": {**policy, "LaunchTemplate": launch}}


def is_behind(instance: Mapping[str, Any], item: Mapping[str, Any], numbers: Numbers) -> bool:
    """Whether an instance has another template than its group launches from, or is to have by a rollout that is on."""
    run = find_run(item)
    return is_outdated(
        instance, aimed_at(item, run.new) if run is not None and run.in_place and run.new else item, numbers
    )


def is_boost(action: Mapping[str, Any]) -> bool:
    """Whether a scheduled action holds a boost; no plan compares it."""
    return f"-{BOOST}-" in action["ScheduledActionName"]


def suspended(item: Mapping[str, Any]) -> list[str]:
    """The processes of a group that stand still."""
    return [process["ProcessName"] for process in item.get("SuspendedProcesses") or ()]


def _suspended(item: Mapping[str, Any], paused: str | None, wanted: Iterable[str]) -> list[str]:
    """Suspended processes; while a marked pause stands, those that it is about are as the fleet wants them."""
    if paused is None:
        return suspended(item)
    return [name for name in suspended(item) if name not in PAUSED] + [name for name in wanted if name in PAUSED]


OTHER_SETTINGS: Mapping[str, Any] = {
    "AvailabilityZoneDistribution": {"CapacityDistributionStrategy": "balanced-best-effort"},
    "AvailabilityZoneImpairmentPolicy": None,
    "CapacityReservationSpecification": {"CapacityReservationPreference": "default"},
    "Context": None,
    "DeletionProtection": "none",
    "DesiredCapacityType": None,
    "InstanceLifecyclePolicy": None,
    "InstanceMaintenancePolicy": None,
    "LoadBalancerNames": None,
}
"""Settings of a group that no field has a word for, each with what is answered where nobody gave it."""


def group_resource(
    region: str, item: Mapping[str, Any], *, wanted: Iterable[str] = (), numbers: Numbers = MappingProxyType({})
) -> Resource:
    """
    A group as `DescribeAutoScalingGroups` answers it.

    Args:
        region: Where.
        item: The answer.
        wanted: The processes that its fleet suspends.
        numbers: The versions that it names by `$Latest` or `$Default`.
    """
    given = {tag["Key"]: tag.get("Value", "") for tag in item.get("Tags", ())}
    paused, boost, rollout, back, _ = (
        given.pop(tag, None) for tag in (PAUSE_TAG, BOOST_TAG, ROLLOUT_TAG, BACK_TAG, DRIVEN_TAG)
    )
    tags, mark = read_tags(given)
    launches = {tag["Key"]: bool(tag.get("PropagateAtLaunch")) for tag in item.get("Tags", ())}
    template = launched_from(item)
    metrics = item.get("EnabledMetrics") or []
    subnets = [subnet for subnet in (item.get("VPCZoneIdentifier") or "").split(",") if subnet]
    body = {
        **{name: item.get(name) for name in ("MinSize", "MaxSize", "DesiredCapacity")},
        "HealthCheckType": ",".join(health_types(item)) or "EC2",
        **{name: item.get(name) for name in ("HealthCheckGracePeriod", "DefaultCooldown")},
        **{name: item.get(name) or None for name in ("PlacementGroup", "LaunchConfigurationName")},
        "ServiceLinkedRoleARN": own_role(item.get("ServiceLinkedRoleARN")),
        "MixedInstancesPolicy": mixed_of(item.get("MixedInstancesPolicy")),
        "LaunchTemplate": _template(item.get("LaunchTemplate") or {}),
        "CapacityRebalance": bool(item.get("CapacityRebalance")),
        "WarmPoolConfiguration": _warm_pool(item.get("WarmPoolConfiguration")),
        "SuspendedProcesses": _suspended(item, paused, wanted),
        "EnabledMetrics": metrics[0].get("Granularity") if metrics else None,
        "VPCZoneIdentifier": subnets,
        "AvailabilityZones": [] if subnets else item.get("AvailabilityZones", []),
        "TargetGroupARNs": item.get("TargetGroupARNs", []),
        "InstanceMaintenancePolicy": item.get("InstanceMaintenancePolicy") or None,
        "DefaultInstanceWarmup": unless(item.get("DefaultInstanceWarmup"), -1),
        "NewInstancesProtectedFromScaleIn": bool(item.get("NewInstancesProtectedFromScaleIn")),
        "TerminationPolicies": item.get("TerminationPolicies") or ["Default"],
        "MaxInstanceLifetime": unless(item.get("MaxInstanceLifetime"), 0),
        # those of AWS itself nobody may write or remove
        "Tags": [
            {"Key": key, "Value": tags[key], "PropagateAtLaunch": launches[key]}
            for key in tags
            if not key.startswith("aws:")
        ],
        **{name: unless(item.get(name), unsaid) or None for name, unsaid in OTHER_SETTINGS.items()},
    }
    instances = item.get("Instances", [])
    return Resource(
        key=Key(region, AUTO_SCALING_GROUP.name, item["AutoScalingGroupName"]),
        body={name: value for name, value in body.items() if value is not None},
        group=mark.group if mark else "",
        mark=mark,
        attributes={
            "arn": item.get("AutoScalingGroupARN", ""),
            "instances": len(instances),
            "outdated": sum(is_behind(instance, item, numbers) for instance in instances),
            "template": template.get("LaunchTemplateName"),
            "paused": paused,
            "boosted": boost,
            **({"rollout": rollout} if rollout else {}),
            **({"rolled_back": back} if back else {}),
        },
        deleting=(item.get("Status") or "").lower().startswith("delete"),
        protection=_protection(item),
    )


def topics_by_group(items: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """What `DescribeNotificationConfigurations` lists, one item for each topic and event, by group and topic."""
    events: dict[str, dict[str, set[str]]] = {}
    for item in items:
        topics = events.setdefault(item["AutoScalingGroupName"], {})
        topics.setdefault(item["TopicARN"], set()).add(item["NotificationType"])
    return {
        name: [{"TopicARN": arn, "NotificationTypes": sorted(kinds)} for arn, kinds in sorted(topics.items())]
        for name, topics in events.items()
    }


def health_types(item: Mapping[str, Any]) -> list[str]:
    """The types of health check of a group in order, less that of EC2, which is always on (CreateAutoScalingGroup)."""
    return sorted({name.strip() for name in (item.get("HealthCheckType") or "").split(",")} - {"", "EC2"})


def _protection(item: Mapping[str, Any]) -> str:
    """
    What keeps a group from being deleted with its instances.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/resource-deletion-protection.html
    """
    level = item.get("DeletionProtection") or "none"
    return "" if level == "none" else f"its deletion protection is {level}; set DeletionProtection to none first"


def is_outdated(instance: Mapping[str, Any], item: Mapping[str, Any], numbers: Numbers) -> bool:
    """
    Whether an instance was launched from another template or version than its group launches from.

    A template is told by its id, since one that was deleted and made again has the same name and numbers. Where the
    number behind `$Latest` or `$Default` is unknown, every version counts.
    """
    configuration, sources = item.get("LaunchConfigurationName"), launch_sources(item)
    if configuration:
        return bool(instance.get("LaunchConfigurationName") != configuration)
    own = instance.get("LaunchTemplate") or {}
    return bool(sources) and not any(is_launched_from(own, source, numbers) for source in sources)


def is_launched_from(
    own: Mapping[str, Any], source: Mapping[str, Any], numbers: Numbers = MappingProxyType({})
) -> bool:
    """Whether two say the same template and version; one by a name whose number is unknown says every version."""
    ids = own.get("LaunchTemplateId"), source.get("LaunchTemplateId")
    names = own.get("LaunchTemplateName"), source.get("LaunchTemplateName")
    if len(set(ids if all(ids) else names)) > 1:
        return False
    version = number_of(source, numbers)
    return version is None or version == own.get("Version")


def number_of(source: Mapping[str, Any], numbers: Numbers = MappingProxyType({})) -> str | None:
    """The number of the version that a template is named with; `None` where it is named otherwise, and unknown."""
    version = source.get("Version") or FIRST_CHOICE
    return version if version.isdecimal() else numbers.get((source.get("LaunchTemplateId", ""), version))


def policy_resource(region: str, item: Mapping[str, Any]) -> Resource:
    """A policy as `DescribePolicies` answers it, of whatever type it is."""
    own = {"PolicyName", "AutoScalingGroupName", "PolicyARN", "Alarms"}
    group = item["AutoScalingGroupName"]
    body = {name: value for name, value in item.items() if name not in own and value is not None}
    tracking = body.get("TargetTrackingConfiguration") or {}
    if math := (tracking.get("CustomizedMetricSpecification") or {}).get("Metrics"):
        own_math = {"CustomizedMetricSpecification": {"Metrics": with_own_result(math)}}
        body["TargetTrackingConfiguration"] = {**tracking, **own_math}
    return Resource(
        key=Key(region, SCALING_POLICY.name, item["PolicyName"], group),
        body=body,
        item=f"policies.{item['PolicyName']}",
        attributes={"arn": item["PolicyARN"]},
    )


def action_resource(region: str, item: Mapping[str, Any], now: datetime) -> Resource:
    """A scheduled action as `DescribeScheduledActions` answers it, less a start that only says when it is next due."""
    group, name = item["AutoScalingGroupName"], item["ScheduledActionName"]
    names = ("MinSize", "MaxSize", "DesiredCapacity", "Recurrence", "TimeZone", "StartTime", "EndTime")
    body = {at: item[at] for at in names if item.get(at) is not None}
    for at in ("StartTime", "EndTime"):
        if isinstance(body.get(at), datetime):
            body[at] = body[at].strftime("%Y-%m-%dT%H:%M:%SZ")
    if "Recurrence" in body and "StartTime" in body and _is_due(body, now):
        del body["StartTime"]
    return Resource(
        key=Key(region, SCHEDULED_ACTION.name, name, group),
        body=body,
        item=f"schedules.{name}",
        attributes={"arn": item.get("ScheduledActionARN", "")},
    )


def _is_due(body: Mapping[str, Any], now: datetime) -> bool:
    """Whether the start is that at which the action is next due, for clocks that go a minute wrong."""
    start, slack = datetime.fromisoformat(body["StartTime"]), timedelta(minutes=10)
    try:
        coming = list(islice(fires(body["Recurrence"], body.get("TimeZone", "UTC"), now - slack, start), 20))
        return start in coming and all(fire <= now + timedelta(minutes=1) for fire in coming if fire != start)
    except (CronSimError, ValueError, ZoneInfoNotFoundError):  # in words that no schedule has
        return False


def with_own_result(queries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Metric math, with our name for its expression where nothing goes by the name that it has."""
    results = [query for query in queries if query.get("ReturnData", True) and query.get("Expression")]
    others = {query["Id"] for query in queries}
    if len(results) != 1 or len(queries) < 2 or results[0]["Id"] == "quotient" or RESULT in others:
        return list(queries)
    return [{**query, "Id": RESULT} if query is results[0] else query for query in queries]


def alarm_resource(region: str, item: Mapping[str, Any]) -> Resource:
    """An alarm as `DescribeAlarms` answers it."""
    state = {name for name in item if name.startswith(("State", "EvaluationState"))}
    own = {"AlarmName", "AlarmArn", "AlarmConfigurationUpdatedTimestamp", *state}
    text, mark = read_description(item.get("AlarmDescription"))
    body = {name: value for name, value in item.items() if name not in own and value is not None}
    if "EvaluationPeriods" in body:
        body.setdefault("DatapointsToAlarm", body["EvaluationPeriods"])
    if body.get("Metrics"):
        body["Metrics"] = with_own_result(body["Metrics"])
    body.pop("AlarmDescription", None)
    if text:
        body["AlarmDescription"] = text
    return Resource(
        key=Key(region, METRIC_ALARM.name, item["AlarmName"]),
        body=body,
        group=mark.group if mark else "",
        mark=mark,
        attributes={"arn": item.get("AlarmArn", ""), "raw": item},
    )


def template_resource(region: str, item: Mapping[str, Any]) -> Resource:
    """A launch template by its latest version, as `DescribeLaunchTemplateVersions` answers it."""
    data = _writable(item.get("LaunchTemplateData", {}))
    if data.get("UserData"):
        data["UserData"] = Secret(_as_zipped_here(data["UserData"]))
    _, mark = read_description(item.get("VersionDescription"))
    return Resource(
        key=Key(region, LAUNCH_TEMPLATE.name, item["LaunchTemplateName"]),
        body={"LaunchTemplateData": data},
        group=mark.group if mark else "",
        mark=mark,
        attributes={
            "id": item.get("LaunchTemplateId", ""),
            "name": item["LaunchTemplateName"],
            "version": str(item["VersionNumber"]),
        },
    )


GZIPPED = "H4sI"
"""How Base64 of what is gzipped begins."""


def _as_zipped_here(text: str) -> str:
    """User data with agents as this machine would zip them, so that they are compared by what is in them."""
    if not text.startswith(GZIPPED):
        return text
    from trimtab.providers.agents.user_data import as_zipped_here  # few groups have agents

    try:
        return base64.b64encode(as_zipped_here(base64.b64decode(text))).decode()
    except ValueError:
        return text


def _writable(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a version less what is only ever answered: ResponseLaunchTemplateData, Amazon EC2 API Reference."""
    settings = {name: _with_moments_as_text(value) for name, value in data.items() if name != "Operator"}
    if options := settings.get("MetadataOptions"):
        settings["MetadataOptions"] = {name: value for name, value in options.items() if name != "State"}
    if interfaces := settings.get("NetworkInterfaces"):
        settings["NetworkInterfaces"] = [_writable_interface(interface) for interface in interfaces]
    return settings


def _with_moments_as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    if isinstance(value, Mapping):
        return {name: _with_moments_as_text(item) for name, item in value.items()}
    return [_with_moments_as_text(item) for item in value] if isinstance(value, list) else value


def _writable_interface(interface: Mapping[str, Any]) -> dict[str, Any]:
    if "Ipv6Addresses" not in interface:
        return dict(interface)
    addresses = [{"Ipv6Address": address.get("Ipv6Address")} for address in interface["Ipv6Addresses"]]
    return {**interface, "Ipv6Addresses": addresses}


def own_role(arn: str | None) -> str | None:
    """A service-linked role that is not the account's usual one."""
    return None if (arn or "").endswith("/AWSServiceRoleForAutoScaling") else arn


def unless(value: Any, nothing: Any) -> Any:
    """A value; `None` in place of the one that says nothing."""
    return None if value == nothing else value
