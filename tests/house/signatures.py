"""Which classes of trimtab the signatures of its public names mention."""

import ast
import importlib
import inspect
import typing
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from types import ModuleType
from typing import Any

Mention = tuple[str, type]
"""Where a class is mentioned, and the class."""


@cache
def names_in(module: ModuleType) -> Mapping[str, Any]:
    """What annotations in a module may name: its own names, and what only checkers of types and functions import."""
    names = dict(vars(module))
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            origin = importlib.import_module(node.module)
            for alias in node.names:
                with suppress(AttributeError):
                    names.setdefault(alias.asname or alias.name, getattr(origin, alias.name))
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If):  # aliases for checkers of types alone
            names |= {target.id: Any for target in _assigned(node) if target.id not in names}
    return names


def _assigned(node: ast.If) -> Iterator[ast.Name]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            yield from (target for target in statement.targets if isinstance(target, ast.Name))


def mentions_of(thing: object, name: str) -> Iterator[Mention]:
    """The classes that a public function, or the methods, properties and fields of a public class, mention."""
    if inspect.isclass(thing):
        for attribute in dir(thing):
            if attribute == "__init__" or not attribute.startswith("_"):
                yield from _of_function(_function(inspect.getattr_static(thing, attribute)), f"{name}.{attribute}")
        for field in getattr(thing, "model_fields", {}).items():
            yield from ((f"{name}.{field[0]}", each) for each in _classes(field[1].annotation))
    else:
        yield from _of_function(thing, name)


def _function(member: object) -> object:
    if isinstance(member, (staticmethod, classmethod)):
        return member.__func__
    return member.fget if isinstance(member, property) else member


def _of_function(function: object, name: str) -> Iterator[Mention]:
    if not inspect.isfunction(function) or not function.__module__.startswith("trimtab"):
        return
    function = inspect.unwrap(function)
    known = dict(names_in(importlib.import_module(function.__module__)))
    for parameter, hint in typing.get_type_hints(function, globalns=known).items():
        yield from ((f"{name}:{parameter}", each) for each in _classes(hint))


def _classes(hint: Any) -> Iterator[type]:
    arguments = typing.get_args(hint)
    if isinstance(hint, type) and not arguments:
        if hint.__module__.startswith("trimtab"):
            yield hint
        return
    if typing.get_origin(hint) is typing.Literal:
        return
    for argument in arguments:
        for each in argument if isinstance(argument, list) else (argument,):
            yield from _classes(each)
