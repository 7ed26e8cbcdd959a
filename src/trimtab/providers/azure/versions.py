"""The version of a scale set's model before this one, kept in its tags; and the patches from one to the other; pure."""

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trimtab.plan.resource import digest
from trimtab.providers.azure.bodies import without_fixed
from trimtab.providers.azure.resources import ROLLOUT, WAS
from trimtab.providers.azure.translate import LONGEST_TAG

MOST_TAGS = 50
"""
Tags of a resource.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
"""
_MODE = ("properties", "upgradePolicy", "mode")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """
    A version of a model that is not the one in force.

    Attributes:
        name: Tells it from others.
        patch: A merge patch that brings the scale set back to it.
        mark: The tags of the ownership mark that went with it.
    """

    name: str
    patch: Mapping[str, Any] = field(default_factory=dict)
    mark: Mapping[str, str] = field(default_factory=dict)

    def tags(self) -> dict[str, str]:
        """The version as tags."""
        data = json.dumps([self.name, self.patch, self.mark], separators=(",", ":"), sort_keys=True)
        text = base64.urlsafe_b64encode(zlib.compress(data.encode(), 9)).decode()
        parts = [text[start : start + LONGEST_TAG] for start in range(0, len(text), LONGEST_TAG)]
        return {f"{WAS}{number}": part for number, part in enumerate(parts, 1)}

    @classmethod
    def read(cls, tags: Mapping[str, str]) -> "Version | None":
        """The version that is kept in tags; `None` where none is, or not the whole of it."""
        kept = {name.removeprefix(WAS): value for name, value in tags.items() if name.startswith(WAS)}
        numbers = sorted(int(number) for number in kept if number.isdecimal())
        if not numbers:
            return None
        text = "".join(kept[str(number)] for number in numbers)
        try:
            name, patch, mark = json.loads(zlib.decompress(base64.urlsafe_b64decode(text)))
        except (ValueError, zlib.error):
            return None
        return cls(name=str(name), patch=patch, mark=mark)


def plain_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a scale set without those of a rollout."""
    return {name: value for name, value in tags.items() if name != ROLLOUT and not name.startswith(WAS)}


def kept_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that keep a version."""
    return {name: value for name, value in tags.items() if name.startswith(WAS)}


def tagged(tags: Mapping[str, str], changed: Mapping[str, str]) -> dict[str, str]:
    """Tags with others in their places; one that is empty goes."""
    return {name: value for name, value in {**tags, **changed}.items() if value or name not in changed}


def name_of(item: Mapping[str, Any]) -> str:
    """A short word that tells one model from another; what Azure never gives back is in the mark, as a digest."""
    properties = item.get("properties") or {}
    parts = [properties.get(name) for name in ("virtualMachineProfile", "skuProfile")]
    size, hidden = (item.get("sku") or {}).get("name"), (item.get("tags") or {}).get("trimtab-customdata")
    return digest([*parts, mode_of(item), size, hidden])[:8]


def back_of(patch: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """The patch that undoes another one, of the scale set as it is now."""
    back = _back(patch, item)
    without_fixed(back)
    return back


def _back(patch: Mapping[str, Any], item: Any) -> dict[str, Any]:
    now = item if isinstance(item, Mapping) else {}
    return {name: _before(value, now.get(name)) for name, value in patch.items()}


def _before(value: Any, now: Any) -> Any:
    """What a part of a patch takes the place of: a list that was not there was empty."""
    if isinstance(value, Mapping) and (isinstance(now, Mapping) or _is_list_alone(value)):
        return _back(value, now)
    return [] if now is None and isinstance(value, list) else now


def _is_list_alone(value: Mapping[str, Any]) -> bool:
    """Whether it is nothing but a list in an object, as extensions are."""
    return len(value) == 1 and isinstance(next(iter(value.values())), list)


def merged(item: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """What a merge patch makes of a body (RFC 7396)."""
    result = dict(item) if isinstance(item, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value) if isinstance(value, Mapping) else value
    return result


def mode_of(body: Mapping[str, Any]) -> str:
    """The mode of upgrades that a body or a patch says; empty where it says none."""
    found: Any = body
    for step in _MODE:
        found = found.get(step) if isinstance(found, Mapping) else None
    return str(found or "")


def with_mode(patch: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """A patch with a mode of upgrades."""
    return merged(patch, {"properties": {"upgradePolicy": {"mode": mode}}})
