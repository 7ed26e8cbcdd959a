"""`trimtab plan --rehearse`: five lines for each group, and an exit code that says whether bounds hold."""

import json
from pathlib import Path

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")
pytest.importorskip("numpy", reason="simulations need numpy (extra `sim`)")
pytest.importorskip("jsonschema")

import jsonschema

from tests.commands import VARIABLES, Cli

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "plan.schema.json").read_text(encoding="utf-8"))
FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 20}
    template: {image: ami-1, size: t3.medium}
    policies:
      out: {change: 1, cooldown: 5m}
      in: {change: -1, cooldown: 5m}
    alarms:
      hot: {metric: cpu, above: 70, periods: 5, triggers: [out]}
      cold: {metric: cpu, below: 30, periods: 5, triggers: [in]}
"""


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    cli = Cli(tmp_path)
    cli.write(FLEET)
    assert cli("apply", "--yes").code == 0
    cli.edit("change: 1,", "change: 4,")
    rows = [f"2026-01-05T{at // 60:02}:{at % 60:02}Z,{6000 if 60 <= at < 180 else 900}" for at in range(240)]
    cli.write("\n".join(["timestamp,value", *rows]), "load.csv")
    return cli


def rehearse(cli, *words):
    return cli("plan", "--rehearse", str(cli.folder / "load.csv"), "--capacity", "10", *words)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nogroup=load.csv"], "--rehearse nogroup=load.csv: no group 'nogroup' in fleet 'shop'; it has web"),
        (["web="], "--rehearse web=: the file is missing; write GROUP=FILE"),
        (["none.csv"], "none.csv: cannot be read: No such file or directory"),
    ],
)
def test_a_load_that_is_not_there_is_named(cli, words, text):
    ended = cli("plan", *(part for word in words for part in ("--rehearse", word)))
    assert (ended.code, text in ended.err) == (1, True), ended.err


def test_a_plan_names_no_options_that_it_does_not_have(cli):
    """How a file is read is for `simulate` to be told; here the file is mended."""
    rows = ["timestamp,value", "2026-01-05T00:00Z,1", "2026-01-05T00:01Z,1", "2026-01-05T03:00Z,1"]
    ended = cli("plan", "--rehearse", str(cli.write("\n".join(rows), "gap.csv")), "--capacity", "10")
    text = "(2:58:00 missing); a rehearsal reads a file as it is, so mend the file"
    assert (ended.code, text in ended.err) == (1, True), ended.err
    plain = cli.write("\n".join(rows[:3]).replace("Z", ""), "plain.csv")
    said = " ".join(cli("plan", "--rehearse", str(plain), "--capacity", "10").out.split())
    assert "taken for UTC; where they are of another, write it in the file" in said


def test_the_live_group_against_the_new_in_five_lines(cli):
    ended = rehearse(cli)
    lines = ended.out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("web: live against new"))
    assert lines[first + 1].split() == ["kpi", "live", "new", "change"]
    assert [line.split()[0] for line in lines[first + 2 :]] == [
        *("availability", "longest-shortage", "response-p95", "efficiency", "instance-hours")
    ]
    assert lines[0].startswith("web  ")  # the plan comes first
    assert ended.code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--require", "served >= 90"), 0, "availability >= 90 %: holds, "),
        (("--require", "served >= 90", "--require", "served >= 99.999"), 2, "availability >= 99.999 %: broken, "),
        (("--require", "cost < 1"), 1, "error: group web: cost < 1: cannot be judged: give prices"),
        (("--require", "sreved > 1"), 1, "unknown KPI 'sreved'; did you mean 'served'?"),
        (("--rehearse", "web=load.csv"), 1, "several loads are of one group each; write GROUP=FILE"),
    ],
)
def test_the_exit_code_is_that_of_the_bounds(cli, words, code, said):
    ended = rehearse(cli, *words)
    assert ended.code == code
    assert said in ended.out + ended.err


def test_bounds_need_a_load(cli):
    ended = cli("plan", "--require", "served > 1")
    assert (ended.code, ended.err) == (1, "error: a rehearsal needs a load; give --rehearse FILE\n")


def test_data_and_markdown_of_a_rehearsal(cli):
    prices = cli.write("instance_hour: 0.5\n", "prices.yaml")
    load = f"web={cli.folder / 'load.csv'}"
    words = ("--rehearse", load, "--capacity", "10", "--prices", prices, "--require", "cost < 1")
    ended = cli("plan", *words, "--format", "json")
    document = ended.data
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (group,) = document["rehearsal"]["groups"]
    (bound,) = group["requirements"]
    assert (ended.code, bound["holds"], document["rehearsal"]["holds"]) == (2, False, False)
    kpis = {each["name"]: each for each in group["kpis"]}
    assert bound["value"] == kpis["cost"]["new"] == pytest.approx(kpis["cost"]["live"] + kpis["cost"]["change"])
    text = cli("plan", *words, "--format", "markdown").out
    assert text.startswith("**Plan: ")
    assert "| KPI | live | new | change |" in text
    assert "- ❌ cost \\< 1: broken, " in text
    # a plan without a rehearsal has that form too
    assert cli("plan", "--format", "markdown").out == text[: text.index("\n#### web: live against")]


def test_an_option_under_its_earlier_name_still_works_and_says_so(cli):
    """It arrives: the consent is of a rehearsal, and there is none."""
    for words in (["--allow-policies", "acme"], ["--allow-policies=acme"]):
        ended = cli("plan", *words)
        assert (ended.code, ended.err.splitlines()) == (
            1,
            [
                "--allow-policies is deprecated; use --allow-python",
                "error: a rehearsal needs a load; give --rehearse FILE",
            ],
        )
