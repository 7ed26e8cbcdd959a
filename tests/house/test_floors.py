"""
The house: a file imports from its own floor or below and no files import each other in a circle; rooms are few and
not deep; clouds are apart; SDKs stay in their clients.
"""

import ast
from functools import cache
from graphlib import TopologicalSorter
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
    "declarations": 0,
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
MOST_ROOMS, MOST_STOREYS = 22, 10
CLOUDS = {"aws", "azure", "gcp", "memory"}
BUILDINGS = {"providers", "emulators"}
"""Rooms that have a room for each cloud."""
DECLARED = {"settings": "models", "declarations": "declarations", "constraints": "declarations"}
"""What a provider declares is on the ground floor, and in these rooms, although it lies in the provider's."""
NOUNS = {"errors", "clock", "phrases", "metrics", "events", "__init__", "__main__"}
"""Single files, which are no rooms."""


def name_of(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {path: ast.parse(path.read_text()) for path in FILES}
MODULES = {name_of(path): path for path in FILES}


@cache
def imports(path):
    """Everything that a file imports, wherever in it."""
    found = []
    for node in ast.walk(TREES[path]):
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


def is_typing_only(path):
    """Names imported under TYPE_CHECKING."""
    found = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            found.update(ast.unparse(inner) for inner in node.body)
    return found


def test_no_files_import_each_other_in_a_circle():
    """Not even for types; the front door is left out, which everybody may use and which loads some rooms late."""
    front = MODULES["trimtab"]
    TopologicalSorter({path: files_imported(path) - {front} for path in FILES if path != front}).prepare()


def test_rooms_are_few_and_not_deep():
    doors = {}
    for path in FILES:
        inner = {chamber(other) for other in files_imported(path)} - {chamber(path), "__init__"}
        doors.setdefault(chamber(path), set()).update(inner)
    rooms = doors.keys() - NOUNS
    assert len(rooms) <= MOST_ROOMS, sorted(rooms)
    order = TopologicalSorter(doors).static_order()
    storeys = {}
    for one in order:
        storeys[one] = 1 + max((storeys[other] for other in doors[one]), default=0)
    assert max(storeys.values()) <= MOST_STOREYS, sorted(storeys.items(), key=lambda item: item[1])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    own = floor(path)
    for name in imports(path):
        parts = name.split(".")
        module = MODULES.get(name) or MODULES.get(name.rpartition(".")[0])
        if module is not None and is_declared(module):
            continue
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
def test_providers_import_no_other_cloud_and_no_emulator(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] != "providers" or len(parts) < 3:
        return
    others = CLOUDS - {parts[1]}
    for name in imports(path):
        assert not any(name.startswith(f"trimtab.providers.{other}") for other in others), name
        assert not name.startswith("trimtab.emulators"), name


OPEN_TO_EMULATORS = {"engine", "models", "errors", "clock", "metrics", "phrases", "events"}
OWN_TO_EMULATORS = {"declarations", "constraints"}
"""What an emulator may know of its provider: facts, none of the code that it is there to test."""


def is_open_to_emulator(place, name):
    """Whether an emulators' file of a cloud, of `shared` or of neither (`""`) may import a name."""
    top, *rest = name.split(".")
    if top != "trimtab":
        return True
    if rest[:1] == ["emulators"]:
        return not place or rest[1:2] in ([place], ["shared"])
    if rest[:1] == ["providers"]:
        return bool(place) and rest[1:2] == [place] and rest[2] in OWN_TO_EMULATORS
    return bool(rest) and rest[0] in OPEN_TO_EMULATORS


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "emulators"], ids=lambda path: path.stem)
def test_emulators_import_the_engine_models_and_words_alone(path):
    _, *inner, _ = path.relative_to(ROOT).parts
    place = inner[0] if inner else ""
    closed = [name for name in imports(path) if not is_open_to_emulator(place, name)]
    assert not closed, f"{path.relative_to(ROOT)} imports {closed}"


@pytest.mark.parametrize(
    ("place", "name", "is_open"),
    [
        ("aws", "trimtab.engine.alarms.evaluate", True),
        ("aws", "trimtab.emulators.shared.errors.ServiceError", True),
        ("aws", "trimtab.emulators.aws.hooks", True),
        ("aws", "moto.ec2.models.ec2_backends", True),
        ("aws", "trimtab.providers.aws.declarations.CAPABILITIES", True),
        ("aws", "trimtab.providers.aws.constraints", True),
        ("aws", "trimtab.providers.aws.names.MODES", False),
        ("aws", "trimtab.providers.azure.declarations.CAPABILITIES", False),
        ("aws", "trimtab.providers.retry.Caller", False),
        ("aws", "trimtab.emulators.azure.ids.folded", False),
        ("aws", "trimtab.plan.diff", False),
        ("aws", "trimtab.ScalingGroup", False),
        ("aws", "trimtab", False),
        ("shared", "trimtab.emulators.aws.world.World", False),
        ("shared", "trimtab.providers.aws.constraints", False),
        ("", "trimtab.providers.aws.constraints", False),
        ("", "trimtab.emulators.gcp.server.GcpEmulator", True),
        ("", "trimtab.runtime.cloud", False),
    ],
)
def test_what_is_open_to_an_emulator(place, name, is_open):
    assert is_open_to_emulator(place, name) == is_open
