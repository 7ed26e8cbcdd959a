"""What may go wrong on Google Cloud alone: operations, fingerprints, zones out of reach, instances that do not come."""

from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import AGREED, State, fleet
from tests.providers.gcp.world import GcpWorld
from trimtab.events import CallRetried
from trimtab.providers.gcp.client import PACE

pytestmark = pytest.mark.sweep


@pytest.fixture(scope="module")
def events():
    return []


@pytest.fixture(scope="module")
def cloud(emulator, events):
    emulator.doors.reset()
    with GcpWorld(emulator).connect(listener=events.append) as cloud:
        yield cloud


def test_whom_an_alarm_told_stays_while_it_still_tells_them(world, cloud):
    """The channel that an edit no longer needs goes after the alert policy has let go of it, or not at all."""
    told = {"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"]}}
    before = make_fleet(gcp_group("web", alarms=told))
    after = make_fleet(gcp_group("web", alarms={"hot": {**told["hot"], "notify": ["dev@example.org"]}}))
    cloud.apply(cloud.plan(before)).raise_for_failures()
    world.doors.fault("denied", operation="UpdateAlertPolicy", times=None)
    outcomes = {one.change.key.kind: one for one in cloud.apply(cloud.plan(after)).outcomes if one.error}
    assert set(outcomes) == {"alert-policy", "notification-channel"}
    assert not outcomes["alert-policy"].skipped
    assert outcomes["notification-channel"].skipped
    world.doors.clear_faults()
    cloud.apply(cloud.plan(after)).raise_for_failures()
    assert not cloud.plan(after)


# reads


COLLECTION_OF = {
    "instanceGroupManagers.aggregatedList": "instanceGroupManagers",
    "autoscalers.aggregatedList": "autoscalers",
    "healthChecks.aggregatedList": "healthChecks",
    "backendServices.aggregatedList": "backendServices",
    "instanceTemplates.list": "instanceTemplates",
    "ListAlertPolicies": "alertPolicies",
    "ListNotificationChannels": "notificationChannels",
}


@pytest.mark.parametrize("operation", COLLECTION_OF)
def test_what_may_not_be_read_is_unknown_and_nothing_is_made_or_deleted_there(world, cloud, operation):
    cloud.apply(cloud.plan(fleet())).raise_for_failures()
    before = State(world, cloud)
    world.doors.fault("denied", operation=operation, times=None)
    plan = cloud.plan(fleet())
    assert not list(plan)
    assert any("ermission" in one.reason for one in plan.unknown), "the plan names what it could not read"
    kinds = {one.kind for one in plan.unknown}
    less = cloud.plan(make_fleet(gcp_group("web"), gcp_group("new")))
    assert not [change for change in less if change.key.kind in kinds]
    cloud.apply(less, wait="accepted", **AGREED)
    world.doors.clear_faults()
    after = State(world, cloud)
    collection = COLLECTION_OF[operation]
    assert {key: text for key, text in after.items.items() if key[0] == collection} == {
        key: text for key, text in before.items.items() if key[0] == collection
    }
    cloud.apply(cloud.plan(fleet()), **AGREED).raise_for_failures()
    assert not cloud.plan(fleet())


def test_a_zone_that_cannot_be_reached_is_unknown_in_its_region_and_no_other(world, cloud):
    """An aggregated list names it in `unreachables`; a sudden nothing is not taken for nothing."""
    near = gcp_group("near", placement={"zones": ["europe-west1-b"]}, load_balancers=(), location="europe-west1")
    far = gcp_group("far", load_balancers=(), location="us-central1")
    wanted = make_fleet(near, far)
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    world.doors.cut_off("zones/europe-west1-b")
    plan = cloud.plan(wanted)
    assert {one.location for one in plan.unknown} == {"europe-west1"}
    assert any("europe-west1-b cannot be reached" in one.reason for one in plan.unknown)
    assert not list(plan), plan.to_dict()
    pruned = cloud.plan(make_fleet(far))
    assert not [change for change in pruned if change.action == "delete"]
    world.doors.end_cuts()
    assert not cloud.plan(wanted)


def test_a_call_too_many_is_waited_out_within_a_budget(world, cloud, events):
    """One layer makes it again, each wait longer, on the connection's clock; then the error is the vendor's."""
    world.doors.fault("throttle", operation="instanceGroupManagers.aggregatedList", times=None)
    events.clear()
    world.doors.clear_requests()
    before = cloud.now()
    plan = cloud.plan(fleet())
    assert any("Rate Limit Exceeded" in one.reason for one in plan.unknown)
    tries = [one for one in world.doors.requests() if one.operation == "instanceGroupManagers.aggregatedList"]
    retried = [one for one in events if isinstance(one, CallRetried)]
    assert len(tries) == len(retried) + 1 > 2
    assert cloud.now() > before


# operations


def test_an_operation_that_takes_long_is_waited_for_on_the_clock(world, cloud):
    world.doors.configure(operation_seconds=90)
    before = cloud.now()
    cloud.apply(cloud.plan(make_fleet(gcp_group("web")))).raise_for_failures()
    assert cloud.now() - before >= 4 * timedelta(seconds=90), "one after the other within a group"
    assert not cloud.plan(make_fleet(gcp_group("web")))


def test_an_operation_that_does_not_end_is_given_up_and_taken_up_by_the_next_run(world, cloud):
    world.doors.configure(operation_seconds=PACE.longest.total_seconds() * 3)
    applied = cloud.apply(cloud.plan(make_fleet(gcp_group("web"))))
    failed = [one for one in applied.outcomes if one.error and not one.skipped]
    assert failed
    assert all("has not ended within" in one.error for one in failed)
    world.doors.configure(operation_seconds=0)
    cloud.apply(cloud.plan(make_fleet(gcp_group("web")))).raise_for_failures()
    assert not cloud.plan(make_fleet(gcp_group("web")))


@pytest.mark.parametrize(
    ("method", "code", "kind"),
    [
        ("instanceTemplates.insert", "QUOTA_EXCEEDED", "instance-template"),
        ("instanceGroupManagers.insert", "RESOURCE_OPERATION_RATE_EXCEEDED", "group-manager"),
        ("autoscalers.insert", "INTERNAL_ERROR", "autoscaler"),
    ],
)
def test_an_operation_that_fails_after_it_was_accepted_is_a_failed_change(world, cloud, method, code, kind):
    world.doors.fail_operation(method, code, f"it said {code}")
    applied = cloud.apply(cloud.plan(make_fleet(gcp_group("web"))))
    (failed,) = [one for one in applied.outcomes if one.error and not one.skipped]
    assert failed.change.key.kind == kind
    assert f"it said {code}" in failed.error
    cloud.apply(cloud.plan(make_fleet(gcp_group("web"))), **AGREED).raise_for_failures()
    assert not cloud.plan(make_fleet(gcp_group("web")))


def test_somebody_who_was_faster_is_noticed_by_the_fingerprint(world, cloud):
    """A manager that was changed between plan and write is left as it is, and the next plan says what is there."""
    wanted = make_fleet(gcp_group("web"))
    cloud.apply(cloud.plan(wanted)).raise_for_failures()
    edited = make_fleet(gcp_group("web", gcp={"suspended": 3}))
    plan = cloud.plan(edited)
    path = "regions/europe-west1/instanceGroupManagers/virtualmin-web"
    held = {}

    def listener(event):
        if not held and type(event).__name__ == "ChangeStarted":
            held["done"] = world.ask("PATCH", path, {"targetStoppedSize": 2})

    applied = cloud.apply(plan, on_event=listener)
    (failed,) = [one for one in applied.outcomes if one.error]
    assert "fingerprint" in failed.error.lower()
    again = cloud.plan(edited)
    assert {one.path for change in again for one in change.fields} == {"targetStoppedSize", "targetSuspendedSize"}
    cloud.apply(again).raise_for_failures()
    assert not cloud.plan(edited)


# what instances lack


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("stockout", "ZONE_RESOURCE_POOL_EXHAUSTED"),
        ("quota", "QUOTA_EXCEEDED"),
        ("addresses", "IP_SPACE_EXHAUSTED"),
        ("permission", "PERMISSIONS_ERROR"),
        ("reservation", "reservation"),
    ],
)
def test_why_instances_do_not_come_is_said(world, cloud, reason, word):
    """Waiting for a group ends with the vendor's reason, and its activities have it."""
    world.doors.run_short(reason=reason)
    applied = cloud.apply(cloud.plan(make_fleet(gcp_group("web"))), timeout=timedelta(seconds=120))
    texts = " ".join(one.error or "" for one in applied.outcomes) + str(applied.to_dict())
    activities = cloud.group("web").activities()
    said = " ".join(f"{one.description} {one.cause} {one.status}" for one in activities)
    assert word in said or word in texts, (said, texts)
