"""Instance types by what they have to have: those of moto's copy of AWS's replies that satisfy a group's attributes."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.types import is_offered


def expanded(entries: list[dict[str, Any]], region: str, zone: str, processor: str) -> list[dict[str, Any]]:
    """The entries of a mixed group, each that asks by attributes as one for every type that satisfies it."""
    result = []
    for entry in entries:
        if "InstanceRequirements" not in entry:
            result.append(entry)
            continue
        rest = {name: value for name, value in entry.items() if name != "InstanceRequirements"}
        names = types_for(json.dumps(entry["InstanceRequirements"], sort_keys=True), processor)
        result += [{**rest, "InstanceType": name} for name in names if is_offered(name, region, zone)]
    return result


@cache
def types_for(requirements: str, processor: str) -> tuple[str, ...]:
    """
    The types that satisfy attributes, smallest first: there are no prices here to order them by.

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRequirements.html
    """
    asked = json.loads(requirements)
    fit = [item for item in INSTANCE_TYPES.values() if all(_satisfied(item, asked, processor))]
    return tuple(item["InstanceType"] for item in sorted(fit, key=_size))


def _size(item: Mapping[str, Any]) -> tuple[int, int, str]:
    return item["VCpuInfo"]["DefaultVCpus"], item["MemoryInfo"]["SizeInMiB"], item["InstanceType"]


def _satisfied(item: Mapping[str, Any], asked: Mapping[str, Any], processor: str) -> Iterator[bool]:
    yield processor in item["ProcessorInfo"]["SupportedArchitectures"]
    yield _within(asked["VCpuCount"], item["VCpuInfo"]["DefaultVCpus"])
    yield _within(asked["MemoryMiB"], item["MemoryInfo"]["SizeInMiB"])
    gpus = sum(gpu.get("Count") or 0 for gpu in item.get("GpuInfo", {}).get("Gpus", ()))
    others = sum(len(item.get(name, {}).get("Accelerators", ())) for name in ("InferenceAcceleratorInfo", "FpgaInfo"))
    yield _within(
        asked.get("AcceleratorCount") or {}, gpus if asked.get("AcceleratorTypes") == ["gpu"] else gpus + others
    )
    # metal and burstable types are left out unless they are asked for
    for word, has in (
        ("BareMetal", item["BareMetal"]),
        ("BurstablePerformance", item["BurstablePerformanceSupported"]),
    ):
        yield {"included": True, "required": has, "excluded": not has}[asked.get(word) or "excluded"]
    generations = asked.get("InstanceGenerations") or ("current", "previous")
    yield ("current" if item["CurrentGeneration"] else "previous") in generations


def _within(bound: Mapping[str, Any], value: float) -> bool:
    low, high = bound.get("Min", 0), bound.get("Max", value)
    return bool(low <= value <= high)


def check_attributes(mixed: Mapping[str, Any]) -> None:
    """
    Refuse attributes that go with something that names types, or that no type satisfies.

    "If you specify InstanceRequirements, you can't specify InstanceType"; "if you use attributes, the strategy for
    On-Demand Instances is lowest-price":
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/create-mixed-instances-group-attribute-based-instance-type-selection.html
    """
    overrides = (mixed.get("LaunchTemplate") or {}).get("Overrides") or ()
    asked = [each["InstanceRequirements"] for each in overrides if each.get("InstanceRequirements")]
    if not asked:
        return
    if any(each.get("InstanceType") for each in overrides):
        raise invalid("You cannot specify both InstanceRequirements and InstanceType in the launch template overrides.")
    shares = mixed.get("InstancesDistribution") or {}
    if shares.get("OnDemandAllocationStrategy", "lowest-price") != "lowest-price":
        raise invalid("The OnDemandAllocationStrategy must be lowest-price when InstanceRequirements are specified.")
    if shares.get("SpotAllocationStrategy") == "capacity-optimized-prioritized":
        raise invalid("capacity-optimized-prioritized is not supported when InstanceRequirements are specified.")
    for each in asked:
        if not any(types_for(json.dumps(each, sort_keys=True), processor) for processor in ("x86_64", "arm64")):
            raise invalid("No instance types satisfy the InstanceRequirements.")
