"""A provider of another distribution: built, installed, and then as good as one of trimtab's own."""

import pytest

from tests.distributions import ROOT, environment_with, run

TOY = ROOT / "examples" / "toy-provider"
FLEET = """
name: shop
groups:
  web:
    template: {image: {id: toy-1}, size: small}
    capacity: {min: 2, max: 6}
    settings: {toy: {racks: 2}}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the toy is installed."""
    return environment_with(TOY, tmp_path_factory.mktemp("toy"))


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
        (("plan", "connect.yaml"), 2, "shop-web  [new]  connect.yaml"),
        (("plan", "connect.yaml"), 2, "web  cellar"),
        (("plan", "connect.yaml", "--region", "loft"), 2, "web  loft"),
        (("plan", "fleet.yaml", "--provider", "toy", "--connect", "shelf=x"), 1, "use region"),
        (("plan", "fleet.yaml", "--provider", "tyo"), 1, "unknown provider 'tyo'; did you mean toy?"),
    ],
)
def test_commands_know_it(installed, tmp_path, words, code, text):
    (tmp_path / "fleet.yaml").write_text(FLEET)
    (tmp_path / "connect.yaml").write_text(f"connect: {{provider: toy, region: cellar}}{FLEET}")
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
