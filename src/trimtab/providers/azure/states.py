"""How groups and their instances stand, out of what Azure answers about them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from trimtab.capabilities import MARK
from trimtab.engine.crons import fires
from trimtab.engine.profiles import FixedDate, Profile, Recurrence, Weekday, active_profile
from trimtab.models import Fleet
from trimtab.plan import Mark, read_tags
from trimtab.providers.azure.client import NETWORK_API, Calls
from trimtab.providers.azure.ids import Home, folded, normal_location, same_id
from trimtab.providers.azure.kinds import AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET, SPOT
from trimtab.providers.azure.names import iana_zones
from trimtab.providers.azure.reads import list_kind
from trimtab.providers.azure.resources import find_boost, find_pause, find_run, group_of, wanted_size
from trimtab.providers.base import AlarmState, GroupState, Instance, InstanceState, failure_of, patterns_of
from trimtab.providers.sizes import Bounds

CARDS = "Microsoft.Network/networkInterfaces"
"""The cards of plain machines, which those of a flexible set are."""
SET_CARDS_API = "2018-10-01"
"""The last version of the network API that lists the cards of a scale set's instances."""
STATES = {
    "creating": InstanceState.PENDING,
    "deleting": InstanceState.TERMINATING,
}
ALERT_STATES = {"healthy": "ok", "unhealthy": "alarm"}
PROTECTIONS = ("protectFromScaleIn", "protectFromScaleSetActions")
"""
Each keeps scaling in from an instance; the second one keeps all else that the set does away too.

https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-instance-protection
"""
# https://learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure
# https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
FAILURES = patterns_of(
    shortage=r"AllocationFailed|Allocation failed|SkuNotAvailable|OverconstrainedAllocation",
    quota=r"quota|QuotaExceeded",
    image=r"ImageNotFound|gallery ?image|\bimage\b.*(not (found|available)|deleted)",
    addresses=r"SubnetIsFull|PublicIPCountLimitReached",
    permission=r"AuthorizationFailed|LinkedAuthorizationFailed",
)
"""What texts say of machines that could not be made."""
AT_REST = {"PowerState/deallocated", "PowerState/stopped", "PowerState/deallocating"}


@dataclass(frozen=True, slots=True)
class ScaleSetRead:
    """
    A group as it was read.

    Attributes:
        state: The group.
        item: Its scale set, as Azure answers it.
        setting: Its autoscale setting; `None` without one.
        machines: Its instances.
    """

    state: GroupState
    item: Mapping[str, Any]
    setting: Mapping[str, Any] | None
    machines: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class States:
    """Reads groups: two lists for all of them, and the instances of each."""

    calls: Calls
    now: datetime

    def read(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> list[GroupState]:
        """The groups at (location, name), those that exist, by the names and locations as they are asked for."""
        return [found.state for found in self.look(places, addresses=addresses)]

    def look(self, places: Iterable[tuple[str, str]], *, addresses: bool = False) -> list["ScaleSetRead"]:
        """The same with what Azure answered."""
        asked_as = {(normal_location(place[0]), folded(place[1])): place for place in places}
        sets = [item for item in self._list(SCALE_SET.name) if _place(item) in asked_as]
        settings = self._list(AUTOSCALE_SETTING.name) if sets else []
        questions = [partial(self._instances, item, addresses) for item in sets]
        answers = self.calls.gather_or_raise(questions)
        result = []
        for item, (machines, cards) in zip(sets, answers, strict=True):
            setting, (at, name) = find_setting(item, settings), asked_as[_place(item)]
            state = self._state(item, setting, [_instance(machine, cards) for machine in machines])
            result.append(ScaleSetRead(replace(state, location=at, name=name), item, setting, machines))
        return result

    def find(self, name: str, location: str) -> list[GroupState]:
        """The marked groups with this name within their fleets."""
        return [
            state
            for state in self.read([(_location(item), item["name"]) for item in self._list(SCALE_SET.name)])
            if state.group == name and state.location == normal_location(location)
        ]

    def _list(self, kind: str) -> list[dict[str, Any]]:
        return list_kind(self.calls, kind, [self.calls.home.resource_group])

    def _instances(self, item: Mapping[str, Any], addresses: bool) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The machines of a set, and the addresses of each."""
        flexible = is_flexible(item)
        machines = self._machines(item) if flexible else self._members(item, expand="instanceView")
        return machines, self._addresses(item["id"], flexible=flexible) if addresses and machines else {}

    def _members(self, item: Mapping[str, Any], **view: str) -> list[dict[str, Any]]:
        """The instances of a set as the set lists them."""
        group = group_of(item["id"])
        return self.calls.pages("compute.virtual_machine_scale_set_vms.list", group, item["name"], **view)

    def _machines(self, item: Mapping[str, Any]) -> list[dict[str, Any]]:
        """
        The instances of a flexible set, which are plain machines; the set itself says which are of its last model.

        https://learn.microsoft.com/azure/virtual-machine-scale-sets/orchestration-modes-api-comparison
        """
        where = f"'virtualMachineScaleSet/id' eq '{item['id']}'"
        machines, members = self.calls.gather_or_raise(
            [
                partial(
                    self.calls.pages,
                    "compute.virtual_machines.list",
                    group_of(item["id"]),
                    filter=where,
                    expand="instanceView",
                ),
                partial(self._members, item),
            ]
        )
        models = {folded(str(member["name"])): member for member in members}
        return [_with_model(machine, models.get(folded(str(machine["name"])), {})) for machine in machines]

    def _addresses(self, scale_set: str, *, flexible: bool) -> dict[str, str]:
        """The first private address of each instance, by its folded id."""
        addresses: dict[str, str] = {}
        home = Home(self.calls.home.subscription, group_of(scale_set))
        cards = (
            self.calls.get(f"{home.path}/providers/{CARDS}", NETWORK_API)
            if flexible
            else self.calls.get(f"{scale_set}/networkInterfaces", SET_CARDS_API)
        )
        for card in cards:
            properties = card.get("properties") or {}
            owner = (properties.get("virtualMachine") or {}).get("id", "").lower()
            for configuration in properties.get("ipConfigurations") or ():
                address = (configuration.get("properties") or {}).get("privateIPAddress")
                if address:
                    addresses.setdefault(owner, address)
        return addresses

    def _state(
        self, item: Mapping[str, Any], setting: Mapping[str, Any] | None, instances: Sequence[Instance]
    ) -> GroupState:
        _, mark = read_tags(item.get("tags") or {})
        desired = wanted_size(item)
        bounds = bounds_of(setting, self.now) if setting else Bounds(0, desired)
        state = str((item.get("properties") or {}).get("provisioningState", "")).lower()
        return GroupState(
            name=item["name"],
            location=_location(item),
            min=bounds.min,
            max=bounds.max,
            desired=desired,
            instances=tuple(instances),
            deleting=state == "deleting",
            group=mark.group if mark else "",
            fleet=mark.fleet if mark else "",
            paused=find_pause(setting) if setting else find_pause(item),
            stopped=_stopped(setting),
            controller=mark.kept.get(MARK, "") if mark else "",
            boost=find_boost(setting) if setting else find_boost(item),
            rollout=find_run(item),
            on_demand_base=_on_demand_base(item),
        )


def _on_demand_base(item: Mapping[str, Any]) -> int | None:
    mix = (item.get("properties") or {}).get("priorityMixPolicy")
    return None if mix is None else int(mix.get("baseRegularPriorityCount") or 0)


def _stopped(setting: Mapping[str, Any] | None) -> tuple[str, ...]:
    """A setting that is off without a mark."""
    is_off = setting is not None and setting["properties"].get("enabled") is False and find_pause(setting) is None
    return ("autoscale setting (enabled: false)",) if is_off else ()


def is_flexible(item: Mapping[str, Any]) -> bool:
    """Whether the instances of a scale set are plain virtual machines."""
    return str((item.get("properties") or {}).get("orchestrationMode", "")).lower() == "flexible"


def _with_model(machine: Mapping[str, Any], member: Mapping[str, Any]) -> dict[str, Any]:
    """A machine with what its set says of it: whether it is of the last model, and what it is protected from."""
    told = member.get("properties") or {}
    own = {name: told.get(name) for name in ("latestModelApplied", "protectionPolicy")}
    return {**machine, "properties": {**(machine.get("properties") or {}), **own}}


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return _location(item), folded(str(item["name"]))


def _location(item: Mapping[str, Any]) -> str:
    return normal_location(str(item.get("location", "")))


def find_setting(item: Mapping[str, Any], settings: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The setting whose target a scale set is; it has one at most."""
    for setting in settings:
        if same_id(str(setting["properties"].get("targetResourceUri", "")), item["id"]):
            return setting
    return None


def instance_id(machine: Mapping[str, Any]) -> str:
    """What a set calls one of its machines: by a number, with flexible orchestration by its name."""
    return str(machine.get("instanceId") or machine["name"])


def _instance(item: Mapping[str, Any], cards: Mapping[str, str]) -> Instance:
    properties = item.get("properties") or {}
    view = properties.get("instanceView") or {}
    state = str(properties.get("provisioningState", "")).lower()
    statuses = view.get("statuses") or ()
    codes = {status.get("code", "") for status in statuses}
    error = _error_of(statuses) if state == "failed" else ""
    health = ((view.get("vmHealth") or {}).get("status") or {}).get("code", "")
    healthy = health.lower().endswith("/healthy") if health else False if state == "failed" else None
    return Instance(
        id=instance_id(item),
        zone=next(iter(item.get("zones") or ()), ""),
        state=STATES.get(state, InstanceState.STANDBY if codes & AT_REST else InstanceState.RUNNING),
        healthy=healthy,
        size=(item.get("sku") or {}).get("name") or (properties.get("hardwareProfile") or {}).get("vmSize", ""),
        outdated=properties.get("latestModelApplied") is False,
        protected=any((properties.get("protectionPolicy") or {}).get(name) for name in PROTECTIONS),
        serving=healthy,
        private_address=cards.get(str(item["id"]).lower(), ""),
        failure=failure_of(error, FAILURES) if error else None,
        error=error,
        spot=properties["priority"] in SPOT if properties.get("priority") else None,
    )


def _error_of(statuses: Iterable[Mapping[str, Any]]) -> str:
    """What the view of an instance says of a provisioning that failed: `ProvisioningState/failed/AllocationFailed`."""
    failed = (each for each in statuses if str(each.get("code", "")).lower().startswith("provisioningstate/failed/"))
    return next((f"{str(each['code']).rpartition('/')[2]}: {each.get('message', '')}" for each in failed), "")


# bounds


def bounds_of(setting: Mapping[str, Any], now: datetime) -> Bounds:
    """The sizes between which a setting keeps its target now; in a pause those that held when it began."""
    profiles = setting["properties"].get("profiles") or ()
    pause = find_pause(setting)
    held = unquote(pause.held[0]) if pause is not None and pause.held else None
    name = held if held is not None else active_name(setting, now)
    chosen = next((profile for profile in profiles if profile["name"] == name), profiles[0] if profiles else None)
    capacity = chosen["capacity"] if chosen else {}
    return Bounds(int(capacity.get("minimum") or 0), int(capacity.get("maximum") or 0))


def active_name(setting: Mapping[str, Any], now: datetime) -> str:
    """The name of the profile that rules now."""
    active = active_profile([_profile(profile) for profile in setting["properties"].get("profiles") or ()], now)
    return active.name if active else ""


def active_spans(
    setting: Mapping[str, Any], begin: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, str]]:
    """Which profile rules from when to when, by name."""
    profiles = [_profile(profile) for profile in setting["properties"].get("profiles") or ()]
    edges = {begin, end}
    for profile in profiles:
        if profile.fixed_date is not None:
            edges |= {profile.fixed_date.start.astimezone(UTC), profile.fixed_date.end.astimezone(UTC)}
        elif profile.recurrence is not None:
            edges |= {*fires(profile.recurrence.cron, profile.recurrence.zone, begin, end)}
    moments = sorted(edge for edge in edges if begin <= edge <= end)
    since, name = begin, active_name(setting, begin)
    for moment in moments[1:-1]:
        active = active_profile(profiles, moment)
        if active is not None and active.name != name:
            yield since, moment, name
            since, name = moment, active.name
    yield since, end, name


def held_word(setting: Mapping[str, Any], now: datetime) -> str:
    """The active profile as one word for the mark of a pause."""
    return quote(active_name(setting, now), safe="")


def _profile(body: Mapping[str, Any]) -> Profile:
    recurrence = (body.get("recurrence") or {}).get("schedule")
    fixed = body.get("fixedDate")
    return Profile(
        body["name"],
        recurrence=_recurrence(recurrence) if recurrence else None,
        fixed_date=_fixed_date(fixed) if fixed else None,
    )


def _recurrence(schedule: Mapping[str, Any]) -> Recurrence:
    return Recurrence(
        zone=_iana(schedule.get("timeZone")),
        days=tuple(Weekday(day) for day in schedule["days"]),
        hours=tuple(schedule["hours"]),
        minutes=tuple(schedule["minutes"]),
    )


def _fixed_date(body: Mapping[str, Any]) -> FixedDate:
    zone = ZoneInfo(_iana(body.get("timeZone")))
    start, end = (datetime.fromisoformat(body[name]).replace(tzinfo=zone) for name in ("start", "end"))
    return FixedDate(start, end)


def _iana(windows: str | None) -> str:
    return next(iter(iana_zones(windows or "UTC")), "UTC")


# alarms


def alarm_states(calls: Calls, fleet: Fleet) -> list[AlarmState]:
    """The states of a fleet's metric alerts: a list, and a call for each of them."""
    items = [
        (item, mark)
        for item in list_kind(calls, METRIC_ALERT.name, [calls.home.resource_group])
        if (mark := read_tags(item.get("tags") or {})[1]) and mark.fleet == fleet.name
    ]
    return calls.gather_or_raise([partial(_alarm_state, calls, item, mark) for item, mark in items])


def _alarm_state(calls: Calls, item: Mapping[str, Any], mark: Mark) -> AlarmState:
    reply = calls.call("monitor.metric_alerts_status.list", group_of(item["id"]), item["name"])
    values = reply.get("value") or ()
    properties = (values[0].get("properties") or {}) if values else {}
    at = properties.get("timestamp")
    return AlarmState(
        name=item["name"],
        state=ALERT_STATES.get(str(properties.get("status", "")).lower(), "no-data"),
        since=datetime.fromisoformat(at) if at else None,
        group=mark.group,
    )
