"""Bodies held against the rows of what Azure refuses: the same that a plan reads."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.shared.errors import ServiceError
from trimtab.providers.azure.constraints import ACTION_GROUP, ALERT, CONSTRAINTS, SET, SETTING

__all__ = ["ACTION_GROUP", "ALERT", "SET", "SETTING", "refuse"]
_USUAL = {SET: "InvalidParameter", SETTING: "InvalidArgument", ALERT: "BadRequest", ACTION_GROUP: "BadRequest"}


def refuse(kind: str, body: Mapping[str, Any]) -> None:
    """
    Refuse a body by a row that it breaks.

    Raises:
        ServiceError: The row's code, or the usual one of the kind.
    """
    for breach in CONSTRAINTS.breaches(kind, body):
        text = f"The value of parameter {breach.path.removeprefix('properties.')} is invalid: {breach.text}."
        raise ServiceError(breach.row.code or _USUAL[kind], text, more={"target": breach.path})
