"""The public modules are complete, and importing trimtab is cheap."""

import importlib
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.house.front_door import PUBLIC
from tests.house.signatures import mentions_of
from trimtab import errors

MADE_BY_TRIMTAB = {
    "trimtab.HaproxySync.__init__:cloud": "a `Cloud`, or what is like one",
    "trimtab.MixTick.of:mix": "the controller makes it",
    "trimtab.Rollouts.__init__:carry_out": "`Cloud.rollouts` makes it",
    "trimtab.Rollouts.__init__:cloud": "a `Cloud`, or what is like one",
    "trimtab.Simulation.__init__:source": "`simulate` makes it",
    "trimtab.SqlStore.__init__:database": "`open_store` makes it",
    "trimtab.testing.MemoryTestCloud.__init__:store": "the fixture makes it",
}
"""What signatures mention and is not public, with the reason: nobody else has it to give."""
OTHERS_LIBRARIES = ("trimtab.emulators", "trimtab.tracing")
"""Their signatures are those of moto and OpenTelemetry."""


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_complete_and_true(name):
    if name == "trimtab.emulators":
        pytest.importorskip("moto", reason="the emulators need their extra")
    if name == "trimtab.tracing":
        pytest.importorskip("opentelemetry", reason="tracing needs its extra")
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        with suppress(errors.MissingExtra):  # which names the extra
            assert getattr(module, public) is not None


def test_what_signatures_mention_is_public():
    pytest.importorskip("moto", reason="the clouds for tests need the emulators")
    pytest.importorskip("sqlalchemy", reason="stores need their extra")
    pytest.importorskip("numpy", reason="simulations need their extra")
    names = [(name, importlib.import_module(name)) for name in PUBLIC if name not in OTHERS_LIBRARIES]
    things = [(f"{name}.{each}", getattr(module, each)) for name, module in names for each in module.__all__]
    emulators = importlib.import_module("trimtab.emulators")
    public = {id(thing) for _, thing in things} | {id(getattr(emulators, each)) for each in emulators.__all__}
    mentioned = [mention for name, thing in things for mention in mentions_of(thing, name)]
    assert {where for where, kind in mentioned if id(kind) not in public} == set(MADE_BY_TRIMTAB)


def test_importing_trimtab_loads_no_sdk():
    code = (
        "import sys, trimtab; trimtab.connect('memory');"
        "bad = {'boto3', 'botocore', 'moto', 'flask', 'azure', 'google', 'typer', 'rich', 'pytest', 'asyncio',"
        "'opentelemetry', 'trimtab.runtime.async_cloud'} & set(sys.modules);"
        "sys.exit(', '.join(bad) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_clouds_for_tests_need_no_pytest():
    """Examples and the demo use them where no pytest is installed."""
    code = "import sys; sys.modules['pytest'] = None; from trimtab.testing import AwsTestCloud, GcpTestCloud"
    subprocess.run([sys.executable, "-c", code], check=True)
