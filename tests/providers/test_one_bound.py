"""Schedules that move one bound only: the others stay the group's own, in the bodies and while the schedule holds."""

from datetime import UTC, datetime, timedelta

import pytest

import trimtab as tt
from tests.constraints.cases import BASES
from tests.found.accounts import aws, aws_account, azure, azure_account, gcp, gcp_account  # noqa: F401
from trimtab.testing import translate

pytestmark = pytest.mark.sweep

TARGET = {"policies": {"hold": {"type": "target-tracking", "metric": "cpu", "target": 60, "approximate": True}}}
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
WINDOW = {"cron": "0 8 * * 1-5", "duration": "4h", "zone": "UTC"}


def fleet_on(cloud, schedule):
    base = {**BASES[cloud], **TARGET}
    return tt.Fleet(name="shop", groups=[{"name": "web", **base, "schedules": {"day": {**WINDOW, **schedule}}}])


def bodies(cloud, schedule, kind):
    found = translate(fleet_on(cloud, schedule), cloud)
    return [item.body for item in found.resources if item.key.kind == kind], found


@pytest.mark.parametrize(
    ("schedule", "sizes", "back"),
    [
        ({"min": 2}, {"MinSize": 2}, {"MinSize": 1}),
        ({"max": 3}, {"MaxSize": 3}, {"MaxSize": 4}),
        ({"desired": 2}, {"DesiredCapacity": 2}, {}),
    ],
)
def test_an_action_of_aws_has_what_the_schedule_moves(schedule, sizes, back):
    """ "MinSize", "MaxSize" and "DesiredCapacity" are each optional: PutScheduledUpdateGroupAction."""
    (start, *end), _ = bodies("aws", schedule, "scheduled-action")
    names = ("MinSize", "MaxSize", "DesiredCapacity")
    assert {name: start[name] for name in names if name in start} == sizes
    assert [{name: one[name] for name in names if name in one} for one in end] == ([back] if back else end and [{}])


@pytest.mark.parametrize(
    ("schedule", "low", "high"), [({"min": 2}, "2", "4"), ({"max": 3}, "1", "3"), ({"min": 2, "max": 3}, "2", "3")]
)
def test_a_profile_of_azure_has_the_other_bound_of_the_group(schedule, low, high):
    """Each profile has all of its capacity: autoscalesettings, ScaleCapacity."""
    (setting,), _ = bodies("azure", schedule, "autoscale-setting")
    profiles = {profile["name"]: profile["capacity"] for profile in setting["properties"]["profiles"]}
    assert (profiles["day"]["minimum"], profiles["day"]["maximum"]) == (low, high)


def test_a_schedule_of_google_raises_the_minimum_and_moves_nothing_else():
    """ "minRequiredReplicas" is the only size of AutoscalingPolicyScalingSchedule."""
    (scaler,), found = bodies("gcp", {"min": 2}, "autoscaler")
    assert scaler["autoscalingPolicy"]["scalingSchedules"]["day"]["minRequiredReplicas"] == 2
    assert not found.problems
    _, found = bodies("gcp", {"max": 3}, "autoscaler")
    assert [str(problem) for problem in found.problems if "schedules.day.max" in str(problem)]


def test_a_window_lasts_as_long_as_it_says():
    """An hour and a half, in the form of each cloud: a second action, a length in seconds, a second profile."""
    window = {"min": 2, "duration": "90m"}
    actions, _ = bodies("aws", window, "scheduled-action")
    assert {action["Recurrence"] for action in actions} == {"0 8 * * 1-5", "30 9 * * 1-5"}
    (scaler,), _ = bodies("gcp", window, "autoscaler")
    assert scaler["autoscalingPolicy"]["scalingSchedules"]["day"]["durationSec"] == 90 * 60
    (setting,), _ = bodies("azure", window, "autoscale-setting")
    times = [
        profile["recurrence"]["schedule"] for profile in setting["properties"]["profiles"] if "recurrence" in profile
    ]
    assert [(time["hours"], time["minutes"]) for time in times] == [([8], [0]), ([9], [30])]


BOUNDS = [("aws", "min"), ("aws", "max"), ("azure", "min"), ("azure", "max"), ("gcp", "min")]


@pytest.mark.parametrize(("cloud", "bound"), BOUNDS)
def test_while_it_holds_the_other_bound_stays(request, cloud, bound):
    account = request.getfixturevalue(cloud)
    account.doors.set_clock(MONDAY, freeze=True)
    sizes = {"min": 2, "max": 3}
    fleet = fleet_on(cloud, {bound: sizes[bound]})
    account.cloud.apply(account.cloud.plan(fleet), wait="accepted").raise_for_failures()
    inside = {"min": 1, "max": 4, bound: sizes[bound]}
    for hours, expected in ((0, {"min": 1, "max": 4}), (3, inside), (4, {"min": 1, "max": 4})):
        account.doors.advance(timedelta(hours=hours))
        assert not account.cloud.plan(fleet)
        (status,) = account.cloud.status(fleet).groups
        assert (status.in_force.min, status.in_force.max) == (expected["min"], expected["max"])
        assert (status.state.min, status.state.max) == (expected["min"], expected["max"])


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_schedule_that_moves_the_other_bound_instead_is_shown_and_written(request, cloud):
    account = request.getfixturevalue(cloud)
    account.doors.set_clock(MONDAY, freeze=True)
    for schedule in ({"min": 2}, {"max": 3}):
        fleet = fleet_on(cloud, schedule)
        plan = account.cloud.plan(fleet)
        assert plan
        account.cloud.apply(plan, wait="accepted").raise_for_failures()
        assert not account.cloud.plan(fleet)
    found = account.cloud.import_group("shop-web", fleet="shop").group
    (day,) = found.schedules
    assert day.max == 3
    assert not account.cloud.plan(fleet.model_copy(update={"groups": (found,)}))
