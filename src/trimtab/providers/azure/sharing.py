"""What else tells the action groups of a fleet, which Azure deletes under an alert."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from trimtab.errors import ProviderError
from trimtab.plan import Change, Key
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.kinds import ACTION_GROUP, METRIC_ALERT
from trimtab.providers.azure.resources import alert_resource
from trimtab.providers.sharing import deleted, used_by, users_of


def users_elsewhere(calls: Calls, changes: Sequence[Change], fleet: str) -> dict[Key, str]:
    """By action group that is deleted which other metric alerts of its resource group tell it; a list for each."""
    doomed = [change for change in deleted(changes, (ACTION_GROUP.name,)) if change.live is not None]
    homes = sorted({_home(change) for change in doomed})
    operation = "monitor.metric_alerts.list_by_resource_group"
    answers = dict(zip(homes, calls.gather([partial(calls.pages, operation, home) for home in homes]), strict=True))
    texts = ((change, _text(change, answers[_home(change)], changes, fleet)) for change in doomed)
    return {change.key: text for change, text in texts if text}


def _home(change: Change) -> str:
    return str(change.live.attributes["resource_group"]) if change.live is not None else ""


def _text(change: Change, alerts: "list[dict[str, Any]] | ProviderError", changes: Sequence[Change], fleet: str) -> str:
    if isinstance(alerts, ProviderError):
        return f"whether other alerts tell it is not known: {alerts}"
    own = str(change.live.attributes["id"]).lower() if change.live is not None else ""
    resources = [alert_resource(item, change.key.location) for item in alerts if own in _told(item)]
    users = users_of(change, {item.key: item.mark for item in resources}, changes, fleet)
    return f"{used_by(METRIC_ALERT.label, users)} {'tells' if len(users) == 1 else 'tell'} it too" if users else ""


def _told(alert: Mapping[str, Any]) -> Iterator[str]:
    for action in (alert.get("properties") or {}).get("actions") or ():
        yield str(action.get("actionGroupId", "")).lower()
