"""
What Google Cloud was recorded to answer, and what the emulator answers about the same things.

Recordings are replies: each thing in them is put in by the API, by what a request may say of it, with what it refers
to made first; then it is read, and the reply has the recorded fields with the recorded values. Ids, times and
fingerprints are the project's own, and have the recorded form.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gcp_bench import MACHINE, START, Gcp, Refused

from trimtab.emulators.gcp.discovery import load
from trimtab.emulators.gcp.routing import read_only, schema_of

COLLECTIONS = {
    "compute#instanceTemplate": "instanceTemplates",
    "compute#healthCheck": "healthChecks",
    "compute#backendService": "backendServices",
    "compute#targetPool": "targetPools",
    "compute#instanceGroupManager": "instanceGroupManagers",
    "compute#autoscaler": "autoscalers",
    "compute#image": "images",
}
OUT_OF_SCOPE: Mapping[str, str] = {
    r"libcloud/.*httpHealthChecks.*": "health checks of a kind that target pools alone still take",
    r"libcloud/.*targetPools_lctargetpool.*": "health checks of target pools, which are those of the old kind",
    r"libcloud/.*instanceGroups_(insert|myname_delete|myname_addInstances).*": "groups that no manager has",
    r"cloud-custodian/instance-get/.*": "an instance that no manager made",
    r"cloud-custodian/region-commitment-query/.*": "commitments are a bill's",
    r"cloud-custodian/filter-alerts/get-v2-.*": "metrics out of logs, of the API for logs",
    r"cloud-custodian/filter-metrics/.*": "values of machines of others; series have tests of their own",
    r"forseti/cai_assets": "an inventory's copies, of a beta",
    r"k8s-config-connector/computereservation_full": "reservations are named by groups and made elsewhere",
}
"""Recordings that nothing is put in for, and why."""
FIELD_EXCEPTIONS: Mapping[str, str] = {
    r".*\.(description|host|proxyHeader)": "an empty text or a word for none, which the service gives back and keeps",
    r".*\.(id|creationTimestamp|fingerprint|etag|labelFingerprint)": "the project's own: its form is compared",
    r".*\.properties\.metadata(\.(kind|fingerprint))?": "an empty block around no items",
    r".*\.accessConfigs\[\d+\]\.kind": "what an address is",
    r".*\.serviceAccounts\[\d+\]\.email": "the default account, which has the project's number in it",
    r".*\.currentActions\..*": "how many instances are in which state moves on",
    r"\.backends.*": "groups of a kind that there no longer is, or that the recording does not show",
    r"\.statusDetails.*": "the target had gone by then",
    r".*\.(enableCDN|affinityCookieTtlSec)": "what a balancer does beyond groups",
    r".*\.archiveSizeBytes|.*\.licenseCodes.*|.*\.sourceDiskId|.*\.guestOsFeatures.*|.*\.licenses.*": "an image's disk",
    r".*\.status$": "an autoscaler says what it is now",
    r".*\.(network|subnetwork|size)$": "what instance groups show of their instances",
    r".*\.iap\..*": "who may pass a balancer",
}
"""Fields that the emulator does not answer so, and why."""
FORMS: Mapping[str, str] = {
    "id": r"\d+",
    "creationTimestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d",
    "insertTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d",
    "startTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d",
    "fingerprint": r"[\w+/-]+=*",
    "targetId": r"\d+",
    "selfLink": r"https://www\.googleapis\.com/compute/v1/projects/trimtab/.+",
}


def recordings(shared: Path) -> dict[str, Any]:
    root = shared / "recordings" / "gcp"
    return {
        str(path.relative_to(root).with_suffix("")): localized(json.loads(path.read_text()))
        for path in sorted(root.rglob("*.json"))
    }


def localized(value: Any) -> Any:
    """A recording in the emulator's project, links with the address that the API gives today."""
    text = re.sub(
        r"https://(content|compute)\.googleapis\.com/compute/v1",
        "https://www.googleapis.com/compute/v1",
        json.dumps(value),
    )
    text = re.sub(r"projects/(?!debian-cloud|ubuntu-os-cloud)[^/\"]+/", "projects/trimtab/", text)
    return json.loads(text)


def is_out_of_scope(name: str) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in OUT_OF_SCOPE)


def things_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("kind") in COLLECTIONS and "name" in value:
            yield value
        else:
            for inner in value.values():
                yield from things_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from things_in(inner)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from leaves(item, f"{path}[{place}]")
    else:
        yield path, value


def scope_of(thing: Mapping[str, Any]) -> str:
    for kind in ("zone", "region"):
        if thing.get(kind):
            return f"{kind}s/{str(thing[kind]).rsplit('/', 1)[-1]}"
    return "global"


class Putting:
    """Puts things in, with what they refer to."""

    def __init__(self, gcp: Gcp) -> None:
        self.gcp = gcp

    def put(self, thing: Mapping[str, Any]) -> str:
        """Its path."""
        collection = COLLECTIONS[str(thing["kind"])]
        hidden = read_only(schema_of(collection)) - {"name"}
        body = {
            name: value for name, value in thing.items() if name not in hidden | {"kind", "zone", "region", "status"}
        }
        if collection == "instanceGroupManagers":
            body = {**body, "instanceTemplate": thing["instanceTemplate"]}
        if collection == "backendServices":
            body.pop("backends", None)
            body.pop("iap", None)
        self.refer(body)
        self.gcp.ask("POST", f"{scope_of(thing)}/{collection}", body)
        return f"{scope_of(thing)}/{collection}/{thing['name']}"

    def refer(self, body: Any) -> None:
        for _, value in list(leaves(body)):
            found = re.search(r"projects/trimtab/(.+)/(\w+)/([\w-]+)$", value) if isinstance(value, str) else None
            if found is None or found[2] not in ("healthChecks", "instanceTemplates", "instanceGroupManagers"):
                continue
            try:
                self.gcp.ask("GET", f"{found[1]}/{found[2]}/{found[3]}")
            except Refused:
                self.make(found[1], found[2], found[3])

    def make(self, scope: str, collection: str, name: str) -> None:
        if collection == "healthChecks":
            body: dict[str, Any] = {"type": "HTTP", "httpHealthCheck": {"port": 80}}
        elif collection == "instanceTemplates":
            body = {"properties": MACHINE}
        else:
            self.refer({"template": "projects/trimtab/global/instanceTemplates/made"})
            body = {"targetSize": 0, "instanceTemplate": "global/instanceTemplates/made"}
        self.gcp.ask("POST", f"{scope}/{collection}", {"name": name, **body})


def differences(recorded: Mapping[str, Any], answered: Mapping[str, Any]) -> Iterator[str]:
    found = dict(leaves(answered))
    for path, value in leaves(recorded):
        last = path.rsplit(".", 1)[-1]
        if path.count(".") == 1 and last in FORMS:
            if not re.fullmatch(FORMS[last], str(found.get(path, ""))):
                yield f"{path}: {found.get(path)!r} has another form than {value!r}"
        elif found.get(path) != value and not any(re.fullmatch(pattern, path) for pattern in FIELD_EXCEPTIONS):
            yield f"{path}: recorded {value!r}, answered {found.get(path)!r}"


@pytest.fixture(scope="module")
def every(shared: Path) -> dict[str, Any]:
    return {name: body for name, body in recordings(shared).items() if not is_out_of_scope(name)}


def test_recorded_things_are_answered_alike(gcp: Gcp, every: dict[str, Any]) -> None:
    wrong, seen = [], set()
    for name, recording in every.items():
        for thing in things_in(recording):
            gcp.doors.reset()
            gcp.doors.set_clock(START, freeze=True)
            path = Putting(gcp).put(thing)
            answered = gcp.ask("GET", path)
            wrong += [f"{name}: {thing['kind']} {text}" for text in differences(thing, answered)]
            seen.add(thing["kind"])
    assert not wrong, "\n".join(wrong)
    assert seen == set(COLLECTIONS)


def test_recorded_lists_are_answered_alike(gcp: Gcp, every: dict[str, Any]) -> None:
    """What stands around the items: kind, id, link; scopes with their things, or with the warning of none."""
    compared = 0
    for name, recording in every.items():
        body = recording.get("body", recording) if isinstance(recording, dict) else {}
        if not str(body.get("kind", "")).endswith(("List", "ListInstances")) or "selfLink" not in body:
            continue
        gcp.doors.reset()
        gcp.doors.set_clock(START, freeze=True)
        for thing in things_in(body):
            Putting(gcp).put(thing)
        path = body["selfLink"].split("/projects/trimtab/")[1].split("/web-service")[0]
        if path.endswith("listInstances"):
            continue  # of a group that no manager has
        answered = gcp.ask("GET", path)
        for field in ("kind", "id", "selfLink"):
            assert answered[field] == body.get(field, answered[field]), (name, field)
        for scope, inner in (body.get("items") or {}).items() if isinstance(body.get("items"), dict) else ():
            if scope in answered["items"]:
                assert answered["items"][scope].keys() == inner.keys(), (name, scope)
                assert answered["items"][scope].get("warning") == inner.get("warning"), (name, scope)
        compared += 1
    assert compared >= 7


@pytest.mark.parametrize(
    ("name", "kind", "write"),
    [
        ("libcloud/zones_us-central1-a_instanceGroupManagers_insert", "insert", "managers"),
        (
            "cloud-custodian/autoscaler-set/patch-compute-v1-projects-cloud-custodian-zones-us-central1-a-autoscalers_1",
            "patch",
            "autoscaler",
        ),
        ("libcloud/global_backendServices_post", "insert", "service"),
        ("libcloud/global_backendServices_web_service_delete", "delete", "service"),
        ("libcloud/zones_us_central1_a_instanceGroups_myname_setNamedPorts", "setNamedPorts", "ports"),
    ],
)
def test_recorded_writes_are_answered_with_such_an_operation(
    gcp: Gcp, every: dict[str, Any], name: str, kind: str, write: str
) -> None:
    """Its kind, its type, what it is about, and the forms of its numbers and times."""
    recording = every[name]
    body = recording.get("body", recording)
    gcp.doors.configure(operation_seconds=5)
    answered = _write(gcp, write, kind)
    assert answered["operationType"] == body["operationType"]
    assert answered["kind"] == body["kind"] == "compute#operation"
    assert answered.keys() >= body.keys() - {"endTime"}, body.keys() - answered.keys()
    for field in ("id", "insertTime", "selfLink"):
        assert re.fullmatch(FORMS[field], answered[field]), field
    assert answered["status"] in ("PENDING", "RUNNING")
    place = body["targetLink"].split("/projects/trimtab/")[1].rsplit("/", 1)[0]
    assert answered["targetLink"].split("/projects/trimtab/")[1].rsplit("/", 1)[0] == place
    gcp.doors.advance(5)
    done = gcp.ask("GET", answered["selfLink"].split("/projects/trimtab/")[1])
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert re.fullmatch(FORMS["startTime"], done["endTime"])


def _write(gcp: Gcp, write: str, kind: str) -> dict[str, Any]:
    zone = "zones/us-central1-a"
    if write == "service":
        made = gcp.ask("POST", "global/backendServices", {"name": "web-service"})
        return made if kind == "insert" else gcp.ask("DELETE", "global/backendServices/web-service")
    gcp.make_template()
    body = {"name": "myname", "targetSize": 0, "instanceTemplate": "global/instanceTemplates/web"}
    made = gcp.ask("POST", f"{zone}/instanceGroupManagers", body)
    if write == "managers":
        return made
    if write == "ports":
        ports = {"namedPorts": [{"name": "http", "port": 80}]}
        return gcp.ask("POST", f"{zone}/instanceGroups/myname/setNamedPorts", ports)
    gcp.make_autoscaler(f"{zone}/instanceGroupManagers/myname")
    return gcp.ask("PATCH", f"{zone}/autoscalers?autoscaler=myname", {"autoscalingPolicy": {"maxNumReplicas": 4}})


def test_the_recorded_error_of_an_api_that_is_off_has_our_errors_form(gcp: Gcp, every: dict[str, Any]) -> None:
    recorded = every["forseti/api_not_enabled"]["error"]
    gcp.doors.fault("denied", operation="healthChecks.list")
    with pytest.raises(Refused) as refused:
        gcp.ask("GET", "global/healthChecks")
    assert refused.value.status == recorded["code"] == 403
    assert refused.value.body.keys() == recorded.keys()
    assert refused.value.body["errors"][0].keys() <= recorded["errors"][0].keys()


def test_a_recorded_alert_policy_is_kept_as_it_was(gcp: Gcp, every: dict[str, Any]) -> None:
    """Over gRPC, in the JSON of the API."""
    import grpc
    from google.cloud import monitoring_v3
    from google.cloud.monitoring_v3.services.alert_policy_service.transports import AlertPolicyServiceGrpcTransport

    channel = grpc.insecure_channel(gcp.emulator.monitoring_endpoint)
    client = monitoring_v3.AlertPolicyServiceClient(transport=AlertPolicyServiceGrpcTransport(channel=channel))
    policies = [
        one
        for name, recording in every.items()
        if "filter-alerts/get-v3" in name
        for one in recording["body"]["alertPolicies"]
    ]
    assert policies
    for recorded in policies:
        wanted = {
            name: value
            for name, value in recorded.items()
            if name in ("displayName", "combiner", "conditions", "enabled")
        }
        for condition in wanted["conditions"]:
            condition.pop("name", None)
            threshold = condition["conditionThreshold"]
            if "resource.type" not in threshold["filter"]:  # which the service asks for by now
                threshold["filter"] += ' AND resource.type="gce_instance"'
        assert load("monitoring.v3")
        made = client.create_alert_policy(
            name="projects/trimtab", alert_policy=monitoring_v3.AlertPolicy.from_json(json.dumps(wanted))
        )
        answered = json.loads(monitoring_v3.AlertPolicy.to_json(made, use_integers_for_enums=False))
        found = dict(leaves(answered))
        for path, value in leaves(wanted):
            assert found.get(path) == value, (path, value, found.get(path))
    channel.close()


def test_every_recording_is_replayed_or_out_of_scope(shared: Path) -> None:
    replayed = (
        "cloud-custodian/",
        "libcloud/",
        "forseti/",
        "perfkitbenchmarker/gcloud_compute_instance_groups_list_instances",
    )
    names = list(recordings(shared))
    assert len(names) > 40
    assert all(is_out_of_scope(name) or name.startswith(replayed) for name in names)
    unused = [pattern for pattern in OUT_OF_SCOPE if not any(re.fullmatch(pattern, name) for name in names)]
    assert not unused


def test_exceptions_are_patterns() -> None:
    for pattern, reason in {**FIELD_EXCEPTIONS, **OUT_OF_SCOPE}.items():
        assert re.compile(pattern)
        assert reason
