"""How an instance refresh goes on: batch by batch on the clock, with its checkpoints, alarms, bake and rollback."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.aws import lifecycle, warm_pool
from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.composites import find_alarm
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.launching import overrides
from trimtab.emulators.aws.maintenance import Healthy
from trimtab.emulators.aws.scaling import seconds
from trimtab.emulators.aws.world import Phase, new_id
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import effective_refresh_warm_up
from trimtab.engine.rounding import ceil_ratio

ACTIVE = ("Pending", "InProgress", "Baking", "RollbackInProgress", "Cancelling")
_FORWARD = ("InProgress", "Baking")
_STEP = timedelta(seconds=10)
PATIENCE = timedelta(hours=1)
"""How long it retries what does not go (limitations, instance-refresh-overview, Amazon EC2 Auto Scaling User Guide)."""
LONGEST = timedelta(days=14)
"""How long a refresh can go on, by the same page."""
_SOURCE = (
    *("launch_config", "launch_configuration_name", "ec2_launch_template"),
    *("launch_template_version", "provided_launch_template_version", "mixed_instances_policy"),
)


@dataclass
class Refresh:
    """
    One refresh of one group.

    Attributes:
        group: What is refreshed.
        wished: The desired configuration; empty where none was given.
        preferences: As they were given, with the defaults.
        healthy: How much of the group stays in service.
        earlier: What the group launched from before, by attribute.
        left: The instances still to be replaced.
        left_in_pool: Those of the warm pool.
        known: The instances that were there when it began, or when it turned back.
        watched: The new instances by id, to see what becomes of them.
        waits_until: While it rests at a checkpoint or bakes.
        passed: How many checkpoints are behind it.
        troubled_since: From when on it does not get on for a reason that it gives up for in the end.
    """

    group: GroupView
    wished: dict[str, Any]
    preferences: dict[str, Any]
    healthy: Healthy
    began: datetime
    earlier: dict[str, Any]
    number: str = field(default_factory=new_id)
    status: str = "InProgress"
    reason: str = ""
    ended: datetime | None = None
    total: int = 0
    total_in_pool: int = 0
    left: list[Any] = field(default_factory=list)
    left_in_pool: list[Any] = field(default_factory=list)
    known: frozenset[str] = frozenset()
    watched: dict[str, Any] = field(default_factory=dict)
    waits_until: datetime | None = None
    passed: int = 0
    troubled_since: datetime | None = None
    rollback: dict[str, Any] = field(default_factory=dict)

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def replaced(self) -> int:
        """How many instances it has let go."""
        return self.total - len(self.left)

    @property
    def live_percentage(self) -> int:
        """
        How much of the group is done: an instance counts when it is healthy and warm.

        It goes back down in a rollback (InstanceRefresh, Amazon EC2 Auto Scaling API Reference).
        """
        if self.rollback:
            return int(self.rollback["PercentageCompleteOnRollback"]) * len(self.left) // max(self.total, 1)
        if (self.status == "Successful" and not self.left) or not self.total:
            return 100
        return 100 * max(0, self.replaced - self._unready()) // self.total

    @property
    def percentage(self) -> int:
        """How much is done, with the warm pool."""
        whole = self.total + self.total_in_pool
        if not self.total_in_pool or self.rollback or not whole:
            return self.live_percentage
        in_pool = self.total_in_pool - len(self.left_in_pool)
        return (self.live_percentage * self.total + 100 * in_pool) // whole

    @property
    def to_update(self) -> int:
        """How many are still to be updated; in a rollback as many as were when it began (same page)."""
        if self.rollback:
            return int(self.rollback["InstancesToUpdateOnRollback"])
        return len(self.left) + len(self.left_in_pool)

    @property
    def warm_up(self) -> timedelta:
        """How long a new instance is waited for after it came into service."""
        group = self.group
        return effective_refresh_warm_up(
            seconds(self.preferences.get("InstanceWarmup")),
            seconds(group.fields.get("DefaultInstanceWarmup")),
            timedelta(seconds=group.health_check_grace_period or 0),
        )

    def new(self) -> list[Any]:
        """The instances that came since it began."""
        return [state for state in self.group.members() if state.instance.id not in self.known]

    def is_warm(self, state: Any, now: datetime) -> bool:
        """Whether an instance is in service, and has been long enough."""
        if state.lifecycle_state != "InService":
            return False
        return now - self.group.in_service_since(state) >= self.warm_up

    def _unready(self) -> int:
        group, now = self.group, self.ended or self.group.home.world.now()
        missing = max(0, group.desired_capacity - group.units(group.members()))
        return missing + sum(not self.is_warm(state, now) for state in self.new())


def begin(refresh: Refresh) -> None:
    """Start: see what there is to replace, and take the first step."""
    group, preferences = refresh.group, refresh.preferences
    stale = {id(each) for each in outdated(group, [*group.instance_states, *group.warmed])}
    replaceable = [state for state in _present(group) if not _is_ignored(preferences, state)]
    # those of another version go first: asg-adding-checkpoints-instance-refresh, Amazon EC2 Auto Scaling User Guide
    replaceable.sort(key=lambda state: id(state) not in stale)
    skips = preferences["SkipMatching"]
    refresh.left = [state for state in replaceable if not skips or id(state) in stale]
    refresh.left_in_pool = [state for state in group.warmed if not skips or id(state) in stale]
    refresh.total, refresh.total_in_pool = len(refresh.left), len(refresh.left_in_pool)
    refresh.known = frozenset(state.instance.id for state in group.members())
    _go_on(refresh)


def outdated(group: GroupView, states: list[Any]) -> list[Any]:
    """Those that run from another version than the next one would, or have a type that is not of the mix."""
    try:
        current = group.launched_from()
    except ServiceError:
        return states
    types = {each.get("InstanceType") for each in overrides(group)} - {None}
    return [
        each
        for each in states
        if getattr(each, "launched_from", None) != current or (types and each.instance.instance_type not in types)
    ]


def source_of(group: GroupView) -> dict[str, Any]:
    """What a group launches from, by attribute."""
    return {name: getattr(group, name, None) for name in _SOURCE}


def roll_back(refresh: Refresh, reason: str) -> None:
    """Turn round: what has been replaced is replaced again, by what the group was saved with."""
    group, now = refresh.group, refresh.group.home.world.now()
    refresh.rollback = {
        "RollbackReason": reason,
        "RollbackStartTime": now,
        "PercentageCompleteOnRollback": refresh.percentage,
        "InstancesToUpdateOnRollback": refresh.to_update,
    }
    _restore(refresh)
    refresh.status, refresh.reason, refresh.waits_until, refresh.troubled_since = "RollbackInProgress", "", None, None
    refresh.left = outdated(group, group.members())
    refresh.left_in_pool = outdated(group, list(group.warmed))
    refresh.total = len(refresh.left)
    refresh.known = frozenset(state.instance.id for state in group.members())
    refresh.watched.clear()


def cancel(refresh: Refresh, *, waits: bool) -> None:
    """Replace nothing more; over at once, or when what is on its way has arrived."""
    refresh.status, refresh.reason, refresh.waits_until = "Cancelling", "Cancelling due to user request.", None
    if not waits or not _is_in_flight(refresh.group):
        _end(refresh, "Cancelled", "Cancelled due to user request.")


def _go_on(refresh: Refresh) -> None:
    """Take a step, and look again after a while."""
    if not refresh.is_active or refresh.group.is_deleting:
        return
    group, now = refresh.group, refresh.group.home.world.now()
    _step(refresh, now)
    due, order = now + _STEP, (Phase.REFRESHES, group.name)
    if refresh.is_active:
        group.home.world.at(due, order, lambda: _go_on(refresh), lambda: refresh.is_active)


def _step(refresh: Refresh, now: datetime) -> None:
    group = refresh.group
    if refresh.status == "Cancelling":
        if not _is_in_flight(group):
            _end(refresh, "Cancelled", "Cancelled due to user request.")
        return
    refresh.left = [state for state in refresh.left if state in _present(group)]
    refresh.left_in_pool = [state for state in refresh.left_in_pool if state in group.warmed]
    alarms = _alarm_states(refresh)
    if ringing := [name for name, state in alarms.items() if state == "ALARM"]:
        _fail(refresh, f"CloudWatch alarm {ringing[0]} is in the ALARM state.")
    elif now - refresh.began >= LONGEST:
        _fail(refresh, "The instance refresh did not end within 14 days.")
    elif refresh.waits_until is not None and now < refresh.waits_until:
        return
    elif refresh.status == "Baking":
        _end(refresh, "Successful", "")
    elif "InstanceRefresh" not in group._suspended_processes:
        _advance(refresh, now, alarms)


def _advance(refresh: Refresh, now: datetime, alarms: Mapping[str, str]) -> None:
    if (lost := _lost(refresh)) is not None:
        _trouble(refresh, now, f"New instances do not pass their health checks. For example: {lost} was unhealthy.")
    hindrance = _hindrance(refresh, now, alarms)
    if hindrance is not None:
        text, is_trouble = hindrance
        refresh.reason = text
        if is_trouble or refresh.troubled_since is not None:
            _trouble(refresh, now, text)
        return
    refresh.reason = ""
    able = [state for state in refresh.left if _may_go(refresh, state)]
    if _arrives(refresh, now):
        refresh.troubled_since = None
    elif not able:
        _trouble(refresh, now, _blocked(refresh.left[0]))
    else:
        refresh.troubled_since = None
        _replace_batch(refresh, able, now)
        refresh.reason = (_hindrance(refresh, now, alarms) or ("", False))[0]


def _hindrance(refresh: Refresh, now: datetime, alarms: Mapping[str, str]) -> tuple[str, bool] | None:
    """Why nothing more can be replaced now, and whether that makes it fail in the end."""
    group = refresh.group
    rest = [state for state in group.members() if state not in refresh.left]
    if group.units(group.members()) < group.wanted:
        return "Waiting for instances to launch. See the scaling activities for launches that failed.", True
    for state in rest:
        number = state.instance.id
        if "ELB" in (group.health_check_type or "").split(",") and number in group.home.failing:
            why = f"{number} does not pass the health checks of Elastic Load Balancing."
            return f"Waiting for remaining instances to be available. For example: {why}", True
        if state.lifecycle_state != "InService":
            return f"Waiting for remaining instances to be available. For example: {number} is pending.", False
    for state in refresh.new():
        if not refresh.is_warm(state, now):
            return (
                f"Waiting for instances to warm up before continuing. For example: {state.instance.id} is warming up.",
                False,
            )
    unsure = next((name for name, state in alarms.items() if state == "INSUFFICIENT_DATA"), None)
    return None if unsure is None else (f"Waiting for data of CloudWatch alarm {unsure}.", False)


def _lost(refresh: Refresh) -> str | None:
    """A new instance that was found unhealthy, or never came into service, since the last look."""
    there = {state.instance.id: state for state in refresh.new()}
    gone = {number: state for number, state in refresh.watched.items() if number not in there}
    refresh.watched = there
    for number, state in gone.items():
        if state.health_status == "Unhealthy" or not hasattr(state, "in_service_at"):
            return number
    return None


def _trouble(refresh: Refresh, now: datetime, text: str) -> None:
    refresh.troubled_since = refresh.troubled_since or now
    refresh.reason = text
    if now - refresh.troubled_since >= PATIENCE:
        _fail(refresh, text)


def _arrives(refresh: Refresh, now: datetime) -> bool:
    """Whether it is at a checkpoint or at the end, and what comes then."""
    points = [] if refresh.rollback else refresh.preferences.get("CheckpointPercentages") or []
    reached = sum(100 * refresh.replaced >= point * refresh.total for point in points)
    if not refresh.left and not _replace_pool(refresh):
        return True
    if not refresh.left or (points and reached == len(points)):
        _finish(refresh, now)
        return True
    if reached > refresh.passed:
        # those before the last one that is reached are skipped
        refresh.passed = reached
        delay = int(refresh.preferences.get("CheckpointDelay", 3600))
        refresh.waits_until = now + timedelta(seconds=delay)
        refresh.reason = f"Waiting {delay} seconds at the checkpoint of {points[reached - 1]} percent."
        return delay > 0
    return False


def _finish(refresh: Refresh, now: datetime) -> None:
    bake = int(refresh.preferences.get("BakeTime") or 0)
    if refresh.rollback:
        _end(refresh, "RollbackSuccessful", "")
    elif bake:
        refresh.status, refresh.waits_until = "Baking", now + timedelta(seconds=bake)
        _settle(refresh)
    else:
        _end(refresh, "Successful", "")


def _replace_pool(refresh: Refresh) -> bool:
    """Have the warm pool made anew once the group is; whether nothing of it is left to wait for."""
    group = refresh.group
    for state in refresh.left_in_pool:
        warm_pool.end(group, state)
    refresh.left_in_pool = []
    warm_pool.refill(group)
    return all(state.lifecycle_state in warm_pool.READY for state in group.warmed)


def _replace_batch(refresh: Refresh, able: list[Any], now: datetime) -> None:
    group = refresh.group
    spare, surge = refresh.healthy.room(group.desired_capacity)
    quota = _quota(refresh)
    if surge and not group.surge:
        # the new ones come first, and are there before any goes
        group.surge = min(surge, quota, len(able))
        group.cause = f"At {stamp(now)} an instance refresh launches before it terminates."
        group.balance()
        return
    batch = able[: min(quota, max(1, spare + group.surge))]
    for state in batch:
        group.cause = f"At {stamp(now)} an instance was taken out of service in response to an instance refresh."
        lifecycle.stop(group, state, cause=group.cause)
    refresh.left = [state for state in refresh.left if state not in batch]
    group.surge = min(group.surge, quota - len(batch), len(refresh.left))
    group.balance()
    refresh.watched = {state.instance.id: state for state in refresh.new()}


def _quota(refresh: Refresh) -> int:
    """How many may be replaced before the next checkpoint."""
    points = [] if refresh.rollback else refresh.preferences.get("CheckpointPercentages") or []
    if refresh.passed >= len(points):
        return len(refresh.left)
    return max(1, ceil_ratio(refresh.total, points[refresh.passed], 100) - refresh.replaced)


def _may_go(refresh: Refresh, state: Any) -> bool:
    wishes = refresh.preferences
    if state.lifecycle_state == "Standby":
        return bool(wishes["StandbyInstances"] == "Terminate")
    # what a rollback replaces was launched by the refresh itself
    return not state.protected_from_scale_in or wishes["ScaleInProtectedInstances"] == "Refresh"


def _is_ignored(preferences: Mapping[str, Any], state: Any) -> bool:
    if state.lifecycle_state == "Standby":
        return bool(preferences["StandbyInstances"] == "Ignore")
    return bool(state.protected_from_scale_in) and preferences["ScaleInProtectedInstances"] == "Ignore"


def _blocked(state: Any) -> str:
    number = state.instance.id
    if state.lifecycle_state == "Standby":
        return f"Waiting for instances in Standby to return to service. For example: {number}."
    return f"Waiting for scale-in protection to be removed from instances. For example: {number}."


def _present(group: GroupView) -> list[Any]:
    standby = [state for state in group.instance_states if state.lifecycle_state == "Standby"]
    return [*group.members(), *standby]


def _is_in_flight(group: GroupView) -> bool:
    return any(state.lifecycle_state.startswith(("Pending", "Terminating")) for state in group.instance_states)


def _alarm_states(refresh: Refresh) -> dict[str, str]:
    """The states of its alarms, which count on the way forward only."""
    if refresh.status not in _FORWARD:
        return {}
    names = (refresh.preferences.get("AlarmSpecification") or {}).get("Alarms") or ()
    alarms = {name: find_alarm(refresh.group.home, name) for name in names}
    return {name: str(alarm["StateValue"]) for name, alarm in alarms.items() if alarm is not None}


def _fail(refresh: Refresh, reason: str) -> None:
    if refresh.rollback:
        _end(refresh, "RollbackFailed", reason)
    elif refresh.preferences["AutoRollback"]:
        roll_back(refresh, f"Automatic rollback: {reason}")
    else:
        _end(refresh, "Failed", reason)


def _restore(refresh: Refresh) -> None:
    """Have the group launch from what it was saved with."""
    if refresh.wished:
        for name, value in refresh.earlier.items():
            setattr(refresh.group, name, value)


def _end(refresh: Refresh, status: str, reason: str) -> None:
    if status != "Successful":
        _restore(refresh)
    refresh.group.shown_source = None
    refresh.status, refresh.reason, refresh.ended = status, reason, refresh.group.home.world.now()
    _settle(refresh)


def _settle(refresh: Refresh) -> None:
    refresh.waits_until = refresh.waits_until if refresh.is_active else None
    refresh.group.surge = 0
    refresh.group.balance()
