"""A managed instance group: its instances come and go until there are as many as asked for."""

import random
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.world import ZONES, Phase, World, stamp

RETRY = timedelta(minutes=1)
"""How often an instance is tried again that could not be had."""
LETTERS = string.ascii_lowercase + string.digits
REASONS: Mapping[str, tuple[str, str]] = {
    "stockout": (
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        "The zone '{zone}' does not have enough resources available to fulfill the request. Try a different zone, or "
        "try again later.",
    ),
    "quota": ("QUOTA_EXCEEDED", "Quota 'CPUS' exceeded. Limit: 24.0 in region {region}."),
    "addresses": ("IP_SPACE_EXHAUSTED", "IP space of the subnetwork is exhausted."),
    "permission": ("PERMISSIONS_ERROR", "Required 'compute.instances.create' permission is missing."),
    "reservation": ("RESERVATION_CAPACITY_EXCEEDED", "Specified reservation does not have available resources."),
}


@dataclass
class Member:
    """One instance of a group."""

    name: str
    zone: str
    template: str
    size: str
    number: str
    made: datetime
    running_since: datetime | None = None
    action: str = "CREATING"
    error: dict[str, Any] | None = None

    @property
    def is_leaving(self) -> bool:
        """Whether it is on its way out."""
        return self.action == "DELETING"


@dataclass
class Group:
    """The instances behind one manager."""

    world: World
    key: str
    members: list[Member] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def body(self) -> dict[str, Any]:
        """The manager as it is kept."""
        return self.world.resources[self.key]

    @property
    def name(self) -> str:
        """Its name."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def template(self) -> str:
        """The link of the template from which instances are made."""
        return str(self.body["versions"][0]["instanceTemplate"])

    @property
    def zones(self) -> list[str]:
        """Where its instances may be."""
        scope, place = self.key.split("/")[:2]
        if scope == "zones":
            return [place]
        given = (self.body.get("distributionPolicy") or {}).get("zones") or ()
        return [one["zone"].rsplit("/", 1)[-1] for one in given] or [f"{place}-{one}" for one in ZONES[place][:3]]

    def staying(self) -> list[Member]:
        """Its instances but for those on their way out."""
        return [one for one in self.members if not one.is_leaving]

    def resize(self, size: int) -> None:
        """Ask for a size."""
        self.body["targetSize"] = size
        self.body["fingerprint"] = self.world.fingerprint()
        self.converge()

    def converge(self) -> None:
        """Make or take away as many as are missing or too many."""
        wanted = int(self.body.get("targetSize") or 0)
        while len(self.staying()) < wanted:
            self._make()
        while len(self.staying()) > wanted:
            self._remove(self._leaver())

    # coming

    def _make(self) -> None:
        zone = self._emptiest()
        template = self.world.resources[self.world.key(self.template)]
        name = f"{self.body['baseInstanceName']}-{_suffix(self.world, self.key)}"
        member = Member(
            name=name,
            zone=zone,
            template=self.template,
            size=self._size(template),
            number=self.world.number(),
            made=self.world.now(),
        )
        self.members.append(member)
        self._start(member)

    def _start(self, member: Member) -> None:
        if member not in self.members or member.is_leaving:
            return
        shortage = self._shortage(member)
        if shortage is not None:
            self._fail(member, shortage)
            return
        member.error = None
        self._put_instance(member)
        self.world.later(
            self.world.seconds("boot_seconds"),
            (Phase.INSTANCES, member.name),
            lambda: self._run(member),
            lambda: member in self.members and not member.is_leaving,
        )

    def _run(self, member: Member) -> None:
        member.running_since, member.action = self.world.now(), "NONE"
        self._put_instance(member)
        self.world.look_again(self.key)

    def _fail(self, member: Member, reason: str) -> None:
        code, text = REASONS[reason]
        message = text.format(zone=member.zone, region=member.zone.rpartition("-")[0])
        member.error = {"code": code, "message": message}
        self.errors.append(
            {
                "error": dict(member.error),
                "instanceActionDetails": {
                    "action": "CREATING",
                    "instance": self.world.link(f"zones/{member.zone}/instances/{member.name}"),
                    "version": {"instanceTemplate": member.template},
                },
                "timestamp": stamp(self.world.now()),
            }
        )
        due = self.world.now() + RETRY
        self.world.at(
            due, (Phase.INSTANCES, member.name), lambda: self._start(member), lambda: member.error is not None
        )

    def _shortage(self, member: Member) -> str | None:
        for one in self.world.shortages:
            if one["instance_type"] in ("*", member.size) and one["zone"] in ("*", member.zone):
                return one.get("reason") or "stockout"
        return None

    def _size(self, template: Mapping[str, Any]) -> str:
        selections = (self.body.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {}
        ranked = sorted(selections.values(), key=lambda one: int(one.get("rank") or 0))
        return str(ranked[0]["machineTypes"][0] if ranked else template["properties"]["machineType"])

    def _put_instance(self, member: Member) -> None:
        key = f"zones/{member.zone}/instances/{member.name}"
        template = self.world.resources[self.world.key(member.template)]["properties"]
        there = self.world.resources.get(key, {})
        number = int(member.number) % 65000
        cards = [
            {
                "name": f"nic{index}",
                "networkIP": f"10.0.{number // 250}.{number % 250 + 2}",
                **{name: card[name] for name in ("network", "subnetwork") if name in card},
                **({"accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": f"203.0.113.{number % 250 + 2}"}]}
                   if card.get("accessConfigs") else {}),
            }
            for index, card in enumerate(template.get("networkInterfaces") or ())
        ]  # fmt: skip
        self.world.resources[key] = {
            "kind": "compute#instance",
            "id": member.number,
            "creationTimestamp": there.get("creationTimestamp", stamp(member.made)),
            "name": member.name,
            "zone": self.world.link(f"zones/{member.zone}"),
            "selfLink": self.world.link(key),
            "machineType": self.world.link(f"zones/{member.zone}/machineTypes/{member.size}"),
            "status": "RUNNING" if member.running_since else "STAGING",
            "labels": dict(template.get("labels") or {}),
            "networkInterfaces": cards,
            "metadata": {
                "items": [
                    {"key": "instance-template", "value": member.template.partition("/v1/")[2]},
                    {"key": "created-by", "value": self.world.link(self.key).partition("/v1/")[2]},
                ]
            },
        }
        if not there:
            self._note("insert", key)

    # going

    def _leaver(self) -> Member:
        """What is not running yet goes first, then what is in the fullest zone, the newest of them."""
        staying = self.staying()
        sizes = Counter(one.zone for one in staying)
        return max(staying, key=lambda one: (one.running_since is None, sizes[one.zone], one.made, one.name))

    def _remove(self, member: Member) -> None:
        member.action = "DELETING"
        self.world.later(
            self.world.seconds("delete_seconds"),
            (Phase.INSTANCES, member.name),
            lambda: self._gone(member),
            lambda: member in self.members,
        )

    def _gone(self, member: Member) -> None:
        self.members.remove(member)
        key = f"zones/{member.zone}/instances/{member.name}"
        if self.world.resources.pop(key, None) is not None:
            self._note("delete", key)
        self.world.look_again(self.key)

    def take(self, names: list[str], *, shrink: bool) -> None:
        """Delete instances by name; others take their places unless the group shrinks."""
        for member in [one for one in self.staying() if one.name in names]:
            if shrink:
                self.body["targetSize"] -= 1
            self._remove(member)
        self.converge()

    def _emptiest(self) -> str:
        sizes = Counter(one.zone for one in self.staying())
        return min(self.zones, key=lambda zone: (sizes[zone], zone))

    def _note(self, verb: str, key: str) -> None:
        from trimtab.emulators.gcp.operations import note_operation

        note_operation(self.world, verb, key, user="system")

    # as the API gives it

    def listed(self) -> Iterator[dict[str, Any]]:
        """Its managed instances."""
        for one in self.members:
            found: dict[str, Any] = {
                "instance": self.world.link(f"zones/{one.zone}/instances/{one.name}"),
                "id": one.number,
                "name": one.name,
                "currentAction": one.action,
                "version": {"instanceTemplate": one.template},
                "lastAttempt": {"errors": {"errors": [dict(one.error)]}} if one.error else {},
            }
            if one.running_since is not None:
                found["instanceStatus"] = "RUNNING"
            elif one.error is None:
                found["instanceStatus"] = "STAGING"
            healing = self.body.get("autoHealingPolicies") or ()
            if healing and one.running_since is not None:
                state = "UNHEALTHY" if one.name in self.world.failing else "HEALTHY"
                found["instanceHealth"] = [
                    {"healthCheck": healing[0].get("healthCheck", ""), "detailedHealthState": state}
                ]
            yield found

    def shown(self) -> dict[str, Any]:
        """The manager with what is going on."""
        actions = dict.fromkeys(_ACTIONS, 0)
        for one in self.members:
            actions[_COUNTED[one.action]] += 1
        link = next((self.world.link(key) for key, one in self.world.watches.items() if one.target == self.key), None)
        stable = actions["none"] == len(self.members) == int(self.body.get("targetSize") or 0)
        status = {
            "isStable": stable,
            "allInstancesConfig": {"effective": True},
            "stateful": {"hasStatefulConfig": False, "perInstanceConfigs": {"allEffective": True}},
            "versionTarget": {"isReached": all(one.template == self.template for one in self.members)},
            **({"autoscaler": link} if link else {}),
        }
        return {**self.body, "currentActions": actions, "status": status}


_ACTIONS = (
    "none", "creating", "creatingWithoutRetries", "verifying", "recreating", "deleting", "abandoning", "restarting",
    "refreshing", "resuming", "starting", "stopping", "suspending",
)  # fmt: skip
_COUNTED = {"NONE": "none", "CREATING": "creating", "DELETING": "deleting"}


def _suffix(world: World, key: str) -> str:
    """Four letters, the same for the same history."""
    source = random.Random(f"{key} {world.number()}")
    return "".join(source.choice(LETTERS) for _ in range(4))
