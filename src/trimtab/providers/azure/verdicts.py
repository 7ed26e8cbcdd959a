"""What Azure does otherwise than a fleet asks, and what it cannot do; pure."""

from collections.abc import Iterator
from contextlib import suppress

from trimtab.capabilities import is_controlled
from trimtab.errors import Unsupported
from trimtab.judging import judge
from trimtab.models import Fleet, MetricSource, ScalingGroup
from trimtab.plan import Note
from trimtab.providers.azure import alerts, autoscale, profiles, rules, template
from trimtab.providers.azure.ids import Home
from trimtab.providers.azure.kinds import KINDS
from trimtab.providers.azure.metrics import Scope
from trimtab.providers.azure.translate import SHORTEST_GRACE, grace_of, repairs

LONGEST_NAME = 64


def verdicts_on(fleet: Fleet, home: Home) -> tuple[list[Note], list[Note]]:
    """Notes on what is approximated, and problems with what cannot be done."""
    notes, problems = judge(fleet, "azure", KINDS)
    more = [Note(text, group.name) for group in fleet.groups for text in _remarks(fleet, group, home)]
    wrong = [Note(text, group.name) for group in fleet.groups for text in _problems(fleet, group, home)]
    return [*notes, *more], [*problems, *wrong]


def _remarks(fleet: Fleet, group: ScalingGroup, home: Home) -> Iterator[str]:
    """What Azure does otherwise because of the values of a group."""
    if not is_controlled(group, "azure"):
        with suppress(Unsupported):  # which is a problem
            yield from autoscale.remarks_on(group, _scope(fleet, group, home))
    if group.template.ssh_key is None:
        yield "template.ssh_key: none is given; machines start with a key that nobody has, so that nobody logs in"
    asked = group.health_check.grace
    if repairs(group) and asked is not None and grace_of(group) != asked:
        yield f"health_check.grace: Azure holds repairs back for {SHORTEST_GRACE} to 1:30:00, not for {asked}"


def _problems(fleet: Fleet, group: ScalingGroup, home: Home) -> Iterator[str]:
    """What keeps a group from being a scale set with its setting and alerts, one sentence each."""
    native = fleet.native_name(group)
    if len(native) > LONGEST_NAME:
        yield f"native_name: {native!r} is longer than the {LONGEST_NAME} characters of a scale set"
    if not template.is_known(group.template.image):
        image = group.template.image
        asked = image.id or image.newest
        text = "is no id, no URN (PUBLISHER:OFFER:SKU:VERSION), no short name such as Ubuntu2404"
        yield f"template.image: {asked!r} {text}; a match is newest: OFFER:SKU with its publisher as owner"
    flexible = group.azure.orchestration == "flexible"
    mixed = group.purchase.spot and (group.purchase.on_demand_base or group.purchase.on_demand_percent)
    if not flexible and (mixed or group.purchase.sizes):
        yield "purchase: a mix with spot, or several sizes, takes `azure.orchestration: flexible`"
    for index, disk in enumerate(group.template.disks):
        if disk.device is not None and not disk.device.isdigit():
            yield f"template.disks.{index}.device: on Azure a disk has a number, not {disk.device!r}"
    scope = _scope(fleet, group, home)
    yield from profiles.problems_of(group)
    yield from alerts.problems_of(group, scope)
    if not is_controlled(group, "azure"):
        yield from rules.problems_of(group, scope)
        yield from autoscale.problems_of(group)


def _scope(fleet: Fleet, group: ScalingGroup, home: Home) -> Scope:
    native = fleet.native_name(group)
    return Scope(home.scale_set(native), "/gateway" if _may_have_gateway(group) else "", native)


def _may_have_gateway(group: ScalingGroup) -> bool:
    asks = any(alarm.metric.source is MetricSource.BALANCER for alarm in group.alarms)
    return bool(group.azure.application_gateway_pools or (asks and group.load_balancers))
