"""
What a fleet names by name, on the emulator: by link, by name, of an unknown name, of one that two have.

A link has a `/` in it; anything else is a name in the own project, of what is in a region in the group's.
"""

import pytest

import trimtab as tt
from tests.providers.gcp.rights import permission_of
from tests.providers.gcp.world import LOCATION, PROJECT

TEXT = """name: shop
groups:
  web:
    capacity: {{min: 1, max: 4}}
    template:
      image: debian-cloud/debian-12
      size: e2-small
      {template}
    placement:
      {placement}
    {more}
"""
EVERYTHING = "role: web\n      disks: [{key: shop/disks, type: pd-ssd}]"
EMAIL = f"web@{PROJECT}.iam.gserviceaccount.com"
LINK = f"projects/{PROJECT}/locations/{LOCATION}/keyRings/shop/cryptoKeys/disks"


def fleet_of(template="", placement="zones: []", more=""):
    return tt.parse_fleet(TEXT.format(template=template, placement=placement, more=more))


@pytest.fixture
def cloud(world):
    """A network with a subnetwork, a key in a ring, and a target pool."""
    world.ask("POST", "global/networks", {"name": "main", "autoCreateSubnetworks": False})
    network = f"projects/{PROJECT}/global/networks/main"
    world.ask(
        "POST", f"regions/{LOCATION}/subnetworks", {"name": "private", "network": network, "ipCidrRange": "10.0.0.0/24"}
    )
    world.ask("POST", f"regions/{LOCATION}/targetPools", {"name": "packets"})
    world.make_named(f"locations/{LOCATION}/keyRings?keyRingId=shop")
    world.make_named(f"locations/{LOCATION}/keyRings/shop/cryptoKeys?cryptoKeyId=disks")
    with world.connect() as cloud:
        yield cloud


def body_of(plan, kind):
    (body,) = [change.wanted.body for change in plan if change.key.kind == kind]
    return body


def problems(plan):
    return [str(one) for one in plan.problems]


def test_a_file_without_a_link_is_made_and_plans_empty(world, cloud):
    """Everything by its name: nothing of it says a project."""
    fleet = fleet_of(EVERYTHING, "subnets: [private]", "load_balancers: [virtualmin, packets]")
    plan = cloud.plan(fleet)
    assert problems(plan) == []
    properties = body_of(plan, "instance-template")["properties"]
    assert properties["serviceAccounts"][0]["email"] == EMAIL
    assert properties["disks"][0]["diskEncryptionKey"] == {"kmsKeyName": LINK}
    (card,) = properties["networkInterfaces"]
    assert card["subnetwork"] == f"projects/{PROJECT}/regions/{LOCATION}/subnetworks/private"
    pool = f"projects/{PROJECT}/regions/{LOCATION}/targetPools/packets"
    assert body_of(plan, "group-manager")["targetPools"] == [pool]
    cloud.apply(plan, wait="stable").raise_for_failures()
    world.doors.clear_requests()
    assert not cloud.plan(fleet)
    assert not {"GetServiceAccount", "GetCryptoKey"} & {call.operation for call in world.doors.requests()}


@pytest.mark.parametrize(
    ("template", "placement"),
    [
        (f"role: {EMAIL}\n      disks: [{{key: {LINK}}}]", f"subnets: [regions/{LOCATION}/subnetworks/private]"),
        ("role: default", "network: main"),
        ("", f"network: projects/{PROJECT}/global/networks/main"),
    ],
)
def test_links_and_addresses_are_taken_too(cloud, template, placement):
    assert problems(cloud.plan(fleet_of(template, placement))) == []


UNKNOWN = {
    "network": ("placement.network", f"network '{PROJECT}/nope' not found", {"placement": "network: nope"}),
    "subnetwork": (
        "placement.subnets.0",
        f"subnetwork '{PROJECT}/nope' not found in {LOCATION}",
        {"placement": "subnets: [nope]"},
    ),
    "balancer": (
        "load_balancers.0",
        f"backend service 'nope' not found in {LOCATION} or global",
        {"more": "load_balancers: [nope]"},
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_name_is_a_problem_of_its_line(cloud, name):
    path, text, fields = UNKNOWN[name]
    (problem,) = problems(cloud.plan(fleet_of(**fields)))
    assert problem.startswith("fleet.yaml:")
    assert f"group web: {path}: " in problem
    assert text in problem
    assert problem.endswith("; write another name or make it first")


UNSEEN = {
    "service account": (
        "template.role",
        f"service account 'nope@{PROJECT}.iam.gserviceaccount.com' not found",
        "role: nope",
    ),
    "key": ("template.disks.0.key", "/keyRings/shop/cryptoKeys/nope' not found", "disks: [{key: shop/nope}]"),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_an_account_or_a_key_that_is_not_there_is_a_note(cloud, name):
    """Who plans may not see them as the one does that launches."""
    path, what, template = UNSEEN[name]
    plan = cloud.plan(fleet_of(template))
    (text,) = [note.text for note in plan.notes if note.text.startswith(path)]
    assert not problems(plan)
    assert f"{what}; without it no instance starts" in text


def test_a_network_beside_a_subnetwork_is_not_looked_up(cloud):
    """It is of no use, which a note says."""
    plan = cloud.plan(fleet_of(placement="network: nope\n      subnets: [nope]"))
    assert len(problems(plan)) == 1
    assert "placement.subnets.0" in problems(plan)[0]
    assert [note.text for note in plan.notes if note.text.startswith("placement.network: not used")]


def test_a_key_needs_its_ring(cloud):
    (problem,) = problems(cloud.plan(fleet_of("disks: [{key: disks}]")))
    assert "template.disks.0.key: 'disks' is not a key of Cloud KMS; write RING/KEY" in problem


def test_a_key_to_log_in_with_has_no_name(cloud):
    (problem,) = problems(cloud.plan(fleet_of("ssh_key: ops")))
    assert "template.ssh_key: write a public key" in problem


def test_a_name_that_a_global_and_a_regional_service_have_is_a_problem_that_names_both(world, cloud):
    world.ask("POST", f"regions/{LOCATION}/healthChecks", {"name": "up", "type": "TCP", "tcpHealthCheck": {"port": 80}})
    checks = [f"regions/{LOCATION}/healthChecks/up"]
    body = {"name": "virtualmin", "healthChecks": checks, "loadBalancingScheme": "INTERNAL"}
    world.ask("POST", f"regions/{LOCATION}/backendServices", body)
    (problem,) = problems(cloud.plan(fleet_of(more="load_balancers: [virtualmin]")))
    assert f"2 backend services are called 'virtualmin' in {LOCATION} or global: " in problem
    assert f"projects/{PROJECT}/global/backendServices/virtualmin" in problem
    assert f"projects/{PROJECT}/regions/{LOCATION}/backendServices/virtualmin" in problem
    assert problem.endswith("; name one by its link as `id`")


def test_subnets_by_tag_are_refused_with_what_to_write(cloud):
    (problem,) = problems(cloud.plan(fleet_of(placement="subnet_tags: {Type: Private}")))
    assert "subnetworks have no labels; name one by `subnets`" in problem


@pytest.mark.parametrize("operation", ["GetServiceAccount", "GetCryptoKey"])
def test_what_is_only_checked_may_be_denied(world, cloud, operation):
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet_of(EVERYTHING))
    assert not problems(plan)
    assert [note for note in plan.notes if "could not check whether" in str(note)]
    cloud.apply(plan, wait="accepted").raise_for_failures()


def test_a_target_pool_that_may_not_be_looked_up_is_unknown(world, cloud):
    world.doors.fault("denied", operation="targetPools.list", times=None)
    assert cloud.plan(fleet_of(more="load_balancers: [packets]")).unknown


def test_the_permissions_name_every_look_up(world, cloud):
    fleet = fleet_of(EVERYTHING, "subnets: [private]", "load_balancers: [packets]")
    world.doors.clear_requests()
    assert not problems(cloud.plan(fleet))
    asked = {permission_of(call) for call in world.doors.requests()}
    looked_up = {"iam.serviceAccounts.get", "cloudkms.cryptoKeys.get", "compute.targetPools.list"}
    assert looked_up <= asked
    assert asked - set(cloud.permissions(fleet, read_only=True)["includedPermissions"]) == set()
    assert not looked_up & {*cloud.permissions(fleet_of(), read_only=True)["includedPermissions"]}
