"""Scheduled actions that the cloud refuses when they fire: the plan says so, and the emulator refuses them."""

import pytest

import trimtab as tt
from tests.providers.aws.world import START

FLEET = """
name: ci
groups:
  agents:
    capacity: {min: 0, max: 20}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    schedules:
      scale-up: {cron: "0 8 * * MON-FRI", zone: America/Denver, min: 2}
      scale-down: {cron: "0 18 * * MON-FRI", zone: America/Denver, min: 0}
  night:
    capacity: {min: 0, max: 5}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    schedules:
      "on": {cron: "0 6 * * *", zone: America/Denver, max: 5, min: 1}
      "off": {cron: "0 22 * * *", zone: America/Denver, max: 0}
"""


def test_a_bound_beyond_the_other_one_is_a_problem(world):
    fleet = tt.parse_fleet(FLEET, name="fleet.yaml", env={})
    with world.connect() as cloud:
        problems = [str(problem) for problem in cloud.plan(fleet).problems]
    assert problems == [
        "fleet.yaml:17: group night: schedules.off.max: sets `max` to 0 while schedules.on (fleet.yaml:16) holds "
        "`min` 1; EC2 Auto Scaling refuses the action when it fires; let 'off' set `min` too"
    ]


def test_with_the_other_bound_beside_it_the_actions_run(world):
    fleet = tt.parse_fleet(FLEET.replace("max: 0}", "min: 0, max: 0}"), name="fleet.yaml", env={})
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        world.advance(tt.hours(29))
        assert world.doors.now() == START + tt.hours(29)  # 22:00 in Denver
        night = cloud.group("ci-night").read()
        assert (night.min, night.max) == (0, 0)
        assert not cloud.plan(fleet)


@pytest.mark.parametrize("sizes", [{"MinSize": 6}, {"MaxSize": 0}])
def test_the_emulator_refuses_such_an_action(world, sizes):
    fleet = tt.parse_fleet(FLEET.replace("max: 0}", "min: 0, max: 0}"), name="fleet.yaml", env={})
    autoscaling = world.client("autoscaling")
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
    autoscaling.update_auto_scaling_group(AutoScalingGroupName="ci-night", MinSize=1, MaxSize=5, DesiredCapacity=1)
    autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName="ci-night", ScheduledActionName="now", StartTime=START + tt.hours(1), **sizes
    )
    world.advance(tt.hours(2))
    newest = autoscaling.describe_scaling_activities(AutoScalingGroupName="ci-night")["Activities"][0]
    assert newest["StatusCode"] == "Failed"
    assert "must be greater than or equal to min bound" in newest["StatusMessage"]
