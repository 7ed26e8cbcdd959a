"""Imports go down: a file imports from its own floor or below, and clouds never import each other."""

import ast
from pathlib import Path

import pytest

import trimtab

ROOT = Path(trimtab.__file__).parent
FLOORS = {
    "errors": 0,
    "clock": 0,
    "phrases": 0,
    "metrics": 0,
    "models": 0,
    "engine": 1,
    "plan": 1,
    "capabilities": 1,
    "checks": 1,
    "events": 1,
    "providers": 2,
    "emulators": 2,
    "runtime": 3,
    "config": 3,
    "testing": 3,
    "__init__": 3,
    "views": 4,
    "cli": 4,
    "__main__": 4,
}
SDKS = {"boto3", "botocore", "azure", "google", "googleapiclient"}
FILES = sorted(ROOT.rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def is_typing_only(path):
    """Names imported under TYPE_CHECKING."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found.update(ast.unparse(inner) for inner in node.body)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    own = FLOORS[room(path)]
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "trimtab" or len(parts) < 2:
            continue
        target = parts[1] if parts[1] in FLOORS else "__init__"
        if room(path) != "testing" and target == "__init__" and own >= 3:
            continue  # the people's floor may use the front door
        assert FLOORS[target] <= own, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_clients_and_emulators_import_an_sdk(path):
    if path.name == "client.py" or room(path) in ("emulators", "testing"):
        return
    allowed = is_typing_only(path)
    for name in imports(path):
        if name.split(".")[0] in SDKS:
            assert any(name.split(".")[0] in line for line in allowed), f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_clouds_and_emulators_do_not_import_each_other(path):
    parts = path.relative_to(ROOT).parts
    for name in imports(path):
        if parts[0] == "emulators":
            assert not name.startswith("trimtab.providers"), name
        if parts[0] == "providers" and len(parts) > 2:
            others = {"aws", "azure", "gcp", "memory"} - {parts[1]}
            assert not any(name.startswith(f"trimtab.providers.{other}") for other in others), name
            assert not name.startswith("trimtab.emulators"), name
