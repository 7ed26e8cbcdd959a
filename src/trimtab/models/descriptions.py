"""
What the fields of models mean: in `help()`, in JSON schemas, and in what editors show.

The texts are the docstrings below the fields. `fields.py` holds them, so that no source is read while a program runs;
`nox -s renew` writes it anew, and a test holds it against the source.
"""

import inspect

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue

from trimtab.models.fields import FIELDS

ATTRIBUTES = "Attributes:"


def described(model: type[BaseModel]) -> dict[str, str]:
    """What is said of each field of a model, by name; what is said of its bases' fields counts too."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        texts.update(FIELDS.get(f"{base.__module__}.{base.__qualname__}", {}))
    given = {name: field.description for name, field in model.model_fields.items()}
    return {name: text for name in model.model_fields if (text := given[name] or texts.get(name))}


def docstring(model: type[BaseModel], own: str | None) -> str | None:
    """A model's docstring that ends in a list of its fields."""
    texts = described(model)
    fields = [f"    {name}: {_indented(text)}" for name, text in texts.items()]
    parts = [inspect.cleandoc(own)] if own else []
    return "\n\n".join([*parts, "\n".join([ATTRIBUTES, *fields])] if fields else parts) or None


def describe_schema(schema: JsonSchemaValue, model: type[BaseModel]) -> None:
    """Give a model's JSON schema the docstring of each field at the field."""
    texts = described(model)
    own = (model.__doc__ or "").partition(ATTRIBUTES)[0].strip()
    schema.pop("description", None)
    if own:
        schema["description"] = own
    for name, field in schema.get("properties", {}).items():
        if name in texts:
            field.setdefault("description", texts[name])


def _indented(text: str) -> str:
    return "\n".join(f"        {line}" if line and number else line for number, line in enumerate(text.splitlines()))
