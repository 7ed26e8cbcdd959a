"""
What a new group names is asked for before it is made: what is not there is a problem that names its field.

Which refusals these save: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
"""

import pytest

import trimtab as tt
from tests.conftest import make_fleet
from trimtab import metrics
from trimtab.providers.datapoints import MetricValue

ELSEWHERE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
GONE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
JOBS = {"custom": "JobsWaiting", "namespace": "Virtualmin", "dimensions": {"Group": "{group}"}}
IMAGE = "ami-0abcdef1234567890"


def group_of(template=None, **fields):
    given = {"image": IMAGE, "size": "t3.medium", **(template or {})}
    given = {"name": "web", "capacity": {"min": 1, "max": 4}, "template": given, **fields}
    return tt.ScalingGroup.model_validate({"placement": {"zones": ["us-east-1a"]}, **given})


def alarm(**fields):
    return {"hot": {"metric": "cpu", "above": 70, **fields}}


def topic(region):
    return f"arn:aws:sns:{region}:123456789012:ops"


@pytest.fixture
def account(world):
    """Words for what the account has."""
    ec2 = world.client("ec2")
    world.make_key_pair("ops")
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in ec2.describe_subnets()["Subnets"]}
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    security = world.make_security_group("web")
    elb = world.client("elbv2")
    target = elb.create_target_group(Name="front", Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
    return {"subnet": subnets, "security": security, "target": target["TargetGroupArn"]}


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


MISSING = {
    "image": ("template.image", group_of({"image": "ami-0123456789abcdef9"})),
    "key pair": ("template.ssh_key", group_of({"ssh_key": "nobodys"})),
    "security group": ("template.security_groups.0", group_of({"security_groups": ["sg-0123456789abcdef9"]})),
    "subnet": ("placement.subnets.0", group_of(placement={"subnets": ["subnet-0123456789abcdef9"]})),
    "zone of another region": ("placement.zones.1", group_of(placement={"zones": ["us-east-1a", "eu-west-1a"]})),
    "size": ("template.size", group_of({"size": "t3.enormous"})),
    "one of several sizes": (
        "purchase.sizes.1.size",
        group_of(purchase={"sizes": [{"size": "t3.large"}, {"size": "t3.enormous"}]}),
    ),
    # https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-regions.html: us-east-1e has no t3
    "size in a zone": ("template.size", group_of(placement={"zones": ["us-east-1e"]})),
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-mac-instances.html: "not available as a Spot Instance"
    "size as spot": ("template.size", group_of({"size": "mac1.metal"}, purchase={"spot": True})),
    "target group": ("load_balancers.0.id", group_of(load_balancers=[{"id": GONE}])),
    "target group of another region": ("load_balancers.0.id", group_of(load_balancers=[{"id": ELSEWHERE}])),
    "topic of another region": ("alarms.hot.notify.0", group_of(alarms=alarm(notify=[topic("eu-west-1")]))),
    "another topic": ("alarms.hot.notify_ok.0", group_of(alarms=alarm(notify_ok=[topic("eu-west-1")]))),
    "disk below its image": ("template.disks.0.size_gb", group_of({"disks": [{"size_gb": 7}]})),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_is_a_problem_of_its_field(cloud, account, name):
    field, group = MISSING[name]
    problems = [str(one) for one in cloud.plan(make_fleet(group)).problems]
    assert [text for text in problems if text.startswith(f"group web: {field}: ")] == problems != []


def everything(account):
    return group_of(
        {"ssh_key": "ops", "security_groups": [account["security"]], "disks": [{"size_gb": 8}]},
        placement={"subnets": [account["subnet"]["us-east-1a"], account["subnet"]["us-east-1b"]]},
        purchase={"spot": True, "sizes": [{"size": "t3.large"}, {"size": "t3.medium"}]},
        load_balancers=[{"id": account["target"]}],
        alarms=alarm(notify=[topic("us-east-1")]),
    )


def test_what_is_there_is_made_and_asked_for_once(world, cloud, account):
    """One call for each kind and region; what stands is not asked for again."""
    fleet = make_fleet(everything(account), everything(account).model_copy(update={"name": "api"}))
    world.doors.clear_requests()
    plan = cloud.plan(fleet)
    asked = world.doors.count()["operations"]
    assert not plan.problems
    assert {name: number for name, number in asked.items() if name.endswith(LOOKED_UP)} == dict.fromkeys(LOOKED_UP, 1)
    cloud.apply(plan, wait="stable").raise_for_failures()
    world.doors.clear_requests()
    assert not cloud.plan(fleet)
    assert not {*world.doors.count()["operations"]} & {*LOOKED_UP}


LOOKED_UP = (
    "DescribeKeyPairs",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeInstanceTypeOfferings",
    "DescribeInstanceTypes",
    "DescribeTargetGroups",
)


@pytest.mark.parametrize("operation", [*LOOKED_UP, "DescribeImages", "ListMetrics"])
def test_what_may_not_be_asked_is_a_note_and_stops_nothing(world, cloud, account, operation):
    """A right that is only looked up by, taken away."""
    group = everything(account)
    plain = group.template.model_copy(update={"disks": ()})
    group = group.model_copy(update={"template": plain, "alarms": group_of(alarms=alarm(metric=JOBS)).alarms})
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(make_fleet(group))
    assert not plan.problems
    assert not plan.unknown
    assert [note for note in plan.notes if "could not check whether" in str(note)]
    cloud.apply(plan, wait="accepted").raise_for_failures()


def test_a_size_is_held_against_the_zones_of_the_subnets(world, cloud, account):
    """Where some of them offer it that is a note; a zone that comes later is asked about, though the size stands."""
    places = [account["subnet"][zone] for zone in ("us-east-1a", "us-east-1e")]
    plan = cloud.plan(make_fleet(group_of(placement={"subnets": places[:1]})))
    cloud.apply(plan, wait="accepted").raise_for_failures()
    plan = cloud.plan(make_fleet(group_of(placement={"subnets": places})))
    assert not plan.problems
    assert [note for note in plan.notes if "t3.medium is not offered in us-east-1e" in str(note)]
    plan = cloud.plan(make_fleet(group_of(placement={"subnets": places[1:]})))
    assert [note for note in plan.problems if "t3.medium is not offered in us-east-1e" in str(note)]


def test_a_custom_metric_that_nothing_was_written_to_is_noted(cloud):
    """Dimensions are part of a metric: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html"""
    fleet = make_fleet(group_of(alarms=alarm(metric=JOBS)))

    def notes():
        plan = cloud.plan(fleet)
        assert not plan.problems
        return [str(note) for note in plan.notes if "alarms.hot.metric" in str(note)]

    assert len(notes()) == 1
    assert "Virtualmin/JobsWaiting, Group virtualmin-web" in notes()[0]
    for group, left in (("virtualmin-api", 1), ("virtualmin-web", 0)):
        metric = metrics.custom("Virtualmin", "JobsWaiting", dimensions={"Group": group})
        cloud.publish([MetricValue(metric=metric, value=3, group=group)])
        assert len(notes()) == left


def test_a_group_that_stands_is_not_held_against_what_went_since(world, cloud, account):
    fleet = make_fleet(group_of({"ssh_key": "ops"}))
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    world.client("ec2").delete_key_pair(KeyName="ops")
    assert not cloud.plan(fleet)


def test_a_refresh_that_may_not_be_asked_for_is_noted(world, cloud):
    cloud.apply(cloud.plan(make_fleet(group_of())), wait="accepted").raise_for_failures()
    world.doors.fault("denied", operation="DescribeInstanceRefreshes", times=None)
    plan = cloud.plan(make_fleet(group_of({"size": "t3.large"})))
    assert not plan.problems
    assert [note for note in plan.notes if "instance refresh" in str(note)]


REFUSED = ("image", "key pair", "security group", "subnet", "size", "one of several sizes", "target group")


@pytest.mark.parametrize("name", [*REFUSED, "topic of another region", "disk below its image"])
def test_the_emulator_refuses_it_too(cloud, account, name, monkeypatch):
    """Without the plan's own look it is the door that says no."""
    from trimtab.providers.aws import resolve, translate

    monkeypatch.setattr(resolve, "references_of", lambda *_: ())
    monkeypatch.setattr(resolve.Resolver, "hold_disks", lambda *_: None)
    monkeypatch.setattr(translate.names, "elsewhere_of", lambda *_: ())
    done = cloud.apply(cloud.plan(make_fleet(MISSING[name][1])), wait="accepted")
    errors = [one.error for one in done.outcomes if one.error and not one.skipped]
    assert len(errors) == 1
    # a type that is not in the service's model the launch template already refuses, by EC2's code
    assert ("InvalidParameterValue" if name == "size" else "ValidationError") in errors[0]
