"""A managed instance group with its template, autoscaler, balancers and alerts, as a group of ours; pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from trimtab.models import Fleet, LoadBalancer, ScalingGroup
from trimtab.plan import Key, Note, Resource
from trimtab.providers.gcp.facts import Attached, GcpFacts, Known, Second, Service, service_of
from trimtab.providers.gcp.ids import name_of, parse_link, place_of, short
from trimtab.providers.gcp.importing.alarms import read_alert
from trimtab.providers.gcp.importing.autoscaler import ScalerRead
from trimtab.providers.gcp.importing.group import healing_of, manager_of, ports_of, timing_of, with_state
from trimtab.providers.gcp.importing.replies import Replies
from trimtab.providers.gcp.importing.template import first, machine_of, other_tiers
from trimtab.providers.gcp.kinds import AUTOSCALER, KINDS, MANAGER, TEMPLATE
from trimtab.providers.gcp.purchase import floor_of, with_sort
from trimtab.providers.gcp.resources import READERS, backend_resources
from trimtab.providers.gcp.template import RegionHome, image_link, template_body
from trimtab.providers.gcp.translate import TEMPLATE_FIELD, translate
from trimtab.providers.health import HTTP_PORT, HTTPS_PORT, asks_balancer, implied_protocol
from trimtab.providers.importing import Draft, Imported, Importer, fleet_for, group_names
from trimtab.providers.importing.alarms import read_alarms
from trimtab.providers.importing.building import build_group, whole
from trimtab.providers.translation import Translation

UNSIZED = "the group has no autoscaler now; the new one is off, and the size stays as it is"
KEPT_TEMPLATE = "new instances come from it until the file asks for another one, which has only what the file says"
PROTOCOLS = ("http", "https", "tcp")
"""Of a check that the model has words for."""
GUARDED = (
    *("template.*", "placement.*", "purchase.*", "health_check.*", "load_balancers*", "gcp.*"),
    *("policies", "policies.*.*"),
    *("alarms.*.metric", "alarms.*.statistic", "alarms.*.period", "alarms.*.periods", "alarms.*.missing"),
)
"""What is left to others where a plan would write it otherwise: what the model cannot say is not written over."""


def import_group(replies: Replies, *, now: datetime, location: str | None = None, fleet: str | None = None) -> Imported:
    """
    The group that these replies tell of, and what the next plan changes; pure.

    Args:
        replies: All that was answered about it.
        now: When that was.
        location: Where groups live that do not say otherwise; there where it is when left out.
        fleet: The fleet that it is to join; the one whose mark it bears, or one of its own, when left out.

    Raises:
        Unsupported: It is no group of ours, whatever is left out.
    """
    reader = GroupReader(replies, fleet)
    importer = Importer(
        provider="gcp",
        kinds=KINDS,
        translate=partial(reader.translated, now),
        guarded=GUARDED,
        now=now,
    )
    draft = reader.draft({} if location in (None, reader.where) else {"location": reader.where})
    return importer.run(draft, reader.live, fleet=reader.fleet)


class GroupReader:
    """The replies as plans read them, and what they say."""

    def __init__(self, replies: Replies, fleet: str | None) -> None:
        self.replies = replies
        place = place_of(replies.manager)
        self.where, self.zone = place.region, place.zone
        self.project = parse_link(str(replies.manager.get("selfLink", ""))).project
        self.native = str(replies.manager["name"])
        self.manager = self._made(MANAGER.name, replies.manager)
        self.fleet = fleet or fleet_for([self.native], self.where, self.manager.mark)
        self.names = group_names(self.native, self.fleet, self.manager.mark)
        self.template = self._made_of(TEMPLATE.name, replies.template)
        self.scaler = self._made_of(AUTOSCALER.name, replies.autoscaler)
        self.check = self._made_of("health-check", replies.health_check)
        managers = {self.manager.key: replies.manager}
        self.backends = [resource for service in replies.services for resource in backend_resources(service, managers)]
        self.alerts = [self._made("alert-policy", alert) for alert in replies.alerts]
        told = {str(name) for alert in replies.alerts for name in alert.get("notificationChannels") or ()}
        channels = (self._made("notification-channel", channel) for channel in replies.channels)
        self.channels = [channel for channel in channels if channel.attributes["name"] in told]
        self.alarms, self.silent = self._read_alerts()
        self.unsaid: dict[str, str] = {}
        self.second = None if replies.second is None else GroupReader(replies.second, self.fleet)
        self.floor = None if self.second is None else floor_of(replies.manager)

    def _made(self, kind: str, item: Mapping[str, Any]) -> Resource:
        return READERS[kind](item, self.where)

    def _made_of(self, kind: str, item: Mapping[str, Any] | None) -> Resource | None:
        return None if item is None else self._made(kind, item)

    @property
    def live(self) -> list[Resource]:
        """Everything of the group, as a plan reads it."""
        about = [self.check, *self.alerts, *self.channels]
        readers = [self] if self.second is None else [self, self.second]
        native = [item for each in readers for item in (each.template, each.manager, each.scaler, *each.backends)]
        return [resource for resource in (*about, *native) if resource is not None]

    # what it says

    def draft(self, more: Mapping[str, Any]) -> Draft:
        """The fields, with where they come from and why some are missing."""
        fields = {**self._fields(), **more}
        key = self.manager.key
        reasons = dict(self.silent)
        scaler = self.scaler if self.second is None else self.second.scaler
        if scaler is not None:
            reasons |= {(scaler.key, path): text for path, text in self.unsaid.items()}
        else:
            reasons[Key(self.where, AUTOSCALER.name, self.native), ""] = UNSIZED
        if lost := self._unlike_template(fields):
            fields["unmanaged"] = [*fields.get("unmanaged", ()), TEMPLATE_FIELD]
            reasons[key, "versions"] = lost
        for each in (self.template, self.second.template if self.second else None):
            if each is not None and (self._tiers() or not lost):  # what no plan compares is named here alone
                reasons[each.key, ""] = lost or KEPT_TEMPLATE
        return Draft(
            fields=fields,
            reasons=reasons,
            origins={
                **{f"alarms.{name}": (key, "") for name, (key, _) in self.alarms.items()},
                **self._windows(scaler),
            },
        )

    def _windows(self, scaler: Resource | None) -> dict[str, tuple[Key, str]]:
        """Where each schedule was read from."""
        policy = scaler.body.get("autoscalingPolicy", {}) if scaler is not None else {}
        names = policy.get("scalingSchedules") or {}
        return (
            {f"schedules.{name}": (scaler.key, f"autoscalingPolicy.scalingSchedules.{name}") for name in names}
            if scaler
            else {}
        )

    def _fields(self) -> dict[str, Any]:
        manager = self.replies.manager
        template_fields = machine_of((self.replies.template or {}).get("properties") or {}, self.project)
        template_fields["template"] = with_state(template_fields.get("template", {}), manager)
        around = manager_of(manager, self.native, self.zone)
        sized = self._sized()
        requested = {str(service.get("portName")): True for service in self.replies.services}
        ports = ports_of(manager, requested)
        gcp = {
            **template_fields.pop("gcp", {}),
            **around["gcp"],
            **sized.pop("gcp", {}),
            **({"named_ports": ports} if ports else {}),
        }
        fields = {
            **template_fields,
            **sized,
            "placement": {**template_fields.get("placement", {}), **around["placement"]},
            "purchase": {**template_fields.get("purchase", {}), **around["purchase"], **self._mix()},
            "health_check": self._health(),
            "load_balancers": [*map(self._balancer, self.replies.services), *self._pools()],
            "alarms": {name: alarm for name, (_, alarm) in self.alarms.items()},
            "gcp": gcp,
        }
        return {**self.names, **{name: value for name, value in fields.items() if value not in ({}, [], None)}}

    def _mix(self) -> dict[str, Any]:
        if self.floor is None:
            return {}
        shares: dict[str, Any] = {"on_demand_base": self.floor.base, "on_demand_percent": self.floor.percent}
        shares |= {"fallback": "on-demand"} if self.floor.falls_back else {}
        return {"spot": True, **{name: share for name, share in shares.items() if share}}

    def _sized(self) -> dict[str, Any]:
        """Bounds, policies and schedules; of two native groups both sizes, and what the one of Spot VMs has."""
        own = self._sized_alone()
        if self.second is None:
            return own
        sized = self.second._sized_alone()
        self.unsaid = self.second.unsaid
        base = self._size()
        for schedule in sized.get("schedules", {}).values():
            schedule["min"] += base
        is_off = "desired" in sized["capacity"]
        own_sizes = {**own["capacity"], "desired": base} if is_off else dict.fromkeys(("min", "max"), base)
        sized["capacity"] = {name: value + own_sizes[name] for name, value in sized["capacity"].items()}
        if is_off and self.floor is not None and self.floor.falls_back:  # sizes that no bounds of one of them hold
            sized["capacity"]["desired"] = self._size() + self.second._size()
        return sized

    def _size(self) -> int:
        return whole(self.replies.manager.get("targetSize"))

    def _sized_alone(self) -> dict[str, Any]:
        size = self._size()
        if self.scaler is None:
            return {"capacity": {"min": size, "max": size, "desired": size}}
        group = self.replies.manager.get("instanceGroup")
        backends = (backend for service in self.replies.services for backend in service.get("backends") or ())
        rates = (float(backend.get("maxRatePerInstance") or 0) for backend in backends if backend.get("group") == group)
        read = ScalerRead(self.native, next((rate for rate in rates if rate), None))
        read.take(self.scaler.body.get("autoscalingPolicy") or {}, size)
        self.unsaid = read.unsaid
        return read.fields

    def _health(self) -> dict[str, Any]:
        """The health check of a backend service, or one of the group's own; another one is left to others."""
        check, grace = healing_of(self.replies.manager)
        given = {} if grace is None else {"grace": grace}
        if not check:
            return given
        if any(check in (service.get("healthChecks") or ()) for service in self.replies.services):
            return {"by": "load-balancer", **given}
        is_own = self.check is not None and self.check.key.name == self.native
        body = self.check.body if self.check is not None and is_own else {}
        for name in PROTOCOLS:
            if asked := body.get(f"{name}HealthCheck"):
                port = whole(asked.get("port")) or (HTTPS_PORT if name == "https" else HTTP_PORT)
                path = {} if name == "tcp" else {"path": asked.get("requestPath") or "/"}
                implied = name in ("tcp", implied_protocol(port))
                host = {"host": asked["host"]} if path and asked.get("host") else {}
                said = {**({} if implied else {"protocol": name}), **host, **timing_of(body)}
                return {"port": port, **path, **said, **given}
        return given

    def _balancer(self, service: Mapping[str, Any]) -> dict[str, Any]:
        ports = {
            str(named_port["name"]): whole(named_port["port"])
            for named_port in self.replies.manager.get("namedPorts") or ()
        }
        port = ports.get(str(service.get("portName") or "http"))
        drain = whole((service.get("connectionDraining") or {}).get("drainingTimeoutSec"))
        names = [other["name"] for other in self.replies.services]
        called = {"name": service["name"]} if names.count(service["name"]) == 1 else {"id": service["selfLink"]}
        return {**called, **({"port": port} if port else {}), **({"drain": f"{drain}s"} if drain else {})}

    def _pools(self) -> list[dict[str, Any]]:
        return [{"id": pool} for pool in self.replies.manager.get("targetPools") or ()]

    def _read_alerts(self) -> tuple[dict[str, tuple[Key, dict[str, Any]]], dict[tuple[Key, str], str]]:
        """Alarms by name with the policies that they were read from; and why a policy is none."""
        starts = (f"{self.fleet}-{self.names['name']}-", f"{self.native}-")
        channels = {str(channel.attributes["name"]): channel for channel in self.channels}
        result = read_alarms(
            self.alerts, starts, lambda alert, prefix: read_alert(alert, self.native, prefix, channels)
        )
        alarms = {name: (alert.key, dict(fields)) for name, (alert, fields) in result.alarms.items()}
        return alarms, {(key, ""): text for key, text in result.silent.items()}

    def _unlike_template(self, fields: Mapping[str, Any]) -> str:
        """How the template that translation makes is not the one that is there; empty where it is."""
        if self.template is None:
            return "its instance template was not read"
        versions = self.manager.body.get("versions") or ()
        if len(versions) > 1:
            return f"the group has {len(versions)} versions; a group of a fleet has one"
        group, _ = build_group(fields, "gcp")
        lost = self._lost(group if self.floor is None else with_sort(group, spot=False))
        if self.second is not None:
            lost += [path for path in self.second._lost(with_sort(group, spot=True)) if path not in lost]
        lost += self._tiers()
        return f"the model cannot say all of its instance template: {', '.join(lost)}" if lost else ""

    def _lost(self, group: ScalingGroup) -> list[str]:
        """The leaves of the instance template that are others than the group asks for."""
        home = RegionHome(self.project, self.where)
        wanted = TEMPLATE.leaves(template_body(group, home, image_link(group.template.image, home)))
        existing = TEMPLATE.leaves(self.template.body) if self.template is not None else {}
        return sorted(path for path in {*existing, *wanted} if existing.get(path) != wanted.get(path))

    def _tiers(self) -> list[str]:
        return other_tiers((self.replies.template or {}).get("properties") or {})

    # facts

    def translated(self, now: datetime, fleet: Fleet) -> Translation:
        """The group in Google's terms, by what was read."""
        group = fleet.groups[0]
        attached = self._attached(group)
        seconds = {} if self.second is None else {group.name: Second(True, self._size(), self.second._known())}
        facts = GcpFacts(
            attached={group.name: attached},
            templates={group.name: known} if (known := self._known()) else {},
            seconds=seconds,
        )
        translation = translate(fleet, facts, now, self.where, self.project)
        problems = []
        if asks_balancer(group) and group.cloud_balancers and not attached.health_check:
            problems.append(Note("health_check.by: no backend service of the group has a health check", group.name))
        return Translation.of([translation, Translation(problems=tuple(problems))])

    def _attached(self, group: ScalingGroup) -> Attached:
        known = [service_of(body) for body in self.replies.services]
        pools = tuple(
            short(balancer.id) for balancer in group.load_balancers if balancer.id and "/targetPools/" in balancer.id
        )
        pairs = [(balancer, service) for balancer in group.cloud_balancers if (service := _called(balancer, known))]
        ports = {service.port_name: balancer.port for balancer, service in pairs if balancer.port is not None}
        return Attached(tuple(service for _, service in pairs), pools, ports)

    def _known(self) -> Known | None:
        versions = self.manager.body.get("versions") or ()
        link = str(first(versions).get("instanceTemplate") or "")
        if self.template is None:
            return Known(link, name_of(link), False, {}) if link else None
        ours = self.template.mark is not None and self.template.mark.fleet == self.fleet
        return Known(link, self.template.key.name, ours, self.template.body)


def _called(balancer: LoadBalancer, services: Sequence[Service]) -> Service | None:
    if balancer.id is not None:
        return next((service for service in services if service.link == short(balancer.id or "")), None)
    return next((service for service in services if service.name == balancer.name), None)
