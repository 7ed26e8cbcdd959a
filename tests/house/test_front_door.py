"""The public modules are complete, and importing trimtab is cheap."""

import importlib
import subprocess
import sys

import pytest

from tests.house.front_door import PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_all_is_complete_and_true(name):
    if name == "trimtab.emulators":
        pytest.importorskip("moto", reason="the emulators need their extra")
    if name == "trimtab.tracing":
        pytest.importorskip("opentelemetry", reason="tracing needs its extra")
    module = importlib.import_module(name)
    assert len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        assert getattr(module, public) is not None


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
