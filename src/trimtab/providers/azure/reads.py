"""Reads in bulk: by resource group, or by subscription for several; and bodies as plans compare them."""

import copy
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Attributes, Key, Mark, Resource, Unknown, read_tags
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import folded, parse_id
from trimtab.providers.azure.ids import normal_location as normal_location
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.places import Places
from trimtab.providers.azure.rules import named_rules
from trimtab.providers.azure.template import ADDRESS, CARD
from trimtab.providers.azure.translate import home_of
from trimtab.providers.pause import Pause

PAUSE_TAG = "trimtab-paused"
"""Says on a group's autoscale setting who paused it, and until when."""
LISTS: Mapping[str, tuple[str, str]] = {
    SCALE_SET.name: ("compute.virtual_machine_scale_sets.list", "compute.virtual_machine_scale_sets.list_all"),
    AUTOSCALE_SETTING.name: (
        "monitor.autoscale_settings.list_by_resource_group",
        "monitor.autoscale_settings.list_by_subscription",
    ),
    METRIC_ALERT.name: (
        "monitor.metric_alerts.list_by_resource_group",
        "monitor.metric_alerts.list_by_subscription",
    ),
    ACTION_GROUP.name: (
        "monitor.action_groups.list_by_resource_group",
        "monitor.action_groups.list_by_subscription_id",
    ),
}
"""How each kind is listed: in one resource group, in the subscription."""


def list_kind(calls: Calls, kind: str, groups: Sequence[str]) -> list[dict[str, Any]]:
    """Everything of a kind in these resource groups: one call for one of them, one for several."""
    in_group, in_subscription = LISTS[kind]
    if len(groups) == 1:
        return calls.pages(in_group, groups[0])
    wanted = {group.lower() for group in groups}
    return [item for item in calls.pages(in_subscription) if group_of(item["id"]).lower() in wanted]


def group_of(resource: str) -> str:
    """The resource group that an id names."""
    parts = parse_id(resource)
    return parts.resource_group if parts else ""


SET_TYPE = "microsoft.compute/virtualmachinescalesets"


@dataclass
class FleetRead:
    """The resources of a subscription as far as a fleet is concerned."""

    calls: Calls
    fleet: Fleet
    found: dict[Key, Resource] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)

    def run(self) -> None:
        """Fill `found` and `unknown`."""
        groups = sorted({home_of(group, self.calls.home).resource_group for group in self.fleet.groups})
        here = self.calls.home.resource_group
        groups = list(dict.fromkeys([*groups, here]))
        kinds = list(LISTS)
        questions: list[Callable[[], list[dict[str, Any]]]] = [
            partial(list_kind, self.calls, kind, groups) for kind in kinds
        ]
        for kind, answer in zip(kinds, self.calls.together(questions), strict=True):
            if isinstance(answer, ProviderError):
                self.unknown += [Unknown(location, kind, str(answer)) for location in self.locations]
            else:
                self._take(kind, answer)
        self._doubt_missing_groups()

    def _doubt_missing_groups(self) -> None:
        """A scale set that is not listed although its setting or an alert is there is asked for by name."""
        if any(one.kind == SCALE_SET.name for one in self.unknown):
            return
        sets = [item for key, item in self.found.items() if key.kind == SCALE_SET.name]
        there = {(str(item.attributes["resource_group"]).lower(), item.key.name.lower()) for item in sets}
        missing = sorted(self._groups_of_parts() - there)
        asked = [partial(self.calls.call, "compute.virtual_machine_scale_sets.get", *names) for names in missing]
        for answer in self.calls.together(asked):
            if isinstance(answer, NotFound):
                continue
            if isinstance(answer, ProviderError):
                self.unknown += [Unknown(location, SCALE_SET.name, str(answer)) for location in self.locations]
            else:
                self._take(SCALE_SET.name, [answer])

    def _groups_of_parts(self) -> set[tuple[str, str]]:
        """Resource group and name, folded, of the scale sets that settings and alerts of ours are about."""
        named: set[tuple[str, str]] = set()
        for key, item in self.found.items():
            if key.kind == SCALE_SET.name or item.mark is None or item.mark.fleet != self.fleet.name:
                continue
            properties = item.body.get("properties") or {}
            for link in (properties.get("targetResourceUri"), *(properties.get("scopes") or ())):
                parts = parse_id(str(link or ""))
                if parts is not None and parts.kind.lower() == SET_TYPE:
                    named.add((parts.resource_group.lower(), parts.name.lower()))
        return named

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the read looks: the fleet's locations and the connection's."""
        found = {normal_location(group.location or self.calls.location) for group in self.fleet.groups}
        return tuple(sorted(found | {self.calls.location}))

    @cached_property
    def _places(self) -> Places:
        return Places(self.fleet, self.calls.home, self.calls.location)

    def _take(self, kind: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Keep what stands where the fleet wants something, spelled as there, and the fleet's own elsewhere."""
        ranks: dict[Key, tuple[int, bool]] = {}
        for item in items:
            made = READERS[kind](item, self.calls.location)
            wanted, fit = self._wanted(made)
            ours = made.mark is not None and made.mark.fleet == self.fleet.name
            key, rank = wanted or made.key, (fit, ours)
            is_nearer = key not in ranks or rank > ranks[key]
            if (wanted or ours) and key.location in self.locations and is_nearer:
                alias = "" if folded(made.key.name) == folded(key.name) else made.key.name
                self.found[key] = replace(made, key=key, attributes={**made.attributes, "alias": alias})
                ranks[key] = rank

    def _wanted(self, item: Resource) -> tuple[Key | None, int]:
        """The key of what the fleet wants where this stands, and how well it fits; a setting is its scale set's."""
        target = item.body["properties"].get("targetResourceUri") if item.key.kind == AUTOSCALE_SETTING.name else None
        if target is not None and (key := self._places.by_target.get(folded(str(target)))):
            return key, 2
        key = self._places.by_id.get(folded(str(item.attributes["id"])))
        return key, 0 if key is None else 1


# one resource each


def scale_set_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A scale set as plans compare it: tags of the mark apart, identities as a list, its resource group a field."""
    tags, mark = read_tags(item.get("tags") or {})
    properties = with_card_names(item.get("properties") or {}, CARD, ADDRESS)
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


def card_names(properties: Mapping[str, Any]) -> tuple[str, str] | None:
    """What the one network card of a scale set and its one address are called; `None` where there are more."""
    cards: list[Any] = (
        _at(properties, "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations") or []
    )
    addresses: list[Any] = (_at(cards[0], "properties", "ipConfigurations") or []) if len(cards) == 1 else []
    return (str(cards[0]["name"]), str(addresses[0]["name"])) if len(addresses) == 1 else None


def with_card_names(properties: Mapping[str, Any], card: str, address: str) -> dict[str, Any]:
    """The same with other names of the one card and its one address: they tell nothing, and a plan changes neither."""
    found: dict[str, Any] = copy.deepcopy(dict(properties))
    if card_names(found) is not None:
        one = found["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"][0]
        one["name"] = card
        one["properties"]["ipConfigurations"][0]["name"] = address
    return found


def _at(value: Any, *steps: str) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    if not identity:
        return {}
    return {**identity, "userAssignedIdentities": sorted(identity.get("userAssignedIdentities") or {})}


def setting_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An autoscale setting as plans compare it: rules named, a pause undone."""
    pause = find_pause(item)
    _, mark = read_tags(_plain_tags(item))
    properties = dict(item.get("properties") or {})
    profiles = [{**one, "rules": named_rules(one.get("rules") or ())} for one in properties.get("profiles") or ()]
    notifications = [one for one in properties.get("notifications") or () if _tells(one)]
    body = {"properties": {**properties, "profiles": profiles, "notifications": notifications}}
    if pause is not None and (pause.held is None or pause.held):
        body["properties"]["enabled"] = True
    key = Key(normal_location(item.get("location") or location), AUTOSCALE_SETTING.name, item["name"])
    made = _made(key, body, item, mark)
    return replace(made, attributes={**made.attributes, "paused": pause.line() if pause else None})


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
    return _made(Key(kept or location, kind, item["name"]), _without_tags(item), item, mark)


def _without_tags(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"properties": dict(item.get("properties") or {})}


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
