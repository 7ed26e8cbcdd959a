"""Reads in bulk: aggregated lists of a project; and bodies as plans compare them."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, cast

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Live, Mark, Resource, Secret, Unknown, read_description, read_tags
from trimtab.providers.gcp.client import Calls, Listed
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.links import name_of, parse_link, region_of
from trimtab.providers.gcp.template import KEYS, SCRIPT
from trimtab.providers.gcp.translate import BALANCERS, zone_of
from trimtab.providers.naming import alarm_name, given
from trimtab.providers.pause import Pause

AGGREGATED: Mapping[str, str] = {
    MANAGER.name: "instanceGroupManagers",
    AUTOSCALER.name: "autoscalers",
    HEALTH_CHECK.name: "healthChecks",
    BACKEND.name: "backendServices",
}
"""The kinds that one call lists in every zone and region."""
NAMELESS = frozenset({ALERT_POLICY.name, CHANNEL.name})
"""Kinds whose names are Google's own, so that several may have one display name."""
_UNTOLD = datetime.min.replace(tzinfo=UTC)
ASKED = "trimtab-asked"
"""The scaling schedule that holds a size for which somebody asked; no plan compares it."""
_PAUSE = re.compile(r"\n?\[trimtab-paused ([^\]]*)\]")
_STANDARD = "STANDARD"


class Place(NamedTuple):
    """Where something is: its region, and its zone if it is in one."""

    region: str
    zone: str = ""


def place_of(item: Mapping[str, Any]) -> Place:
    """The place of a thing by its own link."""
    scope = parse_link(str(item.get("selfLink", ""))).scope
    kind, _, name = scope.partition("/")
    if kind == "zones":
        return Place(region_of(name), name)
    return Place(name)


@dataclass
class FleetRead:
    """The resources of a project as far as a fleet is concerned."""

    calls: Calls
    fleet: Fleet
    found: dict[Key, Resource] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    services: Listed | None = None
    managers: dict[Key, Mapping[str, Any]] = field(default_factory=dict)

    def run(self) -> None:
        """Fill `found` and `unknown`."""
        questions: dict[str, Callable[[], Any]] = {
            TEMPLATE.name: lambda: Listed(self.calls.pages("instanceTemplates.list")),
            CHANNEL.name: partial(list_monitored, self.calls, CHANNEL.name),
            ALERT_POLICY.name: partial(list_monitored, self.calls, ALERT_POLICY.name),
        }
        questions |= {kind: partial(self.calls.aggregated, name) for kind, name in AGGREGATED.items()}
        *found, going = self.calls.together([*questions.values(), self.calls.deletions])
        answers = dict(zip(questions, found, strict=True))
        for kind in (MANAGER.name, *(one for one in questions if one != MANAGER.name)):
            # what is being deleted is there all the same, and only its operation says so
            answer = going if kind == MANAGER.name and isinstance(going, ProviderError) else answers[kind]
            if isinstance(answer, ProviderError):
                self.unknown += [Unknown(location, kind, str(answer)) for location in self.locations]
            else:
                self._take(kind, answer)
        self._mark_going({} if isinstance(going, ProviderError) else going)
        self._count_instances()

    def _mark_going(self, going: Mapping[str, Any]) -> None:
        for key, item in list(self.found.items()):
            if key.kind == MANAGER.name and item.attributes.get("link") in going:
                self.found[key] = replace(item, deleting=True)

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the read looks: the fleet's regions and the connection's."""
        found = {group.location or self.calls.location for group in self.fleet.groups}
        return tuple(sorted(found | {self.calls.location}))

    def _take(self, kind: str, answer: Listed) -> None:
        for scope in answer.unreachable:
            name = name_of(scope)
            region = name if name in self.locations else region_of(name)
            if region in self.locations:
                self.unknown.append(Unknown(region, kind, f"{name} cannot be reached"))
        if kind == BACKEND.name:
            self.services = answer
            for service in answer.items:
                self._keep(kind, backend_resources(service, self.managers))
        else:
            self._keep(kind, [READERS[kind](item, self.calls.location) for item in answer.items])

    def _keep(self, kind: str, made: Iterable[Resource]) -> None:
        for item in made:
            if item.key.location not in self.locations:
                continue
            there = self.found.get(item.key)
            first, second = (item, there) if there is None or self._is_nearer(item, there) else (there, item)
            self.found[item.key] = first
            if kind == MANAGER.name:
                self.managers[item.key] = first.attributes["raw"]
            if second is not None and kind in NAMELESS and self._is_ours(second):
                self._keep_second(second)

    def _keep_second(self, item: Resource) -> None:
        """Something of ours that was made twice, as where a list lagged behind: it is in no fleet, and so goes."""
        name = f"{item.key.name} ({name_of(str(item.attributes['name']))})"
        key = Key(item.key.location, item.key.kind, name)
        self.found[key] = replace(item, key=key)

    def _is_ours(self, item: Resource) -> bool:
        return item.mark is not None and item.mark.fleet == self.fleet.name

    def _is_nearer(self, item: Resource, there: Resource) -> bool:
        """Of two things of one name: ours before others, then where the fleet asks for it, then the older one."""
        one, two = self._rank(item), self._rank(there)
        return one > two or (one == two and item.key.kind in NAMELESS and age_of(item) < age_of(there))

    def _rank(self, item: Resource) -> tuple[bool, bool, bool]:
        wanted = {self.fleet.native_name(group): zone_of(group) or "" for group in self.fleet.groups}
        return self._is_ours(item), item.attributes.get("zone", "") == wanted.get(item.key.name), item.mark is not None

    # templates

    def _count_instances(self) -> None:
        """How many instances run from each template of ours: asked only about templates that no manager has."""
        current = {
            name_of(str(version.get("instanceTemplate", ""))): int(raw.get("targetSize") or 0)
            for raw in self.managers.values()
            for version in raw.get("versions") or ({"instanceTemplate": raw.get("instanceTemplate")},)
        }
        old = [item for item in self.found.values() if self._is_old(item, current)]
        holders = {(item.key.location, item.group) for item in old}
        keys = [key for key, item in self.found.items() if (key.location, item.group) in holders]
        groups = [key for key in keys if key.kind == MANAGER.name]
        used: dict[str, int] = {}
        asked = [partial(managed_instances, self.calls, self.managers[key]) for key in groups]
        for key, answer in zip(groups, self.calls.together(asked), strict=True):
            if isinstance(answer, ProviderError):
                self.unknown.append(Unknown(key.location, TEMPLATE.name, str(answer)))
                continue
            for one in answer:
                name = name_of(str((one.get("version") or {}).get("instanceTemplate", "")))
                used[name] = used.get(name, 0) + 1
        for key, item in list(self.found.items()):
            if key.kind == TEMPLATE.name:
                number = max(current.get(key.name, 0), used.get(key.name, 0))
                self.found[key] = _with_attributes(item, instances=number)

    def _is_old(self, item: Resource, current: Mapping[str, int]) -> bool:
        return item.key.kind == TEMPLATE.name and self._is_ours(item) and item.key.name not in current


def recount(calls: Calls, live: Live, kept: Collection[Key]) -> None:
    """
    Count the instances that run from templates which their groups are about to leave.

    Until then as many are assumed as the group has: only a plan that changes a template asks.
    """
    resources = cast("dict[Key, Resource]", live.resources)
    for key, item in list(resources.items()):
        manager = _holder(resources, item) if key.kind == TEMPLATE.name and key not in kept else None
        if manager is not None:
            used = [
                name_of(str((one.get("version") or {}).get("instanceTemplate", ""))) for one in _ask(calls, manager)
            ]
            resources[key] = _with_attributes(item, instances=used.count(key.name))


def _holder(resources: Mapping[Key, Resource], item: Resource) -> Resource | None:
    """The manager that makes instances from a template now."""
    for other in resources.values():
        versions = other.body.get("versions") or () if other.key.kind == MANAGER.name else ()
        if item.mark and any(one.get("instanceTemplate") == item.attributes["link"] for one in versions):
            return other
    return None


def _ask(calls: Calls, manager: Resource) -> list[dict[str, Any]]:
    try:
        return managed_instances(calls, manager.attributes["raw"])
    except NotFound:
        return []


def _with_attributes(item: Resource, **more: Any) -> Resource:
    return Resource(
        key=item.key,
        body=item.body,
        group=item.group,
        mark=item.mark,
        attributes={**item.attributes, **more},
        deleting=item.deleting,
    )


def managed_instances(calls: Calls, manager: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The instances of a group as its manager sees them."""
    place = place_of(manager)
    names = {"zone": place.zone} if place.zone else {"region": place.region}
    collection = "instanceGroupManagers" if place.zone else "regionInstanceGroupManagers"
    return calls.pages(f"{collection}.listManagedInstances", instance_group_manager=manager["name"], **names)


def list_monitored(calls: Calls, kind: str) -> Listed:
    """Every alert policy or notification channel of the project."""
    name = f"projects/{calls.project}"
    operation = {
        ALERT_POLICY.name: "alertPolicies.list_alert_policies",
        CHANNEL.name: "notificationChannels.list_notification_channels",
    }[kind]
    return Listed(calls.monitor(operation, name=name))


def age_of(item: Resource) -> tuple[datetime, str]:
    """What tells the first of several alert policies or channels that were made with one display name."""
    raw = item.attributes.get("raw") or {}
    made = str((raw.get("creationRecord") or {}).get("mutateTime") or "")
    return datetime.fromisoformat(made) if made else _UNTOLD, str(item.attributes["name"])


# one resource each


def manager_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A managed instance group as plans compare it."""
    place = place_of(item)
    description, mark = read_description(item.get("description"))
    distribution = item.get("distributionPolicy") or {}
    zones = sorted(name_of(str(one.get("zone", ""))) for one in distribution.get("zones") or ())
    versions = item.get("versions") or [given(instanceTemplate=item.get("instanceTemplate"))]
    body = {
        **item,
        **given(zone=place.zone or None),
        "versions": [given(instanceTemplate=one.get("instanceTemplate")) for one in versions],
        "distributionPolicy": {} if place.zone else {**distribution, "zones": zones},
        "namedPorts": [{"name": one["name"], "port": one["port"]} for one in item.get("namedPorts") or ()],
        "updatePolicy": _redistribution(item, place),
    }
    if not place.zone:
        body.pop("zone", None)
    return _made(
        Key(place.region, MANAGER.name, item["name"]),
        body,
        item,
        mark,
        description=description,
        zone=place.zone,
        instances=int(item.get("targetSize") or 0),
        instance_group=item.get("instanceGroup"),
    )


def _redistribution(item: Mapping[str, Any], place: Place) -> dict[str, Any]:
    policy = dict(item.get("updatePolicy") or {})
    if place.zone:
        policy.pop("instanceRedistributionType", None)
    return policy


def autoscaler_resource(item: Mapping[str, Any], location: str) -> Resource:
    """
    An autoscaler as plans compare it, under the name of its group: without a size asked for, a pause undone.

    A group has one autoscaler, and gcloud and the console name it as they like.
    """
    place = place_of(item)
    pause = find_pause(item)
    description, mark = read_description(_PAUSE.sub("", item.get("description") or "") or None)
    policy = dict(item.get("autoscalingPolicy") or {})
    if pause is not None and pause.held:
        policy["mode"] = pause.held[0]
    windows = {name: _window(one) for name, one in (policy.get("scalingSchedules") or {}).items() if name != ASKED}
    body = {
        **given(zone=place.zone or None),
        "target": item.get("target"),
        "autoscalingPolicy": {**policy, "scalingSchedules": windows},
    }
    return _made(
        Key(place.region, AUTOSCALER.name, name_of(str(item.get("target") or item["name"]))),
        body,
        item,
        mark,
        description=description,
        zone=place.zone,
        paused=pause.line() if pause else None,
    )


def _window(schedule: Mapping[str, Any]) -> dict[str, Any]:
    return {**schedule, "timeZone": schedule.get("timeZone") or "UTC", "disabled": bool(schedule.get("disabled"))}


def find_pause(autoscaler: Mapping[str, Any] | None) -> Pause | None:
    """The pause that is marked on an autoscaler."""
    found = _PAUSE.search((autoscaler or {}).get("description") or "")
    return None if found is None else Pause.parse(found[1])


def with_pause(description: str | None, pause: Pause | None) -> str:
    """A description with the mark of a pause, or without any."""
    plain = _PAUSE.sub("", description or "")
    # the mark of the owner stays the last line
    head, _, last = plain.rpartition("\n")
    if pause is None:
        return plain
    line = f"[trimtab-paused {pause.line().replace(']', ')')}]"
    return "\n".join(part for part in (head, line, last) if part)


def template_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An instance template as plans compare it: what Compute Engine adds by itself left out."""
    _, mark = read_description(item.get("description"))
    place = mark.kept.get("location") if mark else None
    key = Key(place or location, TEMPLATE.name, item["name"])
    return _made(key, {"properties": plain_properties(item.get("properties") or {})}, item, mark)


def plain_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """A machine in the terms in which a fleet gives it."""
    metadata = [_metadata(one) for one in (properties.get("metadata") or {}).get("items") or ()]
    scheduling = dict(properties.get("scheduling") or {})
    return {
        **properties,
        "disks": [_disk(one) for one in properties.get("disks") or ()],
        "networkInterfaces": [_card(one) for one in properties.get("networkInterfaces") or ()],
        "metadata": {"items": sorted(metadata, key=lambda one: str(one["key"]))},
        "scheduling": scheduling if scheduling.get("provisioningModel", _STANDARD) != _STANDARD else {},
        "tags": {"items": sorted((properties.get("tags") or {}).get("items") or ())},
        "serviceAccounts": [
            {"email": one.get("email"), "scopes": sorted(one.get("scopes") or ())}
            for one in properties.get("serviceAccounts") or ()
        ],
    }


def _metadata(item: Mapping[str, Any]) -> dict[str, Any]:
    value = item.get("value", "")
    return {"key": item["key"], "value": Secret(value) if item["key"] == SCRIPT else value}


def _card(card: Mapping[str, Any]) -> dict[str, Any]:
    configs = [given(type=one.get("type"), name=one.get("name")) for one in card.get("accessConfigs") or ()]
    return given(
        network=None if card.get("subnetwork") else card.get("network"),
        subnetwork=card.get("subnetwork"),
        accessConfigs=configs,
    )


def _disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    found = {**disk, "boot": bool(disk.get("boot")), "autoDelete": bool(disk.get("autoDelete"))}
    if found["boot"]:
        found.pop("deviceName", None)
    return found


def health_check_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A health check as plans compare it."""
    _, mark = read_description(item.get("description"))
    place = place_of(item)
    return _made(Key(place.region, HEALTH_CHECK.name, item["name"]), dict(item), item, mark)


def backend_resources(service: Mapping[str, Any], managers: Mapping[Key, Mapping[str, Any]]) -> list[Resource]:
    """The backends of a service that are groups of the fleet's project, each contained in its group."""
    by_group = {str(raw.get("instanceGroup", "")): key for key, raw in managers.items()}
    drain = (service.get("connectionDraining") or {}).get("drainingTimeoutSec")
    found = []
    for backend in service.get("backends") or ():
        key = by_group.get(str(backend.get("group", "")))
        if key is not None:
            body = {**backend, **given(drain=drain)}
            name = Key(key.location, BACKEND.name, f"{key.name}/{service['name']}")
            made = _made(name, body, service, None, service=service.get("selfLink"))
            found.append(replace(made, item=BALANCERS))
    return found


def alert_resource(item: Mapping[str, Any], location: str) -> Resource:
    """An alert policy as plans compare it."""
    _, mark = read_tags(item.get("userLabels") or {})
    key = Key((mark.kept.get("location") if mark else None) or location, ALERT_POLICY.name, item["displayName"])
    conditions = [_condition(one) for one in item.get("conditions") or ()]
    return _made(key, {**item, "conditions": conditions}, item, mark)


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in condition.items() if name != "name"}
    threshold = found.get("conditionThreshold")
    if threshold is not None:
        found["conditionThreshold"] = {"thresholdValue": 0.0, "duration": "0s", **threshold}
    return found


def channel_resource(item: Mapping[str, Any], location: str) -> Resource:
    """A notification channel as plans compare it."""
    _, mark = read_tags(item.get("userLabels") or {})
    name = item.get("displayName") or name_of(item["name"])
    key = Key((mark.kept.get("location") if mark else None) or location, CHANNEL.name, name)
    return _made(key, dict(item), item, mark)


def _made(key: Key, body: Mapping[str, Any], item: Mapping[str, Any], mark: Mark | None, **more: Any) -> Resource:
    attributes = {
        "link": item.get("selfLink"),
        "name": item.get("name"),
        "fingerprint": item.get("fingerprint"),
        "raw": dict(item),
        **{name: value for name, value in more.items() if value is not None},
    }
    return Resource(key=key, body=body, group=mark.group if mark else "", mark=mark, attributes=attributes)


def foreign_names(fleet: Fleet) -> frozenset[str]:
    """The display names that a fleet's alert policies have; others may have the same."""
    return frozenset(alarm_name(fleet, group, alarm.name) for group in fleet.groups for alarm in group.alarms)


def keys_in(template: Mapping[str, Any]) -> str:
    """The public keys in the metadata of a template."""
    items = (template.get("metadata") or {}).get("items") or ()
    return next((str(one["value"]) for one in items if one["key"] == KEYS), "")


Reader = Callable[[Mapping[str, Any], str], Resource]
READERS: Mapping[str, Reader] = {
    TEMPLATE.name: template_resource,
    HEALTH_CHECK.name: health_check_resource,
    MANAGER.name: manager_resource,
    AUTOSCALER.name: autoscaler_resource,
    ALERT_POLICY.name: alert_resource,
    CHANNEL.name: channel_resource,
}
