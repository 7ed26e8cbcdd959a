"""How alarms stand on Google Cloud: by the alerts that their policies have opened."""

import json
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from trimtab import errors, metrics
from trimtab.testing import translate

MINUTE = timedelta(minutes=1)
ALARM = {"hot": {"metric": "cpu", "above": 90, "notify": ["ops@example.org"], "notify_ok": ["ops@example.org"]}}


@pytest.fixture
def fleet():
    return make_fleet(gcp_group("web", alarms=ALARM), gcp_group("api", alarms=ALARM))


@pytest.fixture
def cloud(world, fleet):
    with world.connect() as cloud:
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        yield cloud


def states(cloud, fleet):
    return {alarm.name: alarm.state for group in cloud.status(fleet).groups for alarm in group.alarms}


def heat(world, value, *, minutes):
    for _ in range(minutes):
        world.cloud.push(metrics.cpu, group="web", value=value)
        world.advance(MINUTE)


@pytest.mark.parametrize(
    ("severity", "native"),
    [("critical", "CRITICAL"), ("error", "ERROR"), ("warning", "WARNING"), ("verbose", "WARNING"), (None, "WARNING")],
)
def test_what_matters_less_than_a_warning_is_one_and_the_plan_says_so(severity, native):
    """Severity, AlertPolicy: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies"""
    alarm = {**ALARM["hot"], **({"severity": severity} if severity else {})}
    given = translate(make_fleet(gcp_group("web", alarms={"hot": alarm})), "gcp")
    assert [one.body["severity"] for one in given.resources if one.key.kind == "alert-policy"] == [native]
    said = [note.approximation for note in given.notes if note.path == "alarms.hot.severity"]
    assert said == ([True] if severity == "verbose" else [])


def test_an_alarm_is_on_while_its_policy_has_an_open_alert(world, cloud, fleet):
    assert states(cloud, fleet) == {"virtualmin-web-hot": "ok", "virtualmin-api-hot": "ok"}
    heat(world, 97, minutes=3)
    assert states(cloud, fleet) == {"virtualmin-web-hot": "alarm", "virtualmin-api-hot": "ok"}
    since = next(one.since for one in cloud.provider.live.read_alarms(fleet) if one.state == "alarm")
    assert timedelta(0) < world.doors.now() - since <= 3 * MINUTE
    heat(world, 20, minutes=5)
    assert states(cloud, fleet) == {"virtualmin-web-hot": "ok", "virtualmin-api-hot": "ok"}


def test_who_may_not_list_alerts_is_told_so_and_keeps_the_rest(world, cloud, fleet):
    world.doors.fault("denied", operation="ListAlerts", service="monitoring", times=None)
    status = cloud.status(fleet)
    assert {alarm.state for group in status.groups for alarm in group.alarms} == {"no-data"}
    assert {alarm.reason for group in status.groups for alarm in group.alarms} == {
        "permission monitoring.alerts.list is missing"
    }
    world.doors.clear_faults()
    world.doors.fault("throttle", operation="ListAlerts", service="monitoring", times=None)
    with pytest.raises(errors.Throttled, match="Quota exceeded"):
        cloud.status(fleet)


def test_the_list_of_alerts_over_http(world, cloud, fleet):
    """Pages, a filter, and what is refused, as the Monitoring API has it."""

    def ask(query):
        url = f"{world.emulator.endpoint}/v3/projects/{query}"
        try:
            with urllib.request.urlopen(url) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return json.loads(error.read())

    heat(world, 97, minutes=3)
    heat(world, 20, minutes=5)
    heat(world, 97, minutes=3)
    found = ask("trimtab/alerts?pageSize=1")
    assert (found["totalSize"], len(found["alerts"]), found["alerts"][0]["state"]) == (2, 1, "OPEN")
    rest = ask(f"trimtab/alerts?pageSize=1&pageToken={found['nextPageToken']}")
    assert [one["state"] for one in rest["alerts"]] == ["CLOSED"]
    assert rest["alerts"][0]["closeTime"] < found["alerts"][0]["openTime"]
    assert rest["alerts"][0]["policy"]["displayName"] == "virtualmin-web-hot"
    assert ask("trimtab/alerts?filter=state%3DOPEN")["totalSize"] == 1
    assert ask("other/alerts")["error"]["status"] == "NOT_FOUND"
    assert ask("trimtab/alerts?colour=red")["error"]["status"] == "INVALID_ARGUMENT"
