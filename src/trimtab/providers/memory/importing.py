"""A group of the cloud in memory as a group of ours; the inverse of `translate`, pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from trimtab.models import ScalingGroup
from trimtab.plan import Key, Mark
from trimtab.providers.memory.kinds import id_of

Bodies = Mapping[Key, tuple[Mapping[str, Any], Mark | None]]
_ASIDE = ("min", "max", "desired", "base", "template", "zones", "subnets", "network")


def import_group(bodies: Bodies, key: Key, *, fleet: str | None) -> ScalingGroup:
    """
    The group at `key`, with all that belongs to it in the order of names.

    Args:
        bodies: Everything that the cloud has, with its marks.
        key: The group's own.
        fleet: The fleet that it is to join.
    """
    body = bodies[key][0]
    inside = fleet is not None and key.name.startswith(f"{fleet}-")
    name = key.name.removeprefix(f"{fleet}-") if inside else key.name
    parts = {
        word: list(_inside(bodies, key, kind)) for word, kind in (("policies", "policy"), ("schedules", "schedule"))
    }
    fields = {
        "name": name,
        **({} if inside else {"native_name": key.name}),
        "capacity": body["base"],
        "template": _template(bodies[Key(key.location, "template", body["template"]["name"])][0]),
        "placement": _placement(body),
        **{word: value for word, value in body.items() if word not in _ASIDE},
        **parts,
        "alarms": list(_alarms(bodies, key)),
    }
    return ScalingGroup.model_validate(fields)


def _template(body: Mapping[str, Any]) -> dict[str, Any]:
    disks = [{word: value for word, value in disk.items() if value != "boot"} for disk in body.get("disks", ())]
    return {**body, **({"disks": disks} if disks else {})}


def _placement(body: Mapping[str, Any]) -> dict[str, Any]:
    subnets = list(body.get("subnets", ()))
    tags = dict(word.split("=", 1) for word in subnets) if subnets and all("=" in word for word in subnets) else None
    where = {"subnet_tags": tags} if tags else {"subnets": subnets}
    return {**where, "zones": body.get("zones", ()), "network": body.get("network")}


def _inside(bodies: Bodies, group: Key, kind: str) -> Iterator[dict[str, Any]]:
    for key, (body, _) in sorted(bodies.items(), key=_name):
        if (key.location, key.kind, key.parent) == (group.location, kind, group.name):
            yield {"name": key.name, **body}


def _alarms(bodies: Bodies, group: Key) -> Iterator[dict[str, Any]]:
    mark = bodies[group][1]
    policies = {
        id_of(key): key.name
        for key in bodies
        if (key.location, key.kind, key.parent) == (group.location, "policy", group.name)
    }
    for key, (body, own) in sorted(bodies.items(), key=_name):
        if key.kind != "alarm" or key.location != group.location:
            continue
        triggers = list(body.get("triggers", ()))
        acts = any(one in policies for one in triggers)
        if acts or (own is not None and mark is not None and (own.fleet, own.group) == (mark.fleet, mark.group)):
            name = key.name.removeprefix(f"{own.fleet}-{own.group}-" if own else f"{group.name}-")
            yield {"name": name, **body, "triggers": [policies[one] for one in triggers if one in policies]}


def _name(item: tuple[Key, Any]) -> Key:
    return item[0]
