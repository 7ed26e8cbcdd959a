"""A provider of another distribution: built, installed, and then as good as one of trimtab's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOY = ROOT / "examples" / "toy-provider"
FLEET = """
name: shop
groups:
  web:
    template: {image: {id: toy-1}, size: small}
    capacity: {min: 2, max: 6}
    settings: {toy: {racks: 2}}
"""


def run(*words, env=None, cwd=ROOT):
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, env=env, cwd=cwd)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the toy is installed."""
    pytest.importorskip("hatchling")
    pytest.importorskip("pip")
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    alone = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    built = run("-m", "pip", "wheel", *alone, "--no-build-isolation", "--wheel-dir", str(wheels), str(TOY))
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("trimtab_toy-*.whl")
    put = run("-m", "pip", "install", *alone, "--target", str(site), str(wheel))
    assert put.returncode == 0, put.stderr
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(ROOT / "src")))}


def test_it_keeps_the_contract(installed):
    done = run("-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", str(TOY / "test_toy.py"), env=installed)
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.rpartition("]\n")[2].split(" passed")[0]) > 35


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("plan", "fleet.yaml", "--provider", "toy"), 2, "+ group  shop-web  [new]"),
        (("apply", "fleet.yaml", "--provider", "toy", "--yes", "--wait", "accepted"), 0, "create group shop-web: done"),
        (("check", "fleet.yaml", "--provider", "toy"), 0, "1 group: valid"),
        (("plan", "fleet.yaml", "--provider", "memory"), 2, "settings"),
        (("plan", "fleet.yaml", "--provider", "tyo"), 1, "there are memory, aws, azure, gcp, toy"),
    ],
)
def test_commands_know_it(installed, tmp_path, words, code, text):
    (tmp_path / "fleet.yaml").write_text(FLEET)
    done = run("-m", "trimtab", *words, env=installed, cwd=tmp_path)
    said = done.stdout + done.stderr
    assert (done.returncode, text in said) == (code, True), said


def test_the_tables_of_the_documentation_have_it(installed):
    pytest.importorskip("trimtab.emulators.aws.server", reason="the pages of the documentation plan on all clouds")
    script = "import sys; sys.path.insert(0, 'docs'); import _generate as g; print(g.providers()); print(g.features())"
    done = run("-c", script, env=installed)
    assert done.returncode == 0, done.stderr
    assert "| `toy` |" in done.stdout
    assert "| toy |" in done.stdout
    assert "no: nobody takes a toy away" in done.stdout
