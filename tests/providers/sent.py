"""What was sent to create each resource, read off the log of an emulator: by resource, by leaf, as plans spell it."""

import json
import re
from datetime import datetime

from trimtab.plan import Ref, Secret, Text

ADDRESS = "https://www.googleapis.com/compute/v1/"
AWS_NAMES = {
    "CreateLaunchTemplate": ("launch-template", "LaunchTemplateName"),
    "CreateAutoScalingGroup": ("autoscaling-group", "AutoScalingGroupName"),
    "PutScalingPolicy": ("scaling-policy", "PolicyName"),
    "PutMetricAlarm": ("metric-alarm", "AlarmName"),
}
AWS_PARTS = {
    "PutWarmPool": lambda rest: {"WarmPoolConfiguration": rest},
    "SuspendProcesses": lambda rest: {"SuspendedProcesses": rest["ScalingProcesses"]},
    "EnableMetricsCollection": lambda rest: {"EnabledMetrics": rest["Granularity"]},
}
GCP_KINDS = {
    "instanceTemplates": "instance-template",
    "regionHealthChecks": "health-check",
    "regionInstanceGroupManagers": "group-manager",
    "instanceGroupManagers": "group-manager",
    "regionAutoscalers": "autoscaler",
    "autoscalers": "autoscaler",
    "CreateAlertPolicy": "alert-policy",
    "CreateNotificationChannel": "notification-channel",
}
AZURE_KINDS = {
    "VirtualMachineScaleSets_CreateOrUpdate": "scale-set",
    "AutoscaleSettings_CreateOrUpdate": "autoscale-setting",
    "MetricAlerts_CreateOrUpdate": "metric-alert",
    "ActionGroups_CreateOrUpdate": "action-group",
}


def leaves_of(kind, value, path="", pattern=""):
    """Every leaf of a body by path, as the rows of a kind say which lists are maps or sets; empty ones say nothing."""
    if isinstance(value, dict):
        for name, item in value.items():
            dot = "." if path else ""
            yield from leaves_of(kind, item, f"{path}{dot}{name}", f"{pattern}{dot}{name}")
    elif isinstance(value, (list, tuple)) and pattern in kind.sets:
        if value:
            yield path, sorted(json.dumps(item, sort_keys=True) for item in value)
    elif isinstance(value, (list, tuple)):
        key = kind.maps.get(pattern)
        for index, item in enumerate(value):
            rest = {name: field for name, field in item.items() if name != key} if key else item
            name = item[key] if key else index
            if key and not rest:
                yield f"{path}[{name}]", True
            yield from leaves_of(kind, rest, f"{path}[{name}]", f"{pattern}[*]")
    elif value is not None:
        yield path, value


def shown(change, live):
    """The fields of a creation as the plan shows them, references as what they became."""
    return {field.path: _plain(field.new, live) for field in change.fields}


def _plain(value, live):
    if isinstance(value, Ref):
        return live[value.key].attributes[value.attribute]
    if isinstance(value, Text):
        return "".join(str(_plain(part, live)) for part in value.parts)
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, frozenset):
        return sorted(json.dumps(_thawed(item, live), sort_keys=True) for item in value)
    return value


def _thawed(item, live):
    if isinstance(item, tuple) and item and all(isinstance(pair, tuple) and len(pair) == 2 for pair in item):
        return {name: _thawed(value, live) for name, value in item}
    return [_thawed(value, live) for value in item] if isinstance(item, tuple) else _plain(item, live)


# what each cloud was sent, by kind and name


def sent_to_aws(calls, plan):
    bodies = {}
    for call in calls:
        params = dict(call.params)
        params.pop("ClientToken", None)
        if call.operation in AWS_NAMES:
            kind, name = AWS_NAMES[call.operation]
            if kind != "autoscaling-group":
                params.pop("AutoScalingGroupName", None)
            place = kind, params.pop(name)
            bodies[place] = _as_group(params) if kind == "autoscaling-group" else params
        elif call.operation == "BatchPutScheduledUpdateGroupAction":
            for action in params["ScheduledUpdateGroupActions"]:
                name = action.pop("ScheduledActionName")
                moments = {field: _zulu(action[field]) for field in ("StartTime", "EndTime") if field in action}
                bodies["scheduled-action", name] = action | moments
        elif call.operation in AWS_PARTS:
            place = "autoscaling-group", params.pop("AutoScalingGroupName")
            bodies[place] |= AWS_PARTS[call.operation](params)
        else:
            raise AssertionError(f"{call.operation} creates nothing that this test knows")
    return bodies


def _as_group(params):
    """Subnets as a list; tags without the group that they are of."""
    subnets = {"VPCZoneIdentifier": params["VPCZoneIdentifier"].split(",")} if "VPCZoneIdentifier" in params else {}
    about = ("ResourceId", "ResourceType")
    tags = [{name: value for name, value in tag.items() if name not in about} for tag in params["Tags"]]
    if "MixedInstancesPolicy" in params:  # the emulator adds the template's id to what it was given
        params["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"].pop("LaunchTemplateId", None)
    return {**params, **subnets, "Tags": tags}


def _zulu(moment):
    moment = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment).replace("Z", "+00:00"))
    return moment.isoformat().replace("+00:00", "Z")


def sent_to_azure(calls, plan):
    bodies = {}
    wanted = {(change.key.kind, change.key.name.lower()): change.wanted for change in plan}
    for call in calls:
        place = re.search(r"/resourcegroups/([^/]+)/.*/([^/]+)$", call.params["path"], re.IGNORECASE)
        kind, name = AZURE_KINDS[call.operation], place[2]
        body = json.loads(json.dumps(call.params["body"]))
        if kind == "scale-set":
            body["resourceGroup"] = place[1]
            if "identity" in body:
                body["identity"]["userAssignedIdentities"] = list(body["identity"]["userAssignedIdentities"])
        if kind == "autoscale-setting":
            _name_rules(body["properties"], wanted[kind, name.lower()].body["properties"])
        bodies[kind, name] = body
    return bodies


def _name_rules(sent, planned):
    """Rules have no names in Azure, and the end of a window is called by JSON: they are told by their place."""
    for profile, plan in zip(sent["profiles"], planned["profiles"], strict=True):
        profile["name"] = plan["name"]
        for rule, other in zip(profile["rules"], plan["rules"], strict=True):
            rule["name"] = other["name"]


def sent_to_gcp(calls, plan):
    bodies = {}
    for call in calls:
        if call.service == "monitoring":
            body = next(value for name, value in call.params.items() if name != "name")
            bodies[GCP_KINDS[call.operation], body.pop("displayName")] = body
            continue
        body = json.loads(call.params["body"].replace(ADDRESS, ""))
        collection = call.operation.split(".")[0]
        if collection.endswith("ackendServices"):
            for change in plan:
                if change.key.kind == "backend" and change.key.name.endswith(call.params["path"].rsplit("/", 1)[-1]):
                    _take_backend(bodies, change, body)
            continue
        kind, zone = GCP_KINDS[collection], re.search(r"/zones/([^/]+)/", call.params["path"])
        if zone:
            body["zone"] = zone[1]
        if "distributionPolicy" in body and body["distributionPolicy"].get("zones"):
            body["distributionPolicy"]["zones"] = [
                each["zone"].rsplit("/", 1)[-1] for each in body["distributionPolicy"]["zones"]
            ]
        bodies[kind, body.pop("name")] = body
    return bodies


def _take_backend(bodies, change, service):
    for backend in service["backends"]:
        if backend["group"].endswith(f"/{change.key.parent}"):
            drain = service.get("connectionDraining", {}).get("drainingTimeoutSec")
            sent = {**backend, **({} if drain is None else {"drain": drain})}
            # a later one sends it again, with what the service answered
            bodies.setdefault(("backend", change.key.name, change.key.parent), sent)


SENT = {"aws": sent_to_aws, "azure": sent_to_azure, "gcp": sent_to_gcp}
