"""What Azure did to the sizes of groups, and what their alerts did, out of the activity log."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import folded, parse_id
from trimtab.providers.azure.states import FAILURES
from trimtab.providers.base import Activity, AlarmChange, failure_of
from trimtab.providers.moments import zulu

LOOK_BACK = timedelta(days=7)
"""
How far back the log is read; Azure keeps it for ninety days.

https://learn.microsoft.com/azure/azure-monitor/platform/activity-log
"""
ALERT_WORDS = {"activated": "alarm", "resolved": "ok"}
"""How the events of a metric alert end: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema"""
_SIZES = re.compile(r"successfully scaled .* from (\d+) instances count to (\d+) instances count")
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

    def read_alarms(self, names: Sequence[str], since: datetime, until: datetime) -> list[AlarmChange]:
        """When metric alerts of these names fired and were over, oldest first; one call."""
        group = self.calls.home.resource_group
        between = f"eventTimestamp ge '{zulu(since)}' and eventTimestamp le '{zulu(until)}'"
        where = f"{between} and resourceGroupName eq '{group}'"
        spelled = {folded(name): name for name in names}
        changes = []
        for item in self.calls.pages("monitor.activity_logs.list", where):
            parts = parse_id(str(item.get("resourceId", "")))
            name = spelled.get(folded(parts.names[0])) if parts is not None and parts.names else None
            word = str((item.get("operationName") or {}).get("value", "")).lower().split("/")
            state = ALERT_WORDS.get(word[-2]) if len(word) > 1 else None
            if name is not None and state is not None:
                at = datetime.fromisoformat(str(item["eventTimestamp"])).astimezone(UTC)
                reason = str(item.get("description") or "")
                changes.append(AlarmChange(name=name, at=at, state=state, reason=reason))
        return sorted(changes, key=lambda change: change.at)


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
    status, sizes = str((item.get("status") or {}).get("value", "")).lower(), _SIZES.search(str(said))
    return Activity(
        id=str(item.get("eventDataId") or item.get("id") or ""),
        at=datetime.fromisoformat(str(item["eventTimestamp"])).astimezone(UTC),
        status=status,
        description=str(operation or ""),
        cause=str(said),
        sizes=(int(sizes[1]), int(sizes[2])) if sizes else None,
        failure=failure_of(f"{said} {properties}", FAILURES) if status == "failed" else None,
    )
