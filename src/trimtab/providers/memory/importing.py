"""A group of the cloud in memory as a group of ours; the inverse of `translate`, pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from trimtab.plan import Key, Resource, revealed
from trimtab.providers.bodies import start_fields
from trimtab.providers.importing import Draft, Imported, Importer, fleet_for, group_names
from trimtab.providers.memory.kinds import KINDS, id_of
from trimtab.providers.memory.translate import MemoryFacts, translate

_ASIDE = ("min", "max", "desired", "base", "template", "zones", "subnets", "network")


def import_group(
    resources: Mapping[Key, Resource], key: Key, *, location: str, now: datetime, fleet: str | None = None
) -> Imported:
    """
    The group at `key`, with all that belongs to it in the order of names.

    Args:
        resources: Everything that the cloud has.
        key: The group's own.
        location: Where groups live that do not say otherwise.
        now: When it was read.
        fleet: The fleet that it is to join.
    """
    name = fleet or fleet_for([key.name], key.location, resources[key].mark)
    every = sorted(resources.values(), key=lambda item: item.key)
    policies = {id_of(item.key): item.key.name for item in every if _is_inside(item.key, "policy", key)}
    parts = [item for item in every if _is_part(item, resources[key], policies)]
    importer = Importer(
        provider="memory",
        kinds=KINDS,
        translate=lambda wanted: translate(wanted, MemoryFacts(), now, location),
        now=now,
    )
    fields = _fields(resources[key], parts, policies, name)
    if key.location != location:
        fields["location"] = key.location
    return importer.run(Draft(fields=fields), parts, fleet=name)


def _is_inside(key: Key, kind: str, group: Key) -> bool:
    return (key.location, key.kind, key.parent) == (group.location, kind, group.name)


def _is_part(item: Resource, group: Resource, policies: Mapping[str, str]) -> bool:
    key = item.key
    match key.kind:
        case "group":
            return key == group.key
        case "template":
            return key == Key(group.key.location, "template", str(group.body["template"]["name"]))
        case "alarm":
            return key.location == group.key.location and _belongs(item, group, policies)
        case kind:
            return _is_inside(key, kind, group.key)


def _belongs(alarm: Resource, group: Resource, policies: Mapping[str, str]) -> bool:
    acts = any(trigger in policies for trigger in alarm.body.get("triggers", ()))
    mark, two = alarm.mark, group.mark
    return acts or (mark is not None and two is not None and (mark.fleet, mark.group) == (two.fleet, two.group))


def _fields(group: Resource, parts: list[Resource], policies: Mapping[str, str], fleet: str) -> dict[str, Any]:
    body = group.body
    by_kind: dict[str, dict[str, Any]] = {"policy": {}, "schedule": {}, "template": {}}
    for item in parts:
        by_kind.setdefault(item.key.kind, {})[item.key.name] = dict(revealed(item.body))
    return {
        **group_names(group.key.name, fleet, group.mark),
        "capacity": body["base"],
        "template": _template(next(iter(by_kind["template"].values()))),
        "placement": _placement(body),
        **{word: value for word, value in body.items() if word not in _ASIDE},
        "policies": by_kind["policy"],
        "schedules": by_kind["schedule"],
        "alarms": dict(_alarms(group, parts, policies)),
    }


def _template(body: Mapping[str, Any]) -> dict[str, Any]:
    disks = [{word: value for word, value in disk.items() if value != "boot"} for disk in body.get("disks", ())]
    start = {"user_data": None, **start_fields(body["user_data"])} if "user_data" in body else {}
    return {**body, **start, **({"disks": disks} if disks else {})}


def _placement(body: Mapping[str, Any]) -> dict[str, Any]:
    subnets = list(body.get("subnets", ()))
    tags = dict(word.split("=", 1) for word in subnets) if subnets and all("=" in word for word in subnets) else None
    where = {"subnet_tags": tags} if tags else {"subnets": subnets}
    return {**where, "zones": body.get("zones", ()), "network": body.get("network")}


def _alarms(
    group: Resource, parts: list[Resource], policies: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in parts:
        if item.key.kind == "alarm":
            own = f"{item.mark.fleet}-{item.mark.group}-" if item.mark else f"{group.key.name}-"
            triggers = [policies[trigger] for trigger in item.body.get("triggers", ()) if trigger in policies]
            yield item.key.name.removeprefix(own), {**item.body, "triggers": triggers}
