"""What Google's discovery documents state about the bodies that trimtab writes."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tools.constraints.writing import Stated, is_written
from trimtab.declarations.limits import OneOf, Pattern, Range
from trimtab.providers.gcp.kinds import KINDS

SCHEMAS = {
    "notification-channel": ("monitoring.v3", "NotificationChannel"),
    "instance-template": ("compute.v1", "InstanceTemplate"),
    "health-check": ("compute.v1", "HealthCheck"),
    "group-manager": ("compute.v1", "InstanceGroupManager"),
    "autoscaler": ("compute.v1", "Autoscaler"),
    "alert-policy": ("monitoring.v3", "AlertPolicy"),
}
"""The document and the schema of each kind's body."""
_UNSET = re.compile(r"UNSPECIFIED|UNDEFINED")


@cache
def document(name: str) -> Mapping[str, Any]:
    """One discovery document, as google-api-python-client ships it."""
    place = files("googleapiclient").joinpath(f"discovery_cache/documents/{name}.json")
    read: Mapping[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return read


def version() -> dict[str, str]:
    """By which revision of what the rows are stated."""
    return {name: str(document(name)["revision"]) for name, _ in SCHEMAS.values()}


def stated() -> Iterator[Stated]:
    """Each limit that a schema states for a leaf which some row of a kind is about."""
    for kind, (name, schema) in SCHEMAS.items():
        for path, given in _schema(name, schema, "", frozenset()):
            if is_written(KINDS[kind], path):
                yield from _limits(kind, path, given, f"discovery {name} {schema}:{path}")


def text_of(at: str) -> str:
    """What a schema says of a property in sentences: `discovery DOCUMENT SCHEMA:path`."""
    _, name, rest = at.split(" ", 2)
    schema, _, path = rest.partition(":")
    texts = [given.get("description", "") for where, given in _schema(name, schema, "", frozenset()) if where == path]
    return re.sub(r"\s+", " ", " ".join(texts))


def _schema(name: str, schema: str, path: str, around: frozenset[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for word, given in document(name)["schemas"][schema].get("properties", {}).items():
        yield from _property(name, given, f"{path}.{word}" if path else word, around | {schema})


def _property(
    name: str, given: Mapping[str, Any], path: str, around: frozenset[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield path, given
    if given.get("$ref") and given["$ref"] not in around:
        yield from _schema(name, given["$ref"], path, around)
    if given.get("type") == "array":
        yield from _property(name, given["items"], f"{path}[*]", around)
    if given.get("type") == "object" and "additionalProperties" in given:
        yield from _property(name, given["additionalProperties"], f"{path}{{*}}", around)


def _limits(kind: str, path: str, given: Mapping[str, Any], at: str) -> Iterator[Stated]:
    if given.get("enum"):
        yield Stated(kind, path, OneOf(tuple(word for word in given["enum"] if not _UNSET.search(word))), at)
    if given.get("pattern"):
        # said of a list, it is about each of its items
        items = "[*]" if given.get("type") == "array" else ""
        yield Stated(kind, f"{path}{items}", Pattern(given["pattern"]), at)
    bounds = [float(given[word]) if given.get(word) else None for word in ("minimum", "maximum")]
    if bounds != [None, None]:
        yield Stated(kind, path, Range(*bounds), at)
    if given.get("format") == "uint32":
        yield Stated(kind, path, Range(0, 2**32 - 1), at)
