"""A provider is a folder: few files outside it know its name."""

import ast
import re
from pathlib import Path

import pytest

import trimtab
from trimtab.declarations import declarations_of, load
from trimtab.models.built_in import BUILT_IN

ROOT = Path(trimtab.__file__).parent
CLOUDS = ("aws", "azure", "gcp")
NAME = re.compile(rf"(?<![a-z])({'|'.join(CLOUDS)})(?![a-z])", re.IGNORECASE)
WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
MOST = 3


def is_of_a_cloud(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] in ("providers", "emulators") and parts[1] in CLOUDS


def is_overload(node):
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(one) == "overload" for one in node.decorator_list)


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def words(node):
    """What the code says: names, and texts that are no docstrings; not what overloads say."""
    if is_overload(node) or is_docstring(node):
        return
    for field in ("id", "attr", "name", "arg", "module", "value"):
        word = getattr(node, field, None)
        if isinstance(word, str):
            yield "_".join(WORDS.split(word))
    for inner in ast.iter_child_nodes(node):
        yield from words(inner)


def names_a_cloud(path):
    return any(NAME.search(word) for word in words(ast.parse(path.read_text())))


def test_few_files_name_a_provider():
    """Beside doors, which re-export, and the overloads of `connect`."""
    files = [path for path in ROOT.rglob("*.py") if not is_of_a_cloud(path) and path.name != "__init__.py"]
    naming = sorted(str(path.relative_to(ROOT)) for path in files if names_a_cloud(path))
    assert len(naming) <= MOST, naming


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_declared_path_leads_somewhere(name):
    declared = declarations_of(name)
    assert declared.name == name
    assert all(callable(load(path)) for path in (declared.connect, *declared.checks.values()))
    assert load(declared.pure).location


@pytest.mark.parametrize("name", BUILT_IN)
def test_declared_options_are_those_that_connect_takes(name):
    import inspect

    declared = declarations_of(name)
    takes = inspect.signature(load(declared.connect)).parameters
    assert [option.name for option in declared.options] == [
        option for option in takes if option not in ("clock", "workers", "listener")
    ]
    assert declared.place_option in takes
