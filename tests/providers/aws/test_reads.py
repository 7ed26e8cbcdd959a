"""How many calls a plan takes, and what is made of what they answer."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.conftest import make_fleet, make_group
from tests.found.worlds import make_by_arn
from tests.laws import IS_EXHAUSTIVE
from trimtab.clock import ManualClock
from trimtab.plan import Key

FULL = {
    "capacity": {"min": 0, "max": 4},
    "template": {"image": {"newest": "web-*"}, "size": "t3.medium"},
    "placement": {"subnet_tags": {"Type": "Private"}},
    "load_balancers": ["web"],
    "policies": {f"p{number}": {"change": number} for number in (1, 2, 3, 4)},
    "alarms": {f"a{number}": {"metric": "cpu", "above": 90 + number, "triggers": ["p1"]} for number in (1, 2, 3, 4)},
    "schedules": {f"s{number}": {"cron": f"{number} 8 * * *", "zone": "UTC", "min": 0} for number in (1, 2, 3, 4)},
}


def fleet_of(count):
    """Groups of fourteen objects each."""
    return make_fleet(*(make_group(f"g{number}", **FULL) for number in range(count)))


def small_fleet():
    return make_fleet(make_group("web"), make_group("api"))


@pytest.fixture
def furnished(world):
    """An account with an image, tagged subnets and a target group."""
    ec2 = world.client("ec2")
    subnets = ec2.describe_subnets()["Subnets"]
    ec2.create_tags(Resources=[one["SubnetId"] for one in subnets], Tags=[{"Key": "Type", "Value": "Private"}])
    ec2.register_image(Name="web-1", RootDeviceName="/dev/sda1", Architecture="x86_64")
    vpc = subnets[0]["VpcId"]
    world.client("elbv2").create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="instance")
    return world


def calls_of_a_plan(world, cloud, fleet):
    world.doors.clear_requests()
    plan = cloud.plan(fleet)
    assert not plan, plan.to_dict()
    return world.doors.count()["total"], world.doors.count()["operations"]


MANY = (100, 18) if IS_EXHAUSTIVE else (30, 11)


@pytest.mark.parametrize(("groups", "most"), [(1, 9), (2, 9), MANY])
def test_a_plan_without_changes_takes_few_calls(furnished, groups, most):
    """The bars of the design, at fourteen objects a group."""
    fleet = fleet_of(groups)
    with furnished.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        total, operations = calls_of_a_plan(furnished, cloud, fleet)
    assert total <= most, operations


WAVES = (
    {
        "DescribeAutoScalingGroups",
        "DescribeAlarms",
        "DescribeImages",
        "DescribeSubnets",
        "DescribeTargetGroups",
    },
    {
        "DescribeLaunchTemplateVersions",
        "DescribePolicies",
        "DescribeScheduledActions",
        "DescribeLifecycleHooks",
        "DescribeNotificationConfigurations",
    },
)


def test_the_reads_of_a_plan_go_in_two_waves(furnished):
    """No call of a wave is sent before all of it are on their way: it would wait for ever for one that waits for it."""
    topic = {"topic": "arn:aws:sns:us-east-1:123456789012:scaling"}
    parts = {"lifecycle_hooks": [{"name": "drain", "on": "terminate"}], "notify_scaling": [topic]}
    make_by_arn(furnished.client, topic["topic"])
    fleet = make_fleet(make_group("g0", **FULL, aws=parts))
    with furnished.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    sent, barriers = [], {}
    for wave in WAVES:
        barriers |= dict.fromkeys(wave, Barrier(len(wave)))

    def meet(event_name, **_):
        name = event_name.rpartition(".")[2]
        sent.append(name)
        barriers[name].wait(timeout=120)

    with furnished.connect() as cloud:
        events = cloud.provider.connection._session.events
        events.register("before-send", meet)
        try:
            assert not cloud.plan(fleet)
        finally:  # connections share the session
            events.unregister("before-send", meet)
    assert sorted(sent) == sorted(name for wave in WAVES for name in wave)
    assert set(sent[: len(WAVES[0])]) == WAVES[0]


@pytest.mark.sweep
def test_two_groups_beside_many_of_others_take_few_calls(furnished):
    fleet = fleet_of(2)
    with furnished.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        client = furnished.client("autoscaling")
        places = {"MinSize": 0, "MaxSize": 0, "AvailabilityZones": ["us-east-1a"]}
        source = {"LaunchTemplateName": "virtualmin-g0", "Version": "1"}
        for number in range(1000 if IS_EXHAUSTIVE else 300):
            name = f"other-{number:04}"
            client.create_auto_scaling_group(AutoScalingGroupName=name, LaunchTemplate=source, **places)
        total, operations = calls_of_a_plan(furnished, cloud, fleet)
    assert total <= 14, operations


@pytest.mark.parametrize("workers", [1, 2])
def test_few_workers_are_enough_in_a_crowded_account(world, workers):
    """Reads that wait for other reads get through however few there may be at a time."""
    fleet = small_fleet()
    with world.connect(workers=8) as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    client = world.client("autoscaling")
    places = {"MinSize": 0, "MaxSize": 0, "AvailabilityZones": ["us-east-1a"]}
    for number in range(120):
        source = {"LaunchTemplateName": "virtualmin-web", "Version": "1"}
        client.create_auto_scaling_group(AutoScalingGroupName=f"other-{number:03}", LaunchTemplate=source, **places)
    cloud = world.connect(workers=workers)
    waiting = ThreadPoolExecutor(1)
    try:
        assert not waiting.submit(cloud.plan, fleet).result(timeout=5)
    finally:
        cloud.close()
        waiting.shutdown(wait=False, cancel_futures=True)


def test_a_version_made_by_hand_is_drift_and_not_foreign(world):
    fleet = small_fleet()
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        key = Key("us-east-1", "launch-template", "virtualmin-web")
        world.new_version(key, {**world.latest(key)["LaunchTemplateData"], "InstanceType": "m5.large"})
        plan = cloud.plan(fleet)
        assert not plan.problems
        change = next(change for change in plan if change.key == key)
        assert [item.path for item in change.fields] == ["LaunchTemplateData.InstanceType"]
        cloud.apply(plan, wait="accepted").raise_for_failures()
        assert not cloud.plan(fleet)


def test_a_group_that_the_list_lacks_is_not_made_again(world):
    """A list that lags behind is not believed while templates and alarms of the group are there."""
    fleet = small_fleet()
    with world.connect() as cloud:
        # the list was last read while there was nothing, which is what a stale reply says again
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        world.doors.fault("stale", operation="DescribeAutoScalingGroups", times=1)
        plan = cloud.plan(fleet)
        assert not world.doors.list_faults()
        assert not [change for change in plan if change.key.kind == "autoscaling-group"], plan.to_dict()


def test_similar_names_of_others_are_not_read_as_ours(world):
    fleet = small_fleet()
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
        world.put_alarm("virtualmin-web-hot", AlarmName="virtualmin-web-hotter", AlarmDescription="by hand")
        assert not cloud.plan(fleet)
        assert "virtualmin-web-hotter" not in {change.key.name for change in cloud.destroy(fleet)}


@pytest.mark.parametrize("kind", ["throttle", "error500", "timeout_before"])
def test_a_fault_that_passes_is_told_and_waited_for_on_the_clock(world, kind):
    """No real sleeping: the pause goes by on the clock that is handed in."""
    from trimtab.events import CallRetried
    from trimtab.runtime.connection import connect

    events, clock = [], ManualClock()
    session = world.cloud.connect().provider.connection._session
    with connect(
        "aws", session=session, endpoint=world.emulator.endpoint, clock=clock, listener=events.append
    ) as cloud:
        world.doors.fault(kind, operation="DescribeAlarms", times=2)
        assert not cloud.plan(make_fleet()).unknown
    retried = [event for event in events if isinstance(event, CallRetried)]
    assert [event.attempt for event in retried] == [1, 2]
    assert all(event.operation.lower().replace("_", "") == "describealarms" for event in retried)
