"""A fleet as it stands, as a table with remarks under it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from trimtab.models import Fleet
from trimtab.providers.base import AlarmState, GroupState
from trimtab.runtime.status import FleetStatus, GroupStatus
from trimtab.views.values import printable

COLUMNS = ("group", "name", "region", "min", "max", "desired", "running", "schedule", "next", "alarms")
_NUMBERS = frozenset({"min", "max", "desired", "running"})
_ALARMS = {"ok": "green", "alarm": "bold red", "no-data": "yellow"}


def status_view(status: FleetStatus, fleet: Fleet) -> RenderableType:
    """
    The table of groups, and a line for everything that is not as one would hope.

    Args:
        status: What was read.
        fleet: Says in which zone a group's times are told.
    """
    heading = Text.assemble((status.fleet, "bold"), f" on {status.provider}, {moment_text(status.at, UTC)}")
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    for group in status.groups:
        table.add_row(*_cells(group, zone_of(fleet, group.group)))
    remarks = [line for group in status.groups for line in remarks_on(group, status.at)]
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
    if state.paused:
        late = " (over: resume it)" if state.paused.is_over(now) else ""
        yield _remark(group, f"{state.paused}{late}")
    if state.outdated:
        yield _remark(group, f"{state.outdated} of {len(state.instances)} on the old template")
    if group.controlled:
        yield _remark(group, "a controller is to decide its size, and the controller is not running")
    elif not state.paused and (state.min, state.max) != (group.in_force.min, group.in_force.max):
        wanted = f"{group.in_force.min} to {group.in_force.max}"
        yield _remark(group, f"the fleet file wants {wanted} instances now, the cloud has {state.min} to {state.max}")
    for alarm in group.alarms:
        if alarm.state == "alarm":
            yield _remark(group, f"alarm {alarm.name}{': ' if alarm.reason else ''}{alarm.reason}", "bold red")


def _remark(group: GroupStatus, text: str, style: str = "yellow") -> Text:
    return Text.assemble((f"{group.group}: ", style), printable(text))


def zone_of(fleet: Fleet, group: str) -> ZoneInfo | None:
    """The zone of a group's schedules, when they all have the same."""
    zones = {schedule.zone for schedule in fleet[group].schedules}
    return ZoneInfo(zones.pop()) if len(zones) == 1 else None


def moment_text(moment: datetime, zone: tzinfo) -> str:
    """A moment in a zone, to the minute."""
    return moment.astimezone(zone).strftime("%a %d %b %H:%M %Z")
