"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, NotFound
from trimtab.plan import Action, Change, Kind, Resource, overlaid, revealed
from trimtab.providers.azure.client import LONGEST_LOOK, LONGEST_OPERATION, Calls
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.part_names import profile_names_of, with_names_of
from trimtab.providers.azure.resources import PAUSE_TAG, READERS, find_pause
from trimtab.providers.base import Write, Written
from trimtab.providers.writer import (
    differ_only_in,
    ensure_owned,
    find_part,
    mark_of,
    outcome_of,
    put_part,
)

SETS = "compute.virtual_machine_scale_sets"
OTHERS: Mapping[str, str] = {
    AUTOSCALE_SETTING.name: "monitor.autoscale_settings",
    METRIC_ALERT.name: "monitor.metric_alerts",
    ACTION_GROUP.name: "monitor.action_groups",
}
GLOBAL = frozenset({METRIC_ALERT.name, ACTION_GROUP.name})
SIZE = "sku.capacity"
TRIES = 3
"""How often a write is made again because an autoscaler moved the size in between."""


@dataclass(frozen=True)
class Writer:
    """Sends changes of one kind, action and group."""

    calls: Calls

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """An outcome for each change."""
        is_set = writes[0].change.key.kind == SCALE_SET.name
        send: Callable[[Write], Mapping[str, Any]] = self._scale_set if is_set else self._other
        return [outcome_of(send, write) for write in writes]

    # scale sets

    def _scale_set(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete_set(change)
        if change.action in (Action.CREATE, Action.REPLACE):
            return self._create_set(write)
        if change.action in (Action.UPDATE, Action.ADOPT):
            return self._update_set(write)
        return {}

    def _delete_set(self, change: Change) -> None:
        with suppress(NotFound):
            self.calls.begin(f"{SETS}.begin_delete", self._group(change.live), change.key.name, force_deletion=True)

    def _create_set(self, write: Write) -> Mapping[str, Any]:
        change, name = write.change, write.change.key.name
        group = self._group(change.wanted)
        sent = {**_set_body(write.body, change), "location": change.key.location}
        if change.live is not None and change.live.deleting:
            self._wait_until_gone(change, group)
        try:
            reply = self.calls.begin(f"{SETS}.begin_create_or_update", group, name, sent, create=True)
        except (Conflict, AlreadyExists) as error:
            existing = self._read(change, group)
            if existing is None:
                raise
            ensure_owned(change, existing)
            if error.code != "PreconditionFailed":
                raise
            return self._bring_up_to_date(write, existing)
        return _attributes(READERS[SCALE_SET.name](reply, change.key.location))

    def _wait_until_gone(self, change: Change, group: str) -> None:
        deadline = self.calls.clock.now() + LONGEST_OPERATION
        while (existing := self._read(change, group)) is not None and existing.deleting:
            if self.calls.clock.now() >= deadline:
                text = f"the old scale set {change.key.name!r} is still being deleted"
                raise Conflict(text, provider="azure", operation="create")
            self.calls.clock.sleep(LONGEST_LOOK)

    def _bring_up_to_date(self, write: Write, existing: Resource) -> Mapping[str, Any]:
        """Somebody was faster, perhaps this very call before its reply was lost: what differs is written."""
        kind, wanted = KINDS[SCALE_SET.name], write.change.wanted
        old, new = kind.leaves(existing.body), kind.leaves(write.body)
        initial = wanted.initial if wanted else frozenset()
        paths = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path) and path not in initial]
        return self._patch_set(write, existing, [path for path in paths if not _is_left_alone(kind, path, new)])

    def _update_set(self, write: Write) -> Mapping[str, Any]:
        live = write.change.live
        if live is None:
            raise InvalidRequest("an update needs the scale set that it updates", provider="azure", operation="update")
        return self._patch_set(write, live, [item.path for item in write.change.fields])

    def _patch_set(self, write: Write, live: Resource, paths: Sequence[str]) -> Mapping[str, Any]:
        """
        Patch what differs, never the size: an autoscaler may be moving it.

        Where only the size moved since the read, the version of the re-read takes the place of the plan's; where all is
        as wanted, this very patch was made before its reply was lost.
        """
        change, group = write.change, self._group(live)
        kind = KINDS[SCALE_SET.name]
        body = patch_of(kind, overlaid(kind, live.body, write.body), paths)
        if "identity" in body:
            body["identity"] = {**body["identity"], **_without_others(live.body, body["identity"])}
        if "properties" in body:
            body["properties"] = with_names_of(body["properties"], _raw(live).get("properties") or {})
        body["tags"] = {**dict(write.body.get("tags") or {}), **mark_of(change).tags(), **_pause_tag(live)}
        etag = live.attributes.get("etag")
        for left in reversed(range(TRIES)):
            try:
                reply = self.calls.begin(f"{SETS}.begin_update", group, change.key.name, revealed(body), etag=etag)
                return _attributes(READERS[SCALE_SET.name](reply, change.key.location))
            except Conflict as error:
                existing = self._read(change, group)
                if error.code != "PreconditionFailed" or existing is None:
                    raise
                if _is_written(write, existing, paths):
                    return existing.attributes
                if not left or not differ_only_in(KINDS[SCALE_SET.name], live, existing, SIZE):
                    raise
                etag = existing.attributes.get("etag")
        return live.attributes

    # settings, alerts, action groups: small bodies that a write replaces whole

    def _other(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        operation = OTHERS[change.key.kind]
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete_other(change, operation)
        if change.action is Action.DELETE:
            return {}
        live = change.live
        if change.action in (Action.CREATE, Action.REPLACE):
            live = self._read(change, self._group(change.wanted))
            if live is not None:
                ensure_owned(change, live)
        body = self._whole(write, live)
        name = _own_name(change) if live is change.live else change.key.name
        reply = self.calls.call(f"{operation}.create_or_update", self._group(live or change.wanted), name, body)
        return _attributes(READERS[change.key.kind](reply, change.key.location))

    def _delete_other(self, change: Change, operation: str) -> None:
        with suppress(NotFound):
            self.calls.call(f"{operation}.delete", self._group(change.live), _own_name(change))

    def _whole(self, write: Write, live: Resource | None) -> dict[str, Any]:
        """The body to put: what trimtab knows nothing of stays as it is, and so does a marked pause."""
        change, kind = write.change, write.change.key.kind
        raw = _raw(live)
        existing = raw.get("properties") or {}
        merged = existing
        if change.action is not Action.ADOPT:
            body = overlaid(KINDS[kind], live.body, write.body) if live else write.body
            merged = with_names_of(sent_properties(revealed(body)["properties"], existing), existing)
        properties = {name: value for name, value in merged.items() if name not in _READ_ONLY}
        if live is not None and find_pause(raw) is not None and "enabled" in existing:
            properties["enabled"] = existing["enabled"]
        foreign = {name: value for name, value in (raw.get("tags") or {}).items() if not name.startswith("trimtab-")}
        tags = {**foreign, **mark_of(change).tags(), **_pause_tag(live)}
        location = raw.get("location") or ("Global" if kind in GLOBAL else change.key.location)
        return {"location": location, "tags": tags, "properties": properties}

    # what both share

    def _group(self, item: Resource | None) -> str:
        return str(item.attributes.get("resource_group", "")) if item else self.calls.home.resource_group

    def _read(self, change: Change, group: str) -> Resource | None:
        kind = change.key.kind
        operation = f"{SETS if kind == SCALE_SET.name else OTHERS[kind]}.get"
        try:
            reply = self.calls.call(operation, group, change.key.name)
        except NotFound:
            return None
        return READERS[kind](reply, change.key.location)


def _own_name(change: Change) -> str:
    """What the thing that a change found is called: a setting may have another name than its scale set."""
    return str(_raw(change.live).get("name") or change.key.name)


_READ_ONLY = frozenset({"name", "provisioningState", "lastUpdatedTime", "isMigrated"})


def sent_properties(properties: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a setting or an alert as Azure takes them: without the names that only plans give."""
    sent = copy.deepcopy(dict(properties))
    names = profile_names_of([entry["name"] for entry in sent.get("profiles") or ()], existing.get("profiles") or ())
    for profile in sent.get("profiles") or ():
        profile["name"] = names[profile["name"]]
        for rule in profile.get("rules") or ():
            rule.pop("name", None)
    return sent


def patch_of(kind: Kind, body: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """
    A merge patch of some leaves: each, or the whole list that it is in.

    What is to be left out goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for path in paths:
        steps = path.split("[", 1)[0].split(".")
        if steps[0] in ("tags", SIZE):
            continue
        whole = {**body, "identity": sent_identity(body.get("identity"))}
        value = find_part(whole, steps)
        if value is None:
            row = kind.find(path)
            value = [] if "[" in path else None if row is None else row.default
        put_part(patch, steps, value)
    _without_fixed(patch)
    if "identity" in patch:
        patch["identity"] = sent_identity(body.get("identity")) or {"type": "None"}
    return patch


def _without_fixed(patch: Mapping[str, Any]) -> None:
    """
    Leave out, in place, what a patch of a public address has no words for: it is fixed when the address is made.

    VirtualMachineScaleSetUpdatePublicIPAddressConfiguration:
    https://learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets/update
    """
    for card in find_part(patch, _CARDS) or ():
        for address in (card.get("properties") or {}).get("ipConfigurations") or ():
            public = (address.get("properties") or {}).get("publicIPAddressConfiguration") or {}
            public.pop("sku", None)
            for name in ("ipTags", "publicIPAddressVersion"):
                (public.get("properties") or {}).pop(name, None)


_CARDS = ("properties", "virtualMachineProfile", "networkProfile", "networkInterfaceConfigurations")


def sent_identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    """An identity as Azure takes it: ids as keys."""
    if not identity:
        return {}
    return {
        **identity,
        "userAssignedIdentities": {identity_id: {} for identity_id in identity.get("userAssignedIdentities") or ()},
    }


def _set_body(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    sent = revealed({name: value for name, value in body.items() if name not in ("resourceGroup", "identity")})
    tags = {**dict(body.get("tags") or {}), **mark_of(change).tags()}
    identity = sent_identity(body.get("identity"))
    return {**sent, "tags": tags, **({"identity": identity} if identity else {})}


def _without_others(live: Mapping[str, Any], identity: Mapping[str, Any]) -> dict[str, Any]:
    """
    What takes the identities away that are not wanted: a patch merges the map, and only `null` ends a member.

    https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-manage-ua-identity-vmss
    """
    wanted = identity.get("userAssignedIdentities")
    if not wanted:
        return {}
    kept = {identity_id.lower() for identity_id in wanted}
    existing = (live.get("identity") or {}).get("userAssignedIdentities") or ()
    return {
        "userAssignedIdentities": {
            **{identity_id: None for identity_id in existing if identity_id.lower() not in kept},
            **wanted,
        }
    }


def _raw(live: Resource | None) -> Mapping[str, Any]:
    """What is there as it was answered."""
    return (live.attributes.get("raw") or {}) if live else {}


def _pause_tag(live: Resource | None) -> dict[str, str]:
    text = (_raw(live).get("tags") or {}).get(PAUSE_TAG)
    return {PAUSE_TAG: text} if text else {}


def _is_written(write: Write, existing: Resource, paths: Sequence[str]) -> bool:
    """Whether the mark and all that a patch is about are as wanted; the mark speaks for what is never read back."""
    kind = KINDS[SCALE_SET.name]
    old, new = kind.leaves(existing.body), kind.leaves(write.body)
    read_back = [path for path in paths if (row := kind.find(path)) is None or not row.write_only]
    return existing.mark == mark_of(write.change) and all(old.get(path) == new.get(path) for path in read_back)


def _is_left_alone(kind: Kind, path: str, new: Mapping[str, Any]) -> bool:
    row = kind.find(path)
    return row is None or row.write_only or (row.server_default and path not in new)


def _attributes(item: Resource) -> Mapping[str, Any]:
    return item.attributes
