"""Instance refreshes: the instances of a group replaced batch by batch, on the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.aws import lifecycle
from trimtab.emulators.aws.activities import stamp
from trimtab.emulators.aws.calls import Answer, Call, find_group, page
from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_fields import update_source
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.maintenance import HEALTHY, Healthy, check_percentages, healthy_share
from trimtab.emulators.aws.scaling import seconds
from trimtab.emulators.aws.world import Phase, new_id
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.limits import effective_refresh_warm_up

_ACTIVE = ("Pending", "InProgress", "Baking", "RollbackInProgress", "Cancelling")
_DEFAULTS = {**HEALTHY, "SkipMatching": False, "AutoRollback": False}
_STEP = timedelta(seconds=10)


@dataclass
class Refresh:
    """One refresh of one group."""

    group: GroupView
    wished: dict[str, Any]
    preferences: dict[str, Any]
    earlier: dict[str, Any]
    """What the group launched from before, for a rollback."""
    began: datetime
    number: str = field(default_factory=new_id)
    status: str = "InProgress"
    reason: str = ""
    ended: datetime | None = None
    total: int = 0
    left: list[Any] = field(default_factory=list)
    """The instances still to be replaced."""
    known: frozenset[str] = frozenset()
    """The instances that were there when it began."""
    waits_until: datetime | None = None
    """While it rests at a checkpoint."""
    passed: int = 0
    """How many checkpoints are behind it."""
    rollback: dict[str, Any] = field(default_factory=dict)
    healthy: Healthy = field(kw_only=True)
    """How much of the group stays in service."""

    @property
    def percentage(self) -> int:
        """How much is done."""
        if self.status == "Successful" or not self.total:
            return 100
        return 100 * (self.total - len(self.left)) // self.total

    @property
    def warm_up(self) -> timedelta:
        """How long a new instance is waited for after it came into service."""
        group = self.group
        return effective_refresh_warm_up(
            seconds(self.preferences.get("InstanceWarmup")),
            seconds(group.fields.get("DefaultInstanceWarmup")),
            timedelta(seconds=group.health_check_grace_period or 0),
        )


def start_instance_refresh(call: Call) -> Answer:
    """A refresh that began; its id."""
    group, params = find_group(call), call.params
    if _active(group) is not None:
        raise ServiceError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.",
        )
    if params.get("Strategy", "Rolling") != "Rolling":
        raise invalid("Valid strategies here are: Rolling")
    given, wished = params.get("Preferences") or {}, params.get("DesiredConfiguration") or {}
    check_percentages(given)
    healthy = healthy_share(group, given)
    preferences = {**_DEFAULTS, **given, **healthy.percentages}
    _check(group, preferences, wished)
    earlier = _source_of(group)
    if wished:
        update_source(group, wished)
    refresh = Refresh(group, wished, preferences, earlier, call.world.now(), healthy=healthy)
    call.region.refreshes.setdefault(group.name, []).append(refresh)
    refresh.left = _outdated(refresh) if preferences["SkipMatching"] else list(group.members())
    refresh.total = len(refresh.left)
    refresh.known = frozenset(state.instance.id for state in group.members())
    _go_on(refresh)
    return {"InstanceRefreshId": refresh.number}


def describe_instance_refreshes(call: Call) -> Answer:
    """The refreshes of a group, newest first."""
    wanted = call.params.get("InstanceRefreshIds")
    refreshes = reversed(call.region.refreshes.get(find_group(call).name, []))
    shown = [_described(each) for each in refreshes if not wanted or each.number in wanted]
    return page(call, shown, "InstanceRefreshes")


def cancel_instance_refresh(call: Call) -> Answer:
    """A refresh that stops where it is."""
    refresh = _find_active(call)
    _end(refresh, "Cancelled", "Cancelled due to user request.")
    return {"InstanceRefreshId": refresh.number}


def rollback_instance_refresh(call: Call) -> Answer:
    """A refresh that goes back to what the group launched from before."""
    refresh = _find_active(call)
    if not refresh.wished:
        raise ServiceError(
            "IrreversibleInstanceRefresh",
            "An instance refresh without a desired configuration, or with $Latest or $Default, cannot be rolled back.",
        )
    _check_version(refresh.earlier)
    _roll_back(refresh, "Rollback initiated by user request.")
    return {"InstanceRefreshId": refresh.number}


def refuse_while_refreshing(group: GroupView, params: Mapping[str, Any]) -> None:
    """
    Refuse another template or mix while a refresh goes to a desired configuration.

    https://github.com/floci-io/floci/issues/1598
    """
    refresh = _active(group)
    if refresh is not None and refresh.wished and (params.get("LaunchTemplate") or params.get("MixedInstancesPolicy")):
        raise invalid(
            "An active instance refresh with a desired configuration exists. All configuration options derived from "
            "the desired configuration are not available for update while the instance refresh is active."
        )


def _check(group: GroupView, preferences: Mapping[str, Any], wished: Mapping[str, Any]) -> None:
    percentages = preferences.get("CheckpointPercentages") or []
    if percentages != sorted(set(percentages)):
        raise invalid("CheckpointPercentages must be unique and in ascending order")
    if preferences["SkipMatching"] and not wished and group.ec2_launch_template is None:
        raise invalid("SkipMatching needs a launch template")
    if preferences["AutoRollback"]:
        if not wished:
            raise invalid("A desired configuration is required for an instance refresh with auto rollback")
        _check_version(wished)
        _check_version(_source_of(group))


def _check_version(source: Mapping[str, Any]) -> None:
    mixed = source.get("MixedInstancesPolicy") or {}
    template = source.get("LaunchTemplate") or mixed.get("LaunchTemplate", {}).get("LaunchTemplateSpecification") or {}
    if template.get("Version", "$Default") in ("$Latest", "$Default"):
        raise invalid("You cannot roll back with a launch template version of $Latest or $Default; give its number")


def _source_of(group: GroupView) -> dict[str, Any]:
    if group.mixed_instances_policy:
        return {"MixedInstancesPolicy": group.mixed_instances_policy}
    template = dict(group.launch_template or {})
    return {"LaunchTemplate": {name: template[name] for name in ("LaunchTemplateId", "Version") if template.get(name)}}


def _active(group: GroupView) -> Refresh | None:
    refreshes = group.home.refreshes.get(group.name, [])
    return next((each for each in refreshes if each.status in _ACTIVE), None)


def _find_active(call: Call) -> Refresh:
    refresh = _active(find_group(call))
    if refresh is None:
        raise ServiceError("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
    return refresh


def _outdated(refresh: Refresh) -> list[Any]:
    current = refresh.group.launched_from()
    return [each for each in refresh.group.members() if getattr(each, "launched_from", None) != current]


def _go_on(refresh: Refresh) -> None:
    """Replace the next batch if the last one is well, and look again after a while."""
    if refresh.status not in _ACTIVE or refresh.group.is_deleting:
        return
    group, now = refresh.group, refresh.group.home.world.now()
    refresh.left = [state for state in refresh.left if state in group.members()]
    if not _rests(refresh, now) and "InstanceRefresh" not in group._suspended_processes and _is_well(refresh, now):
        if not refresh.left:
            _end(refresh, "RollbackSuccessful" if refresh.rollback else "Successful", "")
            return
        if not _pause_at_checkpoint(refresh, now):
            _replace_batch(refresh)
    due = now + _STEP
    group.home.world.at(due, (Phase.REFRESHES, group.name), lambda: _go_on(refresh), lambda: refresh.status in _ACTIVE)


def _rests(refresh: Refresh, now: datetime) -> bool:
    return refresh.waits_until is not None and now < refresh.waits_until


def _is_well(refresh: Refresh, now: datetime) -> bool:
    """Whether every instance that is not to be replaced is in service and warm, and none is missing."""
    group = refresh.group
    rest = [state for state in group.members() if state not in refresh.left]
    if group.units(group.members()) < group.wanted:
        return False
    new = [state for state in rest if state.instance.id not in refresh.known]
    return all(state.lifecycle_state == "InService" for state in rest) and all(
        now - group.in_service_since(state) >= refresh.warm_up for state in new
    )


def _pause_at_checkpoint(refresh: Refresh, now: datetime) -> bool:
    points = refresh.preferences.get("CheckpointPercentages") or []
    if refresh.rollback or refresh.passed >= len(points) or refresh.percentage < points[refresh.passed]:
        return False
    refresh.passed += 1
    refresh.waits_until = now + timedelta(seconds=refresh.preferences.get("CheckpointDelay", 3600))
    return True


def _replace_batch(refresh: Refresh) -> None:
    group = refresh.group
    spare, surge = refresh.healthy.room(group.desired_capacity)
    if surge and not group.surge:
        # the new ones come first, and are there before any goes
        group.surge = surge
        group.cause = f"At {stamp(group.home.world.now())} an instance refresh launches before it terminates."
        group.balance()
        return
    batch = max(1, spare + group.surge)
    for state in refresh.left[:batch]:
        now = stamp(group.home.world.now())
        group.cause = f"At {now} an instance was taken out of service in response to an instance refresh."
        lifecycle.stop(group, state, cause=group.cause)
    refresh.left = refresh.left[batch:]
    group.balance()


def _roll_back(refresh: Refresh, reason: str) -> None:
    group, now = refresh.group, refresh.group.home.world.now()
    refresh.rollback = {
        "RollbackReason": reason,
        "RollbackStartTime": now,
        "PercentageCompleteOnRollback": refresh.percentage,
        "InstancesToUpdateOnRollback": len(refresh.left),
    }
    update_source(group, refresh.earlier)
    refresh.status, refresh.waits_until = "RollbackInProgress", None
    refresh.left = _outdated(refresh)
    refresh.total = max(len(refresh.left), 1)


def _end(refresh: Refresh, status: str, reason: str) -> None:
    refresh.status, refresh.reason, refresh.ended = status, reason, refresh.group.home.world.now()
    refresh.group.surge = 0
    refresh.group.balance()


def _described(refresh: Refresh) -> dict[str, Any]:
    answer = {
        "InstanceRefreshId": refresh.number,
        "AutoScalingGroupName": refresh.group.name,
        "Status": refresh.status,
        "StatusReason": refresh.reason or None,
        "StartTime": refresh.began,
        "EndTime": refresh.ended,
        "PercentageComplete": refresh.percentage,
        "InstancesToUpdate": len(refresh.left),
        "Preferences": refresh.preferences,
        "DesiredConfiguration": refresh.wished or None,
        "RollbackDetails": refresh.rollback or None,
        "Strategy": "Rolling",
    }
    return {name: value for name, value in answer.items() if value is not None}
