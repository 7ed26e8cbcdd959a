"""
The quotas of a region as `regions.get` tells them, and instances that are refused above them.

https://docs.cloud.google.com/compute/resource-usage
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.emulators.gcp.machines import MACHINES, SHARED
from trimtab.emulators.gcp.world import CloudWorld

CPUS, SPOT = "CPUS", "PREEMPTIBLE_CPUS"
_FAMILIES: Mapping[str, str] = {
    **dict.fromkeys(("e2", "n1"), CPUS),
    **{family: f"{family.upper()}_CPUS" for family in ("n2", "n2d", "c2", "c2d", "c3", "t2d", "t2a", "a2")},
}
_MANAGERS = {"zones": "INSTANCE_GROUP_MANAGERS", "regions": "REGIONAL_INSTANCE_GROUP_MANAGERS"}
_SCALERS = {"zones": "AUTOSCALERS", "regions": "REGIONAL_AUTOSCALERS"}
METRICS = (*dict.fromkeys(_FAMILIES.values()), SPOT, "INSTANCES", *_MANAGERS.values(), *_SCALERS.values())


def quotas_of(world: CloudWorld, region: str) -> list[dict[str, Any]]:
    """The quotas of a region."""
    there = _used(world, region)
    return [
        {"metric": metric, "limit": _limit(world, region, metric), "usage": float(there[metric])} for metric in METRICS
    ]


def exceeded(world: CloudWorld, key: str, zone: str, size: str, is_spot: bool) -> tuple[str, float] | None:
    """The quota that one more instance exceeds, and its limit; `None` where it may come."""
    if not world.quotas.told():
        return None
    region = zone.rpartition("-")[0]
    there = _used(world, region, but=key)
    for metric, more in _taken(world, region, size, is_spot):
        if there[metric] + more > _limit(world, region, metric):
            return metric, _limit(world, region, metric)
    return None


def _limit(world: CloudWorld, region: str, metric: str) -> float:
    quota = world.quotas.find(region, metric)
    # no project has preemptible CPUs before it asked for them
    return float(world.quotas.limit(region, metric)) if quota is not None or metric != SPOT else 0.0


def _used(world: CloudWorld, region: str, but: str = "") -> Counter[str]:
    counted: Counter[str] = Counter()
    for key, body in world.resources.items():
        scope, place, collection = (*key.split("/"), "", "")[:3]
        if place != region and place.rpartition("-")[0] != region:
            continue
        if collection == "instances" and key != but:
            size = str(body["machineType"]).rsplit("/", 1)[-1]
            counted.update(dict(_taken(world, region, size, bool(body["scheduling"].get("preemptible")))))
        elif collection == "instanceGroupManagers":
            counted[_MANAGERS[scope]] += 1
        elif collection == "autoscalers":
            counted[_SCALERS[scope]] += 1
    return counted


def _taken(world: CloudWorld, region: str, size: str, is_spot: bool) -> Iterator[tuple[str, int]]:
    """What an instance takes of each quota."""
    yield "INSTANCES", 1
    metric = _FAMILIES.get(size.partition("-")[0])
    if metric and size in MACHINES and size not in SHARED:
        yield SPOT if is_spot and _limit(world, region, SPOT) else metric, MACHINES[size][0]
