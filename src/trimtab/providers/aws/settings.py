"""What only EC2 Auto Scaling has."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from trimtab.models.base import Duration, Filled, Model, check_unique, refuse
from trimtab.models.settings import Count, EngineSettings, SettingsBlock
from trimtab.models.template import Tags

ScalingEvent = Literal["launch", "launch-error", "terminate", "terminate-error", "test"]
SCALING_EVENTS: tuple[ScalingEvent, ...] = ("launch", "launch-error", "terminate", "terminate-error")
"""What a topic is told of unless its notification says otherwise."""


HookName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z_0-9/-]+$")]


class LifecycleHook(Model):
    """A pause while an instance starts or stops (AWS; stopping only on Azure)."""

    name: HookName
    """Unique within the group: letters in any case, digits, `-`, `_` and `/`."""
    on: Literal["launch", "terminate"]
    """Whether instances pause when they start or when they end."""
    timeout: Duration | None = None
    """30 s to 2 h; 1 h when left out."""
    default: Literal["continue", "abandon"] | None = None
    """What becomes of the instance when the hook is not completed in time."""
    notify: str | None = Field(default=None, min_length=1)
    """Topic or queue that is told."""
    role: str | None = Field(default=None, min_length=1)
    """Role with which it is told."""
    data: str | None = Field(default=None, min_length=1)
    """Text that the notification carries."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            on: Literal["launch", "terminate"],
            timeout: timedelta | str | None = None,
            default: Literal["continue", "abandon"] | None = None,
            notify: str | None = None,
            role: str | None = None,
            data: str | None = None,
        ) -> None: ...


class ScalingNotification(Model):
    """An SNS topic that is told when instances start or end (AWS)."""

    topic: Filled
    """ARN of the topic, once in a group."""
    on: Annotated[tuple[ScalingEvent, ...], Field(min_length=1)] = SCALING_EVENTS
    """What it is told of: starts and ends, and those that failed; `test` is a message when this is set up."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            topic: str,
            on: Sequence[Literal["launch", "launch-error", "terminate", "terminate-error", "test"]] = ...,
        ) -> None: ...


class InstanceMaintenance(Model):
    """How much of a group stays in service while AWS replaces instances, in per cent of the desired capacity (AWS)."""

    min_healthy: Annotated[int, Field(ge=0, le=100)]
    """Least share that is in service."""
    max_healthy: Annotated[int, Field(ge=100, le=200)]
    """Greatest share that is in service or starting; 100 points above `min_healthy` at most."""

    if TYPE_CHECKING:

        def __init__(self, *, min_healthy: int, max_healthy: int) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "InstanceMaintenance":
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceMaintenancePolicy.html
        if self.max_healthy - self.min_healthy > 100:
            text = f"{self.max_healthy} is more than 100 points above `min_healthy` {self.min_healthy}"
            refuse(f"{text}; lower it, or raise `min_healthy`", "max_healthy")
        return self


class WarmPool(Model):
    """Instances kept ready outside the group (AWS)."""

    min: Count = 0
    """Instances that the pool keeps at least."""
    max_prepared: Count | None = None
    """Instances in the group and the pool together; the group's maximum when left out."""
    state: Literal["stopped", "running", "hibernated"] = "stopped"
    """How instances wait."""
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


class AwsNative(Model):
    """Leaves of native bodies that no field sets, in the words of the API; what it does not know is refused."""

    launch_template: Mapping[str, Any] = Field(default_factory=dict)
    """Of the launch template, as `RequestLaunchTemplateData` of the EC2 API has them."""
    group: Mapping[str, Any] = Field(default_factory=dict)
    """Of the group, as `CreateAutoScalingGroup` has them."""
    policies: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Of policies by name, as `PutScalingPolicy` has them."""
    alarms: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Of alarms by name, as `PutMetricAlarm` has them."""


class AwsSettings(SettingsBlock):
    """What only EC2 Auto Scaling has."""

    lifecycle_hooks: tuple[LifecycleHook, ...] = ()
    """Pauses while instances start or end."""
    warm_pool: WarmPool | None = None
    """Instances kept ready outside the group."""
    termination_policies: tuple[Filled, ...] = ()
    """In order; `Default` last."""
    max_instance_lifetime: Duration | None = None
    """One day or more."""
    maintenance: InstanceMaintenance | None = None
    """How much stays in service while AWS replaces instances; what AWS does by itself when left out."""
    suspended_processes: tuple[AwsProcess, ...] = ()
    """Processes of the group that do not run."""
    notify_scaling: tuple[ScalingNotification, ...] = ()
    """Topics that are told when instances start or end."""
    group_metrics: bool = False
    """Publish the group's own metrics each minute."""
    health_checks: tuple[Literal["ebs", "vpc-lattice"], ...] = ()
    """What says that an instance is unhealthy beside the machine itself and `health_check.by`."""
    service_linked_role: str | None = Field(default=None, min_length=1)
    """ARN of the role that Auto Scaling acts as; the account's own when left out."""
    placement_group: str | None = Field(default=None, min_length=1)
    """Placement group that instances start in, by name."""
    group_tags: Tags = Field(default_factory=dict)
    """Tags of the Auto Scaling group that its instances do not get, by key."""
    native: AwsNative | None = None
    """What no field has a word for, as the API spells it; not portable."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            lifecycle_hooks: Sequence[LifecycleHook] = ...,
            warm_pool: WarmPool | None = None,
            termination_policies: Sequence[str] = ...,
            max_instance_lifetime: timedelta | str | None = None,
            maintenance: InstanceMaintenance | None = None,
            suspended_processes: Sequence[
                AwsProcess
                | Literal[
                    "Launch",
                    "Terminate",
                    "AddToLoadBalancer",
                    "AlarmNotification",
                    "AZRebalance",
                    "HealthCheck",
                    "InstanceRefresh",
                    "ReplaceUnhealthy",
                    "ScheduledActions",
                ]
            ] = ...,
            notify_scaling: Sequence[ScalingNotification] = ...,
            group_metrics: bool = False,
            health_checks: Sequence[Literal["ebs", "vpc-lattice"]] = ...,
            service_linked_role: str | None = None,
            placement_group: str | None = None,
            group_tags: Mapping[str, str] = ...,
            native: AwsNative | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "AwsSettings":
        check_unique("hooks", (hook.name for hook in self.lifecycle_hooks), "lifecycle_hooks")
        check_unique("notifications", (each.topic for each in self.notify_scaling), "notify_scaling")
        for key in self.group_tags:
            # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html, "Tag restrictions"
            if key.lower().startswith("aws:"):
                refuse(f"the tag {key!r} begins with `aws:`, as AWS's own do; choose another name", "group_tags", key)
            if key.startswith("trimtab-"):
                refuse(f"the tag {key!r} is trimtab's own mark; choose another name", "group_tags", key)
        return self

    def for_engine(self) -> EngineSettings:
        """Changes of size that suspended processes hold back."""
        return EngineSettings(suspended=frozenset(self.suspended_processes))
