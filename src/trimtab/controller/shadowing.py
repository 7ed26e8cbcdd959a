"""What shadow mode does beside deciding: its name in the store, and what the cloud says that it did."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from trimtab.controller.comparing import ACTIVITY, UNREAD, ShadowComparison, compare
from trimtab.controller.deciding import Considered
from trimtab.controller.results import GroupTick
from trimtab.errors import Cancelled, TrimtabError
from trimtab.providers.roles import Provider
from trimtab.store.records import DecisionRecord, GroupKey, Store

BY_CONTROLLER = "set by the controller of this group, or by somebody"
_NEWEST = 10


def shadow_name(fleet: str, candidate: str = "") -> str:
    """The name under which the store keeps what a shadow decided about a fleet."""
    return f"{fleet} (shadow{f' of {candidate}' if candidate else ''})"


def compare_shadow(
    store: Store,
    fleet: str,
    groups: Sequence[str],
    *,
    candidate: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[ShadowComparison, ...]:
    """
    What a shadow decided about groups against what the cloud did, as far as the store has it.

    Args:
        store: Where the shadow kept it.
        fleet: The name of the fleet.
        groups: The names of its groups.
        candidate: The name under which the shadow ran.
        since: From when on; all that is kept when left out.
        until: Up to before that moment.
    """
    name = shadow_name(fleet, candidate)
    compared = []
    for group in groups:
        records = _records(store, name, group, since, until)
        for key in dict.fromkeys(record.key for record in records):
            ticks = store.ticks(name, key.cloud, since=since, until=until)
            if ticks:
                compared.append(compare(key, [record for record in records if record.key == key], ticks))
    return tuple(compared)


def _records(
    store: Store, fleet: str, group: str, since: datetime | None, until: datetime | None
) -> Sequence[DecisionRecord]:
    """Those within the time, and before them the last one of each place: it stands until the next."""
    within = store.decisions(fleet=fleet, group=group, since=since, until=until, shadow=True)
    if since is None:
        return within
    earlier = store.decisions(fleet=fleet, group=group, until=since, shadow=True, limit=_NEWEST)
    last: dict[GroupKey, DecisionRecord] = {record.key: record for record in earlier}
    return [*last.values(), *within]


def cloud_activity(provider: Provider, considered: Considered) -> str:
    """What the cloud says of a size that changed since the last tick; empty where it says nothing or none changed."""
    memory, state = considered.memory, considered.state
    if memory.shadowed is None or memory.shadowed.live == state.desired:
        return ""
    if state.controller:
        return BY_CONTROLLER
    subject, last = considered.subject, memory.history.at
    try:
        activities = provider.live.read_activities(subject.location, subject.native, _NEWEST)
    except Cancelled:
        raise
    except TrimtabError:
        return ""
    recent = [item for item in activities if last is None or item.at >= last]
    return next((": ".join(filter(None, [item.description, item.cause])) for item in recent), "")


def shadow_reasons(result: GroupTick) -> Iterator[dict[str, str]]:
    """What a shadow's record holds beside the engine's reasons."""
    if result.activity:
        yield {"code": ACTIVITY, "text": result.activity}
    for text in result.unread:
        yield {"code": UNREAD, "text": text}
