"""Reads in bulk: aggregated lists of a project, and how many instances run from which template."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, NamedTuple

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Live, Resource, Unknown
from trimtab.providers.alarms import alarm_name, is_alert
from trimtab.providers.errors import unread
from trimtab.providers.gcp.alarms import channel_key, targets_of
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.ids import name_of, place_of, region_of
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.replies import Listed
from trimtab.providers.gcp.resources import READERS, backend_resources
from trimtab.providers.gcp.translate import native_names, zone_of

AGGREGATED: Mapping[str, str] = {
    MANAGER.name: "instanceGroupManagers",
    AUTOSCALER.name: "autoscalers",
    HEALTH_CHECK.name: "healthChecks",
    BACKEND.name: "backendServices",
}
"""The kinds that one call lists in every zone and region."""
NAMELESS = frozenset({ALERT_POLICY.name, CHANNEL.name})
"""Kinds whose names are Google's own, so that several may have one display name."""
PLACELESS = NAMELESS | {TEMPLATE.name}
"""Kinds that live in no location."""
TARGETLESS = "SCALING_TARGET_DOES_NOT_EXIST"
"""What an autoscaler says of itself whose group has gone (AutoscalerStatusDetails, Compute Engine API)."""
_UNTOLD = datetime.min.replace(tzinfo=UTC)


@dataclass
class FleetRead:
    """The resources of a project as far as a fleet is concerned."""

    calls: Calls
    fleet: Fleet
    found: dict[Key, Resource] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    services: Listed | None = None
    managers: dict[Key, Mapping[str, Any]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    """The links of all managers of the project, whoever's they are."""
    namesakes: dict[tuple[Key, str], Resource] = field(default_factory=dict)
    """Autoscalers by their own names and zones, whatever group they size."""

    def run(self) -> None:
        """Fill `found` and `unknown`."""
        questions: dict[str, Callable[[], Any]] = {
            TEMPLATE.name: lambda: Listed(self.calls.pages("instanceTemplates.list")),
            CHANNEL.name: partial(list_monitored, self.calls, CHANNEL.name),
            ALERT_POLICY.name: partial(list_monitored, self.calls, ALERT_POLICY.name),
        }
        questions |= {kind: partial(self.calls.aggregated, name) for kind, name in AGGREGATED.items()}
        asked: list[Callable[[], Any]] = [*questions.values(), partial(deletions, self.calls)]
        *replies, going = self.calls.gather(asked)
        answers = dict(zip(questions, replies, strict=True))
        for kind in (MANAGER.name, *(name for name in questions if name != MANAGER.name)):
            # what is being deleted is there all the same, and only its operation says so
            answer = going if kind == MANAGER.name and isinstance(going, ProviderError) else answers[kind]
            if isinstance(answer, ProviderError):
                self.unknown += unread(self.locations, kind, answer)
            else:
                self._take(kind, answer)
        self._mark_going({} if isinstance(going, ProviderError) else going)
        self._add_namesakes()
        self._doubt_managers()
        self._count_instances()

    def _mark_going(self, going: Mapping[str, Any]) -> None:
        for key, item in list(self.found.items()):
            if key.kind == MANAGER.name and item.attributes.get("link") in going:
                self.found[key] = replace(item, deleting=True)

    def _doubt_managers(self) -> None:
        """An autoscaler of ours whose group is not in the list: the list is not to be believed where that is."""
        known = {(entry.location, entry.kind) for entry in self.unknown}
        for key, item in self.found.items():
            target = str(item.attributes["raw"].get("target"))
            is_listed = target in self.listed or (key.location, MANAGER.name) in known
            if key.kind == AUTOSCALER.name and self._is_ours(item) and not is_listed and not _has_lost_its_group(item):
                text = f"the group of autoscaler {item.attributes['name']!r} is not in the list of groups"
                self.unknown.append(Unknown(key.location, MANAGER.name, text))

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the read looks: the fleet's regions and the connection's."""
        locations = {group.location or self.calls.location for group in self.fleet.groups}
        return tuple(sorted(locations | {self.calls.location}))

    def _take(self, kind: str, answer: Listed) -> None:
        for scope in answer.unreachable:
            name = name_of(scope)
            region = name if name in self.locations else region_of(name)
            if region in self.locations:
                self.unknown.append(Unknown(region, kind, f"{name} cannot be reached"))
        if kind == BACKEND.name:
            self.services = answer
            for service in answer.items:
                self._keep(kind, backend_resources(service, self.managers))
        else:
            if kind == MANAGER.name:
                self.listed |= {str(item.get("selfLink")) for item in answer.items}
            self._keep(kind, [self._located(READERS[kind](item, self.calls.location)) for item in answer.items])

    def _located(self, item: Resource) -> Resource:
        """What lives in no location is where the mark of this fleet says, or where the fleet wants it."""
        if item.key.kind not in PLACELESS or self._is_ours(item):
            return item
        location = self._wanted.placeless.get((item.key.kind, item.key.name), self.calls.location)
        return replace(item, key=replace(item.key, location=location))

    def _keep(self, kind: str, resources: Iterable[Resource]) -> None:
        for item in resources:
            if kind == AUTOSCALER.name:
                own = replace(item.key, name=str(item.attributes["name"]))
                self.namesakes[own, item.attributes.get("zone") or ""] = item
            if item.key.location not in self.locations or self._is_beside(item):
                continue
            existing = self.found.get(item.key)
            first, second = (
                (item, existing) if existing is None or self._is_nearer(item, existing) else (existing, item)
            )
            self.found[item.key] = first
            if kind == MANAGER.name:
                self.managers[item.key] = first.attributes["raw"]
            if second is not None and kind in NAMELESS and self._is_ours(second):
                self._keep_second(second)

    def _keep_second(self, item: Resource) -> None:
        """Something of ours that was made twice, as where a list lagged behind: it is in no fleet, and so goes."""
        name = f"{item.key.name} ({name_of(str(item.attributes['name']))})"
        key = Key(item.key.location, item.key.kind, name)
        self.found[key] = replace(item, key=key)

    def _is_ours(self, item: Resource) -> bool:
        return item.mark is not None and item.mark.fleet == self.fleet.name

    def _is_beside(self, item: Resource) -> bool:
        """Whether somebody else's thing has a name that the fleet wants, and is in another zone or spans the region."""
        return item.key in self._wanted.zones and not self._fits(item) and not self._is_ours(item)

    def _fits(self, item: Resource) -> bool:
        """Whether something is where the fleet wants a thing of that name."""
        return bool(item.attributes.get("zone", "") == self._wanted.zones.get(item.key))

    def _add_namesakes(self) -> None:
        """An autoscaler of another group that has the name of one that is to be made stands in its way."""
        for key, zone in self._wanted.zones.items():
            other = self.namesakes.get((key, zone)) if key.kind == AUTOSCALER.name and key not in self.found else None
            if other is not None and not self._is_ours(other):
                self.found[key] = replace(other, key=key)

    def _is_nearer(self, item: Resource, existing: Resource) -> bool:
        """Of two things of one name: what is where the fleet wants it, then ours before others, then the older one."""
        new_rank, two = self._rank(item), self._rank(existing)
        return new_rank > two or (new_rank == two and item.key.kind in NAMELESS and age_of(item) < age_of(existing))

    def _rank(self, item: Resource) -> tuple[bool, bool, bool]:
        return self._fits(item), self._is_ours(item), item.mark is not None

    @cached_property
    def _wanted(self) -> "DeclaredPlaces":
        return wanted_of(self.fleet, self.calls.location)

    # templates

    def _count_instances(self) -> None:
        """How many instances run from each template of ours: asked only about templates that no manager has."""
        current = {
            str(version.get("instanceTemplate", "")): int(raw.get("targetSize") or 0)
            for raw in self.managers.values()
            for version in raw.get("versions") or ({"instanceTemplate": raw.get("instanceTemplate")},)
        }
        old = [item for item in self.found.values() if self._is_old(item, current)]
        holders = {(item.key.location, item.group) for item in old}
        keys = [key for key, item in self.found.items() if (key.location, item.group) in holders]
        groups = [key for key in keys if key.kind == MANAGER.name]
        used: dict[str, int] = {}
        questions = [partial(managed_instances, self.calls, self.managers[key]) for key in groups]
        for key, answer in zip(groups, self.calls.gather(questions), strict=True):
            if isinstance(answer, ProviderError):
                self.unknown += unread([key.location], TEMPLATE.name, answer)
                continue
            for instance in answer:
                link = str((instance.get("version") or {}).get("instanceTemplate", ""))
                used[link] = used.get(link, 0) + 1
        for key, item in list(self.found.items()):
            if key.kind == TEMPLATE.name:
                link = str(item.attributes["link"])
                number = max(current.get(link, 0), used.get(link, 0))
                self.found[key] = _with_instances(item, number)

    def _is_old(self, item: Resource, current: Mapping[str, int]) -> bool:
        is_template = item.key.kind == TEMPLATE.name and self._is_ours(item)
        # which versions of a group that is rolled out stay is for its rollouts to say, and no plan asks who uses them
        return is_template and item.group not in self._rolled and str(item.attributes["link"]) not in current

    @cached_property
    def _rolled(self) -> frozenset[str]:
        return frozenset(group.name for group in self.fleet.groups if group.rollout is not None)


class DeclaredPlaces(NamedTuple):
    """Where a fleet wants what it names itself."""

    zones: Mapping[Key, str]
    """The zone of each manager and autoscaler; empty for those that span their region."""
    placeless: Mapping[tuple[str, str], str]
    """The location of the group of each alert policy and channel, by kind and display name."""


def wanted_of(fleet: Fleet, location: str) -> DeclaredPlaces:
    """Where a fleet wants its groups, and which groups its alert policies and channels are of; pure."""
    zones: dict[Key, str] = {}
    placeless: dict[tuple[str, str], str] = {}
    for group in fleet.groups:
        place, native = group.location or location, fleet.native_name(group)
        for name in native_names(group, native):
            zones |= {Key(place, kind, name): zone_of(group) or "" for kind in (MANAGER.name, AUTOSCALER.name)}
        names = [(ALERT_POLICY.name, alarm_name(fleet, group, alarm.name)) for alarm in filter(is_alert, group.alarms)]
        names += [(CHANNEL.name, channel_key(place, native, target).name) for target in targets_of(group.alarms)]
        placeless |= dict.fromkeys(names, place)
    return DeclaredPlaces(zones, placeless)


def _has_lost_its_group(scaler: Resource) -> bool:
    """Whether an autoscaler says of itself that its group has gone."""
    details = (scaler.attributes.get("raw") or {}).get("statusDetails") or ()
    return any(detail.get("type") == TARGETLESS for detail in details)


def count_template_instances(calls: Calls, live: Live, kept: Collection[Key]) -> Live:
    """
    The same with a count of the instances that run from templates which their groups are about to leave.

    Until then as many are assumed as the group has: only a plan that changes a template asks.
    """
    counted = dict(live.resources)
    for key, item in live.resources.items():
        manager = _holder(live.resources, item) if key.kind == TEMPLATE.name and key not in kept else None
        if manager is not None:
            used = [
                str((instance.get("version") or {}).get("instanceTemplate", "")) for instance in _ask(calls, manager)
            ]
            counted[key] = _with_instances(item, used.count(str(item.attributes["link"])))
    return replace(live, resources=counted)


def _holder(resources: Mapping[Key, Resource], item: Resource) -> Resource | None:
    """The manager that makes instances from a template now."""
    for other in resources.values():
        versions = other.body.get("versions") or () if other.key.kind == MANAGER.name else ()
        if item.mark and any(version.get("instanceTemplate") == item.attributes["link"] for version in versions):
            return other
    return None


def _ask(calls: Calls, manager: Resource) -> list[dict[str, Any]]:
    try:
        return managed_instances(calls, manager.attributes["raw"])
    except NotFound:
        return []


def _with_instances(template: Resource, number: int) -> Resource:
    return replace(template, attributes={**template.attributes, "instances": number})


def managed_instances(calls: Calls, manager: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The instances of a group as its manager sees them."""
    place = place_of(manager)
    names = {"zone": place.zone} if place.zone else {"region": place.region}
    collection = "instanceGroupManagers" if place.zone else "regionInstanceGroupManagers"
    return calls.pages(f"{collection}.listManagedInstances", instance_group_manager=manager["name"], **names)


def deletions(calls: Calls) -> dict[str, dict[str, Any]]:
    """The operations under way that delete a managed instance group, by its link."""
    under_way = calls.aggregated("operations", filter="status != DONE").items
    return {
        link: operation
        for operation in under_way
        if (link := str(operation.get("targetLink", ""))).split("/")[-2:-1] == ["instanceGroupManagers"]
        and str(operation.get("operationType", "")).rsplit(".", 1)[-1] == "delete"
    }


def list_monitored(calls: Calls, kind: str) -> Listed:
    """Every alert policy or notification channel of the project."""
    name = f"projects/{calls.project}"
    operation = {
        ALERT_POLICY.name: "alertPolicies.list_alert_policies",
        CHANNEL.name: "notificationChannels.list_notification_channels",
    }[kind]
    return Listed(calls.monitor(operation, name=name))


def age_of(item: Resource) -> tuple[datetime, str]:
    """What tells the first of several alert policies or channels that were made with one display name."""
    raw = item.attributes.get("raw") or {}
    created = str((raw.get("creationRecord") or {}).get("mutateTime") or "")
    return datetime.fromisoformat(created) if created else _UNTOLD, str(item.attributes["name"])
