"""The sizes of a group in the past, as far as its cloud has recorded them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import isnan, nan

from trimtab.errors import TrimtabError
from trimtab.kpis.fleet import source_of
from trimtab.kpis.running import recorded_supply
from trimtab.loadtests.watching import SizeReading
from trimtab.models import Fleet, ScalingGroup
from trimtab.runtime.cloud import Cloud

_MINUTE = timedelta(minutes=1)


def recorded_sizes(
    cloud: Cloud, fleet: Fleet, group: ScalingGroup, begin: datetime, seconds: float
) -> tuple[Sequence[SizeReading] | None, tuple[str, ...]]:
    """What a cloud has recorded of a group's size from a moment on, for so many seconds; or nothing, and why."""
    until = min(begin + timedelta(seconds=seconds) + _MINUTE, cloud.now())
    if until <= begin:
        return None, (f"sizes are not known: {begin.isoformat()} has not passed on the cloud's clock",)
    try:
        (place,) = cloud.status(fleet.replace(groups=[group])).groups
        if place.state is None:
            return None, (f"sizes are not known: {place.name} does not exist in {place.location}",)
        source = source_of(cloud.provider, fleet, place, cloud.datapoints)
        first, period, supply, note = recorded_supply(source, begin - _MINUTE, until)
    except TrimtabError as error:
        return None, (f"sizes are not known: {error}",)
    found = [
        SizeReading((first + number * period - begin).total_seconds(), nan, nan, float(size))
        for number, size in enumerate(supply)
        if not isnan(size)
    ]
    return (found or None), (note,)
