"""What Compute Engine did to the sizes of groups: operations, failed attempts, what autoscalers say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from trimtab.plan import SPOT
from trimtab.providers.base import Activity, Failure, Short, failure_of
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.errors import FAILURES
from trimtab.providers.gcp.ids import name_of, parse_link, place_of, region_of, scoped
from trimtab.providers.gcp.states import find_scaler

LOOK_BACK = timedelta(days=7)
"""
How far back operations are read; Compute Engine keeps them for two weeks.

https://cloud.google.com/compute/docs/api/how-tos/api-requests-responses
"""
WORDS: Mapping[str, str] = {"insert": "create"}
CHANGES: Mapping[str, int] = {"insert": 1, "delete": -1}
"""What an operation on an instance does to the number of them."""
MODES = "MODE_"
"""How words begin that only repeat the mode in which somebody put an autoscaler."""


@dataclass(frozen=True)
class Operations:
    """Reads the operations of the project."""

    calls: Calls
    now: datetime

    def read(self, managers: Sequence[Mapping[str, Any]]) -> dict[str, list[Activity]]:
        """What was done to groups, each as its manager is listed, by their names, newest first; one call."""
        begin = (self.now - LOOK_BACK).astimezone(UTC).isoformat()
        activities: dict[str, list[Activity]] = {str(entry["name"]): [] for entry in managers}
        for item in self.calls.aggregated("operations", filter=f'insertTime > "{begin}"').items:
            for manager in managers:
                if _is_about(item, manager):
                    activities[str(manager["name"])].append(activity_of(item))
        return {name: sorted(some, key=lambda activity: activity.at, reverse=True) for name, some in activities.items()}

    def failures(self, manager: Mapping[str, Any]) -> list[Activity]:
        """Why instances could not be made: quota, stock-out, addresses, permission, reservation."""
        place = place_of(manager)
        where = scoped("instanceGroupManagers", zone=place.zone, region=place.region)
        items = self.calls.pages(
            f"{where.collection}.listErrors", instance_group_manager=manager["name"], **dict(where.place)
        )
        return [_failure(item, _sort_of(manager)) for item in items]

    def complaints(self, manager: Mapping[str, Any]) -> list[Activity]:
        """What keeps a group's autoscaler from sizing it as it would: what it says of itself now."""
        scaler = find_scaler(self.calls, manager) or {}
        details = [
            detail for detail in scaler.get("statusDetails") or () if not str(detail.get("type")).startswith(MODES)
        ]
        return [_complaint(detail, scaler, self.now) for detail in details]

    def read_one(self, manager: Mapping[str, Any], *, sizes: bool = True) -> list[Activity]:
        """
        Everything about one group, newest first.

        Args:
            manager: As it is listed.
            sizes: Whether its autoscaler decides its size, so that what that complains of counts.
        """
        questions: list[Callable[[], list[Activity]]] = [
            lambda: self.read([manager])[str(manager["name"])],
            partial(self.failures, manager),
            *([partial(self.complaints, manager)] if sizes else []),
        ]
        activities = [activity for some in self.calls.gather_or_raise(questions) for activity in some]
        return sorted(activities, key=lambda activity: activity.at, reverse=True)


def _is_about(item: Mapping[str, Any], manager: Mapping[str, Any]) -> bool:
    """Whether an operation is on a group, on its autoscaler, whatever its name, or on an instance of its own."""
    parts, own = parse_link(str(item.get("targetLink", ""))), parse_link(str(manager.get("selfLink", "")))
    match parts.kind:
        case "instanceGroupManagers":
            return (parts.scope, parts.name) == (own.scope, own.name)
        case "autoscalers":
            scaler = name_of(str((manager.get("status") or {}).get("autoscaler") or own.name))
            return (parts.scope, parts.name) == (own.scope, scaler)
        case "instances":
            base = str(manager.get("baseInstanceName", ""))
            return region_of(parts.zone) == place_of(manager).region and parts.name.rpartition("-")[0] == base
        case _:
            return False


def activity_of(item: Mapping[str, Any]) -> Activity:
    """An operation as an activity."""
    parts = parse_link(str(item.get("targetLink", "")))
    # `insert`, or `compute.autoscalers.insert`, as the collection has it
    verb = str(item.get("operationType", "")).rsplit(".", 1)[-1]
    errors: Sequence[Mapping[str, Any]] = (item.get("error") or {}).get("errors") or ()
    said = "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors)
    return Activity(
        id=str(item.get("id") or item.get("name") or ""),
        at=datetime.fromisoformat(str(item["insertTime"])).astimezone(UTC),
        status="failed" if errors else str(item.get("status", "")).lower(),
        description=f"{WORDS.get(verb, verb)} {parts.kind.removesuffix('s')} {parts.name}",
        cause=said or str(item.get("statusMessage") or item.get("user") or ""),
        change=CHANGES.get(verb, 0) if parts.kind == "instances" and not errors else 0,
        failure=failure_of(said, FAILURES) if errors else None,
    )


def _sort_of(manager: Mapping[str, Any]) -> bool | None:
    """Whether the instances of one of two native groups are Spot VMs; `None` of a group that is one."""
    from trimtab.providers.gcp.purchase import floor_of, mark_of  # few groups are two

    mark = mark_of(manager)
    if mark is not None and mark.role == SPOT:
        return True
    return None if floor_of(manager) is None else False


def _failure(item: Mapping[str, Any], spot: bool | None) -> Activity:
    error, details = item.get("error") or {}, item.get("instanceActionDetails") or {}
    name = name_of(str(details.get("instance", "")))
    at = str(item.get("timestamp", ""))
    failure = failure_of(f"{error.get('code')}: {error.get('message')}", FAILURES)
    zone = parse_link(str(details.get("instance", ""))).zone
    return Activity(
        id=f"{name} {at}",
        at=datetime.fromisoformat(at).astimezone(UTC),
        status="failed",
        description=f"{str(details.get('action', 'creating')).lower()} {name}",
        cause=f"{error.get('code')}: {error.get('message')}",
        failure=failure,
        short=Short(zone=zone, spot=spot) if failure is Failure.SHORTAGE else None,
    )


def _complaint(detail: Mapping[str, Any], scaler: Mapping[str, Any], now: datetime) -> Activity:
    word = str(detail.get("type", ""))
    return Activity(
        id=f"{scaler['name']} {word}",
        at=now,
        status="failed" if scaler.get("status") == "ERROR" else "warning",
        description=f"autoscaler {scaler['name']}: {word}",
        cause=str(detail.get("message", "")),
    )
