"""The instances of a managed instance group: they are made, come up, fail, are made anew, and go."""

import random
import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trimtab.emulators.gcp.health import (
    healing_check,
    heals_at,
    is_ill_made,
    is_repaired,
    repairs_with_latest,
    unhealthy_from,
)
from trimtab.emulators.gcp.member import Member, failed_attempt, instance_body
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.placement import is_spot, machine_of, shortage_of, zone_for, zones_of
from trimtab.emulators.gcp.quotas import exceeded
from trimtab.emulators.gcp.versions import next_template
from trimtab.emulators.gcp.world import CloudWorld, Phase

RETRY = timedelta(minutes=1)
"""How often an instance is tried again that could not be had."""
LETTERS = string.ascii_lowercase + string.digits


@dataclass
class Instances:
    """
    The instances behind one manager.

    Attributes:
        world: Where they are.
        key: The key of their manager.
        members: All of them, those on their way out too.
        errors: What went wrong, oldest first, as `listErrors` gives it.
    """

    world: CloudWorld
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
    def size(self) -> int:
        """How many instances it is to have."""
        return int(self.body.get("targetSize") or 0)

    @property
    def zones(self) -> list[str]:
        """Where its instances may be."""
        return zones_of(self.key, self.body)

    @property
    def shape(self) -> str:
        """How its instances are spread over its zones."""
        return str((self.body.get("distributionPolicy") or {}).get("targetShape") or "EVEN")

    def staying(self) -> list[Member]:
        """Its instances but for those on their way out."""
        return [member for member in self.members if not member.is_leaving]

    def named(self, names: Iterable[str]) -> list[Member]:
        """Those of these names that stay."""
        wanted = set(names)
        return [member for member in self.staying() if member.name in wanted]

    def settled(self) -> None:
        """Called when one has come up or has gone, or its health is another."""

    # coming

    def make(self) -> None:
        """Make one more."""
        template = next_template(self.body["versions"], self.size, self.staying())
        zone = zone_for(self.shape, self.zones, self.staying(), lambda candidate: self.is_short(candidate, template))
        size, flexible = machine_of(self.world, self.body, template, zone)
        member = Member(
            name=f"{self.body['baseInstanceName']}-{_suffix(self.world, self.key)}",
            zone=zone,
            template=template,
            size=size,
            flexible=flexible,
            number=self.world.number(),
            made=self.world.now(),
        )
        self.members.append(member)
        self._start(member)

    def _start(self, member: Member) -> None:
        member.ends = False
        self.world.resources.pop(member.key, None)
        member.size, member.flexible = machine_of(self.world, self.body, member.template, member.zone)
        spot = is_spot(self.world, member.template)
        shortage = shortage_of(self.world, member.size, member.zone, spot=spot)
        if shortage is not None:
            self._failed(member, shortage)
            return
        if (quota := exceeded(self.world, member.key, member.zone, member.size, spot)) is not None:
            self._failed(member, "quota", *quota)
            return
        member.error = None
        self._put_instance(member)
        self._later("boot_seconds", member, lambda: self._run(member))

    def _failed(self, member: Member, shortage: str, quota: str = "CPUS", limit: float = 24) -> None:
        before, number = member.error, member.number
        self.errors.append(failed_attempt(self.world, member, shortage, quota, limit))
        if before != member.error:
            self.world.look_again(self.key)
        self.world.at(
            self.world.now() + RETRY,
            (Phase.INSTANCES, member.name),
            lambda: self._try_again(member),
            lambda: member in self.staying() and member.number == number,
        )

    def _try_again(self, member: Member) -> None:
        if self.shape != "EVEN" and member.running_since is None and member.action == "CREATING":
            others = [other for other in self.staying() if other is not member]
            member.zone = zone_for(self.shape, self.zones, others, lambda zone: self.is_short(zone, member.template))
        self._start(member)

    def is_short(self, zone: str, template: str = "") -> bool:
        """Whether the next instance could not be had in a zone."""
        made_of = template or str(self.body["instanceTemplate"])
        size, _ = machine_of(self.world, self.body, made_of, zone)
        return shortage_of(self.world, size, zone, spot=is_spot(self.world, made_of)) is not None

    def _run(self, member: Member) -> None:
        member.running_since, member.action = self.world.now(), "NONE"
        if is_ill_made(self.world, member):
            self.world.failing.setdefault(member.name, member.made)
        if self._never_passed(member):
            member.action = "VERIFYING"
        self._put_instance(member)
        self.health_changed(member.name)
        self.settled()

    def _later(self, setting: str, member: Member, run: Any) -> None:
        number, action = member.number, member.action
        self.world.later(
            self.world.seconds(setting),
            (Phase.INSTANCES, member.name),
            run,
            lambda: member in self.members and (member.number, member.action) == (number, action),
        )

    def _put_instance(self, member: Member) -> None:
        is_new = member.key not in self.world.resources
        self.world.resources[member.key] = instance_body(self.world, member, self.key)
        if is_new:
            note_operation(self.world, "insert", member.key, user="system")

    # going

    def remove(self, member: Member) -> None:
        """Take one away."""
        member.action = "DELETING"
        self._stop(member)
        self._later("delete_seconds", member, lambda: self._gone(member))

    def _stop(self, member: Member) -> None:
        if member.key in self.world.resources:
            self.world.resources[member.key]["status"] = "STOPPING"

    def _gone(self, member: Member) -> None:
        self.members.remove(member)
        self.world.failing.pop(member.name, None)
        if self.world.resources.pop(member.key, None) is not None:
            note_operation(self.world, "delete", member.key, user="system")
        self.settled()

    # coming anew

    def recreate(self, member: Member, *, template: str | None = None) -> None:
        """Make an instance anew under its own name."""
        member.template = template or member.template
        member.action, member.running_since, member.error, member.ends = "RECREATING", None, None, True
        self._stop(member)
        self.world.failing.pop(member.name, None)
        member.number, member.made = self.world.number(), self.world.now()
        self._later("delete_seconds", member, lambda: self._start(member))

    def repair(self, member: Member) -> None:
        """Make an instance anew that has failed, from the template that it had, or today's where that is asked."""
        if not repairs_with_latest(self.body):
            self.recreate(member)
            return
        others = [other for other in self.staying() if other is not member]
        self.recreate(member, template=next_template(self.body["versions"], self.size, others))

    def was_deleted(self, member: Member) -> None:
        """Somebody has deleted an instance: it is made anew, or missing where nothing is repaired."""
        if is_repaired(self.body):
            self.repair(member)
        else:
            member.running_since, member.action = None, "NONE"
            self.world.resources.pop(member.key)

    def restart(self, member: Member) -> None:
        """Have an instance start again, as it is."""
        member.action, member.running_since = "RESTARTING", None
        self._put_instance(member)
        self._later("boot_seconds", member, lambda: self._run(member))

    # health

    def health_changed(self, name: str) -> None:
        """An instance fails its health check from now on, or passes: it is made anew when it has failed too long."""
        for member in self.named([name]):
            due = heals_at(self.world, member, self.body)
            if due is not None:
                self._repair_at(max(due, self.world.now()), member)
            elif member.action == "VERIFYING" and not self._never_passed(member):
                member.action = "NONE"
                self.settled()

    def _never_passed(self, member: Member) -> bool:
        """Whether an instance that came up now does not pass the group's health check, healed or not."""
        check = healing_check(self.body)
        return bool(check) and unhealthy_from(self.world, member, check) is not None

    def _repair_at(self, due: datetime, member: Member) -> None:
        number = member.number
        self.world.at(
            due,
            (Phase.INSTANCES, member.name),
            lambda: self.repair(member),
            lambda: member.number == number and self._is_ill(member),
        )

    def _is_ill(self, member: Member) -> bool:
        due = heals_at(self.world, member, self.body) if member in self.staying() else None
        return due is not None and due <= self.world.now()


def _suffix(world: CloudWorld, key: str) -> str:
    """Four letters, the same for the same history."""
    source = random.Random(f"{key} {world.number()}")
    return "".join(source.choice(LETTERS) for _ in range(4))
