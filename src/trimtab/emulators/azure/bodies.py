"""Reading and changing native bodies by paths such as `properties.virtualMachineProfile.priority`."""

import copy
from collections.abc import Mapping
from typing import Any


def find(body: Any, path: str) -> Any:
    """The value at a path, `None` where there is none."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def put(body: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a path."""
    *parents, last = path.split(".")
    for name in parents:
        body = body.setdefault(name, {})
    body[last] = value


def drop(body: Any, path: str) -> None:
    """Take out what stands at a path, if anything does."""
    parent, _, last = path.rpartition(".")
    holder = find(body, parent) if parent else body
    if isinstance(holder, dict):
        holder.pop(last, None)


def fill(body: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    """Put in what is missing, at every depth."""
    for name, value in defaults.items():
        if isinstance(value, Mapping):
            inner = body.setdefault(name, {})
            if isinstance(inner, dict):
                fill(inner, value)
        elif body.get(name) is None:
            body[name] = copy.deepcopy(value)


def merged(body: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A body with a change: objects merge, everything else replaces, `null` takes out."""
    result = {**body}
    for name, value in change.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = merged(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def without_nulls(value: Any) -> Any:
    """A copy without members that are null: they were not given."""
    if isinstance(value, Mapping):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
