"""Which instances run an old template: by its id and the number of its version, whatever the group calls that."""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.aws.recordings import recorded
from trimtab.providers.aws.resources import is_outdated

NAME = "virtualmin-web"
WEB, AGAIN = "lt-0aaaaaaaaaaaaaaaa", "lt-0bbbbbbbbbbbbbbbb"
NUMBERS = {(WEB, "$Latest"): "3", (WEB, "$Default"): "1"}


def source(template, version, name="web"):
    return {"LaunchTemplateId": template, "LaunchTemplateName": name} | ({"Version": version} if version else {})


def mixed(own, *others):
    overrides = [{"InstanceType": "m5.large"}, *({"LaunchTemplateSpecification": other} for other in others)]
    return {"MixedInstancesPolicy": {"LaunchTemplate": {"LaunchTemplateSpecification": own, "Overrides": overrides}}}


@pytest.mark.parametrize(
    ("group", "instance", "outdated"),
    [
        ({"LaunchTemplate": source(WEB, "3")}, source(WEB, "3"), False),
        ({"LaunchTemplate": source(WEB, "3")}, source(WEB, "2"), True),
        ({"LaunchTemplate": source(AGAIN, "3")}, source(WEB, "3"), True),
        ({"LaunchTemplate": source(WEB, "$Latest")}, source(WEB, "3"), False),
        ({"LaunchTemplate": source(WEB, "$Latest")}, source(WEB, "1"), True),
        ({"LaunchTemplate": source(WEB, "$Default")}, source(WEB, "1"), False),
        ({"LaunchTemplate": source(WEB, "$Default")}, source(WEB, "3"), True),
        ({"LaunchTemplate": source(WEB, None)}, source(WEB, "1"), False),
        ({"LaunchTemplate": source(WEB, None)}, source(WEB, "2"), True),
        ({"LaunchTemplate": source(AGAIN, "$Latest")}, source(AGAIN, "7"), False),  # its number is unknown
        ({"LaunchTemplate": source(AGAIN, "$Latest")}, source(WEB, "3"), True),
        (mixed(source(WEB, "$Latest")), source(WEB, "3"), False),
        (mixed(source(WEB, "$Latest")), source(WEB, "2"), True),
        (mixed(source(WEB, "3"), source(AGAIN, "1", "arm")), source(AGAIN, "1", "arm"), False),
        (mixed(source(WEB, "3"), source(AGAIN, "1", "arm")), source(AGAIN, "2", "arm"), True),
        ({"LaunchTemplate": source(WEB, "3")}, None, True),
    ],
)
def test_templates_are_told_by_id_and_number(group, instance, outdated):
    item = {} if instance is None else {"LaunchTemplate": instance}
    assert is_outdated(item, group, NUMBERS) is outdated


@pytest.mark.parametrize(
    ("instance", "outdated"),
    [({"LaunchConfigurationName": "b"}, False), ({"LaunchConfigurationName": "a"}, True), ({}, True)],
)
def test_launch_configurations_are_told_by_name(instance, outdated):
    assert is_outdated(instance, {"LaunchConfigurationName": "b"}, {}) is outdated


def test_a_group_of_attached_instances_has_no_old_ones():
    assert not is_outdated({}, {}, {})


def test_instances_of_recorded_groups_that_follow_a_version_by_name_are_told_by_its_number(shared):
    """AWS names the group's version `$Latest` and the instances' by their number."""
    seen = set()
    for _, operation, reply in recorded(shared / "recordings" / "aws"):
        for group in reply.get("AutoScalingGroups", ()) if operation == "DescribeAutoScalingGroups" else ():
            own = group.get("LaunchTemplate") or {}
            for instance in group.get("Instances", ()):
                number = (instance.get("LaunchTemplate") or {}).get("Version", "")
                if own.get("Version") == "$Latest" and number.isdecimal():
                    key = own["LaunchTemplateId"], "$Latest"
                    assert not is_outdated(instance, group, {key: number})
                    assert is_outdated(instance, group, {key: str(int(number) + 1)})
                    seen.add(number)
    assert seen


@pytest.fixture
def following(world):
    """A group that somebody lets follow a version by name, and a second version that is not the default."""
    fleet, cloud = make_fleet(make_group("web", capacity={"min": 2, "max": 4})), world.connect()
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    data = {"SourceVersion": "1", "LaunchTemplateData": {"InstanceType": "m5.large"}}
    world.client("ec2").create_launch_template_version(LaunchTemplateName=NAME, **data)

    def follow(version):
        template = {"LaunchTemplateName": NAME, "Version": version}
        world.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=NAME, LaunchTemplate=template)
        return cloud, fleet

    with cloud:
        yield follow


@pytest.mark.parametrize(("version", "outdated"), [("$Latest", 2), ("$Default", 0), ("2", 2), ("1", 0)])
def test_status_handle_and_plan_resolve_versions_by_name(world, following, version, outdated):
    cloud, fleet = following(version)
    assert cloud.status(fleet).groups[0].state.outdated == outdated
    assert cloud.group("web").read().outdated == outdated
    notes = [note.text for note in cloud.plan(fleet).notes if note.code == "TT602"]
    assert [text for text in notes if text.startswith("2 of 2")] == notes
    assert len(notes) == (outdated > 0)


def test_what_may_not_be_read_is_not_counted(world, following):
    """A group is not held to be old because its template may not be looked at, and its status is still told."""
    cloud, fleet = following("$Latest")
    world.doors.fault("denied", operation="DescribeLaunchTemplates", service="ec2", times=None)
    state = cloud.status(fleet).groups[0].state
    assert (state.running, state.outdated) == (2, 0)


def test_only_versions_by_name_take_a_call_of_their_own(world, following):
    for version, calls in (("1", 0), ("$Latest", 1)):
        cloud, fleet = following(version)
        world.doors.clear_requests()
        cloud.status(fleet)
        assert world.doors.count()["operations"].get("DescribeLaunchTemplates", 0) == calls
