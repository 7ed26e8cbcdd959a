"""What Google's discovery documents say that a body may hold, and which of it is given back."""

import re
from collections.abc import Mapping
from typing import Any

from tools.constraints.gcp import SCHEMAS, document

KINDS = ("instance-template", "health-check", "group-manager", "autoscaler", "alert-policy")
_OUTPUT = re.compile(r"\[?Output[ -]only|Required\. The resource name of the (policy|channel)", re.IGNORECASE)
_INPUT = re.compile(r"\[?Input[ -]only", re.IGNORECASE)
_ANSWERED = frozenset({"initializeParams"})
"""Said to be given in only, and answered nonetheless: a template holds what instances are made of."""
_UNSET = re.compile(r"UNSPECIFIED|UNDEFINED")
_PLAIN = {"string": "string", "boolean": "boolean", "integer": "integer", "number": "number", "any": "any"}


def shapes() -> tuple[dict[str, dict[str, Any]], dict[str, Any], dict[str, list[str]]]:
    """The structures by name, of each kind the structure of its body, and what one cannot be without: unsaid."""
    found: dict[str, dict[str, Any]] = {}
    return found, {kind: {"of": _structure(*SCHEMAS[kind], found)} for kind in KINDS}, {}


def _structure(name: str, schema: str, found: dict[str, dict[str, Any]]) -> str:
    if schema not in found:
        _fill(name, schema, document(name)["schemas"][schema], found)
    return schema


def _fill(name: str, at: str, schema: Mapping[str, Any], found: dict[str, dict[str, Any]]) -> None:
    fields = found[at] = {}
    for word, given in schema.get("properties", {}).items():
        text = given.get("description", "")
        if given.get("readOnly") or _OUTPUT.match(text) or given.get("deprecated"):
            continue
        is_unread = _INPUT.match(text) and word not in _ANSWERED
        fields[word] = "unread" if is_unread else _node(name, f"{at}.{word}", given, found)


def _node(name: str, at: str, given: Mapping[str, Any], found: dict[str, dict[str, Any]]) -> Any:
    if given.get("$ref"):
        return {"of": _structure(name, given["$ref"], found)}
    if given.get("type") == "array":
        return {"list": _node(name, at, given["items"], found)}
    if given.get("properties"):
        _fill(name, at, given, found)
        return {"of": at}
    if given.get("type") == "object":
        values = given.get("additionalProperties")
        return {"map": _node(name, at, values, found)} if values else "any"
    node: dict[str, Any] = {"type": _PLAIN[given["type"]]}
    if given.get("format") in ("int64", "uint64"):
        node["type"] = "int64"
    if given.get("enum"):
        node["enum"] = [word for word in given["enum"] if not _UNSET.search(word)]
    return node if len(node) > 1 else node["type"]
