"""One layer makes a call again, each wait longer, on the connection's clock; what others write meanwhile is kept."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.proof import fleet
from tests.providers.gcp.world import READS, SCOPE
from trimtab import errors
from trimtab.events import CallRetried
from trimtab.providers.patience import LONGEST_SILENCE
from trimtab.providers.retry import ATTEMPTS

SERVICE = "global/backendServices/virtualmin"


@pytest.fixture
def events():
    return []


@pytest.fixture
def cloud(world, events):
    with world.connect(listener=events.append) as cloud:
        yield cloud


def retried(events):
    return [one for one in events if isinstance(one, CallRetried)]


@pytest.mark.parametrize("kind", ["throttle", "error500", "timeout_before"])
def test_a_read_that_fails_once_is_asked_again(world, cloud, events, kind):
    """Whichever it is, over REST and over gRPC: a plan finds all that there is."""
    cloud.apply(cloud.plan(fleet()), wait="accepted").raise_for_failures()
    for service, operation in READS.values():
        world.doors.fault(kind, service=service, operation=operation)
        events.clear()
        plan = cloud.plan(fleet())
        assert not list(plan)
        assert not plan.unknown
        assert [one.attempt for one in retried(events)] == [1], operation
        assert not world.doors.list_faults()


@pytest.mark.parametrize(
    ("kind", "text"), [("throttle", "Rate Limit Exceeded"), ("error500", "Internal error. Please try again")]
)
@pytest.mark.parametrize("operation", ["instanceTemplates.insert", "backendServices.patch"])
def test_a_write_that_goes_on_failing_is_given_up_within_a_budget(world, cloud, events, operation, kind, text):
    """Through the SDK and past it: as many attempts as one layer makes, and the vendor's own words at the end."""
    world.doors.fault(kind, operation=operation, times=None)
    before = cloud.now()
    applied = cloud.apply(cloud.plan(make_fleet(gcp_group("web"))), wait="accepted")
    (failed,) = [one for one in applied.outcomes if one.error and not one.skipped]
    assert text in failed.error
    tries = [one for one in world.doors.requests() if one.operation == operation]
    assert len(tries) == len(retried(events)) + 1
    assert 2 < len(tries) <= ATTEMPTS
    assert timedelta(0) < cloud.now() - before <= LONGEST_SILENCE


def test_an_alert_policy_that_goes_on_failing_is_given_up_too(world, cloud, events):
    """gRPC's RESOURCE_EXHAUSTED is a call too many as well."""
    world.doors.fault("throttle", operation="CreateAlertPolicy", times=None)
    applied = cloud.apply(cloud.plan(make_fleet(gcp_group("web"))), wait="accepted")
    (failed,) = [one for one in applied.outcomes if one.error and not one.skipped]
    assert failed.change.key.kind == "alert-policy"
    assert "Quota exceeded for quota metric" in failed.error
    assert len(retried(events)) == ATTEMPTS - 1


REFUSED = (
    412,
    {"Content-Type": "application/json"},
    json.dumps({"error": {"code": 412, "errors": [{"reason": "conditionNotMet"}], "message": "not met"}}).encode(),
)


def test_what_is_asked_of_one_group_raises_what_is_the_matter(world, cloud):
    cloud.apply(
        cloud.plan(make_fleet(gcp_group("web", policies={}, schedules={}))), wait="accepted"
    ).raise_for_failures()
    live = cloud.group("virtualmin-web")
    live.read()
    for kind, error in (
        ("throttle", errors.Throttled),
        ("error500", errors.Unreachable),
        ("denied", errors.AccessDenied),
        ("reply_before", errors.Conflict),
    ):
        reply = REFUSED if kind == "reply_before" else None
        world.doors.fault(kind, operation="regionInstanceGroupManagers.resize", times=None, reply=reply)
        with pytest.raises(error):
            live.scale(to=4)
        world.doors.clear_faults()
    assert world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web")["targetSize"] == 2


class Busy(BaseHTTPRequestHandler):
    """429 with a time to wait, then an empty list."""

    def do_GET(self):
        self.server.asked += 1
        busy = self.server.asked == 1
        inner = {"code": 429, "message": "slower", "errors": [{"reason": "rateLimitExceeded", "message": "slower"}]}
        text = json.dumps({"error": inner} if busy else {"kind": "compute#instanceGroupManagerAggregatedList"})
        self.send_response(429 if busy else 200)
        if busy:
            self.send_header("Retry-After", "45")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def busy():
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        server.asked = 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_wait_that_google_asks_for_is_waited(world, busy, events):
    endpoint = f"http://127.0.0.1:{busy.server_port}"
    with world.connect(endpoint=endpoint, listener=events.append) as cloud:
        before = cloud.now()
        assert cloud.provider.connection.aggregated("instanceGroupManagers").items == []
        assert cloud.now() - before >= timedelta(seconds=45)
    assert busy.asked == 2
    assert "slower" in retried(events)[0].error


# what is read and written by others at the same time


def put(world, **changed):
    """Somebody changes the backend service meanwhile."""
    world.ask("PATCH", SERVICE, changed)


def held(world, cloud, plan):
    """An apply whose first write of a backend service waits, and who it is that lets it go on."""
    world.doors.fault("hold_before", operation="backendServices.patch")
    pool = ThreadPoolExecutor(1)
    running = pool.submit(cloud.apply, plan, wait="accepted")
    world.doors.wait_for_hold()

    def release():
        world.doors.release()
        pool.shutdown()
        return running.result()

    return release


def test_a_service_that_others_change_meanwhile_keeps_what_they_wrote(world, cloud):
    """Its fingerprint has moved: it is read again, and written as it is by then."""
    world.ask("POST", "global/instanceTemplates", {"name": "theirs", "properties": {"machineType": "e2-micro"}})
    body = {"name": "theirs", "targetSize": 0, "instanceTemplate": "global/instanceTemplates/theirs"}
    world.ask("POST", f"{SCOPE}/instanceGroupManagers", body)
    release = held(world, cloud, cloud.plan(make_fleet(gcp_group("web"))))
    put(world, timeoutSec=77, backends=[{"group": f"{SCOPE}/instanceGroups/theirs"}])
    release().raise_for_failures()
    service = world.ask("GET", SERVICE)
    assert service["timeoutSec"] == 77
    assert {one["group"].rsplit("/", 1)[-1] for one in service["backends"]} == {"theirs", "virtualmin-web"}
    assert not cloud.plan(make_fleet(gcp_group("web")))


def test_a_service_that_goes_meanwhile_is_that_changes_failure(world, cloud):
    release = held(world, cloud, cloud.plan(make_fleet(gcp_group("web"))))
    world.ask("DELETE", SERVICE)
    applied = release()
    (failed,) = [one for one in applied.outcomes if one.error and not one.skipped]
    assert failed.change.key.kind == "backend"
    assert "was not found" in failed.error
    plan = cloud.plan(make_fleet(gcp_group("web")))
    assert any("virtualmin" in problem.text for problem in plan.problems)
