"""What the replies of Compute Engine and Cloud Monitoring must look like, by operation; pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.providers.replies import Reply, ReplyContext, Shape, find_problem

OPERATION: Shape = {"kind": str, "name": str, "status": str, "error?": {"errors?": [{}]}}
NAMED: Shape = {"name": str, "selfLink": str}
GROUPS = "instanceGroupManagers"
LISTS: Mapping[str, tuple[str, Shape]] = {
    "instanceGroupManagers.aggregatedList": ("compute#instanceGroupManagerAggregatedList", NAMED),
    "autoscalers.aggregatedList": ("compute#autoscalerAggregatedList", {**NAMED, "target": str}),
    "healthChecks.aggregatedList": ("compute#healthChecksAggregatedList", NAMED),
    "backendServices.aggregatedList": ("compute#backendServiceAggregatedList", NAMED),
    "urlMaps.aggregatedList": ("compute#urlMapsAggregatedList", NAMED),
    "instances.aggregatedList": ("compute#instanceAggregatedList", NAMED),
    "globalOperations.aggregatedList": ("compute#operationAggregatedList", {"name": str, "status": str}),
    "instanceTemplates.list": ("compute#instanceTemplateList", NAMED),
    "images.list": ("compute#imageList", NAMED),
    "networks.list": ("compute#networkList", NAMED),
    "subnetworks.list": ("compute#subnetworkList", NAMED),
    "machineTypes.aggregatedList": ("compute#machineTypeAggregatedList", {**NAMED, "zone": str}),
    "reservations.aggregatedList": ("compute#reservationAggregatedList", {**NAMED, "zone": str}),
    "resourcePolicies.list": ("compute#resourcePolicyList", NAMED),
    "targetPools.list": ("compute#targetPoolList", NAMED),
    "zones.list": ("compute#zoneList", NAMED),
    # these two say no kind, and nothing at all where there is nothing
    **{f"{name}.listManagedInstances": ("", {}) for name in (GROUPS, "regionInstanceGroupManagers")},
    **{f"{name}.listErrors": ("", {}) for name in (GROUPS, "regionInstanceGroupManagers")},
}
"""The kind of each list, and what an item must have."""
HEALTH = "compute#backendServiceGroupHealth"
"""What has no name: how the members of a group in a backend service are."""
KINDS: Mapping[str, str] = {
    "autoscalers.get": "compute#autoscaler",
    "regionAutoscalers.get": "compute#autoscaler",
    "instanceGroupManagers.get": "compute#instanceGroupManager",
    "regionInstanceGroupManagers.get": "compute#instanceGroupManager",
    "instanceGroups.get": "compute#instanceGroup",
    "regionInstanceGroups.get": "compute#instanceGroup",
    "instanceTemplates.get": "compute#instanceTemplate",
    "regionInstanceTemplates.get": "compute#instanceTemplate",
    "regionHealthChecks.get": "compute#healthCheck",
    "backendServices.get": "compute#backendService",
    "regionBackendServices.get": "compute#backendService",
    "backendServices.getHealth": HEALTH,
    "regionBackendServices.getHealth": HEALTH,
    "urlMaps.get": "compute#urlMap",
    "regionUrlMaps.get": "compute#urlMap",
    "globalOperations.get": "compute#operation",
    "regionOperations.get": "compute#operation",
    "zoneOperations.get": "compute#operation",
    "regions.get": "compute#region",
}
"""What each resource says that it is; what a write answers is an operation."""
MONITORED: Mapping[str, Shape] = {
    "alertPolicies": {"name": str},
    "notificationChannels": {"name": str},
    "metrics": {"metric": {"type": str}},
}
DESCRIPTOR: Shape = {"name": str, "type": str}
ALERTS: Shape = {"alerts?": [{"name": str}], "nextPageToken?": str}
PLACES = frozenset({"project", "zone", "region", "request_id", "filter"})
KINDLESS = {
    "listErrors": frozenset({"items", "nextPageToken"}),
    "listManagedInstances": frozenset({"managedInstances", "nextPageToken"}),
}
"""What is in the replies that do not say of which kind they are, by method."""


def check_envelope(call: ReplyContext, reply: Reply) -> dict[str, Any]:
    """
    The JSON of a reply; refuses what is not one of the API, before the SDK makes anything of it.

    Raises:
        UnreadableReply: It is of something else.
    """
    body = call.json_of(reply)
    if 300 <= reply.status < 400:
        raise call.unreadable(reply, "it sends elsewhere")
    problem = find_problem(body, {"error": {"message?": str, "errors?": [{}], "details?": [{}]}})
    if reply.status >= 400 and problem:
        raise call.unreadable(reply, problem)
    parts = KINDLESS.get(call.operation.rpartition(" ")[2])
    if reply.status < 300 and parts and body and not body.keys() & parts:
        raise call.unreadable(reply, "it is the answer to another operation")
    return body


def without_empty_scopes(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """
    A page of an aggregated list without the zones and regions of which it only says that nothing is there.

    A page names each, some two hundred, and the SDK takes longer for them than for all that is there.

    Returns:
        `None` where there is nothing to leave out.
    """
    items = body.get("items")
    if not isinstance(items, dict):
        return None
    kept = {scope: value for scope, value in items.items() if not _is_empty(value)}
    return {**body, "items": kept} if len(kept) < len(items) else None


def _is_empty(scope: Any) -> bool:
    if not isinstance(scope, dict) or scope.keys() != {"warning"}:
        return False
    return isinstance(scope["warning"], dict) and scope["warning"].get("code") == "NO_RESULTS_ON_PAGE"


def check_list(call: ReplyContext, body: Mapping[str, Any], items: list[dict[str, Any]]) -> None:
    """
    Refuse a page that is of another list, or whose items lack what they are told by.

    Raises:
        UnreadableReply: It is so.
    """
    kind, shape = LISTS[call.operation]
    _require(call, _not_of_kind(body, kind) or find_problem(items, [shape]))


def check_one(call: ReplyContext, body: Mapping[str, Any], names: Mapping[str, Any]) -> None:
    """
    Refuse what is another resource than the one that was asked for.

    Raises:
        UnreadableReply: It is so.
    """
    kind = KINDS[call.operation]
    problem = _not_of_kind(body, kind) or ("" if kind == HEALTH else find_problem(body, {"name": str}))
    if not problem and KINDS[call.operation] == "compute#operation":
        problem = find_problem(body, OPERATION)
    if not problem and kind != HEALTH and body["name"] != (subject_of(names) or names.get("region")):
        problem = f"it is about {body['name']!r}"
    _require(call, problem)


def check_operation(call: ReplyContext, body: Mapping[str, Any], name: str) -> None:
    """
    Refuse what is no operation on the resource that was written.

    Raises:
        UnreadableReply: It is so.
    """
    problem = _not_of_kind(body, "compute#operation") or find_problem(body, OPERATION)
    target = str(body.get("targetLink", "")).rsplit("/", 1)[-1]
    _require(call, problem or (f"it is about {target!r}" if target and name and target != name else ""))


def check_monitored(call: ReplyContext, result: Any, request: Mapping[str, Any]) -> None:
    """
    Refuse what is not of the collection that was asked for.

    gRPC takes the bytes of another message for this one where the numbers of their fields agree.

    Raises:
        UnreadableReply: It is so.
    """
    if result is None:
        return
    collection = call.operation.partition(".")[0]
    items = result if isinstance(result, list) else [result]
    described = call.operation == "metrics.list_metric_descriptors"
    problem = find_problem(items, [DESCRIPTOR if described else MONITORED[collection]])
    if not problem and collection != "metrics":
        problem = next((f"it is about {item['name']!r}" for item in items if f"/{collection}/" not in item["name"]), "")
    sent: Any = next((value for value in request.values() if isinstance(value, Mapping) and "name" in value), None)
    if not problem and sent is not None and sent["name"] != items[0]["name"]:
        problem = f"it is about {items[0]['name']!r}"
    _require(call, problem)


def check_alerts(call: ReplyContext, body: Mapping[str, Any]) -> None:
    """
    Refuse what is no list of alerts.

    Raises:
        UnreadableReply: It is so.
    """
    _require(call, _not_of_kind(body, "") or find_problem(body, ALERTS))


def check_named(call: ReplyContext, body: Mapping[str, Any]) -> None:
    """
    Refuse what is no resource of IAM or Cloud KMS.

    Raises:
        UnreadableReply: It is so.
    """
    _require(call, find_problem(body, {"name": str}))


def subject_of(names: Mapping[str, Any]) -> str:
    """The name of the resource that a request is about."""
    plain = (value for name, value in names.items() if name not in PLACES and isinstance(value, str))
    created = (str(value["name"]) for value in names.values() if isinstance(value, Mapping) and "name" in value)
    return next(plain, "") or next(created, "")


def _not_of_kind(body: Mapping[str, Any], kind: str) -> str:
    actual = body.get("kind", "")
    return "" if actual == kind else f"it is {actual or 'of no kind'}" + (f", not {kind}" if kind else "")


def _require(call: ReplyContext, problem: str) -> None:
    if problem:
        raise call.unreadable(Reply(200, b""), problem)


class Listed(NamedTuple):
    """All that an aggregated list answered, and the scopes that did not."""

    items: Sequence[dict[str, Any]]
    unreachable: Sequence[str] = ()


def listed_items(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a page of a list."""
    items = body.get("items", body.get("managedInstances", ()))
    return items if isinstance(items, list) else []


def scoped_items(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a page of an aggregated list, of whatever scope."""
    return [item for scope in (body.get("items") or {}).values() for item in _inside(scope)]


def _inside(scope: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, value in scope.items():
        if name != "warning" and isinstance(value, list):
            yield from value


def look_of(operation: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The call that looks at an operation again."""
    name = {"operation": str(operation["name"])}
    for place in ("zone", "region"):
        if operation.get(place):
            return f"{place}Operations.get", {**name, place: str(operation[place]).rsplit("/", 1)[-1]}
    return "globalOperations.get", name


def following_page(body: Mapping[str, Any]) -> str:
    """The token of the page that follows; empty on the last one."""
    return str(body.get("nextPageToken") or "")


def if_ended(operation: dict[str, Any]) -> dict[str, Any] | None:
    """An operation that has ended; `None` while it runs."""
    return operation if operation.get("status") == "DONE" else None
