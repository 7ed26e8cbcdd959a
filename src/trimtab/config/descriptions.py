"""What the models' field docstrings say, read from their source when a schema is asked for."""

import ast
import inspect
from itertools import pairwise

from pydantic import BaseModel

from trimtab.models.base import Model


def field_descriptions() -> dict[str, dict[str, str]]:
    """The docstring of each field, by model and field; those of a model's bases count too."""
    return {model.__name__: _of(model) for model in _below(Model)}


def _below(model: type[BaseModel]) -> list[type[BaseModel]]:
    return [subclass for child in model.__subclasses__() for subclass in (child, *_below(child))]


def _of(model: type[BaseModel]) -> dict[str, str]:
    descriptions: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Model) and base is not Model:
            descriptions.update(_in_class(base))
    return descriptions


def _in_class(model: type[BaseModel]) -> dict[str, str]:
    module = inspect.getmodule(model)
    tree = ast.parse(inspect.getsource(module)) if module else ast.Module([], [])
    body = next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__), [])
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
