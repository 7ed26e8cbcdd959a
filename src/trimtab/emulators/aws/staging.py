"""How failures are staged on the AWS emulator, and what its account calls what a fleet names by id or ARN."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.emulators.shared.staging import (
    AccountNaming,
    C,
    NotStaged,
    Point,
    StagedEmulator,
    StagedGroup,
    StagedInstance,
)
from trimtab.models import ScalingGroup
from trimtab.models.connect import ConnectSettings

ACCOUNT = "123456789012"
"""The account that the emulator has."""
PREFIX = "drill-"
"""What begins the names of what a fleet knows by an id that EC2 gave it."""
_NUMBERED = re.compile(r"(vpc|subnet|sg)-[0-9a-f]{8,17}")
_ARN = re.compile(r"(arn:aws[^:]*:[^:]*:[^:]*:)\d{12}(:)")
_TARGET_GROUP = re.compile(r"arn:aws[^:]*:elasticloadbalancing:[^:]*:\d{12}:targetgroup/([^/]+)/[0-9a-f]+")


class AwsNaming(AccountNaming):
    """Ids that EC2 gave are names, ARNs are of the emulator's account."""

    def stand_in(self, text: str, connect: ConnectSettings) -> str:
        """A name in place of an id, and the emulator's account in an ARN."""
        if _NUMBERED.fullmatch(text):
            return f"{PREFIX}{text}"
        return _ARN.sub(rf"\g<1>{ACCOUNT}\g<2>", text)

    def with_names(self, group: ScalingGroup) -> ScalingGroup:
        """The group with target groups by name in place of ARNs, whose last part EC2 made up, and unreserved."""
        purchase = group.purchase.model_copy(update={"reservation": None})  # EC2 makes their ids up, too
        balancers = tuple(
            each.model_copy(update={"id": None, "name": match[1]})
            if each.id and (match := _TARGET_GROUP.fullmatch(each.id))
            else each
            for each in group.load_balancers
        )
        return group.model_copy(update={"load_balancers": balancers, "purchase": purchase})

    def placement(self, group: ScalingGroup) -> str | None:
        """Its placement group."""
        return group.aws.placement_group


class StagedAws(StagedEmulator[C]):
    """The AWS emulator."""

    provider = "aws"
    naming = AwsNaming()
    keeps_names = False
    successor_first = "write `health_check: {by: instance}`, or `aws.maintenance` so that successors come first"

    def settings(self) -> Mapping[str, Any]:
        """The region of the fleet."""
        return {"region": self.connect.region} if self.connect.region else {}

    def furnish(self, names: AccountNames) -> None:
        """Network, subnets, target groups, and what instances refer to, in each region of the fleet."""
        from trimtab.emulators.aws.furnishing import make_named, make_profiles  # which imports the SDK

        connection = self.cloud.provider.connection
        for region in dict.fromkeys([connection.region, *names.regions]):
            make_named(partial(_as_owner, connection, region), names)
        make_profiles(partial(_as_owner, connection, connection.region), names)

    def push(self, points: Sequence[Point]) -> None:
        """Have CloudWatch of each region measure."""
        for region in dict.fromkeys(point["region"] for point in points):
            self.doors.push([point for point in points if point["region"] == region], region=region)

    def run_short(self, state: StagedGroup, zone: str = "*") -> None:
        """Have no more instances to be had in its region."""
        self.doors.run_short(zone=zone, region=state.location)

    def lose(self, cloud: C, state: StagedGroup, instances: Sequence[StagedInstance]) -> None:
        """Have EC2 end them."""
        numbers = [instance.id for instance in instances]
        cloud.provider.connection.call("ec2", "terminate_instances", state.location, InstanceIds=numbers)

    def fail(self, state: StagedGroup, instances: Sequence[StagedInstance], *, healthy: bool = False) -> None:
        """Have instances fail the checks of their target groups."""
        for instance in instances:
            self.doors.fail_target(instance.id, healthy=healthy, region=state.location)

    def fail_made_of(self, state: StagedGroup, text: str, *, healthy: bool = False) -> None:
        """Have instances fail whose template has a text in it."""
        self.doors.fail_made_of(text, healthy=healthy, region=state.location)

    def lose_balancer_health(self, group: ScalingGroup, state: StagedGroup) -> None:
        """Have every target fail: the emulator's checks are those of the balancer."""
        if group.aws.maintenance is not None and group.health_check.by == "load-balancer":
            raise NotStaged("its emulator does not hold the replacement of ill instances to `aws.maintenance`")
        self.fail(state, state.instances)

    def lose_image(self, cloud: C, native: str, location: str) -> None:
        """Have its owner deregister it."""
        call = cloud.provider.connection.call
        asked = {"LaunchTemplateName": native, "Versions": ["$Latest"]}
        (version,) = call("ec2", "describe_launch_template_versions", location, **asked)["LaunchTemplateVersions"]
        image = version["LaunchTemplateData"]["ImageId"]
        if image.startswith("resolve:"):
            raise NotStaged("its image is looked up at each launch, and is always there")
        if call("ec2", "describe_images", location, Filters=[{"Name": "image-id", "Values": [image]}])["Images"]:
            call("ec2", "deregister_image", location, ImageId=image)


def _as_owner(connection: Any, region: str, service: str, operation: str, **params: Any) -> dict[str, Any]:
    reply: dict[str, Any] = connection.call(service, operation, region, **params)
    return reply


STAGED = StagedAws
"""What drills look up."""
