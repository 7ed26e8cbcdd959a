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
        fields = found[schema] = {}
        for word, given in document(name)["schemas"][schema].get("properties", {}).items():
            text = given.get("description", "")
            if given.get("readOnly") or _OUTPUT.match(text) or given.get("deprecated"):
                continue
            fields[word] = "unread" if _INPUT.match(text) and word not in _ANSWERED else _node(name, given, found)
    return schema


def _node(name: str, given: Mapping[str, Any], found: dict[str, dict[str, Any]]) -> Any:
    if given.get("$ref"):
        return {"of": _structure(name, given["$ref"], found)}
    if given.get("type") == "array":
        return {"list": _node(name, given["items"], found)}
    if given.get("type") == "object":
        return {"map": _node(name, given["additionalProperties"], found)} if "additionalProperties" in given else "any"
    node: dict[str, Any] = {"type": _PLAIN[given["type"]]}
    if given.get("format") in ("int64", "uint64"):
        node["type"] = "int64"
    if given.get("enum"):
        node["enum"] = [word for word in given["enum"] if not _UNSET.search(word)]
    return node if len(node) > 1 else node["type"]
