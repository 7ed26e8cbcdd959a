"""What pydantic says of a value that it refuses, in plain words."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from trimtab.errors import FieldProblem, InvalidModel
from trimtab.phrases import closest

_SHARE = r"(\d{1,2}(\.\d{1,10})?|100)"
_PART = r"(\d+(\.\d+)?%?)?"
STATISTIC = rf"^(average|minimum|maximum|sum|count|IQM|(p|tm|wm|tc|ts){_SHARE}|(TM|WM|TC|TS|PR)\({_PART}:{_PART}\))$"
PRICE = r"^\d+(\.\d+)?$"
HIDDEN = "(hidden)"
"""What stands for a value that no message shows."""


def invalid(error: ValidationError, model: type[BaseModel]) -> InvalidModel:
    """Pydantic's error about a model as trimtab's own."""
    details = error.errors(include_url=False)
    problems = [
        FieldProblem(_path(detail), _words(detail, model)) for detail in details if not is_echo(detail, details)
    ]
    return InvalidModel(model.__name__, problems, tuple(error.errors(include_url=False, include_input=False)))


def is_echo(detail: ErrorDetails, details: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called too short for the items in it that are wrong: those are said."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and len(other["loc"]) > len(place) for other in details
    )


def _path(detail: ErrorDetails) -> str:
    return ".".join(map(str, (*detail["loc"], *detail.get("ctx", {}).get("at", ()))))


def _words(detail: ErrorDetails, model: type[BaseModel]) -> str:
    value = detail["input"]
    if detail["type"] == "extra_forbidden":
        return unknown_field(str(detail["loc"][-1]), [*_fields(model, detail["loc"][:-1])])
    shown = repr(value) if isinstance(value, str | int | float) and value != HIDDEN else ""
    return plain_words(detail, shown if len(shown) < _LONGEST else "", value=value)


def _fields(model: type[BaseModel], steps: tuple[int | str, ...]) -> Iterator[str]:
    """The fields of the models that stand at a place of a model."""
    models = [model]
    for step in steps:
        found = [each.model_fields[step].annotation for each in models if step in each.model_fields]
        models = [inner for annotation in found for inner in _models_in(annotation)] or models
    for each in models:
        yield from each.model_fields


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def unknown_field(name: str, fields: list[str]) -> str:
    """What is wrong with a field that there is none of, with the one that was meant or all that there are."""
    close = closest(name, fields)
    return f"unknown field; did you mean `{close}`?" if close else f"unknown field; use {', '.join(sorted(fields))}"


def plain_words(detail: ErrorDetails, shown: str, *, value: object) -> str:
    """
    What is wrong in plain words.

    Args:
        detail: What pydantic says of it.
        shown: The value as a message may show it; empty where it may not.
        value: The value, for a guess at what was meant; it is not shown.
    """
    kind, message, context = detail["type"], detail["msg"], detail.get("ctx", {})
    if detail["loc"][-1:] == ("[key]",) and kind == "string_pattern_mismatch":
        return (
            f"{str(detail['loc'][-2])!r} cannot be a name here; use {_PATTERNS.get(str(context['pattern']), 'another')}"
        )
    instead = f", not {shown}" if shown else ""
    match kind:
        case "rule":
            return message
        case "frozen_instance" | "frozen_field":
            return "models are frozen; make a changed one with `replace`"
        case "tuple_type" if isinstance(value, str):
            return f"give a list{instead}" + (f"; write [{shown}]" if shown else "")
        case "model_type" | "dataclass_type" | "model_attributes_type":
            return f"give a `{context['class_name']}`, or a mapping of its fields{instead}"
        case "missing":
            return "missing; add it"
        case "enum" | "literal_error":
            choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return not_a_choice(value, shown, choices)
        case "union_tag_not_found":
            return f"{context['discriminator']} is missing; add it".replace("'", "`")
        case "union_tag_invalid":
            choices = str(context["expected_tags"]).replace("'", "").split(", ")
            return f"{context['discriminator']} ".replace("'", "`") + not_a_choice(
                context["tag"], repr(context["tag"]), choices
            )
        case "string_pattern_mismatch":
            return f"write {_PATTERNS.get(str(context['pattern']), context['pattern'])}{instead}"
        case "tuple_type" | "list_type":
            return f"give a list{f', such as [{shown}]' if shown else ''}"
        case "finite_number":
            return f"give a finite number{instead}"
        case "string_too_short":
            return "give some text; this is empty"
        case "string_too_long":
            return f"this is longer than {context['max_length']} characters; shorten it"
        case "too_short" | "too_long":
            bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
            return f"give {bound}, not {context['actual_length']}"
    if kind in _TYPES:
        return f"give {_TYPES[kind]}{instead}"
    for name, words in _BOUNDS.items():
        if kind == name:
            return f"give {words.format(_number(next(iter(context.values()))))}{instead}"
    return message[:1].lower() + message[1:]


def _number(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def not_a_choice(value: object, shown: str, words: Sequence[str]) -> str:
    """What is wrong with a word that is not one of some, with the one that was meant or all of them."""
    close = closest(str(value), words)
    fix = f"did you mean {close}?" if close else f"write one of {', '.join(words)}"
    return f"{shown or 'this'} is not supported here; {fix}"


_LONGEST = 80
_PATTERNS = {
    STATISTIC: "average, minimum, maximum, sum, count, a percentile such as p95, or such as tm90 or TM(10%:90%)",
    PRICE: 'a price in quotes, such as "0.05"',
    r"^[a-zA-Z_0-9-]{1,127}$": "letters, digits, `-` and `_`, at most 127 of them",
}
_TYPES = {
    **dict.fromkeys(("tuple_type", "list_type"), "a list"),
    **dict.fromkeys(("dict_type", "mapping_type"), "a mapping"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "True or False"),
    "string_type": "text",
}
"""What pydantic calls a wrong type, and what to give instead."""
_BOUNDS = {
    "greater_than_equal": "{} or more",
    "greater_than": "more than {}",
    "less_than_equal": "{} or less",
    "less_than": "less than {}",
}
