"""`trimtab check` prints what checks find."""

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run
from trimtab.models.built_in import BUILT_IN

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
    assert (code, err) == (2, "")
    assert out.splitlines() == [
        "fleet.yaml:8: TT108 group web, policies.out: no alarm triggers it, so it acts only by hand",
        "    fix: name it in an alarm (`triggers: [out]`), or remove it",
        "    https://trimtab.readthedocs.io/en/latest/checks/TT108.html",
        "",
        "fleet shop: 1 group, 1 policy: valid, 1 finding",
    ]


def test_options_choose_cloud_and_codes():
    assert "TT502" in check()[1]
    assert "TT502" not in check("--provider", "aws")[1]
    assert check("--ignore", "TT1", "--ignore", "TT5")[1] == "fleet shop: 1 group, 1 policy: valid\n"


def test_the_exit_code_says_whether_something_is_found():
    assert check()[0] == 2
    assert check("--exit-zero")[0] == 0
    assert check("--select", "TT3")[0] == 0


def test_ignored_findings_do_not_count_and_are_shown_when_asked(tmp_path):
    text = FLEET.replace("5m}", "5m}  # trimtab: ignore[TT108] by hand")
    (tmp_path / "fleet.yaml").write_text(text)
    assert check("--select", "TT108") == (0, "fleet shop: 1 group, 1 policy: valid\n", "")
    code, out, _ = check("--select", "TT108", "--show-ignored")
    assert code == 0
    assert out.splitlines()[2] == "    ignored: by hand"
    assert out.endswith("valid, 1 ignored\n")
    (finding,) = json.loads(check("--select", "TT108", "--show-ignored", "--format", "json")[1])["findings"]
    assert (finding["ignored"], finding["reason"]) == (True, "by hand")


def test_findings_as_data():
    code, out, _ = check("--format", "json", "--provider", "aws")
    data = json.loads(out)
    assert (code, data["valid"]) == (2, True)
    assert [one["code"] for one in data["findings"]] == ["TT104", "TT108"]
    assert data["findings"][1]["source"] == "fleet.yaml:8"


def test_a_code_that_there_is_not_is_one_line():
    code, out, err = check("--select", "TT9")
    assert (code, out) == (1, "")
    assert err.startswith("error: unknown check 'TT9'")


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
    assert code == 2
    assert generated().guide() == f"```console\n$ trimtab check guide.yaml --provider aws\n{out}```\n"


def test_the_guide_has_what_it_is_known_for_and_the_example_beside_it_nothing(monkeypatch):
    monkeypatch.chdir(ROOT / "examples" / "virtualmin")
    out = check("--provider", "aws", file="guide.yaml")[1]
    for code in ("TT101", "TT103", "TT106", "TT201", "TT202", "TT301", "TT303"):
        assert f" {code} group " in out
    for provider in BUILT_IN:
        assert check("--provider", provider, file="fleet.yaml")[0] == 0


# reports, by the real command


def process(*arguments, environment=None):
    command = [sys.executable, "-m", "trimtab", "check", *arguments]
    given = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **(environment or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=given)


def test_github_gets_commands_and_a_sentence_for_the_log(tmp_path):
    ended = process("fleet.yaml", "--select", "TT108", "--format", "github")
    command, sentence = ended.stdout.splitlines()
    assert command.startswith(
        f"::warning title=trimtab (TT108),file={tmp_path}/fleet.yaml,line=8,col=7::fleet.yaml:8:7: "
    )
    assert (sentence, ended.stderr, ended.returncode) == ("fleet shop: 1 group, 1 policy: valid", "", 2)


def test_a_log_for_code_scanning(tmp_path):
    ended = process("fleet.yaml", "--select", "TT108", "--format", "sarif")
    (result,) = json.loads(ended.stdout)["runs"][0]["results"]
    assert (result["ruleId"], ended.returncode) == ("TT108", 2)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_tests_for_continuous_integration(tmp_path, encoding):
    """Whatever the terminal's encoding, the document is right."""
    (tmp_path / "fleet.yaml").write_text(FLEET.replace("Tier: web", "Tier: wéb"))
    ended = process("fleet.yaml", "--select", "TT5", "--format", "junit", environment={"PYTHONIOENCODING": encoding})
    (failure,) = ElementTree.fromstring(ended.stdout).iter("failure")
    assert ("wéb" in failure.text, ended.returncode) == (True, 2)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("github", "::error title=trimtab (invalid-file)::standard input:8:13: invalid-file group web, policies.out."),
        ("sarif", '"level": "error"'),
        ("junit", '<failure type="invalid-file"'),
    ],
)
def test_mistakes_are_in_every_report(kind, words):
    out, err = io.StringIO(), io.StringIO()
    source = io.StringIO(FLEET.replace("change: 1", "chnage: 1"))
    code = run(["check", "-", "--format", kind], out=out, err=err, source=source)
    assert (words in out.getvalue(), err.getvalue(), code) == (True, "", 1)


@pytest.mark.parametrize("kind", ["github", "sarif", "junit"])
@pytest.mark.parametrize("wrong", [["none.yaml"], ["fleet.yaml", "--select", "TT9"], ["fleet.yaml", "--provider", "x"]])
def test_what_stops_the_check_is_in_every_report(kind, wrong):
    code, out, err = check(*wrong[1:], "--format", kind, file=wrong[0])
    assert (code, err) == (1, "")
    assert any(words in out for words in ("file not found", "unknown check", "unknown provider"))
