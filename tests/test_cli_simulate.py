"""`trimtab simulate`: loads from files and clouds, rules of several clouds, errors that say what to do."""

import json

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")
pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")

import trimtab as tt
from tests.commands import VARIABLES, Cli

ONE = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 10}
    template: {image: ubuntu, size: small}
    policies:
      hold: {type: target-tracking, metric: METRIC, target: 50}
"""
SEVEN = """
import trimtab as tt

@tt.policy
def always_seven(group, observation, history, now):
    return tt.Recommendation(7, "seven")
"""
PYTHON = """\
    policies:
      seven: {type: python, call: "acme_sizes:always_seven"}
controller: true
"""
TWO = (
    ONE
    + """
  api:
    capacity: 3
    template: {image: ubuntu, size: small}
"""
)


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return Cli(tmp_path)


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "load.csv"
    rows = [
        f"2026-01-05T{8 + minute // 60:02}:{minute % 60:02}:00Z,{300 if minute < 10 else 2400}" for minute in range(120)
    ]
    path.write_text("\n".join(["timestamp,value", *rows]))
    return str(path)


def fleet(cli, text=ONE, metric="cpu"):
    return cli.write(text.replace("METRIC", metric))


def test_a_group_is_simulated_by_the_rules_of_several_clouds(cli, load):
    ended = cli.run(
        "simulate", fleet(cli), "web", "--load", load, "--capacity", "10", "--preset", "ec2", "--preset", "gce"
    )
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0] == (
        "web: 120 minutes from 2026-01-05 08:00 UTC, 267,000 requests, 37.08 a second on average and 40 at most"
    )
    assert lines[1].split() == ["rules", "served", "lost", "size", "changes", "instance-hours", "utilization"]
    assert [line.split()[0] for line in lines[2:4]] == ["ec2", "gce"]
    assert lines[4].startswith("note: instances measure their CPU every 0:05:00")


def test_policies_in_python_decide_where_they_may_be_imported(cli, load, tmp_path, monkeypatch):
    (tmp_path / "acme_sizes.py").write_text(SEVEN)
    monkeypatch.syspath_prepend(tmp_path)
    path = cli.write(ONE.partition("    policies")[0] + PYTHON)
    given = ("simulate", path, "--load", load, "--capacity", "10")
    refused = cli.run(*given)
    assert refused.code == 1
    fix = " ".join(refused.err.split()).rpartition(" or ")[2].split()
    assert fix == ["--allow-python", "acme_sizes"]
    (run,) = cli.run(*given, *fix, "--format", "json").data["simulations"]
    assert run["totals"]["smallest"] == 7


def test_the_only_group_need_not_be_named_and_the_provider_gives_the_rules(cli, load):
    path = fleet(cli)
    data = cli.run("simulate", path, "--load", load, "--capacity", "10", "--provider", "azure", "--format", "json").data
    (run,) = data["simulations"]
    assert (run["group"], run["preset"]) == ("web", "azure")
    assert "minutes" not in run
    assert run["decisions"][0]["reasons"][0]["code"] == "alarm"
    assert data["load"]["requests"] == 267000
    rows = cli.run("simulate", path, "--load", load, "--format", "json", "--rows").data["simulations"][0]
    assert rows["preset"] == "neutral"
    assert len(rows["minutes"]["wanted"]) == 120


def test_one_seed_gives_one_result(cli, load, tmp_path):
    model = tmp_path / "model.json"
    model.write_text(json.dumps({"capacity": 10, "noise": 0.3, "boot_spread": 0.5}))
    path = fleet(cli)

    def totals(seed):
        ended = cli.run("simulate", path, "--load", load, "--model", str(model), "--seed", seed, "--format", "json")
        return ended.data["simulations"][0]["totals"]

    assert totals("1") == totals("1") != totals("2")


def test_access_logs_are_loads_too(cli, tmp_path):
    path = tmp_path / "access.log"
    line = '1.1.1.1 - - [05/Jan/2026:08:{:02}:00 +0000] "GET / HTTP/1.1" 200 1'
    path.write_text("\n".join(line.format(minute) for minute in range(30)))
    ended = cli.run("simulate", fleet(cli), "--access-log", str(path), "--capacity", "10")
    assert "30 minutes from 2026-01-05 08:00 UTC, 30 requests" in ended.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "a simulation takes one load; give --load FILE, --access-log FILE or --from-cloud METRIC"),
        (("--load", "LOAD", "--from-cloud", "cpu"), "a simulation takes one load"),
        (("--from-cloud", "cpu"), "--from-cloud needs how far back; give --since"),
        (("--from-cloud", "speed", "--since", "1d"), "unknown metric"),
        (("--load", "none.csv"), "none.csv: cannot be read"),
        (("--load", "LOAD", "--preset", "ibm"), "unknown preset 'ibm'; use one of neutral, ec2"),
        (("--load", "LOAD", "--load-unit", "percent"), "--load-unit 'percent' is not a load"),
        (("--load", "LOAD", "--gaps", "some"), "--gaps 'some' is unknown; use one of short"),
        (("--load", "LOAD", "--since", "3d"), "--since is for --from-cloud and --calibrate, a file is read whole"),
        (("--load", "LOAD", "--columns", "time,value"), "missing column 'time'"),
        (("--load", "LOAD", "--columns", "time,value"), "write `timestamp,value` there, or give --columns"),
        (("--load", "LOAD", "--step", "7m"), "not a whole number of steps of 0:07:00; give --step"),
        (("--load", "LOAD", "--signal", "memory"), "write METRIC=NAME or METRIC=NUMBER"),
        (("--load", "LOAD", "--signal", "memory=disk"), "--signal memory=disk is not simulated"),
        (("--load", "LOAD", "--model", "none.json"), "none.json: cannot be read"),
        (("--load", "LOAD", "--capacity", "-1"), "--capacity -1.0 is not above 0"),
    ],
)
def test_mistakes_say_what_to_do(cli, load, words, message):
    ended = cli.run("simulate", fleet(cli), *(load if word == "LOAD" else word for word in words))
    assert ended.code == 1
    assert message in ended.err.replace("\n", " ")


def test_a_metric_that_the_load_does_not_give_is_said_by_the_user(cli, load):
    path = fleet(cli, metric="memory")
    ended = cli.run("simulate", path, "--load", load)
    assert ended.code == 1
    assert "policies.hold.metric: the load does not give the metric 'memory'" in ended.err.replace("\n", " ")
    assert cli.run("simulate", path, "--load", load, "--signal", "memory=40").code == 0


def test_a_load_is_that_of_one_group(cli, load):
    ended = cli.run("simulate", fleet(cli, TWO), "--load", load)
    assert ended.code == 1
    assert "a simulation is of one group; name one of web, api" in ended.err
    assert cli.run("simulate", fleet(cli, TWO), "api", "--load", load).code == 0


def test_what_the_cloud_has_measured_is_a_load(cli):
    path = fleet(cli)
    command = ("simulate", path, "--provider", "memory", "--since", "10m", "--from-cloud")
    ended = cli.run(*command, "requests")
    assert ended.code == 1
    assert "group 'web' is not in the cloud; nothing was measured of it" in ended.err
    assert cli.run("apply", path, "--provider", "memory", "--yes").code == 0
    with tt.connect("memory", store=cli.store, clock=cli.clock) as cloud:
        live = cloud.group("shop-web")
        for minute in range(10):
            for metric, value in ((tt.metrics.requests, 600 + minute), (tt.metrics.cpu, 50)):
                cli.store.measures.add(live.location, live.name, metric, value, cli.clock.now())
            cli.clock.advance(tt.minutes(1))
    ended = cli.run(*command, "requests", "--capacity", "10")
    assert ended.code == 0
    assert " a second on average" in ended.out
    ended = cli.run(*command, "cpu", "--capacity", "10")
    assert ended.code == 1
    assert "does not record the sizes of 'shop-web'" in ended.err.replace("\n", " ")
