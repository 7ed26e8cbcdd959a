"""Rules of another distribution: built, installed, and then as good as trimtab's own."""

import importlib
import io
import json
import sys
from textwrap import dedent

import pytest

import trimtab as tt
from tests.distributions import ROOT, environment_with, run
from trimtab.checks.outside import outside_rules
from trimtab.config.settings import load_settings

ACME = ROOT / "examples" / "own-checks"
FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 6}
    template: {image: ami-0abcdef1234567890, size: t3.medium}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment in which the rules of the example are installed."""
    return environment_with(ACME, tmp_path_factory.mktemp("acme"))


@pytest.fixture
def bring(tmp_path, monkeypatch):
    """A function that installs distributions, each with rules of a module's text under a prefix."""

    def install(**modules):
        monkeypatch.syspath_prepend(tmp_path)
        for name, (prefix, text) in modules.items():
            (tmp_path / f"{name}.py").write_text(dedent(text))
            info = tmp_path / f"{name}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[trimtab.checks]\n{prefix} = {name}:RULES\n")
        importlib.invalidate_caches()
        outside_rules.cache_clear()

    yield install
    outside_rules.cache_clear()
    for name in ("one", "two"):
        sys.modules.pop(name, None)


def trimtab(*words, env, folder, text=FLEET):
    pytest.importorskip("typer")
    pytest.importorskip("rich")
    (folder / "fleet.yaml").write_text(text)
    given = {name: value for name, value in env.items() if name != "TRIMTAB_PROVIDER"}
    return run("-m", "trimtab", words[0], "fleet.yaml", *words[1:], env=given, cwd=folder)


def test_its_own_tests_pass(installed):
    done = run(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(ACME / "test_acme.py"), env=installed
    )
    assert done.returncode == 0, done.stdout


def test_check_finds_by_them(installed, tmp_path):
    done = trimtab("check", env=installed, folder=tmp_path)
    assert done.stdout.splitlines()[:3] == [
        "fleet.yaml:3: ACME101 group web, tags: no tag says who owns the group",
        "    fix: add the tag `Owner: team@acme.example`",
        "    https://wiki.acme.example/fleets#owner",
    ]
    assert done.returncode == 2


def test_they_are_ignored_and_reported_like_others(installed, tmp_path):
    other = FLEET.replace(
        "  web:", "  api: {capacity: {min: 1, max: 2}, template: {image: ami-1, size: m5.large}}\n  web:"
    )
    text = other.replace("  web:", "  web:  # trimtab: ignore[ACME101] nobody is called at night")
    words = ("check", "--select", "ACME", "--select", "TT7", "--format", "sarif")
    done = trimtab(*words, env=installed, folder=tmp_path, text=text)
    (log,) = json.loads(done.stdout)["runs"]
    assert [result["message"]["text"].partition(":")[0] for result in log["results"]] == ["group api, tags"]
    (rule,) = log["tool"]["driver"]["rules"]
    assert (rule["id"], rule["helpUri"]) == ("ACME101", "https://wiki.acme.example/fleets#owner")


def test_plans_note_what_they_find(installed, tmp_path):
    done = trimtab("plan", "--provider", "memory", env=installed, folder=tmp_path)
    assert "ACME101 tags: no tag says who owns the group" in done.stdout
    assert done.returncode == 2


RULE = """
    from trimtab.checks import Remark, Rule
    def find(subject):
        {body}
    RULES = {{"{code}": Rule("A title", find)}}
"""
FINE = RULE.format(code="ACME1", body='yield Remark("", "text", "mend")')


def test_they_are_selected_and_ignored_by_code_or_prefix(bring, tmp_path):
    bring(one=("ACME", FINE))
    fleet = tt.parse_fleet(FLEET)
    for options in ({}, {"select": ["ACME"]}, {"select": ["ACME1"]}, {"ignore": ["TT"]}, {"provider": "aws"}):
        assert [finding.code for finding in tt.check_fleet(fleet, **options)] == ["ACME1"]
    for options in ({"select": ["TT"]}, {"ignore": ["ACME"]}, {"ignore": ["ACME1"]}):
        assert not tt.check_fleet(fleet, **options)
    (tmp_path / "trimtab.toml").write_text('ignore = ["ACME1"]')
    assert load_settings(tmp_path).ignore == ("ACME1",)


@pytest.mark.parametrize(
    ("prefix", "text", "said"),
    [
        ("ACME", "import nowhere", "the checks 'ACME' of one do not load: ModuleNotFoundError"),
        ("ACME", "RULES = 3", "the checks 'ACME' of one: one:RULES is not a mapping from codes to"),
        ("ACME", "RULES = {'ACME1': len}", "is not a mapping from codes to"),
        ("ACME", RULE.format(code="OTHER1", body="yield"), "invalid code 'OTHER1'; write ACME and a number"),
        ("TTX", FINE, "invalid prefix; use upper-case letters that do not begin with TT"),
        ("acme", FINE, "invalid prefix"),
        ("ACME", RULE.format(code="ACME1", body="return 1 / 0"), "check ACME1 of one failed on group 'web': ZeroDiv"),
        ("ACME", RULE.format(code="ACME1", body="return [3]"), "failed on group 'web': TypeError: it gave int, not"),
        ("ACME", RULE.format(code="ACME1", body="return None"), "failed on group 'web': TypeError"),
    ],
)
def test_rules_that_do_not_work_stop_a_check(bring, prefix, text, said):
    bring(one=(prefix, text))
    with pytest.raises(tt.errors.ConfigError) as caught:
        tt.check_fleet(tt.parse_fleet(FLEET))
    assert said in str(caught.value)


@pytest.mark.parametrize("kind", ["github", "sarif", "junit"])
def test_rules_that_do_not_work_are_in_every_report(bring, tmp_path, kind):
    pytest.importorskip("typer")
    pytest.importorskip("rich")
    from trimtab.cli import run as command

    bring(one=("ACME", "import nowhere"))
    (tmp_path / "fleet.yaml").write_text(FLEET)
    out = io.StringIO()
    assert command(["check", str(tmp_path / "fleet.yaml"), "--format", kind], out=out, err=out) == 1
    assert "of one do not load" in out.getvalue()
    assert not out.getvalue().startswith("error:")


def test_a_plan_goes_on_with_a_note_of_rules_that_do_not_work(bring):
    bring(one=("ACME", "import nowhere"))
    with tt.connect("memory") as cloud:
        plan = cloud.plan(tt.parse_fleet(FLEET.replace("web:", "web:\n    policies: {out: {change: 1, cooldown: 5m}}")))
    assert any("the checks 'ACME' of one do not load" in note.text for note in plan.notes)
    assert "TT108" in {note.code for note in plan.notes}
    assert plan.changes


def test_two_distributions_may_not_bring_the_same_codes(bring):
    bring(one=("ACME", FINE), two=("ACME", FINE))
    with pytest.raises(tt.errors.ConfigError, match="one and two both bring checks called 'ACME'"):
        tt.check_fleet(tt.parse_fleet(FLEET))


def test_without_any_there_are_none():
    assert [one.code for one in tt.check_fleet(tt.parse_fleet(FLEET))] == []
