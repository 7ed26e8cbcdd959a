"""
Requests held against botocore's service model, as the service itself does.

The SDK checks names, types and lower limits before it sends; enums, upper limits and patterns are
left to the service, and moto leaves them too.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from trimtab.emulators.aws.wire import Request
from trimtab.emulators.shared.errors import ServiceError

_CODES = {"ec2": "InvalidParameterValue"}
_CHECKED = {"autoscaling", "cloudwatch", "ec2", "elbv2"}


def check(request: Request) -> None:
    """Refuse a request that the service model rules out."""
    if request.service not in _CHECKED or request.model is None or request.model.input_shape is None:
        return
    problems = list(_problems(request.model.input_shape, request.params, ""))
    if problems:
        number = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise ServiceError(_CODES.get(request.service, "ValidationError"), number + "; ".join(problems))


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        yield from _structure_problems(shape, value, path)
    elif kind == "list":
        yield from _range_problems(shape, len(value), path, "length")
        for index, each in enumerate(value, 1):
            yield from _problems(shape.member, each, f"{path}.{index}.member")
    elif kind == "map":
        for name, each in value.items():
            yield from _problems(shape.value, each, f"{path}.{name}")
    elif kind == "string":
        yield from _string_problems(shape, value, path)
    elif kind in ("integer", "long", "float", "double"):
        yield from _range_problems(shape, value, path, "value")


def _structure_problems(shape: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, each in value.items():
        if each is not None and name in shape.members:
            yield from _problems(shape.members[name], each, _join(path, name))


def _string_problems(shape: Any, value: str, path: str) -> Iterator[str]:
    where = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy"
    if shape.enum and value not in shape.enum:
        yield f"{where} enum value set: [{', '.join(shape.enum)}]"
    yield from _range_problems(shape, len(value), path, "length")
    pattern = shape.metadata.get("pattern")
    if pattern and (compiled := _compiled(pattern)) and not compiled.fullmatch(value):
        yield f"{where} regular expression pattern: {pattern}"


def _range_problems(shape: Any, size: float, path: str, what: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} greater than or equal to {low}"
    if high is not None and size > high:
        yield f"Value at '{path}' failed to satisfy constraint: Member must have {what} less than or equal to {high}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    # some patterns are Java's and mean nothing here, surrogate pairs above all
    if "\\uD" in pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _join(path: str, name: str) -> str:
    inner = name[:1].lower() + name[1:]
    return f"{path}.{inner}" if path else inner
