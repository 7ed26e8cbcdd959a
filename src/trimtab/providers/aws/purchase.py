"""On-demand and spot, several sizes and weights, sizes by attributes as a mixed instances policy; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.models import CountRange, MemoryRange, ScalingGroup, SizeRequirement, SpotStrategy

STRATEGIES = {
    SpotStrategy.PRICE_CAPACITY: "price-capacity-optimized",
    SpotStrategy.CAPACITY: "capacity-optimized",
    SpotStrategy.LOWEST_PRICE: "lowest-price",
    SpotStrategy.PRIORITIZED: "capacity-optimized-prioritized",
}

ON_DEMAND_BASE = "MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity"
"""The leaf that the controller moves where it falls back from spot."""


def is_mixed(group: ScalingGroup) -> bool:
    """Whether a group needs a mixed instances policy."""
    return group.purchase.spot or bool(group.purchase.sizes) or group.template.requirement is not None


def mixed_policy(group: ScalingGroup, template: Mapping[str, Any]) -> dict[str, Any]:
    """The mixed instances policy of a group with this launch template."""
    purchase, requirement = group.purchase, group.template.requirement
    overrides: list[dict[str, Any]] = [
        {"InstanceType": option.size, **({} if option.weight is None else {"WeightedCapacity": str(option.weight)})}
        for option in purchase.sizes
    ]
    if requirement is not None:
        overrides = [{"InstanceRequirements": instance_requirements(requirement)}]
    launch: dict[str, Any] = {"LaunchTemplateSpecification": dict(template)}
    if overrides:
        launch["Overrides"] = overrides
    distribution = {
        # types by attributes have no order: OnDemandAllocationStrategy, InstancesDistribution, Auto Scaling API
        "OnDemandAllocationStrategy": "lowest-price" if requirement is not None else "prioritized",
        "OnDemandBaseCapacity": purchase.on_demand_base,
        # what is not spot at all is on demand altogether
        "OnDemandPercentageAboveBaseCapacity": purchase.on_demand_percent if purchase.spot else 100,
        "SpotAllocationStrategy": STRATEGIES[purchase.strategy] if purchase.strategy else None,
        "SpotMaxPrice": purchase.max_price,
    }
    given = {name: value for name, value in distribution.items() if value is not None}
    return {"LaunchTemplate": launch, "InstancesDistribution": given}


_BURSTABLE = {None: "included", True: "required", False: "excluded"}


def instance_requirements(asked: SizeRequirement) -> dict[str, Any]:
    """
    What an instance has to have, as Auto Scaling takes it.

    "You must specify VCpuCount and MemoryMiB":
    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html
    """
    gpus = {"AcceleratorCount": {"Max": 0}}
    if asked.gpu is not None and (asked.gpu.min or asked.gpu.max):
        gpus = {"AcceleratorCount": _counts(asked.gpu), "AcceleratorTypes": ["gpu"]}  # type: ignore[dict-item]
    return {
        "VCpuCount": _counts(asked.cpus or CountRange(min=0)),
        "MemoryMiB": _mebibytes(asked.memory_gb or MemoryRange(min=0)),
        "BurstablePerformance": _BURSTABLE[asked.burstable],
        "InstanceGenerations": ["current"],
        **gpus,
    }


def _counts(bound: CountRange) -> dict[str, int]:
    return {"Min": bound.min, **({} if bound.max is None else {"Max": bound.max})}


def _mebibytes(bound: MemoryRange) -> dict[str, int]:
    return {"Min": round(bound.min * 1024), **({} if bound.max is None else {"Max": round(bound.max * 1024)})}
