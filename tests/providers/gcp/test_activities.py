"""What was done to a group and why, what keeps it from its size, and how each of its instances is."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE
from trimtab import errors

MINUTE = timedelta(minutes=1)
ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}}
ZONAL = {"placement": {"zones": ["europe-west1-b"]}}
JOBS = {"hold": {"type": "target-tracking", "metric": {"custom": "Jobs", "namespace": "Virtualmin"}, "target": 5}}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def apply(cloud, **fields):
    wanted = make_fleet(gcp_group("web", **{**ALONE, **fields}), gcp_group("web-2", **ALONE))
    cloud.apply(cloud.plan(wanted), wait="accepted").raise_for_failures()
    return cloud.group("virtualmin-web")


def texts(live, limit=100):
    return [one.description for one in live.activities(limit)]


@pytest.mark.parametrize("where", [{}, ZONAL], ids=["regional", "zonal"])
def test_what_was_done_is_told_newest_first_and_of_no_other_group(world, cloud, where):
    """Operations on the manager, its autoscaler and its instances; who did it is the cause."""
    live = apply(cloud, policies={}, **where)
    world.advance(MINUTE)
    live.scale(to=3)
    found = live.activities(100)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    assert {one.description for one in found if one.at == world.doors.now()} >= {
        "resize instanceGroupManager virtualmin-web"
    }
    assert {"create instanceGroupManager virtualmin-web", "create autoscaler virtualmin-web"} <= set(texts(live))
    made = [one for one in found if one.description.startswith("create instance virtualmin-web-")]
    assert len(made) == 3
    assert {one.cause for one in made} == {"system"}
    assert not [text for text in texts(live) if "virtualmin-web-2" in text.rsplit("-", 1)[0]]
    assert texts(live, 2) == texts(live)[:2]


def test_an_operation_that_failed_says_why(world, cloud):
    live = apply(cloud, policies={})
    world.doors.fail_operation("instanceGroupManagers.resize", "QUOTA_EXCEEDED", "Quota 'CPUS' exceeded. Limit: 8.0")
    with pytest.raises(errors.ProviderError, match="Quota 'CPUS' exceeded"):
        live.scale(to=4)
    failed = [one for one in live.activities() if one.status == "failed"]
    assert [one.cause for one in failed] == ["QUOTA_EXCEEDED: Quota 'CPUS' exceeded. Limit: 8.0"]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("stockout", "ZONE_RESOURCE_POOL_EXHAUSTED"),
        ("quota", "QUOTA_EXCEEDED"),
        ("addresses", "IP_SPACE_EXHAUSTED"),
        ("permission", "PERMISSIONS_ERROR"),
    ],
)
@pytest.mark.parametrize("where", [{}, ZONAL], ids=["regional", "zonal"])
def test_an_attempt_that_failed_says_why_and_of_which_instance(world, cloud, where, reason, code):
    """One activity for each attempt; the instances are pending, and come once there is room."""
    live = apply(cloud, policies={}, **where)
    world.doors.run_short(reason=reason)
    live.scale(to=3)
    world.advance(3 * MINUTE)
    tried = [one for one in live.activities(100) if one.description.startswith("creating virtualmin-web-")]
    assert len(tried) > 1
    assert {one.status for one in tried} == {"failed"}
    assert all(one.cause.startswith(f"{code}: ") for one in tried)
    assert sorted(one.state for one in live.instances()) == ["pending", "running", "running"]
    world.doors.end_shortages()
    world.advance(3 * MINUTE)
    assert live.read().running == 3


def test_an_autoscaler_that_lacks_its_metric_says_so(world, cloud):
    """What it complains of stands first, for as long as it does; the mode that somebody chose is no complaint."""
    live = apply(cloud, policies=JOBS)
    world.advance(10 * MINUTE)
    first = live.activities()[0]
    assert first.description == "autoscaler virtualmin-web: MISSING_CUSTOM_METRIC_DATA_POINTS"
    assert "metric" in first.cause
    assert first.at == cloud.now()
    apply(cloud, policies={})
    assert not [text for text in texts(live) if text.startswith("autoscaler ")]


def test_an_autoscaler_at_its_maximum_says_so(world, cloud):
    live = apply(cloud, capacity={"min": 2, "max": 3})
    for _ in range(5):
        world.doors.push(
            [
                {
                    "namespace": "",
                    "metric": "compute.googleapis.com/instance/cpu/utilization",
                    "value": 0.99,
                    "resource": f"{SCOPE}/instanceGroupManagers/virtualmin-web",
                }
            ]
        )
        world.advance(MINUTE)
    assert "autoscaler virtualmin-web: CAPPED_AT_MAX_NUM_REPLICAS" in texts(live)


def test_each_instance_says_how_it_is(world, cloud):
    """Its zone, its health by the group's own check, its template; one that came before another template is old."""
    live = apply(cloud, policies={}, health_check={"path": "/up", "port": 80, "grace": "1h"})
    world.advance(MINUTE)
    first, second = live.instances()
    assert {first.zone, second.zone} <= {f"europe-west1-{letter}" for letter in "bcd"}
    assert (first.healthy, second.healthy, first.outdated) == (True, True, False)
    world.doors.fail_target(first.id)
    world.advance(3 * MINUTE)
    health = {one.id: one.healthy for one in live.instances()}
    assert health == {first.id: False, second.id: True}
    other = {"image": "debian-cloud/debian-12", "size": "e2-medium"}
    apply(cloud, policies={}, health_check={"path": "/up", "port": 80, "grace": "1h"}, template=other)
    live.scale(to=3)
    assert {one.id: one.outdated for one in live.instances()}.items() >= {first.id: True, second.id: True}.items()
    assert sorted(one.outdated for one in live.instances()) == [False, True, True]
    world.ask("DELETE", f"zones/{second.zone}/instances/{second.id}")
    assert any(one.description == f"delete instance {second.id}" for one in live.activities())


def test_an_instance_serves_where_every_backend_service_holds_it_to_be_healthy(world, cloud):
    """By the services' own checks, beside that of the group or without it; a service without a check sends to all."""
    world.ask("POST", "global/backendServices", {"name": "plain", "portName": "http"})
    services = [{"name": name} for name in (world.service, "plain")]
    live = apply(cloud, policies={}, health_check={}, load_balancers=services)
    world.advance(MINUTE)
    first, second = live.instances()
    assert (first.healthy, first.serving, second.serving) == (None, True, True)
    world.doors.fail_target(first.id)
    world.advance(MINUTE)
    world.doors.clear_requests()
    health = {one.id: (one.healthy, one.serving) for one in live.instances()}
    assert health == {first.id: (None, False), second.id: (None, True)}
    asked = [call.operation for call in world.doors.requests()]
    assert asked.count("backendServices.getHealth") == 1
    assert asked.count("backendServices.aggregatedList") == 1
