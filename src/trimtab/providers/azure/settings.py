"""What only Azure VM Scale Sets and autoscale settings have."""

from typing import Annotated, Literal

from pydantic import Field

from trimtab.models.base import Duration
from trimtab.models.settings import Count, EngineSettings, SettingsBlock


class AzureSettings(SettingsBlock):
    """What only Azure VM Scale Sets and autoscale settings have."""

    resource_group: str | None = Field(default=None, min_length=1)
    """Where the group lives; the connection's when left out."""
    orchestration: Literal["uniform", "flexible"] = "uniform"
    zone_balance: bool | None = None
    fault_domains: Annotated[int, Field(ge=1, le=5)] | None = None
    single_placement_group: bool | None = None
    overprovision: bool | None = None
    default_capacity: Count | None = None
    """Size to go to when metrics cannot be read; `desired` or `min` when left out."""
    admin_username: str | None = Field(default=None, min_length=1)
    computer_name_prefix: str | None = Field(default=None, min_length=1)
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

    def for_engine(self) -> EngineSettings:
        """The size to go to without metrics."""
        return EngineSettings(default_capacity=self.default_capacity)
