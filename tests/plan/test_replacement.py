"""What takes a new resource: an immutable field, unless its row or its place in a list says otherwise."""

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from tests.plan.small import FLEET, KINDS, MARK, NOW, key
from trimtab.cli.views.plan import PlanView
from trimtab.cli.views.screen import rendered
from trimtab.plan import Action, Field, Kind, Live, MarkPlace, Resource, make_plan, sign

DISKS = Kind(
    name="group",
    label="group",
    rank=1,
    mark=MarkPlace.TAGS,
    holds_instances=True,
    fields=(
        Field(path="zones", immutable=True, in_place=lambda old, new: set(old or ()) <= set(new or ())),
        Field(path="disks[*].size", immutable=True, in_place=lambda old, new: (old or 0) <= (new or 99)),
        Field(path="disks[*].key", immutable=True, ignore_case=True),
    ),
    maps={"disks": "name"},
    sets=frozenset({"zones"}),
)


def change_of(before, after):
    """The change of the one group from one body to another."""
    kinds = {**KINDS, "group": DISKS}
    (live,) = sign(kinds, [Resource(key=key("group", "web"), body=before, group="web", mark=MARK)])
    wanted = [Resource(key=key("group", "web"), body=after, group="web", mark=MARK)]
    plan = make_plan(
        provider="test", kinds=kinds, fleet=FLEET, wanted=wanted, live=Live(resources={live.key: live}), now=NOW
    )
    return plan, kinds


def disks(**sizes):
    return {"disks": [{"name": name, **fields} for name, fields in sizes.items()]}


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        ({"zones": ["1"]}, {"zones": ["2", "1"]}, Action.UPDATE),
        ({}, {"zones": ["1"]}, Action.UPDATE),
        ({"zones": ["1", "2"]}, {"zones": ["1"]}, Action.REPLACE),
        ({"zones": ["1"]}, {}, Action.REPLACE),
        (disks(a={"size": 8}), disks(a={"size": 9}), Action.UPDATE),
        (disks(a={"size": 8}), disks(a={"size": 7}), Action.REPLACE),
        (disks(a={"size": 8}), disks(a={"size": 8, "key": "k"}), Action.REPLACE),
        (disks(a={"size": 8, "key": "k"}), disks(a={"size": 8}), Action.REPLACE),
        (disks(a={"size": 8}), disks(a={"size": 8}, b={"size": 1, "key": "k"}), Action.UPDATE),
        (disks(a={"size": 8}, b={"size": 1, "key": "k"}), disks(a={"size": 8}), Action.UPDATE),
        (disks(a={"size": 8}), disks(b={"size": 1, "key": "k"}), Action.UPDATE),
        (disks(a={"size": 8}), disks(a={"size": 7}, b={"size": 1}), Action.REPLACE),
    ],
)
def test_what_is_fixed_is_replaced_and_what_comes_or_goes_is_not(before, after, action):
    """An element that joins or leaves a list is no change of another one."""
    plan, _ = change_of(before, after)
    (change,) = plan
    assert change.action is action


def test_a_value_in_another_case_is_no_change():
    plan, _ = change_of(disks(a={"size": 8, "key": "K"}), disks(a={"size": 8, "key": "k"}))
    assert not plan


def test_only_what_forces_a_replacement_is_said_to():
    plan, _ = change_of({"zones": ["1"], **disks(a={"size": 8})}, {"zones": ["1", "2"], **disks(a={"size": 7})})
    lines = [line for line in rendered(PlanView(plan)).splitlines() if "forces the replacement" in line]
    assert len(lines) == 1
    assert "disks[a].size" in lines[0]
