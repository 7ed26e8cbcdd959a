"""Autoscale settings: written, read, deleted."""

import copy
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.emulators.azure.activities import deleted, note_write
from trimtab.emulators.azure.autoscale_checks import check_setting
from trimtab.emulators.azure.autoscale_watch import AutoscaleWatch
from trimtab.emulators.azure.bodies import merged, without_nulls
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler, page_of_group
from trimtab.emulators.azure.errors import missing
from trimtab.emulators.azure.ids import folded, make_id
from trimtab.emulators.azure.refusals import SETTING, refuse
from trimtab.emulators.azure.regions import check_location
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.sdk_shapes import shape_of
from trimtab.emulators.azure.shapes import recased
from trimtab.emulators.azure.versions import AUTOSCALE
from trimtab.emulators.azure.world import CloudWorld, zulu
from trimtab.emulators.shared.errors import ServiceError

_WHOLE = "monitor:AutoscaleSettingResource"
KIND = "Microsoft.Insights/autoscaleSettings"
PREDICTION_SINCE = "2021-05-01"
"""The first version of the API that predicts, and in which a setting is off unless it says otherwise."""


def _put(call: Call) -> Answer:
    key = _key(call)
    existing = call.world.autoscale.get(key)
    body = _completed(call, recased(without_nulls(call.body), shape_of(_WHOLE)))
    _check(call, key, body)
    _keep(call, key, body)
    return Answer(200 if existing else 201, body)


def _patch(call: Call) -> Answer:
    key, watch = _key(call), _find(call)
    change = recased(call.body, shape_of(f"{_WHOLE}Patch"))
    body = merged(watch.body, {"properties": change.get("properties") or {}})
    if change.get("tags") is not None:
        body["tags"] = dict(change["tags"])
    body = _completed(call, body)
    _check(call, key, body)
    _keep(call, key, body)
    return Answer(200, body)


def _get(call: Call) -> Answer:
    return Answer(200, _find(call).body)


def _list(call: Call) -> Answer:
    return page_of_group(call, (each.body for each in call.world.autoscale.values()))


def _delete(call: Call) -> Answer:
    watch = call.world.autoscale.pop(_key(call), None)
    return deleted(call, watch.body if watch else None)


def _predict(call: Call) -> Answer:
    return Answer(200, forecast_reply(call.world, _find(call).forecast, call.query))


def _keep(call: Call, key: str, body: dict[str, Any]) -> None:
    earlier = call.world.autoscale.get(key)
    watch = AutoscaleWatch(call.world, key, body, earlier)
    call.world.autoscale[key] = watch
    watch.wake()
    note_write(call, body["id"])


def _find(call: Call) -> AutoscaleWatch:
    watch: AutoscaleWatch | None = call.world.autoscale.get(_key(call))
    if watch is None:
        raise missing(KIND, call.name, call.group)
    return watch


def _key(call: Call) -> str:
    return folded(call.world.id_of(call.group, KIND, call.name))


def _check(call: Call, key: str, body: Mapping[str, Any]) -> None:
    check_location(KIND, body["location"])
    refuse(SETTING, body)
    check_setting(body["properties"])
    target = folded(str(body["properties"].get("targetResourceUri") or ""))
    if not target:
        raise ServiceError("InvalidArgument", "The property 'targetResourceUri' has an invalid value.")
    if not body["properties"]["enabled"]:
        return
    for other, watch in call.world.autoscale.items():
        if other != key and watch.enabled and watch.target == target:
            text = (
                f"The target resource '{body['properties']['targetResourceUri']}' is already managed by the autoscale "
                f"setting '{watch.body['id']}'. A resource has at most one enabled autoscale setting."
            )
            raise ServiceError("Conflict", text, 409)


def _completed(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    properties = copy.deepcopy(given["properties"])
    predicts = call.request.version >= PREDICTION_SINCE
    for profile in properties.get("profiles") or ():
        _complete_profile(profile)
    for each in properties.get("notifications") or ():
        _complete_notification(each)
    properties["enabled"] = properties.get("enabled", not predicts)
    properties["name"] = call.name
    if predicts:
        policy = properties.get("predictiveAutoscalePolicy") or {"scaleMode": "Disabled"}
        properties["predictiveAutoscalePolicy"] = {"scaleLookAheadTime": None, **policy}
    return {
        # this service writes its own name in small letters
        "id": make_id(call.world.subscription, call.group, "microsoft.insights", "autoscalesettings", call.name),
        "name": call.name,
        "type": KIND,
        "location": given.get("location", ""),
        "tags": given.get("tags") or {},
        "properties": properties,
    }


def _complete_profile(profile: dict[str, Any]) -> None:
    for name in ("start", "end"):
        if profile.get("fixedDate"):
            # whole seconds only
            profile["fixedDate"][name] = re.sub(r"\.\d+", "", profile["fixedDate"][name])
    profile["capacity"] = {name: str(value) for name, value in profile["capacity"].items()}
    profile.setdefault("rules", [])
    for rule in profile["rules"]:
        trigger, action = rule["metricTrigger"], rule["scaleAction"]
        for name, value in (("metricNamespace", ""), ("dimensions", None), ("dividePerInstance", False)):
            trigger.setdefault(name, value)
        trigger["threshold"] = float(trigger["threshold"])
        action["value"] = str(action.get("value") or "1")


def _complete_notification(notification: dict[str, Any]) -> None:
    email = notification.setdefault("email", {})
    for name in ("sendToSubscriptionAdministrator", "sendToSubscriptionCoAdministrators"):
        email.setdefault(name, False)
    email.setdefault("customEmails", [])
    notification.setdefault("webhooks", None)


_WHERE = "providers/Microsoft.Insights/autoscalesettings"
_ALL = f"{GROUP}/{_WHERE}"
_ONE = f"{_ALL}/{{name}}"


def _route(method: str, path: str, name: str, handler: Handler, body: str = "") -> ArmRoute:
    return ArmRoute(method, path, "insights", f"AutoscaleSettings_{name}", AUTOSCALE, handler, body)


ROUTES = (
    _route("GET", f"{SUBSCRIPTION}/{_WHERE}", "ListBySubscription", _list),
    _route("GET", _ALL, "ListByResourceGroup", _list),
    _route("PUT", _ONE, "CreateOrUpdate", _put, _WHOLE),
    _route("PATCH", _ONE, "Update", _patch, f"{_WHOLE}Patch"),
    _route("GET", _ONE, "Get", _get),
    _route("DELETE", _ONE, "Delete", _delete),
    ArmRoute("GET", f"{_ONE}/predictiveMetrics", "insights", "PredictiveMetric_Get", AUTOSCALE, _predict),
)


def forecast_reply(world: CloudWorld, forecast: Mapping[datetime, float], query: Mapping[str, str]) -> dict[str, Any]:
    """The values of the predicted metric that were handed in, within the time that is asked for."""
    first, _, last = query.get("timespan", "").partition("/")
    points = [
        {"timeStamp": zulu(at), "value": value}
        for at, value in sorted(forecast.items())
        if (not first or zulu(at) >= first[:19]) and (not last or zulu(at)[:19] <= last[:19])
    ]
    name = query.get("metricName", "Percentage CPU")
    return {
        "timespan": query.get("timespan", ""),
        "interval": query.get("interval", "PT1H"),
        "metricName": name,
        "targetResourceId": "",
        "data": [{"timeStamp": zulu(world.now()), "metadataValues": [], "data": points}] if points else [],
    }
