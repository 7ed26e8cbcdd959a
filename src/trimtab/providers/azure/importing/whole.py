"""A group's replies together: read, turned into a group, with notes on all that this leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trimtab.errors import NotFound
from trimtab.models import ScalingGroup
from trimtab.plan import read_tags
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.importing import alerts, machine, setting
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, METRIC_ALERT
from trimtab.providers.azure.reads import find_pause, list_kind, normal_location
from trimtab.providers.azure.translate import MOST_IN_PLACEMENT_GROUP
from trimtab.providers.importing.notes import Imported, ImportNote
from trimtab.providers.imports import LeafTable, group_names, loss
from trimtab.providers.leaves import Reply

HIDDEN = "Azure never gives back the start script; write it as `template.user_data`, or a plan takes it away"


@dataclass(frozen=True)
class Replies:
    """All that was answered about a group."""

    scale_set: Mapping[str, Any]
    setting: Mapping[str, Any] | None = None
    alerts: Sequence[Mapping[str, Any]] = field(default=())
    action_groups: Sequence[Mapping[str, Any]] = field(default=())


def read_group(calls: Calls, location: str, name: str, *, fleet: str | None = None) -> Imported:
    """
    The group of this name in the connection's resource group.

    Raises:
        NotFound: There is none.
    """
    home = calls.home.resource_group
    try:
        found = calls.call("compute.virtual_machine_scale_sets.get", home, name)
    except NotFound as error:
        raise NotFound(f"there is no group {name!r} in {location}", provider="azure", code=error.code) from error
    if normal_location(found.get("location", "")) != normal_location(location):
        raise NotFound(f"there is no group {name!r} in {location}", provider="azure")
    own = str(found["id"]).lower()
    settings = [one for one in list_kind(calls, AUTOSCALE_SETTING.name, [home]) if _target(one) == own]
    about = [
        one
        for one in list_kind(calls, METRIC_ALERT.name, [home])
        if own in [scope.lower() for scope in one["properties"].get("scopes") or ()] or _is_marked_like(one, found)
    ]
    groups = list_kind(calls, ACTION_GROUP.name, [home]) if about else []
    replies = Replies(found, settings[0] if settings else None, about, groups)
    imported = import_group(replies, fleet=fleet)
    if normal_location(location) == calls.location:
        return imported
    group = imported.group.model_copy(update={"location": normal_location(location)})
    return Imported(group=group, notes=imported.notes)


def _target(item: Mapping[str, Any]) -> str:
    return str(item["properties"].get("targetResourceUri", "")).lower()


def _is_marked_like(alert: Mapping[str, Any], scale_set: Mapping[str, Any]) -> bool:
    one, two = (read_tags(item.get("tags") or {})[1] for item in (alert, scale_set))
    return one is not None and two is not None and (one.fleet, one.group) == (two.fleet, two.group)


def import_group(replies: Replies, *, fleet: str | None = None) -> Imported:
    """
    The group that these replies tell of, and what its model leaves out; pure.

    Args:
        replies: All that was answered about it.
        fleet: The fleet that it is to join; names are shortened by what they then begin with.
    """
    reading = _Reading(replies, fleet)
    return Imported(group=reading.group, notes=tuple(reading.notes()))


def tables(replies: Replies) -> Iterator[LeafTable]:
    """What became of each leaf of each reply."""
    return _Reading(replies, None).tables()


class _Reading:
    def __init__(self, replies: Replies, fleet: str | None) -> None:
        self.replies, self.fleet = replies, fleet
        self.set = Reply("VirtualMachineScaleSets_Get", replies.scale_set)
        self.setting = Reply("AutoscaleSettings_Get", replies.setting) if replies.setting is not None else None
        self.alerts = [Reply("MetricAlerts_Get", one) for one in replies.alerts]
        self.more: list[ImportNote] = []
        self.group = ScalingGroup.model_validate(self._fields())

    def _fields(self) -> dict[str, Any]:
        native = str(self.replies.scale_set["name"])
        size = int(self.set.take("sku.capacity", "capacity.desired") or 0)
        tags, mark = read_tags(self.set.take("tags", "tags") or {})
        if mark is not None and "customdata" in mark.kept:
            self.more.append(loss(path=f"scale set {native}: customData", reason=HIDDEN))
        found: dict[str, Any] = {**machine.machine_of(self.set, native), "tags": tags}
        sized = self._sized(native, size)
        azure = {**found.get("azure", {}), **sized.pop("azure", {})}
        found |= {name: value for name, value in sized.items() if value}
        self._drop_usual_placement(azure, found["capacity"]["max"])
        return {**group_names(native, self.fleet), **found, "azure": azure}

    def _drop_usual_placement(self, azure: dict[str, Any], maximum: int) -> None:
        """Azure says it also where nobody asked; what the size asks for needs no words."""
        if azure.get("single_placement_group") is not (maximum > MOST_IN_PLACEMENT_GROUP):
            azure.pop("single_placement_group", None)

    def _sized(self, native: str, size: int) -> dict[str, Any]:
        if self.setting is None:
            text = "nothing keeps its size between bounds; a plan makes a setting that keeps it where it is"
            self.more.append(loss(path=f"scale set {native}: autoscale setting", reason=text))
            found: dict[str, Any] = {"capacity": {"min": size, "max": size, "desired": size}, "alarms": {}}
        else:
            reading = setting.SettingReading(self.setting, find_pause(self.setting.body))
            found = reading.fields()
            self.more += reading.notes
        for reply in self.alerts:
            made = alerts.alarm_of(reply, native, self.replies.action_groups)
            if made is None:
                reply.lose("properties", "no alarm of the model says this alert; it stays as it is")
                continue
            name, alarm = made
            while name in found["alarms"]:
                name = f"{name}-alert"
            found["alarms"][name] = alarm
        return found

    def notes(self) -> Iterator[ImportNote]:
        """All that the group leaves out."""
        native = self.replies.scale_set["name"]
        yield from self.set.losses(f"scale set {native}", machine.READ_ONLY)
        if self.setting is not None:
            yield from self.setting.losses(f"autoscale setting {self.setting.body['name']}", _SETTING)
        for reply in self.alerts:
            yield from reply.losses(f"metric alert {reply.body['name']}", alerts.READ_ONLY)
        yield from self.more

    def tables(self) -> Iterator[LeafTable]:
        """The fates of all leaves."""
        yield self.set.table(machine.READ_ONLY)
        if self.setting is not None:
            yield self.setting.table(_SETTING)
        yield from (reply.table(alerts.READ_ONLY) for reply in self.alerts)


_SETTING: Mapping[str, str] = {**setting.READ_ONLY, "tags\\..*": "tags of the setting"}
