"""Reads in bulk: by resource group, or by subscription for several."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from trimtab.errors import ProviderError
from trimtab.models import Fleet
from trimtab.plan import Key, Resource, Unknown
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.resources import READERS, group_of, normal_location
from trimtab.providers.azure.translate import home_of

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
        for kind, answer in zip(kinds, self.calls.together(questions), strict=True):
            if isinstance(answer, ProviderError):
                self.unknown += [Unknown(location, kind, str(answer)) for location in self.locations]
            else:
                self._take(kind, answer)

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the read looks: the fleet's locations and the connection's."""
        found = {normal_location(group.location or self.calls.location) for group in self.fleet.groups}
        return tuple(sorted(found | {self.calls.location}))

    def _take(self, kind: str, items: Iterable[Mapping[str, Any]]) -> None:
        places = {
            self.fleet.native_name(group): normal_location(group.location or self.calls.location)
            for group in self.fleet.groups
        }
        for item in items:
            made = READERS[kind](item, self.calls.location, places)
            if made.key.location in self.locations:
                self.found[made.key] = made
