"""What importing reads of one group, as the calls answer it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Replies:
    """
    All that was answered about a group.

    Attributes:
        manager: The managed instance group.
        template: The instance template of its first version.
        autoscaler: The autoscaler that sizes it.
        health_check: The regional health check by which it makes instances anew.
        services: The backend services that it is in.
        alerts: The alert policies that are about it.
        channels: The notification channels that these may tell.
        second: What was answered about its second native group, the one of Spot VMs, where it has one.
    """

    manager: Mapping[str, Any]
    template: Mapping[str, Any] | None = None
    autoscaler: Mapping[str, Any] | None = None
    health_check: Mapping[str, Any] | None = None
    services: Sequence[Mapping[str, Any]] = field(default=())
    alerts: Sequence[Mapping[str, Any]] = field(default=())
    channels: Sequence[Mapping[str, Any]] = field(default=())
    second: "Replies | None" = None
