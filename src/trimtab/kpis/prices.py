"""What a group costs: a price file of the user, and money made of instance-hours."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import yaml

from trimtab.config.files import read_file
from trimtab.errors import ConfigError, InvalidArgument

_LARGEST = 2**16
_MONTH_HOURS = 730.0
"""A twelfth of a year of 8,760 hours, as the clouds' price pages count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """
    What things cost, in one currency; `Prices.load("prices.yaml")` reads a file with these names.

    Attributes:
        instance_hour: One instance for an hour, or one unit where sizes have weights.
        spot_hour: The same on spot capacity; like the others when left out.
        scaler_month: What scaling itself costs a month: metrics, alarms, the controller, somebody's time.
        setup: What it cost once to set up.
        currency: Its sign or code, for reports.

    Raises:
        InvalidArgument: A price is below 0 or not a number.
    """

    instance_hour: float
    spot_hour: float | None = None
    scaler_month: float = 0.0
    setup: float = 0.0
    currency: str = "$"

    def __post_init__(self) -> None:
        """Refuse prices that there are not."""
        for name in ("instance_hour", "spot_hour", "scaler_month", "setup"):
            value = getattr(self, name)
            if name == "spot_hour" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise InvalidArgument(f"prices: {name}: {_said(value)} is not a price; give a number of 0 or more")
        if not isinstance(self.currency, str):
            raise InvalidArgument(f'prices: currency: {self.currency!r} is not a text; write such as "$" or EUR')

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """
        The prices of a YAML or JSON file.

        Raises:
            ConfigError: It cannot be read, or a name or price is invalid.
        """
        try:
            body = yaml.safe_load(read_file(Path(path), str(path), _LARGEST, "larger than any file of prices").decode())
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError([f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"]) from error
        try:
            return cls.from_dict(body)
        except InvalidArgument as error:
            raise ConfigError([f"{path}: {error}"]) from error

    @classmethod
    def from_dict(cls, body: Any) -> Self:
        """
        Prices from JSON data.

        Raises:
            InvalidArgument: A name is unknown, `instance_hour` is missing, or a price is invalid.
        """
        names = [each.name for each in fields(cls)]
        if not isinstance(body, Mapping):
            raise InvalidArgument(f"prices: {_said(body)} is not a mapping; write `instance_hour: 0.05`")
        for name in body:
            if name not in names:
                raise InvalidArgument(f"prices: unknown name {name!r}; use {', '.join(names)}")
        if "instance_hour" not in body:
            raise InvalidArgument("prices: missing `instance_hour`; give what one instance costs for an hour")
        return cls(**body)

    def to_dict(self) -> dict[str, Any]:
        """JSON data."""
        return asdict(self)

    def cost(self, hours: float, spot_hours: float = 0.0) -> float:
        """What so many instance-hours cost, of which some on spot capacity."""
        spot = self.instance_hour if self.spot_hour is None else self.spot_hour
        return (hours - spot_hours) * self.instance_hour + spot_hours * spot

    def scaler(self, hours: float) -> float:
        """What scaling itself costs in so many hours."""
        return self.scaler_month * hours / _MONTH_HOURS


def _said(value: object) -> str:
    """A value in an error; what a file with aliases makes of a few lines may have no end."""
    return f"a {type(value).__name__}" if isinstance(value, (list, dict)) else repr(value)


def savings(cost: float, baseline: float) -> float:
    """1 - cost / baseline, in per cent; NaN where the baseline costs nothing."""
    return 100 * (1 - cost / baseline) if baseline else math.nan


def cost_per_request(cost: float, requests: float) -> float:
    """The cost of each request that was served; NaN without one."""
    return cost / requests if requests else math.nan


def return_on_investment(saved: float, spent: float) -> float:
    """
    (saved - spent) / spent, in per cent; NaN where nothing was spent.

    Args:
        saved: The baseline's cost less the cost.
        spent: What scaling itself cost in the same time.
    """
    return 100 * (saved - spent) / spent if spent else math.nan


def amortization(setup: float, saved: float, spent: float, hours: float) -> float:
    """
    In how many months the cost of setting up is paid back: setup / (saved - spent a month).

    Returns:
        Infinite where nothing is gained; 0 where setting up cost nothing and something is; NaN where one of them is
        not known, or in no time.
    """
    if not hours or any(map(math.isnan, (setup, saved, spent))):
        return math.nan
    gained = (saved - spent) * _MONTH_HOURS / hours
    return setup / gained if gained > 0 else math.inf
