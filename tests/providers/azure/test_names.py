"""Azure Resource Manager tells names apart by no case, and by their resource groups."""

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP, LOCATION
from tests.providers.strangers import OnAzure
from trimtab.plan import Action

ELSEWHERE = "elsewhere"


@pytest.fixture
def others(emulator):
    others = OnAzure(emulator)
    others.reset()
    yield others
    others.connection.close()


@pytest.fixture
def cloud(others):
    return others.connection


def shop(others, native="web", **fields):
    return make_fleet(azure_group(others.world, "web", native_name=native, **fields), name="shop")


def put_apart(others, name):
    """A scale set `web` in another resource group, with its setting in ours."""
    others.put("web", group=ELSEWHERE, scaled=False)
    home = f"/subscriptions/{others.emulator.subscription}/resourceGroups/{ELSEWHERE}/providers"
    others.put_setting(name, f"{home}/Microsoft.Compute/virtualMachineScaleSets/web", {})


def test_a_scale_set_in_other_letters_is_the_same_one(others, cloud):
    """Somebody's `WEB` stands where the fleet wants `web`: to create it would be to write over theirs."""
    others.put("WEB")
    before = others.snapshot()
    plan = cloud.plan(shop(others))
    assert any("scale set 'web'" in str(one) and "is not managed by trimtab" in str(one) for one in plan.problems)
    applied = cloud.apply(plan, wait="accepted")
    assert any("scale set 'web'" in text for text in applied.held)
    after = others.snapshot()
    assert {name: after[name] for name in before} == before


def test_ours_is_found_however_the_fleet_spells_it(others, cloud):
    cloud.apply(cloud.plan(shop(others, "Shop-Web"))).raise_for_failures()
    before = others.snapshot()
    other = shop(others, "shop-WEB")
    changes = [(change.action, change.key.name) for change in cloud.plan(other)]
    assert not [action for action, _ in changes if action in (Action.CREATE, Action.DELETE, Action.REPLACE)]
    (group,) = cloud.status(other).groups
    assert (group.name, group.state.name) == ("shop-WEB", "shop-WEB")
    assert cloud.group("SHOP-web").read().desired == group.state.desired
    cloud.apply(cloud.plan(other)).raise_for_failures()
    assert not cloud.plan(other)
    assert others.snapshot().keys() == before.keys()
    cloud.apply(cloud.destroy(other), allow_delete=True).raise_for_failures()
    assert not [key for key in others.snapshot() if "virtualmachinescalesets" in key]


def test_a_setting_is_its_scale_sets_by_the_whole_id(others, cloud):
    """One in our resource group about a scale set of the same name elsewhere is not ours, and not in the way."""
    put_apart(others, "theirs")
    before = others.snapshot()
    cloud.apply(cloud.plan(shop(others))).raise_for_failures()
    assert not cloud.plan(shop(others))
    after = others.snapshot()
    assert {key: after[key] for key in before} == before


def test_a_setting_that_has_our_name_stands_in_the_way(others, cloud):
    """It is about another scale set, and would be written over."""
    put_apart(others, "Web")
    before = others.snapshot()
    plan = cloud.plan(shop(others))
    assert any("autoscale setting 'web'" in str(one) for one in plan.problems)
    assert others.snapshot() == before


def test_a_pause_disables_the_setting_of_the_group_and_no_other_of_its_name(others, cloud):
    others.put("web")
    put_apart(others, "web")
    before = others.snapshot()
    cloud.group("web").pause(by="ana")
    after = others.snapshot()
    changed = {key.rsplit("/", 1)[-1] for key in before if after[key] != before[key]}
    assert changed == {"web-by-hand"}
    cloud.group("web").resume()
    assert others.snapshot() == before


def test_things_of_one_name_in_several_resource_groups_of_the_fleet(others, cloud):
    """Those of the group that the fleet asks for are meant, in whatever order they are listed."""
    here, there = shop(others), azure_group(others.world, "api", native_name="api", azure={"resource_group": ELSEWHERE})
    others.put("web", group=ELSEWHERE)
    others.put("API")
    before = others.snapshot()
    both = make_fleet(*here.groups, there, name="shop")
    plan = cloud.plan(both)
    assert not plan.problems
    cloud.apply(plan, wait="accepted").raise_for_failures()
    assert not cloud.plan(both)
    cloud.apply(cloud.destroy(both), wait="accepted", allow_delete=True).raise_for_failures()
    assert others.snapshot() == before


def test_a_scale_set_that_is_to_be_in_another_region_is_made_anew(others, cloud):
    """Its id is the same in both, so that there cannot be two."""
    cloud.apply(cloud.plan(shop(others))).raise_for_failures()
    plan = cloud.plan(shop(others, location="northeurope"))
    (change,) = [change for change in plan if change.key.kind == "scale-set"]
    assert change.action is Action.REPLACE
    assert ("location", LOCATION, "northeurope") in [(one.path, one.old, one.new) for one in change.fields]


def test_a_mark_of_others_says_nothing_about_where_a_thing_of_ours_is(others, cloud):
    """An action group of another fleet under the name of one of ours is said to be that fleet's."""
    plan = cloud.plan(shop(others))
    name = next(change.key.name for change in plan if change.key.kind == "action-group")
    tags = {"trimtab-fleet": "other", "trimtab-group": "x", "trimtab-location": "northeurope"}
    path = f"/resourceGroups/{GROUP}/providers/Microsoft.Insights/actionGroups/{name.upper()}?api-version=2023-01-01"
    body = {"location": "Global", "tags": tags, "properties": {"groupShortName": "people", "enabled": True}}
    others.ask("PUT", path, body)
    (problem,) = cloud.plan(shop(others)).problems
    assert repr(name) in problem.text
    assert "belongs to fleet 'other'" in problem.text
