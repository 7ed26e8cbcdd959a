"""Metric alerts: written, read, deleted, and the state that they are in."""

import copy
from collections.abc import Mapping
from typing import Any

from trimtab.emulators.azure.activities import deleted, note_write
from trimtab.emulators.azure.alert_watch import AlertWatch
from trimtab.emulators.azure.bodies import merged, without_nulls
from trimtab.emulators.azure.calls import Answer, ArmRoute, Call, Handler
from trimtab.emulators.azure.errors import missing
from trimtab.emulators.azure.ids import folded, parse_id
from trimtab.emulators.azure.platform_metrics import check_known
from trimtab.emulators.azure.refusals import ALERT, refuse
from trimtab.emulators.azure.regions import GLOBAL, check_location, normal_location
from trimtab.emulators.azure.routing import GROUP, SUBSCRIPTION
from trimtab.emulators.azure.sdk_shapes import shape_of
from trimtab.emulators.azure.shapes import recased
from trimtab.emulators.azure.versions import ALERTS
from trimtab.emulators.shared.errors import ServiceError

_WHOLE = "monitor:MetricAlertResource"
KIND = "Microsoft.Insights/metricAlerts"
_FREQUENCIES = {"PT1M", "PT5M", "PT15M", "PT30M", "PT1H"}
_WINDOWS = {*_FREQUENCIES, "PT6H", "PT12H", "P1D", "PT24H"}


def _put(call: Call) -> Answer:
    body = _completed(call, recased(without_nulls(call.body), shape_of(_WHOLE)))
    refuse(ALERT, body)
    _keep(call, body)
    return Answer(200, body)


def _patch(call: Call) -> Answer:
    watch = _find(call)
    body = merged(watch.body, {"properties": call.body.get("properties") or {}})
    if call.body.get("tags") is not None:
        body["tags"] = dict(call.body["tags"])
    body = _completed(call, body)
    refuse(ALERT, body)
    _keep(call, body)
    return Answer(200, body)


def _get(call: Call) -> Answer:
    return Answer(200, _find(call).body)


def _list(call: Call) -> Answer:
    group = call.names.get("group")
    bodies = [each.body for each in call.world.alerts.values()]
    kept = [body for body in bodies if group is None or body["id"].split("/")[4].lower() == group.lower()]
    # all at once: a `MetricAlertResourceCollection` has no `nextLink`
    # https://learn.microsoft.com/rest/api/monitor/metricalerts/listbyresourcegroup
    return Answer(200, {"value": sorted(kept, key=lambda body: folded(body["id"]))})


def _delete(call: Call) -> Answer:
    watch = call.world.alerts.pop(_key(call), None)
    return deleted(call, watch.body if watch else None)


def _status(call: Call) -> Answer:
    return Answer(200, _find(call).status())


def _keep(call: Call, body: dict[str, Any]) -> None:
    _check(call, body)
    key = _key(call)
    watch = AlertWatch(call.world, key, body, call.world.alerts.get(key))
    call.world.alerts[key] = watch
    watch.wake()
    note_write(call, body["id"])


def _check(call: Call, body: Mapping[str, Any]) -> None:
    properties = body["properties"]
    frequency, window = properties["evaluationFrequency"], properties["windowSize"]
    if frequency not in _FREQUENCIES:
        raise _wrong("evaluationFrequency", f"'{frequency}' is none of {', '.join(sorted(_FREQUENCIES))}")
    if window not in _WINDOWS:
        raise _wrong("windowSize", f"'{window}' is none of {', '.join(sorted(_WINDOWS))}")
    if not 0 <= properties["severity"] <= 4:
        raise _wrong("severity", "a severity is 0 to 4")
    check_location(KIND, body["location"], GLOBAL)
    for criterion in properties["criteria"].get("allOf") or ():
        if not criterion.get("skipMetricValidation"):
            for scope in properties["scopes"]:
                name = str(criterion.get("metricName", ""))
                check_known(call.world.datapoints, str(scope), criterion.get("metricNamespace"), name)
    for action in properties.get("actions") or ():
        group = str(action.get("actionGroupId") or "")
        if not call.world.has(group):
            raise ServiceError("BadRequest", f"Action group {group} does not exist.")


def _completed(call: Call, given: Mapping[str, Any]) -> dict[str, Any]:
    properties = copy.deepcopy(given["properties"])
    criteria = properties["criteria"]
    for each in criteria.get("allOf", ()):
        if "threshold" in each:
            each["threshold"] = float(each["threshold"])
            if not each.get("dimensions"):
                each.pop("dimensions", None)
    if not properties.get("scopes"):
        raise _wrong("scopes", "an alert has a scope")
    if properties.get("targetResourceRegion"):
        properties["targetResourceRegion"] = normal_location(properties["targetResourceRegion"])
    elif resource_id := parse_id(properties["scopes"][0]):
        properties.setdefault("targetResourceType", resource_id.type.lower())
    properties.setdefault("actions", [])
    tags = {"tags": given["tags"]} if "tags" in given else {}
    return {
        "id": call.world.id_of(call.group, KIND, call.name),
        "name": call.name,
        "type": KIND,
        "location": given["location"],
        **tags,
        "properties": properties,
    }


def _find(call: Call) -> AlertWatch:
    watch: AlertWatch | None = call.world.alerts.get(_key(call))
    if watch is None:
        raise missing(KIND, call.name, call.group)
    return watch


def _key(call: Call) -> str:
    return folded(call.world.id_of(call.group, KIND, call.name))


def _wrong(name: str, why: str) -> ServiceError:
    return ServiceError("BadRequest", f"The property '{name}' has an invalid value: {why}.")


_WHERE = f"providers/{KIND}"
_ALL = f"{GROUP}/{_WHERE}"
_ONE = f"{_ALL}/{{name}}"


def _route(method: str, path: str, name: str, handler: Handler, body: str = "") -> ArmRoute:
    return ArmRoute(method, path, "insights", name, ALERTS, handler, body)


ROUTES = (
    _route("GET", f"{SUBSCRIPTION}/{_WHERE}", "MetricAlerts_ListBySubscription", _list),
    _route("GET", _ALL, "MetricAlerts_ListByResourceGroup", _list),
    _route("PUT", _ONE, "MetricAlerts_CreateOrUpdate", _put, _WHOLE),
    _route("PATCH", _ONE, "MetricAlerts_Update", _patch, f"{_WHOLE}Patch"),
    _route("GET", _ONE, "MetricAlerts_Get", _get),
    _route("DELETE", _ONE, "MetricAlerts_Delete", _delete),
    _route("GET", f"{_ONE}/status", "MetricAlertsStatus_List", _status),
    _route("GET", f"{_ONE}/status/{{status}}", "MetricAlertsStatus_ListByName", _status),
)
