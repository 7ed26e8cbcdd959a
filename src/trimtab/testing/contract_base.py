"""What the tests of the contract ask of the cloud under test, and what they share."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Protocol

import pytest

from trimtab import errors
from trimtab.declarations import Means, declarations_of
from trimtab.models import Fleet, Metric
from trimtab.plan import Change, Key, Resource, references
from trimtab.providers.base import GroupState
from trimtab.runtime.cloud import Cloud
from trimtab.runtime.group import LiveGroup


class World(Protocol):
    """What the contract asks of the cloud under test, beside the provider itself."""

    def connect(self, **settings: Any) -> Cloud:
        """A new connection to the same cloud, on the world's clock."""
        ...

    def advance(self, duration: timedelta) -> None:
        """Let time pass in the cloud and for its connections."""
        ...

    def tamper(self, cloud: Cloud, key: Key) -> str:
        """Change one compared field of a resource behind trimtab's back; the path of that field."""
        ...

    def make_foreign(self, cloud: Cloud, key: Key) -> None:
        """Take the mark off a resource, as if somebody else had made it."""
        ...

    def push(self, group: str, metric: Metric, value: float) -> None:
        """Have the cloud measure a neutral metric of a group, by its name in the cloud, now."""
        ...

    def deny(self, kind: str) -> None:
        """Refuse every read of a kind from now on."""
        ...

    def allow(self) -> None:
        """Refuse nothing any more."""
        ...

    def writes(self) -> int:
        """How many writing calls the cloud has had."""
        ...

    def boot_slowly(self) -> None:
        """Have instances take a minute to run from now on."""
        ...


class ContractBase:
    """The fixtures of the contract, and what its tests share."""

    @pytest.fixture
    def world(self) -> World:
        """The cloud under test, empty."""
        pytest.fail("a contract suite gives its own `world` fixture", pytrace=False)

    @pytest.fixture
    def fleet(self) -> Fleet:
        """The fleet under test."""
        pytest.fail("a contract suite gives its own `fleet` fixture", pytrace=False)

    @pytest.fixture
    def cloud(self, world: World) -> Iterator[Cloud]:
        """A connection."""
        with world.connect() as cloud:
            yield cloud

    @pytest.fixture
    def applied(self, cloud: Cloud, fleet: Fleet) -> Cloud:
        """A connection to a cloud that has the fleet."""
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        return cloud

    # what the tests share

    def _paused(self, cloud: Cloud, fleet: Fleet) -> LiveGroup:
        """The first group, whose size nobody but the test changes."""
        live = cloud.group(fleet.native_name(fleet.groups[0]))
        live.pause(by="Ana")
        return live

    def _at_the_most(self, live: LiveGroup) -> GroupState:
        live.scale(to=live.read().max)
        live.wait(timeout=timedelta(minutes=30))
        return live.read()

    def _refuses(self, world: World, cloud: Cloud, operation: str, act: Callable[[], None]) -> bool:
        """Whether the provider declares that it does not do this; then it says so, and writes nothing."""
        support = declarations_of(cloud.provider.name).instances.get(operation)
        if support is not None and support.means is not Means.UNSUPPORTED:
            return False
        before = world.writes()
        with pytest.raises(errors.Unsupported, match=f"cannot {operation} one instance"):
            act()
        assert world.writes() == before
        return True

    def _first(self, cloud: Cloud, fleet: Fleet, kind: str) -> Key:
        """The first resource of a kind that belongs to the fleet's first group."""
        wanted = self._wanted(cloud, fleet)
        return next(item.key for item in wanted if item.key.kind == kind and item.group == fleet.groups[0].name)

    def _wanted(self, cloud: Cloud, fleet: Fleet) -> Sequence[Resource]:
        facts = cloud.provider.resources.resolve(fleet, cloud.provider.resources.read(fleet))
        return cloud.provider.resources.translate(fleet, facts, cloud.now()).resources

    def _needed(self, cloud: Cloud, change: Change) -> set[Key]:
        """What a new thing refers to, and what it is a part of."""
        key, parent = change.key, cloud.provider.kinds[change.key.kind].parent
        named = {ref.key for ref in references(change.wanted.body)} if change.wanted else set()
        return named | {Key(key.location, parent, key.parent)} if parent else named

    def _ours(self, cloud: Cloud, fleet: Fleet) -> set[Key]:
        """What the cloud has that bears the fleet's mark, or is a part of a group of the fleet."""
        natives = {fleet.native_name(group) for group in fleet.groups}
        resources = cloud.provider.resources.read(fleet).resources
        return {
            key
            for key, item in resources.items()
            if (item.mark is not None and item.mark.fleet == fleet.name) or key.parent in natives
        }

    def _marked_kinds(self, cloud: Cloud) -> list[str]:
        kinds = cloud.provider.kinds.values()
        return [kind.name for kind in kinds if kind.parent is None and not kind.content_addressed]

    def _changeable_kinds(self, cloud: Cloud) -> list[str]:
        """Those that are not named by what they hold: there a change makes another one."""
        return [kind.name for kind in cloud.provider.kinds.values() if not kind.content_addressed]

    def _edit(self, fleet: Fleet, **fields: Any) -> Fleet:
        first = fleet.groups[0].model_copy(update=fields)
        return fleet.model_copy(update={"groups": (first, *fleet.groups[1:])})

    def _with_bounds(self, fleet: Fleet) -> Fleet:
        capacity = fleet.groups[0].capacity
        roomier = capacity.model_copy(update={"max": capacity.max + 1})
        return self._edit(fleet, capacity=roomier)
