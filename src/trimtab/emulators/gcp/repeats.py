"""Writes that are sent twice: one with the id of an earlier one answers as that did, and does nothing."""

import uuid
from collections.abc import Callable
from typing import Any

from trimtab.emulators.gcp.wire import Request, invalid
from trimtab.emulators.gcp.world import World


def once(world: World, request: Request, write: Callable[[], dict[str, Any]]) -> dict[str, Any]:
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


def _kept(world: World, answer: dict[str, Any]) -> dict[str, Any]:
    """The operation that the world keeps, which goes on; the answer itself where it keeps none."""
    return world.resources.get(world.key(str(answer.get("selfLink", ""))), answer)


def _is_uuid(text: str) -> bool:
    try:
        return uuid.UUID(text).int != 0
    except ValueError:
        return False
