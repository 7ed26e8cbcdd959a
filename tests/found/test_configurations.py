"""Public configurations as fleets: each is read, planned, made on its own cloud, and planned again to nothing."""

import boto3
import pytest

import trimtab as tt
from tests.found.marks import case, fails
from tests.found.worlds import PUBLIC_KEY

WINDOWS = fails("the file names no `admin_password`, which Windows takes")
AWS = [
    "cfn-scheduled-action",
    "cloudposse-complete",
    "gitlab-docker-autoscaler",
    "tam-complete",
    "tam-customized-metrics",
    "tam-instance-requirements",
    "tuar-hello-world",
    "widdix-ecs-cost-optimized",
    "widdix-jenkins-agents",
]
AZURE = [
    "aprl-flex-predictive",
    "azurerm-docs-weekends",
    "azurerm-linux-auto-scaling",
    "azurerm-spot",
    "miztiik-queue-consumers",
    "quickstart-app-gateway",
    "quickstart-windows-autoscale",
]
GCP = [
    "dm-regional-igm",
    "mletre-jboss",
    "nginx-overlapping-schedules",
    "tf-docs-single-instance",
    "tgm-mig-autoscaler",
    "tgm-mig-healthcheck",
    "tgm-mig-with-percent",
]
MENDS = {
    "aprl-flex-predictive": WINDOWS,
    "quickstart-app-gateway": WINDOWS,
    "quickstart-windows-autoscale": WINDOWS,
}


def named(names):
    return [case(name, mends=MENDS.get(name), id=name) for name in names]


def test_these_are_all_the_configurations_that_there_are(shared):
    folder = shared / "found" / "configurations"
    for cloud, names in (("aws", AWS), ("azure", AZURE), ("gcp", GCP)):
        assert sorted(path.stem for path in (folder / cloud).glob("*.yaml")) == sorted(names)


def carried_out(account, shared, cloud, name, ids=None):
    """
    What keeps a configuration from being made as it stands: problems, failures, or what a second plan wants.

    Ids that the account alone can give are variables in it, by region.
    """
    path = shared / "found" / "configurations" / cloud / f"{name}.yaml"
    fleet = tt.load_fleet(path, env={})
    if ids is not None:
        fleet = tt.load_fleet(path, env=ids[fleet.groups[0].location or "us-east-1"])
    plan = account.cloud.plan(fleet)
    if plan.problems or plan.unknown:
        return [str(one) for one in (*plan.problems, *plan.unknown)]
    done = account.cloud.apply(plan, wait="accepted")
    return list(done.failures) or account.left(fleet)


TARGETS = {"us-east-1": ("ecs-default", "jenkins-agent"), "us-east-2": ("hello-world-prod",), "eu-west-1": ("ex-asg",)}

KEY_PAIRS = ("operator", "runner")
PROFILES = ("complete", "docker-autoscaler", "ecs-cluster", "jenkins-agent")


@pytest.fixture
def furnished_aws(aws):
    """Subnets, balancers with target groups, key pairs, profiles, security groups: their ids by region and variable."""
    ids = {}
    owner = {"aws_access_key_id": "somebody", "aws_secret_access_key": "else", "region_name": "us-east-1"}
    iam = boto3.client("iam", endpoint_url=aws.emulator.endpoint, **owner)
    for name in PROFILES:
        iam.create_instance_profile(InstanceProfileName=name)
    for region, targets in TARGETS.items():
        keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "else", "region_name": region}
        ec2, elb = (boto3.client(name, endpoint_url=aws.emulator.endpoint, **keys) for name in ("ec2", "elbv2"))
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = []
        for key in KEY_PAIRS:
            ec2.import_key_pair(KeyName=key, PublicKeyMaterial=PUBLIC_KEY)
        ids[region] = {
            name: ec2.create_security_group(GroupName=name, Description="members", VpcId=network)["GroupId"]
            for name in ("SG", "SG2")
        }
        for number, (zone, tier) in enumerate((zone, tier) for zone in "ab" for tier in ("private", "public")):
            tags = [{"ResourceType": "subnet", "Tags": [{"Key": "Tier", "Value": tier}]}]
            place = {"CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": region + zone}
            subnet = ec2.create_subnet(VpcId=network, TagSpecifications=tags, **place)["Subnet"]["SubnetId"]
            subnets += [subnet] if tier == "public" else []
        balancer = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        for port, name in enumerate(targets, start=80):
            target = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
            action = [{"Type": "forward", "TargetGroupArn": target["TargetGroupArn"]}]
            elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=action)
    return aws, ids


def put(azure, path, location, properties):
    status, body = azure.ask("PUT", path, {"location": location, "properties": properties})
    if status not in (200, 201):
        raise RuntimeError(f"{path}: {body}")


@pytest.fixture
def furnished_azure(azure):
    """The networks, the pools of a load balancer and of an application gateway."""
    for name, subnet, location in (
        ("example-network", "internal", "westeurope"),
        ("west-network", "internal", "westus"),
        ("windows-vnet", "windows-subnet", "westeurope"),
    ):
        subnets = [{"name": subnet, "properties": {"addressPrefix": "10.0.0.0/24"}}]
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        put(azure, f"Microsoft.Network/virtualNetworks/{name}", location, space)
    inside = {"id": f"{azure.providers}/Microsoft.Network/virtualNetworks/windows-vnet/subnets/windows-subnet"}
    front = [{"name": "front", "properties": {"subnet": inside}}]
    pools = {"frontendIPConfigurations": front, "backendAddressPools": [{"name": "windows-bepool"}]}
    put(azure, "Microsoft.Network/loadBalancers/windows", "westeurope", pools)
    gateway = {"backendAddressPools": [{"name": "appgw-bepool"}]}
    put(azure, "Microsoft.Network/applicationGateways/appgw", "westeurope", gateway)
    azure.doors.make_group("rg", location="westeurope")
    identity = "Microsoft.ManagedIdentity/userAssignedIdentities/consumers"
    azure.ask("PUT", identity, {"location": "westeurope"}, group="rg")
    return azure


@pytest.mark.parametrize("name", named(AWS))
def test_a_configuration_of_aws_is_made_and_planned_to_nothing(furnished_aws, shared, name):
    account, ids = furnished_aws
    assert carried_out(account, shared, "aws", name, ids) == []


@pytest.mark.parametrize("name", named(AZURE))
def test_a_configuration_of_azure_is_made_and_planned_to_nothing(furnished_azure, shared, name):
    assert carried_out(furnished_azure, shared, "azure", name) == []


NETWORKS = {"vpc-network": {}, "main": {"us-central1": "main"}, "app-vpc": {"asia-southeast2": "app-subnet"}}
IMAGES = ("nginx2", "redhat-disk-image")


@pytest.fixture
def furnished_gcp(gcp):
    """The networks and subnetworks that are named beside the default one, and images of one's own."""
    for network, subnets in NETWORKS.items():
        gcp.ask("POST", "global/networks", {"name": network, "autoCreateSubnetworks": False})
        for region, name in subnets.items():
            body = {"name": name, "network": f"global/networks/{network}", "ipCidrRange": "10.8.0.0/20"}
            gcp.ask("POST", f"regions/{region}/subnetworks", body)
    for name in IMAGES:
        gcp.ask("POST", "global/images", {"name": name})
    gcp.make_named("serviceAccounts", {"accountId": "compute-sa"})
    return gcp


@pytest.mark.parametrize("name", named(GCP))
def test_a_configuration_of_google_is_made_and_planned_to_nothing(furnished_gcp, shared, name):
    assert carried_out(furnished_gcp, shared, "gcp", name) == []
