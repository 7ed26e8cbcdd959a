"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, NotFound
from trimtab.plan import Action, Change, Kind, Resource, revealed
from trimtab.providers.azure.client import Calls
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.reads import PAUSE_TAG, READERS, card_names, find_pause, with_card_names
from trimtab.providers.base import Write, Written
from trimtab.providers.writing import (
    differ_only_in,
    find_part,
    mark_of,
    must_be_ours,
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
        try:
            made = self.calls.begin(f"{SETS}.begin_create_or_update", group, name, sent, create=True)
        except (Conflict, AlreadyExists) as error:
            there = self._read(change, group)
            if there is None:
                raise
            must_be_ours(change, there)
            if error.code != "PreconditionFailed":
                raise
            return self._bring_up_to_date(write, there)
        return _attributes(READERS[SCALE_SET.name](made, change.key.location))

    def _bring_up_to_date(self, write: Write, there: Resource) -> Mapping[str, Any]:
        """Somebody was faster, perhaps this very call before its reply was lost: what differs is written."""
        kind, wanted = KINDS[SCALE_SET.name], write.change.wanted
        old, new = kind.leaves(there.body), kind.leaves(write.body)
        initial = wanted.initial if wanted else frozenset()
        paths = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path) and path not in initial]
        return self._patch_set(write, there, [path for path in paths if not _is_left_alone(kind, path, new)])

    def _update_set(self, write: Write) -> Mapping[str, Any]:
        live = write.change.live
        if live is None:
            raise InvalidRequest("an update needs the scale set that it updates", provider="azure", operation="update")
        return self._patch_set(write, live, [item.path for item in write.change.fields])

    def _patch_set(self, write: Write, live: Resource, paths: Sequence[str]) -> Mapping[str, Any]:
        """
        Patch what differs, never the size: an autoscaler may be moving it.

        Where only the size moved since the read, the version of the re-read takes the place of the plan's.
        """
        change, group = write.change, self._group(live)
        body = patch_of(KINDS[SCALE_SET.name], write.body, paths)
        if (names := card_names((live.attributes.get("raw") or {}).get("properties") or {})) and "properties" in body:
            body["properties"] = with_card_names(body["properties"], *names)
        body["tags"] = {**dict(write.body.get("tags") or {}), **mark_of(change).tags(), **_pause_tag(live)}
        etag = live.attributes.get("etag")
        for left in reversed(range(TRIES)):
            try:
                made = self.calls.begin(f"{SETS}.begin_update", group, change.key.name, revealed(body), etag=etag)
                return _attributes(READERS[SCALE_SET.name](made, change.key.location))
            except Conflict as error:
                there = self._read(change, group)
                if (
                    error.code != "PreconditionFailed"
                    or there is None
                    or not left
                    or not differ_only_in(KINDS[SCALE_SET.name], live, there, SIZE)
                ):
                    raise
                etag = there.attributes.get("etag")
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
                must_be_ours(change, live)
        body = self._whole(write, live)
        name = _own_name(change) if live is change.live else change.key.name
        made = self.calls.call(f"{operation}.create_or_update", self._group(live or change.wanted), name, body)
        return _attributes(READERS[change.key.kind](made, change.key.location))

    def _delete_other(self, change: Change, operation: str) -> None:
        with suppress(NotFound):
            self.calls.call(f"{operation}.delete", self._group(change.live), _own_name(change))

    def _whole(self, write: Write, live: Resource | None) -> dict[str, Any]:
        """The body to put: what trimtab knows nothing of stays as it is, and so does a marked pause."""
        change, kind = write.change, write.change.key.kind
        raw = live.attributes.get("raw") or {} if live else {}
        ours = known_properties(KINDS[kind]) if change.action is not Action.ADOPT else frozenset()
        there = raw.get("properties") or {}
        before = {name: value for name, value in there.items() if name not in ours | _READ_ONLY}
        wanted = sent_properties(revealed(write.body)["properties"])
        if change.action is Action.ADOPT:
            wanted = {}
        properties = {**before, **wanted}
        if live is not None and find_pause(raw) is not None and "enabled" in there:
            properties["enabled"] = there["enabled"]
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
            found = self.calls.call(operation, group, change.key.name)
        except NotFound:
            return None
        return READERS[kind](found, change.key.location)


def _own_name(change: Change) -> str:
    """What the thing that a change found is called: a setting may have another name than its scale set."""
    raw = change.live.attributes.get("raw") if change.live is not None else None
    return str((raw or {}).get("name") or change.key.name)


_READ_ONLY = frozenset({"name", "provisioningState", "lastUpdatedTime", "isMigrated"})


def known_properties(kind: Kind) -> frozenset[str]:
    """The properties that trimtab writes itself: what is not wanted of them is left out."""
    paths = (row.path.split("[")[0].split(".") for row in kind.fields)
    return frozenset(steps[1] for steps in paths if steps[0] == "properties" and len(steps) > 1)


def sent_properties(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a setting or an alert as Azure takes them: rules without the names that plans give them."""
    found = copy.deepcopy(dict(properties))
    for profile in found.get("profiles") or ():
        for rule in profile.get("rules") or ():
            rule.pop("name", None)
    return found


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
    if "identity" in patch:
        patch["identity"] = sent_identity(body.get("identity")) or {"type": "None"}
    return patch


def sent_identity(identity: Mapping[str, Any] | None) -> dict[str, Any]:
    """An identity as Azure takes it: ids as keys."""
    if not identity:
        return {}
    return {**identity, "userAssignedIdentities": {one: {} for one in identity.get("userAssignedIdentities") or ()}}


def _set_body(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    sent = revealed({name: value for name, value in body.items() if name not in ("resourceGroup", "identity")})
    tags = {**dict(body.get("tags") or {}), **mark_of(change).tags()}
    identity = sent_identity(body.get("identity"))
    return {**sent, "tags": tags, **({"identity": identity} if identity else {})}


def _pause_tag(live: Resource | None) -> dict[str, str]:
    raw = live.attributes.get("raw") or {} if live else {}
    text = (raw.get("tags") or {}).get(PAUSE_TAG)
    return {PAUSE_TAG: text} if text else {}


def _is_left_alone(kind: Kind, path: str, new: Mapping[str, Any]) -> bool:
    row = kind.find(path)
    return row is None or row.hidden or (row.filled and path not in new)


def _attributes(item: Resource) -> Mapping[str, Any]:
    return item.attributes
