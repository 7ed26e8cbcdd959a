"""Alarms: a metric against a threshold, and what follows."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from trimtab.models.base import Duration, Filled, ItemName, Model, exactly_one, refuse
from trimtab.models.metric import Metric, MetricField, NeutralName
from trimtab.models.wording import STATISTIC

PERCENTILE = r"^(average|minimum|maximum|sum|count|p(\d{1,2}(\.\d{1,10})?|100))$"


class Comparison(StrEnum):
    """How a value is held against the threshold; the words of the fields of `Alarm`."""

    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"


class MissingData(StrEnum):
    """How a period without a datapoint counts."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "not-breaching"


class Severity(StrEnum):
    """How much an alarm matters to the people who see it, worst first."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFORMATIONAL = "informational"
    VERBOSE = "verbose"


SampleUnit = Literal[
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
]
"""The units of CloudWatch (`StandardUnit`, CloudWatch API Reference)."""


class Alarm(Model):
    """Fires when enough datapoints breach a threshold; triggers policies of the group and notifies."""

    name: ItemName
    """Unique within the group."""
    metric: MetricField
    """What is watched."""
    statistic: Annotated[str, Field(pattern=STATISTIC)] = "average"
    """
    `average`, `minimum`, `maximum`, `sum`, `count`, a percentile such as `p95`, or a trimmed statistic of CloudWatch.

    Such as `tm90`, `TM(10%:90%)`, `IQM` or `PR(:300)`.
    """
    sample_unit: SampleUnit | None = None
    """Only samples published with this unit count, in CloudWatch's words, such as `Percent`; any when left out."""
    above: float | None = None
    """Breaching when the value is above this, in the metric's unit."""
    at_least: float | None = None
    """Breaching when the value is this or above."""
    below: float | None = None
    """Breaching when the value is below this."""
    at_most: float | None = None
    """Breaching when the value is this or below."""
    period: Duration = Field(default=timedelta(minutes=1))
    """Length of one datapoint; one minute when left out."""
    periods: Annotated[int, Field(ge=1)] = 1
    """N of M out of N: how many of the last datapoints are looked at."""
    datapoints: Annotated[int, Field(ge=1)] | None = None
    """M of M out of N: how many of them must breach; all when left out."""
    missing: MissingData = MissingData.MISSING
    """How a period without a datapoint counts."""
    triggers: tuple[ItemName, ...] = ()
    """Policies of the same group, by name."""
    notify: tuple[Filled, ...] = ()
    """Notification targets told when it fires: topic, action group or channel, by the vendor's id."""
    notify_ok: tuple[Filled, ...] = ()
    """Notification targets told when it is over."""
    notify_no_data: tuple[Filled, ...] = ()
    """Notification targets told when too few datapoints are there to judge by (AWS)."""
    severity: Severity | None = None
    """
    How much it matters to people, where the cloud has a place for it; a warning there when left out.

    `critical`, `error`, `warning`, `informational` or `verbose`: 0 to 4 on Azure, and the first three on Google Cloud.
    """
    enabled: bool = True
    """Whether its actions run."""
    description: str | None = Field(default=None, min_length=1, max_length=512)
    """A sentence for people who see the alarm in the cloud."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str,
            metric: Metric | NeutralName,
            statistic: str = "average",
            sample_unit: Literal[
                "Seconds",
                "Microseconds",
                "Milliseconds",
                "Bytes",
                "Kilobytes",
                "Megabytes",
                "Gigabytes",
                "Terabytes",
                "Bits",
                "Kilobits",
                "Megabits",
                "Gigabits",
                "Terabits",
                "Percent",
                "Count",
                "Bytes/Second",
                "Kilobytes/Second",
                "Megabytes/Second",
                "Gigabytes/Second",
                "Terabytes/Second",
                "Bits/Second",
                "Kilobits/Second",
                "Megabits/Second",
                "Gigabits/Second",
                "Terabits/Second",
                "Count/Second",
                "None",
            ]
            | None = None,
            above: float | None = None,
            at_least: float | None = None,
            below: float | None = None,
            at_most: float | None = None,
            period: timedelta | str = ...,
            periods: int = 1,
            datapoints: int | None = None,
            missing: MissingData | Literal["missing", "ignore", "breaching", "not-breaching"] = ...,
            triggers: Sequence[str] = ...,
            notify: Sequence[str] = ...,
            notify_ok: Sequence[str] = ...,
            notify_no_data: Sequence[str] = ...,
            severity: Severity | Literal["critical", "error", "warning", "informational", "verbose"] | None = None,
            enabled: bool = True,
            description: str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _check(self) -> "Alarm":
        exactly_one(self, *Comparison)
        if self.period.total_seconds() <= 0:
            refuse('`period` must be longer than 0, such as "1m"', "period")
        if self.datapoints is not None and self.datapoints > self.periods:
            refuse(
                f"`datapoints` {self.datapoints} is more than `periods` {self.periods}; lower it, or raise `periods`",
                "datapoints",
            )
        return self

    @property
    def comparison(self) -> Comparison:
        """Which of the four comparisons is used."""
        return next(word for word in Comparison if getattr(self, word) is not None)

    @property
    def threshold(self) -> float:
        """The number compared with, in the metric's unit."""
        return float(getattr(self, self.comparison))
