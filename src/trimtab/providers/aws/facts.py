"""What a fleet refers to and an account knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trimtab.models import Image
from trimtab.providers.aws.first_seen import UnfiredSchedules
from trimtab.providers.base import Facts


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image: its id, and the device name of its boot disk where that was looked up."""

    id: str | None
    root: str | None = None


class TargetGroup(NamedTuple):
    """A target group, and what alarms and policies call it together with its balancer."""

    name: str
    arn: str
    label: str
    """`app/web/0123/targetgroup/web/4567`; empty where no balancer sends it requests."""
    balancers: tuple[str, ...] = ()
    """The ARNs of the balancers that send it requests."""


@dataclass(frozen=True, kw_only=True)
class AwsFacts(Facts):
    """
    What a fleet refers to and an account knows.

    Attributes:
        images: Of each group that names an image by a match, or a boot disk: by the group's name.
        kept: What was looked up when a group was created and is kept since: by the group's name.
        subnets: The ids of the subnets that a group names by name or by tags: by the group's name.
        security_groups: The ids of the security groups of a group: by the group's name.
        subnet_zones: The zones of subnets where a group names zones beside them: by the subnet's id.
        zones: The zones of each region where a group names neither zones nor subnets.
        target_groups: The ARNs of target groups, by region and name.
        standing: The schedules of a group that have not fired since they were first seen: by the group's name.
        labels: What CloudWatch calls a target group with its balancer, by region and by name or ARN.
    """

    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    subnets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    subnet_zones: Mapping[str, str] = field(default_factory=dict)
    security_groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    zones: Mapping[str, Sequence[str]] = field(default_factory=dict)
    target_groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    standing: Mapping[str, UnfiredSchedules] = field(default_factory=dict)


def target_group(item: Mapping[str, Any]) -> TargetGroup:
    """A target group as `DescribeTargetGroups` answers it."""
    arn = item["TargetGroupArn"]
    balancers = [balancer.partition(":loadbalancer/")[2] for balancer in item.get("LoadBalancerArns", ())]
    label = f"{balancers[0]}/targetgroup/{arn.partition(':targetgroup/')[2]}" if balancers else ""
    return TargetGroup(item["TargetGroupName"], arn, label, tuple(item.get("LoadBalancerArns", ())))


def is_looked_up(image: Image) -> bool:
    """Whether an image has to be found, rather than being an id already."""
    return image.newest is not None or (image.id is not None and not image.id.startswith("ami-"))
