"""What only one vendor has, in typed blocks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from trimtab.models.base import Duration, Model, Name

Count = Annotated[int, Field(ge=0)]


class LifecycleHook(Model):
    """A pause while an instance starts or stops (AWS; stopping only on Azure)."""

    name: Name
    on: Literal["launch", "terminate"]
    timeout: Duration | None = None
    """30 s to 2 h; 1 h when left out."""
    default: Literal["continue", "abandon"] | None = None
    """What happens when nobody answers in time."""
    notify: str | None = None
    """Topic or queue that is told."""
    role: str | None = None
    """Role with which it is told."""
    data: str | None = Field(default=None, max_length=1023)


class WarmPool(Model):
    """Instances kept ready outside the group (AWS)."""

    min: Count = 0
    max_prepared: Count | None = None
    state: Literal["stopped", "running", "hibernated"] = "stopped"
    reuse: bool = False
    """Return instances to the pool on scale in."""


class AwsProcess(StrEnum):
    """Processes of an Auto Scaling group that can be suspended."""

    LAUNCH = "Launch"
    TERMINATE = "Terminate"
    ADD_TO_LOAD_BALANCER = "AddToLoadBalancer"
    ALARM_NOTIFICATION = "AlarmNotification"
    AZ_REBALANCE = "AZRebalance"
    HEALTH_CHECK = "HealthCheck"
    INSTANCE_REFRESH = "InstanceRefresh"
    REPLACE_UNHEALTHY = "ReplaceUnhealthy"
    SCHEDULED_ACTIONS = "ScheduledActions"


class AwsSettings(Model):
    """What only EC2 Auto Scaling has."""

    lifecycle_hooks: tuple[LifecycleHook, ...] = ()
    warm_pool: WarmPool | None = None
    termination_policies: tuple[str, ...] = ()
    """In order; `Default` last."""
    max_instance_lifetime: Duration | None = None
    """One day or more."""
    suspended_processes: tuple[AwsProcess, ...] = ()
    group_metrics: bool = False
    """Publish the group's own metrics each minute."""
    service_linked_role: str | None = None
    placement_group: str | None = None


class AzureSettings(Model):
    """What only Azure VM Scale Sets and autoscale settings have."""

    resource_group: str | None = None
    """Where the group lives; the connection's when left out."""
    orchestration: Literal["uniform", "flexible"] = "uniform"
    zone_balance: bool | None = None
    fault_domains: Annotated[int, Field(ge=1, le=5)] | None = None
    single_placement_group: bool | None = None
    overprovision: bool | None = None
    default_capacity: Count | None = None
    """Size to go to when metrics cannot be read; `desired` or `min` when left out."""
    admin_username: str | None = None
    computer_name_prefix: str | None = None
    terminate_notification: Duration | None = None
    """5 to 15 minutes."""
    eviction: Literal["delete", "deallocate"] | None = None
    restore_spot: Duration | None = None
    """Try to restore evicted spot instances for so long."""
    automatic_repairs: bool | None = None
    application_gateway_pools: tuple[str, ...] = ()
    """Backend pools of application gateways, by id or by GATEWAY/POOL."""
    scale_in: Literal["default", "newest", "oldest"] | None = None
    """Which instances go first: those that balance zones (`default`), the newest or the oldest."""
    notify_scaling: tuple[str, ...] = ()
    """E-mail addresses and https addresses that are told of each change of the size."""


class GcpSettings(Model):
    """What only Google Cloud managed instance groups and autoscalers have."""

    target_shape: Literal["even", "balanced", "any", "any-single-zone"] | None = None
    named_ports: Mapping[str, Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=dict)
    base_instance_name: str | None = None
    initialization: Duration | None = None
    """How long the metrics of a new instance are ignored; the group's `warm_up` when left out."""
    stabilization: Duration | None = None
    """How far back scale in looks for a peak, 0 to 1 h."""
    mode: Literal["on", "only-scale-out"] | None = None
    scale_in_limit: Count | None = None
    """Most instances to remove within `scale_in_window`."""
    scale_in_window: Duration | None = None
    network_tags: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    """OAuth scopes of the service account."""
    stopped: Count | None = None
    """Instances kept stopped in the group."""
    suspended: Count | None = None
    """Instances kept suspended in the group."""
