"""A fleet as it stands, as a table with remarks under it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import printable
from trimtab.models import Fleet
from trimtab.phrases import in_words
from trimtab.plan import MAIN, SPOT
from trimtab.providers.base import AlarmState, GroupState
from trimtab.providers.pause import boosted
from trimtab.runtime.status import FleetStatus, GroupStatus

COLUMNS = ("group", "name", "region", "min", "max", "desired", "running", "schedule", "next", "alarms")
_NUMBERS = frozenset({"min", "max", "desired", "running"})
_ALARMS = {"ok": "green", "alarm": "bold red", "no-data": "yellow"}


def status_view(status: FleetStatus, fleet: Fleet, controller: str = "") -> RenderableType:
    """
    The table of groups, and a line for everything that is not as one would hope.

    Args:
        status: What was read.
        fleet: Says in which zone a group's times are told.
        controller: When the controller last ticked, where it sizes a group.
    """
    heading = Text.assemble((status.fleet, "bold"), f" on {status.provider}, {moment_text(status.at, UTC)}")
    rows = [list(_cells(group, zone_of(fleet, group.group))) for group in status.groups]
    table = Rows(COLUMNS, rows, _NUMBERS)
    remarks = [line for group in status.groups for line in remarks_on(group, status.at)]
    if controller:
        sized = in_words([group.group for group in status.groups if group.controlled])
        remarks.append(Text.assemble(("controller: ", "yellow"), printable(f"{controller}; it sizes {sized}")))
    return Group(heading, "", table, *([""] if remarks else []), *remarks)


def _cells(group: GroupStatus, zone: ZoneInfo | None) -> Iterator[Text]:
    yield Text(group.group, "bold")
    yield Text(printable(group.name))
    yield Text(group.location)
    yield from _sizes(group.state)
    yield Text(group.in_force.because[-1]) if group.in_force.because else Text("none", "dim")  # the last one prevails
    yield Text(moment_text(group.next_edge, zone or UTC)) if group.next_edge else Text("none", "dim")
    yield _alarms(group.alarms)


def _sizes(state: GroupState | None) -> Iterator[Text]:
    if state is None:
        yield from (Text("-", "dim") for _ in _NUMBERS)
        return
    yield from (Text(str(number)) for number in (state.min, state.max, state.desired))
    yield Text(str(state.running), "green" if state.is_stable else "yellow")


def _alarms(alarms: tuple[AlarmState, ...]) -> Text:
    counts = Counter(alarm.state for alarm in alarms)
    words = [Text(f"{number} {state}", _ALARMS.get(state, "")) for state, number in sorted(counts.items())]
    return Text(", ").join(words) if words else Text("none", "dim")


def remarks_on(group: GroupStatus, now: datetime) -> Iterator[Text]:
    """A line for everything about a group that is not as one would hope."""
    state = group.state
    if state is None:
        yield _remark(group, f"{group.name!r} does not exist in {group.location}")
        return
    if state.deleting:
        yield _remark(group, "is being deleted")
    if SPOT in state.parts:
        yield _remark(group, f"{state.parts.get(MAIN, 0)} on demand, {state.parts[SPOT]} spot wanted", "dim")
    if state.paused:
        late = " (over: resume it)" if state.paused.is_over(now) else ""
        yield _remark(group, f"{state.paused}{late}")
    if state.rollout:
        yield _remark(group, f"{state.rollout}: `trimtab rollout status` tells more")
    if group.waits:
        yield _remark(group, "its template waits for a rollout: `trimtab rollout start` brings it to the instances")
    if state.boost:
        yield _remark(group, f"{state.boost}{_boost_rest(state, now)}")
    if state.outdated:
        yield _remark(group, f"{state.outdated} of {len(state.instances)} on the old template")
    if group.short:
        yield _remark(group, f"the cloud has no {in_words([str(each) for each in group.short], ' and no ')}")
    wanted_bounds = (_minimum(group, now), group.in_force.max)
    if not group.controlled and not state.paused and (state.min, state.max) != wanted_bounds:
        wanted = f"{_minimum(group, now)} to {group.in_force.max}"
        text = f"the fleet file wants {wanted} {state.unit} now, the cloud has {state.min} to {state.max}"
        yield _remark(group, text)
    for alarm in group.alarms:
        if alarm.state == "alarm":
            yield _remark(group, f"alarm {alarm.name}{': ' if alarm.reason else ''}{alarm.reason}", "bold red")


def _minimum(group: GroupStatus, now: datetime) -> int:
    return boosted(group.in_force.min, group.state.boost if group.state else None, now)


def _boost_rest(state: GroupState, now: datetime) -> str:
    """What there is to do about a boost that is over, or that nothing native holds."""
    if state.boost is None or state.boost.is_over(now):
        return " (over: end it)"
    if state.min >= state.boost.min:
        return ""
    holder = (
        "the controller holds it" if state.controller else f"no native autoscaler holds it: the minimum is {state.min}"
    )
    return f" ({holder})"


def _remark(group: GroupStatus, text: str, style: str = "yellow") -> Text:
    return Text.assemble((f"{group.group}: ", style), printable(text))


def zone_of(fleet: Fleet, group: str) -> ZoneInfo | None:
    """The zone of a group's schedules, when they all have the same."""
    zones = {schedule.zone for schedule in fleet[group].schedules}
    return ZoneInfo(zones.pop()) if len(zones) == 1 else None


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """A moment in a zone, to the minute."""
    return moment.astimezone(zone).strftime("%a %d %b %H:%M %Z")
