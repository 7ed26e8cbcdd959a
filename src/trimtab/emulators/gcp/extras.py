"""The control doors that only the GCP emulator has, and values that come in through the door for metrics."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.gcp.member import REASONS
from trimtab.emulators.gcp.world import World
from trimtab.emulators.shared.control import Door


def doors_of(world: World) -> Mapping[tuple[str, str], Door]:
    """The doors by method and name."""
    return {
        ("POST", "forecasts"): lambda body: _hand_in(world, body),
        ("POST", "shortages"): lambda body: _run_short(world, body),
        ("GET", "shortages"): lambda _: world.shortages,
        ("DELETE", "shortages"): lambda _: world.shortages.clear(),
        ("POST", "targets"): lambda body: _fail(world, body),
        ("POST", "doomed"): lambda body: world.doomed.append(dict(body)),
        ("POST", "unreachable"): lambda body: world.unreachable.add(str(body["scope"])),
        ("DELETE", "unreachable"): lambda _: world.unreachable.clear(),
        ("GET", "incidents"): lambda _: world.monitoring.incidents,
    }


def _hand_in(world: World, body: Mapping[str, Any]) -> None:
    for key, watch in world.watches.items():
        if key.endswith(f"/{body['group']}"):
            points = [(datetime.fromisoformat(point["at"]), int(point["capacity"])) for point in body["points"]]
            watch.forecast = sorted(points)
            watch.wake()
            return
    raise KeyError(f"there is no autoscaler {body['group']}")


def _run_short(world: World, body: Mapping[str, Any]) -> None:
    reason = body.get("reason") or "stockout"
    if reason not in REASONS:
        raise KeyError(f"there is no reason {reason}, only {', '.join(REASONS)}")
    world.shortages.append(dict(body))


def _fail(world: World, body: Mapping[str, Any]) -> None:
    name = str(body["instance"]).rsplit("/", 1)[-1]
    if body.get("healthy"):
        world.failing.pop(name, None)
    else:
        world.failing.setdefault(name, world.now())
    for group in world.groups.values():
        group.health_changed(name)


def measure(world: World, point: Mapping[str, Any], at: datetime) -> None:
    """Keep one value: of each running instance where the point names a group."""
    metric, value, labels = str(point["metric"]), float(point["value"]), dict(point.get("dimensions") or {})
    if point.get("resource") is None:
        raise ValueError("a point of Google Cloud names the link of its group as `resource`, or a type of resource")
    key = world.key(str(point["resource"]))
    group = world.groups.get(key)
    if group is None:
        world.monitoring.measure(metric, labels, key, dict(point.get("labels") or {}), at, value)
        return
    only = (point.get("labels") or {}).get("instance_name")
    for member in group.members:
        if member.running_since is not None and only in (None, member.name):
            where = {"instance_id": member.number, "zone": member.zone}
            own = {**labels, "instance_name": member.name} if metric.startswith("compute.") else labels
            world.monitoring.measure(metric, own, "gce_instance", where, at, value)
