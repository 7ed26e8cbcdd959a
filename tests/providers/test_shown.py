"""A plan of a creation shows what is sent and no more, held against the requests that the emulators were sent."""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.memory.world import MemoryWorld
from tests.providers.sent import SENT, leaves_of, shown

PLAIN = {"policies": {}, "alarms": {}, "schedules": {}}


def fleets_of(proof):
    """The plain group of a cloud, its richest, and one in a single zone where that is another thing."""
    module = proof.module
    yield "plain", module.pruned()
    yield "rich", getattr(module, "everything", module.edited)()
    if hasattr(module, "elsewhere"):
        yield "zonal", module.elsewhere()


def test_a_creation_shows_what_is_sent_and_no_more(proof):
    """Every leaf of every request is a field of the plan with that value, and the other way round; marks included."""
    cloud = proof.cloud
    for name, fleet in fleets_of(proof):
        proof.emulator.doors.reset()
        world = proof.world(proof.emulator)
        plan = cloud.plan(fleet)
        assert not plan.problems, (name, plan.problems)
        world.doors.clear_requests()
        cloud.apply(plan, wait="accepted").raise_for_failures()
        calls = [call for call in world.doors.requests() if call.write]
        live = cloud.provider.resources.read(fleet).resources
        bodies = SENT[proof.name](calls, plan)
        assert len(bodies) == len(plan.changes), name
        for change in plan:
            key, kind = change.key, cloud.provider.kinds[change.key.kind]
            body = bodies.get((key.kind, key.name)) or bodies[key.kind, key.name, key.parent]
            assert shown(change, live) == dict(leaves_of(kind, body)), (name, str(key))


@pytest.mark.parametrize("group", [make_group("web"), make_group("web", **PLAIN)], ids=["whole", "plain"])
def test_a_creation_in_memory_shows_what_is_stored_and_no_more(group):
    """The cloud in memory has no requests; what it stores is what it was sent, its marks beside the bodies."""
    world, fleet = MemoryWorld(), make_fleet(group)
    with world.connect() as cloud:
        plan = cloud.plan(fleet)
        cloud.apply(plan, wait="accepted").raise_for_failures()
        live = cloud.provider.resources.read(fleet).resources
        for change in plan:
            thing, kind = world.store.things[change.key], cloud.provider.kinds[change.key.kind]
            body = dict(thing.body)
            if "desired" in change.wanted.body:  # the size is no part of what is stored
                body["desired"] = change.wanted.body["desired"]
            if kind.mark == "tags":
                body["tags"] = {**body.get("tags", {}), **thing.mark.tags()}
            elif kind.mark == "description":
                body["description"] = thing.mark.sign(body.get("description"))
            assert shown(change, live) == dict(leaves_of(kind, body)), str(change.key)


def test_a_plain_group_shows_no_mixed_instances_policy(proof):
    """What is only a default of the cloud, in a part that is not sent, is no field of a creation."""
    if proof.name != "aws":
        pytest.skip("a mixed instances policy is AWS's")
    proof.emulator.doors.reset()
    plan = proof.cloud.plan(make_fleet(make_group("web", **PLAIN)))
    assert not [field.path for change in plan for field in change.fields if "MixedInstances" in field.path]
