"""
Groups on AWS: zones, weights, warm pools, lifetimes, templates that went, refreshes that run.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
"""

import base64

import pytest

import trimtab as tt
from tests.found.marks import case
from tests.found.worlds import AMI, findings, fleet_of, make_by_arn, naming, said

GROUP = """
name: shop
groups:
  web:
    capacity: {min: 1, max: 4, desired: 2}
    template: {image: ami-12c6146b, size: %s}
    placement: {zones: [us-east-1a]}
"""
SMALL = GROUP % "t3.small"


def subnets(aws):
    """The default network's subnets by zone."""
    return {one["AvailabilityZone"]: one["SubnetId"] for one in aws.client("ec2").describe_subnets()["Subnets"]}


def placed(aws, zone, *subnets_in):
    ids = subnets(aws)
    chosen = ", ".join(ids[one] for one in subnets_in or ("us-east-1a", "us-east-1b"))
    return SMALL.replace("{zones: [us-east-1a]}", f"{{zones: [{zone}], subnets: [{chosen}]}}")


def test_zones_beside_subnets_hold_or_are_named(aws):
    """
    terraform-aws-modules/terraform-aws-autoscaling#6: an instance must stay in the zone of its volume.

    "If you specify VPCZoneIdentifier with AvailabilityZones, the subnets that you specify must reside in those
    Availability Zones."
    """
    assert naming("placement.zones", said(aws.cloud.plan(fleet_of(placed(aws, "us-east-1a")))))
    aws.put(placed(aws, "us-east-1a", "us-east-1a"))
    assert aws.group("shop-web")["AvailabilityZones"] == ["us-east-1a"]


def test_a_zone_in_which_no_subnet_lies_is_named(aws):
    """terraform-aws-autoscaling#6."""
    assert naming("placement.zones", said(aws.cloud.plan(fleet_of(placed(aws, "us-east-1f")))))


WEIGHTED = """
name: eks
groups:
  general:
    capacity: {min: 0, max: 40, desired: %d}
    template: {image: ami-12c6146b, size: c5.4xlarge}
    placement: {zones: [us-east-1a, us-east-1b]}
    purchase: {sizes: [{size: c5.4xlarge, weight: %d}, {size: c5.2xlarge, weight: %d}]}
"""


@pytest.mark.parametrize(("size", "weights"), [(10, (4, 8)), (4, (2, 1))], ids=["twelve-units-for-ten", "four-units"])
class TestWeights:
    """
    A size in units: as many instances run as hold so many, or the first number beyond, and that is all there will be.

    spinnaker/spinnaker#7070, kubernetes/autoscaler#4851;
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-instance-weighting.html
    """

    def test_apply_does_not_wait_for_more_instances_than_the_units_need(self, aws, size, weights):
        plan = aws.cloud.plan(fleet_of(WEIGHTED % (size, *weights)))
        assert aws.cloud.apply(plan, wait="stable", timeout=tt.minutes(15)).timed_out == ()

    def test_the_status_is_stable(self, aws, size, weights):
        fleet = aws.put(WEIGHTED % (size, *weights))
        aws.clock.advance(tt.minutes(10))
        state = aws.cloud.status(fleet).groups[0].state
        assert state.desired == size
        assert state.is_stable

    def test_waiting_after_a_resize_ends(self, aws, size, weights):
        aws.put(WEIGHTED % (size, *weights))
        aws.clock.advance(tt.minutes(10))
        live = aws.cloud.group("general")
        live.scale(to=size + 2)
        try:
            live.wait(timeout=tt.minutes(20))
        except tt.errors.WaitTimeout as error:
            raise AssertionError(str(error)) from error


def test_the_same_weight_for_all_counts_like_none(aws):
    """kubernetes/autoscaler#4851: weights of 1 are instances."""
    fleet = aws.put(WEIGHTED % (4, 1, 1), wait="stable")
    assert aws.cloud.status(fleet).groups[0].state.is_stable


POOL = "    aws: {warm_pool: {state: stopped}}\n"
MIX = "    purchase: {%ssizes: [{size: m5.4xlarge%s}, {size: m5.8xlarge%s}]}\n"
SPOT = MIX % ("spot: true, ", "", "")
LARGE = GROUP % "m5.4xlarge"


def order(aws, *operations):
    return [call.operation for call in aws.writes() if call.operation in operations]


def test_a_warm_pool_goes_before_a_spot_mix_comes(aws):
    """
    hashicorp/terraform-provider-aws#42437: a group that requests Spot takes no warm pool, and one with a pool no Spot.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html#warm-pools-limitations
    """
    aws.put(LARGE + POOL)
    aws.doors.clear_requests()
    aws.put(LARGE + SPOT)
    made = order(aws, "UpdateAutoScalingGroup", "DeleteWarmPool")
    assert made == ["DeleteWarmPool", "UpdateAutoScalingGroup"]


def test_a_spot_mix_goes_before_a_warm_pool_comes(aws):
    """terraform-provider-aws#42437, the way back."""
    aws.put(LARGE + SPOT)
    aws.doors.clear_requests()
    fleet = aws.put(LARGE + POOL)
    assert order(aws, "UpdateAutoScalingGroup", "PutWarmPool") == ["UpdateAutoScalingGroup", "PutWarmPool"]
    assert aws.left(fleet) == []


def test_the_emulator_refuses_a_spot_mix_on_a_group_with_a_warm_pool(aws):
    """terraform-provider-aws#42437."""
    aws.make_group("old")
    aws.client("autoscaling").put_warm_pool(AutoScalingGroupName="old")
    mix = {
        "LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateName": "old", "Version": "1"}},
        "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 0},
    }
    code = aws.code("autoscaling", "update_auto_scaling_group", AutoScalingGroupName="old", MixedInstancesPolicy=mix)
    assert code == "ValidationError"


def test_a_warm_pool_of_a_mix_on_demand_is_made_and_planned_to_nothing(aws):
    """kubernetes/kops#17799: taken since November 2025."""
    fleet = aws.put(LARGE + MIX % ("", "", "") + POOL)
    assert aws.client("autoscaling").describe_warm_pool(AutoScalingGroupName="shop-web")["WarmPoolConfiguration"]
    assert aws.left(fleet) == []


@pytest.mark.parametrize(
    "mix",
    [
        case(
            SPOT,
            id="spot",
        ),
        case(
            MIX % ("spot: true, on_demand_percent: 50, ", "", ""),
            id="half-spot",
        ),
        case(
            MIX % ("", ", weight: 1", ", weight: 2"),
            id="weights",
        ),
    ],
)
def test_a_warm_pool_with_spot_or_weights_is_refused_by_the_plan(aws, mix):
    """kops#17799; https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html"""
    refusals = aws.refusals(LARGE + mix + POOL)
    assert naming("aws.warm_pool", refusals) or naming("purchase.", refusals)


@pytest.mark.parametrize(
    ("override", "distribution"),
    [
        case(
            *({"WeightedCapacity": "2"}, {}),
            id="weights",
        ),
        case({}, {"OnDemandPercentageAboveBaseCapacity": 0}, id="spot"),
    ],
)
def test_the_emulator_refuses_a_warm_pool_with_spot_or_weights(aws, override, distribution):
    """kops#17799."""
    overrides = [{"InstanceType": size, **override} for size in ("m5.4xlarge", "m5.8xlarge")]
    mix = {"LaunchTemplate": {"Overrides": overrides}, "InstancesDistribution": distribution}
    aws.make_group("old", MixedInstancesPolicy=mix)
    assert aws.code("autoscaling", "put_warm_pool", AutoScalingGroupName="old") == "ValidationError"


LIFETIME = SMALL + "    aws: {max_instance_lifetime: %s}\n"


@pytest.mark.parametrize("lifetime", ["1h", "400d"])
def test_a_lifetime_outside_a_day_to_a_year_is_refused_by_the_plan(aws, lifetime):
    """
    hashicorp/terraform-provider-aws#19669, PR#20844: 86,400 to 31,536,000 seconds.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-max-instance-lifetime.html states the lower bound ("at
    least 86,400 seconds"), https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/autoscaling_group
    the upper.
    """
    assert naming("aws.max_instance_lifetime", aws.refusals(LIFETIME % lifetime))


@pytest.mark.parametrize("lifetime", ["1d", "365d"])
def test_a_lifetime_of_a_day_and_of_a_year_is_made_and_planned_to_nothing(aws, lifetime):
    """terraform-provider-aws#19669: the other side of the limits."""
    assert aws.left(aws.put(LIFETIME % lifetime)) == []


@pytest.mark.parametrize(
    "seconds",
    [
        case(3600),
        case(400 * 86400),
    ],
)
def test_the_emulator_refuses_a_lifetime_outside_a_day_to_a_year(aws, seconds):
    """terraform-provider-aws#19669."""
    aws.make_group("old")
    code = aws.code("autoscaling", "update_auto_scaling_group", AutoScalingGroupName="old", MaxInstanceLifetime=seconds)
    assert code == "ValidationError"


def source(aws):
    return aws.group("shop-web")["LaunchTemplate"]["Version"]


class TestTemplates:
    """A launch template that somebody changes or deletes under its group: cloud-custodian/cloud-custodian#4568."""

    def test_a_version_made_by_hand_is_superseded(self, aws):
        fleet = aws.put(SMALL)
        ec2 = aws.client("ec2")
        more = {"LaunchTemplateName": "shop-web", "SourceVersion": "1"}
        ec2.create_launch_template_version(**more, LaunchTemplateData={"InstanceType": "t3.2xlarge"})
        ec2.modify_launch_template(LaunchTemplateName="shop-web", DefaultVersion="2")
        aws.put(SMALL)
        assert source(aws) == "3"
        assert aws.templates("shop-web")[0]["LaunchTemplateData"]["InstanceType"] == "t3.small"
        assert aws.left(fleet) == []

    def test_a_group_that_follows_the_latest_version_is_given_its_number_again(self, aws):
        fleet = aws.put(SMALL)
        latest = {"LaunchTemplateName": "shop-web", "Version": "$Latest"}
        aws.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="shop-web", LaunchTemplate=latest)
        assert [kind for _, kind, *_ in aws.left(fleet)] == ["autoscaling-group"]
        aws.put(SMALL)
        assert source(aws) == "1"
        assert aws.left(fleet) == []

    def test_a_deleted_template_is_made_again_and_the_group_launches_from_it(self, aws):
        fleet = aws.put(SMALL)
        aws.client("ec2").delete_launch_template(LaunchTemplateName="shop-web")
        aws.put(SMALL)
        again = aws.templates("shop-web")[0]
        assert aws.group("shop-web")["LaunchTemplate"]["LaunchTemplateId"] == again["LaunchTemplateId"]
        assert aws.left(fleet) == []

    def test_instances_of_a_deleted_template_are_outdated_by_the_one_made_again(self, aws):
        aws.put(SMALL, wait="stable")
        aws.client("ec2").delete_launch_template(LaunchTemplateName="shop-web")
        aws.put(GROUP % "t3.large")
        state = aws.cloud.group("web").read()
        if {instance.size for instance in state.instances} != {"t3.small"}:
            raise RuntimeError("the instances are not those of the deleted template")
        assert state.outdated == 2

    def test_instances_of_the_newest_version_are_current_where_the_group_follows_it(self, aws):
        aws.put(SMALL, wait="stable")
        latest = {"LaunchTemplateName": "shop-web", "Version": "$Latest"}
        aws.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName="shop-web", LaunchTemplate=latest)
        assert aws.cloud.group("web").read().outdated == 0


def refresh(aws, **configuration):
    """A group whose instance refresh somebody started."""
    aws.put(SMALL, wait="stable")
    aws.client("autoscaling").start_instance_refresh(
        AutoScalingGroupName="shop-web", Preferences={"InstanceWarmup": 600}, **configuration
    )


def update(aws):
    template = {"LaunchTemplateName": "shop-web", "Version": "1"}
    return aws.code(
        "autoscaling", "update_auto_scaling_group", AutoScalingGroupName="shop-web", LaunchTemplate=template
    )


DESIRED = {"DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": "shop-web", "Version": "1"}}}


def test_the_emulator_refuses_a_template_while_a_refresh_with_a_desired_configuration_runs(aws):
    """
    floci-io/floci#1598: "An active instance refresh with a desired configuration exists. All configuration options
    derived from the desired configuration are not available for update while the instance refresh is active."
    """
    refresh(aws, **DESIRED)
    assert update(aws) == "ValidationError"


def test_the_emulator_takes_a_template_while_a_refresh_without_a_desired_configuration_runs(aws):
    """floci#1598."""
    refresh(aws)
    assert update(aws) is None


def test_a_refresh_that_will_refuse_the_update_is_said_by_the_plan(aws):
    """floci#1598: what a plan can know, apply does not stumble over."""
    refresh(aws, **DESIRED)
    texts = [str(one).lower() for one in said(aws.cloud.plan(fleet_of(GROUP % "t3.large")))]
    assert [text for text in texts if "refresh" in text], texts


def script(size):
    text = "#!/bin/bash\n"
    return text + "#" * (size - len(text))


def with_script(size, name="ci"):
    return tt.Fleet(
        name="runner",
        groups=[
            tt.ScalingGroup(
                name=name,
                capacity=tt.Capacity(min=1, max=2, desired=1),
                placement=tt.Placement(zones=("us-east-1a",)),
                template=tt.InstanceTemplate(image=tt.Image(id=AMI), size="t3.small", user_data=script(size)),
            )
        ],
    )


class TestUserData:
    """
    Start scripts: at most 16,384 bytes before they are encoded, and none at all where the text is empty.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html ("User data is limited to 16 KB, in raw form,
    before it is base64-encoded"); github-aws-runners/terraform-aws-github-runner#3700, KiroCrew#2647,
    supergiant/capacity#148; terraform-aws-modules/terraform-aws-autoscaling#25, terraform-provider-aws#4081.
    """

    @pytest.mark.parametrize("size", [16_385, 45_000])
    def test_a_script_beyond_the_limit_is_refused_by_the_plan(self, aws, size):
        fleet = with_script(size)
        problems = [str(problem) for problem in aws.cloud.plan(fleet).problems]
        assert naming("template.user_data", problems)

    def test_a_script_of_just_the_limit_is_made_and_planned_to_nothing(self, aws):
        fleet = with_script(16_384)
        assert aws.cloud.apply(aws.cloud.plan(fleet), wait="accepted").failures == ()
        assert aws.left(fleet) == []

    @pytest.mark.parametrize(
        ("size", "code"),
        [
            (16_384, None),
            case(16_385, "InvalidUserData.Malformed"),
        ],
    )
    def test_the_emulator_takes_so_many_bytes_and_no_more(self, aws, size, code):
        data = {"ImageId": AMI, "UserData": base64.b64encode(b"x" * size).decode()}
        assert aws.code("ec2", "create_launch_template", LaunchTemplateName="raw", LaunchTemplateData=data) == code


EMPTY = {
    "user-data": (SMALL.replace("t3.small}", 't3.small, user_data: ""}'), "template.user_data"),
    "alarm-description": (
        SMALL
        + "    policies: {out: {change: 1}}\n"
        + '    alarms: {hot: {metric: cpu, above: 7, triggers: [out], description: ""}}\n',
        "alarms.hot.description",
    ),
    "placement-group": (SMALL + '    aws: {placement_group: ""}\n', "aws.placement_group"),
    "service-linked-role": (SMALL + '    aws: {service_linked_role: ""}\n', "aws.service_linked_role"),
    "hook-data": (
        SMALL + '    aws: {lifecycle_hooks: [{name: start, on: launch, timeout: 1m, data: ""}]}\n',
        "aws.lifecycle_hooks",
    ),
    "hook-role": (
        SMALL + '    aws: {lifecycle_hooks: [{name: start, on: launch, timeout: 1m, role: ""}]}\n',
        "aws.lifecycle_hooks",
    ),
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_empty_text_is_none_or_is_refused_by_the_plan(aws, name):
    """terraform-aws-autoscaling#25: "expected length of user_data to be in the range (1 - 16384)"."""
    text, path = EMPTY[name]
    refusals = aws.refusals(text)
    if refusals:
        assert naming(path, refusals)
        return
    fleet = fleet_of(text)
    assert aws.cloud.apply(aws.cloud.plan(fleet), wait="accepted").failures == ()
    assert aws.left(fleet) == []
    assert len(aws.templates("shop-web")) == 1


def test_the_plain_group_of_this_file_is_let_be(aws):
    """What all of these change: nothing is said of it by check and plan."""
    assert findings(fleet_of(SMALL), "aws") == []
    assert aws.refusals(SMALL) == []


TOLD = f"""{SMALL}    aws:
      notify_scaling: [{{topic: "arn:aws:sns:us-east-1:123456789012:ops", on: [launch-error, terminate-error]}}]
"""


class TestTopics:
    """
    "Notifications of scaling (SNS)": widdix/aws-cf-templates; https://docs.aws.amazon.com/autoscaling/ec2/userguide/
    ec2-auto-scaling-sns-notifications.html.
    """

    def told(self, aws, name="shop-web"):
        reply = aws.client("autoscaling").describe_notification_configurations(AutoScalingGroupNames=[name])
        return {(one["TopicARN"][-3:], one["NotificationType"]) for one in reply["NotificationConfigurations"]}

    @pytest.fixture(autouse=True)
    def topics(self, aws):
        make_by_arn(aws.client, *(f"arn:aws:sns:us-east-1:123456789012:{name}" for name in ("ops", "dev")))

    def test_what_somebody_changes_is_drift_and_is_healed(self, aws):
        fleet = aws.put(TOLD)
        errors = {("ops", f"autoscaling:EC2_INSTANCE_{word}_ERROR") for word in ("LAUNCH", "TERMINATE")}
        assert self.told(aws) == errors
        topic = {"AutoScalingGroupName": "shop-web", "TopicARN": "arn:aws:sns:us-east-1:123456789012:ops"}
        other = {**topic, "TopicARN": "arn:aws:sns:us-east-1:123456789012:dev"}
        for one in (topic, other):
            aws.client("autoscaling").put_notification_configuration(
                **one, NotificationTypes=["autoscaling:TEST_NOTIFICATION"]
            )
        ((_, _, _, paths),) = aws.left(fleet)
        assert {path.partition("[")[0] for path in paths} == {"NotificationConfigurations"}
        aws.cloud.apply(aws.cloud.plan(fleet)).raise_for_failures()
        assert (self.told(aws), aws.left(fleet)) == (errors, [])

    def test_a_group_that_never_told_anybody_is_not_asked_about(self, aws):
        aws.put(SMALL)
        aws.doors.clear_requests()
        aws.cloud.plan(fleet_of(SMALL))
        assert "DescribeNotificationConfigurations" not in {call.operation for call in aws.doors.requests()}

    def test_a_group_that_told_somebody_is_imported_with_it(self, aws):
        aws.make_group("old")
        aws.client("autoscaling").put_notification_configuration(
            AutoScalingGroupName="old",
            TopicARN="arn:aws:sns:us-east-1:123456789012:ops",
            NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
        )
        fleet, _, plan = aws.taken_over("old")
        (told,) = fleet["old"].aws.notify_scaling
        assert (told.topic[-3:], told.on) == ("ops", ("launch",))
        assert not [change for change in plan.changes if "Notification" in str(change.fields)]
        assert self.told(aws, "old") == {("ops", "autoscaling:EC2_INSTANCE_LAUNCH")}
