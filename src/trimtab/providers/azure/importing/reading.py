"""What is asked about one group that exists."""

from collections.abc import Mapping
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.plan import read_tags
from trimtab.providers.azure.client import NETWORK_API, Calls
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.azure.importing.group_reader import import_group
from trimtab.providers.azure.importing.replies import Replies
from trimtab.providers.azure.importing.template import at
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT
from trimtab.providers.azure.reads import list_kind
from trimtab.providers.azure.resolve import BALANCERS
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import group_not_found

Body = Mapping[str, Any]
PROBE = "properties.virtualMachineProfile.networkProfile.healthProbe.id"


def read_group(calls: Calls, location: str, name: str, *, fleet: str | None = None) -> Imported:
    """
    The group of this name in the connection's resource group.

    Raises:
        NotFound: There is none.
    """
    home = calls.home.resource_group
    try:
        scale_set = calls.call("compute.virtual_machine_scale_sets.get", home, name)
    except NotFound as error:
        raise group_not_found(name, location, "azure", code=error.code) from error
    if normal_location(scale_set.get("location", "")) != normal_location(location):
        raise group_not_found(name, location, "azure")
    replies = _replies(calls, scale_set)
    return import_group(replies, now=calls.clock.now(), location=calls.location, fleet=fleet, home=calls.home)


def _replies(calls: Calls, scale_set: Body) -> Replies:
    home, own = calls.home.resource_group, str(scale_set["id"]).lower()
    settings = [setting for setting in list_kind(calls, AUTOSCALE_SETTING.name, [home]) if _target(setting) == own]
    about = [
        alert
        for alert in list_kind(calls, METRIC_ALERT.name, [home])
        if own in [scope.lower() for scope in alert["properties"].get("scopes") or ()]
        or _is_marked_like(alert, scale_set)
    ]
    return Replies(
        scale_set,
        settings[0] if settings else None,
        about,
        list_kind(calls, ACTION_GROUP.name, [home]) if about else [],
        _balancers(calls) if at(scale_set, PROBE) else None,
    )


def _balancers(calls: Calls) -> list[Body] | None:
    """The load balancers that a plan would ask for a probe; `None` where they cannot be read."""
    try:
        return list(calls.get(f"{calls.home.path}/providers/{BALANCERS}", NETWORK_API) or ())
    except ProviderError:
        return None


def _target(item: Body) -> str:
    return str(item["properties"].get("targetResourceUri", "")).lower()


def _is_marked_like(alert: Body, scale_set: Body) -> bool:
    alert_mark, set_mark = (read_tags(item.get("tags") or {})[1] for item in (alert, scale_set))
    return (
        alert_mark is not None
        and set_mark is not None
        and (alert_mark.fleet, alert_mark.group) == (set_mark.fleet, set_mark.group)
    )
