"""Calls, import cost and wall time, each beside a peer measured in the same run."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

import trimtab as tt
from bench.clouds import print_clouds, print_loading
from bench.controller import print_controller
from bench.engine import print_engine
from bench.large import print_large
from bench.latency import print_latency
from bench.memory import print_memory
from bench.peer import read_account
from bench.readme import PROGRAM
from bench.schedules import print_schedules
from bench.simulation import print_simulation
from bench.store import print_store
from bench.timing import measure_plan, timed
from bench.whole import cpu_beside, print_whole
from trimtab.emulators import AwsEmulator
from trimtab.testing import AwsTestCloud

EXAMPLE = Path(__file__).parents[1] / "examples" / "virtualmin" / "fleet.yaml"
BARS = {1: 9, 2: 9, 10: 9, 100: 18}


def main() -> int:
    """Print the figures; 1 when a bar of counted calls does not hold."""
    print_import_cost()
    print_loading()
    missed = bool(print_engine())
    missed |= bool(print_simulation())
    missed |= bool(print_schedules())
    print_memory()
    print_store()
    missed |= bool(print_controller())
    print_whole(furnish)
    print_latency(furnish)
    missed |= bool(print_plans())
    missed |= bool(print_large(furnish))
    return int(missed | bool(print_clouds()))


def print_import_cost() -> None:
    """Import and build the README's fleet, against importing pydantic alone: seconds of CPU of whole processes."""
    (base, full), ratio = cpu_beside(["-c", "import pydantic"], ["-c", PROGRAM], times=9)
    print("import and build the README's fleet (CPU of whole processes, medians)")
    print(f"  import pydantic {base * 1000:.0f} ms; import and build {full * 1000:.0f} ms; ratio {ratio:.2f}")
    print(f"  over pydantic: {(full - base) * 1000:.0f} ms (bar: 150 ms)")


def print_plans() -> int:
    """Calls and wall time of a no-change plan, beside the hand-written bulk script."""
    missed = 0
    print("no-change plan on AWS (eleven resources a group and what they refer to)")
    print("  groups  calls  bar  second apply  bulk boto3  plan s  boto3 s  ratio")
    for size, bar in BARS.items():
        with AwsEmulator() as emulator:
            calls, writes, peer, seconds, peer_seconds = measure(emulator, size)
        missed += calls > bar or writes > 0
        print(
            f"  {size:6}  {calls:5}  {bar:3}  {writes:12}  {peer:10}  {seconds:6.2f}  {peer_seconds:7.2f}"
            f"  {seconds / peer_seconds:5.2f}"
        )
    return int(missed > 0)


def measure(emulator: AwsEmulator, size: int) -> tuple[int, int, int, float, float]:
    """Calls of a no-change plan, writes of the second apply, the peer's calls, and the seconds of both."""
    emulator.doors.set_clock(datetime(2026, 11, 30, 9, tzinfo=UTC), freeze=True)
    session = boto3.Session(aws_access_key_id="bench", aws_secret_access_key="bench", region_name="us-east-1")

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=emulator.endpoint)

    fleet = furnish(client, size)
    with AwsTestCloud(emulator).connect() as cloud:
        calls, writes, seconds = measure_plan(cloud, fleet, emulator.doors)
    read_account(client)
    emulator.doors.clear_requests()
    peer_seconds = timed(lambda: read_account(client))
    peer = emulator.doors.count()["total"]
    return calls, writes, peer, seconds, peer_seconds


def furnish(client: Callable[[str], Any], size: int) -> tt.Fleet:
    """The account of the running example, and its web group `size` times over."""
    ec2, elbv2 = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    private = [{"ResourceType": "subnet", "Tags": [{"Key": "Type", "Value": "Private"}]}]
    block, zone = "10.0.0.0/17", "us-east-1a"
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=private)
    where = {"Name": "virtualmin", "Subnets": [subnet["Subnet"]["SubnetId"]]}
    balancer = elbv2.create_load_balancer(**where)["LoadBalancers"][0]["LoadBalancerArn"]
    targets = elbv2.create_target_group(Name="virtualmin-web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    to_them = [{"Type": "forward", "TargetGroupArn": targets["TargetGroupArn"]}]
    elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=to_them)
    ec2.create_key_pair(KeyName="virtualmin")
    example = tt.load_fleet(EXAMPLE, provider="aws", env={})
    groups = [example["web"].model_copy(update={"name": f"web-{number}"}) for number in range(size)]
    return tt.Fleet(name="bench", groups=groups)


if __name__ == "__main__":
    raise SystemExit(main())
