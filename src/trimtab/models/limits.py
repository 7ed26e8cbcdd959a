"""How much one apply may change, and what load tests may send requests to."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from trimtab.models.base import MAX_SIZE, Model, refuse

_AMOUNT = r"^[0-9]{1,5}%$"


def _check_amount(value: int | str) -> int | str:
    if isinstance(value, str) and not re.fullmatch(_AMOUNT, value):
        refuse(f'write a number of instances, such as 5, or a share of the size, such as "25%", not {value!r}')
    if isinstance(value, int) and not 0 <= value <= MAX_SIZE:
        refuse(f"write a number of instances from 0 to {MAX_SIZE}, not {value}")
    return value


Amount = Annotated[
    int | str,
    AfterValidator(_check_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": MAX_SIZE},
                {"type": "string", "pattern": _AMOUNT, "examples": ["25%"]},
            ]
        }
    ),
]
"""A number of instances, or a share of the size that a group has: `5` or `"25%"`."""


class PlanLimits(Model):
    """How much one apply may change; held when planning, and again when applying against what runs then."""

    fall: Amount | None = None
    """How far the size of a group may fall at once: a number of instances, or a share such as `25%`."""
    rise: Amount | None = None
    """How far the size of a group may rise at once; a new group has no size to rise from."""
    deletions: Annotated[int, Field(ge=0)] | None = None
    """How many things may be deleted or replaced: a group with all that is in it counts as one."""


_HOST = r"^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$"


def _check_host(value: str) -> str:
    if not re.fullmatch(_HOST, value):
        refuse(f"{value!r} is not a host; write HOST or HOST:PORT, such as staging.example.com:8080")
    return known_host(value)


def known_host(value: str) -> str:
    """
    A host, with a port or without, in the one way to write it: lower case, an address in IPv6 shortened.

    Raises:
        PydanticCustomError: The port or the address is none; inside a model that is an error of its field.
    """
    address, bracket, rest = value.lower().partition("]")
    host, port = (f"{address}]", rest.removeprefix(":")) if bracket else address.partition(":")[::2]
    if port and not (port == str(int(port)) and 1 <= int(port) <= 65535):
        refuse(f"{value!r} has a port that is none; write one of 1 to 65535, without a 0 in front")
    if bracket:
        from ipaddress import IPv6Address  # few fleets name one

        try:
            host = f"[{IPv6Address(host[1:-1])}]"
        except ValueError:
            refuse(f"{value!r} has an address that is none; write one such as [2001:db8::1]")
    return f"{host}:{port}" if port else host


TestHost = Annotated[str, AfterValidator(_check_host), WithJsonSchema({"type": "string", "pattern": _HOST})]


class LoadtestSettings(Model):
    """What `trimtab loadtest` may send requests to; without it, to nothing."""

    hosts: Annotated[tuple[TestHost, ...], Field(min_length=1)]
    """Hosts whose owner agrees to load: `HOST` with any port, or `HOST:PORT`; an address in IPv6 has brackets."""

    if TYPE_CHECKING:

        def __init__(self, *, hosts: Sequence[str]) -> None: ...
