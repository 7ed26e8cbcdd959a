"""Operations: what every write answers, what tells of its end, and a write that is sent twice."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from trimtab.emulators.gcp.wire import Request, invalid
from trimtab.emulators.gcp.world import CloudWorld, Phase, stamp

LATER = frozenset({"instanceGroupManagers", "instanceGroups", "autoscalers"})


def note_operation(
    world: CloudWorld, verb: str, key: str, *, user: str = "trimtab@example.org", seconds: float = 0
) -> dict[str, Any]:
    """A write that was accepted, as an operation; `key` is what it is about, `seconds` the least that it takes."""
    number = world.number()
    scope = key.split("/")[0] if key.startswith("global/") else "/".join(key.split("/")[:2])
    place = scope.split("/")
    where = {place[0].removesuffix("s"): world.link(scope)} if len(place) == 2 else {}
    at = stamp(world.now())
    name = f"operation-{number}"
    operation = {
        "kind": "compute#operation",
        "id": number,
        "name": name,
        **where,
        "operationType": _type_of(verb, key.split("/")[-2]),
        "targetLink": world.link(key),
        "targetId": str(world.resources.get(key, {}).get("id", "0")),
        "status": "RUNNING",
        "user": user,
        "progress": 0,
        "insertTime": at,
        "startTime": at,
        "selfLink": world.link(f"{scope}/operations/{name}"),
    }
    world.resources[f"{scope}/operations/{name}"] = operation
    _doom(world, operation, f"{key.split('/')[-2]}.{verb.rsplit('.', 1)[-1]}")
    world.later(
        max(seconds, world.seconds("operation_seconds")),
        (Phase.OPERATIONS, name),
        lambda: _end(operation, world.now()),
        lambda: True,
    )
    return dict(operation)


def _type_of(verb: str, collection: str) -> str:
    """What the service calls a write: with the collection for what came later to it."""
    return f"compute.{collection}.{verb}" if collection in LATER and "." not in verb else verb


def _end(operation: dict[str, Any], now: datetime) -> None:
    operation.update(status="DONE", progress=100, endTime=stamp(now))


def _doom(world: CloudWorld, operation: dict[str, Any], method: str) -> None:
    """Have an operation end with the error that waits for the next one of its method."""
    for failure in world.doomed:
        if failure["method"] == method:
            world.doomed.remove(failure)
            operation["error"] = {"errors": [{"code": failure["code"], "message": failure["message"]}]}
            operation["httpErrorStatusCode"], operation["httpErrorMessage"] = 403, "FORBIDDEN"
            return


# writes that are sent twice


def once(world: CloudWorld, request: Request, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """
    The answer of a call; of a write with a `requestId` that was made before, its operation as it is by now.

    Raises:
        ServiceError: The id is no UUID, the nil UUID, or another call's.
    """
    number = request.query.get("requestId", "")
    if not number:
        return write()
    if not _is_uuid(number):
        raise invalid(f"Invalid value for field 'requestId': '{number}'. Must be a valid UUID, and not the nil one.")
    call = f"{request.method} {request.path} {request.raw.decode('utf-8', 'replace')}"
    if number in world.asked:
        earlier, operation = world.asked[number]
        if earlier != call:
            raise invalid(f"Invalid value for field 'requestId': '{number}'. Another request had this id.")
        return operation
    answer = write()
    world.asked[number] = call, _kept(world, answer)
    return answer


def _kept(world: CloudWorld, answer: dict[str, Any]) -> dict[str, Any]:
    """The operation that the world keeps, which goes on; the answer itself where it keeps none."""
    return world.resources.get(world.key(str(answer.get("selfLink", ""))), answer)


def _is_uuid(text: str) -> bool:
    try:
        return uuid.UUID(text).int != 0
    except ValueError:
        return False
