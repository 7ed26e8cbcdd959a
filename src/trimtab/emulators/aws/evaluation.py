"""Alarms over time: when each is looked at, and what a change of its state leads to."""

from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.aws.alarm_actions import actions_of, record_state
from trimtab.emulators.aws.composites import review_parents
from trimtab.emulators.aws.datapoints import Key
from trimtab.emulators.aws.scaling import Firing, fire
from trimtab.emulators.aws.verdicts import data_of, name_of, reason_of
from trimtab.emulators.aws.watches import AlarmWatch, moment_of
from trimtab.emulators.aws.world import Phase, Region

_POLICY = ":scalingPolicy:"


def watch(region: Region, alarm: dict[str, Any]) -> None:
    """Look at a new or changed alarm from now on; one on what is not computed here keeps its first state."""
    earlier = region.watches.get(alarm["AlarmName"])
    forget(region, alarm["AlarmName"])
    if alarm.get("EvaluationCriteria") or alarm.get("ThresholdMetricId"):
        return
    alarm_watch = AlarmWatch(alarm, region.datapoints, lasting=earlier is not None and earlier.lasting)
    region.watches[alarm_watch.name] = alarm_watch
    for key in alarm_watch.keys:
        region.watched.setdefault(key, {})[alarm_watch.name] = alarm_watch
    wake(region, alarm_watch)


def forget(region: Region, name: str) -> None:
    """Look at an alarm no more."""
    gone = region.watches.pop(name, None)
    for key in gone.keys if gone else ():
        region.watched[key].pop(name, None)


def wake(region: Region, watched: AlarmWatch) -> None:
    """Have an alarm looked at when its next time comes."""
    now = int(region.world.now().timestamp())
    due = moment_of(now - now % watched.cadence + watched.cadence)
    if watched.due is None or watched.due > due:
        _look_at(region, watched, due)


def wake_for(region: Region, key: Key) -> None:
    """Have the alarms on a metric looked at, because it has a new datapoint."""
    for watched in region.watched.get(key, {}).values():
        wake(region, watched)


def rearm(region: Region) -> None:
    """Look at every alarm by a clock that was set back."""
    for watched in region.watches.values():
        watched.due = None
        wake(region, watched)


def change_state(region: Region, alarm: dict[str, Any], state: str, reason: str, data: str | None = None) -> None:
    """Put an alarm in a state; where that is another one, its actions run."""
    watched = region.watches.get(alarm["AlarmName"])
    if not record_state(region, alarm, state, reason, data):
        return
    if watched is not None:
        watched.lasting = True
        wake(region, watched)
    _act(region, alarm, watched)
    review_parents(region, alarm)


def _look_at(region: Region, watched: AlarmWatch, due: datetime) -> None:
    watched.due = due
    region.world.at(
        due,
        (Phase.ALARMS, watched.name),
        lambda: _evaluate(region, watched, due),
        lambda: watched.due == due and region.watches.get(watched.name) is watched,
    )


def _evaluate(region: Region, watched: AlarmWatch, due: datetime) -> None:
    alarm, at = watched.alarm, int(due.timestamp())
    watched.due = None
    look = watched.last = watched.look(at)
    before = alarm["StateValue"]
    after = before if look.state is None else name_of(look.state)
    if after != before:
        change_state(region, alarm, after, reason_of(watched, look, before), data_of(watched, look, due))
    elif watched.lasting:
        _act(region, alarm, watched)
    # with nothing in its range the state has come to rest, until a datapoint comes or an action repeats
    if watched.has_data(at) or (watched.lasting and _policies(alarm)):
        _look_at(region, watched, due + timedelta(seconds=watched.cadence))


def _act(region: Region, alarm: dict[str, Any], watched: AlarmWatch | None) -> None:
    for arn in _policies(alarm):
        fire(region, arn, _firing(alarm, watched))


def _policies(alarm: dict[str, Any]) -> list[str]:
    """The scaling policies that an alarm triggers in the state that it is in."""
    return [arn for arn in actions_of(alarm) if _POLICY in arn]


def _firing(alarm: dict[str, Any], watched: AlarmWatch | None) -> Firing:
    counted = [] if watched is None or watched.last is None else watched.counted(watched.last)
    return Firing(
        alarm=alarm["AlarmName"],
        state=alarm["StateValue"],
        values=tuple(value for _, value in counted),
        threshold=float(alarm.get("Threshold") or 0.0),
        is_above=str(alarm.get("ComparisonOperator", "")).startswith("Greater"),
    )
