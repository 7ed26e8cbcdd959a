"""
The forecast that predictive policies of a simulated group go by: the same hour of the days before.

A stand-in for what clouds do not publish: each hour is forecast as the mean of that hour in the last seven days, anew
every hour, once a day has been seen (Amazon EC2 Auto Scaling User Guide, How predictive scaling works: at least 24
hours of history; the next 48 hours by the hour).
"""

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from trimtab.engine.presets import ForecastUse
from trimtab.engine.ruleset import Ruleset
from trimtab.engine.values import Forecast
from trimtab.errors import InvalidArgument
from trimtab.models import PredictivePolicy, ScalingGroup
from trimtab.simulation.model import FleetModel
from trimtab.simulation.signals import signal_of

_MINUTE = timedelta(minutes=1)
_DAYS = 7
_AHEAD = 48
_DAY = 24


class _Need(NamedTuple):
    """What one instance can take under a policy, in requests a second."""

    policy: str
    rate: float


class Forecaster:
    """What has been seen by the hour, and what comes of it."""

    def __init__(
        self, needs: tuple[_Need, ...], alarms: tuple[str, ...], buffer: timedelta, capacity: float, start: datetime
    ) -> None:
        self._needs, self._alarms, self._capacity = needs, alarms, capacity
        self._buffer = buffer
        self._longest = -(-buffer // _MINUTE)
        self._start, self._offset, self._seen = start, start.minute, 0
        self._hours: list[float] = []
        self._hour: list[float] = []
        self._sizes: dict[str, Forecast] = {}
        self._made = self._most = -1
        self._asked = (-1, -1)

    @classmethod
    def of_group(cls, group: ScalingGroup, rules: Ruleset, model: FleetModel, start: datetime) -> "Forecaster | None":
        """
        The forecaster of a group's predictive policies; `None` where it has none.

        Raises:
            InvalidArgument: A policy holds a metric that a load does not give.
        """
        policies = [each for each in group.policies if isinstance(each, PredictivePolicy) and each.enabled]
        if not policies:
            return None
        capacity = model.capacity or 0.0
        needs = tuple(_need(each, group, model, capacity) for each in policies)
        acting = {rule.policy for rule in rules.forecasts if rule.scales}
        by_rules = rules.preset.forecast is ForecastUse.RULES and bool(acting)
        alarms = tuple(rule.name for rule in rules.alarms if rule.scales_out) if by_rules else ()
        return cls(needs, alarms, max(rule.buffer for rule in rules.forecasts), capacity, start)

    def see(self, rate: float) -> None:
        """Take in the load of one minute."""
        self._hour.append(rate)
        self._seen += 1
        if (self._offset + self._seen) % 60 == 0:
            self._hours.append(sum(self._hour) / len(self._hour))
            self._hour = []

    def sizes(self) -> dict[str, Forecast]:
        """What each policy forecasts now, by its name; empty while less than a day is known."""
        if len(self._hours) != self._made:
            self._made = len(self._hours)
            self._sizes = {need.policy: self._forecast(need) for need in self._needs}
        return self._sizes

    @property
    def by_rules(self) -> bool:
        """Whether alarms act on what is forecast, rather than a size."""
        return bool(self._alarms)

    def most(self, minute: int) -> int:
        """The largest size that is forecast for a minute and a buffer ahead; 0 where nothing is."""
        key = len(self._hours), (self._offset + minute + self._longest) // 60
        if key != self._asked:
            self._asked = key
            rates = [self._rate(hour) for hour in range((self._offset + minute) // 60, key[1] + 1)]
            most = max([rate for rate in rates if rate is not None], default=0.0)
            self._most = max(ceil(most / need.rate) for need in self._needs)
        return self._most

    def predicted(self, minute: int, in_service: int) -> dict[str, float]:
        """The CPU that each alarm which scales out is forecast to see, by its name."""
        at = (self._offset + minute + self._buffer // _MINUTE) // 60
        rate = self._rate(at)
        if rate is None or not in_service or not self._alarms:
            return {}
        value = min(100.0, 100 * rate / (in_service * self._capacity))
        return dict.fromkeys(self._alarms, value)

    def _forecast(self, need: _Need) -> Forecast:
        first = len(self._hours)
        begin = self._start - self._offset * _MINUTE
        found = []
        for hour in range(first, first + _AHEAD):
            rate = self._rate(hour)
            if rate is not None:
                found.append((begin + hour * 60 * _MINUTE, ceil(rate / need.rate)))
        return tuple(found)

    def _rate(self, hour: int) -> float | None:
        """The mean of the same hour in the days before, as far as they are known."""
        known = len(self._hours)
        back = range(hour - _DAY, -1, -_DAY)
        rates = [self._hours[place] for place in back if place < known][:_DAYS]
        return sum(rates) / len(rates) if rates else None


def _need(policy: PredictivePolicy, group: ScalingGroup, model: FleetModel, capacity: float) -> _Need:
    where = f"group {group.name!r}, policies.{policy.name}.metric"
    match signal_of(policy.metric, model, where):
        case "cpu":
            return _Need(policy.name, capacity * policy.target / 100)
        case "requests-per-instance":
            return _Need(policy.name, policy.target / 60)
        case word:
            raise InvalidArgument(f"{where}: a forecast of {word} is not simulated; use cpu or requests-per-instance")
