"""How instances are paid for: on demand, spot, a mix, reserved."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from trimtab.models.base import Duration, Model, refuse
from trimtab.models.wording import PRICE

Percent = Annotated[int, Field(ge=0, le=100)]
MINUTE = timedelta(minutes=1)


LONGEST = timedelta(days=30)
"""How long a fall-back from spot may wait or last."""


class SpotStrategy(StrEnum):
    """Which spare capacity is asked for first."""

    PRICE_CAPACITY = "price-capacity"
    CAPACITY = "capacity"
    LOWEST_PRICE = "lowest-price"
    PRIORITIZED = "prioritized"


class SizeOption(Model):
    """One of several instance types that a group may use."""

    size: str = Field(min_length=1)
    """The instance type, in the vendor's words."""
    weight: Annotated[int, Field(ge=1, le=999)] | None = None
    """How many units of capacity one such instance counts for; 1 when left out."""


class Purchase(Model):
    """On-demand base and share, spot, several sizes, reservations."""

    spot: bool = False
    """Whether instances above the on-demand part are spot."""
    on_demand_base: Annotated[int, Field(ge=0)] = 0
    """The first so many instances are on demand."""
    on_demand_percent: Percent = 0
    """Per cent of the instances above the base that are on demand; a fraction goes to on demand."""
    strategy: SpotStrategy | None = None
    """Which spare capacity is asked for first; the vendor's default when left out."""
    max_price: Annotated[str, Field(pattern=PRICE)] | None = None
    """Most to pay for an instance-hour of spot, in the vendor's currency; the on-demand price when left out."""
    sizes: tuple[SizeOption, ...] = ()
    """Instance types in order of preference; the template's size when left out."""
    rebalance: bool = False
    """Replace spot instances at risk before they are taken."""
    fallback: Literal["on-demand"] | None = None
    """What runs in place of spot instances that cannot be had; nothing when left out."""
    fallback_after: Duration = timedelta(minutes=5)
    """How long spot has to be short before instances run on demand in its place."""
    return_after: Duration = timedelta(minutes=30)
    """How long instances run on demand before spot is tried again."""
    reservation: str | None = Field(default=None, min_length=1)
    """Capacity reservation to use, by the vendor's id."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            spot: bool = False,
            on_demand_base: int = 0,
            on_demand_percent: int = 0,
            strategy: SpotStrategy | Literal["price-capacity", "capacity", "lowest-price", "prioritized"] | None = None,
            max_price: str | None = None,
            sizes: Sequence[SizeOption] = ...,
            rebalance: bool = False,
            fallback: Literal["on-demand"] | None = None,
            fallback_after: timedelta | str = ...,
            return_after: timedelta | str = ...,
            reservation: str | None = None,
        ) -> None: ...

    @property
    def is_mixed(self) -> bool:
        """Whether some instances are on demand beside spot ones, by a base or by a share."""
        return self.spot and bool(self.on_demand_base or self.on_demand_percent)

    @model_validator(mode="after")
    def _check(self) -> "Purchase":
        spot_only = ("on_demand_base", "on_demand_percent", "strategy", "max_price", "rebalance", "fallback")
        for name in spot_only:
            if not self.spot and getattr(self, name) != type(self).model_fields[name].default:
                refuse(f"`{name}` needs `spot: true`; set it, or leave `{name}` out", name)
        for name in ("fallback_after", "return_after"):
            value = getattr(self, name)
            if self.fallback is None and value != type(self).model_fields[name].default:
                refuse(f"`{name}` needs `fallback: on-demand`; set it, or leave `{name}` out", name)
            if value < MINUTE:
                refuse(f"`{name}` is less than a minute, the time between two looks; write `1m` or more", name)
            if getattr(self, name) > LONGEST:
                refuse(f"`{name}` is longer than 30 days; write `30d` or less", name)
        names = [option.size for option in self.sizes]
        for index, name in enumerate(names):
            if name in names[:index]:
                refuse(f"size {name!r} is listed twice; remove one", "sizes", index)
        return self
