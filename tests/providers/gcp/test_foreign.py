"""Other people's things on Google Cloud alone: autoscalers, backend services, names in two places."""

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED, GROUP, TEMPLATE, fleet
from tests.providers.gcp.world import SCOPE
from trimtab.plan import Action

pytestmark = pytest.mark.sweep


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


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
