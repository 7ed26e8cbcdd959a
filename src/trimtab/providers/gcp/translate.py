"""A fleet as resources of Google Cloud: native bodies and no SDK; pure."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from trimtab.capabilities import is_controlled
from trimtab.engine.schedules import in_force
from trimtab.errors import Unsupported
from trimtab.models import Fleet, ScalingGroup, SpotStrategy
from trimtab.plan import Key, Mark, Ref, Resource, digest
from trimtab.providers.base import Facts
from trimtab.providers.execution import amounts_of
from trimtab.providers.gcp.alerts import (
    alert_body,
    channel_body,
    channel_key,
    channels_of,
    targets_of,
)
from trimtab.providers.gcp.autoscaler import autoscaler_of, rate_of
from trimtab.providers.gcp.kinds import (
    ALERT_POLICY,
    AUTOSCALER,
    BACKEND,
    CHANNEL,
    HEALTH_CHECK,
    MANAGER,
    TEMPLATE,
)
from trimtab.providers.gcp.metrics import Scope
from trimtab.providers.gcp.names import LONGEST_BASE, seconds
from trimtab.providers.gcp.template import Home, image_link, template_body
from trimtab.providers.naming import alarm_name, given, is_alert, size_is_owned

BETWEEN = ","
"""What stands between the policies that a mark keeps; its words have no spaces."""
BALANCERS = "load_balancers"
"""The part of a group that its places in backend services stand for."""
LONGEST_KEPT = 1024
"""Letters of a description are 2,048 at most."""
WITHOUT_REDISTRIBUTION = frozenset({"balanced", "any", "any-single-zone"})
PROBE_PORT = 80


class Service(NamedTuple):
    """A backend service: its link, its name, the port that it asks for by name, and who says how its members are."""

    link: str
    name: str
    port_name: str = "http"
    health_check: str = ""


class Attached(NamedTuple):
    """What a group is attached to."""

    services: Sequence[Service] = ()
    target_pools: Sequence[str] = ()
    ports: Mapping[str, int] = {}
    """The ports that backend services ask for by name."""

    @property
    def health_check(self) -> str:
        """The health check of the first backend service that has one."""
        return next((one.health_check for one in self.services if one.health_check), "")


class Known(NamedTuple):
    """An instance template that a group is made from already."""

    link: str
    name: str
    leaves: Mapping[str, Any]
    ours: bool


def translate(fleet: Fleet, facts: Facts, now: datetime, location: str, project: str) -> list[Resource]:
    """Template, health check, manager, autoscaler, backends, alert policies and channels of every group."""
    return [item for group in fleet.groups for item in _Group(fleet, group, facts, now, location, project).resources()]


def has_probe(group: ScalingGroup) -> bool:
    """Whether a health check of its own asks each instance how it is."""
    return group.health_check.path is not None or group.health_check.port is not None


def asks_balancer(group: ScalingGroup) -> bool:
    """Whether the load balancer's health check says how an instance is."""
    return group.health_check.by == "load-balancer" and not has_probe(group)


def zone_of(group: ScalingGroup) -> str | None:
    """The zone of a group that lives in one; `None` for one that spans its region."""
    return group.placement.zones[0] if len(group.placement.zones) == 1 else None


def base_name(group: ScalingGroup, native: str) -> str:
    """What instances are called before their four letters."""
    return group.gcp.base_instance_name or native[:LONGEST_BASE].rstrip("-")


class _Group:
    def __init__(
        self, fleet: Fleet, group: ScalingGroup, facts: Facts, now: datetime, location: str, project: str
    ) -> None:
        self.fleet, self.group, self.facts, self.now = fleet, group, facts, now
        self.location = group.location or location
        self.home = Home(project, self.location)
        self.native = fleet.native_name(group)
        # templates, alert policies and channels live in no location; the mark says whose they are
        self.mark = Mark(fleet.name, group.name, kept={"location": self.location})
        self.attached: Attached = facts.found.get("attached", {}).get(group.name, Attached())

    def resources(self) -> Iterator[Resource]:
        for target in targets_of(self.group):
            key = channel_key(self.location, self.native, target)
            yield self._made(CHANNEL.name, key.name, channel_body(target), mark=self.mark)
        template, known = self._template()
        if known is None or known.ours:
            yield template
        if has_probe(self.group):
            yield self._health_check()
        yield self._manager(Ref(template.key, "link") if known is None or known.ours else known.link)
        yield from self._autoscaler()
        yield from self._backends()
        yield from self._alerts()

    # what instances are made of

    def _template(self) -> tuple[Resource, Known | None]:
        """The template, and the one that is there already where it holds the very same."""
        image = self.facts.found.get("images", {}).get(self.group.name) or image_link(
            self.group.template.image, self.home
        )
        body = template_body(self.group, self.home, image)
        known: Known | None = self.facts.found.get("templates", {}).get(self.group.name)
        if known is not None and known.leaves == TEMPLATE.leaves(body):
            return self._made(TEMPLATE.name, known.name, body, mark=self.mark), known
        # a long name is cut, so that the whole of it is in the digest
        word = digest([self.fleet.name, self.location, self.native, body])[:8]
        name = f"{self.native[:54].rstrip('-')}-{word}"
        return self._made(TEMPLATE.name, name, body, mark=self.mark), None

    def _health_check(self) -> Resource:
        check = self.group.health_check
        port = check.port or PROBE_PORT
        body = (
            {"type": "HTTP", "httpHealthCheck": {"port": port, "requestPath": check.path}}
            if check.path is not None
            else {"type": "TCP", "tcpHealthCheck": {"port": port}}
        )
        return self._made(HEALTH_CHECK.name, self.native, body, mark=Mark(self.fleet.name, self.group.name))

    # the group

    def _manager(self, template: Ref | str) -> Resource:
        group, zone = self.group, zone_of(self.group)
        owned = size_is_owned(self.fleet, group) or group.capacity.desired is None
        kept = self.facts.found.get("kept", {}).get(group.name, {})
        body = given(
            zone=zone,
            baseInstanceName=base_name(group, self.native),
            versions=[{"instanceTemplate": template}],
            targetSize=self._size(),
            updatePolicy=self._update_policy(),
            autoHealingPolicies=self._healing(),
            namedPorts=self._ports(),
            targetPools=list(self.attached.target_pools),
            distributionPolicy={} if zone else self._distribution(),
            instanceFlexibilityPolicy=self._sizes(),
            targetStoppedSize=group.gcp.stopped,
            targetSuspendedSize=group.gcp.suspended,
        )
        return self._made(
            MANAGER.name,
            self.native,
            body,
            mark=Mark(self.fleet.name, group.name, kept=kept),
            initial=frozenset({"targetSize"}) if owned else frozenset(),
        )

    def _size(self) -> int:
        force = in_force(self.group, self.now)
        desired = force.capacity.desired
        return force.min if desired is None else desired

    def _update_policy(self) -> dict[str, Any]:
        rests = self.group.gcp.target_shape in WITHOUT_REDISTRIBUTION
        return {"type": "OPPORTUNISTIC", **({"instanceRedistributionType": "NONE"} if rests else {})}

    def _healing(self) -> list[dict[str, Any]]:
        check: Ref | str | None = None
        if has_probe(self.group):
            check = Ref(self._key(HEALTH_CHECK.name), "link")
        elif asks_balancer(self.group):
            check = self.attached.health_check
        if not check:
            return []
        grace = self.group.health_check.grace
        return [{"healthCheck": check, **given(initialDelaySec=None if grace is None else seconds(grace))}]

    def _ports(self) -> list[dict[str, Any]]:
        ports = {**self.attached.ports, **self.group.gcp.named_ports}
        return [{"name": name, "port": port} for name, port in sorted(ports.items())]

    def _distribution(self) -> dict[str, Any]:
        shape = self.group.gcp.target_shape
        return given(
            zones=sorted(self.group.placement.zones),
            targetShape=shape.replace("-", "_").upper() if shape else None,
        )

    def _sizes(self) -> dict[str, Any]:
        purchase = self.group.purchase
        if not purchase.sizes:
            return {}
        names = [one.size for one in purchase.sizes]
        if purchase.strategy is SpotStrategy.PRIORITIZED:
            ranked = {f"size-{rank}": {"machineTypes": [name], "rank": rank} for rank, name in enumerate(names, 1)}
            return {"instanceSelections": ranked}
        return {"instanceSelections": {"sizes": {"machineTypes": names}}}

    # what sizes it

    def _autoscaler(self) -> Iterator[Resource]:
        controlled = is_controlled(self.group, "gcp")
        with suppress(Unsupported):  # said by `judge`
            made = autoscaler_of(
                self.group, Scope(self.native), Ref(self._key(MANAGER.name), "link"), controlled=controlled
            )
            body = {**given(zone=zone_of(self.group)), **made.body}
            kept = amounts_of(self.group, between=BETWEEN, longest=LONGEST_KEPT)
            mark = Mark(self.fleet.name, self.group.name, kept=kept)
            yield self._made(AUTOSCALER.name, self.native, body, mark=mark, sources=made.sources)

    # who sends it requests

    def _backends(self) -> Iterator[Resource]:
        if BALANCERS in self.group.unmanaged:
            return
        drains = {one.name or one.id: one.drain for one in self.group.load_balancers}
        rate = rate_of(self.group)
        for service in self.attached.services:
            drain = drains.get(service.name) or drains.get(service.link)
            body = given(
                group=Ref(self._key(MANAGER.name), "instance_group"),
                balancingMode="RATE" if rate is not None else None,
                maxRatePerInstance=rate,
                drain=None if drain is None else seconds(drain),
            )
            yield self._made(
                BACKEND.name,
                service.name,
                body,
                parent=self.native,
                attributes={"service": service.link},
                sources=_backend_sources(self.group),
            )

    def _alerts(self) -> Iterator[Resource]:
        for alarm in filter(is_alert, self.group.alarms):
            with suppress(Unsupported):
                body = alert_body(alarm, Scope(self.native))
                channels = channels_of(alarm, self.location, self.native)
                yield self._made(
                    ALERT_POLICY.name,
                    alarm_name(self.fleet, self.group, alarm.name),
                    {**body, **given(notificationChannels=channels)},
                    item=f"alarms.{alarm.name}",
                    mark=self.mark,
                )

    # names

    def _key(self, kind: str, name: str | None = None) -> Key:
        return Key(self.location, kind, name or self.native)

    def _made(self, kind: str, name: str, body: Mapping[str, Any], *, parent: str = "", **more: Any) -> Resource:
        return Resource(key=Key(self.location, kind, name, parent), body=body, group=self.group.name, **more)


def _backend_sources(group: ScalingGroup) -> dict[str, str]:
    tracking = next((one for one in group.policies if getattr(one, "metric", None) is not None), None)
    where = f"policies.{tracking.name}" if tracking is not None else "load_balancers"
    return {
        "group": "load_balancers",
        "balancingMode": where,
        "maxRatePerInstance": where,
        "drain": "load_balancers.drain",
    }
