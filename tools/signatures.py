"""
Writes what models take, `__init__` as type checkers see it, into the models' source.

A field holds a tuple, a `timedelta`, a member of an enumeration; the model takes any sequence, `"5m"`, the word. A type
checker knows only of the one unless it is told of the other.
"""

import ast
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tools.fields import sources
from trimtab.models import CountRange, Fleet, Image, LoadBalancer, MemoryRange, Metric
from trimtab.models.base import Model, NamedList
from trimtab.models.built_in import BLOCKS
from trimtab.models.policy import (
    Importable,
    PredictivePolicy,
    PythonPolicy,
    SimplePolicy,
    StepPolicy,
    TargetTrackingPolicy,
)

POLICIES = {SimplePolicy, StepPolicy, TargetTrackingPolicy, PredictivePolicy, PythonPolicy}
WORDS: Mapping[type, str] = {
    Image: "Image | str",
    CountRange: "CountRange | int",
    LoadBalancer: "LoadBalancer | str",
    MemoryRange: "MemoryRange | float",
    Metric: "Metric | NeutralName",
    timedelta: "timedelta | str",
    datetime: "datetime | str",
}
"""What is taken for these besides themselves."""
HEADING = "    if TYPE_CHECKING:"


def models() -> list[type[Model]]:
    """The models of a fleet that take more than they hold."""
    found = dict.fromkeys(_below(Fleet))
    return [model for model in found if any(map(_takes_more, model.model_fields.values()))]


def _takes_more(field: FieldInfo) -> bool:
    return Importable in field.metadata or converts(field.annotation)


def _below(model: type[BaseModel]) -> Iterator[type[Model]]:
    if issubclass(model, Model):
        yield model
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            yield from _below(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def signature(model: type[BaseModel]) -> str:
    """The `__init__` of a model, as source."""
    fields = model.model_fields.items()
    parameters = [_parameter(name, field) for name, field in fields if name not in BLOCKS]
    if model.model_fields.keys() >= BLOCKS:  # so that a provider that is added is named in one place
        parameters.append("**blocks: Unpack[Blocks]")
    return f"def __init__(self, *, {', '.join(parameters)}) -> None: ..."


def _parameter(name: str, field: FieldInfo) -> str:
    named = " | Mapping[str, Any]" if NamedList in field.metadata else ""
    named = " | Callable[..., object]" if Importable in field.metadata else named
    default = repr(field.default) if type(field.default) in (bool, int, str, type(None)) else "..."
    return f"{name}: {taken(field.annotation)}{named}{'' if field.is_required() else f' = {default}'}"


def converts(annotation: Any) -> bool:
    """Whether something else is taken for a field of this type than it holds."""
    if isinstance(annotation, type) and (issubclass(annotation, Enum) or annotation in WORDS):
        return True
    return get_origin(annotation) is tuple or any(map(converts, get_args(annotation)))


def taken(annotation: Any) -> str:
    """What is taken for a field of this type, as source."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return taken(inner[0])
    if origin in (Union, types.UnionType):
        return _union(inner)
    if origin is Literal:
        return f"Literal{[*inner]}"
    if origin is tuple:
        return f"Sequence[{taken(inner[0])}]"
    if origin is not None:
        return f"Mapping[{', '.join(map(taken, inner))}]"
    return _plain(annotation)


def _union(inner: tuple[Any, ...]) -> str:
    bare = {get_args(each)[0] if get_origin(each) is Annotated else each for each in inner}
    return "Policy" if bare == POLICIES else " | ".join(map(taken, inner))


def _plain(annotation: Any) -> str:
    if annotation is type(None):
        return "None"
    if annotation is Any:
        return "Any"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f"{annotation.__name__} | Literal{[each.value for each in annotation]}"
    return WORDS.get(annotation, annotation.__name__)


def written(model: type[BaseModel]) -> str | None:
    """The signature that the source of a model has, as `ast` prints it; `None` without one."""
    node = _node(model, ast.parse(Path(inspect.getfile(model)).read_text(encoding="utf-8")))
    found = _block(node)
    return None if found is None else ast.unparse(found.body[0])


def expected(model: type[BaseModel]) -> str:
    """The signature that it is to have, as `ast` prints it."""
    return ast.unparse(ast.parse(signature(model)))


def _node(model: type[BaseModel], tree: ast.Module) -> ast.ClassDef:
    return next(each for each in tree.body if isinstance(each, ast.ClassDef) and each.name == model.__name__)


def _block(node: ast.ClassDef) -> ast.If | None:
    for each in node.body:
        if isinstance(each, ast.If) and isinstance(each.test, ast.Name) and each.test.id == "TYPE_CHECKING":
            return each
    return None


def write(path: Path) -> None:
    """Write the signatures of the models of one file."""
    for model in models():
        if Path(inspect.getfile(model)) == path:
            lines = path.read_text(encoding="utf-8").split("\n")
            node = _node(model, ast.parse("\n".join(lines)))
            block = _block(node)
            start, end = _place(node) if block is None else (block.lineno - 1, block.end_lineno)
            lines[start:end] = [*([""] if block is None else []), HEADING, "", f"        {signature(model)}"]
            path.write_text("\n".join(lines), encoding="utf-8")


def _place(node: ast.ClassDef) -> tuple[int, int]:
    last = max(place for place, each in enumerate(node.body) if isinstance(each, ast.AnnAssign))
    following = node.body[last + 1] if last + 1 < len(node.body) else None
    said = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
    line = (following if said and following is not None else node.body[last]).end_lineno or 0
    return line, line


if __name__ == "__main__":
    for source in sources():
        if any(Path(inspect.getfile(model)) == source for model in models()):
            write(source)
    sys.stdout.write("now format the models and see what they import\n")
