"""Single instances of managed instance groups, zonal and regional: which calls are made, and what comes of them."""

import json

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from trimtab import errors

ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}}
ZONAL = {"placement": {"zones": ["europe-west1-b"]}}
WHERE = pytest.mark.parametrize(
    ("where", "collection"),
    [({}, "regionInstanceGroupManagers"), (ZONAL, "instanceGroupManagers")],
    ids=["regional", "zonal"],
)
WAIT = tt.minutes(30)


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(world, cloud, size=4, **fields):
    group = gcp_group("web", **{**ALONE, "capacity": {"min": 2, "max": 6}, **fields})
    fleet = make_fleet(group)
    cloud.apply(cloud.plan(fleet), allow_replace=True, allow_delete=True).raise_for_failures()
    live = cloud.group("web")
    live.pause(by="Ana")
    live.scale(to=size)
    live.wait(timeout=WAIT)
    world.doors.clear_requests()
    return fleet, live


def ids(live):
    return [each.id for each in live.instances()]


def writes(world):
    return [call for call in world.doors.requests() if call.write]


@WHERE
def test_an_end_is_one_call_for_all(world, cloud, where, collection):
    fleet, live = apply(world, cloud, **where)
    leavers = live.instances()[:2]
    live.end(*(each.id for each in leavers), shrink=True)
    (call,) = writes(world)
    assert call.operation == f"{collection}.deleteInstances"
    assert json.loads(call.params["body"])["instances"] == [
        f"zones/{each.zone}/instances/{each.id}" for each in leavers
    ]
    live.wait(timeout=WAIT)
    assert live.read().desired == 2
    assert not {each.id for each in leavers} & set(ids(live))
    assert not cloud.plan(fleet)


@WHERE
def test_a_replacement_has_the_name_and_the_current_template(world, cloud, where, collection):
    """https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/recreateInstances"""
    fleet, live = apply(world, cloud, **where)
    edited = fleet.groups[0].template.model_copy(update={"size": "e2-standard-4"})
    newer = fleet.model_copy(update={"groups": (fleet.groups[0].model_copy(update={"template": edited}),)})
    cloud.apply(cloud.plan(newer)).raise_for_failures()
    before = live.instances()
    assert all(each.outdated for each in before)
    world.doors.clear_requests()
    live.replace(before[0].id)
    assert [call.operation for call in writes(world)] == [f"{collection}.recreateInstances"]
    live.wait(timeout=WAIT)
    after = {each.id: each.outdated for each in live.instances()}
    assert after == {each.id: each.id != before[0].id for each in before}


def test_an_autoscaler_that_is_on_decides_anew(world, cloud):
    """Three are what its signals ask for: one that is ended comes back, as another one."""
    policy = {"hold": {"type": "target-tracking", "metric": "cpu", "target": 50}}
    _, live = apply(world, cloud, 3, policies=policy)
    live.resume()
    world.push("virtualmin-web", tt.metrics.cpu, 50.0)
    chosen = ids(live)[0]
    live.end(chosen, shrink=True)
    for _ in range(20):
        world.push("virtualmin-web", tt.metrics.cpu, 75.0)
        world.advance(tt.minutes(1))
    live.wait(timeout=WAIT)
    assert live.read().desired >= 3
    assert chosen not in ids(live)


def test_what_has_gone_meanwhile_is_no_failure(world, cloud):
    """Somebody else ends it between the look and the call: it is taken off the size once."""
    _, live = apply(world, cloud)
    first, second = live.instances()[:2]
    actor, state = cloud.provider.actions.on(live.location, "virtualmin-web"), live.read()
    actor.end_instances(state, [first], shrink=True)
    actor.end_instances(state, [first, second], shrink=True)
    live.wait(timeout=WAIT)
    assert live.read().desired == 2
    assert not {first.id, second.id} & set(ids(live))


def test_nothing_is_protected_or_drained_by_another_way_either(world, cloud):
    _, live = apply(world, cloud)
    actor = cloud.provider.actions.on(live.location, "virtualmin-web")
    with pytest.raises(errors.Unsupported, match="scale_in_limit"):
        actor.protect(live.instances(), protected=True)
    with pytest.raises(errors.Unsupported, match="end it: its backend service"):
        actor.drain(live.read(), live.instances(), shrink=False)
