"""Public configurations as fleets: each is read, planned, made on its own cloud, and planned again to nothing."""

import boto3
import pytest

import trimtab as tt
from tests.found.marks import case, fails

WINDOWS = fails("K", "no word for Windows: its password and profile (K6); the emulator lacks the image too (H31)")
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
    "tam-complete": fails("H", "the emulator does not give a service-linked role back (H31)"),
    "aprl-flex-predictive": WINDOWS,
    "azurerm-spot": fails("H", "the emulator lacks an image of the usual catalogues: UbuntuServer 16.04-LTS (H31)"),
    "quickstart-app-gateway": WINDOWS,
    "quickstart-windows-autoscale": WINDOWS,
    "mletre-jboss": fails("H", "the emulator's lists lack what was made in a region that it does not know (H31)"),
}


def named(names):
    return [case(name, mends=MENDS.get(name), id=name) for name in names]


def test_these_are_all_the_configurations_that_there_are(shared):
    folder = shared / "found" / "configurations"
    for cloud, names in (("aws", AWS), ("azure", AZURE), ("gcp", GCP)):
        assert sorted(path.stem for path in (folder / cloud).glob("*.yaml")) == sorted(names)


def carried_out(account, shared, cloud, name):
    """What keeps a configuration from being made as it stands: problems, failures, or what a second plan wants."""
    path = shared / "found" / "configurations" / cloud / f"{name}.yaml"
    fleet = tt.load_fleet(path, env={})
    plan = account.cloud.plan(fleet)
    if plan.problems or plan.unknown:
        return [str(one) for one in (*plan.problems, *plan.unknown)]
    done = account.cloud.apply(plan, wait="accepted")
    return list(done.failures) or account.left(fleet)


TARGETS = {"us-east-1": ("ecs-default", "jenkins-agent"), "us-east-2": ("hello-world-prod",), "eu-west-1": ("ex-asg",)}


@pytest.fixture
def furnished_aws(aws):
    """Private and public subnets, and balancers with the target groups, in each region that is named."""
    for region, targets in TARGETS.items():
        keys = {"aws_access_key_id": "somebody", "aws_secret_access_key": "else", "region_name": region}
        ec2, elb = (boto3.client(name, endpoint_url=aws.emulator.endpoint, **keys) for name in ("ec2", "elbv2"))
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = []
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
    return aws


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
    return azure


@pytest.mark.parametrize("name", named(AWS))
def test_a_configuration_of_aws_is_made_and_planned_to_nothing(furnished_aws, shared, name):
    assert carried_out(furnished_aws, shared, "aws", name) == []


@pytest.mark.parametrize("name", named(AZURE))
def test_a_configuration_of_azure_is_made_and_planned_to_nothing(furnished_azure, shared, name):
    assert carried_out(furnished_azure, shared, "azure", name) == []


@pytest.mark.parametrize("name", named(GCP))
def test_a_configuration_of_google_is_made_and_planned_to_nothing(gcp, shared, name):
    assert carried_out(gcp, shared, "gcp", name) == []
