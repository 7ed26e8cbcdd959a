"""A scale set with its setting and its alerts, as a group of ours; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.models import Fleet, ScalingGroup
from trimtab.plan import Key, Note, Resource
from trimtab.providers.azure.facts import Attached, AzureFacts, pools_of
from trimtab.providers.azure.ids import Home, folded, normal_location, parse_id, same_id
from trimtab.providers.azure.importing.alarms import read_alert
from trimtab.providers.azure.importing.autoscaler import SettingRead, read_setting
from trimtab.providers.azure.importing.group import machine_of, without_usual_placement
from trimtab.providers.azure.importing.replies import Replies
from trimtab.providers.azure.importing.template import at, has_password, is_specialized, runs_windows
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.resources import READERS, group_of
from trimtab.providers.azure.template import ADMIN_PASSWORD
from trimtab.providers.azure.translate import translate
from trimtab.providers.health import asks_balancer
from trimtab.providers.importing import Draft, Imported, Importer, fleet_for, group_names
from trimtab.providers.importing.alarms import read_alarms
from trimtab.providers.translation import Translation

UNSIZED = "the scale set has no autoscale setting now; the new one holds it at its present size"
UNREAD_PASSWORD = f"Azure gives no password back; set {ADMIN_PASSWORD}, or write another name, before it is made anew"
UPGRADE = "a new template never replaces running instances by itself"
GUARDED = (
    *("template.*", "placement.*", "load_balancers*", "health_check.*", "purchase.*", "azure.*"),
    *("alarms.*.metric", "alarms.*.statistic", "alarms.*.period", "alarms.*.periods"),
)
"""What is left to others where a plan would write it otherwise: what the model cannot say is not written over."""


def import_group(
    replies: Replies, *, now: datetime, location: str | None = None, fleet: str | None = None, home: Home | None = None
) -> Imported:
    """
    The group that these replies tell of, and what the next plan changes; pure.

    Args:
        replies: All that was answered about it.
        now: When that was.
        location: Where groups live that do not say otherwise; there where it is when left out.
        fleet: The fleet that it is to join; the one whose mark it bears, or one of its own, when left out.
        home: The resource group of groups that do not say otherwise; its own when left out.

    Raises:
        Unsupported: It is no group of ours, whatever is left out.
    """
    own = str(replies.scale_set["id"])
    parts = parse_id(own)
    here = Home(parts.subscription, parts.resource_group) if parts else Home("", group_of(own))
    where = normal_location(str(replies.scale_set.get("location") or location or ""))
    reader = GroupReader(replies, fleet, where)
    importer = Importer(
        provider="azure",
        kinds=KINDS,
        translate=partial(_translated, reader, now, normal_location(location or where), home or here),
        guarded=GUARDED,
        now=now,
    )
    fields = dict(reader.fields())
    if normal_location(location or where) != where:
        fields["location"] = where
    if home is not None and home.resource_group.lower() != here.resource_group.lower():
        fields["azure"] = {**fields.get("azure", {}), "resource_group": here.resource_group}
    return importer.run(reader.draft(fields), reader.live, fleet=reader.fleet)


class GroupReader:
    """The replies as plans read them, and what they say."""

    def __init__(self, replies: Replies, fleet: str | None, where: str) -> None:
        self.replies = replies
        self.native = str(replies.scale_set["name"])
        self.where = where
        self.set = self._made(SCALE_SET.name, replies.scale_set)
        self.fleet = fleet or fleet_for([self.native], where, self.set.mark)
        self.names = group_names(self.native, self.fleet, self.set.mark)
        self.setting = self._as_setting(replies.setting) if replies.setting is not None else None
        self.alerts = [self._made(METRIC_ALERT.name, alert) for alert in replies.alerts]
        groups = [self._made(ACTION_GROUP.name, group) for group in replies.action_groups]
        self.action_groups = [group for group in groups if self._is_told(group)]
        self.alarms, self.silent = self._read_alerts()
        self.sized = self._read_setting()

    def _made(self, kind: str, item: Mapping[str, Any]) -> Resource:
        return READERS[kind](item, self.where)

    def _as_setting(self, item: Mapping[str, Any]) -> Resource:
        """The setting under the name of its scale set, as a read of the fleet keeps it."""
        setting = self._made(AUTOSCALE_SETTING.name, item)
        if not same_id(str(at(setting.body, "properties.targetResourceUri")), str(self.set.attributes["id"])):
            return setting
        alias = "" if folded(setting.key.name) == folded(self.native) else setting.key.name
        key = replace(setting.key, location=self.where, name=self.native)
        return replace(setting, key=key, attributes={**setting.attributes, "alias": alias})

    def _is_told(self, group: Resource) -> bool:
        own = str(group.attributes["id"])
        actions = (action for alert in self.alerts for action in at(alert.body, "properties.actions") or ())
        return any(same_id(str(action.get("actionGroupId", "")), own) for action in actions)

    @property
    def live(self) -> list[Resource]:
        """Everything of the group, as a plan reads it."""
        return [self.set, *([self.setting] if self.setting else []), *self.alerts, *self.action_groups]

    def _read_alerts(self) -> tuple[dict[str, tuple[Key, dict[str, Any]]], dict[tuple[Key, str], str]]:
        """Alarms by name with the keys of their alerts, spelled as the fleet does; and why an alert is none."""
        starts = (f"{self.fleet}-{self.names['name']}-", f"{self.native}-")
        result = read_alarms(self.alerts, starts, partial(read_alert, groups=self.action_groups), folded=folded)
        keys = {alert.key: self._spelled(alert.key, f"{starts[0]}{name}") for name, (alert, _) in result.alarms.items()}
        self.alerts = [replace(alert, key=keys.get(alert.key, alert.key)) for alert in self.alerts]
        alarms = {name: (keys[alert.key], dict(fields)) for name, (alert, fields) in result.alarms.items()}
        return alarms, {(key, ""): text for key, text in result.silent.items()}

    def _spelled(self, key: Key, wanted: str) -> Key:
        """A key as the fleet spells it, where its name is the wanted one but for its case."""
        return replace(key, name=wanted) if folded(key.name) == folded(wanted) else key

    def _read_setting(self) -> SettingRead:
        if self.setting is not None:
            return read_setting(self.setting, self.alarms)
        size = int(at(self.set.body, "sku.capacity") or 0)
        return SettingRead({"capacity": {"min": size, "max": size, "desired": size}})

    def fields(self) -> dict[str, Any]:
        """The fields of the group."""
        machine = machine_of(self.set.body, self.native)
        sized = dict(self.sized.fields)
        azure = {**machine.get("azure", {}), **sized.pop("azure", {})}
        alarms = {**sized.pop("alarms", {}), **{name: alarm for name, (_, alarm) in self.alarms.items()}}
        given = {name: value for name, value in sized.items() if value}
        return {
            **self.names,
            **machine,
            **given,
            "alarms": alarms,
            "azure": without_usual_placement(azure, sized["capacity"]["max"]),
        }

    def draft(self, fields: Mapping[str, Any]) -> Draft:
        """The fields, with where they come from and why some are missing."""
        origins = {f"alarms.{name}": (key, "") for name, (key, _) in self.alarms.items()}
        reasons = dict(self.silent)
        reasons[self.set.key, "properties.upgradePolicy.mode"] = UPGRADE
        remarks = []
        if has_password(at(self.set.body, "properties.virtualMachineProfile") or {}):
            remarks.append((self.set.key, "template.admin_password.env", UNREAD_PASSWORD))
        if self.setting is not None:
            key = self.setting.key
            origins |= {item: (key, path) for item, path in self.sized.origins.items()}
            reasons |= {(key, path): text for path, text in self.sized.reasons.items()}
            remarks += [(key, "schedules", self.sized.zone)] if self.sized.zone else []
        else:
            reasons[Key(self.where, AUTOSCALE_SETTING.name, self.native), ""] = UNSIZED
        return Draft(fields=fields, reasons=reasons, origins=origins, remarks=remarks)

    def attached(self, group: ScalingGroup) -> tuple[Attached, list[Note]]:
        """What the group is attached to, by what was read; and what is missing."""
        pools = [balancer.id or "" for balancer in group.load_balancers]
        given = (*pools, *group.azure.application_gateway_pools)
        gateways = [pool for pool in given if "/applicationgateways/" in pool.lower()]
        probe = self._probe([pool for pool in pools if pool not in gateways]) if asks_balancer(group) else ""
        problems = []
        subnet = next(iter(group.placement.subnets), "")
        if not subnet:
            problems.append(Note("placement.subnets: a scale set needs a subnet; name one by its id", group.name))
        attached = Attached(
            subnet=subnet,
            balancer_pools=tuple(pool for pool in pools if pool not in gateways),
            gateway_pools=tuple(gateways),
            probe=probe,
            gateway=gateways[0].rsplit("/", 2)[0] if gateways else "",
        )
        return attached, problems

    def _probe(self, pools: Sequence[str]) -> str:
        """The probe that the pools have; where no balancer was read, the one that is there."""
        probe = str(at(self.set.body, "properties.virtualMachineProfile.networkProfile.healthProbe.id") or "")
        if self.replies.balancers is None:
            return probe if pools else ""
        known = {pool.id.lower(): pool.probe for pool in pools_of(self.replies.balancers) if pool.probe}
        return next((known[pool.lower()] for pool in pools if pool.lower() in known), "")


def _translated(reader: GroupReader, now: datetime, location: str, home: Home, fleet: Fleet) -> Translation:
    attached, problems = reader.attached(fleet.groups[0])
    group = fleet.groups[0].name
    profile = at(reader.set.body, "properties.virtualMachineProfile") or {}
    windows = frozenset({group} if runs_windows(profile) else ())
    specialized = frozenset({group} if is_specialized(profile) else ())
    facts = AzureFacts(attached={group: attached}, windows=windows, specialized=specialized)
    translation = translate(fleet, facts, now, location, home)
    return Translation.of([translation, Translation(problems=tuple(problems))])
