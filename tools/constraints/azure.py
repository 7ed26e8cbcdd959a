"""What the type files of Azure Resource Manager state about the bodies that trimtab writes."""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tools.constraints.writing import Stated, is_written
from trimtab.declarations.limits import Count, Length, OneOf, Pattern, Range
from trimtab.providers.azure.kinds import KINDS

TYPES = {
    "scale-set": ("microsoft.compute.2026-04-01", "Microsoft.Compute/virtualMachineScaleSets"),
    "autoscale-setting": ("microsoft.insights.2022-10-01", "Microsoft.Insights/autoscalesettings"),
    "metric-alert": ("microsoft.insights.2018-03-01", "Microsoft.Insights/metricAlerts"),
}
"""The file and the type of each kind's body."""
_OBJECTS = ("ObjectType", "DiscriminatedObjectType")


def folder() -> Path:
    """Where the type files are: `contracts/azure/bicep-types` in the folder that TRIMTAB_SHARED names."""
    return Path(os.environ["TRIMTAB_SHARED"], "contracts", "azure", "bicep-types")


@cache
def types(file: str) -> list[dict[str, Any]]:
    """All types of a file, in the order of their numbers."""
    read: list[dict[str, Any]] = json.loads((folder() / f"{file}.types.json").read_text(encoding="utf-8"))
    return read


def version() -> dict[str, str]:
    """By which version of what the rows are stated."""
    return {file.rpartition(".")[0]: file.rpartition(".")[2] for file, _ in TYPES.values()}


def stated() -> Iterator[Stated]:
    """Each limit that a type states for a leaf which some row of a kind is about."""
    for kind, (file, name) in TYPES.items():
        at = f"arm {file} {name}"
        for path, given in _walk(file, _resource(file, name), "", frozenset()):
            if path and is_written(KINDS[kind], path):
                yield from _limits(kind, path, given, file, at)


def text_of(at: str) -> str:
    """What a type says of a property in sentences: `arm FILE TYPE:properties.path`."""
    _, file, rest = at.split(" ", 2)
    name, _, path = rest.partition(":")
    texts = [text for where, text in _described(file, _resource(file, name), "", frozenset()) if where == path]
    return " ".join(texts)


def _resource(file: str, name: str) -> dict[str, str]:
    for each in types(file):
        if each["$type"] == "ResourceType" and each["name"].lower().partition("@")[0] == name.lower():
            body: dict[str, str] = each["body"]
            return body
    raise LookupError(f"{file} has no type {name}")


def _of(file: str, reference: dict[str, str]) -> tuple[int, dict[str, Any]]:
    number = int(reference["$ref"].rpartition("/")[2])
    return number, types(file)[number]


def _walk(file: str, reference: dict[str, str], path: str, around: frozenset[int]) -> Iterator[tuple[str, Any]]:
    number, given = _of(file, reference)
    yield path, given
    if number not in around:
        for inner, other, _ in _members(given, path):
            yield from _walk(file, other, inner, around | {number})


def _described(file: str, reference: dict[str, str], path: str, around: frozenset[int]) -> Iterator[tuple[str, str]]:
    number, given = _of(file, reference)
    if number not in around:
        for inner, other, text in _members(given, path):
            yield inner, text
            yield from _described(file, other, inner, around | {number})


def _members(given: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, str], str]]:
    if given["$type"] in _OBJECTS:
        for name, each in (given.get("properties") or given.get("baseProperties") or {}).items():
            yield (f"{path}.{name}" if path else name), each["type"], each.get("description", "")
        for each in (given.get("elements") or {}).values():
            yield path, each, ""
        if given.get("additionalProperties"):
            yield f"{path}{{*}}", given["additionalProperties"], ""
    elif given["$type"] == "ArrayType":
        yield f"{path}[*]", given["itemType"], ""


def _limits(kind: str, path: str, given: dict[str, Any], file: str, at: str) -> Iterator[Stated]:
    at = f"{at}:{path}"
    match given["$type"]:
        case "StringType":
            least, most = given.get("minLength"), given.get("maxLength")
            if least or most is not None:
                yield Stated(kind, path, Length(least or None, most), at)
            if given.get("pattern") and re.compile(given["pattern"]):
                yield Stated(kind, path, Pattern(given["pattern"]), at)
        case "IntegerType":
            least, most = given.get("minValue"), given.get("maxValue")
            if least is not None or most is not None:
                yield Stated(kind, path, Range(least, most), at)
        case "ArrayType":
            least, most = given.get("minLength"), given.get("maxLength")
            if least or most is not None:
                yield Stated(kind, path, Count(least or None, most), at)
        case "UnionType":
            words = [_of(file, each)[1].get("value") for each in given["elements"]]
            # with a plain string beside them the words are examples
            if all(words) or (words[-1] is None and _is_null(file, given["elements"][-1])):
                yield Stated(kind, path, OneOf(tuple(filter(None, words)), ignore_case=True), at)


def _is_null(file: str, reference: dict[str, str]) -> bool:
    return bool(_of(file, reference)[1]["$type"] == "NullType")
