"""What a process loads, counted: seconds differ from machine to machine, modules do not."""

import subprocess
import sys

from bench.readme import PROGRAM

PYDANTIC = """
from typing import Annotated
from zoneinfo import ZoneInfo
from cronsim import CronSim
from pydantic import AfterValidator, BaseModel
class Model(BaseModel):
    x: Annotated[int, AfterValidator(int)]
"""
"""The libraries that a declared fleet takes, used as little as can be."""
PRINT = "\nimport sys; print(*sorted(sys.modules))"
DECLARING = 31
"""Modules of ours that a fleet made in Python takes: models, settings of the clouds, errors, clock, metrics."""
OTHERS = 5
"""Modules of others, beyond what a model of pydantic's takes anyway."""
CONNECTED = 143
"""Modules of ours for a plan in memory."""


def loaded(program):
    done = subprocess.run([sys.executable, "-c", program + PRINT], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def of_ours(modules):
    return {name for name in modules if name.partition(".")[0] == "trimtab"}


def test_a_fleet_is_declared_with_the_models_alone():
    found = loaded(PROGRAM)
    ours = of_ours(found)
    others = found - ours - loaded(PYDANTIC)
    assert len(ours) <= DECLARING, sorted(ours)
    assert len(others) <= OTHERS, sorted(others)
    rooms = {name.split(".")[1] for name in ours if "." in name}
    assert rooms <= {"clock", "errors", "metrics", "models", "phrases", "providers"}, rooms


def test_a_plan_loads_neither_what_imports_nor_what_decides_nor_what_reads_files():
    ours = of_ours(loaded('import trimtab as tt; tt.connect("memory").plan(tt.Fleet(name="f", groups=[]))'))
    late = ("trimtab.providers.importing.importer", "trimtab.engine.decision", "trimtab.config", "trimtab.emulators")
    assert not [name for name in ours if name.startswith(late)]
    assert len(ours) <= CONNECTED, sorted(ours)


def test_names_of_the_front_door_are_loaded_with_their_first_use():
    assert "trimtab.runtime.cloud" not in loaded("import trimtab\nassert 'Cloud' in dir(trimtab)")
    assert "trimtab.runtime.cloud" in loaded("from trimtab import Cloud")
