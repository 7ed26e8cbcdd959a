"""What a fleet refers to, found in the project: the newest image, backend services, target pools; or a named error."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE
from trimtab.checks.live import NEWER_IMAGE
from trimtab.errors import TrimtabError

ALONE = {"load_balancers": (), "alarms": {}, "schedules": {}}
NEWEST = {"newest": "debian-12-bookworm-v*", "owner": "debian-cloud"}
IMAGE = "projects/debian-cloud/global/images/debian-12-bookworm-v20251209"


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def fleet(image=None, **fields):
    template = {"image": image or "debian-cloud/debian-12", "size": "e2-small"}
    return make_fleet(gcp_group("web", **{**ALONE, "template": template, **fields}))


def image_of(world):
    manager = world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
    name = manager["versions"][0]["instanceTemplate"].rsplit("/", 1)[-1]
    template = world.ask("GET", f"global/instanceTemplates/{name}")
    return template["properties"]["disks"][0]["initializeParams"]["sourceImage"].partition("/v1/")[2]


def texts(plan):
    return [str(problem) for problem in plan.problems]


def test_the_newest_image_that_is_not_deprecated(world, cloud):
    """Found among what the publisher has; kept for the group, so that a plan finds nothing to do."""
    wanted = fleet(NEWEST)
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    assert image_of(world) == IMAGE
    assert not cloud.plan(wanted)
    lists = [call for call in world.doors.requests() if call.operation == "images.list"]
    assert {call.params["query"]["filter"] for call in lists} == {'name eq "debian-12-bookworm-v.*"'}


def test_a_newer_image_is_a_note_until_somebody_asks_for_it(world, cloud):
    body = {"name": "golden-1", "sourceDisk": "zones/europe-west1-b/disks/golden"}
    world.ask("POST", "global/images", body)
    wanted = fleet({"newest": "golden-*", "owner": "trimtab"})
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    world.advance(timedelta(hours=1))
    world.ask("POST", "global/images", {**body, "name": "golden-2"})
    plan = cloud.plan(wanted)
    assert not plan
    (note,) = [note for note in plan.notes if note.code == NEWER_IMAGE]
    assert "golden-2" in str(note)
    refreshed = cloud.plan(wanted, refresh=["image"])
    assert {change.key.kind for change in refreshed} == {"instance-template", "group-manager"}
    cloud.apply(refreshed).raise_for_failures()
    assert image_of(world).endswith("/golden-2")
    assert not cloud.plan(wanted)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [("x86_64", "ubuntu-2404-noble-amd64-v20251217"), ("arm64", None)],
)
def test_an_image_of_an_architecture(world, cloud, architecture, name):
    image = {"newest": "ubuntu-2404-noble-*", "owner": "ubuntu-os-cloud", "architecture": architecture}
    plan = cloud.plan(fleet(image))
    if name is None:
        assert any("ubuntu-os-cloud has no image called 'ubuntu-2404-noble-*'" in text for text in texts(plan))
    else:
        cloud.apply(plan).raise_for_failures()
        assert image_of(world).endswith(f"/{name}")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"template": {"image": {"newest": "plan9-*", "owner": "debian-cloud"}, "size": "e2-small"}},
            "no image called",
        ),
        ({"template": {"image": {"newest": "debian-*"}, "size": "e2-small"}}, "needs the project that publishes it"),
        ({"template": {"image": "a/b/c", "size": "e2-small"}}, "write a link, PROJECT/FAMILY"),
        (
            {"load_balancers": ["nowhere"]},
            "load_balancers.0: backend service 'nowhere' not found in europe-west1",
        ),
        (
            {"load_balancers": ["bare"], "health_check": {"by": "load-balancer"}},
            "no backend service of the group has a health check",
        ),
    ],
    ids=["no image", "no owner", "no name", "no service", "no check"],
)
def test_what_is_not_there_is_an_error_that_names_it(world, cloud, fields, text):
    world.ask("POST", "global/backendServices", {"name": "bare"})
    plan = cloud.plan(fleet(**fields))
    assert any(text in one and "web" in one for one in texts(plan)), texts(plan)
    writes = world.writes()
    with pytest.raises(TrimtabError):
        cloud.apply(plan)
    assert world.writes() == writes


def test_a_publisher_that_does_not_exist_is_a_problem_of_the_image(cloud):
    plan = cloud.plan(fleet({"newest": "plan9-*", "owner": "plan9-cloud"}))
    assert not plan.unknown
    (problem,) = [note.text for note in plan.problems]
    assert problem.startswith("template.image: plan9-cloud has no image called 'plan9-*'; write another name")


def test_two_services_of_one_name_are_told_apart_by_their_links(world, cloud):
    """One of the region and a global one: the name alone is an error with the mend."""
    world.ask("POST", "global/healthChecks", {"name": "up", "type": "TCP", "tcpHealthCheck": {"port": 80}})
    world.ask("POST", f"{SCOPE}/backendServices", {"name": "virtualmin", "healthChecks": ["global/healthChecks/up"]})
    plan = cloud.plan(fleet(load_balancers=["virtualmin"]))
    assert any("2 backend services are called 'virtualmin' in " in text and "`id`" in text for text in texts(plan))
    link = "projects/trimtab/regions/europe-west1/backendServices/virtualmin"
    wanted = fleet(load_balancers=[{"id": link, "drain": "30s"}])
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    service = world.ask("GET", f"{SCOPE}/backendServices/virtualmin")
    assert service["backends"][0]["group"].endswith(f"{SCOPE}/instanceGroups/virtualmin-web")
    assert service["connectionDraining"] == {"drainingTimeoutSec": 30}
    assert not cloud.plan(wanted)


def test_a_target_pool_by_its_link(world, cloud):
    world.ask("POST", f"{SCOPE}/targetPools", {"name": "pool"})
    wanted = fleet(load_balancers=[{"id": f"projects/trimtab/{SCOPE}/targetPools/pool"}])
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    manager = world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
    assert manager["targetPools"][0].endswith("/targetPools/pool")
    assert not cloud.plan(wanted)
    bare = fleet()
    cloud.apply(cloud.plan(bare)).raise_for_failures()
    assert not world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web").get("targetPools")
    assert not cloud.plan(bare)


def test_a_balancer_that_hands_packets_on_takes_connections(world, cloud):
    """A passthrough balancer knows no other balancing mode; a group is put in as it takes it."""
    world.ask("POST", "global/healthChecks", {"name": "up", "type": "TCP", "tcpHealthCheck": {"port": 80}})
    body = {"name": "mail", "loadBalancingScheme": "INTERNAL", "protocol": "TCP"}
    world.ask("POST", f"{SCOPE}/backendServices", {**body, "healthChecks": ["global/healthChecks/up"]})
    wanted = fleet(load_balancers=["mail"])
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    (backend,) = world.ask("GET", f"{SCOPE}/backendServices/mail")["backends"]
    assert backend["balancingMode"] == "CONNECTION"
    assert not cloud.plan(wanted)
