"""Google's discovery documents: what a method takes, and what a body may hold."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any

Schema = Mapping[str, Any]
Problem = Iterator[str]
Test = Callable[[object], bool]
"""Whether a value is right."""
_SPAN = re.compile(r"^-?\d+(\.\d{1,9})?s$")
_MASK = re.compile(r"^([A-Za-z0-9_.*]+(,[A-Za-z0-9_.*]+)*)?$")
_WHOLE = re.compile(r"^-?\d+$")
_ODD_NUMBERS = {"NaN", "Infinity", "-Infinity"}
_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One API: its schemas by name and its methods by id."""

    name: str
    schemas: Mapping[str, Schema]
    methods: Mapping[str, Mapping[str, Any]]
    common: frozenset[str]
    """The query parameters that every method takes."""


@cache
def load(name: str) -> Document:
    """The document of one API, such as `compute.v1`; read once."""
    place = files("googleapiclient").joinpath(f"discovery_cache/documents/{name}.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    methods = {method["id"]: method for method in _methods(document)}
    return Document(name, document["schemas"], methods, frozenset(document["parameters"]))


def check(
    document: Document, schema: str, body: object, *, method: str | None = None, where: str = "resource"
) -> list[str]:
    """
    What is wrong with a body, in Google's words; nothing where it is as the document says.

    Args:
        document: The API.
        schema: What the body is.
        body: Decoded JSON.
        method: The method that it is sent to, whose required fields it must have; `None` for a reply.
        where: What the body is called in the sentences.
    """
    if method is None and _test_named(document.name, schema)(body):
        return []
    return list(_Checker(document, method).value({"$ref": schema}, body, where))


def check_query(document: Document, method: str, query: Mapping[str, object]) -> list[str]:
    """What is wrong with the parameters of a call, those in its path too; each value a text, or a list of texts."""
    return list(_query_problems(document, method, query))


def _methods(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


@dataclass(frozen=True, slots=True)
class _Checker:
    document: Document
    method: str | None

    def value(self, schema: Schema, value: object, where: str) -> Problem:
        if "$ref" in schema:
            schema = self.document.schemas[schema["$ref"]]
        match schema.get("type", "any"):
            case "object":
                yield from self._object(schema, value, where)
            case "array":
                yield from self._array(schema, value, where)
            case "any":
                return
            case _:
                yield from _scalar(schema, value, where)

    def _object(self, schema: Schema, value: object, where: str) -> Problem:
        if not isinstance(value, Mapping):
            yield _wrong(where, value, "an object is expected")
            return
        fields, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, inner in value.items():
            field = fields.get(name, others)
            if field is None:
                yield f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': Cannot find field."
            else:
                yield from self.value(field, inner, f"{where}.{name}")
        yield from self._missing(fields, value, where)

    def _missing(self, fields: Mapping[str, Schema], value: Mapping[str, Any], where: str) -> Problem:
        if self.method is None:
            return
        for name, field in fields.items():
            if self.method in field.get("annotations", {}).get("required", ()) and value.get(name) in (None, ""):
                yield f"Required field '{where}.{name}' not specified"

    def _array(self, schema: Schema, value: object, where: str) -> Problem:
        if not isinstance(value, list):
            yield _wrong(where, value, "a list is expected")
            return
        for number, inner in enumerate(value):
            yield from self.value(schema["items"], inner, f"{where}[{number}]")


def _scalar(schema: Schema, value: object, where: str) -> Problem:
    kind, form = schema["type"], schema.get("format", "")
    if kind == "boolean":
        fits = isinstance(value, bool)
    elif kind == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool) and _in_range(value, form)
    elif kind == "number":
        fits = (isinstance(value, int | float) and not isinstance(value, bool)) or value in _ODD_NUMBERS
    else:
        fits = isinstance(value, str) and _FORMS.get(form, _any_text)(value)
    if not fits:
        yield _wrong(where, value, f"the type is {kind}{f' ({form})' if form else ''}")
    elif isinstance(value, str):
        yield from _text(schema, value, where)


def _text(schema: Schema, value: str, where: str) -> Problem:
    if "enum" in schema and value not in schema["enum"]:
        yield _wrong(where, value, f"It must be one of {', '.join(schema['enum'])}")
    pattern = schema.get("pattern")
    if pattern is not None and re.fullmatch(pattern, value) is None:
        yield _wrong(where, value, f"Must be a match of regex '{pattern}'")


def _wrong(where: str, value: object, text: str) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, default=repr)
    return f"Invalid value for field '{where}': '{shown}'. {text}"


# whether a reply is right: nearly each is, and what would be wrong is worked out only where one is not


@cache
def _test_named(document: str, schema: str) -> Test:
    """Whether a value is as a schema of a document says."""
    return _test(document, load(document).schemas[schema])


def _test(document: str, schema: Schema) -> Test:
    if "$ref" in schema:
        name = schema["$ref"]
        return lambda value: _test_named(document, name)(value)  # a schema may have itself as a part
    match schema.get("type", "any"):
        case "object":
            fields = {name: _test(document, field) for name, field in schema.get("properties", {}).items()}
            others = schema.get("additionalProperties")
            return partial(_is_object, fields, _no_field if others is None else _test(document, others))
        case "array":
            return partial(_is_array, _test(document, schema["items"]))
        case "any":
            return lambda _: True
        case "string" if schema.keys().isdisjoint(("format", "pattern")):
            words = frozenset(schema.get("enum", ()))
            return (lambda value: isinstance(value, str) and value in words) if words else _is_text
        case _:
            return lambda value: next(_scalar(schema, value, ""), None) is None


def _is_object(fields: Mapping[str, Test], others: Test, value: object) -> bool:
    if not isinstance(value, dict):
        return False
    for name, inner in value.items():  # noqa: SIM110
        if not fields.get(name, others)(inner):
            return False
    return True


def _is_array(test: Test, value: object) -> bool:
    return isinstance(value, list) and all(map(test, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _no_field(_: object) -> bool:
    return False


# how texts stand for other things


def _any_text(_: str) -> bool:
    return True


def _in_range(value: int, form: str) -> bool:
    low, high = _RANGES.get(form, _RANGES["int64"])
    return low <= value <= high


def _is_whole(form: str) -> Callable[[str], bool]:
    return lambda text: _WHOLE.match(text) is not None and _in_range(int(text), form)


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, altchars=b"-_" if "-" in text or "_" in text else None, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_FORMS: Mapping[str, Callable[[str], bool]] = {
    "int64": _is_whole("int64"),
    "uint64": _is_whole("uint64"),
    "google-datetime": _is_moment,
    "date-time": _is_moment,
    "google-duration": lambda text: _SPAN.match(text) is not None,
    "google-fieldmask": lambda text: _MASK.match(text) is not None,
    "byte": _is_base64,
}


# parameters


def _query_problems(document: Document, method: str, query: Mapping[str, object]) -> Problem:
    known = document.methods[method].get("parameters", {})
    for name, value in query.items():
        if name in known:
            for each in value if isinstance(value, list) else [value]:
                yield from _parameter(known[name], str(each), name)
        elif name.removeprefix("$") not in document.common:
            yield f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
    for name, parameter in known.items():
        if parameter.get("required") and name not in query:
            yield f"Required field '{name}' not specified"


def _parameter(parameter: Schema, text: str, name: str) -> Problem:
    kind, form = parameter["type"], parameter.get("format", "")
    # a path may hold what the service answers itself: another project, a name that nothing has
    spelled = {key: value for key, value in parameter.items() if key != "pattern"}
    if kind == "boolean":
        fits = text in ("true", "false", "True", "False")
    elif kind == "integer":
        fits = _is_whole(form or "int64")(text)
    else:
        fits = not list(_scalar(spelled, text, name)) if kind == "string" else True
    if not fits:
        yield f"Invalid value for field '{name}': '{text}'. the type is {kind}{f' ({form})' if form else ''}"
