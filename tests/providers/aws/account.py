"""What an account has before trimtab comes: the network, target groups and image of the running example."""

from pathlib import Path

import trimtab as tt

EXAMPLE = Path(__file__).parents[3] / "examples" / "virtualmin" / "fleet.yaml"


def furnish(world):
    """Two private subnets, the target groups of the load balancer, and an instance profile."""
    ec2, elbv2 = world.client("ec2"), world.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    private = [{"ResourceType": "subnet", "Tags": [{"Key": "Type", "Value": "Private"}]}]
    for number, zone in enumerate(("us-east-1a", "us-east-1b")):
        block = f"10.0.{number}.0/24"
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=private)
    world.client("iam").create_instance_profile(InstanceProfileName="web-profile")
    for name in ("virtualmin-web", "virtualmin-api", "virtualmin-spare"):
        elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)


def load_example():
    return tt.load_fleet(EXAMPLE, provider="aws", env={})
