"""Names with slashes and whatever else AWS takes: printed whole, never cut, and never somebody else's."""

import pytest

from tests.conftest import make_fleet, make_group
from tests.providers.aws.proof import AGREED, IMAGE, State, clients
from trimtab.cli.views.plan import PlanView
from trimtab.cli.views.screen import rendered
from trimtab.plan import Action
from trimtab.providers.aws.names import elsewhere_of

NATIVE = "app/prod/web"


@pytest.fixture
def cloud(world):
    with world.connect() as cloud:
        yield cloud


def put(world, name):
    """A group and a template of one name that somebody made."""
    autoscaling, _, ec2 = clients(world.emulator.endpoint)
    data = {"ImageId": IMAGE, "InstanceType": "t3.small"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=4,
        LaunchTemplate={"LaunchTemplateName": name, "Version": "1"},
        AvailabilityZones=["us-east-1a"],
    )


def shop(native=NATIVE, **fields):
    given = {"template": {"image": IMAGE, "size": "t3.small"}, "placement": {"zones": ["us-east-1a"]}}
    return make_fleet(make_group("web", native_name=native, **{**given, **fields}), name="shop")


def names(world):
    autoscaling, _, ec2 = clients(world.emulator.endpoint)
    return (
        {one["AutoScalingGroupName"] for one in autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]},
        {one["LaunchTemplateName"] for one in ec2.describe_launch_templates()["LaunchTemplates"]},
    )


def test_a_name_with_slashes_is_adopted_edited_and_destroyed_beside_its_tail(world, cloud):
    """Group names may have slashes (CreateAutoScalingGroup); `web` beside `app/prod/web` is somebody else's."""
    put(world, "web")
    before = State(world).foreign()
    put(world, NATIVE)
    adoption = cloud.adopt(shop())
    assert {change.key.name for change in adoption} == {NATIVE}
    cloud.apply(adoption).raise_for_failures()
    cloud.apply(cloud.plan(shop())).raise_for_failures()
    edited = shop(capacity={"min": 2, "max": 9})
    cloud.apply(cloud.plan(edited)).raise_for_failures()
    assert not cloud.plan(edited)
    gone = cloud.destroy(edited)
    assert f"Auto Scaling group  {NATIVE}  " in rendered(PlanView(gone))
    cloud.apply(gone, **AGREED).raise_for_failures()
    assert names(world) == ({"web"}, {"web"})
    assert State(world).foreign() == before


def test_a_new_group_may_have_slashes_in_its_name(world, cloud):
    cloud.apply(cloud.plan(shop())).raise_for_failures()
    assert names(world) == ({NATIVE}, {NATIVE})
    assert not cloud.plan(shop())
    assert cloud.group(NATIVE).read().name == NATIVE
    assert cloud.group("web").read().name == NATIVE
    (group,) = cloud.status(shop()).groups
    assert (group.name, group.state.name) == (NATIVE, NATIVE)


def test_a_template_with_a_version_made_by_hand_goes_with_its_group_whatever_it_is_called(world, cloud):
    """The newest version is not managed by trimtab then; an older one does."""
    cloud.apply(cloud.plan(shop())).raise_for_failures()
    _, _, ec2 = clients(world.emulator.endpoint)
    data = {"ImageId": IMAGE, "InstanceType": "t3.large"}
    ec2.create_launch_template_version(LaunchTemplateName=NATIVE, LaunchTemplateData=data)
    api = make_group("api", placement={"zones": ["us-east-1a"]}, template={"image": IMAGE, "size": "t3.small"})
    rest = make_fleet(api, name="shop")
    plan = cloud.plan(rest)
    gone = {(change.key.kind, change.key.name) for change in plan if change.action is Action.DELETE}
    assert {("autoscaling-group", NATIVE), ("launch-template", NATIVE)} <= gone


WINDOW = {"cron": "0 8 * * *", "until": "0 18 * * *", "zone": "UTC", "min": 3}


def test_two_actions_of_one_name_are_a_problem(cloud):
    """The one at the end of a window is called like the schedule, with `-end`."""
    clash = {"night": WINDOW, "night-end": {"cron": "0 9 1 1 *", "zone": "UTC", "max": 4}}
    (problem,) = cloud.plan(shop(schedules=clash)).problems
    assert "'app/prod/web-night-end'" in problem.text
    assert "schedules.night-end: " in problem.text
    assert "that of schedules.night;" in problem.text


def test_topics_of_another_region_are_problems():
    there = "arn:aws:sns:eu-west-1:123456789012:ops"
    group = make_group("web", aws={"notify_scaling": [{"topic": there}]})
    (found,) = [text for path, text in elsewhere_of(group, "us-east-1") if path == "aws.notify_scaling.0.topic"]
    assert found == f"{there} is in eu-west-1 and the group in us-east-1; name one of us-east-1"
