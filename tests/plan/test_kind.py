"""Leaves of native bodies, and how one is set."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.plan import Field, Kind, MarkPlace, assign, overlaid

KIND = Kind(
    name="thing",
    label="thing",
    rank=0,
    mark=MarkPlace.TAGS,
    closed=False,
    fields=(
        Field(path="Grace", default=0),
        Field(path="Disks[*].Keep", default=False, models="template.disks.keep"),
        Field(path="Profiles[*].Capacity.Min", models="schedules.*.min"),
        Field(path="Profiles", models="schedules"),
    ),
    maps={"Tags": "Key", "Disks": "Device", "Profiles": "Name"},
    sets=frozenset({"Subnets", "Rules"}),
)


def test_maps_are_paths_and_sets_are_one_leaf():
    body = {
        "Size": 3,
        "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1", "Launch": True}],
        "Subnets": ["y", "x"],
        "Steps": [1, 2],
        "Nothing": None,
        "Empty": [],
    }
    assert KIND.leaves(body) == {
        "Size": 3,
        "Tags[b].Value": "2",
        "Tags[a].Value": "1",
        "Tags[a].Launch": True,
        "Subnets": frozenset({"x", "y"}),
        "Steps[0]": 1,
        "Steps[1]": 2,
        "Grace": 0,
    }


def test_two_elements_of_one_name_are_both_there():
    """A cloud may hold what no file of ours asks for; what is not seen would be lost in silence."""
    body = {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    assert KIND.leaves(body) | {"Grace": 0} == {"Tags[a].Value": "1", "Tags[a#1].Value": "2", "Grace": 0}


def test_defaults_are_filled_in_for_each_element():
    leaves = KIND.leaves({"Disks": [{"Device": "a", "Size": 1}, {"Device": "b", "Keep": True}]})
    assert leaves["Disks[a].Keep"] is False
    assert leaves["Disks[b].Keep"] is True


def test_a_set_may_hold_mappings_in_any_order():
    one = {"Rules": [{"Metric": "cpu", "Above": 70}, {"Above": 10, "Metric": "queue"}]}
    two = {"Rules": [{"Metric": "queue", "Above": 10}, {"Above": 70, "Metric": "cpu"}]}
    assert KIND.leaves(one) == KIND.leaves(two)
    body = {}
    assign(KIND, body, "Rules", KIND.leaves(one)["Rules"])
    assert KIND.leaves(body) == KIND.leaves(one)
    assert all(isinstance(rule, dict) for rule in body["Rules"])


def test_a_closed_kind_ignores_what_a_vendor_adds():
    closed = Kind(name="t", label="t", rank=0, mark=MarkPlace.TAGS, fields=(Field(path="Size"),))
    assert closed.leaves({"Size": 1, "CreatedTime": "today"}) == {"Size": 1}


def test_a_leaf_inside_a_shared_body_names_its_own_model_field():
    row = KIND.find("Profiles[morning].Capacity.Min")
    assert row.sources("Profiles[morning].Capacity.Min") == ["schedules.morning.min"]
    assert KIND.find("Profiles[morning].Rules").models == "schedules"
    assert KIND.find("Unlisted") is None


NAMES = st.sampled_from(["a", "b", "c-d", "e.f", "/dev/sda1"])
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "Size": st.integers(1, 9),
        "Deep": st.dictionaries(st.sampled_from(["x", "y"]), st.integers(1, 9), min_size=1),
        "Tags": st.dictionaries(NAMES, st.text("xyz", min_size=1), min_size=1).map(
            lambda found: [{"Key": key, "Value": value} for key, value in found.items()]
        ),
        "Subnets": st.sets(NAMES, min_size=1).map(sorted),
    },
)


@given(BODIES, BODIES)
def test_assigning_the_leaves_of_another_body_makes_them_equal(one, two):
    body = copy.deepcopy(one)
    old, new = KIND.leaves(one), KIND.leaves(two)
    for path in sorted({*old, *new}):
        if path != "Grace":
            assign(KIND, body, path, new.get(path))
    assert KIND.leaves(body) == new


def test_removing_what_is_not_there_changes_nothing():
    body = {"Size": 1}
    assign(KIND, body, "Deep.x", None)
    assign(KIND, body, "Tags[a].Value", None)
    assert body in ({"Size": 1}, {"Size": 1, "Tags": []})


@pytest.mark.parametrize("path", ["Size", "Tags[a].Value", "Disks[/dev/sda1].Keep"])
def test_set_then_read(path):
    body = {}
    assign(KIND, body, path, 7)
    assert KIND.leaves(body)[path] == 7


def test_what_no_row_is_about_stays_under_what_is_wanted():
    live = {"Grace": 5, "Theirs": {"Colour": "red"}, "Disks": [{"Device": "a", "Keep": False, "Label": "x"}]}
    wanted = {"Grace": 7, "Disks": [{"Device": "a", "Keep": True}]}
    disks = [{"Device": "a", "Keep": True, "Label": "x"}]
    assert overlaid(KIND, live, wanted) == {"Grace": 7, "Theirs": {"Colour": "red"}, "Disks": disks}


@pytest.mark.parametrize(("live", "wanted"), [("old", {"Inner": 1}), ({"Inner": 1}, "new"), (None, {"Inner": 1})])
def test_what_has_another_shape_is_replaced_whole(live, wanted):
    kind = Kind(name="thing", label="thing", rank=0, mark=MarkPlace.TAGS, fields=(Field(path="Grace"),))
    assert overlaid(kind, {"Grace": live}, {"Grace": wanted}) == {"Grace": wanted}
