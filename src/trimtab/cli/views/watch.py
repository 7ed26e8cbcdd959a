"""A fleet that is watched: a row for each group, with its load and what was last done to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.status import moment_text, remarks_on, zone_of
from trimtab.cli.views.table import Rows
from trimtab.cli.views.values import printable
from trimtab.models import Fleet
from trimtab.providers.alarms import alarm_name
from trimtab.runtime.status import FleetStatus, GroupStatus

COLUMNS = ("group", "desired", "min", "max", "in service", "pending", "cpu", "alarms", "schedule", "next", "last")
_NUMBERS = frozenset(COLUMNS[1:7])
HOT = 80
"""Per cent of CPU from which a group's load stands out."""


def watch_view(status: FleetStatus, fleet: Fleet) -> RenderableType:
    """
    The table of groups, and a line for everything that is not as one would hope.

    Args:
        status: What a look found.
        fleet: Says in which zone a group's times are told.
    """
    heading = Text.assemble((status.fleet, "bold"), f" on {status.provider}, {status.at:%Y-%m-%d %H:%M:%S} UTC")
    table = Rows(COLUMNS, [list(_cells(group, fleet, status.at)) for group in status.groups], _NUMBERS)
    remarks = [line for group in status.groups for line in remarks_on(group, status.at)]
    return Group(heading, "", table, *([""] if remarks else []), *remarks)


def _cells(group: GroupStatus, fleet: Fleet, now: datetime) -> Iterator[Text]:
    state, zone = group.state, zone_of(fleet, group.group) or UTC
    yield Text(group.group, "bold")
    if state is None:
        yield from (Text("-", "dim") for _ in range(5))
    else:
        yield from (Text(str(number)) for number in (state.desired, state.min, state.max))
        yield Text(str(state.running), "green" if state.is_stable else "yellow")
        yield Text(str(state.pending), "yellow" if state.pending else "dim")
    yield _load(group)
    yield _firing(group, fleet)
    yield Text(group.in_force.because[-1]) if group.in_force.because else Text("none", "dim")
    yield Text(moment_text(group.next_edge, zone)) if group.next_edge else Text("none", "dim")
    yield _last(group, now)


def _load(group: GroupStatus) -> Text:
    value = group.cpu.latest if group.cpu else None
    return Text("-", "dim") if value is None else Text(f"{value:.0f} %", "bold red" if value >= HOT else "")


def _firing(group: GroupStatus, fleet: Fleet) -> Text:
    own = fleet[group.group]
    short = {alarm_name(fleet, own, alarm.name): alarm.name for alarm in own.alarms}
    names = [short.get(alarm.name, alarm.name) for alarm in group.alarms if alarm.state == "alarm"]
    return Text(printable(", ".join(names)), "bold red") if names else Text("none", "dim")


def _last(group: GroupStatus, now: datetime) -> Text:
    done = group.activity
    if done is None:
        return Text("nothing lately", "dim")
    return Text(f"{age_text(now - done.at)} ago: {printable(done.description)}")


def age_text(age: timedelta) -> str:
    """How long ago, in the unit that fits: `45s`, `12m`, `3h`, `2d`."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
