"""A group of the cloud in memory, back in our words."""

import pytest

import trimtab as tt
from tests.conftest import make_group
from trimtab.errors import NotFound

POLICIES = {
    "out": {"change": 1},
    "steps": {"type": "step", "steps": [{"lower": 0, "change": 2}]},
    "steady": {"type": "target-tracking", "metric": "cpu", "target": 50},
    "ahead": {"type": "predictive", "metric": "cpu", "target": 40},
}


def applied(cloud, group, fleet="shop"):
    cloud.apply(cloud.plan(tt.Fleet(name=fleet, groups=[group]))).raise_for_failures()
    return group


def in_order(group):
    """The group with its parts in the order of their names, in which they are found."""
    parts = {name: getattr(group, name) for name in ("policies", "alarms", "schedules")}
    return group.model_copy(
        update={name: tuple(sorted(items, key=lambda one: one.name)) for name, items in parts.items()}
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"policies": POLICIES, "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["out", "steps"]}}},
        {"placement": {"subnet_tags": {"Type": "Private"}, "zones": ["a"]}, "load_balancers": ["front"]},
        {"template": {"image": "i", "size": "s", "user_data": "x", "disks": [{"size_gb": 8}]}, "tags": {"Team": "ops"}},
        {"aws": {"lifecycle_hooks": [{"name": "bye", "on": "terminate"}]}, "purchase": {"spot": True}},
    ],
)
def test_a_group_comes_back_as_it_was_declared(fields):
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        group = applied(cloud, make_group(**fields))
        found = cloud.read_group("shop-web", fleet="shop")
    assert found.group == in_order(group)
    assert not found.notes


def test_a_group_of_another_fleet_keeps_its_name():
    with tt.connect("memory", clock=tt.ManualClock()) as cloud:
        applied(cloud, make_group())
        found = cloud.read_group("shop-web", fleet="other").group
    assert (found.name, found.native_name) == ("shop-web", "shop-web")


def test_there_is_no_such_group():
    with tt.connect("memory") as cloud, pytest.raises(NotFound, match="no group 'shop-web'"):
        cloud.read_group("shop-web")
