"""Names in inventories and tables: whole, and each one thing's."""

from datetime import UTC, datetime

import pytest

from tests.conftest import make_fleet, make_group
from trimtab.cli.views.inventory import inventory_dict, inventory_view
from trimtab.cli.views.screen import rendered
from trimtab.cli.views.status import status_view
from trimtab.cli.views.watch import watch_view
from trimtab.engine.schedules import InForce
from trimtab.providers.base import AlarmState, GroupState, Instance, InstanceState
from trimtab.runtime.status import FleetStatus, GroupStatus

NOW = datetime(2026, 1, 5, tzinfo=UTC)
NATIVE = "app/prod/[bold]web[/] \x1b[2J"


def status(groups, ids=("0", "1"), alarms=()):
    found = []
    for group, native in groups.items():
        instances = tuple(
            Instance(id=one, zone="z", state=InstanceState.RUNNING, private_address=f"{group}/{one}") for one in ids
        )
        state = GroupState(name=native, location="here", min=1, max=2, desired=2, instances=instances)
        force = InForce(min=1, max=2, desired=None)
        found.append(
            GroupStatus(
                group=group, name=native, location="here", state=state, in_force=force, next_edge=None, alarms=alarms
            )
        )
    return FleetStatus(fleet="shop", provider="azure", at=NOW, groups=tuple(found))


def test_instances_that_two_groups_number_alike_are_two_hosts():
    """The instances of each scale set of Azure are counted from 0."""
    found = inventory_dict(status({"web": "shop-web", "api": "shop-api"}))
    hosts = {name: one["ansible_host"] for name, one in found["_meta"]["hostvars"].items()}
    assert hosts == {
        "shop-web_0": "web/0",
        "shop-web_1": "web/1",
        "shop-api_0": "api/0",
        "shop-api_1": "api/1",
    }
    assert found["api"]["hosts"] == ["shop-api_0", "shop-api_1"]
    assert list(inventory_dict(status({"web": "shop-web"}))["_meta"]["hostvars"]) == ["0", "1"]


@pytest.mark.parametrize("names", [("all", "group-all"), ("group-all", "all")])
def test_a_group_that_must_be_called_otherwise_takes_no_name_of_another(names):
    found = inventory_dict(status({name: name for name in names}))
    assert found["group_all"]["vars"]["trimtab_native_name"] == "group-all"
    assert found["group_all_"]["vars"]["trimtab_native_name"] == "all"


def test_names_are_printed_whole_and_steer_no_terminal():
    """Neither slashes nor what looks like markup or an escape is anything but a part of a name."""
    fleet = make_fleet(make_group("web", native_name=NATIVE), name="shop")
    alarms = (
        AlarmState(name="shop-web-hot", state="alarm", group="web"),
        AlarmState(name=f"{NATIVE}-[red]x", state="alarm", group="web"),
    )
    found = status({"web": NATIVE}, ids=("[i]0", "1"), alarms=alarms)
    whole = "app/prod/[bold]web[/] \\u001b[2J"
    assert whole in rendered(status_view(found, fleet))
    assert "[i]0" in rendered(inventory_view(found))
    watched = rendered(watch_view(found, fleet))
    assert f"hot, {whole}-[red]x" in watched
