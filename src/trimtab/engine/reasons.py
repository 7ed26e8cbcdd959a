"""Why a size was decided: closed codes, each with its numbers and a sentence."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from string import Formatter
from typing import Any, NamedTuple


class ReasonCode(StrEnum):
    """What a step of a decision did, or why it did nothing."""

    SCHEDULED_BOUNDS = "scheduled-bounds"
    SCHEDULED_SIZE = "scheduled-size"
    BELOW_MINIMUM = "below-minimum"
    ABOVE_MAXIMUM = "above-maximum"
    ALARM = "alarm"
    PREDICTED = "predicted"
    NO_ALARM = "no-alarm"
    NO_DATA = "no-data"
    DEFAULT_CAPACITY = "default-capacity"
    AMOUNT = "amount"
    STEP = "step"
    NO_STEP = "no-step"
    TARGET = "target"
    ON_TARGET = "on-target"
    FORECAST = "forecast"
    NO_FORECAST = "no-forecast"
    FORECAST_ONLY = "forecast-only"
    PYTHON = "python"
    PYTHON_ABSTAINS = "python-abstains"
    PYTHON_FAILED = "python-failed"
    PYTHON_MISSING = "python-missing"
    BUSY = "busy"
    COOLDOWN = "cooldown"
    LARGEST = "largest"
    NO_AGREEMENT = "no-agreement"
    TRACKING_HOLDS = "tracking-holds"
    NO_SCALE_IN_WITHOUT_DATA = "no-scale-in-without-data"
    FLAPPING = "flapping"
    FLAPPING_ADJUSTED = "flapping-adjusted"
    WARMING = "warming"
    WEIGHT_SURPLUS = "weight-surplus"
    STABILIZATION_IN = "stabilization-in"
    STABILIZATION_OUT = "stabilization-out"
    SCALE_IN_CONTROL = "scale-in-control"
    RATE_OUT = "rate-out"
    RATE_IN = "rate-in"
    MAXIMUM_RAISED = "maximum-raised"
    AT_MINIMUM = "at-minimum"
    AT_MAXIMUM = "at-maximum"
    SUSPENDED = "suspended"
    STOPPED = "stopped"
    WRONG_WAY = "wrong-way"
    NO_POLICY = "no-policy"
    SPOT_SHORT = "spot-short"
    ON_DEMAND_INSTEAD = "on-demand-instead"
    SPOT_AGAIN = "spot-again"
    NOTHING_TO_BE_HAD = "nothing-to-be-had"


SENTENCES: Mapping[ReasonCode, str] = {
    ReasonCode.SCHEDULED_BOUNDS: "{schedules} in force: between {minimum} and {maximum} instances",
    ReasonCode.SCHEDULED_SIZE: "{schedules} asks for {size} from {at} on",
    ReasonCode.BELOW_MINIMUM: "{size} is below the minimum of {minimum}, so it goes there at once",
    ReasonCode.ABOVE_MAXIMUM: "{size} is above the maximum of {maximum}, so it goes there at once",
    ReasonCode.ALARM: "alarm {alarm} is in ALARM: {breaching} of {periods} datapoints are {comparison} {threshold},"
    " newest {value}",
    ReasonCode.PREDICTED: "alarm {alarm} counts as in ALARM: the predicted {value} is {comparison} {threshold}",
    ReasonCode.NO_ALARM: "no alarm is in ALARM: {alarms}",
    ReasonCode.NO_DATA: "{metric} has no datapoint in the last {periods} period(s)",
    ReasonCode.DEFAULT_CAPACITY: "a metric cannot be read, and {size} is below the default of {default}",
    ReasonCode.AMOUNT: "policy {policy} asks for {amount}: {size} to {asked}",
    ReasonCode.STEP: "policy {policy} has a step for {breach} from the threshold: {size} to {asked}",
    ReasonCode.NO_STEP: "policy {policy} has no step for {value}, {breach} from the threshold",
    ReasonCode.TARGET: "policy {policy} asks for {asked}: {size} instances at {value} against a target of {target}",
    ReasonCode.ON_TARGET: "policy {policy} asks for nothing: {value} against a target of {target}, out above {high} in"
    " {high_datapoints} datapoint(s), in below {low} in {low_datapoints}",
    ReasonCode.FORECAST: "policy {policy} forecasts a need of {asked} at {at}",
    ReasonCode.NO_FORECAST: "policy {policy} has no forecast for this hour",
    ReasonCode.FORECAST_ONLY: "policy {policy} forecasts a need of {asked}, and only forecasts",
    ReasonCode.PYTHON: "policy {policy} asks for {asked}: {reason}",
    ReasonCode.PYTHON_ABSTAINS: "policy {policy} asks for nothing",
    ReasonCode.PYTHON_FAILED: "policy {policy} failed and asks for nothing: {call} {failure}",
    ReasonCode.PYTHON_MISSING: "policy {policy} asks for nothing: {call} is not loaded; allow its import",
    ReasonCode.BUSY: "policy {policy} waits for the activity in progress",
    ReasonCode.COOLDOWN: "policy {policy} waits for the cooldown, over at {until}",
    ReasonCode.LARGEST: "of {sizes} the largest counts: {asked}",
    ReasonCode.NO_AGREEMENT: "no scale in: {agreeing} of {rules} rules that scale in ask for it, and all must",
    ReasonCode.TRACKING_HOLDS: "no scale in by target tracking: {agreeing} of {rules} policies are ready, all must be",
    ReasonCode.NO_SCALE_IN_WITHOUT_DATA: "no scale in to {asked} without data of {metrics}",
    ReasonCode.FLAPPING: "no scale in to {asked}: at every size from there up to {size} a rule would scale out again",
    ReasonCode.FLAPPING_ADJUSTED: "scale in to {allowed} instead of {asked}, where a rule would scale out again",
    ReasonCode.WARMING: "no scale in to {asked} while {warming} instance(s) warm up",
    ReasonCode.WEIGHT_SURPLUS: "no scale in to {asked}: {running} units run, {surplus} more than asked for",
    ReasonCode.STABILIZATION_IN: "scale in to {asked} held at {held}, the highest asked for in the last {window}",
    ReasonCode.STABILIZATION_OUT: "scale out to {asked} held at {held}, the lowest asked for in the last {window}",
    ReasonCode.SCALE_IN_CONTROL: "scale in to {asked} held at {held}: {limit} below the peak of {peak} in {window}",
    ReasonCode.RATE_OUT: "scale out to {asked} held at {held} by the limit on changes in a time",
    ReasonCode.RATE_IN: "scale in to {asked} held at {held} by the limit on changes in a time",
    ReasonCode.MAXIMUM_RAISED: "the forecast raises the maximum from {maximum} to {raised}",
    ReasonCode.AT_MINIMUM: "{asked} is below the minimum of {minimum}",
    ReasonCode.AT_MAXIMUM: "{asked} is above the maximum of {maximum}",
    ReasonCode.SUSPENDED: "no policy acts: the process that answers alarms is suspended",
    ReasonCode.STOPPED: "no change to {asked}: the group may not go that way now",
    ReasonCode.WRONG_WAY: "policy {policy} does nothing: {asked} is the other way than its alarm",
    ReasonCode.NO_POLICY: "nothing watches this group: it has no policy, and {size} is within its bounds",
    ReasonCode.SPOT_SHORT: "{missing} spot instance(s) cannot be had since {since}; on demand from {until}",
    ReasonCode.ON_DEMAND_INSTEAD: "{instead} of {size} on demand in place of spot since {since}; spot is tried again"
    " at {again}",
    ReasonCode.SPOT_AGAIN: "spot is tried again since {since}: {missing} instance(s) asked for, {waiting} on demand"
    " until they serve",
    ReasonCode.NOTHING_TO_BE_HAD: "{missing} of {size} cannot be had since {since}, neither as spot nor on demand",
}
"""The sentence of each code; its fields are the numbers that a reason carries, in their order."""

FIELDS: Mapping[ReasonCode, tuple[str, ...]] = {
    code: tuple(name for _, name, _, _ in Formatter().parse(sentence) if name) for code, sentence in SENTENCES.items()
}
"""The names of the values of each code."""


class DecisionReason(NamedTuple):
    """
    One step of a decision.

    A tuple, made for every step of every decision; the sentence is put together only when it is read.
    """

    code: ReasonCode
    values: tuple[Any, ...] = ()
    """The numbers of the sentence, named by `FIELDS[code]`."""

    @property
    def details(self) -> dict[str, Any]:
        """The numbers by name."""
        return dict(zip(FIELDS[self.code], self.values, strict=True))

    def __str__(self) -> str:
        """The sentence, with its numbers."""
        return SENTENCES[self.code].format_map({name: _word(value) for name, value in self.details.items()})

    def to_dict(self) -> dict[str, Any]:
        """The reason as plain JSON data."""
        return {"code": self.code.value, "text": str(self)}


def _word(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}"
    if isinstance(value, tuple):
        return ", ".join(_word(item) for item in value)
    return str(value)
