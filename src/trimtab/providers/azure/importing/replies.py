"""What importing reads of one group, as the calls answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Replies:
    """
    All that was answered about a group.

    Attributes:
        scale_set: The scale set.
        setting: The autoscale setting that sizes it.
        alerts: The metric alerts that are about it.
        action_groups: The action groups that these may tell.
        balancers: The load balancers of its resource group; left out, its probe is held to be that of its pools.
    """

    scale_set: Mapping[str, Any]
    setting: Mapping[str, Any] | None = None
    alerts: Sequence[Mapping[str, Any]] = field(default=())
    action_groups: Sequence[Mapping[str, Any]] = field(default=())
    balancers: Sequence[Mapping[str, Any]] | None = None
