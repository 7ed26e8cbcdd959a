"""`trimtab import`: a fleet file of what exists, what it leaves out as comments."""

import io
import json
from dataclasses import replace

import pytest

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.providers.importing import ImportEffect, ImportNote, fleet_for, legal

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run

NOTE = ImportNote(
    effect=ImportEffect.STAYS,
    resource="alarm virtualmin-web-hot",
    field="Unit",
    value="Percent",
    reason="no word\nfor it",
)


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


def test_no_line_of_the_file_is_cut_for_a_narrow_screen(cloud, monkeypatch):
    wide = imported(cloud, "virtualmin-web")[1]
    monkeypatch.setenv("COLUMNS", "20")
    assert imported(cloud, "virtualmin-web")[1] == wide


def test_the_fleet_can_be_named(cloud):
    _, out, _ = imported(cloud, "virtualmin-web", "--fleet", "shop")
    fleet = tt.parse_fleet(out)
    assert (fleet.name, fleet.groups[0].native_name) == ("shop", "virtualmin-web")


def test_notes_are_comments_at_the_top_and_no_failure(cloud, monkeypatch):
    read = cloud.provider.live.import_group

    def noted(*place, **more):
        return replace(read(*place, **more), notes=(NOTE,))

    monkeypatch.setattr(cloud.provider.live, "import_group", noted)
    code, out, _ = imported(cloud, "virtualmin-web")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("# Fleet virtualmin exists")
    assert lines[1].startswith("# What no plan changes")
    assert lines[2].startswith("# - web: alarm virtualmin-web-hot: Unit: no word")
    assert lines[3] == "name: virtualmin"
    assert tt.parse_fleet(out).name == "virtualmin"
    code, out, _ = imported(cloud, "virtualmin-web", "--format", "json")
    assert [note["path"] for note in json.loads(out)["notes"]] == [NOTE.path]


def test_a_group_that_does_not_exist_is_an_error(cloud):
    code, out, err = imported(cloud, "nobody")
    assert (code, out) == (1, "")
    assert "group 'nobody' not found" in err


def test_a_name_that_is_none_is_an_error(cloud):
    code, _, err = imported(cloud, "virtualmin-web", "--fleet", "Not A Name")
    assert code == 1
    assert "invalid name" in err


def by_hand(cloud, *names):
    """Groups without a mark, as somebody else would have made them."""
    for name in names:
        group = make_group("web").model_copy(update={"native_name": name})
        cloud.apply(cloud.plan(tt.Fleet(name="other", groups=(group,)), prune=False)).raise_for_failures()
    for thing in cloud.provider.connection.things.values():
        thing.mark = None


def test_two_files_of_other_groups_never_prune_each_other(cloud):
    """Neither knows of the other, and both were named by trimtab: adopted, each leaves the other's groups alone."""
    by_hand(cloud, "shop-web", "shop-api", "blog")
    fleets = [tt.parse_fleet(imported(cloud, name)[1]) for name in ("shop-web", "shop-api", "blog")]
    assert len({fleet.name for fleet in fleets}) == 3
    for fleet in fleets:
        cloud.apply(cloud.adopt(fleet)).raise_for_failures()
    for fleet in fleets:
        assert not [change for change in cloud.plan(fleet) if change.action == "delete"]


def test_the_file_of_a_fleet_that_exists_says_so(cloud):
    """What is left out of it would be deleted."""
    _, out, _ = imported(cloud, "virtualmin-web")
    assert out.startswith("# Fleet virtualmin exists: a plan of this file deletes")
    assert tt.parse_fleet(out).name == "virtualmin"


def test_a_fleet_that_nobody_named_is_told_from_all_others():
    natives = [["shop-web"], ["shop-api"], ["shop-web", "shop-api"], ["web"], ["Shop-Web"], ["x" * 255]]
    names = [fleet_for(each, place) for each in natives for place in ("here", "there")]
    assert len(set(names)) == len(names)
    assert fleet_for(["shop-web", "shop-api"], "here") == fleet_for(["shop-api", "shop-web"], "here")
    assert fleet_for(["shop-web", "shop-api"], "here").startswith("shop-")
    for name in names:
        tt.Fleet(name=name, groups=())


@pytest.mark.parametrize(
    ("text", "name"), [("Scale Up!", "scale-up"), ("5min", "policy-5min"), ("", "policy"), ("x" * 99, "x" * 63)]
)
def test_any_text_becomes_a_legal_name(text, name):
    assert legal(text, "policy") == name
