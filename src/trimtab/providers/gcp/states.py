"""How groups and their instances stand, out of what Compute Engine answers about them."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from trimtab.capabilities import MARK
from trimtab.engine.signals import Window
from trimtab.errors import AccessDenied, InvalidRequest, NotFound, ProviderError, Unauthenticated
from trimtab.models import Fleet
from trimtab.plan import FLOOR, Resource, read_description
from trimtab.providers.base import AlarmChange, AlarmState, GroupState, Instance, InstanceState, failure_of
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.errors import FAILURES
from trimtab.providers.gcp.ids import Place, lengthened, name_of, parse_link, place_of, scoped, short
from trimtab.providers.gcp.kinds import ALERT_POLICY
from trimtab.providers.gcp.reads import deletions, list_monitored, managed_instances
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.resources import READERS, find_boost, find_pause, find_run, template_link
from trimtab.providers.lookup import group_not_found
from trimtab.providers.sizes import Bounds

ENDING = {"DELETING", "ABANDONING"}
AT_REST = {"STOPPED", "SUSPENDED", "TERMINATED", "STOPPING", "SUSPENDING"}
SETTLED = {"NONE", "VERIFYING", "REFRESHING"}
HEALTHY = "HEALTHY"
ALL_WAYS = "ON"
"""The mode of an autoscaler that scales out and in."""


class Picture(NamedTuple):
    """A group as it was read: its manager, its instances as the manager lists them, and what is made of both."""

    manager: Mapping[str, Any]
    members: Sequence[Mapping[str, Any]]
    state: GroupState


@dataclass(frozen=True)
class States:
    """Reads groups: two lists for all of them, and the instances of each."""

    calls: Calls
    now: datetime

    def read(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> list[GroupState]:
        """The groups at (location, name), those that exist; one that is two native groups as one, by its main name."""
        wanted, managers = set(places), self.managers()
        asked = [manager for manager in managers if not wanted.isdisjoint(_places(manager))]
        return self._states(asked, managers, balancers=balancers, addresses=addresses)

    def pictures(
        self, places: Iterable[tuple[str, str]], *, balancers: bool = False, addresses: bool = False
    ) -> list[Picture]:
        """The groups at (location, name), those that exist, with what the cloud said of them."""
        wanted = set(places)
        managers = [manager for manager in self.managers() if not wanted.isdisjoint(_places(manager))]
        pictures = self._pictures(managers, addresses)
        return _behind_balancers(self.calls, pictures) if balancers else pictures

    def find(self, name: str, location: str) -> list[GroupState]:
        """The group of this native name, else the marked groups that have this name within their fleets."""
        managers = self.managers()
        with suppress(NotFound):
            return self._states([find_manager(managers, location, name)], managers)
        marked = [
            manager
            for manager in managers
            if (mark := read_description(manager.get("description"))[1]) is not None
            and mark.group == name
            and _is_within(place_of(manager), location)
        ]
        mains = [manager for manager in marked if not _is_second(manager, marked)]
        return self._states(mains, managers)

    def of(self, manager: Mapping[str, Any]) -> Picture:
        """One group whose manager has been read."""
        (picture,) = self._pictures([manager], addresses=False)
        return picture

    def again(self, picture: Picture) -> Picture:
        """The same group with its instances as they are now: a call, and those of its balancers."""
        members, current = managed_instances(self.calls, picture.manager), template_of(picture.manager)
        instances = tuple(_instance(each, current, {}) for each in members)
        fresh = Picture(picture.manager, members, replace(picture.state, instances=instances))
        return _behind_balancers(self.calls, [fresh])[0]

    def managers(self) -> list[dict[str, Any]]:
        """Every managed instance group of the project."""
        managers = list(self.calls.aggregated("instanceGroupManagers").items)
        self.calls.seconds = seconds_among(managers)
        return managers

    def _states(
        self,
        managers: Sequence[dict[str, Any]],
        every: Sequence[dict[str, Any]],
        *,
        balancers: bool = False,
        addresses: bool = False,
    ) -> list[GroupState]:
        """How groups stand, each with its second native group where it has one."""
        seconds = {_link(manager): second for manager in managers if (second := second_of(manager, every)) is not None}
        own = [_link(manager) for manager in managers]
        others = [second for second in seconds.values() if _link(second) not in own]
        found = self._pictures([*managers, *others], addresses)
        found = _behind_balancers(self.calls, found) if balancers else found
        pictures = {_link(each.manager): each for each in found}
        return [_whole(pictures, link, seconds.get(link)) for link in own]

    def _pictures(self, managers: Sequence[Mapping[str, Any]], addresses: bool) -> list[Picture]:
        if not managers:
            return []
        questions: list[Callable[[], Any]] = [
            partial(self.calls.aggregated, "autoscalers"),
            partial(deletions, self.calls),
        ]
        questions += [partial(managed_instances, self.calls, manager) for manager in managers]
        scaling, going, *answers = self.calls.gather_or_raise(questions)
        scalers = {str(scaler.get("target")): scaler for scaler in scaling.items}
        reached = self._reached() if addresses else {}
        return [
            Picture(manager, instances, self._state(manager, scalers, going, instances, reached))
            for manager, instances in zip(managers, answers, strict=True)
        ]

    def _reached(self) -> dict[str, Mapping[str, Any]]:
        """Every instance of the project, by its link."""
        return {str(instance["selfLink"]): instance for instance in self.calls.aggregated("instances").items}

    def _state(
        self,
        manager: Mapping[str, Any],
        scalers: Mapping[str, Mapping[str, Any]],
        going: Container[str],
        instances: Sequence[Mapping[str, Any]],
        reached: Mapping[str, Mapping[str, Any]],
    ) -> GroupState:
        link = str(manager.get("selfLink"))
        scaler = scalers.get(link)
        _, mark = read_description(manager.get("description"))
        desired = int(manager.get("targetSize") or 0)
        bounds = bounds_of(scaler, self.now) if scaler else Bounds(0, desired)
        current = template_of(manager)
        return GroupState(
            name=str(manager["name"]),
            location=place_of(manager).region,
            min=bounds.min,
            max=bounds.max,
            desired=desired,
            instances=tuple(_instance(each, current, reached) for each in instances),
            deleting=link in going,
            group=mark.group if mark else "",
            fleet=mark.fleet if mark else "",
            paused=find_pause(scaler),
            stopped=_stopped(scaler),
            controller=mark.kept.get(MARK, "") if mark else "",
            boost=find_boost(scaler),
            rollout=find_run(manager),
        )


def _behind_balancers(calls: Calls, pictures: Sequence[Picture]) -> list[Picture]:
    """
    Groups with what backend services hold of their instances; one list, and a call for each service of a group.

    An instance that a service has not checked yet is sent no requests. Services without a health check send to all.
    """
    links = {_behind(picture) for picture in pictures}
    if not links:
        return list(pictures)
    checked = [each for each in calls.aggregated("backendServices").items if each.get("healthChecks")]
    pairs = [
        (str(service["selfLink"]), link)
        for service in checked
        for link in dict.fromkeys(short(str(backend.get("group"))) for backend in service.get("backends") or ())
        if link in links
    ]
    answers = calls.gather_or_raise([partial(checked_healthy, calls, *pair) for pair in pairs])
    known: dict[str, list[Mapping[str, bool]]] = {}
    for (_, link), answer in zip(pairs, answers, strict=True):
        known.setdefault(link, []).append(answer)
    return [_served(picture, known.get(_behind(picture), ())) for picture in pictures]


def checked_healthy(calls: Calls, service: str, group: str) -> Mapping[str, bool]:
    """Whether a backend service holds the instances of a group to be healthy, by their links; those it has checked."""
    parts = parse_link(service)
    regional = parts.scope.startswith("regions/")
    place = {"region": name_of(parts.scope)} if regional else {}
    reply = calls.get(
        f"{'regionBackendServices' if regional else 'backendServices'}.getHealth",
        backend_service=parts.name,
        resource_group_reference_resource={"group": lengthened(group)},
        **place,
    )
    return {
        short(str(each.get("instance"))): each.get("healthState") == HEALTHY for each in reply.get("healthStatus") or ()
    }


def _behind(picture: Picture) -> str:
    """The instance group that backends of balancers name."""
    return short(str(picture.manager.get("instanceGroup")))


def _served(picture: Picture, services: Sequence[Mapping[str, bool]]) -> Picture:
    """A group whose instances serve where every service says so, and its own health check nothing else."""
    if not services:
        return picture
    instances = tuple(
        replace(
            instance,
            serving=instance.healthy is not False
            and all(known.get(short(str(member.get("instance"))), False) for known in services),
        )
        for instance, member in zip(picture.state.instances, picture.members, strict=True)
    )
    return picture._replace(state=replace(picture.state, instances=instances))


def _link(manager: Mapping[str, Any]) -> str:
    return str(manager.get("selfLink"))


def _whole(pictures: Mapping[str, Picture], link: str, second: Mapping[str, Any] | None) -> GroupState:
    if second is None:
        return pictures[link].state
    from trimtab.providers.gcp.purchase import Floor, floor_of, joined  # few groups are two

    main = pictures[link]
    return joined(main.state, pictures[_link(second)].state, floor_of(main.manager) or Floor(0))


def second_of(manager: Mapping[str, Any], managers: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The group of Spot VMs beside the standard VMs of a group; `None` for a group that is one native group."""
    if f" {FLOOR}=" not in str(manager.get("description")):
        return None
    from trimtab.providers.gcp.purchase import spot_of  # few groups are two

    return spot_of(manager, managers)


def seconds_among(managers: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """The names of the second native groups of those that have one, by region and main name."""
    found = ((manager, second_of(manager, managers)) for manager in managers)
    return {
        (place_of(manager).region, str(manager["name"])): str(second["name"]) for manager, second in found if second
    }


def _is_second(manager: Mapping[str, Any], managers: Sequence[dict[str, Any]]) -> bool:
    return any((second := second_of(other, managers)) and _link(second) == _link(manager) for other in managers)


def _stopped(scaler: Mapping[str, Any] | None) -> tuple[str, ...]:
    """An autoscaler that acts one way only or not at all, without a mark."""
    mode = str(((scaler or {}).get("autoscalingPolicy") or {}).get("mode") or ALL_WAYS)
    return () if mode == ALL_WAYS or find_pause(scaler) is not None else (f"autoscaler (mode: {mode})",)


def _places(manager: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Under which (location, name) a group may be asked for."""
    yield from ((location, manager["name"]) for location in place_of(manager) if location)


def _is_within(place: Place, location: str) -> bool:
    return location in (place.region, place.zone)


def find_manager(managers: Iterable[dict[str, Any]], location: str, name: str) -> dict[str, Any]:
    """
    The only group of a name in a region or a zone.

    Raises:
        NotFound: There is none.
        InvalidRequest: Several places of the region have one.
    """
    matches = [manager for manager in managers if manager["name"] == name and _is_within(place_of(manager), location)]
    if not matches:
        raise group_not_found(name, location, "gcp")
    if len(matches) > 1:
        places = ", ".join(sorted(place_of(match).zone or "the whole region" for match in matches))
        text = f"{location} has several groups {name!r}, in {places}; give the zone as the location"
        raise InvalidRequest(text, provider="gcp")
    return matches[0]


def _instance(item: Mapping[str, Any], current: str, reached: Mapping[str, Mapping[str, Any]]) -> Instance:
    link = str(item.get("instance", ""))
    machine = reached.get(link, {})
    template = str((item.get("version") or {}).get("instanceTemplate", ""))
    healthy = _health(item)
    card: Mapping[str, Any] = next(iter(machine.get("networkInterfaces") or ()), {})
    state, error = _state_of(item), _error_of(item)
    public = next((config.get("natIP", "") for config in card.get("accessConfigs") or ()), "")
    return Instance(
        id=name_of(link),
        zone=parse_link(link).zone,
        state=state,
        healthy=healthy,
        serving=healthy,
        size=_size(item, machine),
        template=name_of(template),
        outdated=bool(template and current and template != current),
        private_address=str(card.get("networkIP", "")),
        public_address=str(public or ""),
        failure=failure_of(error, FAILURES) if error and state is InstanceState.PENDING else None,
        error=error if state is InstanceState.PENDING else "",
    )


def _error_of(item: Mapping[str, Any]) -> str:
    """Why the last attempt to make it failed (`lastAttempt`, Compute Engine API, ManagedInstance)."""
    errors = ((item.get("lastAttempt") or {}).get("errors") or {}).get("errors") or ()
    return "; ".join(f"{error.get('code')}: {error.get('message')}" for error in errors)


def template_of(manager: Mapping[str, Any]) -> str:
    """The link of the template that a group is to run from: during a rollout the new one."""
    run = find_run(manager)
    if run is not None and run.in_place:
        return template_link(manager, run.new)
    versions = manager.get("versions") or ()
    return str((versions[0] if versions else manager).get("instanceTemplate", ""))


def _state_of(item: Mapping[str, Any]) -> InstanceState:
    action, status = str(item.get("currentAction", "NONE")), str(item.get("instanceStatus", ""))
    if action in ENDING or (action == "NONE" and status == "STOPPING"):
        return InstanceState.TERMINATING
    if action not in SETTLED or status in ("", "PROVISIONING", "STAGING", "PENDING"):
        return InstanceState.PENDING
    return InstanceState.STANDBY if status in AT_REST else InstanceState.RUNNING


def _health(item: Mapping[str, Any]) -> bool | None:
    states = [health.get("detailedHealthState") for health in item.get("instanceHealth") or ()]
    judged = [state for state in states if state not in (None, "UNKNOWN")]
    return all(state == HEALTHY for state in judged) if judged else None


def _size(item: Mapping[str, Any], machine: Mapping[str, Any]) -> str:
    flexible = (item.get("propertiesFromFlexibilityPolicy") or {}).get("machineType", "")
    return name_of(str(flexible or machine.get("machineType", "")))


# autoscalers


def find_scaler(calls: Calls, manager: Mapping[str, Any]) -> dict[str, Any] | None:
    """The autoscaler of a group, which the group's own status names."""
    link = str((manager.get("status") or {}).get("autoscaler") or "")
    if not link:
        return None
    place = place_of(manager)
    where = scoped("autoscalers", zone=place.zone, region=place.region)
    try:
        return calls.get(f"{where.collection}.get", autoscaler=name_of(link), **dict(where.place))
    except NotFound:
        return None


def bounds_of(scaler: Mapping[str, Any], now: datetime) -> Bounds:
    """
    The sizes between which an autoscaler keeps its group now.

    In a pause those that held when it began: an autoscaler that is off changes nothing.
    """
    policy = scaler.get("autoscalingPolicy") or {}
    low, high = int(policy.get("minNumReplicas") or 0), int(policy.get("maxNumReplicas") or 0)
    pause = find_pause(scaler)
    at = now
    if pause is not None and len(pause.held or ()) > 1:
        at = datetime.fromisoformat((pause.held or ("", ""))[1]).astimezone(UTC)
    elif policy.get("mode") == "OFF" and pause is None:
        return Bounds(low, high)
    raised = [
        int(schedule.get("minRequiredReplicas") or 0)
        for schedule in (policy.get("scalingSchedules") or {}).values()
        if not schedule.get("disabled") and is_open(schedule, at)
    ]
    return Bounds(min(high, max([low, *raised])), high)


def is_open(schedule: Mapping[str, Any], at: datetime) -> bool:
    """Whether a scaling schedule holds at a moment."""
    window = Window(
        cron=str(schedule["schedule"]),
        zone=schedule.get("timeZone") or "UTC",
        duration=timedelta(seconds=int(schedule.get("durationSec") or 0)),
    )
    return window.open_since(at) is not None


UNTOLD = "permission monitoring.alerts.list is missing"


def alarm_states(calls: Calls, fleet: Fleet, location: str) -> list[AlarmState]:
    """
    Each alert policy of the fleet with its state.

    Without the right to list alerts (`monitoring.alerts.list`) the states are `no-data`, and say why.

    Raises:
        ProviderError: Policies or alerts cannot be read for another reason.
    """
    questions: list[Callable[[], Any]] = [partial(list_monitored, calls, ALERT_POLICY.name), calls.open_alerts]
    policies, alerts = calls.gather(questions)
    if isinstance(policies, ProviderError):
        raise policies
    if isinstance(alerts, AccessDenied) and not isinstance(alerts, Unauthenticated):
        opened = None  # may not list them
    elif isinstance(alerts, ProviderError):
        raise alerts
    else:
        opened = _opened(alerts)
    return [_state(item, opened) for item in _own(policies, fleet, location)]


def alarm_changes(calls: Calls, names: Sequence[str], since: datetime, until: datetime) -> list[AlarmChange]:
    """When alert policies of these names opened alerts and closed them, oldest first."""
    changes = []
    for alert in calls.alerts_since(since):
        name = str((alert.get("policy") or {}).get("displayName", ""))
        if name not in names:
            continue
        for field, state in (("openTime", "alarm"), ("closeTime", "ok")):
            at = datetime.fromisoformat(str(alert[field])).astimezone(UTC) if alert.get(field) else None
            if at is not None and since <= at <= until:
                changes.append(AlarmChange(name=name, at=at, state=state))
    return sorted(changes, key=lambda change: change.at)


def _own(policies: Listed, fleet: Fleet, location: str) -> list[Resource]:
    resources = [READERS[ALERT_POLICY.name](item, location) for item in policies.items]
    return [item for item in resources if item.mark is not None and item.mark.fleet == fleet.name]


def _opened(alerts: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """When the oldest open alert of each policy began."""
    opened: dict[str, datetime] = {}
    for alert in alerts:
        policy, since = str((alert.get("policy") or {}).get("name", "")), datetime.fromisoformat(str(alert["openTime"]))
        opened[policy] = min(since, opened.get(policy, since))
    return opened


def _state(item: Resource, opened: Mapping[str, datetime] | None) -> AlarmState:
    name, group = item.key.name, item.group
    if opened is None:
        return AlarmState(name=name, state="no-data", reason=UNTOLD, group=group)
    since = opened.get(str(item.attributes["name"]))
    return AlarmState(name=name, state="ok" if since is None else "alarm", since=since, group=group)
