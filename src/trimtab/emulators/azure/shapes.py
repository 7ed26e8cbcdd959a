"""What a body may look like, and the check of a body against it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trimtab.emulators.azure.errors import bad_content, bad_parameter
from trimtab.emulators.shared.errors import ServiceError

_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "map": (dict,),
    "list": (list,),
}


@dataclass
class TypeShape:
    """
    One type.

    `kind` is one of string, boolean, integer, number, object, map, list and any.
    """

    kind: str = "any"
    name: str = ""
    members: "dict[str, ShapeMember]" = field(default_factory=dict)
    item: "TypeShape | None" = None
    values: Mapping[str, str] = field(default_factory=dict)
    """The values of a closed choice, by themselves in small letters; services compare them without case."""
    tag: str = ""
    """The member whose value says which of the variants an object is."""
    variants: "dict[str, TypeShape]" = field(default_factory=dict)
    is_open: bool = False
    """Whether members that are not known are taken."""


@dataclass
class ShapeMember:
    """One member of an object."""

    shape: TypeShape
    required: bool = False
    read_only: bool = False


def check(value: Any, shape: TypeShape, *, whole: bool, strict: bool = False, path: str = "") -> None:
    """
    Refuse a body with an unknown member, a value of a wrong type or one that is no choice.

    Args:
        value: The body.
        shape: What it may look like.
        whole: Whether what is required must be there: in a PUT, not in a PATCH.
        strict: Whether a member that only the service writes is refused.
        path: Where in the body.

    Raises:
        ServiceError: The first fault.
    """
    if value is None or shape.kind == "any":
        return
    _check_kind(value, shape, path)
    match shape.kind:
        case "object":
            _check_object(value, shape, whole=whole, strict=strict, path=path)
        case "list":
            for index, each in enumerate(value):
                check(each, shape.item or TypeShape(), whole=whole, strict=strict, path=f"{path}[{index}]")
        case "map":
            for name, each in value.items():
                check(each, shape.item or TypeShape(), whole=whole, strict=strict, path=f"{path}.{name}")
        case "string" if shape.values and value.lower() not in shape.values:
            allowed = ", ".join(sorted(shape.values.values()))
            raise bad_parameter(f"The value '{value}' of parameter '{path}' is not allowed. Allowed: {allowed}.", path)
        case _:
            return


def recased(value: Any, shape: TypeShape) -> Any:
    """A copy of a body with its choices as the service writes them."""
    match shape.kind:
        case "object" if isinstance(value, dict):
            actual = shape.variants.get(str(value.get(shape.tag)), shape) if shape.tag else shape
            free = ShapeMember(TypeShape())
            return {name: recased(each, actual.members.get(name, free).shape) for name, each in value.items()}
        case "list" if isinstance(value, list):
            return [recased(each, shape.item or TypeShape()) for each in value]
        case "string" if isinstance(value, str):
            return shape.values.get(value.lower(), value)
        case _:
            return value


def _check_kind(value: Any, shape: TypeShape, path: str) -> None:
    is_right = isinstance(value, _KINDS[shape.kind])
    if shape.kind in ("integer", "number"):
        # a whole number may be written with a point
        whole = isinstance(value, float) and value.is_integer()
        is_right = not isinstance(value, bool) and (is_right or whole)
    if not is_right:
        what = shape.name or shape.kind
        raise bad_content(f"'Error converting value {value!r} to type '{what}'. Path '{path}'.'.")


def _check_object(value: dict[str, Any], shape: TypeShape, *, whole: bool, strict: bool, path: str) -> None:
    actual = shape.variants.get(str(value.get(shape.tag)), shape) if shape.tag else shape
    for name, each in value.items():
        where = f"{path}.{name}" if path else name
        member = actual.members.get(name)
        if member is not None:
            if strict and member.read_only and each is not None:
                raise bad_parameter(f"The property '{where}' is read-only.", where)
            check(each, member.shape, whole=whole, strict=strict, path=where)
        elif not actual.is_open:
            raise _unknown(name, actual, where)
    for name, member in actual.members.items():
        if whole and member.required and value.get(name) is None:
            where = f"{path}.{name}" if path else name
            raise bad_parameter(f"Required parameter '{where}' is missing (null).", where)


def _unknown(name: str, shape: TypeShape, where: str) -> ServiceError:
    return bad_content(f"'Could not find member '{name}' on object of type '{shape.name}'. Path '{where}'.'.")
