"""What a cloud did to the sizes of groups, newest first."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from trimtab.cli.views.status import zone_of
from trimtab.cli.views.values import Indented, Prose, printable
from trimtab.models import Fleet
from trimtab.providers.base import Activity
from trimtab.runtime.apply import FAILED

Activities = Mapping[str, Sequence[Activity] | None]
"""The activities of each group; `None` for a group that does not exist."""


def activities_view(fleet: Fleet, activities: Activities) -> RenderableType:
    """A heading for each group, a line for each activity, its cause below it."""
    return Group(*(part for group, done in activities.items() for part in _group_view(fleet, group, done)))


def _group_view(fleet: Fleet, group: str, done: Sequence[Activity] | None) -> Iterator[RenderableType]:
    yield Text(printable(group), "bold")
    if not done:
        text = "does not exist" if done is None else "nothing was done to its size lately"
        yield Indented(Text(text, "dim"), 2)
    zone = zone_of(fleet, group) or UTC
    for activity in done or ():
        style = "bold red" if activity.status in FAILED else "green"
        when = f"{activity.at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}  "
        yield Indented(
            Prose.assemble((when, "dim"), (activity.status, style), f"  {printable(activity.description)}"), 2
        )
        if activity.cause:
            yield Indented(Prose(printable(activity.cause), "dim"), 4)


def activities_dict(fleet: Fleet, activities: Activities) -> dict[str, Any]:
    """JSON data."""
    groups = [
        {
            "group": group,
            "exists": done is not None,
            "activities": [_activity_dict(activity) for activity in done or ()],
        }
        for group, done in activities.items()
    ]
    return {"fleet": fleet.name, "groups": groups}


def _activity_dict(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id,
        "at": activity.at.isoformat(),
        "status": activity.status,
        "description": activity.description,
        "cause": activity.cause,
    }
