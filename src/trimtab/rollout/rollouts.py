"""The rollouts of a fleet on a connected cloud, as callers have them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from trimtab.clock import Clock
from trimtab.events import Listener
from trimtab.models import Fleet
from trimtab.models.fleet import require_fleet
from trimtab.plan import Plan
from trimtab.providers.roles import Provider
from trimtab.rollout.blue_green import CarryOut
from trimtab.rollout.driver import ELSEWHERE, RolloutDriver
from trimtab.rollout.results import GroupRollout, Rolled, RolloutOutcome

if TYPE_CHECKING:
    from trimtab.store.records import Store


class Planner(Protocol):
    """What rollouts need of a connected cloud."""

    provider: Provider

    @property
    def clock(self) -> Clock:
        """Tells the time and waits."""

    def plan(self, fleet: Fleet) -> Plan:
        """What apply would change, and what waits for a rollout."""


class Rollouts:
    """
    The rollouts of one fleet; `Cloud.rollouts` makes it.

    Args:
        cloud: The connected cloud.
        carry_out: Carries the changes of a plan out on it.
        fleet: Says which groups, and how each is rolled out.
        listener: Called when the rollout of a group moves.
        allow_commands: Whether `command` gates may run their programs.
        store: Where the history is kept; `None` keeps none.
    """

    def __init__(
        self,
        cloud: Planner,
        carry_out: CarryOut,
        fleet: Fleet,
        *,
        listener: Listener,
        allow_commands: bool = False,
        store: "Store | None" = None,
    ) -> None:
        self._cloud = cloud
        self._fleet = fleet
        own = require_fleet(fleet).for_provider(cloud.provider.name)
        self._driver = RolloutDriver(cloud.provider, own, cloud.clock, carry_out, listener, allow_commands)
        if store is not None:
            from trimtab.rollout.recording import Recorder  # what it needs of a store is an extra

            self._driver.record = Recorder(store, cloud.provider, own).record

    def start(
        self, groups: Sequence[str] | None = None, *, by: str = "", again: bool = False
    ) -> tuple[GroupRollout, ...]:
        """
        Begin the rollout of each group whose template waits for one, or whose instances are on an older one.

        A group with a run goes on with that one. Nothing moves before `tick` or `see_through`.

        Args:
            groups: Only these; all when left out.
            by: Who starts them.
            again: Whether a template that was rolled back is tried once more; without it, its group is not started.

        Raises:
            PlanRefused: The plan of the fleet has problems.
            InvalidArgument: The fleet has no such group.
        """
        return self._driver.start(self._cloud.plan(self._fleet), groups, by=by, again=again)

    def status(self) -> tuple[GroupRollout, ...]:
        """How each group stands, those included that wait for a rollout; reads only."""
        return self._driver.status(self._cloud.plan(self._fleet))

    def tick(self, groups: Sequence[str] | None = None) -> tuple[GroupRollout, ...]:
        """One look at every group, and the next step of each run that is on."""
        return self._driver.tick(groups)

    def see_through(
        self,
        groups: Sequence[str] | None = None,
        *,
        timeout: timedelta | None = None,
        on_look: Callable[[Sequence[GroupRollout]], None] = lambda results: None,
    ) -> Rolled:
        """
        Drive until nothing more happens by itself, or the time is over.

        Args:
            groups: Only these; all when left out.
            timeout: How long at most; as long as it takes when left out.
            on_look: Is shown every group after each look.

        Raises:
            Cancelled: Nobody waits for it any more; the runs stay as they are.
        """
        rolled = self._driver.see_through(groups, timeout=timeout, on_look=on_look)
        if not any(each.text == ELSEWHERE for each in rolled.groups):
            return rolled
        waiting = {change.group for change in self._cloud.plan(self._fleet).waiting}
        return Rolled(tuple(_seen_elsewhere(each, waiting) for each in rolled.groups))

    def pause(self, group: str, *, by: str = "", why: str = "") -> GroupRollout:
        """Let a run stand still until somebody resumes it."""
        return self._driver.pause(group, by=by, why=why)

    def resume(self, group: str) -> GroupRollout:
        """Let a run that is paused or stopped go on from where it was; says where the file has another template."""
        return self._driver.resume(group, template=self._cloud.plan(self._fleet).templates.get(group, ""))

    def abort(self, group: str, *, by: str = "", why: str = "") -> GroupRollout:
        """Have a run go back to the old template; `see_through` drives it there. `why` is kept beside who did it."""
        return self._driver.abort(group, by=by, why=why)

    def undo(self, group: str, *, by: str = "") -> GroupRollout:
        """
        Abort a run that is on; without one, begin a rollout of the template before this one.

        Where the file still has the template that is undone, it is known as one that was rolled back.
        """
        plan = self._cloud.plan(self._fleet)
        waits = any(change.group == group for change in plan.waiting)
        return self._driver.undo(group, by=by, template="" if waits else plan.templates.get(group, ""))


def _seen_elsewhere(result: GroupRollout, waiting: Collection[str]) -> GroupRollout:
    """How a run ended that another process drove to its end: its template waits again where it went back."""
    if result.text != ELSEWHERE:
        return result
    outcome = RolloutOutcome.ROLLED_BACK if result.group in waiting else RolloutOutcome.DONE
    return replace(result, outcome=outcome)
