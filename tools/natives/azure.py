"""What the type files of Azure Resource Manager say that a body may hold, and which of it is given back."""

from typing import Any

from tools.constraints.azure import TYPES, _of, _resource

KINDS = ("scale-set", "autoscale-setting", "metric-alert")
_READ_ONLY, _WRITE_ONLY = 2, 4
"""Flags of a property: https://github.com/Azure/bicep-types/blob/main/src/bicep-types/src/types.ts."""
_SECRET = frozenset({"protectedSettings", "customData", "userData"})
"""
Not given back, though no flag says so; user data only to a read of one scale set that asks for it.

https://learn.microsoft.com/azure/virtual-machines/extensions/overview#secure-extension-data
https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/get#expandtypesforgetvmscalesets
"""


_REQUIRED: dict[str, list[str]] = {}


def shapes() -> tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, list[str]]]:
    """The structures by name, of each kind the structure of its body, and what a structure cannot be without."""
    _REQUIRED.clear()
    found: dict[str, dict[str, Any]] = {}
    kinds: dict[str, Any] = {}
    for kind in KINDS:
        file, name = TYPES[kind]
        kinds[kind] = _node(file, _resource(file, name), found)
    return found, kinds, {name: _REQUIRED[name] for name in sorted(_REQUIRED) if _REQUIRED[name]}


def _node(file: str, reference: dict[str, str], found: dict[str, dict[str, Any]]) -> Any:
    _, given = _of(file, reference)
    match given["$type"]:
        case "StringType":
            return _bounded("string", given.get("minLength"), given.get("maxLength"))
        case "IntegerType":
            return _bounded("integer", given.get("minValue"), given.get("maxValue"))
        case "BooleanType":
            return "boolean"
        case "StringLiteralType":
            return {"type": "string", "enum": [given["value"]]}
        case "UnionType":
            return _union(file, given, found)
        case "ArrayType":
            return {"list": _node(file, given["itemType"], found)}
        case "ObjectType" | "DiscriminatedObjectType":
            return _object(file, given, found)
        case _:
            return "any"


def _bounded(name: str, least: Any, most: Any) -> Any:
    node = {"type": name, **({"min": least} if least else {}), **({} if most is None else {"max": most})}
    return node if len(node) > 1 else name


def _union(file: str, given: dict[str, Any], found: dict[str, dict[str, Any]]) -> Any:
    parts = [_of(file, each)[1] for each in given["elements"]]
    words = [each["value"] for each in parts if each["$type"] == "StringLiteralType"]
    others = [each for each in parts if each["$type"] not in ("StringLiteralType", "NullType")]
    # with a plain string beside them the words are examples
    if words and not others:
        return {"type": "string", "enum": words}
    kept = [each for each, part in zip(given["elements"], parts, strict=True) if part["$type"] != "NullType"]
    return _node(file, kept[0], found) if len(kept) == 1 else "string" if words else "any"


def _object(file: str, given: dict[str, Any], found: dict[str, dict[str, Any]]) -> Any:
    properties = given.get("properties") or given.get("baseProperties") or {}
    if not properties and given.get("additionalProperties"):
        return {"map": _node(file, given["additionalProperties"], found)}
    name = f"{file.rpartition('.')[0]}.{given['name'].rpartition('/')[2]}"
    if name in found:
        return {"of": name}
    fields = found[name] = {}
    _REQUIRED[name] = sorted(word for word, each in properties.items() if each.get("flags", 0) & 1)
    _fill(file, properties, fields, found)
    for each in (given.get("elements") or {}).values():
        _fill(file, _of(file, each)[1].get("properties") or {}, fields, found)
    return {"of": name}


def _fill(file: str, properties: dict[str, Any], fields: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    for word, each in properties.items():
        if not each.get("flags", 0) & _READ_ONLY:
            fields[word] = "unread" if _is_secret(file, word, each) else _node(file, each["type"], found)


def _is_secret(file: str, word: str, each: dict[str, Any]) -> bool:
    """Whether Azure takes a value and never gives it back."""
    return bool(each.get("flags", 0) & _WRITE_ONLY or word in _SECRET or _of(file, each["type"])[1].get("sensitive"))
