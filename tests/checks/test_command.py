"""`trimtab check` prints what checks find."""

import importlib.util
import io
import json
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run

ROOT = Path(__file__).parents[2]
FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 2}
    template: {image: ami-1, size: t3.medium}
    tags: {Tier: web}
    policies:
      out: {change: 1, cooldown: 5m}
"""


@pytest.fixture(autouse=True)
def plain(tmp_path, monkeypatch):
    """In a folder with the file, and without a provider in the environment."""
    monkeypatch.delenv("TRIMTAB_PROVIDER", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet.yaml").write_text(FLEET)


def check(*arguments, file="fleet.yaml"):
    out, err = io.StringIO(), io.StringIO()
    code = run(["check", file, *arguments], out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def test_findings_are_printed_with_place_mend_and_page():
    code, out, err = check("--select", "TT108")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "fleet.yaml:8: TT108 group web, policies.out: no alarm triggers it, so it acts only by hand",
        "    mend: name it in the `triggers` of an alarm, or remove it: `triggers: [out]`",
        "    https://trimtab.readthedocs.io/en/latest/checks/TT108.html",
        "",
        "fleet shop: 1 group, 1 policy: valid, 1 finding",
    ]


def test_options_choose_cloud_and_codes():
    assert "TT502" in check()[1]
    assert "TT502" not in check("--provider", "aws")[1]
    assert check("--ignore", "TT1", "--ignore", "TT5")[1] == "fleet shop: 1 group, 1 policy: valid\n"


def test_strict_ends_with_1_only_when_something_is_found():
    assert check("--strict")[0] == 1
    assert check("--strict", "--select", "TT3")[0] == 0


def test_findings_as_data():
    code, out, _ = check("--format", "json", "--provider", "aws")
    data = json.loads(out)
    assert (code, data["valid"]) == (0, True)
    assert [one["code"] for one in data["findings"]] == ["TT104", "TT108"]
    assert data["findings"][1]["source"] == "fleet.yaml:8"


def test_a_code_that_there_is_not_is_one_line():
    code, out, err = check("--select", "TT9")
    assert (code, out) == (1, "")
    assert err.startswith("error: no check is called 'TT9'")


def test_mistakes_come_before_advice(tmp_path):
    (tmp_path / "fleet.yaml").write_text(FLEET.replace("change: 1", "chnage: 1"))
    code, out, err = check()
    assert (code, out) == (1, "")
    assert err.startswith("error: fleet.yaml:8:")


def generated():
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "_generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_docs_show_what_is_printed_of_the_guide(monkeypatch):
    monkeypatch.chdir(ROOT / "examples" / "virtualmin")
    code, out, _ = check("--provider", "aws", file="guide.yaml")
    assert code == 0
    assert generated().guide() == f"```console\n$ trimtab check guide.yaml --provider aws\n{out}```\n"


def test_the_guide_has_what_it_is_known_for_and_the_example_beside_it_nothing(monkeypatch):
    monkeypatch.chdir(ROOT / "examples" / "virtualmin")
    out = check("--provider", "aws", file="guide.yaml")[1]
    for code in ("TT101", "TT103", "TT106", "TT201", "TT202", "TT301", "TT303"):
        assert f" {code} group " in out
    assert check("--provider", "aws", "--strict", file="fleet.yaml")[0] == 0
