"""The activity log: what is written to it, and how it is read."""

from typing import Any

from trimtab.emulators.azure.activity import Event, select, write_event
from trimtab.emulators.azure.calls import Answer, Call, Route
from trimtab.emulators.azure.paging import next_link, read_token
from trimtab.emulators.azure.routing import ACTIVITY, SUBSCRIPTION
from trimtab.emulators.azure.world import World

_VERBS = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}


def note_write(call: Call, resource: str) -> None:
    """Note that a resource was written."""
    note(call.world, write_event(resource, verb=_VERBS[call.request.method], now=call.world.now()))


def note(world: World, event: Event) -> None:
    """Add an event."""
    world.events.append(event)


def _list(call: Call) -> Answer:
    events = select(call.world.events, call.query.get("$filter", ""))
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
ROUTES = (Route("GET", _VALUES, "insights", "ActivityLogs_List", ACTIVITY, _list),)
