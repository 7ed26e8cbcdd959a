"""An Auto Scaling group as `DescribeAutoScalingGroups` answers it, in the words of the model."""

from collections.abc import Mapping, Sequence
from typing import Any

from trimtab.errors import InvalidModel
from trimtab.models import AwsProcess, LifecycleHook
from trimtab.plan import read_tags
from trimtab.providers.aws.importing.policies import drop_none, duration
from trimtab.providers.aws.importing.template import is_aws
from trimtab.providers.aws.purchase import STRATEGIES
from trimtab.providers.aws.resources import PAUSED, health_types, own_role, suspended, unless
from trimtab.providers.aws.settings import SCALING_EVENTS
from trimtab.providers.aws.translate import EVENTS, HEALTH_TYPES, TRANSITIONS
from trimtab.providers.pause import TAG as PAUSE_TAG

HOOK_TIMEOUT, COOLDOWN = 3600, 300
"""
What AWS has where nobody gives it.

botocore autoscaling:LifecycleHookSpecification.HeartbeatTimeout and
autoscaling:CreateAutoScalingGroupType.DefaultCooldown.
"""


def read_fields(item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a group that stand in its own reply, less sizes and purchase options; `tags` instances have too."""
    subnets = subnets_of(item)
    return drop_none(
        placement={"subnets": subnets} if subnets else {"zones": tuple(sorted(item.get("AvailabilityZones") or ()))},
        load_balancers=tuple({"id": arn} for arn in sorted(item.get("TargetGroupARNs") or ())) or None,
        health_check=_health(item) or None,
        cooldown=duration(unless(item.get("DefaultCooldown"), COOLDOWN)),
        warm_up=duration(unless(item.get("DefaultInstanceWarmup"), -1)),
        protect_from_scale_in=item.get("NewInstancesProtectedFromScaleIn") or None,
        tags=tags or None,
    )


def subnets_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The subnets of a group, in order."""
    return tuple(sorted(subnet for subnet in (item.get("VPCZoneIdentifier") or "").split(",") if subnet))


def read_group_tags(item: Mapping[str, Any], of_instances: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """
    The tags that a person gave a group, less the name that translation gives it.

    Args:
        item: The group.
        of_instances: The tags that its template gives instances.

    Returns:
        Those that instances get too, be it from the template with another value, and those that they do not.
    """
    tags, _ = read_tags({tag["Key"]: tag.get("Value", "") for tag in item.get("Tags") or ()})
    if tags.get("Name") == item["AutoScalingGroupName"]:
        del tags["Name"]
    inherited = {tag["Key"] for tag in item.get("Tags") or () if tag.get("PropagateAtLaunch")} | set(of_instances)
    if (
        of_instances.get("Name") == item["AutoScalingGroupName"]
    ):  # as translation calls them, whatever the group is called
        inherited.discard("Name")
    given = {key: value for key, value in tags.items() if not is_aws(key)}
    shared = {key: value for key, value in given.items() if key in inherited}
    return shared, {key: value for key, value in given.items() if key not in inherited}


def _health(item: Mapping[str, Any]) -> dict[str, Any]:
    return drop_none(
        by="load-balancer" if "ELB" in health_types(item) else None,
        grace=duration(unless(item.get("HealthCheckGracePeriod"), 0)),
    )


# what only AWS has


def read_settings(
    item: Mapping[str, Any],
    hooks: Sequence[Mapping[str, Any]],
    topics: Sequence[Mapping[str, Any]],
    pool: Any,
    group_tags: Mapping[str, str],
) -> dict[str, Any]:
    """The fields of the block for AWS."""
    paused = any(tag["Key"] == PAUSE_TAG for tag in item.get("Tags") or ())
    processes = [name for name in suspended(item) if name in set(AwsProcess) and not (paused and name in PAUSED)]
    policies = item.get("TerminationPolicies") or []
    metrics = item.get("EnabledMetrics") or []
    return drop_none(
        lifecycle_hooks=tuple(read_hooks(hooks)) or None,
        notify_scaling=tuple(_notification(topic) for topic in topics) or None,
        warm_pool=_warm_pool(pool),
        termination_policies=tuple(policies) if policies not in ([], ["Default"]) else None,
        max_instance_lifetime=duration(item.get("MaxInstanceLifetime") or None),
        maintenance=_maintenance(item.get("InstanceMaintenancePolicy")),
        suspended_processes=tuple(sorted(processes)) or None,
        group_metrics=True if metrics else None,
        health_checks=tuple(word for word, native in HEALTH_TYPES.items() if native in health_types(item)) or None,
        service_linked_role=own_role(item.get("ServiceLinkedRoleARN")),
        placement_group=item.get("PlacementGroup") or None,
        group_tags=group_tags or None,
    )


def read_hooks(hooks: Sequence[Mapping[str, Any]]) -> list[LifecycleHook]:
    """Lifecycle hooks, in the order of their names; those that the model can say."""
    result: list[LifecycleHook] = []
    for hook in sorted(hooks, key=lambda hook: hook["LifecycleHookName"]):
        try:
            result.append(_hook(hook, hook["LifecycleHookName"]))
        except InvalidModel:
            continue
    return result


def _hook(hook: Mapping[str, Any], name: str) -> LifecycleHook:
    words = {native: word for word, native in TRANSITIONS.items()}
    result = hook.get("DefaultResult", "ABANDON")
    fields = drop_none(
        name=name,
        on=words.get(hook.get("LifecycleTransition", "")),
        timeout=duration(unless(hook.get("HeartbeatTimeout"), HOOK_TIMEOUT)),
        default=None if result == "ABANDON" else result.lower(),
        notify=hook.get("NotificationTargetARN"),
        role=hook.get("RoleARN"),
        data=hook.get("NotificationMetadata"),
    )
    return LifecycleHook.model_validate(fields)


def _maintenance(policy: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not policy:
        return None
    return {"min_healthy": policy.get("MinHealthyPercentage"), "max_healthy": policy.get("MaxHealthyPercentage")}


def _notification(topic: Mapping[str, Any]) -> dict[str, Any]:
    events = tuple(word for word, native in EVENTS.items() if native in topic["NotificationTypes"])
    return drop_none(topic=topic["TopicARN"], on=events if set(events) != set(SCALING_EVENTS) else None)


def _warm_pool(pool: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not pool or pool.get("Status") == "PendingDelete":
        return None
    state = pool.get("PoolState", "Stopped").lower()
    reuse = (pool.get("InstanceReusePolicy") or {}).get("ReuseOnScaleIn")
    return drop_none(
        min=pool.get("MinSize") or None,
        max_prepared=unless(pool.get("MaxGroupPreparedCapacity"), -1),
        state=None if state == "stopped" else state,
        reuse=reuse or None,
    )


# how instances are paid for


def read_purchase(item: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """On demand and spot, several sizes, a reservation."""
    policy = item.get("MixedInstancesPolicy") or {}
    target = (data.get("CapacityReservationSpecification") or {}).get("CapacityReservationTarget") or {}
    sizes = tuple(
        drop_none(size=override["InstanceType"], weight=_number(override.get("WeightedCapacity")))
        for override in (policy.get("LaunchTemplate") or {}).get("Overrides") or ()
        if override.get("InstanceType")
    )
    spot = _spot(policy.get("InstancesDistribution") or {}, item) if policy else {}
    if policy and not sizes:
        spot = spot or {"spot": True, "on_demand_percent": 100}
    return drop_none(sizes=sizes or None, reservation=target.get("CapacityReservationId"), **spot)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _spot(shares: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that go with spot; none where all instances are on demand and nothing else is said."""
    strategies = {native: word.value for word, native in STRATEGIES.items() if native != "lowest-price"}
    percent = shares.get("OnDemandPercentageAboveBaseCapacity", 100)
    extra = drop_none(
        on_demand_base=shares.get("OnDemandBaseCapacity") or None,
        strategy=strategies.get(shares.get("SpotAllocationStrategy", "")),
        max_price=shares.get("SpotMaxPrice") or None,
        rebalance=True if item.get("CapacityRebalance") else None,
    )
    if percent == 100 and not extra:
        return {}
    return {"spot": True, **({"on_demand_percent": percent} if percent else {}), **extra}
