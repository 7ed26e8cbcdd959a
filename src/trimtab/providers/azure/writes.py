"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, NotFound
from trimtab.plan import Action, Change, Resource, overlaid, revealed
from trimtab.providers.azure.bodies import (
    READ_ONLY,
    SIZE,
    is_left_alone,
    people_tags,
    raw_of,
    sent_properties,
    set_body,
    set_patch,
)
from trimtab.providers.azure.client import PACE, Calls
from trimtab.providers.azure.errors import STALE
from trimtab.providers.azure.kinds import ACTION_GROUP, AUTOSCALE_SETTING, KINDS, METRIC_ALERT, SCALE_SET
from trimtab.providers.azure.resources import READERS, boost_profiles, find_pause, planned_profiles, with_names_of
from trimtab.providers.base import Write, Written
from trimtab.providers.bodies import body_of, differing_paths
from trimtab.providers.writer import ensure_owned, found_in_place, live_of, mark_of, outcome_of, read_if_only, send_held

SETS = "compute.virtual_machine_scale_sets"
OTHERS: Mapping[str, str] = {
    AUTOSCALE_SETTING.name: "monitor.autoscale_settings",
    METRIC_ALERT.name: "monitor.metric_alerts",
    ACTION_GROUP.name: "monitor.action_groups",
}
GLOBAL = frozenset({METRIC_ALERT.name, ACTION_GROUP.name})


@dataclass(frozen=True)
class Writer:
    """Sends changes of one kind, action and group."""

    calls: Calls

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """An outcome for each change."""
        replaces = KINDS[writes[0].change.key.kind].replaces
        send: Callable[[Write], Mapping[str, Any]] = self._other if replaces else self._scale_set
        return [outcome_of("azure", send, write) for write in writes]

    # scale sets

    def _scale_set(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete_set(change)
        if change.action in (Action.CREATE, Action.REPLACE):
            return self._create_set(write)
        if change.action in (Action.UPDATE, Action.ADOPT):
            return self._patch_set(write, live_of(change), [item.path for item in change.written])
        return {}

    def _delete_set(self, change: Change) -> None:
        with suppress(NotFound):
            self.calls.begin(f"{SETS}.begin_delete", self._group(change.live), change.key.name, force_deletion=True)

    def _create_set(self, write: Write) -> Mapping[str, Any]:
        change, name = write.change, write.change.key.name
        group = self._group(change.wanted)
        sent = {**set_body(write.body, change), "location": change.key.location}
        if change.live is not None and change.live.deleting:
            self._wait_until_gone(change, group)
        try:
            reply = self.calls.begin(f"{SETS}.begin_create_or_update", group, name, sent, create=True)
        except (Conflict, AlreadyExists) as refusal:
            existing = found_in_place(change, self._read(change, group), refusal)
            if refusal.code != STALE:
                raise
            return self._bring_up_to_date(write, existing)
        return _attributes(READERS[SCALE_SET.name](reply, change.key.location))

    def _wait_until_gone(self, change: Change, group: str) -> None:
        def look() -> bool | None:
            existing = self._read(change, group)
            return True if existing is None or not existing.deleting else None

        late = f"the old scale set {change.key.name!r} is still being deleted"
        self.calls.wait_until("create", look, PACE, late=late)

    def _bring_up_to_date(self, write: Write, existing: Resource) -> Mapping[str, Any]:
        """Somebody was faster, perhaps this very call before its reply was lost: what differs is written."""
        kind = SCALE_SET.of(write.change.wanted)
        new, paths = kind.leaves(write.body), differing_paths(kind, existing, write)
        return self._patch_set(write, existing, [path for path in paths if not is_left_alone(kind, path, new)])

    def _patch_set(self, write: Write, live: Resource, paths: Sequence[str]) -> Mapping[str, Any]:
        """
        Patch what differs, never the size: an autoscaler may be moving it.

        Where only the size moved since the read, the version of the re-read takes the place of the plan's; where all is
        as wanted, this very patch was made before its reply was lost.
        """
        change, group = write.change, self._group(live)
        kind = SCALE_SET.of(change.wanted)
        # a patch replaces lists, which start from the live ones
        body = set_patch(kind, overlaid(kind, live.body, write.body), live, paths)
        body["tags"] = {**dict(write.body.get("tags") or {}), **mark_of(change).tags(), **people_tags(live)}
        sent = revealed(body)

        def send(version: Resource) -> Any:
            etag = version.attributes.get("etag")
            return self.calls.begin(f"{SETS}.begin_update", group, change.key.name, sent, etag=etag)

        newer = read_if_only(SIZE, SCALE_SET, live, lambda: self._read(change, group), stale=STALE)
        try:
            reply = send_held(send, live, newer)
        except Conflict as refusal:
            existing = self._read(change, group) if refusal.code == STALE else None
            if existing is None or not _is_written(write, existing, paths):
                raise
            return existing.attributes
        return _attributes(READERS[SCALE_SET.name](reply, change.key.location))

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
        """The body to put: what trimtab knows nothing of stays as it is, and so do a marked pause and a boost."""
        change, kind = write.change, write.change.key.kind
        raw = raw_of(live)
        existing = raw.get("properties") or {}
        merged = existing
        if change.action is not Action.ADOPT:
            body = body_of(write, KINDS[kind], live)
            merged = with_names_of(sent_properties(revealed(body)["properties"], existing), existing)
        properties = {name: value for name, value in merged.items() if name not in READ_ONLY}
        if boosting := boost_profiles(existing):
            properties["profiles"] = [*boosting, *planned_profiles(properties)]
        if live is not None and find_pause(raw) is not None and "enabled" in existing:
            properties["enabled"] = existing["enabled"]
        foreign = {name: value for name, value in (raw.get("tags") or {}).items() if not name.startswith("trimtab-")}
        tags = {**foreign, **mark_of(change).tags(), **people_tags(live)}
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
    return str(raw_of(change.live).get("name") or change.key.name)


def _is_written(write: Write, existing: Resource, paths: Sequence[str]) -> bool:
    """Whether the mark and all that a patch is about are as wanted; the mark speaks for what is never read back."""
    kind = SCALE_SET.of(write.change.wanted)
    old, new = kind.leaves(existing.body), kind.leaves(write.body)
    read_back = [path for path in paths if (row := kind.find(path)) is None or not row.write_only]
    return existing.mark == mark_of(write.change) and all(
        kind.folded(path, old.get(path)) == kind.folded(path, new.get(path)) for path in read_back
    )


def _attributes(item: Resource) -> Mapping[str, Any]:
    return item.attributes
