"""Operations: what every write answers, and what tells of its end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.gcp.world import Phase, World, stamp


def note_operation(world: World, verb: str, key: str, *, user: str = "trimtab@example.org") -> dict[str, Any]:
    """A write that was accepted, as an operation; `key` is what it is about."""
    number = world.number()
    scope = key.split("/")[0] if key.startswith("global/") else "/".join(key.split("/")[:2])
    place = scope.split("/")
    where = {place[0].removesuffix("s"): world.link(scope)} if len(place) == 2 else {}
    at = stamp(world.now())
    name = f"operation-{number}"
    made = {
        "kind": "compute#operation",
        "id": number,
        "name": name,
        **where,
        "operationType": verb,
        "targetLink": world.link(key),
        "targetId": str(world.resources.get(key, {}).get("id", "0")),
        "status": "RUNNING",
        "user": user,
        "progress": 0,
        "insertTime": at,
        "startTime": at,
        "selfLink": world.link(f"{scope}/operations/{name}"),
    }
    world.resources[f"{scope}/operations/{name}"] = made
    world.later(
        world.seconds("operation_seconds"),
        (Phase.OPERATIONS, name),
        lambda: _end(made, world.now()),
        lambda: True,
    )
    return dict(made)


def _end(operation: dict[str, Any], now: datetime) -> None:
    operation.update(status="DONE", progress=100, endTime=stamp(now))


def fail_operation(operation: dict[str, Any], errors: list[Mapping[str, str]], status: int, message: str) -> None:
    """Have an operation end with errors."""
    operation["error"] = {"errors": [dict(one) for one in errors]}
    operation["httpErrorStatusCode"], operation["httpErrorMessage"] = status, message
