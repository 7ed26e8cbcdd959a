import subprocess
import sys

import pytest

import trimtab.emulators
from trimtab.errors import MissingExtra


def run(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout


def test_importing_it_loads_no_server_and_no_sdk() -> None:
    loaded = run("import sys, trimtab.emulators; print(*sys.modules)").split()
    assert not {"moto", "flask", "werkzeug", "boto3", "botocore"} & set(loaded)


def test_a_missing_extra_is_named() -> None:
    script = (
        "import sys; sys.modules['moto'] = None\n"
        "import trimtab.emulators\n"
        "try: trimtab.emulators.AwsEmulator\n"
        "except ImportError as error: print(type(error).__name__, error)"
    )
    assert run(script).startswith(MissingExtra.__name__)
    assert "pip install 'trimtab[emulators]'" in run(script)


def test_what_is_public_is_there() -> None:
    pytest.importorskip("moto.server", reason="the extra emulators is not installed")
    assert all(hasattr(trimtab.emulators, name) for name in trimtab.emulators.__all__)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Nonsense"):
        trimtab.emulators.Nonsense  # noqa: B018
