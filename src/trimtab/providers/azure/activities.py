"""What Azure did to the sizes of groups, out of the activity log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import folded, parse_id
from trimtab.providers.base import Activity
from trimtab.providers.moments import zulu

LOOK_BACK = timedelta(days=7)
"""How far back the log is read; Azure keeps it for ninety days."""
KINDS = frozenset({"microsoft.compute/virtualmachinescalesets", "microsoft.insights/autoscalesettings"})


@dataclass(frozen=True)
class ActivityLog:
    """Reads the activity log of the connection's resource group."""

    calls: Calls
    now: datetime

    def read(self, names: Sequence[str]) -> dict[str, list[Activity]]:
        """The events about scale sets and autoscale settings of these names, newest first; one call."""
        begin = zulu(self.now - LOOK_BACK)
        end = zulu(self.now + timedelta(minutes=1))
        group = self.calls.home.resource_group
        where = f"eventTimestamp ge '{begin}' and eventTimestamp le '{end}' and resourceGroupName eq '{group}'"
        activities: dict[str, list[Activity]] = {name: [] for name in names}
        spelled = {folded(name): name for name in names}
        for item in self.calls.pages("monitor.activity_logs.list", where):
            for name in _names(item):
                if folded(name) in spelled:
                    activities[spelled[folded(name)]].append(activity_of(item))
        return {name: sorted(some, key=lambda activity: activity.at, reverse=True) for name, some in activities.items()}


def _names(item: Mapping[str, Any]) -> Iterator[str]:
    parts = parse_id(str(item.get("resourceId", "")))
    if parts is not None and parts.kind.lower() in KINDS and parts.names:
        yield parts.names[0]


def activity_of(item: Mapping[str, Any]) -> Activity:
    """An event of the log as an activity."""
    properties = item.get("properties") or {}
    operation = (item.get("operationName") or {}).get("localizedValue") or (item.get("operationName") or {}).get(
        "value"
    )
    said = item.get("description") or properties.get("Description") or ""
    return Activity(
        id=str(item.get("eventDataId") or item.get("id") or ""),
        at=datetime.fromisoformat(str(item["eventTimestamp"])).astimezone(UTC),
        status=str((item.get("status") or {}).get("value", "")).lower(),
        description=str(operation or ""),
        cause=str(said),
    )
