"""
Ids mean the same whatever their case: what Azure spells otherwise, or a file does, is no difference.

https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import make_fleet
from tests.laws import examples
from tests.providers.azure.groups import KEY, QUEUE, azure_group
from trimtab.plan import Key, Live, make_plan
from trimtab.providers.azure.bodies import set_patch
from trimtab.providers.azure.kinds import ACTION_GROUP, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.bodies import differ_only_in

KINDS_OF_IDS = {
    "pool": "Microsoft.Network/loadBalancers/front/backendAddressPools/web",
    "gateway": "Microsoft.Network/applicationGateways/gate/backendAddressPools/web",
    "wall": "Microsoft.Network/networkSecurityGroups/wall",
    "identity": "Microsoft.ManagedIdentity/userAssignedIdentities/ida",
    "keys": "Microsoft.Compute/diskEncryptionSets/keys",
    "image": "Microsoft.Compute/images/base",
    "told": "Microsoft.Insights/actionGroups/told",
}


def recased(value, case):
    """A body with all ids in another case, letter by letter."""
    if isinstance(value, dict):
        return {name: recased(item, case) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [recased(item, case) for item in value]
    if isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        return "".join(case.choice((letter.lower(), letter.upper())) for letter in value)
    return value


def furnish(world):
    place = {"location": world.location}
    pools = {"backendAddressPools": [{"name": "web"}], "probes": [{"name": "http", "properties": {"port": 80}}]}
    balancer = f"{world.home}/providers/Microsoft.Network/loadBalancers/front"
    rule = {
        "backendAddressPool": {"id": f"{balancer}/backendAddressPools/web"},
        "probe": {"id": f"{balancer}/probes/http"},
    }
    rules = {"loadBalancingRules": [{"name": "http", "properties": rule}]}
    world.put("Microsoft.Network/loadBalancers/front", {**place, "properties": {**pools, **rules}})
    gate = {"backendAddressPools": [{"name": "web"}]}
    world.put("Microsoft.Network/applicationGateways/gate", {**place, "properties": gate})
    for path in (KINDS_OF_IDS[name] for name in ("wall", "identity", "keys", "image")):
        world.put(path, {**place, "properties": {}})
    body = {"location": "Global", "group_short_name": "told", "enabled": True}
    world.monitor.action_groups.create_or_update(world.group, "told", body)


def fleet_in(world, case=None):
    """A fleet that names everything by its id."""
    ids = {name: f"{world.home}/providers/{path}" for name, path in KINDS_OF_IDS.items()}
    ids |= {"subnet": world.subnet, "queue": QUEUE}
    ids = recased(ids, case) if case else ids
    template = {
        "image": ids["image"],
        "size": "Standard_D2s_v5",
        "ssh_key": KEY,
        "role": ids["identity"],
        "security_groups": [ids["wall"]],
        "disks": [{"type": "ssd", "key": ids["keys"]}, {"device": "1", "size_gb": 8, "key": ids["keys"]}],
    }
    group = azure_group(
        world,
        "web",
        template=template,
        placement={"subnets": [ids["subnet"]]},
        load_balancers=[{"id": ids["pool"]}],
        health_check={"by": "load-balancer"},
        azure={"application_gateway_pools": [ids["gateway"]]},
        alarms={
            "hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]},
            "queue": {
                "metric": {"name": "queue-depth", "of": ids["queue"]},
                "above": 70,
                "triggers": ["scale-out"],
                "notify": [ids["told"], "ops@example.org"],
                "notify_ok": [ids["told"].lower()],
            },
        },
    )
    return make_fleet(group)


@pytest.fixture(scope="module")
def made(emulator):
    """A world with the fleet, and what a read finds of it."""
    from tests.providers.azure.world import AzureWorld

    emulator.doors.reset()
    world = AzureWorld(emulator)
    furnish(world)
    with world.connect() as cloud:
        fleet = fleet_in(world)
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        assert not cloud.plan(fleet)
        yield world, cloud, cloud.provider.resources.read(fleet)


def planned(cloud, fleet, live):
    resources = cloud.provider.resources
    wanted = resources.translate(fleet, resources.resolve(fleet, live), cloud.provider.connection.clock.now())
    return make_plan(
        provider="azure",
        kinds=KINDS,
        fleet=fleet,
        wanted=wanted.resources,
        live=live,
        now=cloud.provider.connection.clock.now(),
    )


def spelled(live, case):
    """What was read, with every id in another case: of bodies and of what resources are called by."""
    resources = {
        key: replace(item, body=recased(item.body, case), attributes=recased(dict(item.attributes), case))
        for key, item in live.resources.items()
    }
    return Live(resources=resources, unknown=live.unknown, locations=live.locations)


@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_cloud_that_spells_ids_otherwise_is_as_wanted(made, seed):
    world, cloud, live = made
    changes = planned(cloud, fleet_in(world), spelled(live, Random(seed))).changes
    assert [(change.key.kind, change.fields) for change in changes if change.fields] == []


@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_file_that_spells_ids_otherwise_wants_the_same(made, seed):
    world, cloud, live = made
    fleet = fleet_in(world, Random(seed))
    assert [(change.key.kind, change.fields) for change in planned(cloud, fleet, live).changes if change.fields] == []


def test_an_action_group_is_told_once(made):
    """Whichever way it is spelled at the beginning of an alarm and at its end."""
    _, _, live = made
    (alert,) = [item for item in live.resources.values() if item.key.kind == METRIC_ALERT.name]
    told = [action["actionGroupId"].rpartition("/")[2] for action in alert.body["properties"]["actions"]]
    assert (len(told), told.count("told")) == (2, 1)


@settings(max_examples=examples(20), deadline=None)
@given(seed=st.integers(0, 2**32))
def test_reads_that_differ_in_case_are_the_same(made, seed):
    """Else a write that somebody else's new size made stale would be given up."""
    _, _, live = made
    for item in live.resources.values():
        other = replace(item, body=recased(item.body, Random(seed)))
        assert differ_only_in(KINDS[item.key.kind], item, other, "sku.capacity")


def test_what_is_let_go_by_another_spelling_is_deleted_afterwards(made):
    """An alert that is told otherwise lets its action group go before that is deleted."""
    world, cloud, live = made
    (key,) = [key for key in live.resources if key.kind == ACTION_GROUP.name]
    fleet = fleet_in(world)
    alarms = tuple(alarm.model_copy(update={"notify": (), "notify_ok": ()}) for alarm in fleet.groups[0].alarms)
    quiet = make_fleet(fleet.groups[0].model_copy(update={"alarms": alarms[:1]}))
    seen = make_fleet(
        fleet.groups[0].model_copy(
            update={"alarms": (alarms[0], alarms[1].model_copy(update={"notify": ("dev@example.org",)}))}
        )
    )
    for wanted, after in ((seen, True), (quiet, False)):
        changes = {change.key: change for change in planned(cloud, wanted, spelled(live, Random(1))).changes}
        alert = Key(key.location, METRIC_ALERT.name, "virtualmin-web-queue")
        assert (alert in changes[key].after) is after


def test_an_identity_of_another_spelling_is_not_taken_away(made):
    """A patch that ends the same identity that it wants would leave none."""
    _, _, live = made
    (item,) = [item for item in live.resources.values() if item.key.kind == SCALE_SET.name]
    other = replace(item, body=recased(item.body, Random(2)))
    patch = set_patch(SCALE_SET, item.body, other, ["identity.userAssignedIdentities"])
    assert list(patch["identity"]["userAssignedIdentities"].values()) == [{}]
