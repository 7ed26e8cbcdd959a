"""How many calls things cost on Azure, and that the role of a fleet allows exactly those that are made."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.laws import IS_EXHAUSTIVE
from tests.providers.azure.account import furnish, load_cluster
from tests.providers.azure.groups import azure_group
from tests.providers.azure.rights import ACTIONS
from trimtab import metrics

JOINS = {
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
    "Microsoft.Network/loadBalancers/probes/join/action",
    "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
}
"""What a write of a scale set asks for about what it refers to: not seen in a log of calls."""


@pytest.fixture
def cloud(world):
    furnish(world)
    with world.connect() as cloud:
        yield cloud


def fleet_of(world, number):
    alarms = {
        "hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]},
        "seen": {"metric": "memory", "above": 90, "notify": ["ops@example.org"]},
    }
    image = {"newest": "ubuntu-24_04-lts:server", "owner": "Canonical"}
    template = {"image": image, "size": "Standard_D2s_v5"}
    pools = {"load_balancers": ["virtualmin-web"], "template": template, "alarms": alarms}
    return make_fleet(*(azure_group(world, f"web{place:03}", **pools) for place in range(number)))


@pytest.mark.parametrize("number", [2, 100 if IS_EXHAUSTIVE else 20])
def test_a_plan_that_finds_nothing_takes_at_most_eight_calls(world, cloud, number):
    """Whatever the number of groups, as long as a page holds them."""
    fleet = fleet_of(world, number)
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    world.doors.clear_requests()
    assert not cloud.plan(fleet)
    assert world.doors.count()["total"] == 7, world.doors.count()


def live_through(world, cloud, fleet):
    """Everything that trimtab does with a fleet."""
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    cloud.plan(fleet)
    cloud.status(fleet, addresses=True)
    cloud.watch(fleet).snapshot()
    web = cloud.group(fleet.native_name(fleet.groups[0]))
    web.datapoints(metrics.cpu)
    web.activities()
    web.scale(to=5)
    web.execute(fleet.groups[0].policies[0].name)
    web.pause(by="Ana")
    web.protect(web.instances()[0].id)
    web.replace(web.instances()[0].id)
    web.resume()
    web.publish(metrics.custom("Virtualmin", "Jobs"), 3)
    cloud.import_group(web.name, fleet=fleet.name)
    first = fleet.groups[0].model_copy(update={"tags": {"Team": "hosting"}})
    cloud.apply(cloud.plan(fleet.model_copy(update={"groups": (first, *fleet.groups[1:])}))).raise_for_failures()
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


def actions_made(world):
    made = {call.operation for call in world.doors.requests()} - {"Operations_Get"}
    return {ACTIONS[operation] for operation in made}


def told(world, fleet):
    """The example, with an alarm that people see and an image that is looked up."""
    image = tt.Image(newest="ubuntu-24_04-lts:server", owner="Canonical")
    seen = tt.Alarm(name="seen", metric=metrics.memory, above=90, notify=("ops@example.org",))
    groups = tuple(
        group.model_copy(
            update={
                "alarms": (*group.alarms, seen),
                "template": group.template.model_copy(update={"image": image}),
            }
        )
        for group in fleet.groups
    )
    return fleet.model_copy(update={"groups": groups})


LOOKED_UP = {
    *("Microsoft.Network/virtualNetworks/subnets/read", "Microsoft.Compute/locations/usages/read"),
    "Microsoft.Compute/skus/read",
}


def test_the_role_allows_what_is_done_and_nothing_idle(world, cloud):
    fleet = told(world, load_cluster())
    world.doors.clear_requests()
    live_through(world, cloud, fleet)
    made = actions_made(world)
    role = cloud.permissions(fleet)
    granted = {*role["Actions"], *role["DataActions"]}
    assert made - granted == set()
    assert granted - made - JOINS == set()


def test_the_role_for_reading_writes_nothing(world, cloud):
    fleet = told(world, load_cluster())
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    world.doors.clear_requests()
    cloud.plan(fleet)
    cloud.status(fleet, addresses=True)
    cloud.watch(fleet).snapshot()
    cloud.group(fleet.native_name(fleet.groups[0])).activities()
    role = cloud.permissions(fleet, read_only=True)
    granted = set(role["Actions"])
    # what a new group names is looked up before it is made, and not again
    assert granted - actions_made(world) == LOOKED_UP
    assert actions_made(world) <= granted
    assert role["DataActions"] == []
    assert all(action.lower().endswith("/read") for action in granted)


def test_a_role_is_assignable_where_the_fleet_lives(world, cloud):
    group = azure_group(world, "web", azure={"resource_group": "elsewhere"})
    scopes = cloud.permissions(make_fleet(group))["AssignableScopes"]
    assert scopes == [f"/subscriptions/{world.emulator.subscription}/resourceGroups/elsewhere"]
