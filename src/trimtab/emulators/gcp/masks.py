"""Field masks: which fields of a resource an update sets."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from trimtab.emulators.gcp.filters import invalid


def masked(live: Mapping[str, Any], given: Mapping[str, Any], mask: str, *, known: frozenset[str]) -> dict[str, Any]:
    """
    A resource after an update: the fields of the mask are as given, all of them where there is no mask.

    Raises:
        ServiceError: The mask names what the resource does not have.
    """
    if not mask:
        return deepcopy(dict(given))
    result = deepcopy(dict(live))
    for path in mask.split(","):
        first, _, rest = path.partition(".")
        if first not in known:
            raise invalid("updateMask", path, "There is no such field.")
        _set(result, given, [first, *rest.split(".")] if rest else [first])
    return result


def _set(target: dict[str, Any], given: Mapping[str, Any], path: list[str]) -> None:
    name, rest = path[0], path[1:]
    if not rest:
        target.pop(name, None)
        if name in given:
            target[name] = deepcopy(given[name])
        return
    _set(target.setdefault(name, {}), given.get(name) or {}, rest)
