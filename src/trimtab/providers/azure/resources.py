"""What Resource Manager answers, each thing as plans compare it; pure."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from trimtab.plan import Attributes, Key, Mark, Resource, read_tags
from trimtab.providers.azure.alarms import CONDITION
from trimtab.providers.azure.ids import normal_location, parse_id
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.policies import named_rules
from trimtab.providers.azure.schedules import DEFAULT, end_profile_name, read_twin
from trimtab.providers.azure.template import ADDRESS, CARD, HEALTH, HEALTH_TYPES, PUBLIC
from trimtab.providers.pause import BACK_TAG, BOOST, BOOST_TAG, NOTES, Boost, Pause
from trimtab.providers.pause import TAG as PAUSE_TAG

if TYPE_CHECKING:
    from trimtab.providers.azure.held import HeldCapacity
    from trimtab.providers.run import RolloutRun

ROLLOUT = "trimtab-rollout"
"""The tag that bears the mark of a run (`trimtab.providers.run.TAG`)."""
WAS = f"{ROLLOUT}-was-"
"""What begins the tags that keep the version of a scale set's model before this one."""
OLDEST_FIRST = ["OldestVM"]
"""
The rules of scaling in that take the oldest instances, after those of zones that have more than others.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-scale-in-policy
"""
_MARKS = {"rollout": ROLLOUT, "rolled_back": BACK_TAG}
Names = Mapping[str, str]
_OWN: Names = {"card": CARD, "address": ADDRESS, "public": PUBLIC, "health": HEALTH, "condition": CONDITION}
Body = Mapping[str, Any]


def group_of(resource: str) -> str:
    """The resource group that an id names."""
    parts = parse_id(resource)
    return parts.resource_group if parts else ""


def scale_set_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A scale set as plans compare it: tags of the mark apart, identities as a list, its resource group a field."""
    tags, mark = read_tags(_plain_tags(item))
    properties = _given_back(item, with_own_names(item.get("properties") or {}))
    capacity = int((item.get("sku") or {}).get("capacity") or 0)
    sizes = {"capacity": wanted_size(item)} if "capacity" in (item.get("sku") or {}) else {}
    body = {
        "resourceGroup": group_of(item["id"]),
        "location": normal_location(item.get("location") or location),
        "sku": {**(item.get("sku") or {}), **sizes},
        "plan": {name: value for name, value in (item.get("plan") or {}).items() if value is not None},
        "zones": list(item.get("zones") or ()),
        "identity": _identity(item.get("identity")),
        "tags": tags,
        "properties": properties,
        **{name: item[name] for name in ("extendedLocation", "placement") if item.get(name)},
    }
    key = Key(normal_location(item.get("location") or location), SCALE_SET.name, item["name"])
    state = str(properties.get("provisioningState", "")).lower()
    made = _made(key, body, item, mark, deleting=state == "deleting", instances=capacity)
    given = item.get("tags") or {}
    marks = {name: given[tag] for name, tag in _MARKS.items() if given.get(tag)}
    return replace(made, attributes=cast("Attributes", {**made.attributes, **marks})) if marks else made


def _identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    if not identity:
        return {}
    return {**identity, "userAssignedIdentities": sorted(identity.get("userAssignedIdentities") or {})}


def setting_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An autoscale setting as plans compare it: rules and profiles named, a pause and a boost undone."""
    pause = find_pause(item)
    _, mark = read_tags(_plain_tags(item))
    properties = dict(item.get("properties") or {})
    raw_profiles = planned_profiles(properties)
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
    boost = (item.get("tags") or {}).get(BOOST_TAG)
    marks: Attributes = {"paused": pause.line() if pause else None, "boosted": boost}
    return replace(resource, attributes={**resource.attributes, **marks})


def planned_profiles(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The profiles of a setting, less those that hold a boost."""
    return [one for one in properties.get("profiles") or () if not str(one.get("name", "")).startswith(BOOST)]


def boost_profiles(properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The profiles of a setting that hold a boost."""
    return [one for one in properties.get("profiles") or () if str(one.get("name", "")).startswith(BOOST)]


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
    return {name: value for name, value in (item.get("tags") or {}).items() if not is_of_people(name)}


def is_of_people(tag: str) -> bool:
    """Whether a tag marks a pause, a boost or a rollout, notes one, or keeps an earlier version: no plan writes it."""
    return tag in (PAUSE_TAG, BOOST_TAG, ROLLOUT, *NOTES) or tag.startswith(WAS)


def find_notes(item: Mapping[str, Any]) -> dict[str, str]:
    """What is noted of rollouts on a scale set."""
    return {tag: value for tag, value in (item.get("tags") or {}).items() if tag in NOTES}


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


def find_boost(item: Mapping[str, Any]) -> Boost | None:
    """The boost that is marked on a setting or a scale set."""
    return Boost.parse((item.get("tags") or {}).get(BOOST_TAG, ""))


def find_run(item: Mapping[str, Any]) -> "RolloutRun | None":
    """The rollout that is marked on a scale set."""
    line = (item.get("tags") or {}).get(ROLLOUT)
    if not line:
        return None
    from trimtab.providers.run import RolloutRun  # few groups are in a rollout

    return RolloutRun.parse(line)


def held_of(item: Mapping[str, Any]) -> "HeldCapacity | None":
    """What a rollout holds of a scale set."""
    run = find_run(item)
    if run is None:
        return None
    from trimtab.providers.azure.held import HeldCapacity

    return HeldCapacity.parse(run.held)


def wanted_size(item: Mapping[str, Any]) -> int:
    """How many instances a scale set is to have: without those that a rollout has beside them for a while."""
    capacity, held = int((item.get("sku") or {}).get("capacity") or 0), held_of(item)
    return capacity if held is None else held.wanted(capacity)


def _given_back(item: Mapping[str, Any], properties: Body) -> dict[str, Any]:
    """The properties of a scale set with what a rollout puts back at its end."""
    held = held_of(item)
    back: dict[str, Any] = {}
    if held is not None and held.mode:
        back["upgradePolicy"] = {**(properties.get("upgradePolicy") or {}), "mode": held.mode}
    if held is not None and held.rules and rules_of_scaling_in(properties) == OLDEST_FIRST:
        back["scaleInPolicy"] = {**properties["scaleInPolicy"], "rules": list(held.rules)}
    return {**properties, **back}


def rules_of_scaling_in(properties: Body) -> list[str]:
    """Which instances leave first; Azure's default where nobody says."""
    return list((properties.get("scaleInPolicy") or {}).get("rules") or ["Default"])


Reader = Callable[[Mapping[str, Any], str], Resource]
READERS: Mapping[str, Reader] = {
    SCALE_SET.name: scale_set_resource,
    AUTOSCALE_SETTING.name: setting_resource,
    METRIC_ALERT.name: alert_resource,
    ACTION_GROUP.name: action_group_resource,
}


def with_own_names(properties: Body) -> dict[str, Any]:
    """The properties of a scale set or an alert with trimtab's names for its parts."""
    return _named(properties, {part: _OWN[part] for part in _names_of(properties)})


def with_names_of(properties: Body, existing: Body) -> dict[str, Any]:
    """The properties, or a patch of them, with the names that the parts of what is there have."""
    return _named(properties, _names_of(existing))


def _names_of(properties: Body) -> dict[str, str]:
    return {part: str(body["name"]) for part, body in _parts(properties) if body.get("name")}


def _named(properties: Body, names: Names) -> dict[str, Any]:
    result: dict[str, Any] = copy.deepcopy(dict(properties))
    for part, body in list(_parts(result)):
        if part in names:
            body["name"] = names[part]
    return result


def _parts(properties: Body) -> Iterator[tuple[str, Any]]:
    """The parts of which a scale set or an alert has one."""
    conditions: Sequence[Any] = (properties.get("criteria") or {}).get("allOf") or []
    if len(conditions) == 1:
        yield "condition", conditions[0]
    profile = properties.get("virtualMachineProfile") or {}
    cards: Sequence[Any] = (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or []
    only: Body = (cards[0].get("properties") or {}) if len(cards) == 1 else {}
    addresses: Sequence[Any] = only.get("ipConfigurations") or []
    if len(addresses) == 1:
        yield "card", cards[0]
        yield "address", addresses[0]
        if public := (addresses[0].get("properties") or {}).get("publicIPAddressConfiguration"):
            yield "public", public
    extensions = (profile.get("extensionProfile") or {}).get("extensions") or ()
    asking = [extension for extension in extensions if (extension.get("properties") or {}).get("type") in HEALTH_TYPES]
    if len(asking) == 1 and not any(
        extension.get("name") == HEALTH for extension in extensions if extension is not asking[0]
    ):
        yield "health", asking[0]


def own_profile_names(profiles: Sequence[Body]) -> dict[str, str]:
    """Our names for the profile without a schedule, and for those that end another one, by what they are called."""
    plain = [profile for profile in profiles if not profile.get("recurrence") and not profile.get("fixedDate")]
    named = {str(profile["name"]): DEFAULT for profile in plain if len(plain) == 1}
    every = [str(profile["name"]) for profile in profiles]
    named |= {name: end_profile_name(ends) for name in every if (ends := read_twin(name)) is not None}
    names = [named.get(name, name) for name in every]
    return {name: own for name, own in named.items() if names.count(own) == 1}


def profile_names_of(wanted: Sequence[str], existing: Sequence[Body]) -> dict[str, str]:
    """What wanted profiles are called where these profiles are: as now, and new ends by the name of the default."""
    known = {own: name for name, own in own_profile_names(existing).items()}
    default = known.get(DEFAULT, DEFAULT)
    names = {}
    for name in wanted:
        ends = read_twin(name)
        new = name if ends is None else json.dumps({"name": default, "for": ends}, separators=(",", ":"))
        names[name] = known.get(name, new)
    return names
