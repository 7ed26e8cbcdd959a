"""A managed instance group: its instances come and go until there are as many as asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trimtab.emulators.gcp.health import healing_check, health_state
from trimtab.emulators.gcp.instances import Instances
from trimtab.emulators.gcp.member import Member, managed
from trimtab.emulators.gcp.placement import leaver, lopsided
from trimtab.emulators.gcp.versions import has_enough, next_template, number_of, surplus

ACTIONS = (
    "none", "creating", "creatingWithoutRetries", "verifying", "recreating", "deleting", "abandoning", "restarting",
    "refreshing", "resuming", "starting", "stopping", "suspending",
)  # fmt: skip


@dataclass
class Group(Instances):
    """The instances behind one manager, and how many it wants of which kind."""

    is_closing: bool = False
    """Whether it is being deleted."""
    _is_converging: bool = False
    _is_unsettled: bool = False

    @property
    def policy(self) -> dict[str, Any]:
        """How it brings instances up to date."""
        return self.body.get("updatePolicy") or {}

    def outdated(self) -> list[Member]:
        """Its instances that run from a template of which there are enough, or that is none of its versions."""
        return surplus(self.body["versions"], self._reach(), self.staying())

    def is_outdated(self, member: Member) -> bool:
        """Whether an instance may run from another template: of its own there are too many."""
        return has_enough(self.body["versions"], self._reach(), self.staying(), member.template)

    def _reach(self) -> int:
        """
        The size that the versions are about: one instance too many is not of the wrong version for it.

        Where two share the group, it is one of the version that has too many.
        """
        return self.size if len(self.body["versions"]) > 1 else max(self.size, len(self.staying()))

    def resize(self, size: int) -> None:
        """Ask for a size."""
        self.body["targetSize"] = size
        self.body["fingerprint"] = self.world.fingerprint()
        self.converge()

    def converge(self) -> None:
        """Make or take away as many as are missing or too many; bring them to their templates where that is asked."""
        self._is_unsettled = True
        if self._is_converging:
            return
        self._is_converging = True
        while self._is_unsettled:
            self._is_unsettled = False
            self._approach()
        self._is_converging = False

    def _approach(self) -> None:
        if self._rolls():
            self._roll()
        rolling = self._rolls() and bool(self.outdated())
        while len(self.staying()) < self.size:
            self.make()
        while len(self.staying()) > self.size + (self._surge() if rolling else 0):
            self.remove(self._leaver())
        if not rolling:
            self._spread()

    def _leaver(self, among: Sequence[Member] | None = None) -> Member:
        old = {member.name for member in self.outdated()}
        return leaver(self.staying() if among is None else among, ill=self.world.failing, old=old)

    def _rolls(self) -> bool:
        """Whether it brings instances up to date by itself, which takes replacing them."""
        most = self.policy.get("mostDisruptiveAllowedAction") or "REPLACE"
        return self.policy.get("type") == "PROACTIVE" and most == "REPLACE"

    def _roll(self) -> None:
        """As many steps of a rollout as its policy allows at once."""
        unavailable = number_of(self.policy.get("maxUnavailable") or {}, self.size, up=False)
        while old := self.outdated():
            staying = self.staying()
            available = sum(member.is_available for member in staying)
            idle = next((member for member in old if not member.is_available), None)
            if len(staying) < self.size + self._surge() and len(staying) - len(old) < self.size:
                self.make()
            elif idle is not None or available - 1 >= self.size - unavailable:
                self._replace(idle or old[0])
            else:
                return

    def _surge(self) -> int:
        """How many instances there may be above the size in a rollout."""
        return number_of(self.policy.get("maxSurge") or {}, self.size, up=True)

    def _replace(self, member: Member) -> None:
        """Let an instance go for another one, or make it anew from the template that lacks most."""
        if self.policy.get("replacementMethod") == "RECREATE":
            others = [other for other in self.staying() if other is not member]
            self.recreate(member, template=next_template(self.body["versions"], self.size, others))
        else:
            self.remove(member)

    def _spread(self) -> None:
        """Even out the zones, where that is asked: one comes in the emptiest for one that goes in the fullest."""
        if self.shape != "EVEN" or self.policy.get("instanceRedistributionType") != "PROACTIVE":
            return
        while pair := lopsided(self.zones, self.staying()):
            fullest, emptiest = pair
            if self.is_short(emptiest):
                return
            self.make()
            self.remove(self._leaver([member for member in self.staying() if member.zone == fullest]))

    def close(self) -> None:
        """Take away everything, and then the group."""
        self.is_closing = True
        self.delete([member.name for member in self.staying()])
        self._vanish_when_empty()

    def _vanish_when_empty(self) -> None:
        if self.is_closing and not self.members and self.world.groups.pop(self.key, None) is not None:
            self.world.resources.pop(self.world.key(str(self.body["instanceGroup"])), None)
            self.world.resources.pop(self.key, None)

    def settled(self) -> None:
        """Something has come up or has gone: a rollout may go on, and the autoscaler looks again."""
        self._vanish_when_empty()
        if self.key in self.world.groups:
            self.converge()
            self.world.look_again(self.key)

    # what is asked of single instances

    def delete(self, names: Iterable[str]) -> None:
        """Take instances away, and as many off the size."""
        members = self.named(names)
        self.body["targetSize"] = self.size - len(members)
        for member in members:
            # none of them is there any more when the first has gone
            member.action = "DELETING"
        for member in members:
            self.remove(member)

    def abandon(self, names: Iterable[str]) -> None:
        """Let go of instances, which run on, and take as many off the size."""
        members = self.named(names)
        self.body["targetSize"] = self.size - len(members)
        self.members = [member for member in self.members if member not in members]
        self.settled()

    def bring_up_to_date(self, member: Member) -> None:
        """Put an instance of the current template in the place of one: under its name, or as another one."""
        self._replace(member)
        self.converge()

    # as the API gives it

    def listed(self) -> Iterator[dict[str, Any]]:
        """Its managed instances."""
        check = healing_check(self.body)
        for member in self.members:
            health = {check: health_state(self.world, member, check)} if check else {}
            yield managed(self.world, member, health, self.body["versions"])

    def shown(self) -> dict[str, Any]:
        """The manager with what is going on."""
        actions = dict.fromkeys(ACTIONS, 0)
        for member in self.members:
            actions[member.action.lower()] += 1
        link = next(
            (self.world.link(key) for key, watch in self.world.watches.items() if watch.target == self.key), None
        )
        status = {
            "isStable": actions["none"] == len(self.members) == self.size,
            "allInstancesConfig": {"effective": True},
            "stateful": {"hasStatefulConfig": False, "perInstanceConfigs": {"allEffective": True}},
            "versionTarget": {"isReached": not self.outdated()},
            **({"autoscaler": link} if link else {}),
        }
        return {**self.body, **self._calculated(), "currentActions": actions, "status": status}

    def _calculated(self) -> dict[str, Any]:
        """The numbers of its versions and of its rollouts with what they come to."""
        policy, versions = dict(self.policy), [dict(version) for version in self.body["versions"]]
        for holder, name, up in [
            (policy, "maxSurge", True),
            (policy, "maxUnavailable", False),
            *((version, "targetSize", True) for version in versions),
        ]:
            if holder.get(name):
                holder[name] = {**holder[name], "calculated": number_of(holder[name], self.size, up=up)}
        return {"updatePolicy": policy, "versions": versions}
