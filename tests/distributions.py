"""Distributions of the examples, built and installed as anybody would."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.measuring import unmeasured

ROOT = Path(__file__).parents[1]
_ALONE = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")


def run(*words, env=None, cwd=ROOT, text=None):
    """Run Python in a process of its own."""
    command = [sys.executable, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd, input=text)


def environment_with(source, folder):
    """The environment of a process in which the distribution of a folder is installed."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    wheels, site = folder / "wheels", folder / "site"
    with unmeasured():
        built = run("-m", "pip", "wheel", *_ALONE, "--no-build-isolation", "--wheel-dir", str(wheels), str(source))
        assert built.returncode == 0, built.stderr
        (wheel,) = wheels.glob("*.whl")
        put = run("-m", "pip", "install", *_ALONE, "--target", str(site), str(wheel))
        assert put.returncode == 0, put.stderr
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT / "src")))}
