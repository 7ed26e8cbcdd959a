"""The commands for a fleet that runs, through the command line on AWS."""

import io
import json

import pytest

pytest.importorskip("typer")
pytest.importorskip("rich")

from trimtab.cli import run

FLEET = """\
name: shop
defaults:
  template: {image: ami-12c6146b, size: t3.medium}
groups:
  web: {capacity: {min: 2, max: 4}}
  api: {capacity: {min: 1, max: 4}}
"""


@pytest.fixture
def command(world, tmp_path):
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)

    def call(name, *arguments):
        out, err = io.StringIO(), io.StringIO()
        connect = lambda provider, **settings: world.connect(**settings)  # noqa: E731
        code = run(
            [name, str(path), *arguments, "--provider", "aws"],
            connect=connect,
            out=out,
            err=err,
            source=io.StringIO(),
        )
        assert code == 0, err.getvalue()
        return out.getvalue()

    call("apply", "--yes")
    return call


def test_hosts_have_the_addresses_of_the_account(world, command):
    """Private by default; each host is in its group and of its size."""
    listed = json.loads(command("inventory", "--list"))
    reservations = world.client("ec2").describe_instances()["Reservations"]
    there = {one["InstanceId"]: one for each in reservations for one in each["Instances"]}
    hosts = listed["_meta"]["hostvars"]
    assert len(hosts) == len(listed["web"]["hosts"]) + len(listed["api"]["hosts"]) == 3
    for name, variables in hosts.items():
        assert variables["ansible_host"] == there[name]["PrivateIpAddress"]
        assert variables["trimtab_size"] == there[name]["InstanceType"]
        assert variables["trimtab_zone"] == there[name]["Placement"]["AvailabilityZone"]
        assert variables["trimtab_template"] == f"shop-{variables['trimtab_group']}:1"


def test_permissions_ask_no_cloud(world, command):
    """An IAM policy document on standard output, and no call."""
    world.doors.clear_requests()
    document = json.loads(command("permissions"))
    assert document["Version"] == "2012-10-17"
    readers = json.loads(command("permissions", "--read-only"))
    assert [one["Sid"] for one in readers["Statement"]] == ["Read"]
    assert world.doors.count()["total"] == 0


def test_one_look_takes_four_calls(world, command):
    """Groups, alarms, metrics, and what was last done."""
    world.doors.clear_requests()
    assert "web" in command("watch", "--once")
    assert world.doors.count()["total"] == 4
