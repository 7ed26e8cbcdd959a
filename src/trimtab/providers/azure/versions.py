"""The models of a scale set: the one that a rollout brings, and the one before, which its tags keep; pure."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trimtab.errors import InvalidRequest
from trimtab.phrases import in_words
from trimtab.plan import Action, overlaid, revealed
from trimtab.plan.holding import holds
from trimtab.plan.resource import digest
from trimtab.providers.azure.bodies import set_patch, without_fixed
from trimtab.providers.azure.held import HeldCapacity
from trimtab.providers.azure.kinds import SCALE_SET
from trimtab.providers.azure.resources import OLDEST_FIRST, READERS, ROLLOUT, WAS, is_of_people, rules_of_scaling_in
from trimtab.providers.azure.translate import LONGEST_TAG
from trimtab.providers.base import Write
from trimtab.providers.pause import BACK_TAG, DRIVEN_TAG
from trimtab.providers.rolling import NewTemplate, no_version
from trimtab.providers.run import RolloutRun
from trimtab.providers.writer import mark_of

MOST_TAGS = 50
"""
Tags of a resource.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
"""
MANUAL = "Manual"
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
    gone = (ROLLOUT, DRIVEN_TAG)
    return {name: value for name, value in tags.items() if name not in gone and not name.startswith(WAS)}


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
    value: Any = body
    for step in _MODE:
        value = value.get(step) if isinstance(value, Mapping) else None
    return str(value or "")


def with_mode(patch: Mapping[str, Any], mode: str) -> dict[str, Any]:
    """A patch with a mode of upgrades."""
    return merged(patch, {"properties": {"upgradePolicy": {"mode": mode}}})


def with_rules(patch: Mapping[str, Any], rules: Sequence[str]) -> dict[str, Any]:
    """A patch with rules of scaling in."""
    return merged(patch, {"properties": {"scaleInPolicy": {"rules": list(rules)}}})


def without_hold(patch: Mapping[str, Any], item: Mapping[str, Any], held: HeldCapacity) -> Mapping[str, Any]:
    """A patch that puts the rules of scaling in back, unless somebody has given others meanwhile."""
    untouched = rules_of_scaling_in(item.get("properties") or {}) == OLDEST_FIRST
    return with_rules(patch, held.rules) if held.rules and untouched else patch


def capacity_of(item: Mapping[str, Any]) -> int:
    """How many instances a scale set is asked to have."""
    return int((item.get("sku") or {}).get("capacity") or 0)


# what begins a run


def begun_by(item: Mapping[str, Any], run: RolloutRun, template: NewTemplate) -> tuple[RolloutRun, dict[str, Any]]:
    """
    The run as it begins, and the patch that begins it.

    Raises:
        InvalidRequest: The change takes another scale set, or it could not be undone, and a failure is to undo it.
        NotFound: The version to go back to is not kept.
    """
    tags, mode = dict(item.get("tags") or {}), mode_of(item)
    new = _new_model(item, template)
    rules = rules_of_scaling_in(item.get("properties") or {})
    held = HeldCapacity(
        size=capacity_of(item),
        rules=() if rules == OLDEST_FIRST else tuple(rules),
        undo=bool(template.version),
        mode=mode_of(new.patch) or ("" if mode in ("", MANUAL) else mode),
    )
    old = name_of(item)
    kept = kept_tags(tags)
    if new.patch:
        before = {name: tags.get(name, "") for name in new.mark}
        kept = _way_back(Version(name=old, patch=back_of(new.patch, item), mark=before), tags, new.hidden, template)
    begun = replace(run, old=old, new=template.version or new.name(item), held=held.words())
    written = with_rules(with_mode(new.patch, MANUAL) if held.mode else new.patch, OLDEST_FIRST)
    return begun, {**written, "tags": {**tagged(plain_tags(tags), new.mark), **kept, ROLLOUT: begun.line()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What a run brings: a patch, the tags of the ownership mark that change, and what is never given back."""

    patch: Mapping[str, Any] = field(default_factory=dict)
    mark: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    def name(self, item: Mapping[str, Any]) -> str:
        """A word for the scale set with this model."""
        return name_of({**merged(item, self.patch), "tags": tagged(item.get("tags") or {}, self.mark)})


def _new_model(item: Mapping[str, Any], template: NewTemplate) -> _Model:
    if template.version:
        version = Version.read(item.get("tags") or {})
        if version is None or version.name != template.version:
            raise no_version(str(item["name"]), "azure")
        return _Model(patch=version.patch, mark=version.mark)
    return _Model() if template.write is None else _written(item, template.write)


def _written(item: Mapping[str, Any], write: Write) -> _Model:
    change = write.change
    kind, live = SCALE_SET.of(change.wanted), READERS[SCALE_SET.name](item, change.key.location)
    fields = [each for each in change.fields if holds(kind, each.path)]
    fixed = [each.path for each in fields if kind.is_fixed(each.path, each.old, each.new)]
    if change.action is Action.REPLACE or fixed:
        what = in_words(fixed) or str(change.key)
        text = f"{what} stays as the scale set was made with it; use `strategy: blue-green`, or take `rollout` out"
        raise InvalidRequest(text, provider="azure", operation="begin rollout")
    hidden = [each.path for each in fields if (row := kind.find(each.path)) is not None and row.write_only]
    body = overlaid(kind, live.body, write.body)
    patch = revealed(set_patch(kind, body, live, [each.path for each in fields]))
    old, new = mark_tags(item.get("tags") or {}), mark_of(change).tags()
    mark = {name: new.get(name, "") for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
    return _Model(patch=patch, mark=mark, hidden=tuple(hidden))


def _way_back(
    version: Version, tags: Mapping[str, str], hidden: Sequence[str], template: NewTemplate
) -> dict[str, str]:
    """The tags that keep the old model; none where it cannot be kept, and nobody is to go back by itself."""
    kept = version.tags()
    why = ""
    if hidden:
        names = in_words([path.rsplit(".", 1)[-1] for path in hidden])
        why = f"Azure never gives {names} back, so that a rollout which changes it cannot go back"
    elif len({*plain_tags(tags), BACK_TAG}) + len(kept) + len((ROLLOUT, DRIVEN_TAG)) > MOST_TAGS:
        why = f"the old values take {len(kept)} tags, and a scale set has {MOST_TAGS}, so that it could not go back"
    if why and template.goes_back:
        text = f"{why}; give `on_failure: pause` or `stop`, or `strategy: blue-green`"
        raise InvalidRequest(text, provider="azure", operation="begin rollout")
    return {} if why else kept


def mark_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of the ownership mark."""
    return {name: value for name, value in tags.items() if name.startswith("trimtab-") and not is_of_people(name)}
