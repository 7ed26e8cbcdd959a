"""The table of replies of Azure: every operation that is called; good replies taken, others refused."""

import json
import re
from pathlib import Path

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.monitor import MonitorManagementClient

import trimtab.providers.azure
from trimtab.errors import UnreadableReply
from trimtab.providers.azure.replies import EXPECTED, Form, check_reply
from trimtab.providers.azure.writes import OTHERS, SETS
from trimtab.providers.replies import Reply, ReplyContext

BASE = "https://management.azure.com"
ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"
SET = {"id": ID, "name": "web", "location": "westeurope", "properties": {}}
JSON = {"content-type": "application/json; charset=utf-8"}
NUMBERED = {"x-ms-request-id": "1"}
SOURCES = sorted(Path(trimtab.providers.azure.__file__).parent.rglob("*.py"))


def test_every_operation_that_is_called_is_in_the_table():
    text = "".join(path.read_text() for path in SOURCES if path.name != "replies.py")
    called = set(re.findall(r'"((?:compute|monitor)\.\w+\.\w+)"', text))
    called |= {f"{SETS}.{verb}" for verb in re.findall(r'f"\{SETS\}\.(\w+)"', text)}
    called |= {f"{group}.{verb}" for group in OTHERS.values() for verb in re.findall(r'f"\{operation\}\.(\w+)"', text)}
    assert called <= set(EXPECTED)
    assert len(called) > 20


@pytest.mark.parametrize("operation", sorted(name for name in EXPECTED if name.count(".") == 2))
def test_operations_are_those_of_the_sdk(operation):
    service, group, method = operation.split(".")
    made = {"compute": ComputeManagementClient, "monitor": MonitorManagementClient}[service](object(), "s")
    assert callable(getattr(getattr(made, group), method))


def check(operation, body, *, status=200, head=JSON, name=""):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    check_reply(ReplyContext("azure", operation), Reply(status, text, head), BASE, name)


def test_good_replies_are_taken():
    check(f"{SETS}.get", {**SET, "more": [1]}, name="web")
    check(f"{SETS}.get", SET, name="WEB")
    check(f"{SETS}.list", {"value": [SET], "nextLink": f"{BASE}:443/further"})
    check(f"{SETS}.list", {"value": []})
    check(f"{SETS}.begin_update", SET, name="web")
    check(f"{SETS}.begin_update", b"", status=202, head={**NUMBERED, "azure-asyncoperation": f"{BASE}/operations/1"})
    check(f"{SETS}.begin_delete", b"", status=202, head={**NUMBERED, "location": f"{BASE}/operations/1"})
    check("monitor.metric_alerts.delete", b"", head=NUMBERED)
    check("monitor.metric_alerts.delete", b"", status=204, head=NUMBERED)
    check("operation", {"status": "InProgress"})
    check(f"{SETS}.get", {"error": {"code": "ResourceNotFound", "message": "no"}}, status=404)
    check(f"{SETS}.get", {"code": "Conflict", "message": "no"}, status=409)


OTHER = ID.replace("virtualMachineScaleSets/web", "virtualMachineScaleSets/other")
BAD = [
    ("get", {}, {}),
    ("get", [], {}),
    ("get", b"", {}),
    ("get", b"null", {}),
    ("get", b"<html></html>", {"head": {"content-type": "text/html"}}),
    ("get", b"<html></html>", {"head": {"content-type": "text/html"}, "status": 404}),
    ("get", b"", {"status": 404}),
    ("get", {"error": []}, {"status": 403}),
    ("get", json.dumps(SET).encode()[:40], {}),
    ("get", {**SET, "id": OTHER}, {}),
    ("get", {**SET, "id": ID.replace("virtualMachineScaleSets", "disks")}, {}),
    ("get", {**SET, "tags": {"a": 5}}, {}),
    ("get", {**SET, "tags": ["a"]}, {}),
    ("get", {**SET, "zones": "1"}, {}),
    ("get", {**SET, "sku": {"capacity": "two"}}, {}),
    ("get", {**SET, "properties": {"virtualMachineProfile": []}}, {}),
    ("get", {**SET, "properties": {"virtualMachineProfile": {"networkProfile": {"healthProbe": 5}}}}, {}),
    ("list", {}, {}),
    ("list", {"value": {}}, {}),
    ("list", {"value": [None]}, {}),
    ("list", {"value": [{**SET, "id": f"{ID}/virtualMachines/0"}]}, {}),
    ("list", {"value": [], "nextLink": "https://elsewhere.example/further"}, {}),
    ("begin_update", b"", {"head": NUMBERED}),
    ("begin_update", b"", {"status": 202, "head": NUMBERED}),
    ("begin_update", b"", {"status": 202, "head": {**NUMBERED, "location": "https://elsewhere.example/operation"}}),
    ("begin_update", SET, {"head": {**JSON, "azure-asyncoperation": "https://elsewhere.example/operation"}}),
    ("begin_delete", b"", {}),
    ("begin_delete", {}, {"head": {**JSON, **NUMBERED}}),
    ("begin_delete", b"", {"status": 302, "head": NUMBERED}),
]


@pytest.mark.parametrize(("operation", "body", "more"), BAD)
def test_what_is_not_of_the_operation_is_refused(operation, body, more):
    with pytest.raises(UnreadableReply):
        check(f"{SETS}.{operation}", body, name="web", **more)


def test_a_list_of_images_says_of_an_empty_one_that_it_is_its_own():
    check("compute.virtual_machine_images.list", [], head={**JSON, **NUMBERED})
    with pytest.raises(UnreadableReply):
        check("compute.virtual_machine_images.list", [])
    assert EXPECTED["compute.virtual_machine_images.list"].form is Form.ARRAY


RECORDED = {
    "microsoft.compute/virtualmachinescalesets": f"{SETS}.get",
    "microsoft.insights/autoscalesettings": "monitor.autoscale_settings.get",
    "microsoft.insights/metricalerts": "monitor.metric_alerts.get",
    "microsoft.insights/actiongroups": "monitor.action_groups.get",
}


def test_recorded_resources_are_taken(shared):
    """What Azure really answered is never taken for somebody else's."""
    seen = 0
    for path in sorted((shared / "recordings" / "azure").rglob("*.json")):
        for item in resources_in(json.loads(path.read_text())):
            kind = "/".join(re.findall(r"/providers/([^/]+)/([^/]+)/[^/]+$", item["id"].lower())[0])
            check(RECORDED[kind], item, name=item["name"])
            seen += 1
    assert seen > 50


def resources_in(value):
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, list):
        for one in value:
            yield from resources_in(one)
    elif isinstance(value, dict):
        kinds = re.findall(r"/providers/([^/]+)/([^/]+)/[^/]+$", str(value.get("id", "")).lower())
        whole = isinstance(value.get("properties"), dict) and "name" in value and ("location" in value)
        if kinds and "/".join(kinds[0]) in RECORDED and whole:
            yield value
        else:
            for one in value.values():
                yield from resources_in(one)
