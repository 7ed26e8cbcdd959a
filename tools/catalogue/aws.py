"""The instance types of EC2, as DescribeInstanceTypes and DescribeInstanceTypeOfferings answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.catalogue.writing import regions_of
from trimtab.declarations.catalogue import CatalogueSize

SOURCE = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html"
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2"),
    *("eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "ap-south-1", "ap-southeast-1"),
    *("ap-southeast-2", "ap-northeast-1", "ap-northeast-2"),
)
PURPOSES = {
    **dict.fromkeys(("t", "m", "a"), "general"),
    **dict.fromkeys(("c", "hpc"), "compute"),
    **dict.fromkeys(("r", "x", "z", "u", "cr"), "memory"),
    **dict.fromkeys(("i", "im", "is", "d", "h", "hs"), "storage"),
}
"""By how a family's name begins: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html"""


def sizes(items: Iterable[Mapping[str, Any]], offered: Mapping[str, Iterable[str]]) -> Iterator[CatalogueSize]:
    """
    The sizes that a group can start, of what the API answers.

    Args:
        items: What DescribeInstanceTypes answers, over all regions; the same type may come again.
        offered: The regions that offer a type, by its name.
    """
    known: set[str] = set()
    for item in items:
        name, processors = item["InstanceType"], item["ProcessorInfo"]["SupportedArchitectures"]
        architecture = next((each for each in ("x86_64", "arm64") if each in processors), "")
        there = frozenset(offered.get(name, ())) & frozenset(REGIONS)
        if name in known or not architecture or not there or item["BareMetal"]:
            continue
        known.add(name)
        family = name.partition(".")[0]
        gpus = sum(gpu.get("Count") or 0 for gpu in item.get("GpuInfo", {}).get("Gpus", ()))
        purpose = PURPOSES.get(re.split(r"\d", family)[0].split("-")[0], "accelerated")
        yield CatalogueSize(
            name=name,
            family=family,
            generation=next(iter(re.findall(r"\d+", family)), "1"),
            is_current=item["CurrentGeneration"],
            cpus=item["VCpuInfo"]["DefaultVCpus"],
            memory_gb=item["MemoryInfo"]["SizeInMiB"] / 1024,
            architecture=architecture,
            burstable=item["BurstablePerformanceSupported"],
            gpus=gpus,
            spot="spot" in item["SupportedUsageClasses"],
            purpose=purpose,
            regions=regions_of(there, REGIONS),
            caution="brings an accelerator" if purpose == "accelerated" and not gpus else "",
        )


def read(calls: Any, regions: Iterable[str] = REGIONS) -> list[CatalogueSize]:
    """All sizes of the regions, asked of an account."""
    items: list[Mapping[str, Any]] = []
    offered: dict[str, set[str]] = {}
    for region in regions:
        for offering in calls.items("ec2", "describe_instance_type_offerings", region, LocationType="region"):
            offered.setdefault(offering["InstanceType"], set()).add(region)
        items += calls.items("ec2", "describe_instance_types", region)
    return [*sizes(items, offered)]
