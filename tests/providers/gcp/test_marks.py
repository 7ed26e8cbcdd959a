"""A mark that was edited away, or is another fleet's by now; and what stands in a group of ours without any."""

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED, fleet
from tests.providers.gcp.world import SCOPE

pytestmark = pytest.mark.sweep

GROUP = f"{SCOPE}/instanceGroupManagers/virtualmin-web"
HOLDS_BACK = {
    "group-manager": {"health-check", "instance-template"},
    "autoscaler": set(),
    "health-check": set(),
    "alert-policy": {"notification-channel"},
    "notification-channel": set(),
}
"""What cannot go while a thing that lost its mark, and so stays, still uses it: by the kind of that."""


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet()), wait="accepted").raise_for_failures()
        yield cloud


def find(cloud, kind):
    """The one thing of the group `web` that is of a kind."""
    there = cloud.provider.resources.read(fleet()).resources
    return next((there[key] for key in there if key.kind == kind and key.name.startswith("virtualmin-web")), None)


@pytest.mark.parametrize("kind", HOLDS_BACK)
def test_what_lost_its_mark_gets_it_back(world, cloud, kind):
    """By what it is tied to; nothing else is written."""
    key = find(cloud, kind).key
    world.make_foreign(cloud, key)
    plan = cloud.plan(fleet())
    assert not plan.problems
    (healed,) = list(plan)
    assert (healed.key, healed.reason) == (key, "mark lost")
    cloud.apply(plan).raise_for_failures()
    assert find(cloud, kind).mark.fleet == "virtualmin"
    assert not cloud.plan(fleet())


@pytest.mark.parametrize("kind", HOLDS_BACK)
def test_what_lost_its_mark_outlives_its_fleet(world, cloud, kind):
    """
    What it uses cannot go either, and a note says so of each, and of itself; all else does.

    An autoscaler is nothing without its group, and goes with it.
    """
    key = find(cloud, kind).key
    world.make_foreign(cloud, key)
    plan = cloud.destroy(fleet())
    stays = {note.text.partition(" stays: ")[0] for note in plan.notes if " stays: " in note.text}
    kinds = HOLDS_BACK[kind] | (set() if kind == "autoscaler" else {kind})
    assert {text.partition(" '")[0] for text in stays} == {cloud.provider.kinds[one].label for one in kinds}
    cloud.apply(plan, wait="accepted", **AGREED).raise_for_failures()
    assert (find(cloud, kind) is None) is (kind == "autoscaler")
    assert not cloud.destroy(fleet())


@pytest.mark.parametrize("mark", ["", "[trimtab fleet=other group=web]"])
def test_a_group_that_was_taken_over_keeps_its_size_and_its_machines(world, cloud, mark):
    world.ask("PATCH", GROUP, {"description": mark})
    before = world.ask("GET", GROUP)
    cloud.apply(cloud.destroy(fleet()), wait="accepted", **AGREED)
    after = world.ask("GET", GROUP)
    for name in ("targetSize", "versions", "autoHealingPolicies", "description"):
        assert after[name] == before[name]
    if mark:
        applied = cloud.apply(cloud.plan(fleet()), wait="accepted")
        assert any("belongs to fleet 'other'" in text for text in applied.held)
        assert world.ask("GET", GROUP) == after


def test_words_of_others_beside_a_mark_stay_there(world, cloud):
    """What somebody wrote above it is no drift, and survives what is written of the group."""
    mark = world.ask("GET", GROUP)["description"].splitlines()[-1]
    world.ask("PATCH", GROUP, {"description": f"ask Ana before you touch this\n{mark}"})
    assert not cloud.plan(fleet())
    edited = make_fleet(gcp_group("web", gcp={"suspended": 1}), gcp_group("api"))
    cloud.apply(cloud.plan(edited), wait="accepted").raise_for_failures()
    first, second = world.ask("GET", GROUP)["description"].splitlines()
    assert first == "ask Ana before you touch this"
    assert second.startswith("[trimtab fleet=virtualmin group=web ")
    assert second != mark


def put_into_theirs(world):
    """Somebody puts a group of ours into a backend service of theirs, beside a group of their own."""
    world.ask("POST", "global/instanceTemplates", {"name": "theirs", "properties": {"machineType": "e2-micro"}})
    body = {"name": "theirs", "targetSize": 0, "instanceTemplate": "global/instanceTemplates/theirs"}
    world.ask("POST", f"{SCOPE}/instanceGroupManagers", body)
    groups = [f"{SCOPE}/instanceGroups/{name}" for name in ("theirs", "virtualmin-web")]
    body = {
        "name": "theirs",
        "description": "somebody else's",
        "healthChecks": ["global/healthChecks/virtualmin"],
        "backends": [{"group": group, "maxUtilization": 0.7} for group in groups],
    }
    world.ask("POST", "global/backendServices", body)


def test_a_group_that_others_put_behind_their_service_is_taken_out_again_and_only_that(world, cloud):
    """Where a group is is its own; the service, and all else that is in it, is theirs."""
    put_into_theirs(world)
    theirs = world.ask("GET", "global/backendServices/theirs")
    plan = cloud.plan(fleet())
    assert [(change.action, change.key.parent, change.key.name) for change in plan] == [
        ("delete", "virtualmin-web", "theirs")
    ]
    cloud.apply(plan).raise_for_failures()
    after = world.ask("GET", "global/backendServices/theirs")
    (kept,) = after["backends"]
    assert kept == theirs["backends"][0]
    assert {**after, "backends": [], "fingerprint": ""} == {**theirs, "backends": [], "fingerprint": ""}
    assert not cloud.plan(fleet())


def test_a_group_may_stay_behind_the_service_of_others(world, cloud):
    """Where the file leaves its places behind balancers to others; a group that goes takes all of them along."""
    put_into_theirs(world)
    wanted = make_fleet(gcp_group("web", unmanaged=["load_balancers"]), gcp_group("api"))
    assert not cloud.plan(wanted)
    gone = cloud.plan(make_fleet(gcp_group("api")))
    backends = [change.key for change in gone if change.key.kind == "backend"]
    assert {(key.parent, key.name) for key in backends} == {
        ("virtualmin-web", "theirs"),
        ("virtualmin-web", "virtualmin"),
    }
