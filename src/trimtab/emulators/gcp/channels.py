"""Notification channels: kept, and never verified or told anything."""

from collections.abc import Mapping
from typing import Any

from trimtab.emulators.gcp.filters import invalid
from trimtab.emulators.gcp.monitoring_bodies import check_user_labels, listed, masked
from trimtab.emulators.gcp.monitoring_world import MonitoringWorld
from trimtab.emulators.gcp.refusals import refuse
from trimtab.emulators.shared.errors import ServiceError
from trimtab.emulators.shared.moments import zulu

Body = dict[str, Any]
LABELS: Mapping[str, tuple[str, ...]] = {
    "email": ("email_address",),
    "pubsub": ("topic",),
    "webhook_tokenauth": ("url",),
    "webhook_basicauth": ("url", "username", "password"),
    "sms": ("number",),
    "slack": ("channel_name", "auth_token", "team"),
    "pagerduty": ("service_key",),
}
"""The types of channels, and the labels of each."""
SECRET = frozenset({"auth_token", "password", "service_key"})
"""Labels that reads do not tell."""
OPTIONAL = frozenset({"team"})
_HIDDEN = "**************"
_OUTPUT = ("name", "creationRecord", "mutationRecords", "verificationStatus")
_FIELDS = frozenset({"type", "displayName", "description", "labels", "userLabels", "enabled"})


def list_channels(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `ListNotificationChannels`."""
    items, more = listed(list(world.channels.values()), request)
    return {"notificationChannels": [_shown(channel) for channel in items], **more, "totalSize": len(world.channels)}


def get_channel(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `GetNotificationChannel`."""
    return _shown(_find(world, request["name"]))


def create_channel(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `CreateNotificationChannel`."""
    given = {key: value for key, value in request.get("notificationChannel", {}).items() if key not in _OUTPUT}
    _check(given)
    name = f"projects/{world.project}/notificationChannels/{world.next_number()}"
    record = {"mutateTime": zulu(world.now()), "mutatedBy": world.user}
    channel = {"name": name, "enabled": True, **given, "creationRecord": record, "mutationRecords": [record]}
    world.channels[name] = channel
    return _shown(channel)


def update_channel(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `UpdateNotificationChannel`."""
    given = request.get("notificationChannel", {})
    live = _find(world, given.get("name", ""))
    body = {key: value for key, value in given.items() if key not in _OUTPUT}
    wanted = masked(live, body, request.get("updateMask", ""), known=_FIELDS)
    _check(wanted)
    if wanted["type"] != live["type"]:
        raise invalid("notification_channel.type", wanted["type"], "The type of a channel cannot be changed.")
    record = {"mutateTime": zulu(world.now()), "mutatedBy": world.user}
    kept = {key: live[key] for key in ("name", "creationRecord")}
    records = [*live["mutationRecords"], record]
    world.channels[live["name"]] = {"enabled": True, **wanted, **kept, "mutationRecords": records}
    return _shown(world.channels[live["name"]])


def delete_channel(world: MonitoringWorld, request: Body) -> Body:
    """The reply to `DeleteNotificationChannel`: refused while a policy tells it, unless forced."""
    name = _find(world, request["name"])["name"]
    users = [policy for policy in world.policies.values() if name in policy.get("notificationChannels", ())]
    if users and not request.get("force"):
        told = ", ".join(policy["name"] for policy in users)
        raise ServiceError("FAILED_PRECONDITION", f"Cannot delete {name}: it is used by the alerting policies {told}.")
    for user in users:
        user["notificationChannels"] = [channel for channel in user["notificationChannels"] if channel != name]
    del world.channels[name]
    return {}


def _find(world: MonitoringWorld, name: str) -> Body:
    channel = world.channels.get(name)
    if channel is None:
        raise ServiceError("NOT_FOUND", f"Notification channel {name} not found.", 404)
    return channel


def _check(body: Body) -> None:
    kind, labels = body.get("type", ""), set(body.get("labels", {}))
    if kind not in LABELS:
        raise invalid("notification_channel.type", kind, f"The type is one of {', '.join(LABELS)}.")
    for label in sorted(labels.symmetric_difference(LABELS[kind]) - OPTIONAL):
        text = "It is unknown" if label in labels else "It is required"
        raise invalid("notification_channel.labels", label, f"{text} for channels of type {kind}.")
    refuse("notificationChannels", body)
    check_user_labels(body, "notification_channel.user_labels")


def _shown(body: Body) -> Body:
    labels = {key: _HIDDEN if key in SECRET else value for key, value in body.get("labels", {}).items()}
    return {**body, "labels": labels}
