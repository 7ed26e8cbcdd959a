"""What random groups refer to, made in the emulator; and how to take marks off what was applied."""

from dataclasses import dataclass

import trimtab as tt
from tests.found.worlds import make_by_arn
from tests.providers.aws.random_groups import NATIVE, TOPIC
from trimtab.plan import read_description


@dataclass(frozen=True)
class Account:
    """Subnets, target groups, security groups and a reservation as the emulator calls them."""

    subnets: tuple[str, ...]
    arns: dict[str, str]
    security: dict[str, str]
    reservation: str

    def moved(self, group):
        """The group on subnets that exist, its target groups by name."""
        names = {one.id: one.id.split("/")[1] for one in group.load_balancers if one.id}

        def metric(item):
            known = getattr(item, "metric", None)
            of = names.get(known.of) if known is not None else None
            return item if of is None else item.model_copy(update={"metric": known.model_copy(update={"of": of})})

        return self.placed(group).model_copy(
            update={
                "load_balancers": tuple(
                    tt.LoadBalancer(name=one.name or names[one.id]) for one in group.load_balancers
                ),
                # the emulator answers with the account's usual role, whatever it was given
                "aws": group.aws.model_copy(update={"service_linked_role": None}),
                "policies": tuple(map(metric, group.policies)),
                "alarms": tuple(map(metric, group.alarms)),
            }
        )

    def placed(self, group):
        """The group on subnets, in security groups and by a reservation that exist."""
        security = tuple(self.security.get(name, name) for name in group.template.security_groups)
        template = group.template.model_copy(update={"security_groups": security})
        reservation = self.reservation if group.purchase.reservation else None
        purchase = group.purchase.model_copy(update={"reservation": reservation})
        placement = tt.Placement(subnets=self.subnets) if group.placement.subnets else group.placement
        if len(placement.zones) > 1:  # all that the emulator's region has
            placement = tt.Placement(zones=tuple(f"us-east-1{letter}" for letter in "abcdef"))
        return group.model_copy(update={"placement": placement, "template": template, "purchase": purchase})


def furnish_for_random(world):
    """Two subnets, two target groups behind a balancer, two security groups, and what else is named."""
    world.make_key_pair("ops")
    make_by_arn(world.client, *(TOPIC.format(name) for name in ("a", "b", "ok", "ops", "dev", "more")))
    world.client("ec2").create_placement_group(GroupName="close", Strategy="spread")
    world.client("iam").create_instance_profile(InstanceProfileName="web")
    security = {name: world.make_security_group(name.removeprefix("sg-")) for name in ("sg-1", "sg-2")}
    ec2, elbv2 = world.client("ec2"), world.client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{place}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for place, zone in enumerate("ab")
    ]
    ids = tuple(sorted(one["SubnetId"] for one in subnets))
    balancer = elbv2.create_load_balancer(Name="front", Subnets=list(ids))["LoadBalancers"][0]["LoadBalancerArn"]
    arns = {}
    for port, name in ((80, "web"), (81, "api")):
        made = elbv2.create_target_group(Name=name, Protocol="HTTP", Port=port, VpcId=vpc)["TargetGroups"][0]
        arns[name] = made["TargetGroupArn"]
        forward = [{"Type": "forward", "TargetGroupArn": arns[name]}]
        elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=forward)
    wanted = {"InstanceType": "m5.large", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": "us-east-1a"}
    reserved = ec2.create_capacity_reservation(InstanceCount=9, **wanted)["CapacityReservation"]
    return Account(ids, arns, security, reserved["CapacityReservationId"])


def take_marks_off(world):
    """Tags and descriptions without trimtab's own; versions of templates keep theirs."""
    tags = [
        {"ResourceId": NATIVE, "ResourceType": "auto-scaling-group", "Key": f"trimtab-{word}"}
        for word in ("fleet", "group", "digest", "hooks", "topics", "image")
    ]
    world.client("autoscaling").delete_tags(Tags=tags)
    for alarm in world.client("cloudwatch").describe_alarms()["MetricAlarms"]:
        if not alarm["AlarmName"].startswith("TargetTracking-"):
            world.put_alarm(alarm["AlarmName"], AlarmDescription=read_description(alarm.get("AlarmDescription"))[0])
