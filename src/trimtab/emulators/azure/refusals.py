"""Bodies held against the rows of what Azure refuses: the same that a plan reads."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.shared.errors import ServiceError
from trimtab.providers.azure.constraints import ACTION_GROUP, ALERT, CONSTRAINTS, SET, SETTING

__all__ = ["ACTION_GROUP", "ALERT", "SET", "SETTING", "refuse"]
STRUCK_OUT = "REDACTED"
"""What recorders write in place of a secret; replayed, it stands for one that Azure took."""
_USUAL = {SET: "InvalidParameter", SETTING: "InvalidArgument", ALERT: "BadRequest", ACTION_GROUP: "BadRequest"}


def refuse(kind: str, body: Mapping[str, Any]) -> None:
    """
    Refuse a body by a row that it breaks.

    Raises:
        ServiceError: The row's code, or the usual one of the kind.
    """
    for breach in CONSTRAINTS.breaches(kind, body):
        if breach.native == "adminPassword" and _password_of(body) == STRUCK_OUT:
            continue
        text = f"The value of parameter {breach.path.removeprefix('properties.')} is invalid: {breach.text}."
        raise ServiceError(breach.row.code or _USUAL[kind], text, more={"target": breach.path})


def _password_of(body: Mapping[str, Any]) -> object:
    machine = (body.get("properties") or {}).get("virtualMachineProfile") or {}
    return (machine.get("osProfile") or {}).get("adminPassword")
