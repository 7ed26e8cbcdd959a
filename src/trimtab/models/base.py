"""What every model shares: frozen, strict about names, and durations that read like `5m`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from threading import RLock
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Self, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from trimtab.models.descriptions import describe_schema, docstring
from trimtab.models.wording import HIDDEN, invalid

NAME = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
ITEM_NAME = r"^[A-Za-z]([-_A-Za-z0-9]{0,61}[A-Za-z0-9])?$"
ITEM_NAME_RULE = "letters, digits, hyphens and `_`, 1 to 63, a letter first, a letter or digit last"
NAME_RULE = "lower-case letters, digits and hyphens, 1 to 63, a letter first, no hyphen last"
DURATION = r"^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
MAX_SIZE = 1_000_000
"""More instances than any cloud gives a group; a larger number is a slip."""
_BUILDING = RLock()
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Model(BaseModel):
    """
    A frozen value that refuses fields it does not know.

    Raises:
        InvalidModel: A field is missing, unknown, or has a value that cannot be; so do `model_validate` and its kin.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )

    if not TYPE_CHECKING:

        def __init__(self, /, **fields: Any) -> None:
            try:
                super().__init__(**fields)
            except ValidationError as error:
                raise invalid(error, type(self)) from None

        # what pydantic knows its own by: models inside models are made without this call
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: Any) -> None:
            try:
                super().__setattr__(name, value)
            except ValidationError as error:
                raise invalid(error, type(self)) from None

        def __delattr__(self, name: str) -> None:
            try:
                super().__delattr__(name)
            except ValidationError as error:
                raise invalid(error, type(self)) from None

        @classmethod
        def model_validate(cls, *given: Any, **how: Any) -> Any:
            """The model of data such as `model_dump` gives; `InvalidModel` where it is none."""
            with _our_errors(cls):
                return super().model_validate(*given, **how)

        @classmethod
        def model_validate_json(cls, *given: Any, **how: Any) -> Any:
            """The model of JSON text such as `model_dump_json` gives; `InvalidModel` where it is none."""
            with _our_errors(cls):
                return super().model_validate_json(*given, **how)

        @classmethod
        def model_validate_strings(cls, *given: Any, **how: Any) -> Any:
            """The model of data whose values are text; `InvalidModel` where it is none."""
            with _our_errors(cls):
                return super().model_validate_strings(*given, **how)

        @classmethod
        def model_rebuild(cls, **how: Any) -> bool | None:
            """Build the validator, as its first use does; in one thread at a time, which not every pydantic sees to."""
            with _BUILDING:
                return super().model_rebuild(**how)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls.__doc__ = docstring(cls, vars(cls).get("__doc__"))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        result = handler(schema)
        own = handler.resolve_ref_schema(result)
        describe_schema(own, cls)
        for name, field in own.get("properties", {}).items():
            default = cls.model_fields[name].default if name in cls.model_fields else None
            if isinstance(default, timedelta):
                field["default"] = format_duration(default)
        return result

    def __hash__(self) -> int:
        """Equal models have equal hashes, mappings in them included."""
        values = [getattr(self, name) for name in type(self).__pydantic_fields__]
        try:
            return hash((type(self), *values))
        except TypeError:  # a mapping is among them
            return hash((type(self), *map(_hashable, values)))

    def replace(self, **fields: Any) -> Self:
        """
        The same with some fields changed, checked as a whole.

        Args:
            fields: New values by field, as they are given to the class itself; lists and mappings whole.

        Raises:
            InvalidModel: There is no such field, or the result is invalid.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set}
        replaced = type(self).model_validate({**given, **fields})
        for name in self.__private_attributes__:
            setattr(replaced, name, getattr(self, name))
        return replaced


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value


@contextmanager
def _our_errors(model: type[BaseModel]) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        refused = invalid(error, model)
    else:
        return
    raise refused


def _without_inputs(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        title = error.title
        details = [_without_input(detail) for detail in error.errors(include_url=False, include_input=False)]
    raise ValidationError.from_exception_data(title, details, hide_input=True)


def _without_input(error: Mapping[str, Any]) -> InitErrorDetails:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "rule":
        kind = PydanticCustomError("rule", "{message}", {"message": error["msg"], **context})
    return InitErrorDetails(type=kind, loc=error["loc"], input=HIDDEN, ctx=context)


class SecretHolder(Model):
    """A model that holds start scripts: its errors hold none of what it was given."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # around all of the model's own validators, and known by the model's own name
        inner = dict(handler.resolve_ref_schema(handler(source)))
        name = inner.pop("ref")
        return core_schema.no_info_wrap_validator_function(_without_inputs, cast("CoreSchema", inner), ref=name)


def refuse(message: str, *at: str | int) -> NoReturn:
    """
    Stop validation with `message`, at a place inside the model that is being checked.

    Args:
        message: What is wrong and what to do about it.
        at: The path from the model to the field that is meant; empty for the model itself.
    """
    raise PydanticCustomError("rule", "{message}", {"message": message, "at": at})


def parse_duration(value: object) -> object:
    """A `timedelta` for `1h30m`; a `timedelta` as it is; anything else is refused with the mend."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and re.fullmatch(DURATION, value):
        parts = re.findall(r"(\d+)([dhms])", value)
        return _whole({_UNITS[unit]: int(number) for number, unit in parts}, value)
    refuse(not_a_duration(value))


def not_a_duration(value: object) -> str:
    """Why a value is refused where a duration is wanted, and what to write."""
    text = str(value)
    fix = '"90s", "5m", "1h30m" or "2d"'
    if re.fullmatch(r"[1-9][0-9]{0,8}", text):
        minutes = int(text) // 60 if int(text) % 60 == 0 else text
        fix = f'"{text}s" or "{minutes}m"'
    elif long := re.fullmatch(
        r"([1-9][0-9]{0,8}) ?(sec(ond)?s?|min(ute)?s?|h(ou)?rs?|days?|[smhd])", text, re.IGNORECASE
    ):
        fix = f'"{long[1]}{long[2][0].lower()}"'
    return f"{value!r} is not a duration; write {fix}"


def _whole(parts: Mapping[str, int], text: str) -> timedelta:
    try:
        return timedelta(**parts)
    except OverflowError:
        refuse(f"{text!r} is too long for a duration; write a shorter one")


def _check_duration(value: timedelta) -> timedelta:
    if value < timedelta(0) or value.microseconds:
        refuse(f"{value} is not a duration of whole seconds, 0 or more; round it")
    return value


def format_duration(value: timedelta) -> str:
    """`1h30m` for a `timedelta` of ninety minutes; `0s` for none."""
    seconds = int(value.total_seconds())
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    AfterValidator(_check_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DURATION, "examples": ["90s", "5m", "1h30m"]}),
]
"""A length of time: `"5m"` in a file, `timedelta` in Python."""


def _check_name(value: str) -> str:
    if not re.fullmatch(NAME, value):
        refuse(f"invalid name {value!r}; use {NAME_RULE}")
    return value


def _check_item_name(value: str) -> str:
    if not re.fullmatch(ITEM_NAME, value):
        refuse(f"invalid name {value!r}; use {ITEM_NAME_RULE}")
    return value


def fold_name(name: str) -> str:
    """The same text for all names that some cloud takes for one: in lower case, with hyphens only."""
    return name.lower().replace("_", "-")


Filled = Annotated[str, Field(min_length=1)]
"""A text that is not empty, as every item of a list of texts is."""
Name = Annotated[str, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": NAME})]
"""A name that every cloud accepts."""
ItemName = Annotated[str, AfterValidator(_check_item_name), WithJsonSchema({"type": "string", "pattern": ITEM_NAME})]
"""A name of something within a group, in any case; no two of a list fold to the same."""


def _named_list(value: object) -> object:
    if isinstance(value, Model):  # pydantic would take it for a list of its fields
        refuse(f"give a list of them, not one {type(value).__name__}; write [...] around it")
    if not isinstance(value, Mapping):
        return value
    return [_with_name(name, item) for name, item in value.items()]


def _with_name(name: object, item: object) -> object:
    if item is None:
        item = {}
    if not isinstance(item, Mapping):
        return item
    if item.get("name", name) != name:
        refuse(
            f"this is listed as {name!r} but names itself {item['name']!r}; leave `name` out",
            str(name),
            "name",
        )
    return {"name": name, **item}


NamedList = BeforeValidator(_named_list)
"""Lets a list of named things be written as a mapping from name to thing."""


def check_unique(what: str, names: Iterable[str], *at: str, fold: Callable[[str], str] = str) -> None:
    """
    Refuse the second of two names that are one, at its place in the list `at`.

    Args:
        what: What is named.
        names: Their names.
        at: Where the list is.
        fold: The same text for all names that are one.
    """
    seen: dict[str, str] = {}
    for index, name in enumerate(names):
        known = seen.get(fold(name))
        if known == name:
            refuse(f"two {what} are called {name!r}; rename one", *at, index)
        if known is not None:
            refuse(f"two {what} are called {known!r} and {name!r}, one name to some clouds; rename one", *at, index)
        seen[fold(name)] = name


def exactly_one(model: BaseModel, *names: str) -> None:
    """Refuse a model in which not exactly one of `names` is set."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        wanted = ", ".join(f"`{name}`" for name in names)
        present = " and ".join(f"`{name}`" for name in given) or "none"
        refuse(f"give exactly one of {wanted}; found {present}", *given[1:2])
