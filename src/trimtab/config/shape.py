"""The shape of the file against its schema: kinds of value, unknown fields, missing fields."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from trimtab.config.document import Item
from trimtab.config.paths import is_secret
from trimtab.config.problems import Problem, shorten
from trimtab.models.base import DURATION, not_a_duration
from trimtab.models.wording import not_a_choice
from trimtab.phrases import closest

Schema = dict[str, Any]

_KINDS = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    type(None): "null",
}
_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "object": "a mapping",
    "array": "a list",
}
_TRUTHS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
"""Words of YAML 1.1 for truth values."""
_WITH_UNIT = re.compile(r"(\d{1,9}) ?[A-Za-z%]{1,10}")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,60}")
_ANYTHING: Schema = {"type": [*_WORDS, "null"]}


@cache
def file_shape() -> Schema:
    """The JSON Schema of the file without its texts, shared; `nox -s renew` writes it, so that none is made to load."""
    shape: Schema = json.loads(files(__package__).joinpath("shape.json").read_text(encoding="utf-8"))
    return shape


def whole_schema() -> Schema:
    """The schema of a fleet in whose groups nothing may be missing."""
    schema = file_shape()
    return {**schema, "properties": {**schema["properties"], **schema["else"]["properties"]}}


class ShapeCheck:
    """
    Checks items against a schema; what does not fit is kept.

    Attributes:
        problems: Values of the wrong kind, and fields that there are none of.
        missing: The fields that each mapping lacks, by the mapping.
    """

    def __init__(self, defs: Mapping[str, Schema]) -> None:
        self.problems: list[Problem] = []
        self.missing: list[tuple[Item, tuple[str, ...], tuple[str, ...]]] = []
        self._defs = defs

    def check(self, item: Item, schema: Schema, steps: tuple[str, ...] = ()) -> None:
        """Check an item, which is at `steps` of the fleet, and what is inside."""
        options = list(self._options(schema))
        fitting = [option for option in options if _KINDS[type(item.value)] in _kinds(option)]
        if not fitting:
            self._report(item, wrong_kind(item, options))
        elif isinstance(item.value, dict):
            self._check_mapping(item, item.value, fitting, steps)
        elif isinstance(item.value, list):
            inside = {"anyOf": [option.get("items", _ANYTHING) for option in fitting]}
            for step, child in item.children():
                self.check(child, inside, (*steps, step))

    def _options(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._options(self._defs[schema["$ref"].rpartition("/")[2]])
        elif "allOf" in schema:
            for option in self._options(schema["allOf"][0]):
                yield {**option, "required": schema["required"]}
        elif "anyOf" in schema:
            for option in schema["anyOf"]:
                yield from self._options(option)
        else:
            yield schema

    def _check_mapping(
        self, item: Item, inside: dict[str, Item], options: list[Schema], steps: tuple[str, ...]
    ) -> None:
        sorts, options = options, [option for option in options if _agrees(option, inside)] or options
        lacks = tuple(key for key in _lacking(options, inside) if key not in inside)
        for key, child in inside.items():
            schemas = [schema for option in options if (schema := _field(option, key)) is not None]
            words = [schema.get("const") for schema in schemas]
            if schemas and None not in words and child.value not in words and isinstance(child.value, str):
                self._report(child, not_a_choice(child.value, shorten(child.value), list(map(str, words))))
            elif schemas:
                self.check(child, {"anyOf": schemas}, (*steps, key))
            elif owners := _sorts_with(key, sorts):
                self._report(child, f"unknown field {shorten(key)}; it goes with {' or '.join(owners)}")
            else:
                self._report(
                    child, _unknown(key, [field for option in options for field in option["properties"]], lacks)
                )
        if lacks:
            self.missing.append((item, steps, lacks))

    def _report(self, item: Item, message: str) -> None:
        self.problems.append(Problem(item.place, item.path, message))


def _kinds(option: Schema) -> set[str]:
    given = option.get("type", "string")
    kinds = set(given) if isinstance(given, list) else {given}
    return kinds | {"integer"} if "number" in kinds else kinds


def _agrees(option: Schema, inside: Mapping[str, Item]) -> bool:
    """Whether the mapping may be of this sort, by the fields that say which it is."""
    for key, field in option.get("properties", {}).items():
        if "const" in field and key in inside and inside[key].value != field["const"]:
            return False
        if "const" in field and key not in inside and key in option.get("required", ()):
            return False
    return True


def _sorts_with(key: str, options: list[Schema]) -> list[str]:
    """The fields that say which sort of mapping has this field, as they would be written."""
    fields = [option["properties"] for option in options if key in option.get("properties", {})]
    return [f"`{name}: {field['const']}`" for each in fields for name, field in each.items() if "const" in field]


def _lacking(options: list[Schema], inside: Mapping[str, Item]) -> list[str]:
    """The fields that are required whichever of the sorts is meant."""
    if any(set(option.get("required", ())) <= set(inside) for option in options):
        return []
    first, *others = (option.get("required", ()) for option in options)
    return [key for key in first if all(key in other for other in others)]


def _field(option: Schema, key: str) -> Schema | None:
    fields: Mapping[str, Schema] = option.get("properties", {})
    if key in fields:
        return fields[key]
    more: Any = option.get("additionalProperties", True)
    if isinstance(more, dict):
        return more
    return _ANYTHING if more else None


def _unknown(key: str, fields: list[str], missing: tuple[str, ...]) -> str:
    guess = closest(key, fields) or (missing[0] if len(missing) == 1 else None)
    if guess:
        return f"unknown field {shorten(key)}; did you mean `{guess}`?"
    return f"unknown field {shorten(key)}; the fields here are {', '.join(sorted(set(fields)))}"


def wrong_kind(item: Item, options: list[Schema]) -> str:
    """What to give instead of a value of the wrong kind."""
    if item.value is None:
        return f"give {_all_wanted(options)}, or leave this out; null is not allowed"
    kinds = {kind for option in options for kind in _kinds(option)}
    if type(item.value) in (int, float) and any(option.get("pattern") == DURATION for option in options):
        return not_a_duration(item.value)
    fix = _fix(item, kinds)
    return f"give {_all_wanted(options)}, not {describe(item)}" + (f"; {fix}" if fix else "")


def _fix(item: Item, kinds: set[str]) -> str:
    """What to write for a value that is nearly of one of these kinds; empty where that is not clear."""
    value = item.value
    if isinstance(value, (bool, int, float)):
        return "put it in quotes if it is meant" if "string" in kinds else ""
    if not isinstance(value, str) or is_secret(item.path):
        return ""
    if "boolean" in kinds and value.lower() in _TRUTHS:
        return f"write {_TRUTHS[value.lower()]}"
    if "integer" in kinds and "string" not in kinds and (number := _WITH_UNIT.fullmatch(value)):
        return f"write {number[1]}, without the unit"
    return f"write [{value}]" if kinds == {"array"} and _PLAIN.fullmatch(value) else ""


def _all_wanted(options: list[Schema]) -> str:
    return " or ".join(dict.fromkeys(_wanted(option) for option in options if option.get("type") != "null"))


def _wanted(option: Schema) -> str:
    if "examples" in option:
        return f'text such as "{option["examples"][0]}"'
    return " or ".join(
        _WORDS[kind]
        for kind in _WORDS
        if kind in _kinds(option) and (kind != "integer" or "number" not in _kinds(option))
    )


def describe(item: Item) -> str:
    """A value in a message; what start scripts and their variables hold is never shown."""
    match item.value:
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case None:
            return "null"
        case bool():
            return str(item.value).lower()
        case int() | float():
            return "a number" if is_secret(item.path) else f"{item.value}"
        case str():
            return "text" if is_secret(item.path) else f"the text {shorten(item.value)}"
