"""Calls that fail once are made again; calls that go on failing leave a mess of nothing else."""

import pytest

from tests.laws import sampled
from tests.providers.aws.proof import (
    AGREED,
    SCENARIOS,
    State,
    connect_to,
    expected_of,
    prepared,
    without_versions,
)
from tests.providers.aws.world import AwsWorld
from tests.providers.killing import noting
from trimtab.events import CallRetried

PASSING = ("throttle", "error500", "timeout_before", "timeout_after")
LASTING = {
    "create": {
        "CreateLaunchTemplate",
        "CreateAutoScalingGroup",
        "BatchPutScheduledUpdateGroupAction",
        "PutScalingPolicy",
        "PutMetricAlarm",
    },
    "edit": {
        "CreateLaunchTemplateVersion",
        "UpdateAutoScalingGroup",
        "CreateOrUpdateTags",
        "BatchPutScheduledUpdateGroupAction",
        "PutScalingPolicy",
        "PutMetricAlarm",
    },
    "prune": {"DeleteAlarms", "DeletePolicy", "BatchDeleteScheduledAction"},
    "destroy": {"DeleteAlarms", "DeleteAutoScalingGroup", "DeleteLaunchTemplate"},
}
CASES = [(name, operation) for name, operations in LASTING.items() for operation in sorted(operations)]
LASTING_CASES = sampled(((*case, kind) for kind in ("error500", "timeout_after", "denied") for case in CASES), 15)


@pytest.fixture(scope="module")
def events():
    return []


@pytest.fixture(scope="module")
def cloud(emulator, events):
    with connect_to(emulator.endpoint, listener=events.append) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def untroubled(emulator, cloud):
    """What one run of each scenario leaves, and the writes that it takes."""
    return {name: expected_of(AwsWorld(emulator), cloud, scenario) for name, scenario in SCENARIOS.items()}


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("name", ["create", "edit", "destroy"])
def test_a_write_that_fails_once_is_made_again(world, cloud, events, untroubled, name, kind):
    scenario = SCENARIOS[name]
    expected, _, writes = untroubled[name]
    for number, operation in sampled(enumerate(writes), 2, (name, kind)):
        with noting(f"write {number + 1} of {len(writes)}: {operation}, {kind}"):
            again = prepared(world, cloud, scenario)
            events.clear()
            again.doors.fault(kind, write_only=True, after=number)
            scenario.run(cloud).raise_for_failures()
            assert not again.doors.list_faults()
            (retried,) = [event for event in events if isinstance(event, CallRetried)]
            assert retried.operation.replace("_", "") == operation.lower()
            assert retried.attempt == 1
            plan = scenario.plan(cloud)
            assert not plan, plan.to_dict()
            assert State(again).names() == expected


@pytest.mark.parametrize(("name", "operation", "kind"), LASTING_CASES)
def test_a_lasting_fault_ends_one_group_and_no_other(world, cloud, untroubled, name, operation, kind):
    scenario = SCENARIOS[name]
    expected, _, _ = untroubled[name]
    again = prepared(world, cloud, scenario)
    # in the file's order web is first, so that api is reached after it has failed; edit gives tags to web only
    again.doors.fault(kind, operation=operation, contains="virtualmin-web", times=None)
    outcomes = scenario.run(cloud).outcomes
    failed = [one for one in outcomes if one.error and not one.skipped]
    skipped = [one for one in outcomes if one.skipped]
    assert failed
    assert {one.change.group for one in (*failed, *skipped)} == {"web"}
    assert {one.word for one in outcomes if one.change.group == "api"} == {"done"}
    not_through = {one.change.key for one in (*failed, *skipped)}
    for one in outcomes:
        blocked = bool(one.change.after & not_through)
        assert one.skipped == blocked, str(one)
        assert not blocked or "not tried, because" in one.error
    if kind == "denied":
        assert all("authorized to perform" in one.error for one in failed)
    again.doors.clear_faults()
    assert_nothing_false(again, outcomes)
    cloud.apply(scenario.plan(cloud), **AGREED).raise_for_failures()
    plan = scenario.plan(cloud)
    assert not plan, plan.to_dict()
    found = State(again).names()
    assert without_versions(found) == without_versions(expected)
    assert all(expected["versions"][group] <= count for group, count in found["versions"].items())
    assert all(count <= expected["versions"][group] + 1 for group, count in found["versions"].items())


def assert_nothing_false(world, outcomes):
    """What is said to be deleted is gone."""
    state = State(world)
    there = {
        "autoscaling-group": set(state.groups),
        "launch-template": set(state.templates),
        "metric-alarm": set(state.alarms),
        "scaling-policy": {f"{item['AutoScalingGroupName']}/{item['PolicyName']}" for item in state.policies},
        "scheduled-action": {f"{item['AutoScalingGroupName']}/{item['ScheduledActionName']}" for item in state.actions},
    }
    for one in outcomes:
        if one.is_done and one.change.action == "delete":
            assert one.change.key.name not in there[one.change.key.kind], str(one)


@pytest.mark.parametrize("operation", sorted(LASTING["create"]))
def test_a_denied_write_says_so(world, cloud, operation):
    world.doors.fault("denied", operation=operation, contains="virtualmin-web", times=None)
    applied = SCENARIOS["create"].run(cloud)
    failed = [one for one in applied.outcomes if one.error and not one.skipped]
    assert failed
    assert all("not authorized to perform" in one.error for one in failed)
    assert applied.to_dict()["ok"] is False
