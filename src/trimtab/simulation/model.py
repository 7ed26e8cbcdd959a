"""The model of a fleet: how its instances boot, serve and end, and how its metrics reach the alarms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Any, Self

from trimtab.engine.presets import EC2, EC2_GROUP, GCE, Preset, find_preset
from trimtab.errors import InvalidArgument
from trimtab.models import ScalingGroup
from trimtab.models.base import format_duration, parse_duration

SIGNALS = (
    "cpu",
    "requests",
    "requests-per-instance",
    "latency",
    "errors-5xx",
    "queue-depth",
    "queue-in-flight",
    "queue-per-instance",
)
"""The metrics that a simulated fleet measures."""
FORMAT_VERSION = 1
"""Of the file of a measured model."""
_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Shortage:
    """
    A time in which no new instance can be had; those that run stay.

    Attributes:
        after: How long after the beginning of the load it begins.
        duration: How long it lasts.
        zone: The one zone that has none, of those of the group's `placement`; all when empty.
        spot: Whether spot instances alone cannot be had.
    """

    after: timedelta
    duration: timedelta
    zone: str = ""
    spot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetModel:
    """
    How a fleet behaves, in numbers; `FleetModel.of_preset("ec2")` has those of a cloud.

    Attributes:
        capacity: Requests a second that one instance can serve, or one unit where sizes have weights. When left out,
            the load's 99.9th percentile takes the group's maximum at 70 %, and the result says so in a note.
        service_time: How long one request is served on average when none waits. An instance serves
            `capacity` x `service_time` of them at a time.
        patience: How long a request waits at most; those that would wait longer are lost.
        boot: How long an instance takes from its launch until it takes load, on average.
        boot_spread: The standard deviation of that, as a share of it (lognormal).
        warm_up: How long an instance serves with `warm_up_percent` of its capacity once it takes load.
        warm_up_percent: 0 to 100.
        drain: How long an instance runs on without taking load once it is to end.
        metric_delay: How long after the end of its period a datapoint is there to be read.
        metric_period: The resolution at which instances measure themselves; whole minutes.
        noise: The standard deviation of a measured value, as a share of it.
        interruptions: How often a spot instance is taken, in times an hour.
        shortages: When no new instance can be had.
        uses_other_zones: Whether an instance that one zone cannot give is launched in another.
        signals: What a metric is that the load does not give, by its name: the one that it follows of those that a
            simulated fleet measures, or a number that it always is: `{"JobsWaiting": "queue-depth", "memory": 40}`.
        source: Where its numbers are from, in a sentence, which is a note of each simulation with it.

    Raises:
        InvalidArgument: A number is out of its range.
    """

    capacity: float | None = None
    service_time: timedelta = timedelta(milliseconds=100)
    patience: timedelta = timedelta(seconds=60)
    boot: timedelta = timedelta(minutes=3)
    boot_spread: float = 0.0
    warm_up: timedelta = timedelta(0)
    warm_up_percent: int = 50
    drain: timedelta = timedelta(0)
    metric_delay: timedelta = timedelta(0)
    metric_period: timedelta = _MINUTE
    noise: float = 0.0
    interruptions: float = 0.0
    shortages: Sequence[Shortage] = ()
    uses_other_zones: bool = True
    signals: Mapping[str, str | float] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse numbers that no fleet has."""
        if self.capacity is not None and not (isfinite(self.capacity) and self.capacity > 0):
            raise InvalidArgument(f"capacity={self.capacity} is not above 0; give requests a second of one instance")
        for name in ("boot", "warm_up", "drain", "metric_delay"):
            if getattr(self, name) < timedelta(0):
                raise InvalidArgument(f"{name}={getattr(self, name)} is below 0; give a duration of 0 or more")
        for name in ("service_time", "patience"):
            if getattr(self, name) <= timedelta(0):
                raise InvalidArgument(f"{name}={getattr(self, name)} is not above 0; give a longer duration")
        if self.metric_period < _MINUTE or self.metric_period % _MINUTE:
            raise InvalidArgument(f"metric_period={self.metric_period} is not whole minutes; give 1 minute or more")
        for name in ("boot_spread", "noise", "interruptions"):
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0):
                raise InvalidArgument(f"{name}={value} is not 0 or more")
        if not 0 <= self.warm_up_percent <= 100:
            raise InvalidArgument(f"warm_up_percent={self.warm_up_percent} is not between 0 and 100")
        for name, word in self.signals.items():
            if word not in SIGNALS if isinstance(word, str) else not isfinite(word):
                text = f"signals[{name!r}]={word!r} is not simulated"
                raise InvalidArgument(f"{text}; use a number, or one of {', '.join(SIGNALS)}")

    @classmethod
    def of_preset(cls, preset: str | Preset, **fields: Any) -> Self:
        """
        The model of a cloud's fleet: the defaults for its preset, and what is given besides.

        No vendor publishes how late the datapoints are that its autoscaler goes by; a minute stands in. On Compute
        Engine an instance waits for its zone, as the group is kept even.

        Raises:
            InvalidArgument: No preset has that name.
        """
        named = find_preset(preset)
        defaults = {"metric_delay": _MINUTE if named.settings else timedelta(0)}
        return cls(**{**defaults, "uses_other_zones": named.name not in _EVEN, **fields})

    @classmethod
    def of_group(cls, group: ScalingGroup, preset: str | Preset, **fields: Any) -> Self:
        """
        The same for one group.

        On EC2 its instances measure themselves each minute where `detailed_monitoring` is set, else every five.

        Raises:
            InvalidArgument: No preset has that name.
        """
        period = BASIC_MONITORING.get(find_preset(preset).name, _MINUTE)
        if group.template.detailed_monitoring:
            period = _MINUTE
        return cls.of_preset(preset, **{"metric_period": period, **fields})

    def replace(self, **fields: Any) -> Self:
        """The same model with other values."""
        return replace(self, **fields)

    def to_dict(self) -> dict[str, Any]:
        """JSON data; durations as in a fleet file, or in seconds where they are not whole seconds."""
        body: dict[str, Any] = {name: _plain(value) for name, value in asdict(self).items()}
        body["shortages"] = [
            {
                "after": _plain(each.after),
                "duration": _plain(each.duration),
                "zone": each.zone,
                **({"spot": True} if each.spot else {}),
            }
            for each in self.shortages
        ]
        return body

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Self:
        """
        A model from what `to_dict` gave, or from the file of a calibration; how it was measured is left out.

        Raises:
            InvalidArgument: A name is unknown, a value is out of its range, or the file is of a later format.
        """
        version = body.get("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            text = f"format_version {version!r} of a fleet model is not known, only {FORMAT_VERSION}"
            raise InvalidArgument(f"{text}; calibrate again, or install a newer trimtab")
        body = {name: value for name, value in body.items() if name not in ("format_version", "measured")}
        names = {each.name for each in fields(cls)}
        for name in body:
            if name not in names:
                raise InvalidArgument(f"a fleet model has no {name!r}; use {', '.join(sorted(names))}")
        shortages = tuple(
            Shortage(
                _duration(each["after"]), _duration(each["duration"]), each.get("zone", ""), each.get("spot") is True
            )
            for each in body.get("shortages", ())
        )
        values: dict[str, Any] = dict(body)
        values |= {name: _duration(value) for name, value in body.items() if name in _DURATIONS}
        return cls(**{**values, "shortages": shortages})

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """
        A model from a JSON file: what `to_dict` gave, or what `trimtab simulate --calibrate` has measured.

        Raises:
            InvalidArgument: The file cannot be read, or is not a model.
        """
        try:
            body = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidArgument(f"{path}: cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise InvalidArgument(f"{path}: is not JSON: {error}; write what `FleetModel.to_dict` gives") from error
        if not isinstance(body, dict):
            raise InvalidArgument(f"{path}: is not a JSON object; write one as `FleetModel.to_dict` gives it")
        try:
            return cls.from_dict(body)
        except (TypeError, KeyError, AttributeError) as error:
            raise InvalidArgument(f"{path}: a value has the wrong type: {error}") from error
        except InvalidArgument as error:
            raise InvalidArgument(f"{path}: {error}") from error


_DURATIONS = {"service_time", "patience", "boot", "warm_up", "drain", "metric_delay", "metric_period"}


def _plain(value: Any) -> Any:
    if not isinstance(value, timedelta):
        return value
    return value.total_seconds() if value % _SECOND else format_duration(value)


def _duration(value: Any) -> timedelta:
    if isinstance(value, int | float):
        return timedelta(seconds=value)
    try:
        result = parse_duration(value)
    except ValueError:
        result = None
    if not isinstance(result, timedelta):
        raise InvalidArgument(f'{value!r} is not a duration; write "300s" or "5m"')
    return result


# https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape: EVEN unless told otherwise
_EVEN = frozenset({GCE.name})
BASIC_MONITORING: Mapping[str, timedelta] = {preset.name: 5 * _MINUTE for preset in (EC2, EC2_GROUP)}
"""How often instances measure themselves unless `detailed_monitoring` is set (EC2 User Guide, Detailed monitoring)."""
