"""The provider of the cloud in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from trimtab.clock import Clock, SystemClock
from trimtab.events import Listener, silent
from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Change, Key, Live
from trimtab.providers.base import (
    PoolChoice,
    Write,
    Written,
    in_their_pools,
)
from trimtab.providers.memory.acting import GroupActions
from trimtab.providers.memory.datapoints import MemoryMetrics
from trimtab.providers.memory.kinds import KINDS
from trimtab.providers.memory.reads import read_fleet
from trimtab.providers.memory.resolve import resolve
from trimtab.providers.memory.states import MemoryLive
from trimtab.providers.memory.store import MemoryStore
from trimtab.providers.memory.translate import MemoryFacts, translate
from trimtab.providers.memory.writes import Writer
from trimtab.providers.roles import Actions, Metrics, Provider, Resources
from trimtab.providers.translation import Translation

if TYPE_CHECKING:
    from trimtab.providers.rolling import RolloutActions


def connect(
    *,
    clock: Clock,
    store: MemoryStore | None = None,
    location: str = "local",
    workers: int = 8,
    listener: Listener = silent,
) -> Provider:
    """A provider on `store`, or on an empty one of its own, in which nobody waits for a machine's clock."""
    store = store or (MemoryStore(clock, boot=timedelta(0)) if isinstance(clock, SystemClock) else MemoryStore(clock))
    live = MemoryLive(store, location=location)
    return Provider(
        name="memory",
        location=location,
        kinds=KINDS,
        resources=MemoryResources(store, location=location),
        live=live,
        actions=Actions(on=partial(GroupActions, store)),
        metrics=Metrics(read=MemoryMetrics(store).read, publish=MemoryMetrics(store).publish),
        rollouts=partial(_rollouts, store, live),
        connection=store,
    )


def _rollouts(store: MemoryStore, live: MemoryLive) -> "RolloutActions":
    from trimtab.providers.memory.rolling import MemoryRollouts  # few groups are rolled out

    return MemoryRollouts(store, live)


class MemoryResources(Resources):
    """Reads and writes a `MemoryStore`; does what the real providers do, at once and without a network."""

    def __init__(self, store: MemoryStore, *, location: str) -> None:
        self.store = store
        self.location = location

    def read(self, fleet: Fleet) -> Live:
        """Everything in the fleet's locations; a kind whose read fails is unknown."""
        return read_fleet(self.store, fleet, self.location)

    def choose_pools(self, fleet: Fleet, live: Live) -> PoolChoice:
        """By what groups of the store are in."""

        def is_in(group: ScalingGroup, pool: str) -> bool:
            key = Key(group.location or self.location, "group", fleet.native_name(group))
            item = live.resources.get(key)
            joined = item.body.get("load_balancers", ()) if item is not None else ()
            return any(pool in (each.get("name"), each.get("id")) for each in joined)

        return PoolChoice(fleet=in_their_pools(fleet, is_in))

    def resolve(self, fleet: Fleet, live: Live, *, refresh: frozenset[str] = frozenset()) -> MemoryFacts:
        """Images by match: the one kept at creation, else the newest of the store's."""
        return resolve(self.store, fleet, live, self.location, refresh)

    def translate(self, fleet: Fleet, facts: MemoryFacts, now: datetime) -> Translation:
        """Template, group, policies, schedules and alarms of every group."""
        return translate(fleet, facts, now, self.location)

    def users_elsewhere(self, changes: Sequence[Change], fleet: str) -> Mapping[Key, str]:
        """Which other groups of the store launch from templates that go."""
        from trimtab.providers.sharing import deleted, used_by, users_of  # a plan that deletes nothing asks nobody

        result = {}
        for change in deleted(changes, ("template",)):
            groups = {
                key: thing.mark
                for key, thing in list(self.store.things.items())
                if (key.kind, key.location) == ("group", change.key.location)
                and thing.body.get("template", {}).get("name") == change.key.name
            }
            if users := users_of(change, groups, changes, fleet):
                result[change.key] = f"{used_by('group', users)} {'uses' if len(users) == 1 else 'use'} it too"
        return result

    def write(self, writes: Sequence[Write]) -> Sequence[Written]:
        """Each change in turn."""
        return Writer(self.store).write(writes)

    def permissions(self, fleet: Fleet, *, read_only: bool = False, controller: bool = False) -> Mapping[str, Any]:
        """Nothing: nobody is asked who he is."""
        return {}

    def instance_permissions(self, fleet: Fleet) -> Mapping[str, Any]:
        """Nothing: there are no instances that ask."""
        return {}
