"""A fleet that is looked at again and again: how it stands, its load, what was last done to it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from trimtab.clock import Clock, ensure_above_zero
from trimtab.metrics import cpu
from trimtab.models import Fleet
from trimtab.providers.base import Activity, GroupState
from trimtab.providers.datapoints import Datapoints, MetricQuery
from trimtab.providers.patience import patience_of
from trimtab.providers.roles import Provider
from trimtab.runtime.datapoints import read_datapoints
from trimtab.runtime.status import FleetStatus, GroupStatus

PERIOD = timedelta(minutes=5)
"""What every instance has reported in once, also where it reports every five minutes."""
LOOK_BACK = 4 * PERIOD
"""A datapoint that is older does not say how things are now."""


class Watch:
    """
    Looks at a fleet as often as it is asked to.

    A look takes a call for the groups, one for the alarms and one for the metrics. What was last done is asked
    for in the first look, and again when a group's instances are others than the last time.
    """

    def __init__(
        self, provider: Provider, fleet: Fleet, *, status: Callable[[Fleet], FleetStatus], clock: Clock
    ) -> None:
        self.fleet = fleet
        self._provider = provider
        self._status = status
        self._clock = clock
        self._seen: dict[tuple[str, str], Any] = {}
        self._activities: dict[tuple[str, str], Activity] = {}

    def snapshot(self) -> FleetStatus:
        """How the fleet stands now; with the load of each group and what was last done to it."""
        with patience_of(self._clock):
            return self._look()

    def _look(self) -> FleetStatus:
        status = self._status(self.fleet)
        existing = [group for group in status.groups if group.state is not None]
        loads = self._loads(existing)
        self._read_activities(existing)
        groups = tuple(self._with_load(group, loads) for group in status.groups)
        return replace(status, groups=groups)

    def stream(self, interval: timedelta) -> Iterator[FleetStatus]:
        """One look after the other, `interval` apart, without an end."""
        ensure_above_zero(interval, "interval")
        return self._stream(interval)

    def _stream(self, interval: timedelta) -> Iterator[FleetStatus]:
        while True:
            yield self.snapshot()
            self._clock.sleep(interval)

    def _with_load(self, group: GroupStatus, loads: Mapping[tuple[str, str], Datapoints]) -> GroupStatus:
        place = group.location, group.name
        return replace(group, cpu=loads.get(place), activity=self._activities.get(place))

    def _loads(self, groups: Sequence[GroupStatus]) -> dict[tuple[str, str], Datapoints]:
        now = self._clock.now()
        queries = [
            MetricQuery(group=group.name, metric=cpu, since=now - LOOK_BACK, period=PERIOD, location=group.location)
            for group in groups
        ]
        answers = read_datapoints(self._provider, queries, now)
        return {(query.location, query.group): answer for query, answer in zip(queries, answers, strict=True)}

    def _read_activities(self, groups: Sequence[GroupStatus]) -> None:
        changed: dict[str, list[str]] = {}
        for group in groups:
            place, seen = (group.location, group.name), group.state and _outline(group.state)
            if self._seen.get(place) != seen:
                changed.setdefault(group.location, []).append(group.name)
            self._seen[place] = seen
        for location, names in changed.items():
            latest = self._provider.live.read_last_activities(location, names)
            self._activities |= {(location, name): activity for name, activity in latest.items()}


def _outline(state: GroupState) -> Any:
    """What differs when something was done to a group."""
    return state.desired, state.min, state.max, frozenset((instance.id, instance.state) for instance in state.instances)
