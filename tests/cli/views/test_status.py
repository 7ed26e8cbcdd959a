"""How a fleet stands, as a table with remarks."""

from datetime import UTC, datetime

import pytest

pytest.importorskip("rich")

from tests.conftest import make_fleet, make_group
from trimtab.cli.views.screen import rendered
from trimtab.cli.views.status import status_view
from trimtab.engine.schedules import InForce
from trimtab.providers.base import AlarmState, GroupState, Instance
from trimtab.runtime.status import FleetStatus, GroupStatus

AT = datetime(2026, 7, 6, 9, 0, tzinfo=UTC)


def web(**fields):
    instances = (Instance(id="i-1", outdated=True), Instance(id="i-2"))
    state = GroupState(name="shop-web", location="eu-west-1", min=2, max=4, desired=2, instances=instances)
    given = {
        "group": "web",
        "name": "shop-web",
        "location": "eu-west-1",
        "state": state,
        "in_force": InForce(2, 4, 2, ("evening", "morning")),
        "next_edge": datetime(2026, 7, 6, 16, 0, tzinfo=UTC),
        "alarms": (AlarmState(name="hot", state="alarm", reason="90 > 70"), AlarmState(name="cold", state="ok")),
    }
    return GroupStatus(**{**given, **fields})


def text(*groups, fleet=None):
    fleet = fleet or make_fleet(make_group("web"))
    return rendered(status_view(FleetStatus(fleet="shop", provider="aws", at=AT, groups=groups), fleet))


def test_a_group_is_a_row_and_what_matters_is_said():
    shown = text(web())
    lines = [" ".join(line.split()) for line in shown.splitlines() if line]
    assert lines == [
        "shop on aws, Mon 06 Jul 09:00 UTC",
        "group name region min max desired running schedule next alarms",
        "web shop-web eu-west-1 2 4 2 2 morning Mon 06 Jul 18:00 CEST 1 alarm, 1 ok",
        "web: 1 of 2 on the old template",
        "web: alarm hot: 90 > 70",
    ]


def test_bounds_that_are_not_those_in_force_are_said():
    shown = text(web(in_force=InForce(3, 5, 3, ("morning",))))
    assert "web: the fleet file wants 3 to 5 instances now, the cloud has 2 to 4" in shown


def test_a_group_without_anything():
    fleet = make_fleet(make_group("web", schedules={}))
    shown = text(web(state=None, in_force=InForce(2, 4, None), next_edge=None, alarms=()), fleet=fleet)
    assert "web: 'shop-web' does not exist in eu-west-1" in shown
    assert shown.count("none") == 3


def test_a_group_that_goes():
    state = GroupState(name="shop-web", location="eu-west-1", min=2, max=4, desired=0, deleting=True)
    assert "web: is being deleted" in text(web(state=state))


def test_zones_that_differ_are_told_in_utc():
    """One column, several zones: UTC is plain to all."""
    schedules = {
        "a": {"cron": "0 8 * * *", "zone": "Europe/Madrid", "min": 3},
        "b": {"cron": "0 9 * * *", "zone": "Asia/Tokyo", "min": 2},
    }
    assert "Mon 06 Jul 16:00 UTC" in text(web(), fleet=make_fleet(make_group("web", schedules=schedules)))
