"""What Resource Manager answers, each thing as plans compare it; pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from trimtab.plan import Attributes, Key, Mark, Resource, read_tags
from trimtab.providers.azure.ids import normal_location, parse_id
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.part_names import own_profile_names, with_own_names
from trimtab.providers.azure.policies import named_rules
from trimtab.providers.pause import Pause

PAUSE_TAG = "trimtab-paused"
"""Says on a group's autoscale setting who paused it, and until when."""


def group_of(resource: str) -> str:
    """The resource group that an id names."""
    parts = parse_id(resource)
    return parts.resource_group if parts else ""


def scale_set_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A scale set as plans compare it: tags of the mark apart, identities as a list, its resource group a field."""
    tags, mark = read_tags(item.get("tags") or {})
    properties = with_own_names(item.get("properties") or {})
    capacity = int((item.get("sku") or {}).get("capacity") or 0)
    body = {
        "resourceGroup": group_of(item["id"]),
        "location": normal_location(item.get("location") or location),
        "sku": dict(item.get("sku") or {}),
        "zones": list(item.get("zones") or ()),
        "identity": _identity(item.get("identity")),
        "tags": tags,
        "properties": properties,
    }
    key = Key(normal_location(item.get("location") or location), SCALE_SET.name, item["name"])
    state = str(properties.get("provisioningState", "")).lower()
    return _made(key, body, item, mark, deleting=state == "deleting", instances=capacity)


def _identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    if not identity:
        return {}
    return {**identity, "userAssignedIdentities": sorted(identity.get("userAssignedIdentities") or {})}


def setting_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An autoscale setting as plans compare it: rules and profiles named, a pause undone."""
    pause = find_pause(item)
    _, mark = read_tags(_plain_tags(item))
    properties = dict(item.get("properties") or {})
    raw_profiles = properties.get("profiles") or ()
    names = own_profile_names(raw_profiles)
    profiles = [
        {
            **profile,
            "name": names.get(profile["name"], profile["name"]),
            "rules": named_rules(profile.get("rules") or ()),
        }
        for profile in raw_profiles
    ]
    notifications = [notification for notification in properties.get("notifications") or () if _tells(notification)]
    body = {"properties": {**properties, "profiles": profiles, "notifications": notifications}}
    if pause is not None and (pause.held is None or pause.held):
        body["properties"]["enabled"] = True
    key = Key(normal_location(item.get("location") or location), AUTOSCALE_SETTING.name, item["name"])
    resource = _made(key, body, item, mark)
    return replace(resource, attributes={**resource.attributes, "paused": pause.line() if pause else None})


def _tells(notification: Mapping[str, Any]) -> bool:
    email = notification.get("email") or {}
    return bool(
        email.get("customEmails")
        or email.get("sendToSubscriptionAdministrator")
        or email.get("sendToSubscriptionCoAdministrators")
        or notification.get("webhooks")
    )


def alert_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A metric alert as plans compare it."""
    return _global_resource(METRIC_ALERT.name, item, location)


def action_group_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An action group as plans compare it."""
    return _global_resource(ACTION_GROUP.name, item, location)


def _global_resource(kind: str, item: Mapping[str, Any], location: str) -> Resource:
    """Alerts and action groups live nowhere; the mark says where their group is."""
    _, mark = read_tags(item.get("tags") or {})
    kept = mark.kept.get("location") if mark else None
    body = {"properties": with_own_names(item.get("properties") or {})}
    return _made(Key(kept or location, kind, item["name"]), body, item, mark)


def _plain_tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in (item.get("tags") or {}).items() if name != PAUSE_TAG}


def _made(key: Key, body: Mapping[str, Any], item: Mapping[str, Any], mark: Mark | None, **more: Any) -> Resource:
    instances = more.pop("instances", None)
    attributes: Attributes = {
        "id": item["id"],
        "resource_group": group_of(item["id"]),
        "etag": item.get("etag"),
        "raw": json.loads(json.dumps(item)),
    }
    if instances is not None:
        attributes["instances"] = instances
    group = mark.group if mark else ""
    return Resource(key=key, body=body, group=group, mark=mark, attributes=attributes, **more)


def find_pause(item: Mapping[str, Any]) -> Pause | None:
    """The pause that is marked on a setting or a scale set."""
    text = (item.get("tags") or {}).get(PAUSE_TAG)
    return None if text is None else Pause.parse(text)


Reader = Callable[[Mapping[str, Any], str], Resource]
READERS: Mapping[str, Reader] = {
    SCALE_SET.name: scale_set_resource,
    AUTOSCALE_SETTING.name: setting_resource,
    METRIC_ALERT.name: alert_resource,
    ACTION_GROUP.name: action_group_resource,
}
