"""
Names on AWS: what an Auto Scaling group may be called, and whom a name may not hit.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html (AutoScalingGroupName: 1 to 255
characters, no colon), https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
(LaunchTemplateName: 3 to 128 of `a-z A-Z 0-9 ( ) . - / _`). Reported in cloudtools/troposphere#1002.
"""

import pytest

import trimtab as tt
from tests.found.worlds import AMI, fleet_of

NAMED = """
name: shop
groups:
  web:
    native_name: "%s"
    capacity: {min: 1, max: %d}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
"""
OURS = "app/prod/web"


@pytest.fixture
def strangers(aws):
    """A group and a template called `web`, which are somebody else's, as the cloud shows them."""
    aws.make_group("web")
    aws.make_group(OURS)
    aws.clock.advance(tt.minutes(10))  # nothing moves by itself from now on
    return lambda: (aws.group("web"), aws.templates("web") if "web" in aws.template_names() else None)


def adopted(aws):
    fleet = fleet_of(NAMED % (OURS, 4))
    aws.cloud.apply(aws.cloud.adopt(fleet), wait="accepted")
    return fleet


def test_adopting_a_name_with_slashes_marks_that_group_and_leaves_the_stranger_of_its_tail(aws, strangers):
    before = strangers()
    adopted(aws)
    assert strangers() == before
    marks = {tag["Key"]: tag["Value"] for tag in aws.group(OURS)["Tags"]}
    assert (marks.get("trimtab-fleet"), marks.get("trimtab-group")) == ("shop", "web")


def test_destroying_a_name_with_slashes_deletes_that_group_and_leaves_the_stranger_of_its_tail(aws, strangers):
    before = strangers()
    fleet = adopted(aws)
    plan = aws.cloud.destroy(fleet)
    assert {change.key.name for change in plan.changes} == {OURS}
    aws.cloud.apply(plan, allow_delete=True, wait="accepted")
    assert strangers() == before
    assert OURS not in aws.template_names()


def test_pruning_a_name_with_slashes_deletes_that_group_and_leaves_the_stranger_of_its_tail(aws, strangers):
    before = strangers()
    adopted(aws)
    plan = aws.cloud.plan(fleet_of("name: shop\ngroups: {}\n"))
    assert {change.key.name for change in plan.changes} == {OURS}
    aws.cloud.apply(plan, allow_delete=True, wait="accepted")
    assert strangers() == before


def test_editing_a_name_with_slashes_changes_that_group_and_leaves_the_stranger_of_its_tail(aws, strangers):
    before = strangers()
    adopted(aws)
    plan = aws.cloud.plan(fleet_of(NAMED % (OURS, 9)))
    assert plan.problems == ()
    aws.cloud.apply(plan, wait="accepted")
    assert aws.group(OURS)["MaxSize"] == 9
    assert strangers() == before


@pytest.mark.parametrize("name", ["a/b", OURS, "y" * 128, "prod.web_(1)"])
def test_a_name_that_template_and_group_may_bear_is_made_and_planned_to_nothing(aws, name):
    text = (
        NAMED % (name, 4)
        + "    policies: {out: {change: 1}}\n    schedules: {day: {cron: 0 8 * * *, zone: UTC, min: 1}}\n"
    )
    plan = aws.cloud.plan(fleet_of(text))
    done = aws.cloud.apply(plan, wait="accepted")
    assert done.failures == ()
    assert aws.group(name)["LaunchTemplate"]["LaunchTemplateName"] == name
    assert aws.templates(name)[0]["LaunchTemplateData"]["ImageId"] == AMI
    assert not aws.cloud.plan(fleet_of(text))


@pytest.mark.parametrize("name", ["prod web blue", "ab", "x" * 150, "z" * 250, "prod:web", "wéb"])
def test_a_name_that_group_or_template_may_not_bear_is_refused_by_the_plan(aws, name):
    assert any("native_name" in text and name in text for text in aws.refusals(NAMED % (name, 4)))
    assert aws.writes() == []
