"""A plan of many groups is a text that somebody can read: what ends something is in it whole, the rest is counted."""

import io

import pytest

from tests.conftest import make_fleet, make_group
from trimtab import ManualClock, connect

pytest.importorskip("rich", reason="what people read needs its extra")

from rich.console import Console

from trimtab.cli.views.plan import PlanView
from trimtab.plan.rendering import MOST_GROUPS

MANY = 300


@pytest.fixture(scope="module")
def texts():
    """A plan that makes many groups, and one that deletes them, as text."""
    fleet = make_fleet(*(make_group(f"g{number:03}") for number in range(MANY)))
    with connect("memory", clock=ManualClock()) as cloud:
        plan = cloud.plan(fleet)
        made = shown(plan)
        cloud.apply(plan, wait="accepted").raise_for_failures()
        return made, shown(cloud.destroy(fleet))


def shown(plan):
    console = Console(file=io.StringIO(), width=120)
    console.print(PlanView(plan))
    return console.file.getvalue()


def test_new_groups_beyond_the_first_are_counted(texts):
    made, _ = texts
    assert "virtualmin-g000" in made
    assert f"virtualmin-g{MOST_GROUPS:03}" not in made
    assert f"and {MANY - MOST_GROUPS} groups more: " in made
    assert len(made.splitlines()) < 40 * MOST_GROUPS


def test_what_ends_is_shown_of_every_group(texts):
    _, gone = texts
    assert all(f"virtualmin-g{number:03}" in gone for number in range(MANY))
    assert "groups more" not in gone
