"""The activity log: its events as Azure writes them, and the filter that reads them."""

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from trimtab.emulators.azure.alerts import AlertState
from trimtab.emulators.azure.autoscale import AutoscaleVerdict, LastAction, active
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, next_link, read_token
from trimtab.emulators.azure.errors import to_dict
from trimtab.emulators.azure.filters import filter_of
from trimtab.emulators.azure.ids import folded, parse_id
from trimtab.emulators.azure.routing import SUBSCRIPTION
from trimtab.emulators.azure.versions import ACTIVITY
from trimtab.emulators.azure.world import TENANT, CloudWorld
from trimtab.emulators.shared.errors import ServiceError
from trimtab.engine.autoscale import Cause

Event = dict[str, Any]
_TERM = re.compile(r"^\s*(\w+)\s+(eq|ge|le|gt|lt)\s+(?:'([^']*)'|([^'\s]+))\s*$", re.IGNORECASE)
"""A term; `az monitor activity-log list` writes its times without quotes."""
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
}


def write_event(resource: str, *, verb: str, now: datetime) -> Event:
    """The event of a write of a resource: `verb` is write, delete or action."""
    parts = parse_id(resource)
    kind = parts.type if parts else "Microsoft.Resources/subscriptions/resourceGroups"
    return _event(resource, f"{kind}/{verb}", now=now, category="Administrative", description="", properties={})


def alert_event(alert: Mapping[str, Any], state: AlertState, *, now: datetime) -> Event:
    """The event of an alert that fired or is over."""
    word = "Activated" if state is AlertState.FIRED else "Resolved"
    text = f"Metric alert '{alert['name']}' is {word.lower()}."
    properties = {"RuleUri": alert["id"], "RuleName": alert["name"], "RuleDescription": text}
    name = f"Microsoft.Insights/MetricAlerts/{word}/Action"
    return _event(str(alert["id"]), name, now=now, category="Alert", description=text, properties=properties)


def autoscale_events(
    setting: Mapping[str, Any],
    verdict: AutoscaleVerdict,
    *,
    before: int,
    now: datetime,
    last: LastAction | None,
    error: ServiceError | None = None,
) -> list[Event]:
    """The events of a change of size: that it was tried, and how it ended."""
    size = before if verdict.size is None else verdict.size
    target = setting["properties"]["targetResourceUri"]
    counts = f"'{target}' from {before} instances count to {size} instances count"
    properties = {
        "ResourceName": target,
        "OldInstancesCount": str(before),
        "NewInstancesCount": str(size),
        "ActiveAutoscaleProfile": json.dumps(active(setting["properties"], now)),
        "LastScaleActionTime": _gmt(now if error is None else last.at if last else now),
    }
    word = "Scaleup" if size > before else "Scaledown"
    tried = f"The autoscale engine attempting to scale resource {counts}."
    ended = f"The autoscale engine has successfully scaled resource {counts}."
    if error is not None:
        ended = f"The autoscale engine failed to scale resource {counts}. {error}"
        properties = {**properties, "ErrorCode": error.code, "ErrorMessage": json.dumps(to_dict(error))}
    events = [
        _autoscale(setting, word, tried, properties, now=now),
        _autoscale(setting, f"{word}Result", ended, properties, now=now, failed=error is not None),
    ]
    if verdict.cause is Cause.FLAPPING_ADJUSTED:
        text = f"Autoscale scaled resource {counts} instead of further in, as it would have scaled out again."
        events.append(_autoscale(setting, "FlappingOccurred", text, properties, now=now))
    if verdict.cause is Cause.DEFAULT_CAPACITY:
        events += failure_events(setting, verdict, now=now)
    return events


def failure_events(setting: Mapping[str, Any], verdict: AutoscaleVerdict, *, now: datetime) -> list[Event]:
    """The events of a run that did not scale because it would have flapped, or because metrics are missing."""
    events = []
    if verdict.cause is Cause.FLAPPING:
        text = "Scale down will occur flapping, so it was deferred."
        events.append(_autoscale(setting, "Flapping", text, {"Description": text}, now=now))
    if verdict.missing:
        text = f"Failed to read the metrics {', '.join(sorted(set(verdict.missing)))}."
        events.append(_autoscale(setting, "MetricFailure", text, {"Description": text}, now=now, failed=True))
    return events


def select(events: Iterable[Event], given: str) -> list[Event]:
    """
    The events that a `$filter` asks for, newest first.

    Raises:
        ServiceError: The filter cannot be read, or has no start.
    """
    terms = [_read_term(term) for term in re.split(r"\s+and\s+", given, flags=re.IGNORECASE) if term.strip()]
    if not any(name == "eventtimestamp" and word in ("ge", "gt") for name, word, _ in terms):
        raise ServiceError("BadRequest", "The $filter must have the start time: eventTimestamp ge '...'.")
    selected = [event for event in events if all(_holds(event, *term) for term in terms)]
    return sorted(selected, key=lambda event: str(event["eventTimestamp"]), reverse=True)


def _read_term(text: str) -> tuple[str, str, str]:
    match = _TERM.match(text)
    if not match:
        raise ServiceError("BadRequest", f"The $filter is not valid: '{text}'.")
    return match.group(1).lower(), match.group(2).lower(), match.group(3) or match.group(4) or ""


def _holds(event: Event, name: str, word: str, value: str) -> bool:
    match name:
        case "eventtimestamp":
            own = datetime.fromisoformat(str(event["eventTimestamp"]))
            other = datetime.fromisoformat(value)
            return _COMPARE[word](own, other if other.tzinfo else other.replace(tzinfo=UTC))
        case "eventchannels":
            return True
        case "resourceuri" | "resourceid":
            return folded(str(event["resourceId"])) == folded(value)
        case "resourcegroupname":
            return str(event["resourceGroupName"]).lower() == value.lower()
        case "resourceprovider":
            return str(event["resourceProviderName"]["value"]).lower() == value.lower()
        case "correlationid" | "caller":
            return str(event["correlationId" if name == "correlationid" else "caller"]).lower() == value.lower()
        case "status":
            return str(event["status"]["value"]).lower() == value.lower()
        case _:
            raise ServiceError("BadRequest", f"The $filter does not know '{name}'.")


def _autoscale(
    setting: Mapping[str, Any],
    word: str,
    text: str,
    properties: Mapping[str, str],
    *,
    now: datetime,
    failed: bool = False,
) -> Event:
    name = f"Microsoft.Insights/AutoscaleSettings/{word}/Action"
    return _event(
        str(setting["id"]),
        name,
        now=now,
        category="Autoscale",
        description=text,
        properties={"Description": text, **properties},
        failed=failed,
    )


def _event(
    resource: str,
    operation: str,
    *,
    now: datetime,
    category: str,
    description: str,
    properties: Mapping[str, str],
    failed: bool = False,
) -> Event:
    parts = parse_id(resource)
    number, at = str(uuid.uuid4()), now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "caller": "trimtab" if category == "Administrative" else f"Microsoft.Insights/{category.lower()}",
        "channels": "Admin, Operation" if category == "Autoscale" else "Operation",
        "correlationId": str(uuid.uuid4()),
        "description": description,
        "eventDataId": number,
        "eventName": _named("EndRequest", "End request"),
        "category": _named(category),
        "id": f"{resource}/events/{number}/ticks/{_ticks(now)}",
        "level": "Error" if failed else "Informational",
        "resourceGroupName": parts.group if parts else resource.rpartition("/")[2],
        "resourceProviderName": _named(parts.provider if parts else "Microsoft.Resources"),
        "resourceId": resource,
        "resourceType": _named(parts.type if parts else "Microsoft.Resources/subscriptions/resourceGroups"),
        "operationId": str(uuid.uuid4()),
        "operationName": _named(operation),
        "properties": dict(properties),
        "status": _named("Failed" if failed else "Succeeded"),
        "subStatus": _named(""),
        "eventTimestamp": at,
        "submissionTimestamp": at,
        "subscriptionId": resource.split("/")[2],
        "tenantId": TENANT,
    }


def _named(value: str, shown: str | None = None) -> dict[str, str]:
    return {"value": value, "localizedValue": value if shown is None else shown}


def _ticks(moment: datetime) -> int:
    return int((moment - datetime(1, 1, 1, tzinfo=UTC)).total_seconds() * 10_000_000)


def _gmt(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")


# the feed


_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def note_write(call: Call, resource: str) -> None:
    """Note that a resource was written."""
    note(call.world, write_event(resource, verb=_VERBS[call.request.method], now=call.world.now()))


def deleted(call: Call, body: Mapping[str, Any] | None) -> Answer:
    """The answer to a deletion that takes no time, noted where there was something to delete."""
    if body is None:
        return Answer(204)
    note_write(call, body["id"])
    return Answer(200)


def note(world: CloudWorld, event: Event) -> None:
    """Add an event."""
    world.events.append(event)


def _list(call: Call) -> Answer:
    events = select(call.world.events, filter_of(call.query))
    after = int(read_token(call.query.get("$skiptoken", "")) or 0)
    size = max(1, int(call.world.settings["page_size"]))
    answer: dict[str, Any] = {"value": [_selected(call, event) for event in events[after : after + size]]}
    if len(events) > after + size:
        answer["nextLink"] = next_link(call, str(after + size))
    return Answer(200, answer)


def _selected(call: Call, event: Event) -> Event:
    wanted = {name.strip().lower() for name in call.query.get("$select", "").split(",") if name.strip()}
    return {name: value for name, value in event.items() if not wanted or name.lower() in wanted}


_VALUES = f"{SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
ROUTES = (ArmRoute("GET", _VALUES, "insights", "ActivityLogs_List", ACTIVITY, _list),)
