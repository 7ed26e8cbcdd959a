"""What a block of settings is, which only one provider has, and what the engine reads of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from trimtab.models.base import Model

Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """
    What a block says to the engine; each goes before the group's own where it is given.

    Attributes:
        suspended: Processes that are suspended, by the names of EC2 Auto Scaling.
        warm_up: How long the metrics of a new instance are ignored.
        default_capacity: The size to go to without metrics.
        stabilization: How far back scaling in looks for a peak.
        scale_in_limit: Most instances to remove within `scale_in_window`.
        scale_in_window: The time that the limit is for.
        only_scale_out: Whether nothing is removed.
    """

    suspended: frozenset[str] = frozenset()
    warm_up: timedelta | None = None
    default_capacity: int | None = None
    stabilization: timedelta | None = None
    scale_in_limit: int | None = None
    scale_in_window: timedelta | None = None
    only_scale_out: bool = False


class SettingsBlock(Model):
    """What only one provider has."""

    def for_engine(self) -> EngineSettings:
        """What the engine must know of it."""
        return EngineSettings()
