"""What only Google Cloud managed instance groups and autoscalers have."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trimtab.models.base import Duration, Filled, Model
from trimtab.models.settings import Count, EngineSettings, SettingsBlock


class GcpNative(Model):
    """Leaves of native bodies that no field sets, in the words of the API; what it does not know is refused."""

    instance_template: Mapping[str, Any] = Field(default_factory=dict)
    """Of the instance template, as `instanceTemplates` has them: `properties: {...}`."""
    group_manager: Mapping[str, Any] = Field(default_factory=dict)
    """Of the managed instance group, as `instanceGroupManagers` has them."""
    autoscaler: Mapping[str, Any] = Field(default_factory=dict)
    """Of the autoscaler, as `autoscalers` has them."""
    health_check: Mapping[str, Any] = Field(default_factory=dict)
    """Of the group's own health check, as `healthChecks` has them."""
    alarms: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    """Of the alert policies of alarms by name, as `alertPolicies` has them."""


class GcpSettings(SettingsBlock):
    """What only Google Cloud managed instance groups and autoscalers have."""

    target_shape: Literal["even", "balanced", "any", "any-single-zone"] | None = None
    """How a regional group spreads its instances over zones."""
    named_ports: Mapping[str, Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=dict)
    """Ports of the instances by the name that backend services use."""
    base_instance_name: str | None = Field(default=None, min_length=1)
    """How instance names begin; the group's name when left out."""
    initialization: Duration | None = None
    """How long the metrics of a new instance are ignored; the group's `warm_up` when left out."""
    stabilization: Duration | None = None
    """How far back scale in looks for a peak, 0 to 1 h."""
    mode: Literal["on", "only-scale-out"] | None = None
    """Whether the autoscaler may remove instances."""
    scale_in_limit: Count | None = None
    """Most instances to remove within `scale_in_window`."""
    scale_in_window: Duration | None = None
    """The time that `scale_in_limit` is for."""
    network_tags: tuple[Filled, ...] = ()
    """Network tags of the instances, for firewall rules."""
    scopes: tuple[Filled, ...] = ()
    """OAuth scopes of the service account."""
    stopped: Count | None = None
    """Instances kept stopped in the group."""
    suspended: Count | None = None
    """Instances kept suspended in the group."""
    native: GcpNative | None = None
    """What no field has a word for, as the API spells it; not portable."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            target_shape: Literal["even", "balanced", "any", "any-single-zone"] | None = None,
            named_ports: Mapping[str, int] = ...,
            base_instance_name: str | None = None,
            initialization: timedelta | str | None = None,
            stabilization: timedelta | str | None = None,
            mode: Literal["on", "only-scale-out"] | None = None,
            scale_in_limit: int | None = None,
            scale_in_window: timedelta | str | None = None,
            network_tags: Sequence[str] = ...,
            scopes: Sequence[str] = ...,
            stopped: int | None = None,
            suspended: int | None = None,
            native: GcpNative | None = None,
        ) -> None: ...

    def for_engine(self) -> EngineSettings:
        """What the autoscaler has of its own: its windows, its limit on scaling in, its mode."""
        return EngineSettings(
            warm_up=self.initialization,
            stabilization=self.stabilization,
            scale_in_limit=self.scale_in_limit,
            scale_in_window=self.scale_in_window,
            only_scale_out=self.mode == "only-scale-out",
        )
