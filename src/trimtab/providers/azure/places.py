"""Where a fleet's things are to be: the key of each by the id that it has or would have; pure."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from trimtab.models import Fleet
from trimtab.plan import Key
from trimtab.providers.azure.alarms import action_group_key, targets_of
from trimtab.providers.azure.ids import Home, folded, normal_location
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.translate import home_of
from trimtab.providers.naming import alarm_name, is_alert

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
