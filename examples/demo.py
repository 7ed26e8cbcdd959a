"""
A fleet's whole life on this machine: plan, apply, drift, heal, destroy.

The commands are those of the command line; the cloud is trimtab's emulator, which the real boto3 talks to
on loopback. No account, no network. Run it with `nox -s demo`, or `python examples/demo.py`.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

import trimtab as tt
from trimtab.cli import run
from trimtab.emulators import AwsEmulator

FLEET = str(Path(__file__).parent / "virtualmin" / "fleet.yaml")
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


class EmulatorClock:
    """The emulator's time; to sleep is to move it, so that nobody waits for instances to boot."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self._doors = emulator.doors

    def now(self) -> datetime:
        """The time in the emulator."""
        return self._doors.now()

    def sleep(self, duration: timedelta) -> None:
        """Let time pass in the emulator."""
        self._doors.advance(duration)


class Account:
    """An emulated AWS account: what it has before trimtab comes, and somebody who changes things by hand."""

    def __init__(self, emulator: AwsEmulator) -> None:
        self.emulator = emulator
        self.clock = EmulatorClock(emulator)
        self.session: Any = boto3.Session(
            aws_access_key_id="demo", aws_secret_access_key="demo", region_name="us-east-1"
        )
        emulator.doors.set_clock(MONDAY)

    def connect(self, provider: str, **settings: Any) -> tt.Cloud:
        """What the command line connects to."""
        return tt.connect("aws", session=self.session, endpoint=self.emulator.endpoint, clock=self.clock, **settings)

    def client(self, service: str) -> Any:
        """The SDK's own client."""
        return self.session.client(service, endpoint_url=self.emulator.endpoint)

    def furnish(self) -> None:
        """A network with two private subnets and the target groups of the load balancer."""
        ec2, elbv2 = self.client("ec2"), self.client("elbv2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        private = [{"ResourceType": "subnet", "Tags": [{"Key": "Type", "Value": "Private"}]}]
        for number, zone in enumerate(("us-east-1a", "us-east-1b")):
            block = f"10.0.{number}.0/24"
            ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, TagSpecifications=private)
        for name in ("virtualmin-web", "virtualmin-api"):
            elbv2.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)

    def drift(self) -> None:
        """Somebody changes three things by hand: an alarm's threshold, a policy's cooldown, a tag."""
        autoscaling, cloudwatch = self.client("autoscaling"), self.client("cloudwatch")
        alarm = cloudwatch.describe_alarms(AlarmNamePrefix="virtualmin-pro-cluster-web")["MetricAlarms"][-1]
        cloudwatch.put_metric_alarm(**{**_settable(cloudwatch, "PutMetricAlarm", alarm), "Threshold": 95.0})
        policy = autoscaling.describe_policies(AutoScalingGroupName="virtualmin-pro-cluster-api")["ScalingPolicies"][0]
        autoscaling.put_scaling_policy(**{**_settable(autoscaling, "PutScalingPolicy", policy), "Cooldown": 900})
        tag = {"Key": "Environment", "Value": "staging", "PropagateAtLaunch": False}
        place = {"ResourceType": "auto-scaling-group", "ResourceId": "virtualmin-pro-cluster-web"}
        autoscaling.create_or_update_tags(Tags=[tag | place])

    def what_is_left(self) -> list[str]:
        """Names of all groups, templates and alarms that exist."""
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        templates = self.client("ec2").describe_launch_templates()["LaunchTemplates"]
        alarms = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return [
            *(group["AutoScalingGroupName"] for group in groups),
            *(template["LaunchTemplateName"] for template in templates),
            *(alarm["AlarmName"] for alarm in alarms),
        ]


def _settable(client: Any, operation: str, found: dict[str, Any]) -> dict[str, Any]:
    """Of what a read gave, the fields that the write takes."""
    takes = client.meta.service_model.operation_model(operation).input_shape.members
    return {name: value for name, value in found.items() if name in takes and value not in (None, [], "")}


class Demo:
    """Runs commands one after the other and stops at the first that does not do what it is to show."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def say(self, text: str) -> None:
        """Print a heading."""
        print(f"\n=== {text}", flush=True)

    def trimtab(self, *arguments: str, code: int = 0) -> None:
        """Run `trimtab ARGUMENTS`, which is to end with `code`."""
        cloud = ["--provider", "aws"] if arguments[0] != "check" else []
        print(f"\n$ trimtab {' '.join([arguments[0], 'fleet.yaml', *arguments[1:]])}\n", flush=True)
        ended = run([arguments[0], FLEET, *arguments[1:], *cloud], connect=self._account.connect)
        if ended != code:
            sys.exit(f"this was to end with exit code {code}, not {ended}")

    def show(self) -> None:
        """The whole life."""
        self.say("The file is checked without a cloud.")
        self.trimtab("check")
        self.say("In an empty account the plan creates everything (exit code 2: there are changes).")
        self.trimtab("plan", code=2)
        self.say("Applied, and waited for until the instances run.")
        self.trimtab("apply", "--yes")
        self.say("Planned again: nothing to do.")
        self.trimtab("plan")
        self.say("Somebody changes a threshold, a cooldown and a tag by hand. The plan names exactly these.")
        self._account.drift()
        self.trimtab("plan", code=2)
        self.say("Applying heals them.")
        self.trimtab("apply", "--yes")
        self.trimtab("plan")
        self.say("How the fleet stands.")
        self.trimtab("status")
        self.say("Everything goes, and nothing is left.")
        self.trimtab("destroy", "--yes")
        self.trimtab("destroy", "--yes")
        if left := self._account.what_is_left():
            sys.exit(f"this is still there: {', '.join(left)}")


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--provider", choices=["aws"], default="aws", help="whose cloud to emulate")
    parser.parse_args()
    with AwsEmulator() as emulator:
        account = Account(emulator)
        account.furnish()
        Demo(account).show()


if __name__ == "__main__":
    main()
