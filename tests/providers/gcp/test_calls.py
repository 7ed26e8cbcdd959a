"""How many calls things cost on Google Cloud, and that the role of a fleet allows exactly those that are made."""

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from tests.laws import IS_EXHAUSTIVE
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.rights import permission_of
from trimtab import metrics

IMPLIED = {
    "compute.targetPools.list",  # where no backend service has the name
    "compute.instanceTemplates.useReadOnly",
    "compute.instanceGroupManagers.use",
    "compute.instanceGroups.create",
    "compute.instanceGroups.delete",
    "compute.instanceGroups.use",
    "compute.instances.create",
    "compute.disks.create",
    "compute.images.useReadOnly",
    "compute.subnetworks.use",
    "compute.networks.use",
    "compute.regionHealthChecks.useReadOnly",
    "compute.regionBackendServices.get",
    "compute.regionBackendServices.list",
    "compute.regionBackendServices.update",
    "compute.regionHealthChecks.list",
    "compute.zoneOperations.list",
    "compute.regionOperations.list",
}
"""What a write asks for about what it refers to: not seen in a log of calls, or of a regional backend service."""
POLLED = {"compute.globalOperations.get", "compute.regionOperations.get", "compute.zoneOperations.get"}
"""Asked for while an operation is under way; in the emulator they are over at once."""


@pytest.mark.parametrize("number", [2, 100 if IS_EXHAUSTIVE else 20])
def test_a_plan_that_finds_nothing_takes_eight_calls(world, number):
    """Whatever the number of groups, as long as a page holds them; an image that is matched takes one more."""
    fleet = make_fleet(*(gcp_group(f"web{place:03}") for place in range(number)))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        world.doors.clear_requests()
        assert not cloud.plan(fleet)
        assert world.doors.count()["total"] == 8, world.doors.count()
        world.doors.clear_requests()
        cloud.status(fleet)
        assert world.doors.count()["total"] == 5 + number


def live_through(world, cloud, fleet):
    """Everything that trimtab does with a fleet."""
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    edited = fleet.model_copy(
        update={
            "groups": tuple(
                group.model_copy(
                    update={
                        "tags": {"team": "ops"},
                        "load_balancers": (tt.LoadBalancer(name="virtualmin", port=9090),),
                        "health_check": tt.HealthCheck(path="/other", port=81),
                    }
                )
                for group in fleet.groups
            )
        }
    )
    cloud.apply(cloud.plan(edited)).raise_for_failures()
    for kind in ("alert-policy", "notification-channel"):
        key = next(key for key in cloud.provider.resources.read(edited).resources if key.kind == kind)
        world.tamper(cloud, key)
    cloud.apply(cloud.plan(edited)).raise_for_failures()
    cloud.status(edited, addresses=True)
    live = cloud.group("web")
    live.activities()
    live.datapoints(metrics.cpu)
    live.publish(metrics.custom("Virtualmin", "Jobs"), 3)
    live.pause(by="Ana")
    live.scale(to=3)
    live.replace(live.instances()[0].id)
    live.end(live.instances()[0].id, shrink=True)
    live.resume()
    cloud.watch(edited).snapshot()
    cloud.import_group(fleet.native_name(fleet.groups[0]))
    less = {"alarms": (), "load_balancers": (), "health_check": tt.HealthCheck()}
    cloud.apply(cloud.plan(fleet.model_copy(update={"groups": (fleet.groups[0].model_copy(update=less),)})))
    cloud.apply(cloud.destroy(fleet), allow_delete=True).raise_for_failures()


def test_the_role_allows_what_is_done_and_nothing_idle(world):
    fleet = make_fleet(gcp_group("web"))
    with world.connect() as cloud:
        world.doors.clear_requests()
        live_through(world, cloud, fleet)
        used = {permission_of(call) for call in world.doors.requests()}
        granted = set(cloud.permissions(fleet)["includedPermissions"])
        assert used - granted == set()
        assert granted - used - IMPLIED - POLLED == set()


def test_the_role_for_reading_allows_plan_status_and_watch(world):
    fleet = make_fleet(gcp_group("web"))
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        world.doors.clear_requests()
        cloud.plan(fleet)
        cloud.status(fleet, addresses=True)
        cloud.watch(fleet).snapshot()
        used = {permission_of(call) for call in world.doors.requests()}
        role = cloud.permissions(fleet, read_only=True)
        assert used - set(role["includedPermissions"]) == set()
        assert not [one for one in role["includedPermissions"] if not one.endswith((".get", ".list"))]
