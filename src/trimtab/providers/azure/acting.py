"""What is done to one group that runs: a size asked for, a pause, its end, a policy acted on once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any

from trimtab.declarations.find import refuse_unsupported
from trimtab.engine.profiles import MOST_PROFILES
from trimtab.errors import Conflict, InvalidRequest, NotFound, Unreachable, Unsupported
from trimtab.plan import read_tags
from trimtab.providers.azure.bodies import READ_ONLY
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.errors import STALE
from trimtab.providers.azure.ids import normal_location
from trimtab.providers.azure.kinds import AUTOSCALE_SETTING
from trimtab.providers.azure.reads import list_kind
from trimtab.providers.azure.resources import find_pause, planned_profiles
from trimtab.providers.azure.states import States, active_spans, bounds_of, find_setting, held_word, is_flexible
from trimtab.providers.azure.writes import SETS
from trimtab.providers.base import GroupState, Instance, InstanceState
from trimtab.providers.lookup import group_not_found
from trimtab.providers.moments import zulu
from trimtab.providers.pause import BOOST, BOOST_TAG, Boost, Pause
from trimtab.providers.pause import TAG as PAUSE_TAG
from trimtab.providers.policy_execution import executed_size, find_amount, not_executable
from trimtab.providers.sizes import check_shrink

MACHINES = "compute.virtual_machine_scale_set_vms"
SETTINGS = "monitor.autoscale_settings"


@dataclass(frozen=True)
class GroupActions:
    """Acts on one group of the connection's resource group."""

    calls: Calls
    location: str
    name: str
    now: datetime

    def set_capacity(self, desired: int) -> None:
        """Ask for a size inside the bounds that hold now; outside them Azure would undo it at once."""
        item, setting = self._scale_set(), self._setting()
        if setting is not None:
            bounds_of(setting, self.now).check(desired, self.name, "azure")
        self._resize(item, desired)

    def set_mix(self, size: int, *, base: int) -> None:
        """
        One PATCH with the size and the mix: "existing VMs aren't rebalanced".

        https://learn.microsoft.com/azure/virtual-machine-scale-sets/spot-priority-mix
        """
        item = self._scale_set()
        mix = (item.get("properties") or {}).get("priorityMixPolicy") or {}
        self._resize(item, size, properties={"priorityMixPolicy": {**mix, "baseRegularPriorityCount": base}})

    def execute(self, policy: str, *, value: float | None, threshold: float | None) -> None:
        """Act once on a simple policy, by its name: rules themselves cannot be fired."""
        item, setting = self._scale_set(), self._setting()
        if setting is None:
            raise NotFound(f"group {self.name!r} has no policy {policy!r}", provider="azure", operation="execute")
        size, bounds = int(item["sku"]["capacity"]), bounds_of(setting, self.now)
        body = self._policy(setting, policy)
        self._resize(item, executed_size(body, size, bounds.min, bounds.max, value=value, threshold=threshold))

    def pause(self, pause: Pause) -> None:
        """Mark the setting and disable it in one write; what was active says which bounds still hold."""
        setting = self._setting()
        if setting is None:
            raise Unsupported(f"group {self.name!r} has no autoscale setting, so nothing can be paused")
        before = find_pause(setting)
        held = before.held if before is not None else None
        if held is None:
            held = (held_word(setting, self.now),) if setting["properties"].get("enabled") else ()
        marked = replace(pause, held=held)
        self._put(setting, {**(setting.get("tags") or {}), PAUSE_TAG: marked.line()}, enabled=False)

    def resume(self) -> None:
        """Enable what the pause disabled, and take the mark away."""
        setting = self._setting()
        pause = find_pause(setting) if setting is not None else None
        if setting is None or pause is None:
            return
        tags = {name: value for name, value in (setting.get("tags") or {}).items() if name != PAUSE_TAG}
        self._put(setting, tags, enabled=pause.held is None or bool(pause.held))

    def boost(self, boost: Boost) -> None:
        """
        Mark the setting and put fixed dates before its profiles, in one write: each is over by itself.

        A scale set without a setting is marked alone: nothing of Azure's moves its size.
        """
        setting = self._setting()
        if setting is None:
            self._tag(replace(boost, held=()))
            return
        plain = _unboosted(setting)
        profiles = [*self._boosted(plain, boost), *plain["properties"]["profiles"]]
        if len(profiles) > MOST_PROFILES:
            text = f"{self.name!r} would have {len(profiles)} profiles, and an autoscale setting has {MOST_PROFILES}"
            raise InvalidRequest(f"{text} at most; boost it for a shorter time", provider="azure", operation="boost")
        self._put_boost(plain, profiles, replace(boost, held=()))

    def end_boost(self) -> None:
        """Take the fixed dates and the mark away."""
        setting = self._setting()
        if setting is None:
            self._tag(None)
        elif BOOST_TAG in (setting.get("tags") or {}) or _unboosted(setting) != setting:
            plain = _unboosted(setting)
            self._put_boost(plain, plain["properties"]["profiles"], None)

    def protect(self, instances: Sequence[Instance], *, protected: bool) -> None:
        """
        Set `protectFromScaleIn`, for those where it is not so already.

        https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-instance-protection
        """
        if is_flexible(self._scale_set()):
            text = f"{self.name!r} is a flexible scale set, whose machines have no protection from scaling in"
            raise Unsupported(f"{text}; lock the machine (`az lock create`), or pause the group")
        self.calls.gather_or_raise([partial(self._protect, instance.id, protected) for instance in instances])

    def _protect(self, number: str, protected: bool) -> None:
        """Write on the version that was read, each time it is another one; after a lost reply nothing is left to do."""
        where = (self.calls.home.resource_group, self.name, number)
        for last in (False, False, True):
            machine = self.calls.call(f"{MACHINES}.get", *where)
            policy = (machine.get("properties") or {}).get("protectionPolicy") or {}
            if not protected and policy.get("protectFromScaleSetActions"):
                text = f"instance {number!r} of {self.name!r} is protected from all actions on its scale set"
                fix = "take `protectFromScaleSetActions` off it first, which trimtab does not set"
                raise InvalidRequest(f"{text}, scaling in among them; {fix}", provider="azure", operation="protect")
            if bool(policy.get("protectFromScaleIn")) == protected:
                return
            changed = {"protectionPolicy": {**policy, "protectFromScaleIn": protected}}
            body = {"location": machine["location"], "properties": changed}
            try:
                self.calls.begin(f"{MACHINES}.begin_update", *where, body, etag=machine.get("etag"))
            except Conflict as error:
                if last or error.code != STALE:
                    raise
            else:
                return

    def drain(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """Refused: an instance has no such state."""
        refuse_unsupported("drain", "azure", self.name)

    def end_instances(self, state: GroupState, instances: Sequence[Instance], *, shrink: bool) -> None:
        """
        Delete them, which takes them off the size; where others are to come, the size is raised by them before.

        The size that a deletion leaves is not read back at once, so that only what is added before is sure to count.
        At the maximum, which autoscale would enforce in between, it is put back once the deletion is over.
        https://github.com/kubernetes/autoscaler/pull/3510
        """
        ids = [instance.id for instance in instances]
        if shrink:
            check_shrink(state, instances, "azure")
            self._delete(ids)
        elif self._setting() is None or state.desired + len(ids) <= state.max:
            self._grow(len(ids))
            self._delete(ids)
        else:
            self._delete(ids, wait=True)
            self._resize(self._scale_set(), state.desired)

    def _delete(self, ids: Sequence[str], *, wait: bool = False) -> None:
        """Delete instances; that one has gone already is told by a refusal."""
        group = self.calls.home.resource_group
        try:
            self.calls.begin(f"{SETS}.begin_delete_instances", group, self.name, {"instanceIds": list(ids)}, wait=wait)
        except (InvalidRequest, NotFound):
            left = self._there(ids)
            if len(left) == len(ids):
                raise
            if left:
                self._delete(left, wait=wait)

    def _there(self, ids: Sequence[str]) -> list[str]:
        """Those that are still in the group, and not on their way out."""
        states = States(self.calls, self.now).read([(self.location, self.name)])
        there = {each.id for state in states for each in state.instances if each.state is not InstanceState.TERMINATING}
        return [number for number in ids if number in there]

    def _grow(self, number: int) -> None:
        """
        Add to the size of the version that was read, each time it is another one.

        After a lost reply the size itself says whether it was added.
        """
        group = self.calls.home.resource_group
        for last in (False, False, False, False, True):
            item = self._scale_set()
            size = int(item["sku"]["capacity"]) + number
            body = {"sku": {**item["sku"], "capacity": size}}
            try:
                self.calls.begin(
                    f"{SETS}.begin_update",
                    group,
                    self.name,
                    body,
                    etag=item.get("etag"),
                    wait=False,
                    repeatable=False,
                )
            except Conflict as error:
                if last or error.code != STALE:
                    raise
            except Unreachable:
                if int(self._scale_set()["sku"]["capacity"]) == size:
                    return
                if last:
                    raise
            else:
                return

    def _boosted(self, setting: Mapping[str, Any], boost: Boost) -> Iterator[dict[str, Any]]:
        """A copy of each profile that rules during a boost, with a greater minimum."""
        by_name = {profile["name"]: profile for profile in setting["properties"]["profiles"]}
        number = count(1)
        for begin, end, name in active_spans(setting, self.now.replace(microsecond=0), boost.until):
            profile = by_name[name]
            capacity = profile["capacity"]
            if int(capacity["maximum"]) < boost.min:
                text = f"the maximum of {self.name!r} is {capacity['maximum']} from {begin:%Y-%m-%d %H:%M} UTC"
                raise InvalidRequest(f"{text}; raise that first", provider="azure", operation="boost")
            if int(capacity["minimum"]) >= boost.min or begin >= end:
                continue
            least = {"minimum": str(boost.min), "default": str(max(boost.min, int(capacity["default"])))}
            rest = {field: value for field, value in profile.items() if field != "recurrence"}
            when = {"timeZone": "UTC", "start": zulu(begin), "end": zulu(end)}
            yield {**rest, "name": f"{BOOST}-{next(number)}", "capacity": {**capacity, **least}, "fixedDate": when}

    def _put_boost(self, setting: Mapping[str, Any], profiles: Sequence[Any], boost: Boost | None) -> None:
        tags = {name: value for name, value in (setting.get("tags") or {}).items() if name != BOOST_TAG}
        marked = tags | ({BOOST_TAG: boost.line()} if boost else {})
        properties = {**setting["properties"], "profiles": list(profiles)}
        enabled = bool(setting["properties"].get("enabled"))
        self._put({**setting, "properties": properties}, marked, enabled=enabled)

    def _tag(self, boost: Boost | None) -> None:
        item = self._scale_set()
        tags = {name: value for name, value in (item.get("tags") or {}).items() if name != BOOST_TAG}
        if boost is None and BOOST_TAG not in (item.get("tags") or {}):
            return
        body = {"tags": tags | ({BOOST_TAG: boost.line()} if boost else {})}
        group = self.calls.home.resource_group
        self.calls.begin(f"{SETS}.begin_update", group, self.name, body, etag=item.get("etag"), wait=False)

    def _policy(self, setting: Mapping[str, Any], policy: str) -> dict[str, Any]:
        _, mark = read_tags(setting.get("tags") or {})
        amount = find_amount(mark.kept if mark else {}, policy)
        if amount is None:
            raise not_executable(self.name, policy, "azure")
        return amount

    def _resize(self, item: Mapping[str, Any], desired: int, **more: Any) -> None:
        """Patch the size of the version that was read; where that alone is sent and is so by now, a reply was lost."""
        body = {"sku": {**item["sku"], "capacity": desired}, **more}
        group = self.calls.home.resource_group
        try:
            self.calls.begin(f"{SETS}.begin_update", group, self.name, body, etag=item.get("etag"), wait=False)
        except Conflict as error:
            if error.code != STALE or more or int(self._scale_set()["sku"]["capacity"]) != desired:
                raise

    def _put(self, setting: Mapping[str, Any], tags: Mapping[str, str], *, enabled: bool) -> None:
        properties = {name: value for name, value in setting["properties"].items() if name not in READ_ONLY}
        body = {"location": setting["location"], "tags": tags, "properties": {**properties, "enabled": enabled}}
        group = self.calls.home.resource_group
        self.calls.call(f"{SETTINGS}.create_or_update", group, setting["name"], body)

    def _scale_set(self) -> dict[str, Any]:
        try:
            scale_set: dict[str, Any] = self.calls.call(f"{SETS}.get", self.calls.home.resource_group, self.name)
        except NotFound as error:
            raise self._missing(error.code) from error
        if normal_location(scale_set.get("location", "")) != normal_location(self.location):
            raise self._missing("")
        return scale_set

    def _missing(self, code: str) -> NotFound:
        return group_not_found(self.name, self.location, "azure", code=code)

    def _setting(self) -> dict[str, Any] | None:
        """The setting whose target the group is: one of the group's name may be another's."""
        item = {"id": self.calls.home.scale_set(self.name)}
        try:
            setting: dict[str, Any] = self.calls.call(f"{SETTINGS}.get", self.calls.home.resource_group, self.name)
        except NotFound:
            setting = {}
        if setting and find_setting(item, [setting]):
            return setting
        return find_setting(item, list_kind(self.calls, AUTOSCALE_SETTING.name, [self.calls.home.resource_group]))


def _unboosted(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A setting without what holds a boost."""
    properties = setting["properties"]
    return {**setting, "properties": {**properties, "profiles": planned_profiles(properties)}}
