"""What is asked about one group that exists."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trimtab.plan import read_description, read_tags
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.ids import parse_link, place_of
from trimtab.providers.gcp.importing.group_reader import import_group
from trimtab.providers.gcp.importing.replies import Replies
from trimtab.providers.gcp.kinds import ALERT_POLICY, CHANNEL
from trimtab.providers.gcp.reads import list_monitored
from trimtab.providers.gcp.resources import manager_resource
from trimtab.providers.gcp.states import States, second_of
from trimtab.providers.importing import Imported
from trimtab.providers.lookup import group_not_found


def read_group(calls: Calls, location: str, name: str, *, fleet: str | None = None) -> Imported:
    """
    The group of this name in a region or a zone of the project.

    Raises:
        NotFound: There is none.
    """
    now = calls.clock.now()
    managers = States(calls, now).managers()
    matches = [manager for manager in managers if manager["name"] == name and location in place_of(manager)]
    if not matches:
        raise group_not_found(name, location, "gcp")
    # by either name a group that is two native groups is read as one
    seconds = [(manager, second) for manager in managers if (second := second_of(manager, managers)) is not None]
    main, second = next((pair for pair in seconds if matches[0] in pair), (matches[0], None))
    replies = replace(_replies(calls, main), second=None if second is None else _replies(calls, second))
    return import_group(replies, now=now, location=calls.location, fleet=fleet)


def _replies(calls: Calls, manager: Mapping[str, Any]) -> Replies:
    link, group = str(manager.get("selfLink")), str(manager.get("instanceGroup"))
    scalers = [scaler for scaler in calls.aggregated("autoscalers").items if scaler.get("target") == link]
    services = [
        service
        for service in calls.aggregated("backendServices").items
        if any(each.get("group") == group for each in service.get("backends") or ())
    ]
    policies = [policy for policy in list_monitored(calls, ALERT_POLICY.name).items if _is_about(policy, manager)]
    return Replies(
        manager=manager,
        template=_template(calls, manager),
        autoscaler=scalers[0] if scalers else None,
        health_check=_health_check(calls, manager),
        services=sorted(services, key=lambda service: str(service["name"])),
        alerts=sorted(policies, key=lambda policy: str(policy.get("displayName"))),
        channels=list_monitored(calls, CHANNEL.name).items if policies else (),
    )


def _template(calls: Calls, manager: Mapping[str, Any]) -> Mapping[str, Any] | None:
    # that of the group as plans see it: during a rollout the one that it had
    versions = manager_resource(manager, "").body["versions"]
    link = str(versions[0].get("instanceTemplate") or "")
    parts = parse_link(link)
    if not link:
        return None
    if parts.scope.startswith("regions/"):
        region = parts.scope.removeprefix("regions/")
        return calls.get("regionInstanceTemplates.get", region=region, instance_template=parts.name)
    return calls.get("instanceTemplates.get", instance_template=parts.name)


def _health_check(calls: Calls, manager: Mapping[str, Any]) -> Mapping[str, Any] | None:
    policies = manager.get("autoHealingPolicies") or ()
    parts = parse_link(str(policies[0].get("healthCheck", ""))) if policies else None
    if parts is None or not parts.scope.startswith("regions/"):
        return None
    region = parts.scope.removeprefix("regions/")
    return calls.get("regionHealthChecks.get", region=region, health_check=parts.name)


def _is_about(policy: Mapping[str, Any], manager: Mapping[str, Any]) -> bool:
    mark, two = read_tags(policy.get("userLabels") or {})[1], read_description(manager.get("description"))[1]
    if mark is not None and two is not None:
        return (mark.fleet, mark.group) == (two.fleet, two.group)
    name = str(manager["name"])
    filters = [
        str((condition.get("conditionThreshold") or {}).get("filter", ""))
        for condition in policy.get("conditions") or ()
    ]
    if any(f'"{name}"' in text for text in filters):
        return True
    # of a metric that is no group's, its name says for whom it is
    return str(policy.get("displayName", "")).startswith(f"{name}-") and not any(map(_names_group, filters))


def _names_group(text: str) -> bool:
    return "instance_group" in text or "backend_name" in text
