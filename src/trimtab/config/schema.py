"""The JSON Schema of the file, from the models: what editors complete from."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from trimtab.models import Fleet

Schema = dict[str, Any]

_REF = "#/$defs/"
_BY_NAME = {"Fleet": ("groups",), "ScalingGroup": ("policies", "alarms", "schedules")}
_NAMED = "{}-by-name"
_DEFAULTS = "{}-defaults"
_OVERRIDE = "{}-override"
_OVERLAY = "{}-overlay"


def json_schema() -> Schema:
    """
    The JSON Schema (2020-12) of a fleet file, for editors and for other tools.

    Groups, policies, alarms and schedules are lists, or mappings by name. With `defaults` in the file a
    group may leave anything out, and a null removes what `defaults` gave.
    """
    schema = Fleet.model_json_schema()
    defs: Schema = _tidy(schema.pop("$defs"))
    root = _tidy(schema)
    _say_types(defs)
    _add_script_file(defs["InstanceTemplate"])
    _add_calendars(defs["Schedule"])
    _allow_names(defs, "ScalingGroup", defs["ScalingGroup"])
    _allow_names(defs, "Fleet", root)
    groups = root["properties"]["groups"]
    shared = {"$ref": _loosen(defs, "ScalingGroup", _DEFAULTS)}
    defs[_DEFAULTS.format("ScalingGroup")]["properties"].pop("name")
    override = _override_groups(defs)
    _add_overlays(defs, root)
    root["properties"]["groups"] = {"description": "The groups, by name."}
    root["properties"]["defaults"] = {
        "description": "What every group has unless it says otherwise: a group with nothing required.",
        **shared,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **root,
        "title": "trimtab fleet",
        "if": {"required": ["defaults"]},
        "then": {"properties": {"groups": override}},
        "else": {"properties": {"groups": groups}},
        "$defs": dict(sorted(defs.items())),
    }


def _tidy(node: Any) -> Any:
    """Without pydantic's titles, nulls and the defaults of nested models; unions as `anyOf`."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: item for key, item in node.items() if not (key == "title" and isinstance(item, str))}
    if "$ref" in kept:
        kept.pop("default", None)
    if "oneOf" in kept:
        kept["anyOf"] = kept.pop("oneOf")
        kept.pop("discriminator", None)
    if {"type": "null"} in kept.get("anyOf", ()):
        kept = _without_null(kept)
    return {key: _tidy(item) for key, item in kept.items()}


def _without_null(node: Schema) -> Schema:
    rest = {key: item for key, item in node.items() if key not in ("anyOf", "default")}
    options = [option for option in node["anyOf"] if option != {"type": "null"}]
    return {**rest, **(options[0] if len(options) == 1 else {"anyOf": options})}


def _say_types(defs: Schema) -> None:
    for name in ("StepPolicy", "TargetTrackingPolicy", "PredictivePolicy", "PythonPolicy"):
        defs[name]["required"] = ["type", *defs[name]["required"]]


_PART_FILE: Schema = {
    "type": "object",
    "properties": {"file": {"type": "string", "minLength": 1, "description": "A file beside the fleet file."}},
    "required": ["file"],
    "additionalProperties": False,
}


def _add_script_file(template: Schema) -> None:
    fields = dict(template["properties"])
    after = list(fields).index("user_data") + 1
    path = {"type": "string", "minLength": 1, "description": "A file with the start script, beside the fleet file."}
    added = {"user_data_file": path}
    parts = fields["user_data_parts"]
    parts["items"] = {"anyOf": [parts["items"], _PART_FILE]}
    template["properties"] = dict(list(fields.items())[:after]) | added | dict(list(fields.items())[after:])


def _add_calendars(schedule: Schema) -> None:
    for name in ("skip_dates", "only_dates"):
        dates = schedule["properties"][name]["items"]
        dates["pattern"] = f"{dates['pattern']}|\\.[iI][cC][sS]$"


def _allow_names(defs: Schema, name: str, model: Schema) -> None:
    for field in _BY_NAME[name]:
        listed = model["properties"][field]
        items = {"type": "array", "items": listed.pop("items")}
        listed.pop("type")
        listed.pop("default", None)
        named = _rename(items["items"], lambda ref: _without_name(defs, ref))
        listed["anyOf"] = [{"type": "object", "additionalProperties": named}, items]


def _rename(node: Schema, change: Callable[[str], str]) -> Schema:
    """The schema with every model that it points to changed."""
    if "$ref" in node:
        return {**node, "$ref": change(node["$ref"].removeprefix(_REF))}
    return {**node, "anyOf": [_rename(option, change) for option in node["anyOf"]]}


def _without_name(defs: Schema, name: str) -> str:
    model = deepcopy(defs[name])
    model["required"] = [field for field in model.get("required", []) if field != "name"]
    defs[_NAMED.format(name)] = model
    return _REF + _NAMED.format(name)


def _override_groups(defs: Schema) -> Schema:
    named = {"$ref": _loosen(defs, "ScalingGroup", _OVERRIDE)}
    listed = {"allOf": [named], "required": ["name"]}
    return {
        "anyOf": [
            {"type": "object", "additionalProperties": {"anyOf": [named, {"type": "null"}]}},
            {"type": "array", "items": listed},
        ]
    }


def _add_overlays(defs: Schema, root: Schema) -> None:
    """Overlays of the fleet, of `defaults` and of groups: the shape of what they are laid over, nothing required."""
    group = {"$ref": _loosen(defs, "ScalingGroup", _OVERLAY)}
    fields = {name: field for name, field in root["properties"].items() if name not in ("groups", "overlays")}
    fleet = {
        "type": "object",
        "description": "What is different: a fleet with nothing required; a null takes away.",
        "additionalProperties": False,
        "properties": {
            **{name: _open(defs, field, _OVERLAY) for name, field in fields.items()},
            "groups": {
                "description": "What is different in groups, by name; a null takes a group away.",
                "anyOf": [
                    {"type": "object", "additionalProperties": {"anyOf": [group, {"type": "null"}]}},
                    {"type": "array", "items": {"allOf": [group], "required": ["name"]}},
                ],
            },
            "defaults": {"description": "What is different for every group.", **group},
        },
    }
    defs[_OVERLAY.format("Fleet")] = fleet
    text = root["properties"]["overlays"]["description"]
    root["properties"]["overlays"] = _overlays({"$ref": _REF + _OVERLAY.format("Fleet")}, text)
    for form in ("{}", _NAMED, _DEFAULTS, _OVERRIDE):
        if (name := form.format("ScalingGroup")) in defs:
            defs[name]["properties"]["overlays"] = _overlays(
                group, "What is different for a provider or an environment, by name."
            )


def _overlays(one: Schema, text: str) -> Schema:
    return {"type": "object", "description": text, "additionalProperties": one}


def _loosen(defs: Schema, name: str, suffix: str) -> str:
    """The reference of a copy of a model with nothing required, as deep as mappings merge."""
    if "enum" in defs[name]:
        return _REF + name
    new = suffix.format(name)
    if new not in defs:
        defs[new] = {}
        defs[new] = _loosened(defs, defs[name], suffix)
    return _REF + new


def _loosened(defs: Schema, node: Schema, suffix: str) -> Schema:
    node = {key: item for key, item in node.items() if key != "required"}
    if "$ref" in node:
        node["$ref"] = _loosen(defs, node["$ref"].removeprefix(_REF), suffix)
    if "anyOf" in node:
        node["anyOf"] = [_loosened(defs, option, suffix) for option in node["anyOf"]]
    if "properties" in node:
        node["properties"] = {key: _open(defs, item, suffix) for key, item in node["properties"].items()}
    if isinstance(node.get("additionalProperties"), dict):
        node["additionalProperties"] = _open(defs, node["additionalProperties"], suffix)
    return node


def _open(defs: Schema, node: Schema, suffix: str) -> Schema:
    loosened = _loosened(defs, node, suffix)
    if suffix == _DEFAULTS:
        return loosened
    # beside the choice, where editors look for it
    text = {"description": loosened.pop("description")} if "description" in loosened else {}
    return {**text, "anyOf": [loosened, {"type": "null"}]}
