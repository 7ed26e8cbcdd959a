"""Bodies held against the rows of what Google Cloud refuses: the same that a plan reads."""

import re
from collections.abc import Mapping
from typing import Any

from trimtab.emulators.shared.errors import ServiceError
from trimtab.providers.gcp.constraints import (
    ALERT,
    AUTOSCALER,
    CHANNEL,
    CONSTRAINTS,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)

_MONITORED = {ALERT: "alert_policy", CHANNEL: "notification_channel"}
_KINDS = {
    "instanceTemplates": TEMPLATE,
    "healthChecks": HEALTH_CHECK,
    "instanceGroupManagers": MANAGER,
    "autoscalers": AUTOSCALER,
    "alertPolicies": ALERT,
    "notificationChannels": CHANNEL,
}


def refuse(collection: str, body: Mapping[str, Any]) -> None:
    """
    Refuse a body of a collection by a row that it breaks.

    Raises:
        ServiceError: `invalid`, or `INVALID_ARGUMENT` of Cloud Monitoring, with the field and the reason.
    """
    kind = _KINDS.get(collection)
    for breach in CONSTRAINTS.breaches(kind, body) if kind else ():
        if kind in _MONITORED:
            field = f"{_MONITORED[kind]}.{_snake(breach.path)}"
            raise ServiceError("INVALID_ARGUMENT", f"Field {field} had an invalid value: it {breach.text}.")
        raise ServiceError("invalid", f"Invalid value for field 'resource.{breach.path}': it {breach.text}.")


def _snake(path: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", path)
