"""A fleet as resources of Google Cloud: native bodies and no SDK; pure."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from trimtab.engine.windows import Lowered, lowered_by, reach_of
from trimtab.models import Alarm, Fleet, Rollout, ScalingGroup, SpotStrategy
from trimtab.models.base import format_duration
from trimtab.plan import FLOOR, MAIN, Key, Mark, Ref, Resource, digest
from trimtab.providers.alarms import alarm_name, is_alert, naming_fields
from trimtab.providers.bodies import drop_empty
from trimtab.providers.gcp import alarms, autoscaler
from trimtab.providers.gcp.alarms import (
    alert_body,
    alert_problem,
    channel_body,
    channel_key,
    channels_of,
    period_of,
    targets_of,
)
from trimtab.providers.gcp.autoscaler import OFF, autoscaler_of, mode_of
from trimtab.providers.gcp.constraints import CONSTRAINTS
from trimtab.providers.gcp.facts import Attached, GcpFacts, Known, Service
from trimtab.providers.gcp.ids import is_zone, place_name, region_of, short
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
from trimtab.providers.gcp.metrics import Scope
from trimtab.providers.gcp.names import LONGEST_BASE, LONGEST_NAME, is_name, label_problem, seconds
from trimtab.providers.gcp.policies import BALANCING, is_balancing, rate_of, tracked
from trimtab.providers.gcp.template import (
    RegionHome,
    encryption_problem,
    image_link,
    image_problem,
    key_problem,
    labels_to_check,
    stateful_policy,
    taken_keys,
    template_body,
)
from trimtab.providers.gcp.unused import is_held, service_for, unused_of
from trimtab.providers.health import asks_balancer, has_probe, idle_fields, probe_port, probe_protocol
from trimtab.providers.policy_execution import amounts_of
from trimtab.providers.sizes import size_at, size_is_initial
from trimtab.providers.translation import GroupTranslator, Translation

if TYPE_CHECKING:
    from trimtab.providers.gcp.purchase import PurchasePart

BETWEEN = ","
"""What stands between the policies that a mark keeps; its words have no spaces."""
TEMPLATE_FIELD = "template"
"""What leaves the instance template of a group to others."""
BALANCERS = "load_balancers"
"""The part of a group that its places in backend services stand for."""
LONGEST_KEPT = 1024
"""Letters of a description are 2,048 at most."""
NO_AUTOSCALER = (
    "a group with stateful disks or addresses has no autoscaler, and `desired` is its size; leave it out, or take away "
    "what is stateful"
)
"""https://cloud.google.com/compute/docs/instance-groups/configuring-stateful-migs#limitations"""
OF_AUTOSCALER = (
    *("capacity.min", "capacity.max", "warm_up", "stabilization"),
    *(f"gcp.{name}" for name in ("initialization", "stabilization", "mode", "scale_in_limit", "scale_in_window")),
)
WITHOUT_REDISTRIBUTION = frozenset({"balanced", "any", "any-single-zone"})


def translate(fleet: Fleet, facts: GcpFacts, now: datetime, location: str, project: str) -> Translation:
    """Template, health check, manager, autoscaler, backends, alert policies and channels of every group."""
    return Translation.of(_Group(fleet, group, facts, now, location, project).translation() for group in fleet.groups)


def zone_of(group: ScalingGroup) -> str | None:
    """The zone of a group that lives in one; `None` for one that spans its region."""
    return group.placement.zones[0] if len(group.placement.zones) == 1 else None


def native_names(group: ScalingGroup, native: str) -> Sequence[str]:
    """The names of the managed instance groups that a group is made of: one, or two where an on-demand part is one."""
    if not (group.purchase.is_mixed or group.purchase.fallback):
        return (native,)
    from trimtab.providers.gcp.purchase import spot_name  # few groups are two

    return native, spot_name(native)


def base_name(group: ScalingGroup, native: str) -> str:
    """What instances are called before their four letters."""
    return group.gcp.base_instance_name or native[:LONGEST_BASE].rstrip("-")


class _Group(GroupTranslator):
    provider = "gcp"
    kinds = KINDS
    constraints = CONSTRAINTS

    def __init__(
        self, fleet: Fleet, group: ScalingGroup, facts: GcpFacts, now: datetime, location: str, project: str
    ) -> None:
        super().__init__(fleet, group, facts, now, location)
        self.facts = facts
        self.home = RegionHome(project, self.location)
        # templates, alert policies and channels live in no location; the mark says whose they are
        self.mark = Mark(fleet.name, group.name, kept={"location": self.location})
        self.attached = facts.attached.get(group.name, Attached())
        self.part: PurchasePart | None = None
        """Which of two native groups is made; `None` for a group that is one."""
        self.known = facts.templates.get(group.name)
        self.whole, self.shared = self.group, self.native

    @property
    def has_account(self) -> bool:
        """Whether instances have a service account: one that is named, or the default one with scopes."""
        return self.group.template.role is not None or bool(self.group.gcp.scopes)

    def resources(self) -> Iterator[Resource]:
        for path, text in self._problems():
            self.problem(path, text)
        for target in targets_of(self._seen()):
            key = channel_key(self.location, self.native, target)
            named = {"labels": naming_fields(self._seen(), target)}
            yield self._made(CHANNEL.name, key.name, channel_body(target), mark=self.mark, sources=named)
        if has_probe(self.group):
            yield self._health_check()
        yield from self._two() if self.group.purchase.is_mixed or self.falls_back else self._one()
        yield from self._alerts()
        self._remark()
        if self.group.rollout is not None:
            self._remark_on(self.group.rollout)

    def _one(self) -> Iterator[Resource]:
        """A native group, with what its instances are made of, what sizes it, and who sends it requests."""
        template, known = self._template()
        if known is None or known.ours:
            yield template
        if known is not None:  # it holds what these fields ask for, or they are left to others
            self.takes(name for row in TEMPLATE.fields for name in row.models.split())
        yield self._manager(Ref(template.key, "link") if known is None or known.ours else known.link)
        yield from self._autoscaler()
        yield from self._backends()

    def _two(self) -> list[Resource]:
        """The native groups of a group with an on-demand part beside spot."""
        from trimtab.providers.gcp import purchase  # few groups are two

        floor = purchase.Floor.of(self.group.purchase, falls_back=self.falls_back)
        self.takes(("purchase.on_demand_base", "purchase.on_demand_percent"))
        others = [self.fleet.native_name(group) for group in self.fleet.groups if group.name != self.group.name]
        for path, text in purchase.problems_of(self.group, self.native, floor, others):
            self.problem(path, text)
        for path, text in purchase.remarks_of(self.group, self.native, floor):
            self.note(path, text)
        main, spot = purchase.parts_of(self.group, self.native, floor, self.now)
        second = self.facts.seconds.get(self.group.name)
        if second is not None and second.main_size is not None and not second.is_there:
            main, spot, text = purchase.begun((main, spot), second.main_size, is_owned=self._is_owned(main))
            if text:
                self.note("purchase.spot", text)
        _ = self._natives  # before there are copies, of which each would say the same of it
        pieces = [self._piece(main, self.known), self._piece(spot, second.template if second else None)]
        resources = [resource for piece in pieces for resource in piece._one()]
        self._done = self._done.union(*(piece._done for piece in pieces))
        return resources

    def _piece(self, part: "PurchasePart", known: Known | None) -> Self:
        """The same for one of two native groups; notes and problems are the group's."""
        piece = copy(self)
        piece.part, piece.group, piece.native, piece.known = part, part.group, part.native, known
        piece.mark = replace(self.mark, role=part.role)
        piece._done = set(self._done)
        return piece

    @property
    def role(self) -> str:
        """Which of the group's native groups is made."""
        return MAIN if self.part is None else self.part.role

    @property
    def _size(self) -> tuple[int, bool]:
        """The size that the native group has or begins with, and whether it only begins with that."""
        if self.part is None:
            return size_at(self.group, self.now), size_is_initial(self.fleet, self.group)
        return self.part.size, self._is_owned(self.part) or self.part.keeps_size

    def _is_owned(self, part: "PurchasePart") -> bool:
        """Whether others than plans decide the size of one of two native groups."""
        return not part.is_fixed and size_is_initial(self.fleet, self.whole)

    # what instances are made of

    def _template(self) -> tuple[Resource, Known | None]:
        """The template, and the one that is there already where it holds the very same."""
        image = self.facts.images.get(self.group.name) or image_link(self.group.template.image, self.home)
        body = template_body(self.group, self.home, image)
        known = self.known
        if known is not None and TEMPLATE_FIELD in self.group.unmanaged:
            self.leave_native(TEMPLATE.name)
            return self._made(TEMPLATE.name, known.name, known.body, mark=self.mark), known
        item = self.with_native(self._made(TEMPLATE.name, self.native, body, mark=self.mark))
        kind = TEMPLATE.of(item)
        if known is not None and kind.leaves(known.body) == kind.leaves(item.body):
            return replace(item, key=self.key(TEMPLATE.name, known.name)), known
        # a long name is cut, so that the whole of it is in the digest
        word = digest([self.fleet.name, self.location, self.native, item.body])[:8]
        name = f"{self.native[:54].rstrip('-')}-{word}"
        return replace(item, key=self.key(TEMPLATE.name, name)), None

    def _health_check(self) -> Resource:
        check = self.group.health_check
        protocol = probe_protocol(check)
        asked = drop_empty(
            port=probe_port(check), requestPath=check.path, host=None if check.path is None else check.host
        )
        body = drop_empty(
            type=protocol.upper(),
            checkIntervalSec=None if check.interval is None else seconds(check.interval),
            timeoutSec=None if check.timeout is None else seconds(check.timeout),
            healthyThreshold=check.healthy_threshold,
            unhealthyThreshold=check.unhealthy_threshold,
        )
        body[f"{protocol}HealthCheck"] = asked
        return self._made(HEALTH_CHECK.name, self.native, body, mark=Mark(self.fleet.name, self.group.name))

    # the group

    def _manager(self, template: Ref | str) -> Resource:
        group, zone = self.group, zone_of(self.group)
        size, is_initial = self._size
        kept = self.keeps(self.facts.kept)
        if self.part is not None and self.part.role == MAIN:
            kept = {**kept, FLOOR: self.part.floor.word}
        body = drop_empty(
            zone=zone,
            baseInstanceName=base_name(group, self.native),
            versions=[{"instanceTemplate": template}],
            targetSize=size,
            updatePolicy=self._update_policy(),
            autoHealingPolicies=self._healing(),
            namedPorts=self._ports(),
            targetPools=list(self.attached.target_pools),
            distributionPolicy={} if zone else self._distribution(),
            instanceFlexibilityPolicy=self._sizes(),
            targetStoppedSize=group.gcp.stopped,
            targetSuspendedSize=group.gcp.suspended,
            statefulPolicy=stateful_policy(group.template),
        )
        return self._made(
            MANAGER.name,
            self.native,
            body,
            mark=Mark(self.fleet.name, group.name, kept={**kept, **self.delegated}, role=self.role),
            initial=frozenset({"targetSize"}) if is_initial else frozenset(),
        )

    def _update_policy(self) -> dict[str, Any]:
        is_stateful = bool(stateful_policy(self.group.template))
        rests = self.group.gcp.target_shape in WITHOUT_REDISTRIBUTION
        if is_stateful and zone_of(self.group) is None:
            rests = True
        # an instance keeps its name, and with it what is its own, only where it is made anew in its place
        anew = {"replacementMethod": "RECREATE", "maxSurge": {"fixed": 0}} if is_stateful else {}
        return {"type": "OPPORTUNISTIC", **({"instanceRedistributionType": "NONE"} if rests else {}), **anew}

    def _healing(self) -> list[dict[str, Any]]:
        check: Ref | str | None = None
        if has_probe(self.group):
            check = Ref(self.key(HEALTH_CHECK.name, self.shared), "link")
        elif asks_balancer(self.group):
            check = self.attached.health_check
        grace = self.group.health_check.grace
        policy = drop_empty(healthCheck=check, initialDelaySec=None if grace is None else seconds(grace))
        return [policy] if policy else []

    def _ports(self) -> list[dict[str, Any]]:
        ports = {**self.attached.ports, **self.group.gcp.named_ports}
        return [{"name": name, "port": port} for name, port in sorted(ports.items())]

    def _distribution(self) -> dict[str, Any]:
        shape = self.group.gcp.target_shape
        return drop_empty(
            zones=sorted(self.group.placement.zones),
            targetShape=shape.replace("-", "_").upper() if shape else None,
        )

    def _sizes(self) -> dict[str, Any]:
        purchase = self.group.purchase
        if not purchase.sizes:
            return {}
        names = [option.size for option in purchase.sizes]
        if purchase.strategy is SpotStrategy.PRIORITIZED:
            ranked = {f"size-{rank}": {"machineTypes": [name], "rank": rank} for rank, name in enumerate(names, 1)}
            return {"instanceSelections": ranked}
        return {"instanceSelections": {"sizes": {"machineTypes": names}}}

    # what sizes it

    def _autoscaler(self) -> Iterator[Resource]:
        if stateful_policy(self.group.template):
            self._without_autoscaler()
            return
        scaler = autoscaler_of(self.group, Scope(self.native), Ref(self.key(MANAGER.name), "link"), self.now)
        body = {**drop_empty(zone=zone_of(self.group)), **scaler.body}
        kept = amounts_of(self.declared, between=BETWEEN, longest=LONGEST_KEPT)
        mark = Mark(self.fleet.name, self.group.name, kept=kept, role=self.role)
        yield self._made(AUTOSCALER.name, self.native, body, mark=mark, sources=scaler.sources)

    def _without_autoscaler(self) -> None:
        """Say of a group that keeps the state of its instances what it cannot have, and what has no use without it."""
        for policy in self.group.policies:
            if policy.enabled:
                self.problem(f"policies.{policy.name}", NO_AUTOSCALER)
            else:
                self.unused(f"policies.{policy.name}.enabled", NO_AUTOSCALER)
        for schedule in self.group.schedules:
            self.problem(f"schedules.{schedule.name}", NO_AUTOSCALER)
        for path in OF_AUTOSCALER:
            self.unused(path, NO_AUTOSCALER, partly=path.startswith("capacity"))

    # who sends it requests

    def _backends(self) -> Iterator[Resource]:
        if BALANCERS in self.group.unmanaged:
            return
        drains = {
            short(balancer.id) if balancer.id else balancer.name: balancer.drain
            for balancer in self.group.cloud_balancers
        }
        rate = rate_of(self.whole)
        for service in self.attached.services:
            drain = drains.get(service.name, drains.get(service.link))
            body = drop_empty(
                group=Ref(self.key(MANAGER.name), "instance_group"),
                balancingMode=_balancing_mode(rate, service),
                maxRatePerInstance=rate,
                drain=None if drain is None else seconds(drain),
            )
            yield self._made(
                BACKEND.name,
                place_name(service.link),
                body,
                parent=self.native,
                attributes={"service": service.link},
                sources=_backend_sources(self.whole),
            )

    def _alerts(self) -> Iterator[Resource]:
        scope = Scope(*native_names(self.declared, self.native))
        for alarm in self._seen():
            channels = channels_of(alarm, self.location, self.native)
            yield self._made(
                ALERT_POLICY.name,
                alarm_name(self.fleet, self.group, alarm.name),
                {**alert_body(alarm, scope), **drop_empty(notificationChannels=channels)},
                item=f"alarms.{alarm.name}",
                mark=self.mark,
            )

    def _seen(self) -> list[Alarm]:
        """The alarms that are to be seen by people, less those that a problem is about."""
        return [alarm for alarm in self.group.alarms if is_alert(alarm) and not alert_problem(alarm)]

    # what is to be said

    def _remark(self) -> None:
        """Say what Google Cloud does otherwise because of the values of a group, and what it has no use for."""
        for alarm in self._seen():
            if period_of(alarm) != alarm.period:
                text = f"Cloud Monitoring has whole minutes: {format_duration(period_of(alarm))}"
                self.note(f"alarms.{alarm.name}.period", text, approximation=True)
        if self.is_size_scheduled():
            self.unused("capacity.desired", "a schedule sets the size now")
        for path, text in idle_fields(self.group.health_check, probed=has_probe(self.group)):
            self.unused(path, text)
        if any("healthCheck" not in policy for policy in self._healing()):
            self.note(
                "health_check.grace", "no health check runs that it counts for; give `health_check.path` or `port`"
            )
        for lowered in lowered_by(self.group) if mode_of(self.group) != OFF else ():
            self.note(f"schedules.{lowered.schedule}.min", _lowered_text(lowered))
        if mode_of(self.group) != OFF:
            self.dates_held(reach_of(self.group, self.now), "windows on the days of a month")
        self.takes(
            f"schedules.{schedule.name}" for schedule in self.group.schedules if is_held(self.group, schedule, self.now)
        )
        for row in unused_of(self.group, self.attached, self.now):
            self.unused(row.path, row.text, but=row.but, partly=row.partly)

    def _remark_on(self, rollout: Rollout) -> None:
        """Say what a rollout cannot ask for here, and what it gets instead."""
        from trimtab.providers.gcp.rollout_limits import remarks_of, share_remarks  # few groups are rolled out

        checked = any("healthCheck" in policy for policy in self._healing())
        stateful = bool(stateful_policy(self.group.template))
        shares = () if self.facts.unknown else share_remarks(self.group, rollout, self.attached)
        for remark in (*remarks_of(self.group, rollout, stateful=stateful, checked=checked), *shares):
            if remark.is_problem:
                self.problem(remark.path, remark.text)
            else:
                self.note(remark.path, remark.text, approximation=True)

    def _problems(self) -> Iterator[tuple[str, str]]:
        """What keeps a group from being a managed instance group with its autoscaler: path and text."""
        group = self.group
        if not is_name(self.native):
            text = "is not a name of Compute Engine: lower-case letters, digits and hyphens, a letter first"
            yield "native_name", f"{self.native!r} {text}, {LONGEST_NAME} at most"
        if not is_name(base_name(group, self.native)):
            text = "cannot begin a name of Compute Engine"
            yield "gcp.base_instance_name", f"{base_name(group, self.native)!r} {text}"
        if group.location is not None and is_zone(group.location):
            text = f"write `location: {region_of(group.location)}` and `placement.zones: [{group.location}]`"
            yield "location", f"{group.location!r} is a zone; {text}"
        if problem := image_problem(group.template.image):
            yield "template.image", problem
        for key, path in taken_keys(group.template):
            if key in group.template.metadata:
                yield f"template.metadata.{key}", f"trimtab writes {key} from `{path}`; give it there"
        if problem := key_problem(group.template.ssh_key):
            yield "template.ssh_key", problem
        for index, disk in enumerate(group.template.disks):
            if problem := encryption_problem(disk.key):
                yield f"template.disks.{index}.key", problem
        if group.template.external_address and not group.template.public_address:
            yield "template.external_address", "there is no public address to keep; set `public_address: true`"
        for path, name, value in labels_to_check(group):
            if problem := label_problem(name, value):
                yield path, problem
        if not self.facts.unknown:
            yield from self._balancer_problems()
        for index, balancer in enumerate(group.load_balancers):
            service = service_for(balancer, self.attached)
            port = balancer.port if service is None else self.attached.ports.get(service.port_name, balancer.port)
            if service is not None and balancer.port not in (None, port):
                text = f"the group has one port that is called {service.port_name!r}, and {port} is it too"
                yield f"load_balancers.{index}.port", f"{text}; give the same number, or another name to one of them"
        yield from _size_problems(
            group, "template.size.choices" if self.asked.template.requirement else "purchase.sizes"
        )
        yield from alarms.problems_of(group)
        yield from autoscaler.problems_of(group, self.now)

    def _balancer_problems(self) -> Iterator[tuple[str, str]]:
        """What a group asks of its load balancers and they do not have."""
        if asks_balancer(self.group) and not self.attached.health_check:
            text = "no backend service of the group has a health check; name one by `load_balancers`"
            yield "health_check.by", f"{text}, or give `health_check.path` and `port`"
        balancing = next((policy for policy in tracked(self.group) if is_balancing(policy.metric)), None)
        if balancing is not None and not self.attached.services:
            text = "requests of an instance are counted by a backend service; name one by `load_balancers`"
            yield f"policies.{balancing.name}.metric", text

    def _made(self, kind: str, name: str, body: Mapping[str, Any], *, parent: str = "", **more: Any) -> Resource:
        return Resource(key=Key(self.location, kind, name, parent), body=body, group=self.group.name, **more)


def _lowered_text(lowered: Lowered) -> str:
    """How what a fleet's schedules mean differs from what those of Compute Engine do."""
    if lowered.holder:
        meant = f"{lowered.min} holds although {lowered.holder!r} is open with {lowered.kept}"
        why = f"by scaling schedules as they are written {lowered.kept} would, since the greatest minimum holds there"
    else:
        meant = f"{lowered.min} holds, below the group's own minimum of {lowered.kept}"
        why = f"by a scaling schedule as it is written {lowered.kept} would, since none goes below the autoscaler's own"
    return f"{meant}, since of a fleet's schedules the one that begins last does; {why}; the windows are cut for that"


def _balancing_mode(rate: float | None, service: Service) -> str | None:
    """How a service is to tell that a group is full; `None` for its own way."""
    if rate is not None:
        return "RATE"
    return "CONNECTION" if service.passes_through else None


def _backend_sources(group: ScalingGroup) -> dict[str, str]:
    tracking = next((policy for policy in tracked(group) if policy.metric.name == BALANCING), None)
    where = f"policies.{tracking.name}" if tracking is not None else "load_balancers"
    return {
        "group": "load_balancers",
        "balancingMode": where,
        "maxRatePerInstance": where,
        "drain": "load_balancers.drain",
    }


# https://cloud.google.com/compute/docs/instance-groups/regional-mig-distribution-shape
AUTOSCALED_SHAPES = ("even", "balanced", None)


def _size_problems(group: ScalingGroup, several: str) -> Iterator[tuple[str, str]]:
    zone, shape = zone_of(group), group.gcp.target_shape
    if zone is not None and shape is not None:
        yield "gcp.target_shape", "target_shape applies to regional groups only"
    if zone is not None and group.purchase.sizes:
        yield several, "several sizes take a group that spans a region: name two zones or none"
    if autoscaler.mode_of(group) != autoscaler.OFF and shape not in AUTOSCALED_SHAPES:
        yield "gcp.target_shape", f"an autoscaled group is `even` or `balanced`, not {shape!r}"
