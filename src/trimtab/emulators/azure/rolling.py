"""
Rolling upgrades: the instances of a scale set brought to its newest model batch by batch, with an eye on their health.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-configure-rolling-upgrades
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.azure.errors import to_dict
from trimtab.emulators.azure.instance import EmulatedInstance
from trimtab.emulators.azure.scale_set import ScaleSet
from trimtab.emulators.azure.scale_set_fields import rolling_policy
from trimtab.emulators.azure.scaling import launch, reimage, remove, revert, upgrade
from trimtab.emulators.azure.shortages import check_quota
from trimtab.emulators.azure.world import Phase, stamp
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import read_iso_span
from trimtab.engine.rounding import floor_ratio

_PATIENCE = timedelta(minutes=5)
"""How long a batch may take to become healthy (virtual-machine-scale-sets-automatic-upgrade, the same site)."""
_KIND = "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"


class RollingUpgrade:
    """
    One rolling upgrade of one scale set.

    Args:
        scale_set: Whose.
        waiting: The instances that it is about.
        images_only: Whether it puts new disks under them and leaves their model as it is.
    """

    def __init__(self, scale_set: ScaleSet, waiting: Sequence[EmulatedInstance], *, images_only: bool = False) -> None:
        self.scale_set = scale_set
        self.policy = rolling_policy(scale_set.body)
        self.code, self.last_action = "RollingForward", "Start"
        self.began = self.last_action_at = scale_set.world.now()
        self.error: ServiceError | None = None
        self._waiting = list(waiting)
        self._batch: list[EmulatedInstance] = []
        self._leaving: list[EmulatedInstance] = []
        """The old instances that a batch of new ones is for."""
        self._upgraded: list[EmulatedInstance] = []
        self._failed = 0
        self._before: dict[str, tuple[int, dict[str, Any]]] = {}
        self._images_only = images_only
        self._gives_up_at: datetime | None = None
        self._rests_until: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it has not ended."""
        return self.code in ("RollingForward", "RollingBack")

    @property
    def surge(self) -> int:
        """How many instances there are beyond the size, for those that are to leave."""
        return len([each for each in self._leaving if each.counts]) if self.goes_on else 0

    def start(self) -> None:
        """Take the first step, if the scale set is well enough."""
        if self._is_too_ill():
            self._fault("MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade", "before the rolling upgrade")
            return
        self._next()

    def cancel(self) -> None:
        """Begin no further batch."""
        self.code, self.last_action, self.last_action_at = "Cancelled", "Cancel", self.scale_set.world.now()
        self._over("Succeeded")

    def supersede(self) -> None:
        """Give way to another one."""
        if self.goes_on:
            self.code = "Cancelled"

    def look(self) -> None:
        """See whether the batch is done, and what is next."""
        if not self.goes_on or self._rests_until is not None or not self._batch:
            return
        now = self.scale_set.world.now()
        self._batch = [each for each in self._batch if each.counts]
        if all(each.state == "Succeeded" and each.is_healthy for each in self._batch):
            self._done()
        elif any(each.state not in ("Succeeded", "Failed") for each in self._batch):
            return
        elif self._gives_up_at is None:
            self._gives_up_at = now + _PATIENCE
            self._again(self._gives_up_at)
        elif now >= self._gives_up_at:
            self._judge()
        else:
            self._again(min(self._gives_up_at, now + timedelta(seconds=10)))

    def to_dict(self) -> dict[str, Any]:
        """The upgrade as reads show it."""
        scale_set = self.scale_set
        properties = {
            "policy": self.policy,
            "runningStatus": {
                "code": self.code,
                "startTime": stamp(self.began),
                "lastAction": self.last_action,
                "lastActionTime": stamp(self.last_action_at),
            },
            "progress": {
                "successfulInstanceCount": len([each for each in self._upgraded if each.is_healthy]),
                "failedInstanceCount": self._failed,
                "inProgressInstanceCount": len(self._batch) if self.goes_on else 0,
                "pendingInstanceCount": len(self._pending()),
            },
            **({"error": to_dict(self.error)} if self.error else {}),
        }
        return {
            "id": f"{scale_set.id}/rollingUpgrades/latest",
            "name": "latest",
            "type": _KIND,
            "location": scale_set.location,
            "properties": properties,
        }

    def _pending(self) -> list[EmulatedInstance]:
        return [each for each in self._waiting if each.counts and not _is_protected(each)]

    def _next(self) -> None:
        """Begin the next batch: of one zone, unless it may cross them."""
        self._rests_until = self._gives_up_at = None
        pending = self._pending()
        if not pending:
            self.code, self._batch = "Completed", []
            self._over("Succeeded")
            return
        if self.policy.get("prioritizeUnhealthyInstances"):
            pending.sort(key=lambda each: each.is_healthy)
        if not self.policy.get("enableCrossZoneUpgrade"):
            pending = [each for each in pending if each.zone == pending[0].zone]
        share = int(self.policy["maxBatchInstancePercent"])
        batch = pending[: max(1, floor_ratio(len(self.scale_set.members()), share, 100))]
        self._waiting = [each for each in self._waiting if each not in batch]
        self._begin(batch)
        self.look()

    def _begin(self, batch: list[EmulatedInstance]) -> None:
        self._leaving = []
        if self.policy.get("maxSurge") and not self._images_only and self._may_surge(len(batch)):
            self._leaving = batch
            self._batch = [launch(self.scale_set) for _ in batch]
            return
        for each in batch:
            self._before[each.key] = (each.model, each.made_by)
            if self._images_only:
                reimage(each)
            else:
                upgrade(each)
        self._batch = batch

    def _may_surge(self, count: int) -> bool:
        """Whether there is quota: else it is done in place (virtual-machine-scale-sets-maxsurge, the same site)."""
        try:
            check_quota(self.scale_set, len(self.scale_set.members()) + count)
        except ServiceError:
            return False
        return True

    def _done(self) -> None:
        for each in self._leaving:
            remove(each)
        self._upgraded += self._batch
        self._batch, self._leaving = [], []
        self._rest()

    def _judge(self) -> None:
        """A batch has had its time, and some of it is unhealthy: go on with as many as may be."""
        ill = [each for each in self._batch if each.state != "Succeeded" or not each.is_healthy]
        self._failed += len(ill)
        self._upgraded += self._batch
        # of the whole set, as the example of the page has it
        most = int(self.policy["maxUnhealthyUpgradedInstancePercent"]) * (
            len(self.scale_set.members()) - len(self._leaving)
        )
        if 100 * len([each for each in self._upgraded if each.counts and not each.is_healthy]) > most:
            # new ones that are ill do not stay in the place of old ones that are well
            for each in [*self._leaving[len(ill) :], *(ill if self._leaving else ())]:
                remove(each)
            self._leaving = []
            self._roll_back(ill)
            self._fault("MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade", "after being upgraded")
            return
        for each in self._leaving:
            remove(each)
        self._batch, self._leaving = [], []
        self._rest()

    def _roll_back(self, ill: Sequence[EmulatedInstance]) -> None:
        if not self.policy["rollbackFailedInstancesOnPolicyBreach"] or self.scale_set.flexible:
            return
        for each in ill:
            if each.key in self._before:
                revert(each, *self._before[each.key])

    def _rest(self) -> None:
        """Wait as long as the policy says; then the next batch, if the set is well enough for it."""
        if not self._pending():
            self._next()
            return
        pause = read_iso_span(str(self.policy["pauseTimeBetweenBatches"]))
        self._rests_until = self.scale_set.world.now() + pause
        until = self._rests_until
        order = (Phase.INSTANCES, self.scale_set.key)
        self.scale_set.world.later(
            pause.total_seconds(), order, self._after_rest, lambda: self.goes_on and self._rests_until == until
        )

    def _after_rest(self) -> None:
        if self._is_too_ill():
            self._fault("MaxUnhealthyInstancePercentExceededInRollingUpgrade", "before the next batch")
        else:
            self._next()

    def _again(self, due: datetime) -> None:
        self.scale_set.world.at(due, (Phase.INSTANCES, self.scale_set.key), self.look, lambda: self.goes_on)

    def _is_too_ill(self) -> bool:
        members = self.scale_set.members()
        ill = [each for each in members if each.state == "Failed" or not each.is_healthy]
        return 100 * len(ill) > int(self.policy["maxUnhealthyInstancePercent"]) * len(members)

    def _fault(self, code: str, when: str) -> None:
        text = f"Rolling Upgrade failed: too many instances of '{self.scale_set.name}' are unhealthy {when}."
        self.code, self.error = "Faulted", ServiceError(code, text)
        self._over("Failed")

    def _over(self, state: str) -> None:
        if not self.scale_set.is_deleting:
            self.scale_set.state = state


def outdated(scale_set: ScaleSet) -> list[EmulatedInstance]:
    """The instances that an upgrade by itself would bring to the newest model."""
    return [each for each in scale_set.members() if each.model != scale_set.model and not _is_protected(each)]


def roll(scale_set: ScaleSet) -> None:
    """Begin a rolling upgrade of what is outdated; it takes the place of one that goes on."""
    waiting = outdated(scale_set)
    if waiting:
        _begin(RollingUpgrade(scale_set, waiting))


def roll_images(scale_set: ScaleSet) -> None:
    """Begin a rolling upgrade to the newest image of the platform; the model of no instance changes."""
    _begin(RollingUpgrade(scale_set, scale_set.members(), images_only=True))


def _begin(rolling: RollingUpgrade) -> None:
    scale_set = rolling.scale_set
    if scale_set.upgrade is not None:
        scale_set.upgrade.supersede()
    scale_set.upgrade, scale_set.state = rolling, "Updating"
    rolling.start()


def _is_protected(instance: EmulatedInstance) -> bool:
    return bool(instance.protection.get("protectFromScaleSetActions"))
