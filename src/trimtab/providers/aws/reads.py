"""
Reading a fleet back with few calls.

AWS answers by page of the whole account or by name. Which takes fewer calls depends on how much of the
account is ours, and the first page of groups says so.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trimtab.errors import ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Live, Mark, Resource, Unknown
from trimtab.providers.aws import live
from trimtab.providers.aws.client import Calls
from trimtab.providers.aws.kinds import (
    AUTO_SCALING_GROUP,
    LAUNCH_TEMPLATE,
    METRIC_ALARM,
    SCALING_POLICY,
    SCHEDULED_ACTION,
)
from trimtab.providers.aws.live import Names, Payload

PAGE = 100
TEMPLATE_PAGE = 200
# with so few groups of ours, beside many of others, asking for each is cheaper than paging
FEW = 10


def read_region(calls: Calls, pool: Executor, fleet: Fleet, location: str, now: datetime) -> Live:
    """Everything of the fleet in one region, and whatever stands where it wants something."""
    return _Read(calls, pool, Names(fleet, location, calls.region), now).run()


def batches(names: Iterable[str], size: int = PAGE) -> list[list[str]]:
    """Names in lists that one call takes."""
    every = list(names)
    return [every[start : start + size] for start in range(0, len(every), size)]


@dataclass
class _Groups:
    """The groups that concern the fleet, and whether the account has many more."""

    ours: dict[str, Payload] = field(default_factory=dict)
    crowded: bool = False


class _Read:
    def __init__(self, calls: Calls, pool: Executor, names: Names, now: datetime) -> None:
        self.calls, self.pool, self.names, self.now = calls, pool, names, now
        self.location = names.location
        self.found: dict[Key, Resource] = {}
        self.unknown: list[Unknown] = []

    def run(self) -> Live:
        alarms = self._start(self._alarms)
        groups = self._take(AUTO_SCALING_GROUP.name, self._start(self._groups))
        known = groups or _Groups(crowded=True)
        templates = self._start(self._templates, known)
        children: list[tuple[str, Future[list[Resource]]]] = []
        if groups is not None and groups.ours:
            children = [
                (SCALING_POLICY.name, self._start(self._policies, groups)),
                (SCHEDULED_ACTION.name, self._start(self._actions, groups)),
            ]
        elif groups is None:
            reason = "the groups that contain them could not be read"
            self.unknown += [Unknown(self.location, kind.name, reason) for kind in (SCALING_POLICY, SCHEDULED_ACTION)]
        for kind, job in [(METRIC_ALARM.name, alarms), (LAUNCH_TEMPLATE.name, templates), *children]:
            self.found.update(live.by_key(self._take(kind, job) or ()))
        for group in known.ours.values():
            item = live.group_resource(group, self.names)
            self.found[item.key] = item
        if groups is not None:
            self._doubt_missing_groups(groups)
        return Live(resources=self.found, unknown=tuple(self.unknown))

    def _start[**P, T](self, job: Callable[P, T], *args: P.args, **more: P.kwargs) -> "Future[T]":
        return self.pool.submit(job, *args, **more)

    def _take[T](self, kind: str, job: "Future[T]") -> T | None:
        try:
            return job.result()
        except ProviderError as error:
            self.unknown.append(Unknown(self.location, kind, str(error)))
            return None
