"""What only Azure VM Scale Sets and autoscale settings have."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trimtab.models.base import Duration, Filled, Model
from trimtab.models.settings import Count, EngineSettings, SettingsBlock


class AzureNative(Model):
    """Leaves of native bodies that no field sets, in the words of the API; what it does not know is refused."""

    scale_set: Mapping[str, Any] = Field(default_factory=dict)
    """Of the scale set, as its resource has them: `properties: {...}`."""
    autoscale_setting: Mapping[str, Any] = Field(default_factory=dict)
    """Of the autoscale setting, as its resource has them."""
    alarms: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Of the metric alerts of alarms by name, as the resource has them."""


class AzureSettings(SettingsBlock):
    """What only Azure VM Scale Sets and autoscale settings have."""

    resource_group: str | None = Field(default=None, min_length=1)
    """Where the group lives; the connection's when left out."""
    orchestration: Literal["uniform", "flexible"] = "uniform"
    """Orchestration mode of the scale set; it cannot be changed later."""
    zone_balance: bool | None = None
    """Whether zones are kept balanced strictly, so that scaling out fails rather than unbalance them."""
    fault_domains: Annotated[int, Field(ge=1, le=5)] | None = None
    """Fault domains that instances are spread over."""
    single_placement_group: bool | None = None
    """Whether all instances are in one placement group, at most 100."""
    overprovision: bool | None = None
    """Whether more instances are started than asked for, and the surplus deleted."""
    default_capacity: Count | None = None
    """Size to go to when metrics cannot be read; `desired` or `min` when left out."""
    admin_username: str | None = Field(default=None, min_length=1)
    """The administrator's name on each instance."""
    computer_name_prefix: str | None = Field(default=None, min_length=1)
    """How host names begin; the group's name when left out."""
    terminate_notification: Duration | None = None
    """5 to 15 minutes."""
    eviction: Literal["delete", "deallocate"] | None = None
    """What happens to a spot instance that is taken."""
    restore_spot: Duration | None = None
    """Try to restore evicted spot instances for so long."""
    automatic_repairs: bool | None = None
    """Whether unhealthy instances are repaired."""
    application_gateway_pools: tuple[Filled, ...] = ()
    """Backend pools of application gateways, by id or by GATEWAY/POOL."""
    scale_in: Literal["default", "newest", "oldest"] | None = None
    """Which instances go first: those that balance zones (`default`), the newest or the oldest."""
    notify_scaling: tuple[Filled, ...] = ()
    """Who is told of each change of the size: e-mail and https addresses, `administrators`, `co-administrators`."""
    native: AzureNative | None = None
    """What no field has a word for, as the API spells it; not portable."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            resource_group: str | None = None,
            orchestration: Literal["uniform", "flexible"] = "uniform",
            zone_balance: bool | None = None,
            fault_domains: int | None = None,
            single_placement_group: bool | None = None,
            overprovision: bool | None = None,
            default_capacity: int | None = None,
            admin_username: str | None = None,
            computer_name_prefix: str | None = None,
            terminate_notification: timedelta | str | None = None,
            eviction: Literal["delete", "deallocate"] | None = None,
            restore_spot: timedelta | str | None = None,
            automatic_repairs: bool | None = None,
            application_gateway_pools: Sequence[str] = ...,
            scale_in: Literal["default", "newest", "oldest"] | None = None,
            notify_scaling: Sequence[str] = ...,
            native: AzureNative | None = None,
        ) -> None: ...

    def for_engine(self) -> EngineSettings:
        """The size to go to without metrics."""
        return EngineSettings(default_capacity=self.default_capacity)
