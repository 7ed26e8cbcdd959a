"""What a cloud tells of a group that runs: activities, CPU, requests, sizes; why something is missing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from trimtab import metrics
from trimtab.declarations import declarations_of
from trimtab.errors import InvalidArgument, TrimtabError
from trimtab.models import Fleet, Metric, ScalingGroup
from trimtab.models.fleet import require_fleet
from trimtab.phrases import in_words
from trimtab.providers.base import Activity
from trimtab.providers.datapoints import MetricQuery
from trimtab.runtime.cloud import Cloud
from trimtab.simulation.estimating import Floats
from trimtab.simulation.load import Load
from trimtab.simulation.rehearsed import Recorded

LONGER = "look further back with `since`"
_MINUTE = timedelta(minutes=1)
_FINE = timedelta(days=15)
"""How long CloudWatch, which keeps them shortest, keeps datapoints of a minute; older ones are of five.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention"""
_MOST_ACTIVITIES = 10_000
GIVE_SIZE = "give `size` (`--size-metric`), a metric that counts instances in service"


@dataclass
class GroupReadings:
    """A group that runs, and what was read of it."""

    cloud: Cloud
    group: ScalingGroup
    name: str
    location: str
    since: datetime
    until: datetime
    unit: str
    size: Metric | None
    load: Load | None
    notes: list[str] = field(default_factory=list)
    counts_booting: bool = False
    """Whether the sizes that were read count instances that boot, too."""

    @classmethod
    def of(
        cls,
        cloud: Cloud,
        fleet: Fleet,
        group: str | None,
        since: datetime | timedelta,
        size: Metric | None,
        load: Load | None,
    ) -> "GroupReadings":
        fleet = require_fleet(fleet).for_provider(cloud.provider.name)
        names = [each.name for each in fleet.groups]
        if group is None and len(names) == 1:
            group = names[0]
        if group not in names:
            what = "no group is named" if group is None else f"fleet {fleet.name!r} has no group {group!r}"
            raise InvalidArgument(f"{what}; name one of {in_words(names) or 'none'}")
        status = cloud.status(fleet.replace(groups=[fleet[group]]))
        place = next(each for each in status.groups if each.group == group)
        if place.state is None:
            raise InvalidArgument(
                f"group {group!r} is not in the cloud; nothing was measured of it: apply the fleet first"
            )
        begin = status.at - since if isinstance(since, timedelta) else since
        if begin.tzinfo is None:
            raise InvalidArgument(f"since={begin} has no time zone; give one, such as UTC")
        if begin >= status.at - _MINUTE:
            raise InvalidArgument(f"since={since}: less than a minute is left to measure; {LONGER}")
        return cls(cloud, fleet[group], place.name, place.location, begin, status.at, place.state.unit, size, load)

    def __post_init__(self) -> None:
        self.period = _MINUTE if self.until - self.since <= _FINE else 5 * _MINUTE
        probe = MetricQuery(group=self.name, metric=metrics.cpu, since=self.since, until=self.until, period=self.period)
        self.times = probe.times
        self.missing: dict[str, str] = {}
        self.activities = self._read_activities()
        self.cpu = self._read(metrics.cpu, "average")
        self.requests = self._read(metrics.requests, "sum")
        self.each = self._read(metrics.requests_per_instance, "average")
        self.sizes, self.sizes_from = self._read_sizes()
        self.rates, self.rates_from = self._rates()

    # reading

    def _read_activities(self) -> Sequence[Activity]:
        try:
            activities = self.cloud.provider.live.read_activities(self.location, self.name, _MOST_ACTIVITIES)
        except TrimtabError as error:
            self.missing["activities"] = f"activities cannot be read: {error}"
            return ()
        done = [each for each in activities if self.since <= each.at <= self.until]
        if len(activities) >= _MOST_ACTIVITIES:
            self.notes.append(f"only the newest {_MOST_ACTIVITIES:,} activities were read")
        if not done:
            self.missing["activities"] = f"the cloud tells of no activity of the group in this time; {LONGER}"
        return done

    def _read(self, metric: Metric, statistic: str) -> Floats | None:
        """A value for each period, NaN where there is none; nothing where no period has one."""
        query = MetricQuery(
            group=self.name,
            metric=metric,
            since=self.since,
            until=self.until,
            period=self.period,
            statistic=statistic,
            location=self.location,
        )
        try:
            (answer,) = self.cloud.datapoints([query])
        except TrimtabError as error:
            self.missing[metric.name] = f"{metric.name} cannot be read: {error}"
            return None
        values = np.array([np.nan if value is None else value for value in answer.values], float)
        if np.isnan(values).all():
            self.missing[metric.name] = f"{metric.name} has no datapoint in this time"
            return None
        return values

    def _read_sizes(self) -> tuple[Floats | None, str]:
        """Instances in service in each period, and where they are from, or what would tell them."""
        recorded = declarations_of(self.cloud.provider.name).recorded_size
        metric = self.size
        if metric is None and self.unit != "instances":
            reason = f"sizes of this group count {self.unit}, what is recorded are instances"
            return None, f"{reason}; give `size` (`--size-metric`), a metric that counts {self.unit} in service"
        if metric is None and recorded.is_measured:
            metric, self.counts_booting = metrics.instances, recorded.counts_booting
        found = None if metric is None else self._read(metric, "average")
        if metric is not None and found is not None:
            return np.round(found), metric.name
        if self.size is not None:
            return None, f"{self.missing[self.size.name]}; publish it, or leave `size` out"
        if self.requests is not None and self.each is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                exact = self.requests / (self.period / _MINUTE) / self.each
            sizes: Floats = np.where(self.each > 0, np.round(exact), np.nan)
            return sizes, "requests divided by requests per instance"
        switch = f"{recorded.switch_on}, or {GIVE_SIZE}" if recorded.is_measured else GIVE_SIZE
        return None, f"the size over time was not recorded; {switch}"

    def _rates(self) -> tuple[Floats | None, str]:
        """Requests a second in each period, and where they are from, or what would tell them."""
        if self.load is not None:
            return self._given(self.load), "the load that was given"
        if self.requests is not None:
            return self.requests / self.period.total_seconds(), "requests"
        if self.each is not None and self.sizes is not None:
            return self.each * self.sizes / 60, "requests per instance, times the size"
        return (
            None,
            f"no load is known: {self.missing['requests']}; give `load`, such as that of a CSV file or access log",
        )

    def _given(self, load: Load) -> Floats:
        values = np.full(len(self.times), np.nan)
        if self.times and (rest := (load.start - self.times[0]) % _MINUTE):
            self.notes.append(
                f"the load begins {rest} after a whole minute; its minutes are taken for those they begin in"
            )
        width = self.period // _MINUTE
        rates = load.per_minute()
        for place, at in enumerate(self.times):
            first = (at - load.start) // _MINUTE
            if 0 <= first <= len(rates) - width:
                values[place] = sum(rates[first : first + width]) / width
        if np.isnan(values).all():
            span = f"{load.start.isoformat()} to {load.end.isoformat()}"
            wanted = f"{self.since.isoformat()} and {self.until.isoformat()}"
            raise InvalidArgument(f"the load from {span} has no minute between {wanted}; give the load of that time")
        return values

    @property
    def recorded(self) -> Recorded:
        """Load, sizes and CPU over time."""
        unknowns = np.full(len(self.times), np.nan)
        load, sizes, cpu = (unknowns if each is None else each for each in (self.rates, self.sizes, self.cpu))
        return Recorded(self.times, self.period, load, sizes, cpu, self.counts_booting)
