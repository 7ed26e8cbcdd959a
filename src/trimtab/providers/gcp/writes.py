"""Writes: one change becomes the calls that it takes, each of which may be made twice."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from trimtab.errors import AlreadyExists, Conflict, NotFound
from trimtab.plan import Action, Change, Resource
from trimtab.providers.base import Write, Written
from trimtab.providers.bodies import body_of, patch_of
from trimtab.providers.gcp.bodies import (
    around_rollout,
    autoscaler_body,
    described,
    manager_body,
    named_versions,
    rollout_in_the_way,
    scope_in,
    selections_patch,
    sent_body,
    stateful_patch,
    whole_monitored,
    with_backend,
    without_backend,
    zone_in,
)
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.errors import STALE
from trimtab.providers.gcp.ids import lengthened, name_of, parse_link, scoped
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.names import MANUAL_SIZE_SCHEDULE
from trimtab.providers.gcp.reads import age_of, deletions, list_monitored
from trimtab.providers.gcp.resources import READERS, find_pause, with_marks
from trimtab.providers.pause import BOOST
from trimtab.providers.writer import found_in_place, live_of, mark_of, outcome_of, read_if_only, send_held

SIZE = "targetSize"
MONITORED: Mapping[str, tuple[str, str]] = {
    ALERT_POLICY.name: ("alertPolicies", "alert_policy"),
    CHANNEL.name: ("notificationChannels", "notification_channel"),
}
"""The service of each kind, and what the SDK calls one of it."""


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
        return [outcome_of("gcp", send, write) for write in writes]

    # instance templates

    def _template(self, write: Write) -> Mapping[str, Any]:
        change, name = write.change, write.change.key.name
        if change.action is Action.DELETE:
            with suppress(NotFound):
                self.calls.run("instanceTemplates.delete", instance_template=name)
            return {}
        body = {"name": name, "description": mark_of(change).line(), **sent_body(write.body)}
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
            body = {"name": name, "description": mark_of(change).line(), **sent_body(write.body)}
            with self._unless_ours(change):
                self.calls.run("regionHealthChecks.insert", region=region, health_check_resource=body)
            return self._attributes(change)
        patch = patch_of(HEALTH_CHECK.of(change.wanted), write.body, [item.path for item in change.written])
        self.calls.patch(f"regions/{region}/healthChecks/{name}", {**patch, "description": described(change)})
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
        where = scoped("instanceGroupManagers", zone=zone_in(change.wanted), region=change.key.location)
        body = {"name": change.key.name, "description": mark_of(change).line(), **manager_body(write.body)}
        body["distributionPolicy"] = self._distribution(write.body)
        if not body["distributionPolicy"]:
            del body["distributionPolicy"]
        if change.live is not None and change.live.deleting:
            self._wait_until_gone(str(change.live.attributes["link"]))
        with self._unless_ours(change):
            self.calls.run(
                f"{where.collection}.insert", instance_group_manager_resource=sent_body(body), **dict(where.place)
            )

    def _wait_until_gone(self, link: str) -> None:
        """Wait for the end of the operation that deletes a group, if there still is one."""
        operation = deletions(self.calls).get(link)
        if operation is not None:
            self.calls.wait_for("instanceGroupManagers.delete", operation)

    def _distribution(self, body: Mapping[str, Any]) -> dict[str, Any]:
        distribution = dict(body.get("distributionPolicy") or {})
        if distribution.get("zones"):
            distribution["zones"] = [
                {"zone": f"projects/{self.calls.project}/zones/{zone}"} for zone in distribution["zones"]
            ]
        return distribution

    def _delete_manager(self, change: Change) -> None:
        live = change.live
        where = scoped("instanceGroupManagers", zone=zone_in(live), region=change.key.location)
        if change.action is Action.REPLACE and live is not None:
            self._let_go(change, live)
        with suppress(NotFound):
            self.calls.run(f"{where.collection}.delete", instance_group_manager=change.key.name, **dict(where.place))

    def _let_go(self, change: Change, live: Resource) -> None:
        """Take away what keeps a manager from being deleted: its autoscaler and its places in backend services."""
        link = str((live.attributes["raw"].get("status") or {}).get("autoscaler") or "")
        where = scoped("autoscalers", zone=zone_in(live), region=change.key.location)
        with suppress(NotFound):
            name = name_of(link) or change.key.name
            self.calls.run(f"{where.collection}.delete", autoscaler=name, **dict(where.place))
        group = str(live.attributes.get("instance_group", ""))
        for service in self.calls.aggregated("backendServices").items:
            if any(backend.get("group") == group for backend in service.get("backends") or ()):
                self._change_service(str(service["selfLink"]), lambda current: without_backend(current, group))

    def _update_manager(self, write: Write) -> None:
        change, live = write.change, live_of(write.change)
        path = f"{scope_in(live, change)}/instanceGroupManagers/{change.key.name}"
        patch = patch_of(MANAGER.of(change.wanted), write.body, [item.path for item in change.written])
        ports = patch.pop("namedPorts", None)
        patch = {name: value for name, value in patch.items() if name not in ("zone", "distributionPolicy")}
        if "versions" in patch:
            patch["versions"] = named_versions(live.body, write.body)
        if "instanceFlexibilityPolicy" in patch:
            patch["instanceFlexibilityPolicy"] = selections_patch(live.body, write.body)
        if "statefulPolicy" in patch:
            patch["statefulPolicy"] = stateful_patch(live.body, write.body)
        if any(item.path.startswith("distributionPolicy.targetShape") for item in change.written):
            patch["distributionPolicy"] = {
                "targetShape": (write.body.get("distributionPolicy") or {}).get("targetShape", "EVEN")
            }
        self._patch_held(change, live, path, patch)
        if ports is not None:
            self._set_ports(change, live, ports)

    def _patch_held(self, change: Change, live: Resource, path: str, patch: Mapping[str, Any]) -> None:
        """Patch what was read; where only its size, or the mark of a rollout, moved since then, what is there now."""
        own = sent_body(patch)

        def send(version: Resource) -> None:
            if (refusal := rollout_in_the_way(version, live, own)) is not None:
                raise refusal
            body = around_rollout(own, version, described(change, version))
            self.calls.patch(path, {**body, "fingerprint": version.attributes.get("fingerprint")})

        send_held(send, live, read_if_only(SIZE, MANAGER, live, lambda: self._read(change), stale=STALE))

    def _set_ports(self, change: Change, live: Resource, ports: Any) -> None:
        """Named ports are the instance group's, and written there."""
        where = scoped("instanceGroups", zone=zone_in(live), region=change.key.location)
        place = dict(where.place)
        existing = self.calls.get(f"{where.collection}.get", instance_group=change.key.name, **place)
        body = {"namedPorts": list(ports or ()), "fingerprint": existing.get("fingerprint")}
        kind = "region_instance_groups" if "region" in place else "instance_groups"
        request: dict[str, Any] = {f"{kind}_set_named_ports_request_resource": body}
        self.calls.run(f"{where.collection}.setNamedPorts", instance_group=change.key.name, **place, **request)

    # autoscalers

    def _autoscaler(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action in (Action.DELETE, Action.REPLACE):
            where = scoped("autoscalers", zone=zone_in(change.live), region=change.key.location)
            with suppress(NotFound):
                self.calls.run(f"{where.collection}.delete", autoscaler=_live_name(change), **dict(where.place))
        if change.action is Action.DELETE:
            return {}
        holder = change.wanted if change.action in (Action.CREATE, Action.REPLACE) else change.live
        where = scoped("autoscalers", zone=zone_in(holder), region=change.key.location)
        if change.action in (Action.CREATE, Action.REPLACE):
            sent = {"name": change.key.name, "description": mark_of(change).line(), **autoscaler_body(write.body)}
            try:
                self.calls.run(f"{where.collection}.insert", autoscaler_resource=sent_body(sent), **dict(where.place))
                return self._attributes(change)
            except (AlreadyExists, Conflict) as refusal:
                live = found_in_place(change, self._read(change), refusal)
        else:
            live = live_of(change)
        body = self._whole_autoscaler(write, live)
        self.calls.run(
            f"{where.collection}.update",
            autoscaler=body["name"],
            autoscaler_resource=sent_body(body),
            **dict(where.place),
        )
        return self._attributes(change)

    def _whole_autoscaler(self, write: Write, live: Resource) -> dict[str, Any]:
        """The body to put: what trimtab knows nothing of stays, and so do a marked pause, a boost and an asked size."""
        change, raw = write.change, live.attributes["raw"]
        pause, policy = find_pause(raw), dict(raw.get("autoscalingPolicy") or {})
        if change.action is not Action.ADOPT:
            existing = policy.get("scalingSchedules") or {}
            manual = {name: existing[name] for name in existing.keys() & {MANUAL_SIZE_SCHEDULE, BOOST}}
            policy = dict(body_of(write, AUTOSCALER, live)["autoscalingPolicy"])
            schedules = {**(policy.pop("scalingSchedules", None) or {}), **manual}
            policy |= {"scalingSchedules": schedules} if schedules else {}
            if pause is not None:
                policy["mode"] = (raw.get("autoscalingPolicy") or {}).get("mode", "ON")
        text = with_marks(described(change, live), raw)
        return {"name": raw["name"], "target": raw.get("target"), "description": text, "autoscalingPolicy": policy}

    # backends

    def _backend(self, write: Write) -> Mapping[str, Any]:
        change = write.change
        if change.action is Action.DELETE:
            live = live_of(change)
            group = str(live.body.get("group", ""))
            with suppress(NotFound):
                self._change_service(str(live.attributes["service"]), lambda current: without_backend(current, group))
            return {}
        service = str((change.wanted or live_of(change)).attributes.get("service", ""))
        wanted = {name: value for name, value in write.body.items() if name != "drain"}
        drain = write.body.get("drain")
        stale = str(change.live.body.get("group", "")) if change.live is not None else ""
        self._change_service(service, lambda current: with_backend(current, wanted, drain, stale))
        return {"service": service}

    def _change_service(self, link: str, change: Callable[[Mapping[str, Any]], dict[str, Any] | None]) -> None:
        """Change one backend service as it is at that moment; others may be changing it."""
        parts = parse_link(link)
        region = parts.scope.removeprefix("regions/") if parts.scope.startswith("regions/") else None
        place: dict[str, Any] = {"region": region} if region else {}
        collection = "regionBackendServices" if region else "backendServices"

        def read() -> dict[str, Any]:
            return self.calls.get(f"{collection}.get", backend_service=parts.name, **place)

        def send(service: Mapping[str, Any]) -> None:
            if (patch := change(service)) is not None:
                sent = {**lengthened(patch), "fingerprint": service.get("fingerprint")}
                self.calls.patch(f"{parts.scope}/backendServices/{parts.name}", sent)

        with self._turn:
            send_held(send, read(), lambda _: read())

    def _monitored(self, write: Write) -> Mapping[str, Any]:
        with self._turn:
            return MonitoredWriter(self.calls).write(write)

    # what they share

    @contextmanager
    def _unless_ours(self, change: Change) -> Iterator[None]:
        """Lets a creation pass where what it makes is there and ours."""
        try:
            yield
        except AlreadyExists as refusal:
            found_in_place(change, self._read(change), refusal)

    def _attributes(self, change: Change) -> Mapping[str, Any]:
        resource = self._read(change)
        if resource is None:
            raise NotFound(f"{change.key} is not there after it was written", provider="gcp")
        return resource.attributes

    def _read(self, change: Change) -> Resource | None:
        kind = change.key.kind
        name = _live_name(change) if change.action in (Action.UPDATE, Action.ADOPT) else change.key.name
        try:
            if kind == TEMPLATE.name:
                reply = self.calls.get("instanceTemplates.get", instance_template=name)
            elif kind == HEALTH_CHECK.name:
                reply = self.calls.get("regionHealthChecks.get", region=change.key.location, health_check=name)
            else:
                collection, word = {
                    MANAGER.name: ("instanceGroupManagers", "instance_group_manager"),
                    AUTOSCALER.name: ("autoscalers", "autoscaler"),
                }[kind]
                holder = change.wanted or change.live
                where = scoped(collection, zone=zone_in(holder), region=change.key.location)
                reply = self.calls.get(f"{where.collection}.get", **{word: name}, **dict(where.place))
        except NotFound:
            return None
        return READERS[kind](reply, change.key.location)


def _live_name(change: Change) -> str:
    """What the thing that a change found is called: an autoscaler may have another name than its group."""
    return change.key.name if change.live is None else str(change.live.attributes["raw"]["name"])


@dataclass(frozen=True)
class MonitoredWriter:
    """Sends one change; the caller sees to it that no other is sent meanwhile."""

    calls: Calls

    def write(self, write: Write) -> Mapping[str, Any]:
        """What the cloud gave back."""
        change = write.change
        service, word = MONITORED[change.key.kind]
        if change.action in (Action.DELETE, Action.REPLACE):
            with suppress(NotFound):
                self.calls.monitor(f"{service}.delete_{word}", name=live_of(change).attributes["name"])
        if change.action is Action.DELETE:
            return {}
        live = change.live if change.action in (Action.UPDATE, Action.ADOPT) else self._find_monitored(change)
        body = whole_monitored(write, live)
        if live is None:
            reply = self.calls.monitor(
                f"{service}.create_{word}", name=f"projects/{self.calls.project}", **{word: body}
            )
            return self._first_of(change, reply)
        reply = self.calls.monitor(f"{service}.update_{word}", **{word: {**body, "name": live.attributes["name"]}})
        return READERS[change.key.kind](reply, change.key.location).attributes

    def _first_of(self, change: Change, created: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was made, or what another run made first: display names are nobody's, so two may be made at once."""
        existing = self._all_monitored(change)
        first = min(existing, key=age_of, default=None)
        if first is None or first.attributes["name"] == created["name"]:
            return READERS[change.key.kind](created, change.key.location).attributes
        service, word = MONITORED[change.key.kind]
        with suppress(NotFound):
            self.calls.monitor(f"{service}.delete_{word}", name=created["name"])
        return first.attributes

    def _find_monitored(self, change: Change) -> Resource | None:
        """Ours already, perhaps made by this very call before its reply was lost: their names are Google's own."""
        return min(self._all_monitored(change), key=age_of, default=None)

    def _all_monitored(self, change: Change) -> list[Resource]:
        mark, kind = mark_of(change), change.key.kind
        every = [READERS[kind](item, change.key.location) for item in list_monitored(self.calls, kind).items]
        return [
            resource
            for resource in every
            if resource.key == change.key and resource.mark and resource.mark.fleet == mark.fleet
        ]
