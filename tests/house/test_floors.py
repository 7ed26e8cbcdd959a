"""
The house: a file imports from its own floor or below and no files import each other in a circle; rooms are few and
not deep; clouds are apart; SDKs stay in their clients.
"""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.house.rooms import (
    CLOUDS,
    FILES,
    FLOORS,
    MODULES,
    NOUNS,
    ROOT,
    SDKS,
    doors,
    files_imported,
    floor,
    imports,
    is_declared,
    names_of,
    parsed,
    room,
    run_time_imports,
    storeys,
)

MOST_ROOMS, MOST_STOREYS = 31, 10


def test_no_files_import_each_other_in_a_circle():
    """Not even for types; the front door is left out, which everybody may use and which loads some rooms late."""
    front = MODULES["trimtab"]
    TopologicalSorter({path: files_imported(path) - {front} for path in FILES if path != front}).prepare()


def test_rooms_are_few_and_not_deep():
    rooms = doors().keys() - NOUNS
    assert len(rooms) <= MOST_ROOMS, sorted(rooms)
    depths = {name: depth for name, depth in storeys().items() if name not in NOUNS}
    assert max(depths.values()) <= MOST_STOREYS, sorted(depths.items(), key=lambda item: item[1])


def test_imports_go_down():
    upward = [f"{path.relative_to(ROOT)} imports {name}" for path in FILES for name in _upward(path)]
    assert not upward


def _upward(path):
    own = floor(path)
    for name in imports(path):
        parts = name.split(".")
        module = MODULES.get(name) or MODULES.get(name.rpartition(".")[0])
        if parts[0] != "trimtab" or (module is not None and is_declared(module)):
            continue
        target = parts[1] if len(parts) > 1 and parts[1] in FLOORS else "__init__"
        if room(path) != "testing" and target == "__init__" and own >= 3:
            continue  # the people's floor may use the front door
        if FLOORS[target] > own:
            yield name


def test_only_clients_and_emulators_import_an_sdk():
    others = [path for path in FILES if path.name != "client.py" and room(path) not in ("emulators", "testing")]
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in others
        for name in run_time_imports(path)
        if name.split(".")[0] in SDKS
    ]
    assert len(others) > 100
    assert not found


def test_sql_is_spoken_in_the_store_alone():
    others = [path for path in FILES if room(path) != "store"]
    sql = {"sqlalchemy", "alembic", "psycopg", "sqlite3"}
    assert not [str(path) for path in others if sql & {name.split(".")[0] for name in imports(path)}]


def test_no_test_module_imports_another():
    """What several of them use is in a file of its own, so that nobody runs the tests of another one twice."""
    tests = Path(__file__).parents[1]
    found = [
        f"{path.relative_to(tests)} imports {name}"
        for path in tests.rglob("*.py")
        for name in names_of(ast.walk(parsed(path.read_text())))
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split(".")[:-1])
    ]
    assert not found


def test_providers_import_no_other_cloud_and_no_emulator():
    found = []
    for path in FILES:
        parts = path.relative_to(ROOT).parts
        if parts[0] == "providers" and len(parts) > 2:
            closed = ("trimtab.emulators", *(f"trimtab.providers.{other}" for other in CLOUDS - {parts[1]}))
            found += [f"{path.relative_to(ROOT)} imports {name}" for name in imports(path) if name.startswith(closed)]
    assert not found


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


def test_emulators_import_the_engine_models_and_words_alone():
    closed = []
    for path in (path for path in FILES if room(path) == "emulators"):
        _, *inner, _ = path.relative_to(ROOT).parts
        place = inner[0] if inner else ""
        names = [name for name in imports(path) if not is_open_to_emulator(place, name)]
        closed += [f"{path.relative_to(ROOT)} imports {name}" for name in names]
    assert not closed


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
