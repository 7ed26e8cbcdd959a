"""What only Google Cloud managed instance groups and autoscalers have."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from trimtab.models.base import Duration
from trimtab.models.settings import Count, EngineSettings, SettingsBlock


class GcpSettings(SettingsBlock):
    """What only Google Cloud managed instance groups and autoscalers have."""

    target_shape: Literal["even", "balanced", "any", "any-single-zone"] | None = None
    named_ports: Mapping[str, Annotated[int, Field(ge=1, le=65535)]] = Field(default_factory=dict)
    base_instance_name: str | None = Field(default=None, min_length=1)
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

    def for_engine(self) -> EngineSettings:
        """What the autoscaler has of its own: its windows, its limit on scaling in, its mode."""
        return EngineSettings(
            warm_up=self.initialization,
            stabilization=self.stabilization,
            scale_in_limit=self.scale_in_limit,
            scale_in_window=self.scale_in_window,
            only_scale_out=self.mode == "only-scale-out",
        )
