"""
Scheduled actions that move one bound only, on AWS.

An action whose bounds contradict those in force fails when it is due, each time: "Max bound, 0, must be greater than or
equal to min bound, 1". https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

import trimtab as tt
from tests.found.worlds import findings, fleet_of, naming

GROUP = """
name: ci
groups:
  agents:
    capacity: {min: 0, max: %d}
    template: {image: ami-12c6146b, size: t3.small}
    placement: {zones: [us-east-1a]}
    schedules:
"""
MINIMUM = GROUP % 20 + (
    """      morning: {cron: "0 8 * * MON-FRI", zone: America/Denver, min: 2}
      evening: {cron: "0 18 * * MON-FRI", zone: America/Denver, min: 0}
"""
)
CONTRADICTING = GROUP % 5 + (
    """      off: {cron: "0 22 * * *", zone: America/Denver, max: 0}
      on: {cron: "0 6 * * *", zone: America/Denver, max: 5, min: 1}
"""
)
ZERO = CONTRADICTING.replace("max: 0}", "min: 0, max: 0}")


def nights(aws, fleet, hours=48, step=3):
    """Bounds of the group, and what a plan of the unchanged file wants, through two days."""
    for _ in range(0, hours, step):
        aws.clock.advance(tt.hours(step))
        state = aws.cloud.group("agents").read()
        yield aws.clock.now(), (state.min, state.max, state.desired), aws.left(fleet)


def test_a_minimum_that_goes_up_and_down_is_followed_and_no_plan_undoes_it(aws):
    """buildkite's terraform elastic-ci#139 and PR#146; "Desired capacity must be greater than or equal to min size"."""
    rows = list(nights(aws, aws.put(MINIMUM)))
    assert [left for _, _, left in rows if left] == []
    bounds = {moment.strftime("%a %H"): size for moment, size, _ in rows}  # 8:00 in Denver is 15:00 UTC, 18:00 is 1:00
    assert (bounds["Mon 18"], bounds["Tue 03"], bounds["Tue 18"]) == ((2, 20, 2), (0, 20, 2), (2, 20, 2))


def test_bounds_that_go_to_zero_together_are_followed_and_no_plan_undoes_it(aws):
    """elastic-ci#139: the form that Auto Scaling takes every night."""
    rows = list(nights(aws, aws.put(ZERO)))
    assert [left for _, _, left in rows if left] == []
    assert {size for _, size, _ in rows} == {(1, 5, 1), (0, 0, 0)}


def test_a_maximum_below_the_minimum_in_force_is_foreseen(aws):
    """
    elastic-ci#139, hashicorp/terraform#5681, terraform-provider-aws#4930.

    The plan refuses it, so that no night comes after which a plan wants MaxSize 5 -> 1 until the morning.
    """
    assert naming("schedules.off", aws.refusals(CONTRADICTING))


def test_bounds_that_agree_are_let_be(aws):
    """elastic-ci#139: nothing is foreseen where nothing fails."""
    for text in (MINIMUM, ZERO):
        assert not naming("schedules.off", findings(fleet_of(text), "aws"))
        assert aws.refusals(text) == []
