"""On-demand and spot, several sizes and weights as a mixed instances policy; pure."""

from collections.abc import Mapping
from typing import Any

from trimtab.models import Purchase, SpotStrategy

STRATEGIES = {
    SpotStrategy.PRICE_CAPACITY: "price-capacity-optimized",
    SpotStrategy.CAPACITY: "capacity-optimized",
    SpotStrategy.LOWEST_PRICE: "lowest-price",
    SpotStrategy.PRIORITIZED: "capacity-optimized-prioritized",
}


def is_mixed(purchase: Purchase) -> bool:
    """Whether a group needs a mixed instances policy."""
    return purchase.spot or bool(purchase.sizes)


def mixed_policy(purchase: Purchase, template: Mapping[str, Any]) -> dict[str, Any]:
    """The mixed instances policy of a group with this launch template."""
    overrides = [
        {"InstanceType": option.size, **({} if option.weight is None else {"WeightedCapacity": str(option.weight)})}
        for option in purchase.sizes
    ]
    launch: dict[str, Any] = {"LaunchTemplateSpecification": dict(template)}
    if overrides:
        launch["Overrides"] = overrides
    distribution = {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandBaseCapacity": purchase.on_demand_base,
        # what is not spot at all is on demand altogether
        "OnDemandPercentageAboveBaseCapacity": purchase.on_demand_percent if purchase.spot else 100,
        "SpotAllocationStrategy": STRATEGIES[purchase.strategy] if purchase.strategy else None,
        "SpotMaxPrice": purchase.max_price,
    }
    given = {name: value for name, value in distribution.items() if value is not None}
    return {"LaunchTemplate": launch, "InstancesDistribution": given}
