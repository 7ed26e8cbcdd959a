"""A group that AWS has, back in our words: the inverse of translation, its notes, and what a plan does then."""

import base64
import gzip
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

import trimtab as tt
from tests import measuring
from tests.conftest import make_group
from tests.laws import examples
from tests.providers.aws.account import furnish
from tests.providers.aws.account_for_random import furnish_for_random, take_marks_off
from tests.providers.aws.handmade import NAME, instances_of, make_by_hand
from tests.providers.aws.random_groups import FLEET, NATIVE, NOW, canonical, groups
from tests.providers.aws.replies import REGION, replies_to
from tests.providers.aws.world import AwsWorld
from tests.providers.import_law import assert_notes_are_the_plan, import_adopt_and_plan
from trimtab.config import dump_fleet, parse_fleet
from trimtab.errors import NotFound
from trimtab.providers.aws.importing import import_group
from trimtab.providers.importing import ImportEffect

RANDOM = settings(max_examples=examples(), deadline=None, suppress_health_check=list(HealthCheck))


def imported(replies, fleet=FLEET):
    return import_group(replies, location=REGION, now=NOW, fleet=fleet)


def texts(found):
    return [str(note) for note in found.notes]


@pytest.mark.sweep
def test_importing_is_the_inverse_of_translation():
    """What AWS has of a group is the group, but for what AWS never has; seven in ten lose nothing that has a name."""
    share = Counter()

    @RANDOM
    @given(groups())
    @measuring.now_and_then
    def law(group):
        found = imported(replies_to(group))
        share[not found.notes] += 1
        assert found.group == canonical(group), texts(found)

    law()
    assert share[True] >= 0.7 * share.total()


@settings(RANDOM, max_examples=examples(30))
@given(groups())
def test_importing_twice_says_the_same(group):
    once = imported(replies_to(group)).group
    assert imported(replies_to(once)).group == once


@settings(RANDOM, max_examples=examples(10))
@given(groups())
def test_what_was_imported_is_a_fleet_file(group):
    fleet = tt.Fleet(name=FLEET, groups=[imported(replies_to(group)).group])
    assert parse_fleet(dump_fleet(fleet)) == fleet


# single things


def of_web(**fields):
    return replies_to(make_group(schedules={}, placement={"subnets": ["subnet-1"]}, **fields))


def effects(found):
    return [(note.effect.value, note.path) for note in found.notes]


def renamed(replies, **names):
    """The replies with the only policy, alarm or template called otherwise."""
    policy, alarm = ([{**replies.policies[0], "PolicyName": names["policy"]}] if "policy" in names else None), None
    if "alarm" in names:
        alarm = [{**replies.alarms[0], "AlarmName": names["alarm"]}]
    return replace(replies, policies=policy or replies.policies, alarms=alarm or replies.alarms)


def test_names_without_the_groups_in_front_are_made_legal_and_noted():
    found = imported(renamed(of_web(), policy="Scale Up!"))
    assert [one.name for one in found.group.policies] == ["Scale-Up"]
    assert found.group.alarms[0].triggers == ("Scale-Up",)
    assert effects(found) == [
        ("creates", f"scaling policy {NATIVE}-Scale-Up: policies.Scale-Up"),
        ("changes", f"alarm {NATIVE}-hot: alarms.hot.triggers"),
        ("deletes", "scaling policy Scale Up!"),
    ]
    assert found.notes[2].reason == f"the next plan copies it to scaling policy {NATIVE}-Scale-Up and deletes it"


def test_an_alarm_of_another_name_stays_beside_the_one_that_is_made():
    found = imported(renamed(of_web(), alarm="CPU high"))
    assert [one.name for one in found.group.alarms] == ["CPU-high"]
    assert effects(found) == [
        ("creates", f"alarm {NATIVE}-CPU-high: alarms.CPU-high"),
        ("stays", "alarm CPU high"),
    ]
    assert found.notes[-1].reason.endswith(
        f"; then both act on {NATIVE}-scale-out, so delete it once the plan is applied"
    )
    moved = imported(renamed(of_web(), alarm="CPU high", policy="Scale Up!"))
    assert moved.notes[-1].reason.endswith("; then what it acts on is gone, so delete it once the plan is applied")


def test_an_alarm_that_acts_on_another_group_too_is_not_to_be_deleted():
    replies = renamed(of_web(), alarm="CPU high")
    other = "arn:aws:autoscaling:us-east-1:1:scalingPolicy:0:autoScalingGroupName/his:policyName/out"
    (alarm,) = replies.alarms
    both = {**alarm, "AlarmActions": [*alarm["AlarmActions"], other]}
    assert (
        imported(replace(replies, alarms=[both]))
        .notes[-1]
        .reason.endswith(f"so take {NATIVE}-scale-out out of it once the plan is applied: it acts on another group too")
    )


def test_an_alarm_is_not_called_as_somebody_elses():
    replies = of_web()
    other = {**replies.alarms[0], "AlarmName": f"{NATIVE}-cpu-high", "AlarmActions": [], "Dimensions": []}
    mine = {**replies.alarms[0], "AlarmName": "CPU high"}
    assert [one.name for one in imported(replace(replies, alarms=[mine, other])).group.alarms] == ["CPU-high-2"]


def test_two_names_that_become_the_same_are_told_apart():
    replies = of_web()
    names = ("Scale Up", "scale_up", f"{NATIVE}-scale-up")
    policies = [
        {**replies.policies[0], "PolicyName": name, "PolicyARN": f"{replies.policies[0]['PolicyARN']}{place}"}
        for place, name in enumerate(names)
    ]
    found = imported(replace(replies, policies=policies, alarms=[]))
    assert sorted(one.name for one in found.group.policies) == ["Scale-Up-2", "scale-up", "scale_up-3"]
    assert [note.effect.value for note in found.notes] == ["creates", "creates", "deletes", "deletes"]


def test_two_imports_never_get_the_same_name_for_their_fleet():
    """Two files of one fleet delete each other's groups."""
    groups = [make_group(schedules={}), make_group("api", schedules={})]
    names = [f"{FLEET}-web", f"{FLEET}-api", "production-web"]
    replies = [replies_to(groups[0])] * 3
    found = [
        imported(replace(one, group={**one.group, "AutoScalingGroupName": name}), fleet=None).fleet
        for one, name in zip(replies, names, strict=True)
    ]
    assert len(set(found)) == 3
    elsewhere = import_group(replies[0], location="eu-west-1", now=NOW).fleet
    assert elsewhere not in found


def test_a_group_that_bears_a_mark_is_imported_for_its_fleet():
    replies = replies_to(make_group(schedules={}))
    marks = [{"Key": f"trimtab-{word}", "Value": value} for word, value in (("fleet", FLEET), ("group", "web"))]
    found = imported(replace(replies, group={**replies.group, "Tags": [*replies.group["Tags"], *marks]}), fleet=None)
    assert (found.fleet, found.owner, found.group.name) == (FLEET, FLEET, "web")
    assert not found.notes


def test_a_group_of_another_name_keeps_it():
    found = imported(replies_to(make_group(schedules={})), fleet="other")
    assert (found.group.name, found.group.native_name) == (NATIVE, NATIVE)


def test_alarms_of_target_tracking_are_nobodys_and_nothing_is_lost():
    replies = of_web()
    own = {**replies.alarms[0], "AlarmName": "TargetTracking-virtualmin-web-AlarmHigh-0123"}
    found = imported(replace(replies, alarms=[*replies.alarms, own]))
    assert [one.name for one in found.group.alarms] == ["hot"]
    assert not found.notes


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


def test_a_field_that_a_vendor_adds_stays():
    replies = of_web()
    found = imported(replace(replies, group={**replies.group, "Novelty": {"Level": 3}}))
    assert texts(found) == [f"Auto Scaling group {NATIVE}: not managed by trimtab, stays: Novelty"]


def test_what_the_model_has_no_word_for_is_taken_over_as_it_stands():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "CreditSpecification": {"CpuCredits": "unlimited"}}
    alarm = {**replies.alarms[0], "EvaluateLowSampleCountPercentile": "ignore"}
    found = imported(replace(replies, own_version={**replies.version, "LaunchTemplateData": data}, alarms=[alarm]))
    assert not texts(found)
    assert found.group.aws.native.model_dump(exclude_defaults=True) == {
        "launch_template": {"CreditSpecification": {"CpuCredits": "unlimited"}},
        "alarms": {"hot": {"EvaluateLowSampleCountPercentile": "ignore"}},
    }


def test_what_the_model_has_no_word_for_and_no_file_can_write_stays_and_is_named():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "InstanceRequirements": {"VCpuCount": {"Min": 2}}}
    found = imported(replace(replies, own_version={**replies.version, "LaunchTemplateData": data}))
    assert found.group.aws.native is None
    (text,) = [text for text in texts(found) if "InstanceRequirements" in text]
    assert "not managed by trimtab, stays: LaunchTemplateData.InstanceRequirements" in text


def test_what_the_model_has_no_word_for_is_not_in_what_is_made_anew():
    found = imported(renamed(of_low_counts(), alarm="CPU high"))
    what = "EvaluateLowSampleCountPercentile (ignore)"
    assert f"the next plan copies it to alarm {NATIVE}-CPU-high without {what}" in [
        note.reason for note in found.notes if note.effect is ImportEffect.LOSES
    ]


def of_low_counts():
    replies = of_web()
    return replace(replies, alarms=[{**replies.alarms[0], "EvaluateLowSampleCountPercentile": "ignore"}])


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
    assert effects(found) == [("deletes", f"scaling policy {NATIVE}-scale-out")]
    assert found.notes[0].reason == (
        "the next plan deletes it; metric math of the model is one expression over metrics that return nothing "
        "themselves"
    )


def test_an_alarm_lets_go_of_a_policy_that_goes():
    replies = of_web()
    topic = "arn:aws:sns:us-east-1:123456789012:ops"
    policy = {**replies.policies[0], "AdjustmentType": "Nonsense"}
    alarm = {**replies.alarms[0], "AlarmActions": [policy["PolicyARN"], topic]}
    found = imported(replace(replies, policies=[policy], alarms=[alarm]))
    assert (found.group.alarms[0].triggers, found.group.alarms[0].notify) == ((), (topic,))
    assert ("changes", f"alarm {NATIVE}-hot: alarms.hot.triggers") in effects(found)


def test_what_translation_writes_and_the_cloud_has_not_is_noted():
    replies = of_web(tags={"Team": "ops"})
    data = {name: value for name, value in replies.version["LaunchTemplateData"].items() if name != "TagSpecifications"}
    bare = {**replies.version, "LaunchTemplateData": data}
    group = {**replies.group, "Tags": [{**tag, "PropagateAtLaunch": True} for tag in replies.group["Tags"]]}
    found = imported(replace(replies, group=group, version=bare, own_version=bare))
    added = [f"adds LaunchTemplateData.TagSpecifications[{kind}]" for kind in ("instance", "volume")]
    why = "new instances get their tags from it, and the group's name as `Name`"
    assert found.notes[0].reason == f"the next plan {'; '.join(added)}; {why}"
    assert effects(found)[1:] == [("changes", f"Auto Scaling group {NATIVE}: {name}") for name in ("template", "tags")]


def with_tags(replies, **tags):
    """The replies with the group's own tags as these, each with its value and whether instances get it."""
    own = [{"Key": key, "Value": value, "PropagateAtLaunch": passed} for key, (value, passed) in tags.items()]
    marks = [tag for tag in replies.group["Tags"] if tag["Key"].startswith("trimtab-")]
    return replace(replies, group={**replies.group, "Tags": [*marks, *own]})


def test_tags_that_instances_do_not_get_are_the_groups_own():
    name = (NATIVE, False)
    found = imported(with_tags(of_web(), Name=name, CostCenter=("web", False)))
    assert (dict(found.group.tags), dict(found.group.aws.group_tags)) == ({}, {"CostCenter": "web"})
    assert not found.notes


def test_a_tag_that_instances_get_is_not_the_groups_alone_however_they_get_it():
    found = imported(with_tags(of_web(tags={"Team": "ops"}), Team=("web", False), Shift=("night", True)))
    assert dict(found.group.tags) == {"Team": "web", "Shift": "night"}
    assert dict(found.group.template.tags) == {"Team": "ops"}
    assert not found.group.aws.group_tags


def test_a_group_called_otherwise_than_its_instances_is_imported_so():
    found = imported(of_web(aws={"group_tags": {"Name": "front"}}))
    assert (dict(found.group.tags), dict(found.group.aws.group_tags)) == ({}, {"Name": "front"})
    assert not found.group.template.tags
    assert not found.notes


def test_the_plan_looks_at_the_newest_version_whichever_the_group_launches_from():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "InstanceType": "m7i.large"}
    newest = {**replies.version, "VersionNumber": 2, "LaunchTemplateData": data}
    found = imported(replace(replies, own_version=newest))
    assert found.group.template.size == replies.version["LaunchTemplateData"]["InstanceType"]
    assert found.group.unmanaged == ("template.size",)
    assert effects(found) == [
        ("changes", f"Auto Scaling group {NATIVE}: template"),
        ("stays", f"launch template {NATIVE}: template.size"),
    ]


CONFIGURATION = {
    "LaunchConfigurationName": "old",
    "ImageId": "ami-1",
    "InstanceType": "m5.large",
    "KeyName": "",
    "SecurityGroups": ["sg-1"],
    "InstanceMonitoring": {"Enabled": True},
    "AssociatePublicIpAddress": False,
    "IamInstanceProfile": "web",
    "SpotPrice": "0.05",
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp2", "VolumeSize": 8}}],
}


def configured(**more):
    replies = of_web()
    group = {name: value for name, value in replies.group.items() if name != "LaunchTemplate"}
    made = replace(replies, version=None, own_version=None, configuration={**CONFIGURATION, **more})
    return replace(made, group={**group, "LaunchConfigurationName": "old"})


def test_a_launch_configuration_becomes_a_template():
    found = imported(configured())
    assert found.group.template == tt.InstanceTemplate.model_validate(
        {
            "image": "ami-1",
            "size": "m5.large",
            "security_groups": ["sg-1"],
            "detailed_monitoring": True,
            "public_address": False,
            "role": "web",
            "disks": [{"device": "/dev/xvda", "type": "gp2", "size_gb": 8}],
        }
    )
    assert effects(found)[:2] == [
        ("creates", f"launch template {NATIVE}"),
        ("changes", f"Auto Scaling group {NATIVE}: template"),
    ]
    assert "removes LaunchConfigurationName (old)" in found.notes[1].reason


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("LaunchTemplateData.SpotPrice", "spot needs a mixed instances policy"),
        ("LaunchTemplateData.UserData", "removes LaunchTemplateData.UserData (sha256:"),
    ],
)
def test_what_a_template_made_of_a_launch_configuration_is_without_is_said(about, words):
    found = imported(configured(UserData=ZIPPED))
    note = next(note for note in found.notes if about in note.paths)
    assert note.effect is ImportEffect.LOSES
    assert words in note.reason


ZIPPED = base64.b64encode(gzip.compress(b"#!/bin/sh\n", mtime=0)).decode()


def test_a_start_script_that_is_no_text_is_left_to_others_and_stays():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "UserData": ZIPPED}
    version = {**replies.version, "LaunchTemplateData": data}
    found = imported(replace(replies, version=version, own_version=version))
    assert found.group.unmanaged == ("template.user_data",)
    assert not found.changes


def test_an_image_that_a_parameter_names_is_left_to_others():
    replies = of_web()
    data = {**replies.version["LaunchTemplateData"], "ImageId": "resolve:ssm:/golden"}
    version = {**replies.version, "LaunchTemplateData": data}
    found = imported(replace(replies, version=version, own_version=version))
    assert found.group.template.image.id == "resolve:ssm:/golden"
    assert found.group.unmanaged == ("template.image.id",)
    assert not found.changes


def test_a_group_whose_template_is_gone_is_refused_until_it_has_an_image():
    found = imported(replace(of_web(), version=None, own_version=None))
    assert effects(found)[0] == ("refuses", "group web")
    assert f"template.image: launch template {NATIVE} not found" in found.notes[0].reason


def test_some_of_a_groups_metrics_stay():
    replies = of_web()
    some = [{"Metric": "GroupMinSize", "Granularity": "1Minute"}]
    found = imported(replace(replies, group={**replies.group, "EnabledMetrics": some}))
    assert found.group.aws.group_metrics is True
    assert texts(found) == [
        f"Auto Scaling group {NATIVE}: aws.group_metrics: only some metrics are collected, which stays: GroupMinSize"
    ]


def test_names_in_any_case_come_along():
    replies = of_web()
    arn = {"PolicyARN": f"{replies.policies[0]['PolicyARN']}1"}
    policy = {**replies.policies[0], **arn, "PolicyName": f"{NATIVE}-Scale_Up"}
    alarm = {**replies.alarms[0], "AlarmName": f"{NATIVE}-CPU_High", "AlarmActions": [arn["PolicyARN"]]}
    found = imported(replace(replies, policies=[policy], alarms=[alarm]))
    assert [one.name for one in found.group.policies] == ["Scale_Up"]
    assert [(one.name, one.triggers) for one in found.group.alarms] == [("CPU_High", ("Scale_Up",))]
    assert not found.changes


def test_hooks_come_along_by_any_name_of_aws_and_stay_where_they_are_of_tomorrow():
    replies = of_web()
    hook = {"LifecycleHookName": "ASGLaunchHook_1", "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING"}
    found = imported(replace(replies, hooks=[{**hook, "HeartbeatTimeout": 300, "DefaultResult": "CONTINUE"}]))
    assert [one.name for one in found.group.aws.lifecycle_hooks] == ["ASGLaunchHook_1"]
    assert not found.group.unmanaged
    assert not found.changes
    strange = imported(replace(replies, hooks=[{**hook, "LifecycleTransition": "autoscaling:SOMETHING"}]))
    assert not strange.group.aws.lifecycle_hooks
    assert "stays: the lifecycle hooks ASGLaunchHook_1" in texts(strange)[0]


def test_a_composite_alarm_stays():
    replies = of_web()
    composite = {"AlarmName": "both", "AlarmRule": f'ALARM("{NATIVE}-hot")'}
    other = {"AlarmName": "others", "AlarmRule": 'ALARM("db-hot")'}
    assert texts(imported(replace(replies, composites=[composite, other]))) == [
        "composite alarm both: not managed by trimtab, stays as it is"
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
    with world.connect() as cloud, pytest.raises(NotFound, match="group 'nobody' not found"):
        cloud.import_group("nobody")


@pytest.mark.parametrize("template", [f"{NAME}-20260105", NAME])
def test_a_group_made_by_hand_is_adopted_and_only_what_was_noted_changes(world, template):
    """Import, adopt, plan: what the plan changes was said before, and every instance stays."""
    make_by_hand(world, template=template)
    world.advance(timedelta(minutes=5))
    before = instances_of(world)
    with world.connect() as cloud:
        found, fleet, plan = import_adopt_and_plan(cloud, NAME, fleet="virtualmin-pro-cluster")
        assert_notes_are_the_plan(found, plan)
        assert {change.key.kind for change in plan} == {"launch-template", "autoscaling-group"}
        cloud.apply(plan).raise_for_failures()
        assert not cloud.plan(fleet)
    assert len(before) == 2
    assert instances_of(world) == before


@settings(RANDOM, max_examples=examples(4), derandomize=True, phases=[Phase.generate])
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
        found = cloud.import_group(NATIVE, fleet=FLEET)
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
        found = cloud.import_group("virtualmin-web", fleet="virtualmin")
        assert not found.notes
        assert found.group.load_balancers[0].id.endswith("virtualmin-web/" + found.group.load_balancers[0].id[-16:])
        again = tt.Fleet(name="virtualmin", groups=[found.group])
        assert not cloud.plan(again)
