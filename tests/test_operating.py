"""The commands for a fleet that runs, on a cloud in memory."""

import io
import json
from datetime import timedelta

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

import trimtab as tt
from tests.commands import FLEET, Cli, Terminal
from trimtab.cli import run

AGENTS = {"ansible_host", "trimtab_instance", "trimtab_zone", "trimtab_size", "trimtab_state", "trimtab_template"}


class EndingClock(tt.ManualClock):
    """A clock at which somebody presses Ctrl-C in the third wait."""

    waits = 0

    def sleep(self, duration):
        self.waits += 1
        if self.waits == 3:
            raise KeyboardInterrupt
        super().sleep(duration)


@pytest.fixture
def cli(tmp_path, monkeypatch):
    for name in ("TRIMTAB_PROVIDER", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    cli = Cli(tmp_path)
    assert cli("apply", "--yes").code == 0
    return cli


@pytest.fixture
def watched(cli):
    """The same cloud, its clock one that ends a watch."""
    cli.clock = EndingClock(cli.clock.now())
    cli.store.clock = cli.clock
    return cli


# watch


def test_one_look_is_one_table(cli):
    """`--once` prints it and ends; a row for each group."""
    cli.store.measures.add("local", "shop-web", tt.metrics.cpu, 42.0, cli.clock.now())
    cli.clock.advance(timedelta(minutes=5))
    ended = cli("watch", "--once")
    assert ended.code == 0
    lines = [" ".join(line.split()) for line in ended.out.splitlines() if line]
    assert lines[1] == "group desired min max in service pending cpu alarms schedule next last"
    assert lines[2].startswith("web 2 2 4 2 0 42 % none evening Mon 05 Jan 08:00 CET 6m ago: from 0 to 2 instances")
    assert lines[3].startswith("api 1 1 1 1 0 - none none none")


def test_one_look_as_json(cli):
    data = cli("watch", "--once", "--format", "json").data
    web = data["groups"][0]
    assert (web["group"], web["desired"], web["cpu"], web["paused"]) == ("web", 2, None, None)
    assert web["last_activity"]["description"] == "from 0 to 2 instances"


def test_a_group_that_is_not_there_is_said(cli):
    """Its row is empty, and the others have theirs."""
    cli.edit("  api:", "  mail:")
    ended = cli("watch", "--once")
    assert ended.code == 0
    assert "mail: 'shop-mail' does not exist in local" in ended.out
    assert [group["exists"] for group in cli("watch", "--once", "--format", "json").data["groups"]] == [True, False]


def test_a_watch_goes_on_until_it_is_ended(watched):
    """Ctrl-C is its ordinary end; in a pipe one table follows the other."""
    ended = watched("watch", "--interval", "1m")
    assert ended.code == 0
    assert ended.out.count("group ") == 3
    assert "interrupted" not in ended.err


def test_a_watch_as_json_is_a_line_a_look(watched):
    ended = watched("watch", "--interval", "1m", "--format", "json")
    looks = [json.loads(line) for line in ended.out.splitlines()]
    moments = [look["at"] for look in looks]
    assert len(looks) == 3
    assert moments == sorted(set(moments))


def test_a_watch_on_a_terminal_is_drawn_anew(watched):
    """The table takes the place of the one before."""
    out = Terminal()
    fleet = str(watched.folder / "fleet.yaml")
    code = run(
        ["watch", fleet, "--provider", "memory"], connect=watched.connect, out=out, err=io.StringIO(), source=Terminal()
    )
    assert code == 0
    assert "\x1b[1A" in out.getvalue()


def test_an_interval_is_a_duration(cli):
    ended = cli("watch", "--interval", "often")
    assert ended.code == 1
    assert "often" in ended.err


# pause and resume


def test_a_pause_is_made_shown_and_ended(cli):
    """Who, until when and why; status, watch and plan tell of it."""
    ended = cli("pause", "web", "--by", "Ana", "--for", "2h", "--why", "moving the database")
    assert ended.code == 0
    assert "web: paused by Ana until 2026-01-05 02:01 UTC: moving the database" in ended.out
    assert "api: not paused" in ended.out
    for command in (["status"], ["watch", "--once"], ["plan"]):
        told = cli(*command)
        assert told.code == 0
        assert "paused by Ana" in told.out
    cli.clock.advance(timedelta(hours=3))
    assert "over: resume it" in cli("status").out
    assert cli("resume", "web", "--format", "json").data["paused"] == {"web": None, "api": None}


def test_a_pause_of_all_groups_and_by_whom(cli, monkeypatch):
    monkeypatch.setenv("LOGNAME", "berto")
    data = cli("pause", "--format", "json").data["paused"]
    assert {name: pause["by"] for name, pause in data.items()} == {"web": "berto", "api": "berto"}
    ended = cli("pause", "--by", "Ana")
    assert ended.code == 1
    assert "paused by berto; resume it first" in ended.err


def test_a_group_that_the_fleet_has_not(cli):
    for command in ("pause", "resume"):
        ended = cli(command, "nothing")
        assert ended.code == 1
        assert "has no group 'nothing'" in ended.err


# inventory


def test_the_inventory_has_the_form_that_ansible_documents(cli):
    """Groups are lists of hosts, children and variables; `_meta.hostvars` spares a call for each host."""
    listed = cli("inventory", "--list").data
    hosts = listed["_meta"]["hostvars"]
    assert set(listed) == {"_meta", "all", "shop", "web", "api"}
    assert listed["all"] == {"children": ["ungrouped", "shop"]}
    assert listed["shop"]["children"] == ["api", "web"]
    for name, number in (("web", 2), ("api", 1)):
        assert set(listed[name]) == {"hosts", "vars"}
        assert len(listed[name]["hosts"]) == number
        assert set(listed[name]["hosts"]) <= set(hosts)
    assert listed["web"]["vars"]["trimtab_native_name"] == "shop-web"
    assert len(hosts) == 3
    for name, variables in hosts.items():
        assert set(variables) >= AGENTS
        assert variables["trimtab_instance"] == name
        assert variables["ansible_host"] == variables["trimtab_private_address"]
        assert variables["trimtab_size"] == "t3.medium"


def test_one_host_is_its_variables(cli):
    """`--host` prints what `_meta` has for it; a host that there is not has none."""
    hosts = cli("inventory", "--list").data["_meta"]["hostvars"]
    name = next(iter(hosts))
    assert cli("inventory", "--host", name).data == hosts[name]
    assert cli("inventory", "--host", "nothing").data == {}


def test_without_an_address_nothing_is_connected_to(cli):
    """An instance in a private subnet has no public address: Ansible is told none."""
    hosts = cli("inventory", "--list", "--address", "public").data["_meta"]["hostvars"]
    assert not any("ansible_host" in variables for variables in hosts.values())


def test_names_are_such_as_ansible_takes(cli):
    """A hyphen in a group's name would be a warning; names that mean something else are changed."""
    cli.write(FLEET.replace("name: shop", "name: api").replace("\n  web:", "\n  all:").replace("  api:", "  web-api:"))
    cli("apply", "--yes", "--allow-delete")
    listed = cli("inventory", "--list").data
    assert set(listed) == {"_meta", "all", "api", "group_all", "web_api"}


def test_the_inventory_for_people_is_a_table(cli):
    out = cli("inventory").out
    assert out.splitlines()[0].split()[:2] == ["host", "group"]
    assert out.count("running") + out.count("pending") == 3


# permissions


def test_the_cloud_in_memory_asks_for_no_permission(cli):
    assert cli("permissions").data == {}


# single instances


def ids_of(cli):
    return [machine.id for size in cli.store.sizes.values() for machine in size.machines]


def test_an_instance_is_protected_and_ended(cli):
    """Each prints the group and its instances as they are then; the group may be named as in the cloud."""
    first, *_ = ids_of(cli)
    cli.store.resize(next(key for key in cli.store.sizes if key.name == "shop-web"), 3, "a test")
    fleet = str(cli.folder / "fleet.yaml")

    def act(*words):
        return cli.run("instance", words[0], fleet, *words[1:], "--provider", "memory")

    ended = act("protect", "web", first)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[0] == "web: size 3, minimum 2, maximum 4"
    assert [line for line in ended.out.splitlines() if "protected" in line] == [f"  {first}: running, protected"]
    assert "protected" not in act("unprotect", "shop-web", first).out
    data = act("end", "web", first, "--shrink", "--format", "json").data
    assert (data["group"], data["desired"]) == ("web", 2)
    assert first not in [each["id"] for each in data["instances"]]
    second = data["instances"][0]["id"]
    assert len(act("replace", "web", second, "--format", "json").data["instances"]) == 2
    third = ids_of(cli)[0]
    states = {each["id"]: each["state"] for each in act("drain", "web", third, "--format", "json").data["instances"]}
    assert (states[third], len(states)) == ("standby", 3)
    assert act("end", "web", third, "--keep-size").code == 0
    assert third not in ids_of(cli)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("end", "web", "i-1"), "say what becomes of the size: `--shrink` or `--keep-size`"),
        (("end", "web", "--shrink"), "name one group, and then its instances"),
        (("protect",), "name one group, and then its instances"),
        (("replace", "mail", "i-1"), "fleet 'shop' has no group 'mail'; it has web, api"),
        (("drain", "web", "i-1"), "group 'shop-web' has no instance 'i-1'; it has i-"),
        (("end", "api", "FIRST", "--shrink"), "below its minimum of 1; lower the minimum first"),
    ],
)
def test_what_is_not_meant_is_told(cli, words, text):
    api = next(size for key, size in cli.store.sizes.items() if key.name == "shop-api")
    given = [api.machines[0].id if word == "FIRST" else word for word in words]
    before = ids_of(cli)
    ended = cli.run("instance", given[0], str(cli.folder / "fleet.yaml"), *given[1:], "--provider", "memory")
    assert ended.code == 1
    assert text in ended.err
    assert ids_of(cli) == before


# KPIs


def test_kpis_of_a_fleet(cli):
    pytest.importorskip("numpy", reason="KPIs need numpy (extra `sim`)")
    for _ in range(10):
        for metric, value in (("cpu", 35.0), ("requests", 200.0), ("requests-per-instance", 100.0)):
            cli.store.measures.add("local", "shop-web", tt.models.metric.NEUTRAL[metric], value, cli.clock.now())
        cli.clock.advance(timedelta(minutes=1))
    prices = cli.write("instance_hour: 0.6\ncurrency: EUR\n", "prices.yaml")
    ended = cli("status", "--kpis", "--since", "10m", "--prices", prices)
    assert ended.code == 0, ended.err
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "efficiency 50 % > 80 FAIL" in lines
    # two instances for nine whole minutes: the ten are not counted from a whole one on
    assert "cost 0.18 EUR" in lines
    assert any("supply: requests divided by requests per instance" in line for line in lines)
    data = cli("status", "--kpis", "--since", "10m", "--format", "json").data
    assert [group["group"] for group in data["groups"]] == ["web", "api"]
    cost = next(item for item in data["groups"][0]["kpis"] if item["name"] == "cost")
    assert (cost["value"], cost["note"]) == (None, "give prices")
    missing = cli("status", "--kpis", "--prices", str(cli.folder / "none.yaml"))
    assert missing.code == 1
    assert "none.yaml: file not found" in missing.err
