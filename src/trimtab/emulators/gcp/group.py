"""A managed instance group: its instances come and go until there are as many as asked for."""

import random
import string
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from trimtab.emulators.gcp.member import Member, failed_attempt, instance_body, managed
from trimtab.emulators.gcp.operations import note_operation
from trimtab.emulators.gcp.versions import next_template, number_of, surplus
from trimtab.emulators.gcp.world import ZONES, Phase, World

RETRY = timedelta(minutes=1)
"""How often an instance is tried again that could not be had."""
LETTERS = string.ascii_lowercase + string.digits


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
    def size(self) -> int:
        """How many instances it is to have."""
        return int(self.body.get("targetSize") or 0)

    @property
    def zones(self) -> list[str]:
        """Where its instances may be."""
        scope, place = self.key.split("/")[:2]
        if scope == "zones":
            return [place]
        given = (self.body.get("distributionPolicy") or {}).get("zones") or ()
        return [one["zone"].rsplit("/", 1)[-1] for one in given] or [f"{place}-{one}" for one in ZONES[place][:3]]

    @property
    def health_check(self) -> str:
        """The health check by which instances are made anew; empty where there is none."""
        policies = self.body.get("autoHealingPolicies") or ()
        return str(policies[0].get("healthCheck") or "") if policies else ""

    def staying(self) -> list[Member]:
        """Its instances but for those on their way out."""
        return [one for one in self.members if not one.is_leaving]

    def outdated(self) -> list[Member]:
        """Its instances that run from a template of which there are enough, or that is none of its versions."""
        return surplus(self.body["versions"], self.size, self.staying())

    def resize(self, size: int) -> None:
        """Ask for a size."""
        self.body["targetSize"] = size
        self.body["fingerprint"] = self.world.fingerprint()
        self.converge()

    def converge(self) -> None:
        """Make or take away as many as are missing or too many; bring them to their templates where that is asked."""
        if (self.body.get("updatePolicy") or {}).get("type") == "PROACTIVE" and self.outdated():
            self._roll()
            return
        while len(self.staying()) < self.size:
            self._make()
        while len(self.staying()) > self.size:
            self._remove(self._leaver())

    def _roll(self) -> None:
        """As many steps of a rollout as its policy allows at once."""
        policy = self.body["updatePolicy"]
        surge = number_of(policy.get("maxSurge") or {}, self.size, up=True)
        unavailable = number_of(policy.get("maxUnavailable") or {}, self.size, up=False)
        while old := self.outdated():
            staying = self.staying()
            running = sum(one.running_since is not None for one in staying)
            idle = next((one for one in old if one.running_since is None), None)
            if len(staying) < self.size + surge and len(staying) - len(old) < self.size:
                self._make()
            elif idle is not None or running - 1 >= self.size - unavailable:
                self._remove(idle or old[0])
            else:
                return

    # coming

    def _make(self) -> None:
        zone = self._emptiest()
        template = next_template(self.body["versions"], self.size, self.staying())
        size, flexible = self._machine(template, zone)
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
        if member not in self.members or member.is_leaving:
            return
        member.size, member.flexible = self._machine(member.template, member.zone)
        shortage = self._shortage(member.size, member.zone)
        if shortage is not None:
            self.errors.append(failed_attempt(self.world, member, shortage))
            order = (Phase.INSTANCES, member.name)
            due = self.world.now() + RETRY
            self.world.at(due, order, lambda: self._start(member), lambda: member.error is not None)
            return
        member.error = None
        self._put_instance(member)
        self._later("boot_seconds", member, lambda: self._run(member))

    def _run(self, member: Member) -> None:
        member.running_since, member.action = self.world.now(), "NONE"
        self._put_instance(member)
        self._settled()

    def _settled(self) -> None:
        """Something has come up or has gone: a rollout may go on, and the autoscaler looks again."""
        if self.key in self.world.groups:
            self.converge()
            self.world.look_again(self.key)

    def _later(self, setting: str, member: Member, run: Any) -> None:
        number, action = member.number, member.action
        self.world.later(
            self.world.seconds(setting),
            (Phase.INSTANCES, member.name),
            run,
            lambda: member in self.members and (member.number, member.action) == (number, action),
        )

    def _shortage(self, size: str, zone: str) -> str | None:
        for one in self.world.shortages:
            if one["instance_type"] in ("*", size) and one["zone"] in ("*", zone):
                return one.get("reason") or "stockout"
        return None

    def _machine(self, template: str, zone: str) -> tuple[str, bool]:
        """
        The machine type of the next instance, and whether the policy of several sizes chose it.

        Of these the best rank that can be had in the zone (Instance flexibility, Compute Engine).
        """
        selections = (self.body.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {}
        ranked = sorted(selections.values(), key=lambda one: int(one.get("rank") or 0))
        sizes = [str(size) for one in ranked for size in one["machineTypes"]]
        if not sizes:
            return str(self.world.resources[self.world.key(template)]["properties"]["machineType"]), False
        return next((size for size in sizes if self._shortage(size, zone) is None), sizes[0]), True

    def _put_instance(self, member: Member) -> None:
        is_new = member.key not in self.world.resources
        self.world.resources[member.key] = instance_body(self.world, member, self.key)
        if is_new:
            note_operation(self.world, "insert", member.key, user="system")

    # going

    def _leaver(self) -> Member:
        """
        What goes next: what does not run, then what is unhealthy, then of a template that has enough.

        Then what is in the fullest zone, the newest of them (resize, instanceGroupManagers of the Compute Engine API,
        names what is looked at).
        """
        staying, old = self.staying(), {one.name for one in self.outdated()}
        zones = Counter(one.zone for one in staying)
        return max(
            staying,
            key=lambda one: (
                one.running_since is None,
                one.name in self.world.failing,
                one.name in old,
                zones[one.zone],
                one.made,
                one.name,
            ),
        )

    def _remove(self, member: Member) -> None:
        member.action = "DELETING"
        self._later("delete_seconds", member, lambda: self._gone(member))

    def _gone(self, member: Member) -> None:
        self.members.remove(member)
        self.world.failing.discard(member.name)
        if self.world.resources.pop(member.key, None) is not None:
            note_operation(self.world, "delete", member.key, user="system")
        self._settled()

    # what is asked of single instances

    def named(self, names: Iterable[str]) -> list[Member]:
        """Those of these names that stay."""
        wanted = set(names)
        return [one for one in self.staying() if one.name in wanted]

    def delete(self, names: Iterable[str]) -> None:
        """Take instances away, and as many off the size."""
        found = self.named(names)
        self.body["targetSize"] = self.size - len(found)
        for member in found:
            self._remove(member)

    def abandon(self, names: Iterable[str]) -> None:
        """Let go of instances, which run on, and take as many off the size."""
        found = self.named(names)
        self.body["targetSize"] = self.size - len(found)
        self.members = [one for one in self.members if one not in found]
        self.world.look_again(self.key)

    def recreate(self, member: Member, *, template: str | None = None) -> None:
        """Make an instance anew under its own name."""
        member.template = template or member.template
        member.action, member.running_since = "RECREATING", None
        self.world.resources.pop(member.key, None)
        self.world.failing.discard(member.name)
        member.number, member.made = self.world.number(), self.world.now()
        self._later("delete_seconds", member, lambda: self._start(member))

    def restart(self, member: Member) -> None:
        """Have an instance start again, as it is."""
        member.action, member.running_since = "RESTARTING", None
        self._put_instance(member)
        self._later("boot_seconds", member, lambda: self._run(member))

    def bring_up_to_date(self, member: Member) -> None:
        """Put an instance of the current template in the place of one: under its name, or as another one."""
        template = next_template(self.body["versions"], self.size, [one for one in self.staying() if one is not member])
        if (self.body.get("updatePolicy") or {}).get("replacementMethod") == "RECREATE":
            self.recreate(member, template=template)
        else:
            self._remove(member)
            self.converge()

    def fell_ill(self, name: str) -> None:
        """An instance fails its health check from now on: it is made anew when it has done so for long enough."""
        for member in self.named([name]):
            if self.health_check and member.running_since is not None:
                self._heal_later(member)

    def _heal_later(self, member: Member) -> None:
        number = member.number
        self.world.at(
            self._healing_at(member),
            (Phase.INSTANCES, member.name),
            lambda: self.recreate(member),
            lambda: self._is_ill(member) and member.number == number,
        )

    def _is_ill(self, member: Member) -> bool:
        failing = member.name in self.world.failing
        return failing and bool(self.health_check) and member in self.members and not member.is_leaving

    def _healing_at(self, member: Member) -> Any:
        check = self.world.resources.get(self.world.key(self.health_check), {})
        failing = int(check.get("unhealthyThreshold") or 2) * int(check.get("checkIntervalSec") or 5)
        delay = int(self.body["autoHealingPolicies"][0].get("initialDelaySec") or 0)
        first = (member.running_since or self.world.now()) + timedelta(seconds=delay)
        return max(first, self.world.now() + timedelta(seconds=failing))

    def _emptiest(self) -> str:
        sizes = Counter(one.zone for one in self.staying())
        return min(self.zones, key=lambda zone: (sizes[zone], zone))

    # as the API gives it

    def listed(self) -> Iterator[dict[str, Any]]:
        """Its managed instances."""
        return (managed(self.world, one, self.health_check) for one in self.members)

    def shown(self) -> dict[str, Any]:
        """The manager with what is going on."""
        actions = dict.fromkeys(ACTIONS, 0)
        for one in self.members:
            actions[one.action.lower()] += 1
        link = next((self.world.link(key) for key, one in self.world.watches.items() if one.target == self.key), None)
        status = {
            "isStable": actions["none"] == len(self.members) == self.size,
            "allInstancesConfig": {"effective": True},
            "stateful": {"hasStatefulConfig": False, "perInstanceConfigs": {"allEffective": True}},
            "versionTarget": {"isReached": not self.outdated()},
            **({"autoscaler": link} if link else {}),
        }
        return {**self.body, "currentActions": actions, "status": status}


ACTIONS = (
    "none", "creating", "creatingWithoutRetries", "verifying", "recreating", "deleting", "abandoning", "restarting",
    "refreshing", "resuming", "starting", "stopping", "suspending",
)  # fmt: skip


def _suffix(world: World, key: str) -> str:
    """Four letters, the same for the same history."""
    source = random.Random(f"{key} {world.number()}")
    return "".join(source.choice(LETTERS) for _ in range(4))
