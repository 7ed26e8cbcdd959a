"""What the SDK's own model classes say of a body."""

import enum
import inspect
import typing
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from azure.mgmt.compute import models as compute
from azure.mgmt.monitor import models as monitor

from trimtab.emulators.azure.shapes import ShapeMember, TypeShape

_MODELS: Mapping[str, Any] = {"compute": compute, "monitor": monitor}
_PLAIN: dict[Any, str] = {
    str: "string",
    bytes: "string",
    datetime: "string",
    date: "string",
    time: "string",
    timedelta: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "number",
}
_WORDS = {
    "str": "string",
    "bool": "boolean",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "duration": "string",
    "iso-8601": "string",
    "rfc-1123": "string",
    "bytearray": "string",
    "base64": "string",
}
_built: dict[type, TypeShape] = {}


@cache
def shape_of(name: str) -> TypeShape:
    """The shape of a model, such as `compute:VirtualMachineScaleSet`."""
    service, _, model = name.partition(":")
    models = _MODELS[service]
    return _of_class(getattr(models, model), models)


def _of_class(cls: Any, models: Any) -> TypeShape:
    if cls in _built:
        return _built[cls]
    shape = _built[cls] = TypeShape("object", cls.__name__)
    if hasattr(cls, "_attribute_map"):
        _fill_flat(shape, cls, models)
    else:
        _fill_nested(shape, cls, models)
    return shape


# azure-mgmt-compute: annotated members, `properties` as an object of its own


def _fill_nested(shape: TypeShape, cls: Any, models: Any) -> None:
    hints = typing.get_type_hints(cls, localns={"_models": models})
    for base in cls.__mro__:
        for attribute, value in vars(base).items():
            if type(value).__name__ != "_RestField":
                continue
            hint = hints.get(attribute, Any)
            read_only = list(value._visibility or ()) == ["read"]
            required = type(None) not in typing.get_args(hint) and not read_only
            shape.members.setdefault(
                value._rest_name_input or attribute, ShapeMember(_of_hint(hint, models), required, read_only)
            )


def _of_hint(hint: Any, models: Any) -> TypeShape:
    choices = [each for each in typing.get_args(hint) if each is not type(None)]
    origin = typing.get_origin(hint)
    if origin is typing.Union:
        enums = [each for each in choices if isinstance(each, type) and issubclass(each, enum.Enum)]
        return _of_enum(enums[0]) if enums else _of_hint(choices[0], models)
    if origin is list:
        return TypeShape("list", item=_of_hint(choices[0], models))
    if origin is dict:
        return TypeShape("map", item=_of_hint(choices[1], models))
    if hint in _PLAIN:
        return TypeShape(_PLAIN[hint])
    if isinstance(hint, type) and hasattr(hint, "as_dict"):
        return _of_class(hint, models)
    return TypeShape()


def _of_enum(cls: type[enum.Enum]) -> TypeShape:
    return TypeShape("string", cls.__name__, values={str(each.value).lower(): str(each.value) for each in cls})


# azure-mgmt-monitor: a map of attributes, `properties` flattened into the resource


def _fill_flat(target: TypeShape, cls: Any, models: Any) -> None:
    hints = inspect.signature(cls.__init__).parameters
    for attribute, entry in cls._attribute_map.items():
        rules = cls._validation.get(attribute, {})
        if not entry["key"]:
            target.is_open = True
            continue
        hint = hints[attribute].annotation if attribute in hints else Any
        shape = _of_choice(hint, models) or _of_word(entry["type"], models)
        member = ShapeMember(shape, bool(rules.get("required")), bool(rules.get("readonly")))
        _place(target, entry["key"].replace("\\.", "\0").split("."), member)
    _add_variants(target, cls, models)


def _place(shape: TypeShape, keys: list[str], member: ShapeMember) -> None:
    name = keys[0].replace("\0", ".")
    if len(keys) == 1:
        shape.members[name] = member
        return
    inner = shape.members.setdefault(name, ShapeMember(TypeShape("object", shape.name)))
    inner.required = inner.required or member.required
    _place(inner.shape, keys[1:], member)


def _add_variants(shape: TypeShape, cls: Any, models: Any) -> None:
    for attribute, names in getattr(cls, "_subtype_map", {}).items():
        shape.tag = cls._attribute_map[attribute]["key"].replace("\\.", ".")
        shape.variants = {value: _of_class(getattr(models, name), models) for value, name in names.items()}


def _of_choice(hint: Any, models: Any) -> TypeShape | None:
    for each in typing.get_args(hint):
        if isinstance(each, typing.ForwardRef) and each.__forward_arg__.startswith("_models."):
            model = getattr(models, each.__forward_arg__.removeprefix("_models."), None)
            if isinstance(model, type) and issubclass(model, enum.Enum):
                return _of_enum(model)
        if typing.get_args(each) and (inner := _of_choice(each, models)):
            return inner
    return None


def _of_word(word: str, models: Any) -> TypeShape:
    if word.startswith("["):
        return TypeShape("list", item=_of_word(word[1:-1], models))
    if word.startswith("{"):
        return TypeShape("map", item=_of_word(word[1:-1], models))
    if word in _WORDS:
        return TypeShape(_WORDS[word])
    model = getattr(models, word, None)
    return _of_class(model, models) if model is not None else TypeShape()
