"""Reads in bulk: by resource group, or by subscription for several."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from trimtab.errors import NotFound, ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Resource, Unknown
from trimtab.providers.alarms import alarm_name, is_alert
from trimtab.providers.azure.alarms import action_group_key, targets_of
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.ids import Home, folded, normal_location, parse_id
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.resources import READERS, group_of
from trimtab.providers.azure.translate import home_of
from trimtab.providers.errors import unread

LISTS: Mapping[str, tuple[str, str]] = {
    SCALE_SET.name: ("compute.virtual_machine_scale_sets.list", "compute.virtual_machine_scale_sets.list_all"),
    AUTOSCALE_SETTING.name: (
        "monitor.autoscale_settings.list_by_resource_group",
        "monitor.autoscale_settings.list_by_subscription",
    ),
    METRIC_ALERT.name: (
        "monitor.metric_alerts.list_by_resource_group",
        "monitor.metric_alerts.list_by_subscription",
    ),
    ACTION_GROUP.name: (
        "monitor.action_groups.list_by_resource_group",
        "monitor.action_groups.list_by_subscription_id",
    ),
}
"""How each kind is listed: in one resource group, in the subscription."""


def list_kind(calls: Calls, kind: str, groups: Sequence[str]) -> list[dict[str, Any]]:
    """Everything of a kind in these resource groups: one call for one of them, one for several."""
    in_group, in_subscription = LISTS[kind]
    if len(groups) == 1:
        return calls.pages(in_group, groups[0])
    wanted = {group.lower() for group in groups}
    return [item for item in calls.pages(in_subscription) if group_of(item["id"]).lower() in wanted]


SET_TYPE = "microsoft.compute/virtualmachinescalesets"

TYPES: Mapping[str, str] = {
    SCALE_SET.name: "Microsoft.Compute/virtualMachineScaleSets",
    AUTOSCALE_SETTING.name: "Microsoft.Insights/autoscaleSettings",
    METRIC_ALERT.name: "Microsoft.Insights/metricAlerts",
    ACTION_GROUP.name: "Microsoft.Insights/actionGroups",
}
"""The resource type of each kind."""


class Places:
    """
    What a fleet wants, spelled as the fleet spells it: Azure Resource Manager tells names apart by no case.

    Args:
        fleet: The fleet.
        home: Where groups live that name no resource group.
        location: Where groups live that name no location.
    """

    def __init__(self, fleet: Fleet, home: Home, location: str) -> None:
        self._fleet, self._home, self._location = fleet, home, location

    @cached_property
    def by_id(self) -> Mapping[str, Key]:
        """The key of each thing by its folded id."""
        return {folded(home.id_of(TYPES[key.kind], key.name)): key for home, key in self._wanted()}

    @cached_property
    def by_target(self) -> Mapping[str, Key]:
        """The key of each autoscale setting by the folded id of its scale set; a scale set has one at most."""
        return {
            folded(home.scale_set(key.name)): key for home, key in self._wanted() if key.kind == AUTOSCALE_SETTING.name
        }

    def _wanted(self) -> Iterator[tuple[Home, Key]]:
        for group in self._fleet.groups:
            home, native = home_of(group, self._home), self._fleet.native_name(group)
            location = normal_location(group.location or self._location)
            yield home, Key(location, SCALE_SET.name, native)
            yield home, Key(location, AUTOSCALE_SETTING.name, native)
            for alarm in filter(is_alert, group.alarms):
                yield home, Key(location, METRIC_ALERT.name, alarm_name(self._fleet, group, alarm.name))
            for target in targets_of(group.alarms):
                yield home, action_group_key(location, native, target)


@dataclass
class FleetRead:
    """The resources of a subscription as far as a fleet is concerned."""

    calls: Calls
    fleet: Fleet
    found: dict[Key, Resource] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)

    def run(self) -> None:
        """Fill `found` and `unknown`."""
        groups = sorted({home_of(group, self.calls.home).resource_group for group in self.fleet.groups})
        here = self.calls.home.resource_group
        groups = list(dict.fromkeys([*groups, here]))
        kinds = list(LISTS)
        questions: list[Callable[[], list[dict[str, Any]]]] = [
            partial(list_kind, self.calls, kind, groups) for kind in kinds
        ]
        for kind, answer in zip(kinds, self.calls.gather(questions), strict=True):
            if isinstance(answer, ProviderError):
                self.unknown += unread(self.locations, kind, answer)
            else:
                self._take(kind, answer)
        self._doubt_missing_groups()

    def _doubt_missing_groups(self) -> None:
        """A scale set that is not listed although its setting or an alert is there is asked for by name."""
        if any(unknown.kind == SCALE_SET.name for unknown in self.unknown):
            return
        sets = [item for key, item in self.found.items() if key.kind == SCALE_SET.name]
        existing = {(str(item.attributes["resource_group"]).lower(), item.key.name.lower()) for item in sets}
        missing = sorted(self._groups_of_parts() - existing)
        questions = [partial(self.calls.call, "compute.virtual_machine_scale_sets.get", *names) for names in missing]
        for answer in self.calls.gather(questions):
            if isinstance(answer, NotFound):
                continue
            if isinstance(answer, ProviderError):
                self.unknown += unread(self.locations, SCALE_SET.name, answer)
            else:
                self._take(SCALE_SET.name, [answer], whoever=True)

    def _groups_of_parts(self) -> set[tuple[str, str]]:
        """Resource group and name, folded, of the scale sets that settings and alerts of ours are about."""
        named: set[tuple[str, str]] = set()
        for key, item in self.found.items():
            if key.kind == SCALE_SET.name or item.mark is None or item.mark.fleet != self.fleet.name:
                continue
            properties = item.body.get("properties") or {}
            for link in (properties.get("targetResourceUri"), *(properties.get("scopes") or ())):
                parts = parse_id(str(link or ""))
                if parts is not None and parts.kind.lower() == SET_TYPE:
                    named.add((parts.resource_group.lower(), parts.name.lower()))
        return named

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the read looks: the fleet's locations and the connection's."""
        locations = {normal_location(group.location or self.calls.location) for group in self.fleet.groups}
        return tuple(sorted(locations | {self.calls.location}))

    @cached_property
    def _places(self) -> Places:
        return Places(self.fleet, self.calls.home, self.calls.location)

    def _take(self, kind: str, items: Iterable[Mapping[str, Any]], *, whoever: bool = False) -> None:
        """Keep what stands where the fleet wants something, spelled as there, and the fleet's own elsewhere; or all."""
        ranks: dict[Key, tuple[int, bool]] = {}
        for item in items:
            resource = READERS[kind](item, self.calls.location)
            wanted, fit = self._wanted(resource)
            ours = resource.mark is not None and resource.mark.fleet == self.fleet.name
            key, rank = wanted or resource.key, (fit, ours)
            is_nearer = key not in ranks or rank > ranks[key]
            if (wanted or ours or whoever) and key.location in self.locations and is_nearer:
                alias = "" if folded(resource.key.name) == folded(key.name) else resource.key.name
                self.found[key] = replace(resource, key=key, attributes={**resource.attributes, "alias": alias})
                ranks[key] = rank

    def _wanted(self, item: Resource) -> tuple[Key | None, int]:
        """The key of what the fleet wants where this stands, and how well it fits; a setting is its scale set's."""
        target = item.body["properties"].get("targetResourceUri") if item.key.kind == AUTOSCALE_SETTING.name else None
        if target is not None and (key := self._places.by_target.get(folded(str(target)))):
            return key, 2
        key = self._places.by_id.get(folded(str(item.attributes["id"])))
        return key, 0 if key is None else 1
