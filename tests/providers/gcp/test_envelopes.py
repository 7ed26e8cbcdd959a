"""The table of replies of Google Cloud: every operation that is called, each as the vendor's document has it."""

import json
import re
from pathlib import Path

import pytest

import trimtab.providers.gcp
from trimtab.emulators.gcp.discovery import load
from trimtab.emulators.gcp.routing import API
from trimtab.errors import UnreadableReply
from trimtab.providers.gcp.replies import (
    KINDS,
    LISTS,
    check_envelope,
    check_one,
    check_operation,
    scoped_items,
    without_empty_scopes,
)
from trimtab.providers.replies import Reply, ReplyContext

SOURCES = sorted(Path(trimtab.providers.gcp.__file__).parent.rglob("*.py"))
SCOPED = {"autoscalers", "instanceGroupManagers", "instanceGroups", "backendServices"}
"""Collections of which a program picks the zone's, the region's or the global one."""
OPERATION = {"kind": "compute#operation", "name": "operation-1", "status": "DONE"}
CALL = ReplyContext("gcp", "autoscalers.insert")


@pytest.mark.parametrize("operation", sorted({*KINDS, *LISTS}))
def test_kinds_are_those_of_the_document(operation):
    document = load(API)
    method = document.methods[f"compute.{operation}"]
    kind = document.schemas[method["response"]["$ref"]]["properties"].get("kind", {}).get("default", "")
    assert kind == (KINDS.get(operation) or LISTS.get(operation, ("",))[0])


def test_every_read_that_is_called_is_in_the_table():
    text = "".join(path.read_text() for path in SOURCES if path.name not in ("replies.py", "permissions.py"))
    called = set(re.findall(r'"([a-z]\w+\.(?:get|list|aggregatedList))"', text))
    collections = {f"{name}.aggregatedList" for name in re.findall(r'aggregated(?:\(|, )"(\w+)"', text)}
    called |= {name.replace("operations.", "globalOperations.") for name in collections}
    known = {*KINDS, *LISTS}
    called = {one for one in called if f"compute.{one}" in load(API).methods}
    assert {one for one in called if one.split(".")[0] not in SCOPED} <= known
    for collection in re.findall(r'scoped\(\s*"(\w+)"', text):
        assert collection in SCOPED
    region = {f"region{name[0].upper()}{name[1:]}" for name in SCOPED}
    assert {f"{name}.get" for name in SCOPED | region} <= known


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "compute#autoscalerList"},
        {**OPERATION, "status": None},
        {**OPERATION, "targetLink": "projects/p/zones/z/autoscalers/other"},
        {**OPERATION, "error": {"errors": "none"}},
    ],
)
def test_what_is_no_operation_on_the_resource_is_refused(body):
    with pytest.raises(UnreadableReply):
        check_operation(CALL, body, "web")


def test_an_operation_on_the_resource_is_taken():
    check_operation(CALL, {**OPERATION, "targetLink": "projects/p/zones/z/autoscalers/web", "more": 1}, "web")
    check_operation(CALL, OPERATION, "web")


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", b"{}"),
        (200, "application/json", b"[]"),
        (200, "application/json", b"{"),
        (302, "application/json", b"{}"),
        (403, "application/json", b"{}"),
        (403, "application/json", b'{"error": "denied"}'),
        (503, "text/html", b"<html>"),
    ],
)
def test_what_is_not_of_the_api_is_refused(status, kind, body):
    with pytest.raises(UnreadableReply):
        check_envelope(CALL, Reply(status, body, {"content-type": kind}))


def test_errors_of_the_api_are_taken():
    check_envelope(CALL, Reply(403, b'{"error": {"code": 403, "message": "no"}}', {"content-type": "application/json"}))


def objects_in(value):
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects_in(one)


def test_recorded_operations_and_resources_are_taken(shared):
    """What Google really answered is never taken for somebody else's."""
    seen = 0
    for path in sorted((shared / "recordings" / "gcp").rglob("*.json")):
        for item in objects_in(json.loads(path.read_text())):
            if item.get("kind") == "compute#operation":
                check_operation(CALL, item, str(item.get("targetLink", "")).rsplit("/", 1)[-1])
                seen += 1
            for operation, kind in KINDS.items():
                if kind == item.get("kind") and "name" in item:
                    check_one(ReplyContext("gcp", operation), item, {"it": item["name"]})
                    seen += 1
    assert seen > 50


def test_only_scopes_that_say_that_nothing_is_there_are_left_out():
    """https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers/aggregatedList"""
    empty = {"warning": {"code": "NO_RESULTS_ON_PAGE", "message": "There are no results."}}
    kept = {
        "zones/a": {"instanceGroupManagers": [{"name": "web"}]},
        "zones/b": {"warning": {"code": "UNREACHABLE", "message": "The scope could not be reached."}},
        "zones/c": {**empty, "instanceGroupManagers": [{"name": "api"}]},
        "zones/d": {"warning": "cut off"},
        "zones/e": {},
    }
    page = {
        "kind": "compute#instanceGroupManagerAggregatedList",
        "items": {"zones/0": empty, **kept},
        "unreachables": ["b"],
    }
    less = without_empty_scopes(page)
    assert less == {**page, "items": kept}
    assert scoped_items({"items": {name: kept[name] for name in ("zones/a", "zones/c")}}) == [
        {"name": "web"},
        {"name": "api"},
    ]
    for other in (less, {"items": []}, {"items": [empty]}, {}):
        assert without_empty_scopes(other) is None
