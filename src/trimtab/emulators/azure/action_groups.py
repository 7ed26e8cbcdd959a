"""Action groups: who is told."""

import copy
from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.activities import deleted, note_write
from trimtab.emulators.azure.bodies import without_nulls
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler, page_of_group
from trimtab.emulators.azure.errors import missing
from trimtab.emulators.azure.ids import folded, make_id
from trimtab.emulators.azure.refusals import ACTION_GROUP, refuse
from trimtab.emulators.azure.regions import GLOBAL, REGIONS, check_location
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.versions import ACTION_GROUPS
from trimtab.emulators.shared.errors import ServiceError

KIND = "Microsoft.Insights/ActionGroups"
_RECEIVERS = (
    "emailReceivers",
    "smsReceivers",
    "webhookReceivers",
    "eventHubReceivers",
    "itsmReceivers",
    "azureAppPushReceivers",
    "automationRunbookReceivers",
    "voiceReceivers",
    "logicAppReceivers",
    "azureFunctionReceivers",
    "armRoleReceivers",
)
_WITH_STATUS = ("emailReceivers", "smsReceivers")
_COMMON_SCHEMA = (
    "emailReceivers",
    "webhookReceivers",
    "armRoleReceivers",
    "logicAppReceivers",
    "azureFunctionReceivers",
)
_LONGEST = 12


def _put(call: Call) -> Answer:
    key = _key(call)
    is_new = key not in call.world.resources
    body = _completed(call, without_nulls(call.body))
    refuse(ACTION_GROUP, body)
    call.world.resources[key] = body
    note_write(call, body["id"])
    return Answer(201 if is_new else 200, body)


def _patch(call: Call) -> Answer:
    action_group = _find(call)
    if call.body.get("tags") is not None:
        action_group["tags"] = dict(call.body["tags"])
    enabled = (call.body.get("properties") or {}).get("enabled")
    if enabled is not None:
        action_group["properties"]["enabled"] = bool(enabled)
    note_write(call, action_group["id"])
    return Answer(200, action_group)


def _get(call: Call) -> Answer:
    return Answer(200, _find(call))


def _list(call: Call) -> Answer:
    return page_of_group(call, (body for body in call.world.resources.values() if body["type"] == KIND))


def _delete(call: Call) -> Answer:
    return deleted(call, call.world.resources.pop(_key(call), None))


def _subscribe(call: Call) -> Answer:
    wanted = str((call.body or {}).get("receiverName"))
    properties = _find(call)["properties"]
    for name in _WITH_STATUS:
        if any(each["name"] == wanted for each in properties[name]):
            # this one error stands alone
            return Answer(409, {"code": "ReceiverAlreadyEnabled", "message": None})
    raise ServiceError("ReceiverNotFound", f"The receiver '{wanted}' was not found.", 404)


def _completed(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    properties = copy.deepcopy(given.get("properties") or {})
    short = str(properties.get("groupShortName") or "")
    if not 1 <= len(short) <= _LONGEST:
        raise ServiceError("BadRequest", f"The group short name is 1 to {_LONGEST} characters long, not '{short}'.")
    filled: dict[str, Any] = {"groupShortName": short, "enabled": properties.get("enabled", True)}
    for name in _RECEIVERS:
        filled[name] = [_receiver(name, each) for each in properties.get(name) or ()]
    check_location(KIND, given["location"], GLOBAL | REGIONS)
    return {
        "id": make_id(call.world.subscription, call.group, "microsoft.insights", "actionGroups", call.name),
        "type": KIND,
        "name": call.name,
        "location": given["location"],
        "tags": given.get("tags"),
        "properties": filled,
    }


def _receiver(kind: str, given: Mapping[str, Any]) -> dict[str, Any]:
    receiver = dict(given)
    if kind in _WITH_STATUS:
        receiver["status"] = "Enabled"
    if kind in _COMMON_SCHEMA:
        receiver.setdefault("useCommonAlertSchema", False)
    return receiver


def _find(call: Call) -> dict[str, Any]:
    action_group = call.world.resources.get(_key(call))
    if action_group is None:
        raise missing("Microsoft.Insights/actionGroups", call.name, call.group)
    return action_group


def _key(call: Call) -> str:
    return folded(call.world.id_of(call.group, "Microsoft.Insights/actionGroups", call.name))


_WHERE = "providers/Microsoft.Insights/actionGroups"
_ALL = f"{GROUP}/{_WHERE}"
_ONE = f"{_ALL}/{{name}}"


def _route(method: str, path: str, name: str, handler: Handler, body: str = "") -> ArmRoute:
    return ArmRoute(method, path, "insights", f"ActionGroups_{name}", ACTION_GROUPS, handler, body)


ROUTES = (
    _route("GET", f"{SUBSCRIPTION}/{_WHERE}", "ListBySubscriptionId", _list),
    _route("GET", _ALL, "ListByResourceGroup", _list),
    _route("PUT", _ONE, "CreateOrUpdate", _put, "monitor:ActionGroupResource"),
    _route("PATCH", _ONE, "Update", _patch, "monitor:ActionGroupPatchBody"),
    _route("GET", _ONE, "Get", _get),
    _route("DELETE", _ONE, "Delete", _delete),
    _route("POST", f"{_ONE}/subscribe", "EnableReceiver", _subscribe, "monitor:EnableRequest"),
)
