"""The KPIs of all groups of a fleet that runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trimtab.declarations import declarations_of
from trimtab.errors import InvalidRequest, TrimtabError
from trimtab.kpis.card import KpiOptions, Kpis
from trimtab.kpis.running import LiveGroupSource, Read, running_kpis
from trimtab.kpis.scoring import Static
from trimtab.metrics import instances
from trimtab.models import Fleet
from trimtab.providers.base import Activity, GroupState
from trimtab.providers.datapoints import check_aware
from trimtab.providers.roles import Provider

_MOST_ACTIVITIES = 100


class _GroupPlace(Protocol):
    @property
    def group(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def location(self) -> str: ...
    @property
    def state(self) -> GroupState | None: ...


class _Status(Protocol):
    @property
    def at(self) -> datetime: ...
    @property
    def groups(self) -> Sequence[_GroupPlace]: ...


def fleet_kpis(
    provider: Provider,
    fleet: Fleet,
    status: _Status,
    since: datetime,
    *,
    read: Read,
    baseline: Static,
    options: KpiOptions | None,
) -> Mapping[str, Kpis]:
    """
    The KPIs of each group, by its name.

    Args:
        provider: Whose groups they are.
        fleet: The groups as they are wanted.
        status: Where they are.
        since: When the time begins; it ends with the status.
        read: Answers queries for datapoints.
        baseline: What savings and the elastic speedup are measured against.
        options: Prices and targets.

    Raises:
        InvalidRequest: `since` has no time zone, or has not passed.
    """
    check_aware(since, "since")
    if since >= status.at:
        raise InvalidRequest(f"since={since.isoformat()} has not passed; give an earlier time", operation="kpis")
    result = {}
    for place in status.groups:
        if place.state is None:
            note = f"{place.name!r} does not exist in {place.location}"
            result[place.group] = Kpis(group=place.group, since=since, until=status.at, items=(), notes=(note,))
            continue
        source = source_of(provider, fleet, place, read)
        result[place.group] = running_kpis(source, since, status.at, baseline=baseline, options=options)
    return result


def source_of(provider: Provider, fleet: Fleet, place: _GroupPlace, read: Read) -> LiveGroupSource:
    """A group of a fleet, and how it is read."""
    recorded = declarations_of(provider.name).recorded_size
    activities: Sequence[Activity] | None = None
    trouble = ""
    try:
        activities = provider.live.read_activities(place.location, place.name, _MOST_ACTIVITIES)
    except TrimtabError as error:
        trouble = f"cannot be read: {error}"
    return LiveGroupSource(
        group=fleet[place.group],
        name=place.name,
        location=place.location,
        read=read,
        activities=activities,
        no_activities=trouble,
        most_activities=_MOST_ACTIVITIES,
        sizes=instances if recorded.is_measured else None,
        counts_booting=recorded.counts_booting,
        switch=recorded.switch_on if recorded.is_measured else "",
    )
