"""What a handler of the shim gets, and the small things that all of them do."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trimtab.emulators.aws.errors import invalid
from trimtab.emulators.aws.group_view import GroupView
from trimtab.emulators.aws.world import CloudWorld, Region
from trimtab.emulators.shared.errors import ServiceError

Answer = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Call:
    """One API call in its region."""

    operation: str
    params: dict[str, Any]
    region: Region

    @property
    def world(self) -> CloudWorld:
        """The cloud that the call is made to."""
        return self.region.world


Handler = Callable[[Call], Answer]


def find_group(call: Call, name: str | None = None) -> GroupView:
    """The group that a call names, which must exist and stay."""
    name = name or call.params["AutoScalingGroupName"]
    group: GroupView | None = call.region.groups.get(name)
    if group is None:
        raise invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    if group.is_deleting:
        raise ServiceError("ScalingActivityInProgress", f"AutoScalingGroup {name} is pending delete.")
    return group


def page(
    call: Call,
    items: Sequence[dict[str, Any]],
    key: str,
    *,
    size: str = "MaxRecords",
    default: int = 50,
    top: int = 100,
    bad_token: str = "InvalidNextToken",
) -> dict[str, Any]:
    """
    One page of `items`, and the token of the next.

    Args:
        call: The call, with its page size and token.
        items: All that match, in order.
        key: The name of the list in the reply.
        size: The parameter that holds the page size.
        default: The page size when none is asked for.
        top: The largest page size that the service allows.
        bad_token: The error code for a token that this call never gave.
    """
    requested = call.params.get(size)
    if requested is not None and not 1 <= requested <= top:
        raise invalid(f"1 validation error detected: Value '{requested}' at '{size}' must be between 1 and {top}")
    start = _start(call.params.get("NextToken"), key, bad_token)
    end = start + (requested or default)
    answer: dict[str, Any] = {key: list(items[start:end])}
    if end < len(items):
        answer["NextToken"] = base64.urlsafe_b64encode(f"{key}:{end}".encode()).decode()
    return answer


def reordered(items: Sequence[Any], key: Callable[[Any], Any] | None = None) -> list[Any]:
    """The same items in an order that is not the given one, as services that keep sets answer."""
    given = list(items)
    ordered = sorted(given, key=key, reverse=True)
    return ordered if ordered != given else ordered[::-1]


def at_most(call: Call, name: str, top: int) -> None:
    """Refuse a list that is longer than the service takes."""
    if len(call.params.get(name) or ()) > top:
        raise invalid(
            f"1 validation error detected: Value at '{name}' failed to satisfy constraint: "
            f"Member must have length less than or equal to {top}"
        )


def _start(token: str | None, key: str, bad_token: str) -> int:
    if not token:
        return 0
    try:
        name, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if name == key:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise ServiceError(bad_token, "Request parameter NextToken is invalid")
