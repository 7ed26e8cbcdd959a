"""One group that exists, to read and to act on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from trimtab.apply import Place, wait_for
from trimtab.clock import Clock
from trimtab.errors import NotFound, WaitTimeout
from trimtab.events import Listener
from trimtab.plan import Key
from trimtab.providers.base import Activity, GroupState, Instance, Provider


class LiveGroup:
    """
    One group that exists in a cloud, owned by a fleet or not.

    It acts on the group that the caller names and asks for no mark.
    """

    def __init__(self, provider: Provider, name: str, location: str, *, clock: Clock, listener: Listener) -> None:
        self._provider = provider
        self._clock = clock
        self._listener = listener
        self._asked = name
        self._native: str | None = None
        self.location = location

    @property
    def name(self) -> str:
        """The group's name in the cloud."""
        if self._native is None:
            self._native = self.read().name
        return self._native

    def read(self) -> GroupState:
        """
        The group as it is now.

        Raises:
            NotFound: There is no such group.
        """
        if self._native is None:
            state = self._provider.find_group(self._asked, self.location)
        else:
            state = next(iter(self._provider.read_states([(self.location, self._native)])), None)
        if state is None:
            raise NotFound(f"there is no group {self._asked!r} in {self.location}", provider=self._provider.name)
        self._native = state.name
        return state

    def scale(self, *, to: int) -> None:
        """
        Ask for `to` instances; a cooldown does not hold it up.

        Raises:
            InvalidRequest: `to` is outside the group's bounds.
        """
        self._provider.set_capacity(self.location, self.name, to)

    def wait(self, *, timeout: timedelta, until: Literal["stable", "healthy"] = "stable") -> GroupState:
        """
        The group, once the wanted number of instances runs (`stable`) or also serves (`healthy`).

        Raises:
            WaitTimeout: It did not get there within `timeout`.
        """
        place = Place(Key(self.location, "group", self.name), self.name)
        late = wait_for(
            self._provider,
            [place],
            healthy=until == "healthy",
            timeout=timeout,
            clock=self._clock,
            listener=self._listener,
        )
        if late:
            raise WaitTimeout(late[0])
        return self.read()

    def instances(self) -> tuple[Instance, ...]:
        """Its instances, with what its load balancers say of them."""
        states = self._provider.read_states([(self.location, self.name)], balancers=True)
        return states[0].instances if states else ()

    def activities(self, limit: int = 20) -> Sequence[Activity]:
        """What the cloud did to its size, newest first."""
        return self._provider.read_activities(self.location, self.name, limit)
