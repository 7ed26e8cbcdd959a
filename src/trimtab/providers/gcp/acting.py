"""What is done to one group that runs: a size asked for, a pause, its end, a policy acted on once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from trimtab.declarations.find import refuse_unsupported
from trimtab.engine.signals import SHORTEST_WINDOW
from trimtab.errors import InvalidRequest, NotFound, Unsupported
from trimtab.plan import read_description
from trimtab.providers.base import GroupState, Instance
from trimtab.providers.gcp.autoscaler import OFF, ON
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.ids import lengthened, name_of, place_of, scoped
from trimtab.providers.gcp.names import MANUAL_SIZE_SCHEDULE, planned_schedules
from trimtab.providers.gcp.reads import managed_instances
from trimtab.providers.gcp.resources import find_boost, find_pause, with_marks
from trimtab.providers.gcp.states import States, bounds_of, find_manager, find_scaler, second_of
from trimtab.providers.gcp.translate import BETWEEN
from trimtab.providers.moments import zulu
from trimtab.providers.pause import BOOST, Boost, Pause
from trimtab.providers.policy_execution import executed_size, find_amount, not_executable
from trimtab.providers.retry import in_batches
from trimtab.providers.sizes import Bounds, check_shrink

if TYPE_CHECKING:
    from trimtab.providers.gcp.purchase import Floor

MOST_ENDED = 1000
"""
Instances in one call of deleteInstances, and of recreateInstances.

https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/deleteInstances
"""
DELETE: Mapping[bool, tuple[str, str]] = {
    True: ("deleteInstances", "instance_group_managers_delete_instances_request_resource"),
    False: ("deleteInstances", "region_instance_group_managers_delete_instances_request_resource"),
}
RECREATE: Mapping[bool, tuple[str, str]] = {
    True: ("recreateInstances", "instance_group_managers_recreate_instances_request_resource"),
    False: ("recreateInstances", "region_instance_group_managers_recreate_request_resource"),
}
"""The method of a group in one zone, and of a regional one, with what the SDK calls its body."""
HOLD = timedelta(minutes=10)
"""How long an autoscaler keeps a size for which somebody asked; then it decides again."""


class Native(NamedTuple):
    """One managed instance group, and what sizes it."""

    manager: dict[str, Any]
    scaler: dict[str, Any] | None

    @property
    def name(self) -> str:
        """Its own name."""
        return str(self.manager["name"])

    @property
    def size(self) -> int:
        """The size that it is to have."""
        return int(self.manager.get("targetSize") or 0)

    @property
    def is_on(self) -> bool:
        """Whether an autoscaler decides the size."""
        return self.scaler is not None and _mode(self.scaler) != OFF


@dataclass(frozen=True)
class GroupActions:
    """
    Acts on one group of the project.

    Of a group that is two native groups, standard VMs and Spot VMs, that of the Spot VMs bears pauses and boosts, since
    its autoscaler decides the size.
    """

    calls: Calls
    location: str
    name: str
    now: datetime

    def set_capacity(self, desired: int) -> None:
        """
        Ask for a size inside the bounds that hold now.

        A group with an autoscaler that is on is never resized: Compute Engine refuses it, or takes it back. There a
        scaling schedule holds the size for ten minutes, so that it can only be more than now.
        """
        main, second = self._natives()
        bounds = self._bounds(main, second, asked=False)
        if bounds is not None:
            bounds.check(desired, self.name, "gcp")
        sized = second or main
        if second is not None and not second.is_on:
            wanted = floor_on(main.manager).held(main.size + second.size, main.size).split(desired)
            self._set_parts([(main, wanted.on_demand), (second, wanted.spot)])
        elif sized.scaler is None or not sized.is_on:
            self._resize(sized.manager, desired)
        elif (own := desired - (main.size if second else 0)) > sized.size:
            self._hold(sized.scaler, own)
        elif own < sized.size:
            text = f"an autoscaler decides when {self.name!r} has fewer instances; pause the group to take some away"
            raise InvalidRequest(text, provider="gcp", operation="set capacity")

    def set_mix(self, size: int, *, base: int) -> None:
        """Write the sizes of both native groups, by their share and another base, never fewer than the group's own."""
        main, second = self._natives()
        if second is None:
            text = f"group {self.name!r} has no group of Spot VMs beside it; apply the fleet"
            raise NotFound(text, provider="gcp", operation="set mix")
        floor = floor_on(main.manager)
        wanted = floor._replace(base=max(base, floor.base)).split(size)
        self._set_parts([(main, wanted.on_demand), (second, wanted.spot)])

    def _set_parts(self, sizes: Sequence[tuple[Native, int]]) -> None:
        """Write the size of each native group; what grows goes first, so that there are never fewer than before."""
        for native, size in sorted(sizes, key=lambda pair: pair[0].size - pair[1]):
            if size != native.size:
                self._resize(native.manager, size)

    def _bounds(self, main: Native, second: Native | None, *, asked: bool) -> Bounds | None:
        """Between which sizes the group is kept, with or without one that was asked for; `None` without autoscaler."""
        scalers = [native.scaler for native in (main, second) if native is not None]
        known = [bounds_of(each if asked else _unasked(each), self.now) for each in scalers if each is not None]
        if not known or len(known) < len(scalers):
            return None
        return Bounds(sum(each.min for each in known), sum(each.max for each in known))

    def execute(self, policy: str, *, value: float | None, threshold: float | None) -> None:
        """Act once on a simple policy, by its name: an autoscaler has none that can be fired."""
        main, second = self._natives()
        scaler = (second or main).scaler
        _, mark = read_description((scaler or {}).get("description"))
        body = find_amount(mark.kept if mark else {}, policy, between=BETWEEN)
        bounds = self._bounds(main, second, asked=True)
        if bounds is None or body is None:
            self._refuse(scaler, policy)
            return
        size = main.size + (second.size if second else 0)
        self.set_capacity(executed_size(body, size, bounds.min, bounds.max, value=value, threshold=threshold))

    def pause(self, pause: Pause) -> None:
        """Mark the autoscaler and turn it off in one write; what it did is kept in the mark."""
        scaler = self._sizing().scaler
        if scaler is None:
            raise Unsupported(f"group {self.name!r} has no autoscaler, so nothing can be paused")
        before = find_pause(scaler)
        held = before.held if before is not None else None
        if held is None:
            held = () if _mode(scaler) == OFF else (_mode(scaler), zulu(self.now))
        self._put(scaler, replace(pause, held=held), mode=OFF)

    def resume(self) -> None:
        """Turn on what the pause turned off, and take the mark away."""
        scaler = self._sizing().scaler
        pause = find_pause(scaler)
        if scaler is None or pause is None:
            return
        mode = ON if pause.held is None else pause.held[0] if pause.held else OFF
        self._put(scaler, None, mode=mode)

    def boost(self, boost: Boost) -> None:
        """Mark the autoscaler and give it a scaling schedule in one write; it closes by itself."""
        main, second = self._natives()
        scaler = (second or main).scaler
        if scaler is None:
            raise Unsupported(f"group {self.name!r} has no autoscaler to hold a minimum; scale the group instead")
        begin = self.now.astimezone(UTC).replace(second=0, microsecond=0)
        lasting = max(boost.until - begin, SHORTEST_WINDOW)
        window = {
            "schedule": f"{begin.minute} {begin.hour} {begin.day} {begin.month} * {begin.year}",
            "timeZone": "UTC",
            "durationSec": int(lasting.total_seconds()),
            "minRequiredReplicas": max(0, boost.min - (main.size if second else 0)),
            "description": "a boost",
        }
        self._put_boost(scaler, replace(boost, held=()), {BOOST: window})

    def end_boost(self) -> None:
        """Take the scaling schedule and the mark away."""
        scaler = self._sizing().scaler
        known = (scaler or {}).get("autoscalingPolicy", {}).get("scalingSchedules") or {}
        if scaler is not None and (find_boost(scaler) is not None or BOOST in known):
            self._put_boost(scaler, None, {})

    def protect(self, instances: Sequence[Instance], *, protected: bool) -> None:
        """Refused: Compute Engine protects no instance."""
        refuse_unsupported("protect", "gcp", self.name)

    def drain(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """Refused: an instance has no such state."""
        refuse_unsupported("drain", "gcp", self.name)

    def end_instances(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """Delete them, which takes them off the target size; or have them made anew, each under its name."""
        if shrink:
            check_shrink(state, instances, "gcp")
        managers = States(self.calls, self.now).managers()
        manager = find_manager(managers, self.location, self.name)
        second = second_of(manager, managers)
        spot = self._members(second) if second is not None else frozenset[str]()
        own = [instance for instance in instances if instance.id not in spot]
        if shrink and second is not None and own:
            self._keep_floor(Native(manager, find_scaler(self.calls, manager)), len(own))
        self._end(manager, own, shrink=shrink)
        if second is not None:
            self._end(second, [instance for instance in instances if instance.id in spot], shrink=shrink)

    def _members(self, manager: Mapping[str, Any]) -> frozenset[str]:
        return frozenset(name_of(str(each.get("instance", ""))) for each in managed_instances(self.calls, manager))

    def _keep_floor(self, main: Native, leavers: int) -> None:
        """Refuse to take standard VMs off the size below those that the group is to have."""
        low = 0 if main.scaler is None else bounds_of(main.scaler, self.now).min
        if main.size - leavers < low:
            text = f"{self.name!r} would have {main.size - leavers} standard VMs, and {low} is the least"
            raise InvalidRequest(f"{text}; end Spot VMs, or keep the size", provider="gcp", operation="shrink")

    def _end(self, manager: Mapping[str, Any], instances: Sequence[Instance], *, shrink: bool) -> None:
        place = place_of(manager)
        where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
        verb, request = (DELETE if shrink else RECREATE)[bool(place.zone)]
        # those that go already are not counted twice, whoever lets them go
        more = {"skipInstancesOnValidationError": True} if shrink else {}
        for some in in_batches(instances, MOST_ENDED):
            links = [f"zones/{instance.zone}/instances/{instance.id}" for instance in some]
            names: dict[str, Any] = {"instance_group_manager": manager["name"], request: {"instances": links, **more}}
            self.calls.run(f"{where.collection}.{verb}", **names, **dict(where.place))

    def _put_boost(self, scaler: Mapping[str, Any], boost: Boost | None, window: Mapping[str, Any]) -> None:
        policy = scaler.get("autoscalingPolicy") or {}
        others = {name: one for name, one in (policy.get("scalingSchedules") or {}).items() if name != BOOST}
        text = with_marks(scaler.get("description"), scaler, boost=boost)
        changed = {**policy, "scalingSchedules": {**others, **window}}
        self._update(scaler, {"description": text, "autoscalingPolicy": changed})

    def _refuse(self, scaler: Mapping[str, Any] | None, policy: str) -> None:
        """Say why a policy is not executed; an autoscaler does not know its signals by names of policies."""
        if scaler is not None and _mode(scaler) != OFF:
            text = f"cannot execute policy {policy!r} on demand: an autoscaler of Compute Engine acts by itself"
            raise Unsupported(f"{text}; scale the group instead")
        raise not_executable(self.name, policy, "gcp")

    def _hold(self, scaler: Mapping[str, Any], desired: int) -> None:
        at = self.now.astimezone(UTC).replace(second=0, microsecond=0)
        window = {
            "schedule": f"{at.minute} {at.hour} {at.day} {at.month} * {at.year}",
            "timeZone": "UTC",
            "durationSec": int(HOLD.total_seconds()),
            "minRequiredReplicas": desired,
            "description": "a size that somebody asked for",
        }
        policy = scaler.get("autoscalingPolicy") or {}
        schedules = {**(policy.get("scalingSchedules") or {}), MANUAL_SIZE_SCHEDULE: window}
        self._update(scaler, {"autoscalingPolicy": {**policy, "scalingSchedules": schedules}})

    def _resize(self, manager: Mapping[str, Any], desired: int) -> None:
        place = place_of(manager)
        where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
        self.calls.run(
            f"{where.collection}.resize",
            instance_group_manager=manager["name"],
            size=desired,
            **dict(where.place),
        )

    def _put(self, scaler: Mapping[str, Any], pause: Pause | None, *, mode: str) -> None:
        policy = {**(scaler.get("autoscalingPolicy") or {}), "mode": mode}
        text = with_marks(scaler.get("description"), scaler, pause=pause)
        self._update(scaler, {"description": text, "autoscalingPolicy": policy})

    def _update(self, scaler: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
        place = place_of(scaler)
        where = scoped("autoscalers", zone=place.zone, region=place.region)
        kept = {name: scaler[name] for name in ("name", "target", "description", "autoscalingPolicy") if name in scaler}
        body = lengthened({**kept, **changed})
        self.calls.run(
            f"{where.collection}.update", autoscaler=scaler["name"], autoscaler_resource=body, **dict(where.place)
        )

    def _natives(self) -> tuple[Native, Native | None]:
        """The group, and its second native group where it has one."""
        managers = States(self.calls, self.now).managers()
        manager = find_manager(managers, self.location, self.name)
        second = second_of(manager, managers)
        found = [Native(each, find_scaler(self.calls, each)) for each in (manager, second) if each is not None]
        return found[0], found[1] if len(found) > 1 else None

    def _sizing(self) -> Native:
        """The native group whose autoscaler decides the size."""
        main, second = self._natives()
        return second or main


def floor_on(manager: Mapping[str, Any]) -> "Floor":
    """By what the size of a group is split that is two native groups."""
    from trimtab.providers.gcp.purchase import Floor, floor_of  # few groups are two

    return floor_of(manager) or Floor(0)


def _unasked(scaler: Mapping[str, Any]) -> dict[str, Any]:
    """An autoscaler without the size that somebody asked for before."""
    policy = scaler.get("autoscalingPolicy") or {}
    return {**scaler, "autoscalingPolicy": {**policy, "scalingSchedules": planned_schedules(policy)}}


def _mode(scaler: Mapping[str, Any]) -> str:
    return str((scaler.get("autoscalingPolicy") or {}).get("mode") or ON)
