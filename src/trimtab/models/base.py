"""What every model shares: frozen, strict about names, and durations that read like `5m`."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, NoReturn, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

NAME = r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$"
NAME_RULE = "lower-case letters, digits and hyphens, 1 to 63, a letter first, no hyphen last"
DURATION = r"^(?=.)([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"
MAX_SIZE = 1_000_000
"""More instances than any cloud gives a group; a larger number is a slip."""
_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


class Model(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        ser_json_inf_nan="strings",
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )


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
    return InitErrorDetails(type=kind, loc=error["loc"], input="(hidden)", ctx=context)


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
    refuse(f'write a duration with its unit, such as "90s", "5m", "1h30m" or "2d", not {value!r}')


def _whole(parts: Mapping[str, int], text: str) -> timedelta:
    try:
        return timedelta(**parts)
    except OverflowError:
        refuse(f"{text!r} is longer than any schedule or wait can be")


def _check_duration(value: timedelta) -> timedelta:
    if value < timedelta(0) or value.microseconds:
        refuse(f"a duration is a whole number of seconds, 0 or more, not {value}")
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
        refuse(f"{value!r} is no name: use {NAME_RULE}")
    return value


Name = Annotated[str, AfterValidator(_check_name), WithJsonSchema({"type": "string", "pattern": NAME})]
"""A name that every cloud accepts."""


def _named_list(value: object) -> object:
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


def check_unique(what: str, names: Iterable[str], *at: str) -> None:
    """Refuse the second of two equal names, at its place in the list `at`."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            refuse(f"two {what} are called {name!r}; names are unique within their group", *at, index)
        seen.add(name)


def exactly_one(model: BaseModel, *names: str) -> None:
    """Refuse a model in which not exactly one of `names` is set."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        wanted = ", ".join(f"`{name}`" for name in names)
        present = " and ".join(f"`{name}`" for name in given) or "none"
        refuse(f"give exactly one of {wanted}; found {present}", *given[1:2])


def as_json(model: BaseModel) -> dict[str, Any]:
    """The model as plain JSON data, only the fields that were given."""
    return model.model_dump(mode="json", exclude_unset=True, by_alias=True)
