"""One file for every cloud, without an id in it: planned, applied and planned empty on each, as the survey says."""

from datetime import UTC, datetime

import pytest

import trimtab as tt
from tests.providers.azure.groups import KEY
from tests.providers.emulated import EMULATORS, SDKS
from trimtab.runtime.portability import FieldVerdict, survey

TEXT = f"""name: shop
groups:
  web:
    capacity: {{min: 2, max: 6}}
    template:
      image: {{os: ubuntu-22.04}}
      size: {{cpus: 2, memory_gb: 4}}
      ssh_key: ops
      role: web
      security_groups: [web]
      disks: [{{size_gb: 40, type: ssd}}]
    placement: {{network: main, subnets: [private]}}
    load_balancers: [front]
    policies:
      hold: {{type: target-tracking, metric: cpu, target: 60, approximate: true}}
    overlays:
      gcp: {{template: {{ssh_key: "{KEY}"}}}}
"""
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def tagged(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


def furnish_aws(emulator):
    from tests.providers.aws.world import AwsWorld

    world = AwsWorld(emulator)
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", "main"))["Vpc"]["VpcId"]
    where = {"VpcId": vpc, "CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a"}
    ec2.create_subnet(TagSpecifications=tagged("subnet", "private"), **where)
    ec2.create_security_group(GroupName="web", Description="members", VpcId=vpc)
    world.make_key_pair("ops")
    world.client("iam").create_instance_profile(InstanceProfileName="web")
    world.client("elbv2").create_target_group(Name="front", Protocol="HTTP", Port=80, VpcId=vpc)
    return world


def furnish_azure(emulator):
    from tests.providers.azure.world import AzureWorld

    world = AzureWorld(emulator)
    subnets = [{"name": "private", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    network = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    for kind, properties in (
        ("Microsoft.Network/virtualNetworks/main", network),
        ("Microsoft.Network/networkSecurityGroups/web", {"securityRules": []}),
        ("Microsoft.Network/loadBalancers/front", {"backendAddressPools": [{"name": "front"}]}),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/web", {}),
        ("Microsoft.Compute/sshPublicKeys/ops", {"publicKey": KEY}),
    ):
        world.put(kind, {"location": "westeurope", "properties": properties})
    return world


def furnish_gcp(emulator):
    from tests.providers.gcp.world import LOCATION, PROJECT, GcpWorld

    world = GcpWorld(emulator)
    world.ask("POST", "global/networks", {"name": "main", "autoCreateSubnetworks": False})
    network = f"projects/{PROJECT}/global/networks/main"
    body = {"name": "private", "network": network, "ipCidrRange": "10.0.0.0/24"}
    world.ask("POST", f"regions/{LOCATION}/subnetworks", body)
    checks = ["global/healthChecks/virtualmin"]
    world.ask("POST", "global/backendServices", {"name": "front", "healthChecks": checks, "portName": "http"})
    return world


FURNISH = {"aws": furnish_aws, "azure": furnish_azure, "gcp": furnish_gcp}


@pytest.fixture(params=FURNISH)
def cloud(request):
    pytest.importorskip(SDKS[request.param])
    import trimtab.emulators

    with getattr(trimtab.emulators, EMULATORS[request.param])() as emulator:
        world = FURNISH[request.param](emulator)
        with world.connect() as cloud:
            yield request.param, cloud


def fleet():
    return tt.parse_fleet(TEXT)


def test_a_file_without_ids_is_made_on_each_cloud(cloud):
    name, connected = cloud
    told = survey(fleet(), name, NOW)
    assert not told.is_refused
    assert told.fields[FieldVerdict.IMPOSSIBLE] == told.fields[FieldVerdict.CONTROLLER] == 0
    plan = connected.plan(fleet())
    assert [str(one) for one in plan.problems] == []
    assert not plan.unknown
    connected.apply(plan, wait="accepted").raise_for_failures()
    assert not connected.plan(fleet())


def test_the_same_file_is_made_in_memory():
    with tt.connect("memory") as cloud:
        assert not cloud.plan(fleet()).problems


def test_what_the_survey_calls_approximated_the_plan_notes(cloud):
    """Every approximation is a note of the real plan, by the same path and text."""
    name, connected = cloud
    notes = {note.text for note in connected.plan(fleet()).notes if note.approximation}
    told = [one for one in survey(fleet(), name, NOW).remarks if one.verdict is FieldVerdict.APPROXIMATED]
    assert {f"{one.path}: {one.text}" for one in told} == notes
