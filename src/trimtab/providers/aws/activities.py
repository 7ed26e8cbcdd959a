"""What AWS did to the sizes of groups, out of their scaling activities."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from trimtab.providers.base import Activity


def activity_of(item: Mapping[str, Any]) -> Activity:
    return Activity(
        id=item["ActivityId"],
        at=item["StartTime"].astimezone(UTC),
        status=str(item.get("StatusCode", "")).lower(),
        description=item.get("Description", ""),
        cause=item.get("Cause", ""),
    )
