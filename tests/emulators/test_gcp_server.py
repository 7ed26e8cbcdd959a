"""The project as a service: what it refuses and how, operations, repeated writes, lists and their pages."""

import threading
import uuid

import pytest
from gcp_bench import PREFIX, PROJECT, REGION, ZONE, Gcp, Refused, reason_of
from google.api_core import exceptions
from google.cloud import compute_v1

from trimtab.emulators.gcp.lists import ListFilter

CHECK = {"type": "HTTP", "httpHealthCheck": {"port": 80}}


def make_checks(gcp: Gcp, *names: str) -> None:
    for name in names:
        gcp.ask("POST", "global/healthChecks", {"name": name, **CHECK})


# what is refused


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "reason", "text"),
    [
        ("GET", "global/healthChecks/none", None, 404, "notFound", "projects/trimtab/global/healthChecks/none"),
        ("DELETE", "global/healthChecks/none", None, 404, "notFound", "was not found"),
        ("POST", "global/healthChecks", {"name": "there", **CHECK}, 409, "alreadyExists", "already exists"),
        ("POST", "global/healthChecks", {"name": "Up!", **CHECK}, 400, "invalid", "resource.name"),
        ("POST", "global/healthChecks", {"name": "up", "typ": "HTTP"}, 400, "invalid", 'name "typ"'),
        ("POST", "global/healthChecks", {"name": "up", "type": "ICMP"}, 400, "invalid", "resource.type"),
        ("POST", "global/healthChecks", {"name": "up", "timeoutSec": "5"}, 400, "invalid", "resource.timeoutSec"),
        ("PATCH", "global/healthChecks/there", {"timeoutSec": 2.5}, 400, "invalid", "resource.timeoutSec"),
        ("GET", "global/healthChecks?maxResults=501", None, 400, "invalid", "maxResults"),
        ("GET", "global/healthChecks?maxResults=many", None, 400, "invalid", "maxResults"),
        ("GET", "global/healthChecks?pageToken=here", None, 400, "invalid", "pageToken"),
        ("GET", "global/healthChecks?orderBy=timeoutSec", None, 400, "invalid", "orderBy"),
        ("GET", "global/healthChecks?filter=name%20like%20x", None, 400, "invalid", "Invalid list filter expression"),
        ("GET", "global/healthChecks?colour=red", None, 400, "invalid", "colour"),
        ("GET", "global/firewalls", None, 501, "notImplemented", "firewalls.list"),
    ],
)
def test_a_bad_call_is_refused_as_google_does(gcp, method, path, body, status, reason, text):
    make_checks(gcp, "there")
    with pytest.raises(Refused) as refused:
        gcp.ask(method, path, body)
    assert (refused.value.status, refused.value.reason) == (status, reason)
    assert text in refused.value.message


def test_another_project_is_not_there(gcp):
    with pytest.raises(exceptions.NotFound, match="projects/other"):
        gcp.client("HealthChecks").get(project="other", health_check="up")


def test_what_is_used_cannot_be_deleted(gcp):
    """By its users: a template and a check by a manager, a group by a backend service, a manager by an autoscaler."""
    gcp.make_template()
    make_checks(gcp, "up")
    healing = [{"healthCheck": "global/healthChecks/up", "initialDelaySec": 60}]
    group = gcp.make_group(autoHealingPolicies=healing)
    scaler = gcp.make_autoscaler(group)
    backends = [{"group": f"zones/{ZONE}/instanceGroups/web"}]
    gcp.ask("POST", "global/backendServices", {"name": "front", "backends": backends})
    for path, user in (
        ("global/instanceTemplates/web", "instanceGroupManagers/web"),
        ("global/healthChecks/up", "instanceGroupManagers/web"),
        (group, "autoscalers/web"),
    ):
        with pytest.raises(Refused, match=user) as refused:
            gcp.ask("DELETE", path)
        assert refused.value.reason == "resourceInUseByAnotherResource"
    gcp.ask("DELETE", scaler)
    with pytest.raises(Refused, match="backendServices/front"):
        gcp.ask("DELETE", group)
    gcp.ask("PATCH", "global/backendServices/front", {"backends": []})
    for path in (group, "global/instanceTemplates/web", "global/healthChecks/up", "global/backendServices/front"):
        gcp.ask("DELETE", path)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_stale_fingerprint_is_412(gcp, method):
    gcp.ask("POST", "global/backendServices", {"name": "front", "protocol": "HTTP"})
    first = gcp.ask("GET", "global/backendServices/front")
    gcp.ask("PATCH", "global/backendServices/front", {"timeoutSec": 10, "fingerprint": first["fingerprint"]})
    body = {"name": "front", "protocol": "HTTP", "timeoutSec": 20, "fingerprint": first["fingerprint"]}
    with pytest.raises(Refused) as refused:
        gcp.ask(method, "global/backendServices/front", body)
    assert (refused.value.status, refused.value.reason) == (412, "conditionNotMet")
    assert gcp.ask("GET", "global/backendServices/front")["timeoutSec"] == 10


def test_faults_are_googles(gcp):
    """403 for a call too many and for a missing right, 503 for a fault of the service."""
    checks = gcp.client("HealthChecks")
    gcp.doors.fault("throttle", operation="healthChecks.list")
    with pytest.raises(exceptions.Forbidden) as error:
        list(checks.list(project=PROJECT))
    assert reason_of(error.value) == "rateLimitExceeded"
    gcp.doors.fault("denied", operation="healthChecks.list")
    with pytest.raises(exceptions.Forbidden, match=r"Required 'compute\.healthChecks\.list' permission") as error:
        list(checks.list(project=PROJECT))
    assert reason_of(error.value) == "forbidden"
    gcp.doors.fault("error500", operation="healthChecks.list")
    with pytest.raises(exceptions.ServiceUnavailable):
        list(checks.list(project=PROJECT, retry=None))
    assert [call.code for call in gcp.doors.requests()] == ["rateLimitExceeded", "forbidden", "backendError"]


def test_a_reply_that_breaks_the_document_is_an_error_of_the_emulators(gcp):
    """Each reply is held against the discovery document: what no schema has does not leave the house."""
    make_checks(gcp, "up")
    world = gcp.emulator._world
    world.resources["global/healthChecks/up"]["colour"] = "red"
    with pytest.raises(Refused, match=r"healthChecks\.get: Invalid JSON payload"):
        gcp.ask("GET", "global/healthChecks/up")


# operations


def test_an_operation_takes_its_time(gcp):
    gcp.doors.configure(operation_seconds=30)
    made = gcp.ask("POST", "global/healthChecks", {"name": "up", **CHECK})
    assert (made["status"], made["progress"], made["operationType"]) == ("RUNNING", 0, "insert")
    assert made["targetLink"] == f"{PREFIX}global/healthChecks/up"
    operations = gcp.client("GlobalOperations")
    assert operations.get(project=PROJECT, operation=made["name"]).status.name == "RUNNING"
    gcp.doors.advance(30)
    done = operations.get(project=PROJECT, operation=made["name"])
    assert (done.status.name, done.progress) == ("DONE", 100)
    assert [one.name for one in operations.list(project=PROJECT)] == [made["name"]]
    operations.delete(project=PROJECT, operation=made["name"])
    assert not list(operations.list(project=PROJECT))


def test_googles_own_client_waits_for_an_operation(gcp):
    body = compute_v1.HealthCheck(name="up", type_="HTTP", http_health_check={"port": 80})
    operation = gcp.client("HealthChecks").insert(project=PROJECT, health_check_resource=body)
    operation.result()
    assert gcp.client("HealthChecks").get(project=PROJECT, health_check="up").check_interval_sec == 5


def test_an_operation_that_ends_in_an_error(gcp):
    """It is accepted, and says later that it failed."""
    gcp.doors.fail_operation("healthChecks.insert", "QUOTA_EXCEEDED", "Quota 'HEALTH_CHECKS' exceeded.")
    made = gcp.ask("POST", "global/healthChecks", {"name": "up", **CHECK})
    done = gcp.ask("GET", f"global/operations/{made['name']}")
    assert done["error"]["errors"] == [{"code": "QUOTA_EXCEEDED", "message": "Quota 'HEALTH_CHECKS' exceeded."}]
    second = gcp.ask("POST", "global/healthChecks", {"name": "down", **CHECK})
    assert "error" not in gcp.ask("GET", f"global/operations/{second['name']}")


def test_operations_are_where_the_thing_is(gcp):
    gcp.make_template()
    gcp.make_group()
    gcp.make_group(place=f"regions/{REGION}")
    for path in ("global", f"zones/{ZONE}", f"regions/{REGION}"):
        found = gcp.ask("GET", f"{path}/operations")["items"]
        assert all(one["selfLink"].startswith(f"{PREFIX}{path}/operations/") for one in found)
    every = gcp.client("GlobalOperations").aggregated_list(project=PROJECT)
    assert {scope for scope, inner in every if inner.operations} >= {"global", f"zones/{ZONE}", f"regions/{REGION}"}


# writes that are sent twice


def test_a_repeated_write_is_made_once(gcp):
    """The same request id answers the same operation."""
    number = uuid.uuid4()
    path = f"global/healthChecks?requestId={number}"
    first = gcp.ask("POST", path, {"name": "up", **CHECK})
    second = gcp.ask("POST", path, {"name": "up", **CHECK})
    assert first["name"] == second["name"]
    assert second["status"] == "DONE"
    with pytest.raises(Refused, match="already exists"):
        gcp.ask("POST", f"global/healthChecks?requestId={uuid.uuid4()}", {"name": "up", **CHECK})
    with pytest.raises(Refused, match="Another request"):
        gcp.ask("POST", path, {"name": "other", **CHECK})


@pytest.mark.parametrize("number", ["17", str(uuid.UUID(int=0))])
def test_a_request_id_is_a_uuid(gcp, number):
    with pytest.raises(Refused, match="requestId"):
        gcp.ask("POST", f"global/healthChecks?requestId={number}", {"name": "up", **CHECK})


def test_two_writes_at_once_are_two(gcp):
    """Names are given once, whoever comes first."""
    outcomes = []

    def insert():
        try:
            outcomes.append(gcp.ask("POST", "global/healthChecks", {"name": "up", **CHECK})["status"])
        except Refused as refused:
            outcomes.append(refused.reason)

    threads = [threading.Thread(target=insert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["DONE", *["alreadyExists"] * 7]


# lists


def test_pages(gcp):
    """Every thing once, over as many pages as it takes; the list says what it is."""
    make_checks(gcp, *(f"up-{number}" for number in range(7)))
    first = gcp.ask("GET", "global/healthChecks?maxResults=3")
    assert (first["kind"], first["selfLink"]) == ("compute#healthCheckList", f"{PREFIX}global/healthChecks")
    assert (len(first["items"]), first["nextPageToken"]) == (3, "3")
    gcp.doors.configure(page_size=2)
    found = [one.name for one in gcp.client("HealthChecks").list(project=PROJECT)]
    assert found == [f"up-{number}" for number in range(7)]
    lists = [call for call in gcp.doors.requests() if call.operation == "healthChecks.list"]
    assert len(lists) == 5


def test_an_empty_list_says_so(gcp):
    found = gcp.ask("GET", "global/healthChecks")
    assert "items" not in found
    assert found["warning"]["code"] == "NO_RESULTS_ON_PAGE"


def test_aggregated_lists_have_every_scope(gcp):
    make_checks(gcp, "up")
    gcp.ask("POST", f"regions/{REGION}/healthChecks", {"name": "near", **CHECK})
    found = gcp.ask("GET", "aggregated/healthChecks")
    assert [one["name"] for one in found["items"]["global"]["healthChecks"]] == ["up"]
    assert [one["name"] for one in found["items"][f"regions/{REGION}"]["healthChecks"]] == ["near"]
    assert found["items"]["regions/us-east1"]["warning"]["code"] == "NO_RESULTS_ON_PAGE"
    gcp.doors.configure(page_size=1)
    pages = gcp.client("HealthChecks").aggregated_list(project=PROJECT)
    assert sorted(one.name for _, scope in pages for one in scope.health_checks) == ["near", "up"]


def test_a_scope_that_cannot_be_reached_is_named(gcp):
    gcp.make_template()
    gcp.make_group()
    gcp.make_group("far", place="zones/us-central1-a")
    gcp.doors.cut_off(f"zones/{ZONE}")
    found = gcp.ask("GET", "aggregated/instanceGroupManagers")
    assert found["unreachables"] == [f"zones/{ZONE}"]
    assert found["items"][f"zones/{ZONE}"] == {
        "warning": {
            "code": "UNREACHABLE",
            "message": f"The scope 'zones/{ZONE}' could not be reached.",
            "data": [{"key": "scope", "value": f"zones/{ZONE}"}],
        }
    }
    assert len(found["items"]["zones/us-central1-a"]["instanceGroupManagers"]) == 1
    gcp.doors.end_cuts()
    assert "unreachables" not in gcp.ask("GET", "aggregated/instanceGroupManagers")


def test_the_newest_first(gcp):
    make_checks(gcp, "b")
    gcp.doors.advance(60)
    make_checks(gcp, "a")
    gcp.doors.advance(60)
    make_checks(gcp, "c")
    newest = gcp.ask("GET", "global/healthChecks?orderBy=creationTimestamp%20desc")["items"]
    assert [one["name"] for one in newest] == ["c", "a", "b"]


ITEM = {
    "name": "web-1",
    "size": 12,
    "labels": {"team": "ops", "env": ""},
    "scheduling": {"automaticRestart": True},
    "description": "it's a (group)",
}


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("", True),
        ("name = web-1", True),
        ("name = web-*", True),
        ("name != web-1", False),
        ('name eq "web-[0-9]"', True),
        ("name ne web", True),
        ("name eq web", False),
        ("labels.team = ops", True),
        ("labels.team:*", True),
        ("labels.owner:*", False),
        ("labels.team:op", True),
        ("size > 5", True),
        ("size >= 12 AND size <= 12", True),
        ("size < 5", False),
        ("(name = web-1) (labels.team = dev)", False),
        ("(name = web-2) OR (labels.team = ops)", True),
        ("name = web-2 OR name = web-3", False),
        ("NOT name = web-2", True),
        ("-(name = web-1)", False),
        ("scheduling.automaticRestart = true", True),
        ('description = "it\'s a (group)"', True),
        ("((name = web-1) AND (labels.team = ops OR labels.team = dev))", True),
    ],
)
def test_filters(text, fits):
    assert ListFilter(text).fits(ITEM) is fits
