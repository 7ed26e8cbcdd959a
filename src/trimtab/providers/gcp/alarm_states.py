"""How the alert policies of a fleet stand, by the alerts that they have opened."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.errors import AccessDenied, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Resource
from trimtab.providers.base import AlarmState
from trimtab.providers.gcp.client import Calls, Listed
from trimtab.providers.gcp.kinds import ALERT_POLICY
from trimtab.providers.gcp.reads import list_monitored
from trimtab.providers.gcp.resources import READERS

UNTOLD = "who may not list alerts (monitoring.alerts.list) does not know"


def alarm_states(calls: Calls, fleet: Fleet, location: str) -> list[AlarmState]:
    """
    Each alert policy of the fleet with its state.

    Without the right to list alerts (`monitoring.alerts.list`) the states are `no-data`, and say why.

    Raises:
        ProviderError: Policies or alerts cannot be read for another reason.
    """
    questions: list[Callable[[], Any]] = [partial(list_monitored, calls, ALERT_POLICY.name), calls.open_alerts]
    policies, alerts = calls.gather(questions)
    if isinstance(policies, ProviderError):
        raise policies
    if isinstance(alerts, ProviderError) and not isinstance(alerts, AccessDenied):
        raise alerts
    opened = None if isinstance(alerts, AccessDenied) else _opened(alerts)
    return [_state(item, opened) for item in _own(policies, fleet, location)]


def _own(policies: Listed, fleet: Fleet, location: str) -> list[Resource]:
    resources = [READERS[ALERT_POLICY.name](item, location) for item in policies.items]
    return [item for item in resources if item.mark is not None and item.mark.fleet == fleet.name]


def _opened(alerts: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """When the oldest open alert of each policy began."""
    opened: dict[str, datetime] = {}
    for alert in alerts:
        policy, since = str((alert.get("policy") or {}).get("name", "")), datetime.fromisoformat(str(alert["openTime"]))
        opened[policy] = min(since, opened.get(policy, since))
    return opened


def _state(item: Resource, opened: Mapping[str, datetime] | None) -> AlarmState:
    name, group = item.key.name, item.group
    if opened is None:
        return AlarmState(name=name, state="no-data", reason=UNTOLD, group=group)
    since = opened.get(str(item.attributes["name"]))
    return AlarmState(name=name, state="ok" if since is None else "alarm", since=since, group=group)
