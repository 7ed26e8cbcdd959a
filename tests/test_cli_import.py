"""`trimtab import`: a fleet file of what exists, what it leaves out as comments."""

import io
import json

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from trimtab.providers.imports import Imported, Loss, fleet_for, legal

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run

NOTE = Loss(path="alarm virtualmin-web-hot: Unit", value="Percent", reason="no word\nfor it")


@pytest.fixture
def cloud():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        cloud.apply(cloud.plan(make_fleet())).raise_for_failures()
        yield cloud


def imported(cloud, *arguments):
    out, err = io.StringIO(), io.StringIO()
    code = run(["import", *arguments, "--provider", "memory"], connect=lambda *_, **__: cloud, out=out, err=err)
    return code, out.getvalue(), err.getvalue()


def test_several_groups_are_one_fleet_that_plans_nothing(cloud):
    code, out, _ = imported(cloud, "virtualmin-web", "virtualmin-api")
    fleet = tt.parse_fleet(out)
    assert code == 0
    assert (fleet.name, [group.name for group in fleet.groups]) == ("virtualmin", ["web", "api"])
    assert not cloud.plan(fleet)


def test_the_fleet_can_be_named(cloud):
    _, out, _ = imported(cloud, "virtualmin-web", "--fleet", "shop")
    fleet = tt.parse_fleet(out)
    assert (fleet.name, fleet.groups[0].native_name) == ("shop", "virtualmin-web")


def test_notes_are_comments_at_the_top_and_no_failure(cloud, monkeypatch):
    read = cloud.provider.read_group

    def noted(*place, **more):
        return Imported(group=read(*place, **more).group, notes=(NOTE,))

    monkeypatch.setattr(cloud.provider, "read_group", noted)
    code, out, _ = imported(cloud, "virtualmin-web")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("# What the cloud has")
    assert lines[1].startswith("# - web: alarm virtualmin-web-hot: Unit = Percent: no word")
    assert lines[2] == "name: virtualmin"
    assert tt.parse_fleet(out).name == "virtualmin"
    code, out, _ = imported(cloud, "virtualmin-web", "--format", "json")
    assert [note["path"] for note in json.loads(out)["notes"]] == [NOTE.path]


def test_a_group_that_does_not_exist_is_an_error(cloud):
    code, out, err = imported(cloud, "nobody")
    assert (code, out) == (1, "")
    assert "there is no group 'nobody'" in err


def test_a_name_that_is_none_is_an_error(cloud):
    code, _, err = imported(cloud, "virtualmin-web", "--fleet", "Not A Name")
    assert code == 1
    assert "is no name" in err


@pytest.mark.parametrize(
    ("natives", "fleet"),
    [
        (["virtualmin-pro-cluster-web"], "virtualmin-pro-cluster"),
        (["shop-web", "shop-api"], "shop"),
        (["shop-web", "blog-web"], "imported"),
        (["web"], "imported"),
        (["Shop-Web"], "shop"),
    ],
)
def test_a_fleet_is_called_what_its_groups_begin_with(natives, fleet):
    assert fleet_for(natives) == fleet


@pytest.mark.parametrize(
    ("text", "name"), [("Scale Up!", "scale-up"), ("5min", "policy-5min"), ("", "policy"), ("x" * 99, "x" * 63)]
)
def test_any_text_becomes_a_legal_name(text, name):
    assert legal(text, "policy") == name
