"""A group out of fields that somebody else wrote: what the model or the cloud refuses is left out, with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.errors import InvalidModel, Unsupported
from trimtab.models import ScalingGroup
from trimtab.plan import Note
from trimtab.plan.changes import PATHS

ITEMS = ("policies", "alarms", "schedules")


def build_group(fields: Mapping[str, Any], provider: str) -> tuple[ScalingGroup, dict[str, str]]:
    """
    The group of these fields, and why some of them are left out: path to reason.

    Raises:
        Unsupported: What is left is no group.
    """
    data, refused = _listed(fields), dict[str, str]()
    while True:
        try:
            return ScalingGroup.model_validate(data), refused
        except InvalidModel as error:
            first, words = error.details[0], error.problems[0]
            path = [*first["loc"], *(first.get("ctx") or {}).get("at", ())]
            if not _leave_out(data, path, words.message, refused):
                text = f"group {fields.get('name')!r}: a fleet file cannot say {words}"
                raise Unsupported(text) from error


def _listed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, copied, with items as lists."""
    listed = {name: _copied(value) for name, value in fields.items()}
    for item in ITEMS:
        if isinstance(listed.get(item), dict):
            listed[item] = [{"name": name, **entry} for name, entry in listed[item].items()]
    return listed


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copied(item) for name, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, (list, tuple)) else value


def _leave_out(data: dict[str, Any], path: Sequence[Any], reason: str, refused: dict[str, str]) -> bool:
    if len(path) > 1 and path[0] in ITEMS and isinstance(path[1], int):
        name = str(data[path[0]].pop(path[1])["name"])
        refused[f"{path[0]}.{name}"] = reason
        if path[0] == "policies":
            _forget_policy(data.get("alarms") or (), name)
        return True
    holder, step = _deepest(data, path)
    if holder is None:
        return False
    refused[".".join(str(part) for part in path if isinstance(part, str))] = reason
    del holder[step]
    return True


def _forget_policy(alarms: Sequence[dict[str, Any]], name: str) -> None:
    for alarm in alarms:
        alarm["triggers"] = [trigger for trigger in alarm.get("triggers") or () if trigger != name]


def _deepest(data: Any, path: Sequence[Any]) -> tuple[Any, Any]:
    """The innermost thing on a path that is there: what holds it, and by what name."""
    deepest: tuple[Any, Any] = (None, None)
    for step in path:
        try:
            inner = data[step]
        except (KeyError, IndexError, TypeError):
            continue  # a word of pydantic's for one of several models
        deepest, data = (data, step), inner
    return deepest


# what the cloud refuses


def without_blamed(group: ScalingGroup, problems: Sequence[Note], refused: dict[str, str]) -> ScalingGroup | None:
    """The group with the first thing that problems name mended or left out; `None` where they name nothing of it."""
    for problem in problems:
        paths, _, reason = problem.text.partition(": ")
        path = paths.split(PATHS)[0]
        steps = path.split(".")
        names = {item.name for item in getattr(group, steps[0])} if steps[0] in ITEMS else set()
        if steps[0] == "policies" and steps[1:2] and steps[1] in names and not _consents(group, steps[1]):
            return _with_consent(group, steps[1])
        if steps[0] in ITEMS and steps[1:2] and steps[1] in names:
            refused[".".join(steps[:2])] = reason
            return without_item(group, steps[0], steps[1])
        if steps[0] not in ITEMS and (smaller := _without_field(group, steps)) is not None:
            refused[path] = reason
            return smaller
    return None


def _consents(group: ScalingGroup, name: str) -> bool:
    return any(policy.name == name and policy.approximate for policy in group.policies)


def _with_consent(group: ScalingGroup, name: str) -> ScalingGroup:
    """What is there is wanted, in whatever form the cloud has it."""
    policies = tuple(
        policy.model_copy(update={"approximate": True}) if policy.name == name else policy for policy in group.policies
    )
    return group.model_copy(update={"policies": policies})


def without_item(group: ScalingGroup, item: str, name: str) -> ScalingGroup:
    """The group without one of its policies, alarms or schedules, and without what names it."""
    left = tuple(entry for entry in getattr(group, item) if entry.name != name)
    update: dict[str, Any] = {item: left}
    if item == "policies":
        update["alarms"] = tuple(
            alarm.model_copy(update={"triggers": tuple(each for each in alarm.triggers if each != name)})
            for alarm in group.alarms
        )
    return group.model_copy(update=update)


def _without_field(group: ScalingGroup, steps: Sequence[str]) -> ScalingGroup | None:
    data: Any = dict(given_fields(group))
    whole = data
    for step in steps[:-1]:
        inner = data.get(step) if isinstance(data, dict) else None
        if inner is None or isinstance(inner, (str, tuple)):
            return None
        data[step] = data = dict(given_fields(inner)) if not isinstance(inner, Mapping) else dict(inner)
    if not isinstance(data, dict) or steps[-1] not in data or steps[-1] == "native_name":
        return None
    del data[steps[-1]]
    try:
        return ScalingGroup.model_validate(whole)
    except InvalidModel:
        return None


def given_fields(model: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a model that were given, by name."""
    return ((name, getattr(model, name)) for name in type(model).model_fields if name in model.model_fields_set)


def with_unmanaged(group: ScalingGroup, paths: Sequence[str]) -> ScalingGroup:
    """The group with these fields left to others, as far as the model lets them be."""
    for path in paths:
        if path in group.unmanaged:
            continue
        fields = {**dict(given_fields(group)), "unmanaged": (*group.unmanaged, path)}
        try:
            group = ScalingGroup.model_validate(fields)
        except InvalidModel:
            continue
    return group


def whole(value: Any) -> int:
    """A number, which Compute Engine may write as text; 0 for what is none."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
