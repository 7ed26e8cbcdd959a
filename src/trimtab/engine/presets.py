"""
How each autoscaler decides, as data: the places where clouds disagree, one field each.

`neutral` is the default on the cloud in memory and for comparing clouds; a provider's own preset is the default when
planning, running or simulating for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from trimtab.engine.alarms import EXTRA_PERIODS
from trimtab.engine.behavior import DEFAULT_BEHAVIOR, DEFAULT_WINDOW_IN, Behavior
from trimtab.engine.rounding import Rounding
from trimtab.errors import InvalidArgument
from trimtab.phrases import closest


class ScheduleStyle(StrEnum):
    """What `desired` of a schedule does."""

    SET_ONCE = "set-once"
    """The size when the schedule begins; policies go on from there."""
    PROFILE = "profile"
    """The size where metrics cannot be read; the bounds alone switch."""
    MINIMUM = "minimum"
    """A minimum while the window is open."""
    RECOMMENDATION = "recommendation"
    """One more recommendation while the window is open."""


class AlarmWindow(StrEnum):
    """How an alarm sees its datapoints."""

    M_OF_N = "m-of-n"
    """So many of the last datapoints breach."""
    AVERAGE = "average"
    """The mean of the last datapoints breaches."""


class MissingMetric(StrEnum):
    """What a metric that cannot be read does."""

    ALARM_OPTION = "alarm-option"
    """What the alarm says of missing data."""
    DEFAULT_CAPACITY = "default-capacity"
    """A size below the default goes there; nothing scales in."""
    NO_SCALE_IN = "no-scale-in"
    """Nothing scales in, except where the alarm says `breaching`; the rules that can be read scale out."""


class ScaleInAgreement(StrEnum):
    """Which rules must ask for scaling in."""

    ANY = "any"
    """Those that fire decide; target tracking policies among themselves must all be ready."""
    ALL = "all"
    """Every rule that scales in."""


class CooldownScope(StrEnum):
    """Who waits after a change, and for how long."""

    NONE = "none"
    """Nobody."""
    SIMPLE = "simple"
    """Simple policies, after a simple policy, from when the last instance is done."""
    LAST_FIRED_RULE = "last-fired-rule"
    """Every policy, as long as the policy that fired says."""
    CANDIDATE_RULE = "candidate-rule"
    """Every policy, as long as it says itself."""


class ForecastUse(StrEnum):
    """What a forecast does."""

    SIZE = "size"
    """It is one more recommendation, for scaling out only."""
    RULES = "rules"
    """Rules that scale out fire by the predicted value too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """When a target tracking policy acts."""

    high_datapoints: int = 1
    """So many datapoints of a minute above the high ratio, before it scales out."""
    low_datapoints: int = 1
    """So many below the low ratio, before it scales in."""
    high_ratio: float = 1.0
    """Share of the target above which it scales out."""
    low_ratio: float = 1.0
    """Share of the target below which it scales in."""
    by_one: bool = False
    """One instance at a time, where the cloud has rules with fixed counts instead."""

    @property
    def span(self) -> int:
        """How many of the last datapoints are looked at."""
        return max(datapoint_span(self.high_datapoints), datapoint_span(self.low_datapoints))


def datapoint_span(datapoints: int) -> int:
    """The datapoints looked at for so many: two more, except where the newest alone counts."""
    return datapoints + EXTRA_PERIODS if datapoints > 1 else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """One autoscaler's answers where clouds disagree; `dataclasses.replace` makes variants."""

    name: str
    settings: str = ""
    """The provider whose block of the group is read too."""
    schedule: ScheduleStyle = ScheduleStyle.MINIMUM
    alarm_window: AlarmWindow = AlarmWindow.M_OF_N
    missing: MissingMetric = MissingMetric.NO_SCALE_IN
    percent: Rounding = Rounding.EC2
    tracking: Tracking = field(default_factory=Tracking)
    scale_in: ScaleInAgreement = ScaleInAgreement.ALL
    estimate: bool = False
    """Whether a scale-in is refused where the estimated metric would scale out again."""
    cooldown: CooldownScope = CooldownScope.NONE
    default_cooldown: timedelta = timedelta(0)
    """The wait where neither the policy nor the group gives one."""
    default_warm_up: timedelta | None = timedelta(0)
    """How long a new instance's metrics are left out; the cooldown when `None`."""
    scale_in_while_warming: bool = False
    """Whether scaling in goes on while instances warm up."""
    stabilization_in: timedelta = timedelta(0)
    """How far back a scale-in looks for a higher recommendation, where the group does not say."""
    stabilization_out: timedelta = timedelta(0)
    """How far back a scale-out looks for a lower recommendation."""
    stabilization_covers_warm_up: bool = False
    """Whether the look back is at least as long as the warm-up."""
    behavior: Behavior | None = None
    """Limits on how much may change in a time; their windows are the two above."""
    forecast: ForecastUse = ForecastUse.SIZE
    forecast_buffer: timedelta = timedelta(minutes=5)
    """How long before a forecast load the instances start, where the policy does not say."""
    forecast_raises_maximum: bool = False
    """Whether a forecast may raise the maximum, where the policy says so."""
    spot_fraction_on_demand: bool = True
    """Whether a fraction of the split goes to on demand; to spot otherwise."""


_MINUTE = timedelta(minutes=1)
_FIVE = timedelta(minutes=5)

NEUTRAL = Preset(
    name="neutral",
    schedule=ScheduleStyle.MINIMUM,
    missing=MissingMetric.NO_SCALE_IN,
    tracking=Tracking(high_datapoints=3, low_datapoints=15, low_ratio=0.9),
    scale_in=ScaleInAgreement.ALL,
    estimate=True,
    cooldown=CooldownScope.SIMPLE,
    default_warm_up=_FIVE,
    stabilization_in=_FIVE,
    forecast_raises_maximum=True,
)
EC2 = Preset(
    name="ec2",
    settings="aws",
    schedule=ScheduleStyle.SET_ONCE,
    missing=MissingMetric.ALARM_OPTION,
    tracking=Tracking(high_datapoints=3, low_datapoints=15, low_ratio=0.9),
    scale_in=ScaleInAgreement.ANY,
    cooldown=CooldownScope.SIMPLE,
    default_cooldown=_FIVE,
    default_warm_up=None,
    forecast_raises_maximum=True,
)
AZURE = Preset(
    name="azure",
    settings="azure",
    schedule=ScheduleStyle.PROFILE,
    alarm_window=AlarmWindow.AVERAGE,
    missing=MissingMetric.DEFAULT_CAPACITY,
    tracking=Tracking(high_datapoints=5, low_datapoints=5, low_ratio=0.7, by_one=True),
    scale_in=ScaleInAgreement.ALL,
    estimate=True,
    cooldown=CooldownScope.LAST_FIRED_RULE,
    default_cooldown=_FIVE,
    scale_in_while_warming=True,
    forecast=ForecastUse.RULES,
    spot_fraction_on_demand=False,
)
GCE = Preset(
    name="gce",
    settings="gcp",
    schedule=ScheduleStyle.MINIMUM,
    scale_in=ScaleInAgreement.ALL,
    default_warm_up=_MINUTE,
    scale_in_while_warming=True,
    stabilization_in=timedelta(minutes=10),
    stabilization_covers_warm_up=True,
)
K8S = Preset(
    name="k8s",
    percent=Rounding.UP,
    tracking=Tracking(high_ratio=1.1, low_ratio=0.9),
    scale_in=ScaleInAgreement.ALL,
    default_warm_up=_FIVE,
    scale_in_while_warming=True,
    stabilization_in=DEFAULT_WINDOW_IN,
    behavior=DEFAULT_BEHAVIOR,
)
NOMAD = Preset(
    name="nomad",
    schedule=ScheduleStyle.RECOMMENDATION,
    percent=Rounding.UP,
    tracking=Tracking(high_ratio=1.01, low_ratio=0.99),
    scale_in=ScaleInAgreement.ALL,
    cooldown=CooldownScope.LAST_FIRED_RULE,
    default_cooldown=_FIVE,
    scale_in_while_warming=True,
)

EC2_GROUP = replace(EC2, name="ec2-group", tracking=replace(EC2.tracking, low_ratio=0.7))
"""As `ec2`, with the share of the target that users of newer Auto Scaling groups report."""

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (NEUTRAL, EC2, EC2_GROUP, AZURE, GCE, K8S, NOMAD)}
"""The presets by name."""


def find_preset(preset: "str | Preset") -> Preset:
    """A preset by name, or the preset itself; `InvalidArgument` lists the names."""
    if isinstance(preset, Preset):
        return preset
    if preset not in PRESETS:
        close = closest(str(preset), PRESETS)
        fix = f"did you mean {close}?" if close else f"use one of {', '.join(PRESETS)}"
        raise InvalidArgument(f"unknown preset {preset!r}; {fix}")
    return PRESETS[preset]
