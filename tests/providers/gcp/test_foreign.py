"""Other people's things are never touched, whatever their names, and what is made twice is told apart."""

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED, SCENARIOS, State, edited, fleet, make_foreign_things
from tests.providers.gcp.world import SCOPE
from trimtab.errors import ApplyFailed
from trimtab.plan import Action

TEMPLATE = {"name": "theirs", "properties": {"machineType": "e2-micro"}}
CHECK = {"name": "virtualmin-web", "type": "TCP", "tcpHealthCheck": {"port": 9}}
GROUP = {"name": "virtualmin-web", "targetSize": 1, "instanceTemplate": "global/instanceTemplates/theirs"}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


@pytest.fixture
def foreign(world, cloud):
    make_foreign_things(cloud)
    return State(world, cloud).foreign()


def put_theirs(world, kind):
    """Somebody else's thing under a name that the fleet wants; gives a look at it."""
    world.ask("POST", "global/instanceTemplates", TEMPLATE)
    if kind == "health-check":
        world.ask("POST", f"{SCOPE}/healthChecks", CHECK)
        return lambda: world.ask("GET", f"{SCOPE}/healthChecks/virtualmin-web")
    world.ask("POST", f"{SCOPE}/instanceGroupManagers", GROUP)
    if kind == "group-manager":
        return lambda: world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
    target = f"{SCOPE}/instanceGroupManagers/virtualmin-web"
    body = {"name": "by-hand", "target": target, "autoscalingPolicy": {"maxNumReplicas": 2, "minNumReplicas": 1}}
    world.ask("POST", f"{SCOPE}/autoscalers", body)
    return lambda: world.ask("GET", f"{SCOPE}/autoscalers/by-hand")


@pytest.mark.parametrize("name", SCENARIOS)
def test_things_with_similar_names_are_left_alone(world, cloud, foreign, name):
    scenario = SCENARIOS[name]
    scenario.prepare(cloud)
    plan = scenario.plan(cloud)
    assert not plan.problems
    assert {change.group for change in plan} <= {"web", "api"}
    cloud.apply(plan, **AGREED).raise_for_failures()
    assert not scenario.plan(cloud)
    assert State(world, cloud).foreign() == foreign


def test_a_fleet_whose_name_begins_with_ours_is_another(world, cloud):
    other = make_fleet(gcp_group("web"), name="virtualmin-web")
    cloud.apply(cloud.plan(other)).raise_for_failures()
    before = State(world, cloud).foreign()
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    assert not cloud.plan(other)
    cloud.apply(cloud.destroy(fleet()), **AGREED).raise_for_failures()
    assert State(world, cloud).foreign() == before
    assert not cloud.plan(other)
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    cloud.apply(cloud.destroy(other), **AGREED).raise_for_failures()
    assert not cloud.plan(fleet())


def test_what_was_destroyed_can_be_made_and_edited_again(world, cloud):
    for _ in range(2):
        cloud.apply(cloud.plan(fleet())).raise_for_failures()
        cloud.apply(cloud.plan(edited())).raise_for_failures()
        assert not cloud.plan(edited())
        cloud.apply(cloud.destroy(fleet()), **AGREED).raise_for_failures()
        assert not State(world, cloud).names()


@pytest.mark.parametrize("kind", ["health-check", "group-manager", "autoscaler"])
def test_a_name_that_is_taken_is_held_back_alone(world, cloud, kind):
    look = put_theirs(world, kind)
    before = look()
    plan = cloud.plan(fleet())
    assert any("is not managed by trimtab" in problem.text for problem in plan.problems)
    applied = cloud.apply(plan, wait="accepted", **AGREED)
    assert look() == before
    assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}, "the rest goes on"
    assert any("is not managed by trimtab" in text for text in applied.held)
    with pytest.raises(ApplyFailed, match="not managed by trimtab"):
        applied.raise_for_failures()


@pytest.mark.parametrize("kind", ["health-check", "group-manager"])
def test_a_name_that_is_taken_after_the_plan_is_left_alone(world, cloud, kind):
    plan = cloud.plan(fleet())
    look = put_theirs(world, kind)
    before = look()
    applied = cloud.apply(plan, wait="accepted")
    assert look() == before
    failed = next(one for one in applied.outcomes if one.error and not one.skipped)
    assert failed.change.key.kind == kind
    assert "not this fleet's" in failed.error
    assert {one.word for one in applied.outcomes if one.change.group == "api"} == {"done"}


def test_an_autoscaler_that_somebody_was_faster_to_make_is_left_alone(world, cloud):
    """A group has one: a second is refused by the service, and told as that change's failure."""
    made = {}

    def listener(event):
        is_ours = type(event).__name__ == "ChangeEnded" and event.change.key.kind == "group-manager"
        if is_ours and event.change.group == "web" and not made:
            target = f"{SCOPE}/instanceGroupManagers/virtualmin-web"
            body = {"name": "by-hand", "target": target, "autoscalingPolicy": {"maxNumReplicas": 2}}
            made["done"] = world.ask("POST", f"{SCOPE}/autoscalers", body)

    applied = cloud.apply(cloud.plan(fleet()), on_event=listener)
    (failed,) = [one for one in applied.outcomes if one.error and not one.skipped]
    assert (failed.change.key.kind, failed.change.group) == ("autoscaler", "web")
    assert world.ask("GET", f"{SCOPE}/autoscalers/by-hand")["autoscalingPolicy"]["maxNumReplicas"] == 2
    assert any("is not managed by trimtab" in problem.text for problem in cloud.plan(fleet()).problems)
    cloud.apply(cloud.adopt(fleet())).raise_for_failures()
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    assert not cloud.plan(fleet())
    assert world.ask("GET", f"{SCOPE}/autoscalers/by-hand")["autoscalingPolicy"]["maxNumReplicas"] == 10


def test_a_group_that_was_deleted_by_hand_is_made_again(world, cloud):
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    world.ask("PATCH", "global/backendServices/virtualmin", {"backends": []})
    world.ask("DELETE", f"{SCOPE}/autoscalers/virtualmin-web")
    world.ask("DELETE", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
    plan = cloud.plan(fleet())
    made = {(change.key.kind, change.group) for change in plan if change.action is Action.CREATE}
    assert made >= {("group-manager", "web"), ("autoscaler", "web"), ("backend", "web"), ("backend", "api")}
    cloud.apply(plan).raise_for_failures()
    assert not cloud.plan(fleet())


def test_two_fleets_share_a_backend_service(world, cloud):
    """Each has its own places in it, and neither takes the other's away."""
    one, two = make_fleet(gcp_group("web"), name="one"), make_fleet(gcp_group("web"), name="two")
    for each in (one, two):
        cloud.apply(cloud.plan(each)).raise_for_failures()
    assert not cloud.plan(one)
    service = world.ask("GET", "global/backendServices/virtualmin")
    assert sorted(one["group"].rsplit("/", 1)[-1] for one in service["backends"]) == ["one-web", "two-web"]
    cloud.apply(cloud.destroy(one), **AGREED).raise_for_failures()
    assert not cloud.plan(two)


def test_groups_of_one_name_in_a_zone_and_in_its_region_are_two(world, cloud):
    """Compute Engine tells them apart by where they are, and so does the fleet."""
    zonal = make_fleet(gcp_group("web", placement={"zones": ["europe-west1-b"]}, load_balancers=()), name="shop")
    cloud.apply(cloud.plan(zonal)).raise_for_failures()
    world.ask("POST", "global/instanceTemplates", TEMPLATE)
    world.ask("POST", f"{SCOPE}/instanceGroupManagers", {**GROUP, "name": "shop-web"})
    assert not cloud.plan(zonal)
    cloud.apply(cloud.destroy(zonal), **AGREED).raise_for_failures()
    assert world.ask("GET", f"{SCOPE}/instanceGroupManagers/shop-web")["targetSize"] == 1


def test_a_plan_says_who_keeps_a_group_from_being_deleted(world, cloud):
    """Another fleet's autoscaler on a group of ours."""
    wanted = make_fleet(gcp_group("web", load_balancers=()))
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    body = world.ask("GET", f"{SCOPE}/autoscalers/virtualmin-web")
    world.ask(
        "PUT",
        f"{SCOPE}/autoscalers?autoscaler=virtualmin-web",
        {**body, "description": "[trimtab fleet=other group=web]"},
    )
    plan = cloud.destroy(wanted)
    assert any(
        "autoscaler 'virtualmin-web' is not this fleet's, and keeps the managed instance group" in str(note)
        for note in plan.notes
    )
    applied = cloud.apply(plan, wait="accepted", **AGREED)
    assert any("already being used by" in (one.error or "") for one in applied.outcomes)
