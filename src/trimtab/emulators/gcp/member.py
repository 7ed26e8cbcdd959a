"""One instance of a managed instance group: what it is made of, and how the API shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trimtab.emulators.gcp.world import CloudWorld, stamp

REASONS: Mapping[str, tuple[str, str]] = {
    "stockout": (
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        "The zone '{zone}' does not have enough resources available to fulfill the request. Try a different zone, or "
        "try again later.",
    ),
    "quota": ("QUOTA_EXCEEDED", "Quota '{quota}' exceeded. Limit: {limit:.1f} in region {region}."),
    "addresses": ("IP_SPACE_EXHAUSTED", "IP space of the subnetwork is exhausted."),
    "permission": ("PERMISSIONS_ERROR", "Required 'compute.instances.create' permission is missing."),
    "reservation": (
        "CONDITION_NOT_MET",
        "Specified reservation '{reservation}' does not have available resources for the request.",
    ),
}
"""Why an instance could not be had: the code and the text of each shortage."""


@dataclass
class Member:
    """
    One instance of a group.

    Attributes:
        size: Its machine type.
        flexible: Whether the group's policy of several sizes chose it.
        running_since: When it came up; `None` while it does not run.
        action: What its manager is doing to it.
        ends: Whether it is being taken away, to come anew.
        error: Why the last attempt to make it failed.
    """

    name: str
    zone: str
    template: str
    size: str
    number: str
    made: datetime
    flexible: bool = False
    running_since: datetime | None = None
    action: str = "CREATING"
    ends: bool = False
    error: dict[str, Any] | None = None

    @property
    def is_leaving(self) -> bool:
        """Whether it is on its way out."""
        return self.action == "DELETING"

    @property
    def is_available(self) -> bool:
        """Whether it runs, and has been healthy where a health check asks."""
        return self.running_since is not None and self.action != "VERIFYING"

    @property
    def status(self) -> str:
        """The status of the instance, as long as there is one."""
        if self.is_leaving or self.ends:
            return "STOPPING"
        return "RUNNING" if self.running_since else "STAGING"

    @property
    def key(self) -> str:
        """Its key in the world."""
        return f"zones/{self.zone}/instances/{self.name}"


def managed(
    world: CloudWorld, member: Member, health: Mapping[str, str], versions: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """
    An instance as its manager lists it.

    Args:
        world: Where it is.
        member: The instance.
        health: How it is by each health check that asks.
        versions: Those of its manager.
    """
    # empty on the way out: ManagedInstanceVersion, Compute Engine API
    version = {} if member.is_leaving else _version(versions, member)
    body: dict[str, Any] = {
        "instance": world.link(member.key),
        **({"id": member.number, "instanceStatus": member.status} if member.key in world.resources else {}),
        "name": member.name,
        "currentAction": member.action,
        **({"version": version} if version else {}),
        "lastAttempt": {"errors": {"errors": [dict(member.error)]}} if member.error else {},
    }
    if member.flexible:
        body["propertiesFromFlexibilityPolicy"] = {"machineType": member.size}
    if health and member.running_since is not None:
        states = [{"healthCheck": check, "detailedHealthState": state} for check, state in health.items()]
        body["instanceHealth"] = states
    return body


def _version(versions: Sequence[Mapping[str, Any]], member: Member) -> dict[str, Any]:
    own = next((each for each in versions if each.get("instanceTemplate") == member.template), {})
    return {"instanceTemplate": member.template, **({"name": own["name"]} if own.get("name") else {})}


def instance_body(world: CloudWorld, member: Member, manager: str) -> dict[str, Any]:
    """An instance as `instances.get` gives it."""
    template = world.resources[world.key(member.template)]["properties"]
    existing = world.resources.get(member.key, {})
    return {
        "kind": "compute#instance",
        "id": member.number,
        "creationTimestamp": existing.get("creationTimestamp", stamp(member.made)),
        "name": member.name,
        "zone": world.link(f"zones/{member.zone}"),
        "selfLink": world.link(member.key),
        "machineType": world.link(f"zones/{member.zone}/machineTypes/{member.size}"),
        "status": member.status,
        "labels": dict(template.get("labels") or {}),
        "networkInterfaces": [_card(member, index, card) for index, card in _cards(template)],
        "scheduling": dict(template.get("scheduling") or {}),
        "metadata": {
            "items": [
                {"key": "instance-template", "value": member.template.partition("/v1/")[2]},
                {"key": "created-by", "value": world.link(manager).partition("/v1/")[2]},
            ]
        },
    }


def _cards(template: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    return list(enumerate(template.get("networkInterfaces") or ()))


def _card(member: Member, index: int, card: Mapping[str, Any]) -> dict[str, Any]:
    number = int(member.number) % 65000
    outside = {"type": "ONE_TO_ONE_NAT", "natIP": f"203.0.113.{number % 250 + 2}"}
    return {
        "name": f"nic{index}",
        "networkIP": f"10.0.{number // 250}.{number % 250 + 2}",
        **{name: card[name] for name in ("network", "subnetwork") if name in card},
        **({"accessConfigs": [outside]} if card.get("accessConfigs") else {}),
    }


def failed_attempt(
    world: CloudWorld, member: Member, reason: str, quota: str = "CPUS", limit: float = 24
) -> dict[str, Any]:
    """What `listErrors` says of an attempt to make an instance."""
    code, text = REASONS[reason]
    template = world.resources.get(world.key(member.template), {}).get("properties") or {}
    reserved = (template.get("reservationAffinity") or {}).get("values") or ("any",)
    place = {"zone": member.zone, "region": member.zone.rpartition("-")[0], "reservation": reserved[0]}
    message = text.format(**place, quota=quota, limit=limit)
    member.error = {"code": code, "message": message}
    return {
        "error": dict(member.error),
        "instanceActionDetails": {
            "action": member.action,
            "instance": world.link(member.key),
            "version": {"instanceTemplate": member.template},
        },
        "timestamp": stamp(world.now()),
    }
