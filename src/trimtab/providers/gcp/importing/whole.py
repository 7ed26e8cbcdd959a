"""A group's replies together: read, turned into a group, with notes on all that this leaves out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trimtab.errors import NotFound
from trimtab.models import ScalingGroup
from trimtab.plan import read_description, read_tags
from trimtab.providers.gcp.client import Calls
from trimtab.providers.gcp.importing import alerts, machine, scaling
from trimtab.providers.gcp.kinds import ALERT_POLICY, CHANNEL
from trimtab.providers.gcp.links import name_of, parse_link, place_of
from trimtab.providers.gcp.reads import list_monitored
from trimtab.providers.gcp.resources import find_pause
from trimtab.providers.gcp.states import States
from trimtab.providers.importing.notes import Imported, ImportNote
from trimtab.providers.imports import LeafTable, group_names, loss
from trimtab.providers.leaves import Reply


@dataclass(frozen=True)
class Replies:
    """All that was answered about a group."""

    manager: Mapping[str, Any]
    template: Mapping[str, Any] | None = None
    autoscaler: Mapping[str, Any] | None = None
    health_check: Mapping[str, Any] | None = None
    services: Sequence[Mapping[str, Any]] = field(default=())
    alerts: Sequence[Mapping[str, Any]] = field(default=())
    channels: Sequence[Mapping[str, Any]] = field(default=())


def read_group(calls: Calls, location: str, name: str, *, fleet: str | None = None) -> Imported:
    """
    The group of this name in a region or a zone of the project.

    Raises:
        NotFound: There is none.
    """
    found = [
        one for one in States(calls, calls.clock.now()).managers() if one["name"] == name and location in place_of(one)
    ]
    if not found:
        raise NotFound(f"there is no group {name!r} in {location}", provider="gcp")
    replies = _replies(calls, found[0])
    imported = import_group(replies, fleet=fleet)
    region = place_of(found[0]).region
    if region == calls.location:
        return imported
    return Imported(group=imported.group.model_copy(update={"location": region}), notes=imported.notes)


def _replies(calls: Calls, manager: Mapping[str, Any]) -> Replies:
    link, group = str(manager.get("selfLink")), str(manager.get("instanceGroup"))
    scalers = [one for one in calls.aggregated("autoscalers").items if one.get("target") == link]
    services = [
        one
        for one in calls.aggregated("backendServices").items
        if any(each.get("group") == group for each in one.get("backends") or ())
    ]
    policies = [one for one in list_monitored(calls, ALERT_POLICY.name).items if _is_about(one, manager)]
    return Replies(
        manager=manager,
        template=_template(calls, manager),
        autoscaler=scalers[0] if scalers else None,
        health_check=_health_check(calls, manager),
        services=sorted(services, key=lambda one: str(one["name"])),
        alerts=sorted(policies, key=lambda one: str(one.get("displayName"))),
        channels=list_monitored(calls, CHANNEL.name).items if policies else (),
    )


def _template(calls: Calls, manager: Mapping[str, Any]) -> Mapping[str, Any] | None:
    versions = manager.get("versions") or [manager]
    link = str(versions[0].get("instanceTemplate") or "")
    parts = parse_link(link)
    if not link:
        return None
    if parts.scope.startswith("regions/"):
        region = parts.scope.removeprefix("regions/")
        return calls.get("regionInstanceTemplates.get", region=region, instance_template=parts.name)
    return calls.get("instanceTemplates.get", instance_template=parts.name)


def _health_check(calls: Calls, manager: Mapping[str, Any]) -> Mapping[str, Any] | None:
    policies = manager.get("autoHealingPolicies") or ()
    parts = parse_link(str(policies[0].get("healthCheck", ""))) if policies else None
    if parts is None or not parts.scope.startswith("regions/"):
        return None
    region = parts.scope.removeprefix("regions/")
    return calls.get("regionHealthChecks.get", region=region, health_check=parts.name)


def _is_about(policy: Mapping[str, Any], manager: Mapping[str, Any]) -> bool:
    one, two = read_tags(policy.get("userLabels") or {})[1], read_description(manager.get("description"))[1]
    if one is not None and two is not None:
        return (one.fleet, one.group) == (two.fleet, two.group)
    name = str(manager["name"])
    filters = [str((one.get("conditionThreshold") or {}).get("filter", "")) for one in policy.get("conditions") or ()]
    if any(f'"{name}"' in text for text in filters):
        return True
    # of a metric that is no group's, its name says for whom it is
    return str(policy.get("displayName", "")).startswith(f"{name}-") and not any(map(_names_group, filters))


def _names_group(text: str) -> bool:
    return "instance_group" in text or "backend_name" in text


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
        self.manager = Reply("instanceGroupManagers.get", replies.manager)
        self.template = (
            Reply("instanceTemplates.get", replies.template, unsaid=machine.MADE_ANEW)
            if replies.template is not None
            else None
        )
        self.scaler = Reply("autoscalers.get", replies.autoscaler) if replies.autoscaler is not None else None
        self.alerts = [Reply("alertPolicies.get", one) for one in replies.alerts]
        self.more: list[ImportNote] = []
        self.group = ScalingGroup.model_validate(self._fields())
        if problem := scaling.overlap_of(self.group):
            self.more.append(loss(path=f"autoscaler {self.native}: scalingSchedules", reason=problem))

    @property
    def native(self) -> str:
        """The group's name in the cloud."""
        return str(self.replies.manager["name"])

    def _fields(self) -> dict[str, Any]:
        place = place_of(self.replies.manager)
        project = parse_link(str(self.replies.manager.get("selfLink", ""))).project
        size = int(self.manager.take("targetSize", "capacity.desired") or 0)
        machine_ = machine.machine_of(self.template, project) if self.template is not None else _unknown()
        around = machine.manager_of(self.manager, self.native, place.zone)
        sized = self._sized(size)
        balancers = list(self._balancers())
        found: dict[str, Any] = {
            **machine_,
            **{name: value for name, value in sized.items() if value},
            "placement": {**machine_["placement"], **around["placement"]},
            "purchase": {**machine_["purchase"], **around.get("purchase", {})},
            "health_check": self._health(),
            "load_balancers": balancers,
            "alarms": self._alarms(),
        }
        ports = machine.ports_of(self.manager, {str(one.get("portName")): True for one in self.replies.services})
        gcp = {**machine_["gcp"], **around["gcp"], **sized.get("gcp", {})}
        found["gcp"] = {**gcp, **({"named_ports": ports} if ports else {})}
        names = group_names(self.native, self.fleet)
        return {**names, **{key: value for key, value in found.items() if value not in ({}, [], None)}}

    def _sized(self, size: int) -> dict[str, Any]:
        if self.scaler is None:
            text = "nothing keeps its size between bounds; a plan makes an autoscaler that is off and keeps them"
            self.more.append(loss(path=f"group {self.native}: autoscaler", reason=text))
            return {"capacity": {"min": size, "max": size, "desired": size}}
        backends = [
            one
            for service in self.replies.services
            for one in service.get("backends") or ()
            if one.get("group") == self.replies.manager.get("instanceGroup")
        ]
        rate = next((float(one["maxRatePerInstance"]) for one in backends if one.get("maxRatePerInstance")), None)
        return scaling.scaling_of(self.scaler, self.native, find_pause(self.scaler.body), rate=rate, size=size)

    def _health(self) -> dict[str, Any]:
        check, grace = machine.healing_of(self.manager)
        given = {} if grace is None else {"grace": grace}
        if not check:
            return {}
        if any(check in (one.get("healthChecks") or ()) for one in self.replies.services):
            return {"by": "load-balancer", **given}
        body = self.replies.health_check or {}
        for name, path in (("httpHealthCheck", True), ("tcpHealthCheck", False)):
            if body.get(name):
                port = {"port": int(body[name].get("port") or 80)}
                return {**port, **({"path": body[name].get("requestPath") or "/"} if path else {}), **given}
        self.manager.lose(
            "autoHealingPolicies", f"the health check {name_of(check)} is of a sort of its own; a plan takes it away"
        )
        return {}

    def _balancers(self) -> Iterator[dict[str, Any]]:
        ports = {str(one["name"]): int(one["port"]) for one in self.replies.manager.get("namedPorts") or ()}
        for service in self.replies.services:
            port = ports.get(str(service.get("portName") or "http"))
            drain = int((service.get("connectionDraining") or {}).get("drainingTimeoutSec") or 0)
            yield {
                "name": service["name"],
                **({"port": port} if port else {}),
                **({"drain": f"{drain}s"} if drain else {}),
            }
        for pool in self.manager.take("targetPools", "load_balancers.id") or ():
            yield {"id": pool}

    def _alarms(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        channels = {str(one["name"]): one for one in self.replies.channels}
        prefix = f"{self.fleet}-" if self.fleet else ""
        own = f"{prefix}{self.native.removeprefix(prefix)}-"
        for reply in self.alerts:
            made = alerts.alarm_of(reply, self.native, own, channels)
            if made is None:
                reply.lose("conditions", "no alarm of the model says this policy; it stays as it is")
                continue
            name, alarm = made
            while name in found:
                name = f"{name}-alert"
            found[name] = alarm
        return found

    def notes(self) -> Iterator[ImportNote]:
        """All that the group leaves out."""
        for reply, label, read_only in self._read():
            yield from reply.losses(label, read_only)
        yield from self.more

    def tables(self) -> Iterator[LeafTable]:
        """The fates of all leaves."""
        yield from (reply.table(read_only) for reply, _, read_only in self._read())

    def _read(self) -> Iterator[tuple[Reply, str, Mapping[str, str]]]:
        yield self.manager, f"group {self.native}", machine.MANAGER_READ_ONLY
        if self.template is not None:
            yield self.template, f"template {self.template.body['name']}", machine.TEMPLATE_READ_ONLY
        if self.scaler is not None:
            yield self.scaler, f"autoscaler {self.scaler.body['name']}", scaling.READ_ONLY
        yield from ((one, f"alert policy {one.body.get('displayName')}", alerts.READ_ONLY) for one in self.alerts)


def _unknown() -> dict[str, Any]:
    """What is said of a group whose template is not known."""
    return {"template": {"image": "unknown", "size": "unknown"}, "placement": {}, "purchase": {}, "gcp": {}, "tags": {}}
