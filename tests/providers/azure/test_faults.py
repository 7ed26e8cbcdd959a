"""What may go wrong on Azure alone: long-running operations, conflicts, and kinds that cannot be read."""

import json
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.azure.groups import azure_group
from tests.providers.azure.world import GROUP, LOCATION
from trimtab import errors
from trimtab.events import CallRetried

pytestmark = pytest.mark.sweep

NAME = "virtualmin-web"
SETS = "compute.virtual_machine_scale_sets"
JSON = {"Content-Type": "application/json", "x-ms-request-id": "1"}
LONGEST = timedelta(minutes=30)
"""How long an operation is waited for."""


@pytest.fixture
def events():
    return []


@pytest.fixture
def cloud(world, events):
    with world.connect(listener=events.append) as cloud:
        yield cloud


@pytest.fixture
def fleet(world):
    return make_fleet(azure_group(world, "web"))


@pytest.fixture
def applied(cloud, fleet):
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    return cloud


def failed(result):
    return [one for one in result.outcomes if one.error and not one.skipped]


def polled(world, status, **error):
    """Have the operation be told as it ended: the body of a poll."""
    body = {"startTime": "2026-01-05T00:00:00+00:00", "status": status, "name": "1", **error}
    world.doors.fault("reply_before", operation="Operations_Get", reply=(200, JSON, json.dumps(body).encode()))


# long-running operations: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        ("Failed", {"code": "OSProvisioningTimedOut", "message": "it did not boot in time"}, "it did not boot in time"),
        ("Failed", None, "the operation ended as Failed"),
        ("Canceled", {"code": "OperationPreempted", "message": "preempted by a more recent one"}, "OperationPreempted"),
    ],
)
def test_an_operation_that_fails_after_it_was_accepted_is_a_failed_change(world, cloud, fleet, status, error, text):
    """What depends on it is not tried, and the next run finds what there is of it and ends the work."""
    polled(world, status, **({"error": error} if error else {}))
    result = cloud.apply(cloud.plan(fleet), wait="accepted")
    (one,) = failed(result)
    assert one.change.key.kind == "scale-set"
    assert text in one.error
    assert {other.change.key.kind for other in result.outcomes if other.skipped} >= {"autoscale-setting"}
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert not cloud.plan(fleet)


def test_an_operation_that_does_not_end_is_given_up_and_taken_up_by_the_next_run(world, cloud, fleet):
    world.doors.configure(operation_seconds=3 * LONGEST.total_seconds())
    before = world.doors.now()
    (one,) = failed(cloud.apply(cloud.plan(fleet), wait="accepted"))
    assert "has not ended within 0:30:00" in one.error
    assert LONGEST <= world.doors.now() - before < LONGEST + timedelta(minutes=2)
    world.advance(2 * LONGEST)
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert not cloud.plan(fleet)


@pytest.mark.parametrize("kind", ["throttle", "error500", "timeout_before", "cut"])
def test_a_look_at_an_operation_that_fails_is_taken_again(world, cloud, fleet, events, kind):
    """The write is not made again for it."""
    world.doors.fault(kind, operation="Operations_Get", times=2)
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert [event.operation for event in events if isinstance(event, CallRetried)] == ["operation"] * 2
    assert world.doors.count()["operations"]["VirtualMachineScaleSets_CreateOrUpdate"] == 1
    assert not cloud.plan(fleet)


def test_an_operation_that_may_not_be_looked_at_is_a_failed_change(world, cloud, fleet):
    """A role may allow a write and not the look: it says so, and a run with the right ends the work."""
    world.doors.fault("denied", operation="Operations_Get", times=None)
    (one,) = failed(cloud.apply(cloud.plan(fleet), wait="accepted"))
    assert "does not have authorization" in one.error
    world.doors.clear_faults()
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert not cloud.plan(fleet)


def test_looks_at_an_operation_are_further_and_further_apart(world, cloud, fleet):
    world.doors.configure(operation_seconds=300)
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert 5 < world.doors.count()["operations"]["Operations_Get"] < 16


def test_where_there_is_a_location_alone_its_202_goes_on_and_its_200_is_the_end(world, applied):
    """`Location` is for where `Azure-AsyncOperation` is not: it says nothing in words."""
    world.doors.configure(operation_seconds=100)
    told = []
    world.compute.virtual_machine_scale_sets.begin_delete(
        GROUP, NAME, polling=False, raw_response_hook=lambda reply: told.append(dict(reply.http_response.headers))
    )
    head = {"x-ms-request-id": "1", "Location": told[0]["Location"]}
    world.doors.fault("reply_before", operation="VirtualMachineScaleSets_Delete", reply=(202, head, b""))
    before = world.doors.now()
    applied.provider.connection.begin(f"{SETS}.begin_delete", GROUP, NAME)
    assert world.doors.now() - before >= timedelta(seconds=100)
    assert not list(world.compute.virtual_machine_scale_sets.list(GROUP))


def test_an_operation_of_another_host_is_not_asked_and_shown_no_token(world, cloud, fleet):
    head = {**JSON, "Azure-AsyncOperation": "https://elsewhere.example.org/operations/1"}
    plan = cloud.plan(fleet)
    world.doors.fault(
        "reply_before", operation="VirtualMachineScaleSets_CreateOrUpdate", reply=(201, head, b"{}"), times=None
    )
    (one,) = failed(cloud.apply(plan, wait="accepted"))
    assert "leads to https://elsewhere.example.org" in one.error
    assert "Operations_Get" not in world.doors.count()["operations"]


# conflicts


def test_a_setting_that_somebody_was_faster_to_make_is_left_alone(world, cloud, fleet):
    """
    A scale set has one: a second is refused with 409, which is that change's failure.

    https://github.com/hashicorp/terraform-provider-azurerm/issues/12035
    """
    made = {}

    def listener(event):
        if type(event).__name__ == "ChangeEnded" and event.change.key.kind == "scale-set" and not made:
            target = world.compute.virtual_machine_scale_sets.get(GROUP, NAME).id
            sizes = {"minimum": "1", "maximum": "2", "default": "1"}
            profiles = [{"name": "x", "capacity": sizes, "rules": []}]
            properties = {"targetResourceUri": target, "enabled": True, "profiles": profiles}
            path = "Microsoft.Insights/autoscaleSettings/web-Autoscale-1"
            made["done"] = put(cloud, path, {"location": LOCATION, "properties": properties})

    (one,) = failed(cloud.apply(cloud.plan(fleet), wait="accepted", on_event=listener))
    assert one.change.key.kind == "autoscale-setting"
    assert "already managed by the autoscale setting" in one.error
    assert [one.name for one in world.monitor.autoscale_settings.list_by_resource_group(GROUP)] == ["web-Autoscale-1"]
    assert any("is not managed by trimtab" in problem.text for problem in cloud.plan(fleet).problems)
    cloud.apply(cloud.adopt(fleet), wait="accepted").raise_for_failures()
    cloud.apply(cloud.plan(fleet), wait="accepted").raise_for_failures()
    assert not cloud.plan(fleet)


def put(cloud, path, body):
    """A setting as somebody else puts one."""
    return cloud.provider.connection.call(
        "monitor.autoscale_settings.create_or_update", GROUP, path.rsplit("/", 1)[1], body
    )


def test_a_scale_set_that_somebody_was_faster_to_make_is_left_alone(world, cloud, fleet):
    """It is made under the condition that there is none, and Azure answers 412 where there is."""
    plan = cloud.plan(fleet)
    other = make_fleet(azure_group(world, "web", native_name=NAME, tags={"Owner": "them"}), name="theirs")
    cloud.apply(cloud.plan(other), wait="accepted").raise_for_failures()
    before = cloud.provider.connection.call(f"{SETS}.get", GROUP, NAME)
    world.doors.clear_requests()
    assert "is not this fleet's" in " ".join(failed_texts(cloud, plan))
    assert cloud.provider.connection.call(f"{SETS}.get", GROUP, NAME) == before


def failed_texts(cloud, plan):
    return [one.error for one in failed(cloud.apply(plan, wait="accepted"))]


def test_whom_an_alarm_told_stays_while_it_still_tells_them(world, cloud):
    """The action group that an edit no longer needs goes after the alert has let go of it, or not at all."""
    told = {"seen": {"metric": "memory", "above": 90, "notify": ["ops@example.org"]}}
    before = make_fleet(azure_group(world, "web", alarms=told))
    after = make_fleet(azure_group(world, "web", alarms={"seen": {**told["seen"], "notify": ["dev@example.org"]}}))
    cloud.apply(cloud.plan(before), wait="accepted").raise_for_failures()
    world.doors.fault("denied", operation="MetricAlerts_CreateOrUpdate", times=None)
    plan = cloud.plan(after)
    cloud.apply(plan, wait="accepted")
    there = {one.name for one in world.monitor.action_groups.list_by_resource_group(GROUP)}
    (alert,) = world.monitor.metric_alerts.list_by_resource_group(GROUP)
    assert {action.action_group_id.rsplit("/", 1)[1] for action in alert.actions} <= there
    world.doors.clear_faults()
    cloud.apply(cloud.plan(after), wait="accepted").raise_for_failures()
    assert not cloud.plan(after)


# reads


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("VirtualMachineScaleSets_List", "scale-set"),
        ("AutoscaleSettings_ListByResourceGroup", "autoscale-setting"),
        ("MetricAlerts_ListByResourceGroup", "metric-alert"),
        ("ActionGroups_ListByResourceGroup", "action-group"),
    ],
)
def test_what_may_not_be_read_is_unknown_and_nothing_is_made_or_deleted_there(world, applied, fleet, operation, kind):
    world.doors.fault("denied", operation=operation, times=None)
    plan = applied.plan(fleet)
    assert not list(plan)
    assert {one.kind for one in plan.unknown} == {kind}
    assert all("authorization" in one.reason for one in plan.unknown), "the plan names what it could not read"
    more = applied.plan(make_fleet(*fleet.groups, azure_group(world, "new")))
    assert kind not in {change.key.kind for change in more}
    less = applied.plan(make_fleet(azure_group(world, "new")))
    assert not [change for change in less if change.action == "delete"]
    world.doors.clear_faults()
    assert not applied.plan(fleet)


def test_a_call_too_many_is_waited_out_within_a_budget(world, applied, fleet, events):
    """One layer makes it again, each wait longer, on the connection's clock; then the error is the vendor's."""
    world.doors.fault("throttle", operation="MetricAlerts_ListByResourceGroup", times=None)
    events.clear()
    world.doors.clear_requests()
    before = applied.now()
    plan = applied.plan(fleet)
    (unknown,) = plan.unknown
    assert unknown.kind == "metric-alert"
    assert "(TooManyRequests)" in unknown.reason
    retried = [event for event in events if isinstance(event, CallRetried)]
    assert world.doors.count()["operations"]["MetricAlerts_ListByResourceGroup"] == len(retried) + 1 > 2
    assert applied.now() > before


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "InvalidParameter", errors.InvalidRequest),
        (401, "ExpiredAuthenticationToken", errors.Unauthenticated),
        (403, "LinkedAuthorizationFailed", errors.AccessDenied),
        (404, "ResourceGroupNotFound", errors.NotFound),
        (409, "OperationNotAllowed", errors.Conflict),
        (409, "AnotherOperationInProgress", errors.Conflict),
        (409, "ResourceExists", errors.AlreadyExists),
        (412, "PreconditionFailed", errors.Conflict),
        (429, "SubscriptionRequestsThrottled", errors.Throttled),
        (500, "InternalServerError", errors.Unreachable),
        (501, "NotImplemented", errors.InvalidRequest),
        (503, "ServiceUnavailable", errors.Unreachable),
    ],
)
def test_each_refusal_has_its_class_and_the_vendors_code(world, cloud, status, code, error):
    """Codes of https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors"""
    body = json.dumps({"error": {"code": code, "message": "because"}}).encode()
    world.doors.fault("reply_before", operation="VirtualMachineScaleSets_Get", reply=(status, JSON, body), times=None)
    with pytest.raises(errors.ProviderError, match="because") as caught:
        cloud.provider.connection.call(f"{SETS}.get", GROUP, NAME)
    assert (type(caught.value), caught.value.code) == (error, code)
