"""Apache Libcloud's drivers for EC2 and for Compute Engine against the emulators."""

from types import SimpleNamespace
from urllib.parse import urlsplit

import boto3
import pytest

from tests.interop.conftest import required

IMAGE = "ami-12c6146b"


@pytest.fixture
def libcloud():
    try:
        import libcloud.compute.providers as providers
    except ImportError:
        required("Apache Libcloud is not installed")
    return providers


def test_the_ec2_driver_sees_the_instances_of_a_group(libcloud, aws):
    keys = {"aws_access_key_id": "trimtab", "aws_secret_access_key": "trimtab", "region_name": "us-east-1"}
    made = {"AutoScalingGroupName": "web", "MinSize": 2, "MaxSize": 2, "AvailabilityZones": ["us-east-1a"]}
    boto3.client("ec2", endpoint_url=aws.endpoint, **keys).create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"}
    )
    group = boto3.client("autoscaling", endpoint_url=aws.endpoint, **keys)
    group.create_auto_scaling_group(**made, LaunchTemplate={"LaunchTemplateName": "web", "Version": "1"})

    address = urlsplit(aws.endpoint)
    driver = libcloud.get_driver("ec2")(
        "trimtab", "trimtab", region="us-east-1", secure=False, host=address.hostname, port=address.port
    )
    nodes = driver.list_nodes()
    assert [(node.state, node.extra["image_id"]) for node in nodes] == [("running", IMAGE)] * 2
    assert {node.extra["tags"]["aws:autoscaling:groupName"] for node in nodes} == {"web"}
    assert {each.extra["tags"].get("Name") for each in driver.ex_list_networks()} >= {"virtualmin"}
    assert "virtualmin" in [pair.name for pair in driver.list_key_pairs()]
    assert driver.destroy_node(nodes[0])
    assert len(group.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]) == 2  # one is new


def test_the_gce_driver_sees_networks_sizes_and_groups(libcloud, gcp, monkeypatch):
    from libcloud.common.google import GoogleBaseConnection
    from libcloud.compute.drivers import gce

    address = urlsplit(gcp.endpoint)
    # it asks Google itself for a token, and takes the address of the API for settled
    monkeypatch.setattr(gce.GCEConnection, "host", address.hostname)
    monkeypatch.setattr(GoogleBaseConnection, "__init__", _without_signing_in(address.port))
    monkeypatch.setattr(GoogleBaseConnection, "add_default_headers", lambda self, headers: headers)
    driver = libcloud.get_driver("gce")("trimtab@example.org", "key", project="trimtab", datacenter="europe-west1-b")
    assert {each.name for each in driver.ex_list_networks()} == {"default"}
    assert "e2-small" in {size.name for size in driver.list_sizes()}
    assert "europe-west1-c" in {zone.name for zone in driver.ex_list_zones()}
    assert driver.ex_list_instancegroupmanagers() == []


def _without_signing_in(port):
    from libcloud.common.base import ConnectionUserAndKey
    from libcloud.common.google import GoogleBaseConnection

    def begin(self, user_id, key, secure=None, auth_type=None, credential_file=None, scopes=None, **given):
        super(GoogleBaseConnection, self).__init__(user_id, key, secure=False, port=port)
        self.oauth2_credential = SimpleNamespace(access_token="trimtab")

    assert issubclass(GoogleBaseConnection, ConnectionUserAndKey)
    return begin
