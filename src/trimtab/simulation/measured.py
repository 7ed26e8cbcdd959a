"""A load from what a cloud has measured of a group: requests as they are, work of instances by how many there were."""

from datetime import datetime, timedelta

from trimtab import metrics
from trimtab.declarations import declarations_of
from trimtab.declarations.record import RecordedSize
from trimtab.errors import InvalidArgument
from trimtab.models import Metric
from trimtab.providers.datapoints import Datapoints
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup
from trimtab.simulation.readings import Readings


def measured_load(
    cloud: Cloud,
    group: str,
    metric: Metric,
    *,
    since: datetime | timedelta,
    size: int | Metric | None,
    capacity: float | None,
    step: timedelta,
) -> tuple[Readings, str]:
    """
    Readings of a load, and the unit of their values.

    Raises:
        InvalidArgument: The metric is no load and none of its instances' work, sizes were not recorded, or CPU is
            given without a capacity.
    """
    live = cloud.group(group)
    statistic = "sum" if metric == metrics.requests else "average"
    points = live.datapoints(metric, since=since, period=step, statistic=statistic)
    source = f"{metric.name} of {group!r}"
    if metric == metrics.requests:
        return Readings(source, points.times, points.values), "requests"
    factor, unit = _work_of_one(metric, capacity)
    sizes = _sizes(cloud, live, group, points, since, size, step)
    values = [
        None if value is None or count is None else value * factor * count
        for value, count in zip(points.values, sizes, strict=True)
    ]
    if all(value is None for value in values) and any(value is not None for value in points.values):
        raise InvalidArgument(f"{source}: no size was recorded in that time; {_recorded_size(cloud).switch_on}")
    also = "" if size is not None or not _recorded_size(cloud).counts_booting else ", those that boot among them"
    notes = (f"{source}: multiplied by how many instances there were{also}; what they could not serve is not in it",)
    return Readings(source, points.times, values, notes), unit


def _work_of_one(metric: Metric, capacity: float | None) -> tuple[float, str]:
    if metric == metrics.requests_per_instance:
        return 1.0, "requests-per-minute"
    if metric != metrics.cpu:
        text = f"the metric {metric.name!r} is not a load"
        raise InvalidArgument(f"{text}; use metrics.requests, metrics.requests_per_instance or metrics.cpu")
    if capacity is None:
        text = "CPU is not a load: say how many requests a second one instance serves at 100 %"
        raise InvalidArgument(f"{text}: `capacity=NUMBER`")
    return capacity / 100, "requests-per-second"


def _sizes(
    cloud: Cloud,
    live: LiveGroup,
    group: str,
    points: Datapoints,
    since: datetime | timedelta,
    size: int | Metric | None,
    step: timedelta,
) -> tuple[float | None, ...]:
    if isinstance(size, int):
        return (float(size),) * len(points.times)
    metric = size or _recorded(cloud, group)
    found = live.datapoints(metric, since=points.times[0] if points.times else since, period=step)
    known = dict(zip(found.times, found.values, strict=True))
    return tuple(known.get(at) for at in points.times)


def _recorded(cloud: Cloud, group: str) -> Metric:
    recorded = _recorded_size(cloud)
    if not recorded.is_measured:
        raise InvalidArgument(f"the cloud does not record the sizes of {group!r}; {recorded.switch_on}")
    return metrics.instances


def _recorded_size(cloud: Cloud) -> RecordedSize:
    return declarations_of(cloud.provider.name).recorded_size
