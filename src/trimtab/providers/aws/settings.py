"""What only EC2 Auto Scaling has."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from trimtab.models.base import Duration, Model, Name
from trimtab.models.settings import Count, EngineSettings, SettingsBlock


class LifecycleHook(Model):
    """A pause while an instance starts or stops (AWS; stopping only on Azure)."""

    name: Name
    on: Literal["launch", "terminate"]
    timeout: Duration | None = None
    """30 s to 2 h; 1 h when left out."""
    default: Literal["continue", "abandon"] | None = None
    """What happens when nobody answers in time."""
    notify: str | None = Field(default=None, min_length=1)
    """Topic or queue that is told."""
    role: str | None = Field(default=None, min_length=1)
    """Role with which it is told."""
    data: str | None = Field(default=None, min_length=1, max_length=1023)


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


class AwsSettings(SettingsBlock):
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
    service_linked_role: str | None = Field(default=None, min_length=1)
    placement_group: str | None = Field(default=None, min_length=1)

    def for_engine(self) -> EngineSettings:
        """Changes of size that suspended processes hold back."""
        return EngineSettings(suspended=frozenset(self.suspended_processes))
