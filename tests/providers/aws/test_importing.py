"""A group that AWS has, back in our words: the inverse of translation, its notes, and what a plan does then."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import trimtab as tt
from tests.conftest import make_group
from tests.providers.aws.account import furnish
from tests.providers.aws.account_for_random import furnish_for_random, take_marks_off
from tests.providers.aws.handmade import NAME, instances_of, make_by_hand
from tests.providers.aws.random_groups import FLEET, NATIVE, NOW, canonical, groups
from tests.providers.aws.replies import REGION, replies_to
from tests.providers.aws.world import AwsWorld
from trimtab.config import dump_fleet, parse_fleet
from trimtab.errors import NotFound
from trimtab.plan import Action
from trimtab.providers.aws.importing import account_for, import_group
from trimtab.providers.imports import Fate

RANDOM = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def imported(replies, fleet=FLEET):
    return import_group(replies, location=REGION, now=NOW, fleet=fleet)


def texts(found):
    return [str(note) for note in found.notes]


def test_importing_is_the_inverse_of_translation():
    """What AWS has of a group is the group, but for what AWS never has; seven in ten lose nothing that has a name."""
    share = Counter()

    @RANDOM
    @given(groups())
    def law(group):
        found = imported(replies_to(group))
        share[not found.notes] += 1
        assert found.group == canonical(group), texts(found)

    law()
    assert share[True] >= 0.7 * share.total()


@RANDOM
@given(groups())
def test_importing_twice_says_the_same(group):
    once = imported(replies_to(group)).group
    assert imported(replies_to(once)).group == once


@settings(RANDOM, max_examples=30)
@given(groups())
def test_what_was_imported_is_a_fleet_file(group):
    fleet = tt.Fleet(name=FLEET, groups=[imported(replies_to(group)).group])
    assert parse_fleet(dump_fleet(fleet)) == fleet


# single things


def of_web(**fields):
    return replies_to(make_group(schedules={}, placement={"subnets": ["subnet-1"]}, **fields))


def test_names_without_the_groups_in_front_are_made_legal_and_noted():
    replies = of_web()
    policy = {**replies.policies[0], "PolicyName": "Scale Up!"}
    found = imported(replace(replies, policies=[policy]))
    assert [one.name for one in found.group.policies] == ["scale-up"]
    assert found.group.alarms[0].triggers == ("scale-up",)
    assert [note.path for note in found.notes] == ["policy Scale Up!: PolicyName"]


def test_two_names_that_become_the_same_are_told_apart():
    replies = of_web()
    names = ("Scale Up", "scale_up", f"{NATIVE}-scale-up")
    policies = [
        {**replies.policies[0], "PolicyName": name, "PolicyARN": f"{replies.policies[0]['PolicyARN']}{place}"}
        for place, name in enumerate(names)
    ]
    found = imported(replace(replies, policies=policies, alarms=[]))
    assert [one.name for one in found.group.policies] == ["scale-up", "scale-up-2", "scale-up-3"]
    assert len(found.notes) == 2


def test_a_group_of_another_name_keeps_it():
    found = imported(replies_to(make_group(schedules={})), fleet="other")
    assert (found.group.name, found.group.native_name) == (NATIVE, NATIVE)


def test_alarms_of_target_tracking_are_nobodys_and_nothing_is_lost():
    replies = of_web()
    own = {**replies.alarms[0], "AlarmName": "TargetTracking-virtualmin-web-AlarmHigh-0123"}
    found = imported(replace(replies, alarms=[*replies.alarms, own]))
    assert [one.name for one in found.group.alarms] == ["hot"]
    assert not found.notes
    table = account_for("DescribeAlarms", {"MetricAlarms": [own]})
    assert {leaf.fate for leaf in table.leaves} == {Fate.READ_ONLY}


def test_alarms_of_others_are_left_alone():
    replies = of_web()
    other = {**replies.alarms[0], "AlarmName": "db-hot", "AlarmActions": [], "Dimensions": []}
    assert [one.name for one in imported(replace(replies, alarms=[*replies.alarms, other])).group.alarms] == ["hot"]


def test_an_alarm_with_a_name_of_the_group_in_its_dimensions_is_its_own():
    replies = of_web(policies={}, alarms={"hot": {"metric": "cpu", "above": 70}})
    assert [one.name for one in imported(replies).group.alarms] == ["hot"]


def test_an_alarm_whose_steps_are_in_another_unit_keeps_cloudwatchs():
    """Steps are offsets from the threshold in CloudWatch's unit: bytes in a report, and not bytes a second."""
    replies = of_web(
        policies={"steps": {"type": "step", "steps": [{"lower": 0, "change": 1}]}},
        alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["steps"]}},
    )
    alarm = {**replies.alarms[0], "MetricName": "NetworkIn", "Threshold": 3e9}
    found = imported(replace(replies, alarms=[alarm])).group.alarms[0]
    assert found.metric == tt.metrics.custom("AWS/EC2", "NetworkIn", dimensions={"AutoScalingGroupName": "{group}"})
    assert found.above == 3e9
    simple = replies_to(
        make_group(schedules={}, alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]}})
    )
    alarm = {**simple.alarms[0], "MetricName": "NetworkIn", "Threshold": 3e9}
    found = imported(replace(simple, alarms=[alarm])).group.alarms[0]
    assert (found.metric, found.above) == (tt.metrics.network_in, 1e7)


def test_a_field_that_a_vendor_adds_is_lost_with_a_reason():
    replies = of_web()
    found = imported(replace(replies, group={**replies.group, "Novelty": {"Level": 3}}))
    assert texts(found) == [f"Auto Scaling group {NATIVE}: Novelty.Level = 3: not known to this version"]


def test_what_the_model_has_no_word_for_is_named():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "CreditSpecification": {"CpuCredits": "unlimited"}}
    alarm = {**replies.alarms[0], "Unit": "Percent"}
    found = imported(replace(replies, version={**replies.version, "LaunchTemplateData": data}, alarms=[alarm]))
    assert [note.path for note in found.notes] == [
        f"launch template {NATIVE}: LaunchTemplateData.CreditSpecification.CpuCredits",
        f"alarm {NATIVE}-hot: Unit",
    ]


def test_a_policy_that_the_model_cannot_say_is_one_note():
    replies = of_web(alarms={})
    math = {"Metrics": [{"Id": "m", "Expression": "SUM(METRICS())", "ReturnData": True}]}
    tracking = {"CustomizedMetricSpecification": math, "TargetValue": 1.0}
    policy = {
        **{name: replies.policies[0][name] for name in ("AutoScalingGroupName", "PolicyName", "PolicyARN")},
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": tracking,
    }
    found = imported(replace(replies, policies=[policy]))
    assert not found.group.policies
    assert [note.path for note in found.notes] == [f"policy {NATIVE}-scale-out"]
    assert "a plan deletes it" in found.notes[0].reason


def test_what_translation_writes_and_the_cloud_has_not_is_noted():
    replies = of_web(tags={"Team": "ops"})
    data = {name: value for name, value in replies.version["LaunchTemplateData"].items() if name != "TagSpecifications"}
    found = imported(replace(replies, version={**replies.version, "LaunchTemplateData": data}))
    assert len(found.notes) == 4  # two tags of instances and two of volumes
    assert all("a plan writes" in note.reason for note in found.notes)


def test_a_launch_configuration_becomes_a_template():
    replies = of_web()
    configuration = {
        "LaunchConfigurationName": "old",
        "ImageId": "ami-1",
        "InstanceType": "m5.large",
        "SecurityGroups": ["sg-1"],
        "InstanceMonitoring": {"Enabled": True},
        "AssociatePublicIpAddress": False,
        "IamInstanceProfile": "web",
        "SpotPrice": "0.05",
        "EbsOptimized": False,
    }
    group = {name: value for name, value in replies.group.items() if name != "LaunchTemplate"}
    found = imported(
        replace(replies, group={**group, "LaunchConfigurationName": "old"}, version=None, configuration=configuration)
    )
    assert found.group.template == tt.InstanceTemplate.model_validate(
        {
            "image": "ami-1",
            "size": "m5.large",
            "security_groups": ["sg-1"],
            "detailed_monitoring": True,
            "public_address": False,
            "role": "web",
        }
    )
    assert [note.path for note in found.notes] == [
        f"Auto Scaling group {NATIVE}: LaunchConfigurationName",
        "launch configuration old: SpotPrice",
    ]


def test_a_pause_is_no_part_of_the_model():
    replies = of_web()
    paused = {**replies.group, "Tags": [*replies.group["Tags"], {"Key": "trimtab-paused", "Value": "until=x"}]}
    paused["SuspendedProcesses"] = [{"ProcessName": "AlarmNotification"}, {"ProcessName": "AZRebalance"}]
    found = imported(replace(replies, group=paused))
    assert found.group.aws.suspended_processes == ("AZRebalance",)
    assert not found.notes


OPEN = {"cron": "0 8 * * 1-5", "until": "0 20 * * 1-5", "zone": "Europe/Madrid", "min": 3}


def test_two_actions_that_a_window_would_be_are_one_window():
    group = make_group(schedules={"office": OPEN}, placement={"subnets": ["subnet-1"]})
    found = imported(replies_to(group))
    assert found.group.schedules == group.schedules
    assert found.group.capacity.min == 2  # although 3 holds at the moment


@pytest.mark.parametrize("change", [{"TimeZone": "UTC"}, {"MaxSize": 9}, {"ScheduledActionName": f"{NATIVE}-close"}])
def test_two_actions_that_no_window_would_be_are_two_schedules(change):
    replies = replies_to(make_group(schedules={"office": OPEN}, placement={"subnets": ["subnet-1"]}))
    start, end = replies.actions
    found = imported(replace(replies, actions=[start, {**end, **change}]))
    assert len(found.group.schedules) == 2
    assert not any(one.is_window for one in found.group.schedules)


# through the emulator


def test_there_is_no_such_group(world):
    with world.connect() as cloud, pytest.raises(NotFound, match="no group 'nobody'"):
        cloud.read_group("nobody")


@pytest.mark.parametrize("template", [f"{NAME}-20260105", NAME])
def test_a_group_made_by_hand_is_adopted_and_only_what_was_noted_changes(world, template):
    """Import, adopt, plan: what the plan changes was said before, and every instance stays."""
    make_by_hand(world, template=template)
    world.advance(timedelta(minutes=5))
    before = instances_of(world)
    with world.connect() as cloud:
        found = cloud.read_group(NAME, fleet="virtualmin-pro-cluster")
        fleet = tt.Fleet(name="virtualmin-pro-cluster", groups=[found.group])
        cloud.apply(cloud.adopt(fleet)).raise_for_failures()
        plan = cloud.plan(fleet)
        assert not plan.problems
        said = " ".join(texts(found))
        for change in plan:
            assert change.action in (Action.CREATE, Action.UPDATE), change.key
            assert change.key.kind in ("launch-template", "autoscaling-group"), change.key
            for field in change.fields if change.action is Action.UPDATE else ():
                word = field.path.split("[")[0].split(".")[-1]
                assert word in said or (word == "Version" and "launch from it; instances stay" in said), field.path
        cloud.apply(plan).raise_for_failures()
        assert not cloud.plan(fleet)
    assert len(before) == 2
    assert instances_of(world) == before


@settings(RANDOM, max_examples=8, derandomize=True, phases=[Phase.generate])
@given(group=groups())
def test_importing_is_the_inverse_of_applying(emulator, group):
    """Made through the real SDK, its marks taken off, read back: the group, but for what AWS never has."""
    emulator.doors.reset()
    world = AwsWorld(emulator)
    emulator.doors.set_clock(NOW, freeze=True)
    account = furnish_for_random(world)
    group = account.moved(group)
    with world.connect() as cloud:
        cloud.apply(cloud.plan(tt.Fleet(name=FLEET, groups=[group])), wait="accepted").raise_for_failures()
        take_marks_off(world)
        found = cloud.read_group(NATIVE, fleet=FLEET)
    assert found.group == account.placed(canonical(group, account.arns.__getitem__)), texts(found)
    assert not found.notes


def test_a_group_of_a_fleet_is_imported_as_it_was_declared(world):
    furnish(world)
    group = make_group(
        load_balancers=["virtualmin-web"],
        policies={
            "scale-out": {"change": 1},
            "steady": {"type": "target-tracking", "metric": "cpu", "target": 50},
            "steps": {"type": "step", "steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 3}]},
        },
        schedules={"office": OPEN},
        purchase={"spot": True, "sizes": [{"size": "t3.medium", "weight": 1}, {"size": "t3.large", "weight": 2}]},
        aws={"termination_policies": ["OldestInstance"], "max_instance_lifetime": "7d"},
        tags={"Team": "ops"},
    )
    fleet = tt.Fleet(name="virtualmin", groups=[group])
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        found = cloud.read_group("virtualmin-web", fleet="virtualmin")
        assert not found.notes
        assert found.group.load_balancers[0].id.endswith("virtualmin-web/" + found.group.load_balancers[0].id[-16:])
        again = tt.Fleet(name="virtualmin", groups=[found.group])
        assert not cloud.plan(again)
