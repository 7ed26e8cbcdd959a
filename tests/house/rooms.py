"""
The rooms of the house and how they lie above each other, each file parsed once.

`python -m tests.house.rooms` prints the picture.
"""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import trimtab

ROOT = Path(trimtab.__file__).parent
FLOORS = {
    "errors": 0,
    "clock": 0,
    "phrases": 0,
    "threads": 0,
    "metrics": 0,
    "models": 0,
    "declarations": 0,
    "engine": 1,
    "plan": 1,
    "capabilities": 1,
    "checks": 1,
    "events": 1,
    "logs": 1,
    "providers": 2,
    "emulators": 2,
    "runtime": 3,
    "store": 3,
    "sources": 3,
    "controller": 3,
    "rollout": 3,
    "kpis": 3,
    "simulation": 3,
    "loadtests": 3,
    "haproxy": 3,
    "hooks": 3,
    "explaining": 3,
    "drills": 3,
    "config": 3,
    "testing": 3,
    "tracing": 3,
    "__init__": 3,
    "cli": 4,
    "__main__": 4,
}
SDKS = {"boto3", "botocore", "azure", "google", "googleapiclient", "urllib3"}
FILES = sorted(ROOT.rglob("*.py"))
CLOUDS = {"aws", "azure", "gcp", "memory"}
BUILDINGS = {"providers", "emulators"}
"""Rooms that have a room for each cloud."""
DECLARED = {
    "settings": "models",
    "declarations": "declarations",
    "constraints": "declarations",
    "images": "declarations",
    "disks": "declarations",
    "rollouts": "declarations",
}
"""What a provider declares is on the ground floor, and in these rooms, although it lies in the provider's."""
NOUNS = {"errors", "clock", "phrases", "metrics", "events", "logs", "tracing", "threads", "__init__", "__main__"}
"""Single files, which are no rooms."""


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


@cache
def tree(path):
    """What a file says, read once."""
    return parsed(path.read_text())


def parsed(text):
    """
    The tree of a source.

    CPython 3.11 counts how deep it is in making one for all threads together: where another one prints a traceback,
    whose carets take such a tree too, it ends in a SystemError (https://github.com/python/cpython/issues/106905).
    """
    try:
        return ast.parse(text)
    except SystemError:
        return ast.parse(text)


@cache
def imports(path):
    """Everything that a file imports, wherever in it."""
    return names_of(ast.walk(tree(path)))


def names_of(nodes):
    """The names that import statements bring in."""
    found = []
    for node in nodes:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


@cache
def files_imported(path):
    """The files of ours that a file imports."""
    names = [name if name in MODULES else name.rpartition(".")[0] for name in imports(path)]
    return {MODULES[name] for name in names if name in MODULES} - {path}


def room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def is_declared(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] == "providers" and len(parts) == 3 and path.stem in DECLARED


def floor(path):
    return 0 if is_declared(path) else FLOORS[room(path)]


def chamber(path):
    """The room, or that of a cloud within it."""
    if is_declared(path):
        return DECLARED[path.stem]
    parts = path.relative_to(ROOT).parts
    inner = len(parts) > 2 and parts[0] in BUILDINGS and parts[1] in {*CLOUDS, "shared"}
    return "/".join(parts[:2]) if inner else room(path)


@cache
def run_time_imports(path):
    """What a file imports when it runs: not what stands under TYPE_CHECKING."""
    typing = {
        inner
        for node in ast.walk(tree(path))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for body in node.body
        for inner in ast.walk(body)
    }
    return names_of(node for node in ast.walk(tree(path)) if node not in typing)


@cache
def doors():
    """The rooms that each room imports from."""
    found = {}
    for path in FILES:
        inner = {chamber(other) for other in files_imported(path)} - {chamber(path), "__init__"}
        found.setdefault(chamber(path), set()).update(inner)
    return found


def storeys():
    """How deep each room stands: one more than the deepest that it imports from."""
    found = {}
    for one in TopologicalSorter(doors()).static_order():
        found[one] = 1 + max((found[other] for other in doors()[one]), default=0)
    return found


# who names a cloud


NAMED = re.compile(r"(?<![a-z])(aws|azure|gcp)(?![a-z])", re.IGNORECASE)
_CAMELS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _is_overload(node):
    return isinstance(node, ast.FunctionDef) and any(ast.unparse(one) == "overload" for one in node.decorator_list)


def _is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _words(node):
    """What the code says: names, and texts that are no docstrings; not what overloads say."""
    if _is_overload(node) or _is_docstring(node):
        return
    for field in ("id", "attr", "name", "arg", "module", "value"):
        word = getattr(node, field, None)
        if isinstance(word, str):
            yield "_".join(_CAMELS.split(word))
    for inner in ast.iter_child_nodes(node):
        yield from _words(inner)


ALONE = ROOT / "hooks" / "listener.py"
"""What is copied into instances of any cloud, as one file that imports nothing of ours."""


def naming_a_cloud():
    """
    The files outside the clouds' own folders that name one, beside doors, which re-export, what is generated, and what
    is copied into instances.
    """
    generated = ROOT / "models" / "fields.py"
    doors_too = [path for path in FILES if path not in (generated, ALONE) and not _is_within_cloud(path)]
    others = [path for path in doors_too if path.name != "__init__.py"]
    return sorted(str(path.relative_to(ROOT)) for path in others if any(map(NAMED.search, _words(tree(path)))))


def _is_within_cloud(path):
    parts = path.relative_to(ROOT).parts
    return parts[0] in BUILDINGS and parts[1] in CLOUDS - {"memory"}


def main():
    """Print each room with its depth, files and lines, and what it imports from."""
    sizes = {}
    for path in FILES:
        files, lines = sizes.get(chamber(path), (0, 0))
        sizes[chamber(path)] = files + 1, lines + len(path.read_text().splitlines())
    print("depth  files   lines  room, and the rooms that it imports from")
    for name, depth in sorted(storeys().items(), key=lambda item: (item[1], item[0])):
        files, lines = sizes[name]
        print(f"{depth:5}  {files:5}  {lines:6}  {name}: {', '.join(sorted(doors()[name]))}")
    print(f"\n{len(FILES)} files; these name a cloud outside its folders: {', '.join(naming_a_cloud())}")


if __name__ == "__main__":
    main()
