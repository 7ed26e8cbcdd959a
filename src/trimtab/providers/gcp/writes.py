"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, InvalidRequest, NotFound
from trimtab.plan import Action, Change, Kind, Resource, read_description, revealed
from trimtab.providers.base import Write, Written
from trimtab.providers.gcp.client import Calls, scoped
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    KINDS,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.links import lengthened, parse_link
from trimtab.providers.gcp.reads import ASKED, READERS, find_pause, list_monitored, with_pause
from trimtab.providers.writing import mark_of, must_be_ours, outcome_of

SIZE = "targetSize"
TRIES = 3
"""How often a write is made again because something else was written in between."""
MONITORED: Mapping[str, tuple[str, str, str]] = {
    ALERT_POLICY.name: ("alertPolicies", "alert_policy", "AlertPolicy"),
    CHANNEL.name: ("notificationChannels", "notification_channel", "NotificationChannel"),
}
_READ_ONLY = frozenset({"creationRecord", "mutationRecord", "mutationRecords", "validity", "verificationStatus"})


@dataclass(frozen=True)
class Writer:
    """Sends changes of one kind, action and group."""

    calls: Calls
    # the same backend service is many groups', and alert policies of a project are written one at a time
    _turn: Lock = field(default_factory=Lock)

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """An outcome for each change."""
        send: Callable[[Write], Mapping[str, Any]] = {
            TEMPLATE.name: self._template,
            HEALTH_CHECK.name: self._health_check,
            MANAGER.name: self._manager,
            AUTOSCALER.name: self._autoscaler,
            BACKEND.name: self._backend,
            ALERT_POLICY.name: self._monitored,
            CHANNEL.name: self._monitored,
        }[writes[0].change.key.kind]
        return [outcome_of(send, write) for write in writes]

    # instance templates

    def _template(self, write: Write) -> Mapping[str, Any]:
        change, name = write.change, write.change.key.name
        if change.action is Action.DELETE:
            with suppress(NotFound):
                self.calls.run("instanceTemplates.delete", instance_template=name)
            return {}
        body = {"name": name, "description": mark_of(change).line(), **_sent(write.body)}
        with self._unless_ours(change):
            self.calls.run("instanceTemplates.insert", instance_template_resource=body)
        return self._attributes(change)

    # health checks

    def _health_check(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        region, name = change.key.location, change.key.name
        if change.action is Action.DELETE:
            with suppress(NotFound):
                self.calls.run("regionHealthChecks.delete", region=region, health_check=name)
            return {}
        if change.action is Action.CREATE:
            body = {"name": name, "description": mark_of(change).line(), **_sent(write.body)}
            with self._unless_ours(change):
                self.calls.run("regionHealthChecks.insert", region=region, health_check_resource=body)
            return self._attributes(change)
        patch = _patch(change, KINDS[change.key.kind], write.body)
        self.calls.patch(f"regions/{region}/healthChecks/{name}", {**patch, "description": _described(change)})
        return self._attributes(change)

    # managers

    def _manager(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            self._delete_manager(change)
        if change.action in (Action.CREATE, Action.REPLACE):
            self._create_manager(write)
        elif change.action in (Action.UPDATE, Action.ADOPT):
            self._update_manager(write)
        return {} if change.action is Action.DELETE else self._attributes(change)

    def _create_manager(self, write: Write) -> None:
        change = write.change
        where = scoped("instanceGroupManagers", zone=_zone(change.wanted), region=change.key.location)
        body = {"name": change.key.name, "description": mark_of(change).line(), **manager_body(write.body)}
        body["distributionPolicy"] = self._distribution(write.body)
        if not body["distributionPolicy"]:
            del body["distributionPolicy"]
        with self._unless_ours(change):
            self.calls.run(
                f"{where.collection}.insert", instance_group_manager_resource=_sent(body), **dict(where.place)
            )

    def _distribution(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(body.get("distributionPolicy") or {})
        if found.get("zones"):
            found["zones"] = [{"zone": f"projects/{self.calls.project}/zones/{zone}"} for zone in found["zones"]]
        return found

    def _delete_manager(self, change: Change) -> None:
        live = change.live
        where = scoped("instanceGroupManagers", zone=_zone(live), region=change.key.location)
        if change.action is Action.REPLACE and live is not None:
            self._let_go(change, live)
        with suppress(NotFound):
            self.calls.run(f"{where.collection}.delete", instance_group_manager=change.key.name, **dict(where.place))

    def _let_go(self, change: Change, live: Resource) -> None:
        """Take away what keeps a manager from being deleted: its autoscaler and its places in backend services."""
        where = scoped("autoscalers", zone=_zone(live), region=change.key.location)
        with suppress(NotFound):
            self.calls.run(f"{where.collection}.delete", autoscaler=change.key.name, **dict(where.place))
        group = str(live.attributes.get("instance_group", ""))
        for service in self.calls.aggregated("backendServices").items:
            if any(one.get("group") == group for one in service.get("backends") or ()):
                self._change_service(str(service["selfLink"]), lambda found: _without(found, group))

    def _update_manager(self, write: Write) -> None:
        change, live = write.change, _live(write.change)
        path = f"{_scope(live, change)}/instanceGroupManagers/{change.key.name}"
        patch = _patch(change, KINDS[MANAGER.name], write.body)
        ports = patch.pop("namedPorts", None)
        patch = {name: value for name, value in patch.items() if name not in ("zone", "distributionPolicy")}
        if "instanceFlexibilityPolicy" in patch:
            patch["instanceFlexibilityPolicy"] = _selections(live.body, write.body)
        if any(item.path.startswith("distributionPolicy.targetShape") for item in change.fields):
            patch["distributionPolicy"] = {
                "targetShape": (write.body.get("distributionPolicy") or {}).get("targetShape", "EVEN")
            }
        self._patch_held(change, live, path, {**patch, "description": _described(change)})
        if ports is not None:
            self._set_ports(change, live, ports)

    def _patch_held(self, change: Change, live: Resource, path: str, patch: Mapping[str, Any]) -> None:
        """Patch what was read; where only its size moved since then, what is there now."""
        fingerprint = live.attributes.get("fingerprint")
        for left in reversed(range(TRIES)):
            try:
                self.calls.patch(path, {**_sent(patch), "fingerprint": fingerprint})
                return
            except Conflict as error:
                there = self._read(change)
                if error.code != "conditionNotMet" or there is None or not left or not _only_size_moved(live, there):
                    raise
                fingerprint = there.attributes.get("fingerprint")

    def _set_ports(self, change: Change, live: Resource, ports: Any) -> None:
        """Named ports are the instance group's, and written there."""
        where = scoped("instanceGroups", zone=_zone(live), region=change.key.location)
        place = dict(where.place)
        there = self.calls.get(f"{where.collection}.get", instance_group=change.key.name, **place)
        body = {"namedPorts": list(ports or ()), "fingerprint": there.get("fingerprint")}
        kind = "region_instance_groups" if "region" in place else "instance_groups"
        request: dict[str, Any] = {f"{kind}_set_named_ports_request_resource": body}
        self.calls.run(f"{where.collection}.setNamedPorts", instance_group=change.key.name, **place, **request)

    # autoscalers

    def _autoscaler(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            where = scoped("autoscalers", zone=_zone(change.live), region=change.key.location)
            with suppress(NotFound):
                self.calls.run(f"{where.collection}.delete", autoscaler=change.key.name, **dict(where.place))
        if change.action is Action.DELETE:
            return {}
        holder = change.wanted if change.action in (Action.CREATE, Action.REPLACE) else change.live
        where = scoped("autoscalers", zone=_zone(holder), region=change.key.location)
        if change.action in (Action.CREATE, Action.REPLACE):
            sent = {"name": change.key.name, "description": mark_of(change).line(), **_plain_autoscaler(write.body)}
            try:
                self.calls.run(f"{where.collection}.insert", autoscaler_resource=_sent(sent), **dict(where.place))
                return self._attributes(change)
            except (AlreadyExists, Conflict):
                there = self._read(change)
                if there is None:
                    raise
                must_be_ours(change, there)
                live = there
        else:
            live = _live(change)
        body = self._whole_autoscaler(write, live)
        self.calls.run(
            f"{where.collection}.update",
            autoscaler=change.key.name,
            autoscaler_resource=_sent(body),
            **dict(where.place),
        )
        return self._attributes(change)

    def _whole_autoscaler(self, write: Write, live: Resource) -> dict[str, Any]:
        """The body to put: what trimtab knows nothing of stays as it is, and so do a marked pause and an asked size."""
        change, raw = write.change, live.attributes["raw"]
        pause, policy = find_pause(raw), dict(raw.get("autoscalingPolicy") or {})
        if change.action is not Action.ADOPT:
            wanted = dict(write.body["autoscalingPolicy"])
            known = {row.path.split(".")[1].split("[")[0] for row in KINDS[AUTOSCALER.name].fields if "." in row.path}
            asked = {name: one for name, one in (policy.get("scalingSchedules") or {}).items() if name == ASKED}
            kept = {name: value for name, value in policy.items() if name not in known}
            schedules = {**(wanted.get("scalingSchedules") or {}), **asked}
            policy = {**kept, **wanted, **({"scalingSchedules": schedules} if schedules else {})}
            if pause is not None:
                policy["mode"] = (raw.get("autoscalingPolicy") or {}).get("mode", "ON")
        text = with_pause(_described(change, live), pause)
        return {"name": change.key.name, "target": raw.get("target"), "description": text, "autoscalingPolicy": policy}

    # backends

    def _backend(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action is Action.DELETE:
            live = _live(change)
            group = str(live.body.get("group", ""))
            with suppress(NotFound):
                self._change_service(str(live.attributes["service"]), lambda found: _without(found, group))
            return {}
        service = str((change.wanted or _live(change)).attributes.get("service", ""))
        wanted = {name: value for name, value in write.body.items() if name != "drain"}
        drain = write.body.get("drain")
        stale = str(change.live.body.get("group", "")) if change.live is not None else ""
        self._change_service(service, lambda found: _with(found, wanted, drain, stale))
        return {"service": service}

    def _change_service(self, link: str, change: Callable[[Mapping[str, Any]], dict[str, Any] | None]) -> None:
        """Change one backend service as it is at that moment; others may be changing it."""
        parts = parse_link(link)
        region = parts.scope.removeprefix("regions/") if parts.scope.startswith("regions/") else None
        place: dict[str, Any] = {"region": region} if region else {}
        collection = "regionBackendServices" if region else "backendServices"
        with self._turn:
            for left in reversed(range(TRIES)):
                there = self.calls.get(f"{collection}.get", backend_service=parts.name, **place)
                patch = change(there)
                if patch is None:
                    return
                try:
                    sent = {**lengthened(patch), "fingerprint": there.get("fingerprint")}
                    self.calls.patch(f"{parts.scope}/backendServices/{parts.name}", sent)
                    return
                except Conflict:
                    if not left:
                        raise

    # alert policies and channels

    def _monitored(self, write: Write) -> Mapping[str, Any]:
        with self._turn:
            return self._monitored_alone(write)

    def _monitored_alone(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        service, word, _ = MONITORED[change.key.kind]
        if change.action in (Action.DELETE, Action.REPLACE):
            with suppress(NotFound):
                self.calls.monitor(f"{service}.delete_{word}", name=_live(change).attributes["name"])
        if change.action is Action.DELETE:
            return {}
        live = change.live if change.action in (Action.UPDATE, Action.ADOPT) else self._find_monitored(change)
        body = _whole_monitored(write, live)
        if live is None:
            made = self.calls.monitor(f"{service}.create_{word}", name=f"projects/{self.calls.project}", **{word: body})
            return self._first_of(change, made)
        made = self.calls.monitor(f"{service}.update_{word}", **{word: {**body, "name": live.attributes["name"]}})
        return READERS[change.key.kind](made, change.key.location).attributes

    def _first_of(self, change: Change, made: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was made, or what another run made first: display names are nobody's, so two may be made at once."""
        found = self._all_monitored(change)
        first = min(found, key=_age, default=None)
        if first is None or first.attributes["name"] == made["name"]:
            return READERS[change.key.kind](made, change.key.location).attributes
        service, word, _ = MONITORED[change.key.kind]
        with suppress(NotFound):
            self.calls.monitor(f"{service}.delete_{word}", name=made["name"])
        return first.attributes

    def _find_monitored(self, change: Change) -> Resource | None:
        """Ours already, perhaps made by this very call before its reply was lost: their names are Google's own."""
        return min(self._all_monitored(change), key=_age, default=None)

    def _all_monitored(self, change: Change) -> list[Resource]:
        mark, kind = mark_of(change), change.key.kind
        every = [READERS[kind](item, change.key.location) for item in list_monitored(self.calls, kind).items]
        return [one for one in every if one.key == change.key and one.mark and one.mark.fleet == mark.fleet]

    # what they share

    @contextmanager
    def _unless_ours(self, change: Change) -> Iterator[None]:
        """Lets a creation pass where what it makes is there and ours."""
        try:
            yield
        except AlreadyExists:
            there = self._read(change)
            if there is None:
                raise
            must_be_ours(change, there)

    def _attributes(self, change: Change) -> Mapping[str, Any]:
        there = self._read(change)
        if there is None:
            raise NotFound(f"{change.key} is not there after it was written", provider="gcp")
        return there.attributes

    def _read(self, change: Change) -> Resource | None:
        kind, name = change.key.kind, change.key.name
        try:
            if kind == TEMPLATE.name:
                found = self.calls.get("instanceTemplates.get", instance_template=name)
            elif kind == HEALTH_CHECK.name:
                found = self.calls.get("regionHealthChecks.get", region=change.key.location, health_check=name)
            else:
                collection, word = {
                    MANAGER.name: ("instanceGroupManagers", "instance_group_manager"),
                    AUTOSCALER.name: ("autoscalers", "autoscaler"),
                }[kind]
                holder = change.wanted or change.live
                where = scoped(collection, zone=_zone(holder), region=change.key.location)
                found = self.calls.get(f"{where.collection}.get", **{word: name}, **dict(where.place))
        except NotFound:
            return None
        return READERS[kind](found, change.key.location)


# bodies


def _age(item: Resource) -> tuple[str, str]:
    """What tells the first of several that were made."""
    raw = item.attributes.get("raw") or {}
    return str((raw.get("creationRecord") or {}).get("mutateTime", "")), str(item.attributes["name"])


def _sent(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with its secrets told and its links in full."""
    return dict(lengthened(revealed(body)))


def manager_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a manager as the API takes it, less where it is."""
    return {name: value for name, value in body.items() if name not in ("zone", "distributionPolicy")}


def _plain_autoscaler(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "zone"}


def _zone(item: Resource | None) -> str | None:
    return None if item is None else item.body.get("zone") or None


def _scope(item: Resource, change: Change) -> str:
    zone = _zone(item)
    return f"zones/{zone}" if zone else f"regions/{change.key.location}"


def _live(change: Change) -> Resource:
    if change.live is None:
        raise InvalidRequest(f"{change.key}: an update needs what it updates", provider="gcp", operation="update")
    return change.live


def _described(change: Change, live: Resource | None = None) -> str:
    """What people wrote in the description, and the mark under it."""
    raw = (live or _live(change)).attributes.get("raw") or {}
    return mark_of(change).sign(read_description(with_pause(raw.get("description"), None) or None)[0])


def _patch(change: Change, kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """
    A merge patch of the fields that a change names: each, or the whole list that it is in.

    What is no longer wanted goes back to its default, or to null where the kind has none.
    """
    patch: dict[str, Any] = {}
    for item in change.fields:
        steps = item.path.split("[", 1)[0].split(".")
        row = kind.find(item.path)
        if steps[0] not in body:
            default = None if row is None else row.default
            patch[steps[0]] = [] if len(steps) == 1 and _is_list(kind, item.path) else default
            continue
        value = _at(body, steps)
        if value is None:
            value = [] if _is_list(kind, item.path) else None if row is None else row.default
        _put(patch, steps, value)
    return patch


def _is_list(kind: Kind, path: str) -> bool:
    return "[" in path or path in kind.sets


def _at(body: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if not isinstance(body, Mapping) or step not in body:
            return None
        body = body[step]
    return body


def _put(patch: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    for step in steps[:-1]:
        found = patch.setdefault(step, {})
        patch = found if isinstance(found, dict) else patch
    patch[steps[-1]] = value


def _selections(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any] | None:
    """A merge patch of the sizes that a group may use: those that leave are null."""
    before, after = (
        (body.get("instanceFlexibilityPolicy") or {}).get("instanceSelections") or {} for body in (old, new)
    )
    return {"instanceSelections": {**dict.fromkeys(before), **after}} if after else None


def _only_size_moved(before: Resource, after: Resource) -> bool:
    kind = KINDS[MANAGER.name]
    one, two = kind.leaves(before.body), kind.leaves(after.body)
    return before.mark == after.mark and {**one, SIZE: 0} == {**two, SIZE: 0}


def _without(service: Mapping[str, Any], group: str) -> dict[str, Any] | None:
    backends = list(service.get("backends") or ())
    left = [one for one in backends if one.get("group") != group]
    return None if len(left) == len(backends) else {"backends": left}


def _with(service: Mapping[str, Any], wanted: Mapping[str, Any], drain: int | None, stale: str) -> dict[str, Any]:
    """The backends with one put in or changed in its place; what trimtab knows nothing of stays."""
    group = wanted["group"]
    before: Mapping[str, Any] = next(
        (one for one in service.get("backends") or () if one.get("group") in (group, stale)), {}
    )
    known = {"group", "maxRatePerInstance"}
    kept = {name: value for name, value in before.items() if name not in known}
    if wanted.get("balancingMode") == "RATE":
        kept.pop("maxUtilization", None)
    others = [one for one in service.get("backends") or () if one.get("group") not in (group, stale)]
    patch: dict[str, Any] = {"backends": [*others, {**kept, **wanted}]}
    if drain is not None:
        patch["connectionDraining"] = {"drainingTimeoutSec": drain}
    return patch


def _whole_monitored(write: Write, live: Resource | None) -> dict[str, Any]:
    """The body to put: what trimtab knows nothing of stays as it is."""
    change, kind = write.change, KINDS[write.change.key.kind]
    raw = copy.deepcopy(dict(live.attributes["raw"])) if live is not None else {}
    body = {name: value for name, value in raw.items() if name not in _READ_ONLY}
    if change.action is not Action.ADOPT:
        wanted = revealed(write.body)
        known = {row.path.split(".")[0].split("[")[0] for row in kind.fields}
        kept = {name: value for name, value in body.items() if name not in known}
        strategy = {
            name: value for name, value in (raw.get("alertStrategy") or {}).items() if name != "notificationPrompts"
        }
        strategy |= wanted.get("alertStrategy") or {}
        body = {**kept, **wanted, **({"alertStrategy": strategy} if strategy else {})}
    own = {name: value for name, value in (raw.get("userLabels") or {}).items() if not name.startswith("trimtab-")}
    return {**body, "displayName": change.key.name, "userLabels": {**own, **mark_of(change).tags()}}
