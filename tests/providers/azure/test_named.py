"""
What a fleet names by name, on the emulator: by id, by name, of an unknown name, of one that two have.

An id begins with `/subscriptions/`; anything else is a name in the group's resource group. Subnets have no tags, which
the plan says: https://learn.microsoft.com/azure/azure-resource-manager/management/tag-support
"""

import pytest

import trimtab as tt
from tests.providers.azure.account import furnish
from tests.providers.azure.groups import KEY
from tests.providers.azure.rights import ACTIONS

TEXT = """name: shop
groups:
  web:
    capacity: {{min: 1, max: 4}}
    template:
      image: Ubuntu2404
      size: Standard_D2s_v5
      {template}
    placement:
      {placement}
    {more}
"""
NETWORK = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
EVERYTHING = """security_groups: [web]
      role: web
      ssh_key: ops
      disks: [{key: disks, type: Premium_LRS}]"""


def fleet_of(template="", placement="subnets: [private]", more=""):
    return tt.parse_fleet(TEXT.format(template=template, placement=placement, more=more))


@pytest.fixture
def cloud(world):
    """Two networks of which both have a subnet `public`, and one of each other thing."""
    furnish(world)
    for network, subnets in (("main", ("inner", "public")), ("other", ("public",))):
        parts = [
            {"name": name, "properties": {"addressPrefix": f"10.0.{number}.0/24"}}
            for number, name in enumerate(subnets)
        ]
        world.put(
            f"Microsoft.Network/virtualNetworks/{network}",
            {"location": "westeurope", "properties": {**NETWORK, "subnets": parts}},
        )
    for kind, properties in (
        ("Microsoft.Network/networkSecurityGroups/web", {"securityRules": []}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/web", {}),
        ("Microsoft.Compute/diskEncryptionSets/disks", {}),
        ("Microsoft.Compute/capacityReservationGroups/reserved", {}),
        ("Microsoft.Compute/sshPublicKeys/ops", {"publicKey": KEY}),
    ):
        world.put(kind, {"location": "westeurope", "properties": properties})
    with world.connect() as cloud:
        yield cloud


def set_of(plan):
    (body,) = [change.wanted.body for change in plan if change.key.kind == "scale-set"]
    return body


def problems(plan):
    return [str(one) for one in plan.problems]


def profile_of(plan):
    return set_of(plan)["properties"]["virtualMachineProfile"]


def address_of(plan):
    (card,) = profile_of(plan)["networkProfile"]["networkInterfaceConfigurations"]
    return card["properties"]["ipConfigurations"][0]["properties"]


def test_a_file_without_an_id_is_made_and_plans_empty(world, cloud):
    """Everything by its name: nothing of it says a subscription."""
    fleet = fleet_of(EVERYTHING, more="load_balancers: [virtualmin-web]\n    purchase: {reservation: reserved}")
    plan = cloud.plan(fleet)
    assert problems(plan) == []
    profile, home = profile_of(plan), f"{world.home}/providers"
    (key,) = profile["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    disk = profile["storageProfile"]["osDisk"]["managedDisk"]
    assert key["keyData"] == KEY
    assert disk["diskEncryptionSet"]["id"] == f"{home}/Microsoft.Compute/diskEncryptionSets/disks"
    reserved = profile["capacityReservation"]["capacityReservationGroup"]["id"]
    assert reserved == f"{home}/Microsoft.Compute/capacityReservationGroups/reserved"
    assert address_of(plan)["subnet"]["id"].endswith("/virtualNetworks/virtualmin/subnets/private")
    cloud.apply(plan, wait="stable").raise_for_failures()
    assert not cloud.plan(fleet)


@pytest.mark.parametrize(
    ("placement", "subnet"),
    [
        ("subnets: [inner]", "main/subnets/inner"),
        ("subnets: [other/public]", "other/subnets/public"),
        ("network: main\n      subnets: [public]", "main/subnets/public"),
    ],
)
def test_a_subnet_by_its_name(cloud, placement, subnet):
    plan = cloud.plan(fleet_of(placement=placement))
    assert problems(plan) == []
    assert address_of(plan)["subnet"]["id"].endswith(f"/virtualNetworks/{subnet}")


def test_by_id_nothing_is_listed(world, cloud):
    subnet = f"{world.home}/providers/Microsoft.Network/virtualNetworks/main/subnets/public"
    world.doors.clear_requests()
    plan = cloud.plan(fleet_of(placement=f"subnets: [{subnet}]"))
    assert address_of(plan)["subnet"]["id"] == subnet
    assert "VirtualNetworks_List" not in {call.operation for call in world.doors.requests()}


UNKNOWN = {
    "subnet": (
        "placement.subnets.0",
        "subnet 'nope' not found in resource group trimtab",
        {"placement": "subnets: [nope]"},
    ),
    "subnet of a network": (
        "placement.subnets.0",
        "/virtualNetworks/main/subnets/nope' not found",
        {"placement": "subnets: [main/nope]"},
    ),
    "security group": (
        "template.security_groups.0",
        "/networkSecurityGroups/nope' not found",
        {"template": "security_groups: [nope]"},
    ),
    "identity": ("template.role", "/userAssignedIdentities/nope' not found", {"template": "role: nope"}),
    "key of a disk": (
        "template.disks.0.key",
        "/diskEncryptionSets/nope' not found",
        {"template": "disks: [{key: nope}]"},
    ),
    "public key": (
        "template.ssh_key",
        "SSH public key 'nope' not found in resource group trimtab",
        {"template": "ssh_key: nope"},
    ),
    "reservation": (
        "purchase.reservation",
        "/capacityReservationGroups/nope' not found",
        {"more": "purchase: {reservation: nope}"},
    ),
    "backend pool": (
        "load_balancers.0",
        "backend pool 'nope' not found in resource group trimtab",
        {"more": "load_balancers: [nope]"},
    ),
    "gateway's pool": (
        "azure.application_gateway_pools.0",
        "backend pool 'nope' not found in resource group trimtab",
        {"more": "azure: {application_gateway_pools: [nope]}"},
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


def test_a_subnet_name_that_two_have_is_a_problem_that_names_both(cloud):
    (problem,) = problems(cloud.plan(fleet_of(placement="subnets: [public]")))
    assert "2 subnets are called 'public' in resource group trimtab: main/public, other/public" in problem
    assert problem.endswith("; write NETWORK/SUBNET, or set `placement.network` too")


def test_a_pool_name_that_two_have_is_a_problem_that_names_both(world, cloud):
    world.put(
        "Microsoft.Network/loadBalancers/second",
        {"location": "westeurope", "properties": {"backendAddressPools": [{"name": "virtualmin-web"}]}},
    )
    (problem,) = problems(cloud.plan(fleet_of(more="load_balancers: [virtualmin-web]")))
    assert "2 backend pools are called 'virtualmin-web'" in problem
    assert "second/virtualmin-web, virtualmin-web/virtualmin-web; write BALANCER/POOL" in problem
    assert not problems(cloud.plan(fleet_of(more="load_balancers: [second/virtualmin-web]")))


def test_subnets_by_tag_are_refused_with_what_to_write(cloud):
    (problem, *_) = problems(cloud.plan(fleet_of(placement="subnet_tags: {Type: Private}")))
    assert "subnets have no tags on Azure; name one by `subnets`" in problem


def test_the_permissions_name_every_look_up(world, cloud):
    """What the first plan of a fleet asks for is what its read-only role allows."""
    fleet = fleet_of(EVERYTHING, more="purchase: {reservation: reserved}")
    world.doors.clear_requests()
    assert not problems(cloud.plan(fleet))
    asked = {call.operation for call in world.doors.requests()}
    looked_up = {"VirtualNetworks_List", "SshPublicKeys_Get", "DiskEncryptionSets_Get", "CapacityReservationGroups_Get"}
    assert looked_up <= asked
    role = {action.lower() for action in cloud.permissions(fleet, read_only=True)["Actions"]}
    assert {ACTIONS[operation] for operation in asked if ACTIONS[operation].lower() not in role} == set()
    plain = cloud.permissions(fleet_of(placement="network: main\n      subnets: [public]"), read_only=True)
    assert not {ACTIONS[operation] for operation in looked_up} & {*plain["Actions"]}


@pytest.mark.parametrize("operation", ["VirtualNetworks_List", "SshPublicKeys_Get"])
def test_what_may_not_be_looked_up_is_unknown_and_nothing_is_made(world, cloud, operation):
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet_of("ssh_key: ops"))
    assert plan.unknown
    assert not list(plan)
