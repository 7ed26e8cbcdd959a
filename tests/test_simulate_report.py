"""`trimtab simulate` with KPIs, against another file, and with a report."""

import json
from importlib.util import find_spec

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")
pytest.importorskip("numpy", reason="simulations need numpy (extra `sim`)")

from datetime import UTC, datetime, timedelta

from tests.commands import Cli

FLEET = """\
name: shop
groups:
  web:
    capacity: {min: 2, max: 20}
    template: {image: ami-1, size: t3.medium}
    policies:
      scale-out: {change: 1, cooldown: 5m}
      scale-in: {change: -1, cooldown: 5m}
    alarms:
      hot: {metric: cpu, above: 70, period: 5m, periods: 1, triggers: [scale-out]}
      cold: {metric: cpu, below: 30, period: 5m, periods: 3, triggers: [scale-in]}
"""


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in ("TRIMTAB_PROVIDER", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    cli = Cli(tmp_path)
    cli.write(FLEET)
    cli.write(FLEET.replace("change: 1,", "change: 4,"), "faster.yaml")
    begin = datetime(2026, 1, 5, tzinfo=UTC)
    times = [(begin + timedelta(minutes=minute)).isoformat() for minute in range(240)]
    rows = [f"{at},{6000 if 60 <= minute < 180 else 900}" for minute, at in enumerate(times)]
    cli.write("\n".join(["timestamp,value", *rows]), "load.csv")
    return cli


def simulate(cli, *arguments):
    load = str(cli.folder / "load.csv")
    return cli("simulate", "--load", load, "--capacity", "10", "--preset", "ec2", *arguments)


def test_kpis_of_a_simulation(cli):
    ended = simulate(cli, "--kpis", "--prices", cli.write("instance_hour: 0.5\n", "prices.yaml"))
    assert ended.code == 0, ended.err
    assert "time-to-scale" in ended.out
    assert "FAIL" in ended.out
    assert "give prices" not in ended.out


def test_another_file_on_the_same_load(cli):
    ended = simulate(cli, "--against", str(cli.folder / "faster.yaml"), "--format", "json")
    assert ended.code == 0, ended.err
    (comparison,) = json.loads(ended.out)["comparisons"]
    changes = {each["name"]: each for each in comparison["differences"]}
    assert comparison["second"] == "faster.yaml"
    assert comparison["pairs"] == 1  # nothing is left to chance
    assert changes["time-to-scale"]["change"] < 0
    text = simulate(cli, "--against", str(cli.folder / "faster.yaml")).out
    assert "without an interval" in text


def test_seeds_where_chance_counts(cli):
    model = cli.write(json.dumps({"capacity": 10, "boot": "3m", "boot_spread": 0.5}), "model.json")
    faster = str(cli.folder / "faster.yaml")
    ended = simulate(cli, "--model", model, "--against", faster, "--seeds", "3", "--format", "json")
    assert ended.code == 0, ended.err
    (comparison,) = json.loads(ended.out)["comparisons"]
    hours = next(each for each in comparison["differences"] if each["name"] == "missing-units")
    assert (comparison["pairs"], hours["pairs"], hours["better"]) == (3, 3, "second")


def test_a_file_without_the_group(cli):
    other = cli.write(FLEET.replace("  web:", "  api:"), "other.yaml")
    ended = simulate(cli, "--against", other)
    assert ended.code == 1
    assert "has no group 'web'; it has api" in ended.err


@pytest.mark.skipif(find_spec("vl_convert") is None, reason="charts need vl-convert (extra `sim`)")
def test_a_report(cli):
    path = cli.folder / "report.html"
    faster = str(cli.folder / "faster.yaml")
    ended = simulate(cli, "--report", str(path), "--against", faster)
    assert ended.code == 0, ended.err
    assert "report written to" in " ".join(ended.out.split())
    assert "this file against faster.yaml" in path.read_text()


def test_a_report_is_of_one_simulation(cli):
    ended = simulate(cli, "--preset", "gce", "--report", str(cli.folder / "r.html"))
    assert ended.code == 1
    assert "give one --preset" in ended.err
