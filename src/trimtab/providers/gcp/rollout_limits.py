"""What a rollout may not ask for on Google Cloud, and what it gets in place of that; pure."""

from collections.abc import Iterator
from typing import NamedTuple

from trimtab.errors import Unsupported
from trimtab.models import MetricGate, Rollout, ScalingGroup
from trimtab.providers.gcp.facts import Attached
from trimtab.providers.gcp.metrics import INSTANCE, PointShape, Scope, metric_for
from trimtab.providers.gcp.unused import service_for

MOST_ZONES = 3
"""Zones of a group that names none: https://cloud.google.com/compute/docs/instance-groups/regional-migs"""


class RolloutRemark(NamedTuple):
    """Something to say of a field of a rollout."""

    path: str
    text: str
    is_problem: bool = True


def remarks_of(group: ScalingGroup, rollout: Rollout, *, stateful: bool, checked: bool) -> Iterator[RolloutRemark]:
    """
    What keeps a rollout from being done as it is written, or changes it.

    Args:
        group: The group.
        rollout: Its rollout.
        stateful: Whether the group keeps the state of its instances.
        checked: Whether it has a health check of its own.
    """
    surges = rollout.max_surge not in (None, 0, "0%")
    if stateful and surges:
        text = "an instance with stateful disks or addresses is made anew in its own place"
        yield RolloutRemark("rollout.max_surge", f"{text}; leave `max_surge` out")
    elif surges:
        yield from _of_zones(rollout, len(group.placement.zones) or MOST_ZONES)
    for index, gate in enumerate(rollout.gates):
        if gate.type == "balancer" and not (checked or group.load_balancers):
            text = "no load balancer and no health check of the group says which instances get requests"
            yield RolloutRemark(
                f"rollout.gates.{index}", f"{text}; give `load_balancers`, or `health_check.path` and `port`"
            )
        if isinstance(gate, MetricGate) and (problem := _metric_problem(gate)):
            yield RolloutRemark(f"rollout.gates.{index}.metric", problem)


def share_remarks(group: ScalingGroup, rollout: Rollout, attached: Attached) -> Iterator[RolloutRemark]:
    """
    What is to be said where both groups of a blue-green rollout share the requests of one backend service.

    Args:
        group: The group.
        rollout: Its rollout.
        attached: What its load balancers are.
    """
    if rollout.strategy != "blue-green" or not rollout.checkpoints:
        return
    for balancer in group.load_balancers:
        if balancer.alternate or balancer.haproxy is not None:
            continue
        service = service_for(balancer, attached)
        if service is None or service.passes_through:
            text = f"{balancer.word!r} has no capacities of its groups to share requests by"
            yield RolloutRemark(
                "rollout.checkpoints", f"{text}; name backend services behind a URL map, with an `alternate`"
            )
        else:
            text = f"requests to {balancer.word!r} follow the capacities of both groups, and not to the per cent"
            yield RolloutRemark("rollout.checkpoints", f"{text}; {_BY_CAPACITY}", is_problem=False)


_BY_CAPACITY = (
    "shares below 9 and above 91 per cent cannot be had; a second backend service as `alternate` shares them exactly "
    "(https://cloud.google.com/load-balancing/docs/backend-service)"
)


def _of_zones(rollout: Rollout, zones: int) -> Iterator[RolloutRemark]:
    """
    Of a group in several zones a surge is at least as many as they are.

    "Fixed updatePolicy.maxSurge for regional managed instance group has to be either 0 or at least equal to the number
    of zones."
    """
    surge, unavailable = rollout.max_surge, rollout.max_unavailable
    if zones == 1:
        return
    if isinstance(surge, int) and surge < zones:
        text = f"a group in {zones} zones takes no surge, or one of at least as many instances as that"
        yield RolloutRemark("rollout.max_surge", f"{text}; write {zones} or more, or leave it out")
    elif isinstance(surge, str):
        text = f"in a group of {zones} zones it is never fewer than {zones} instances"
        yield RolloutRemark("rollout.max_surge", text, is_problem=False)
    if unavailable not in (None, 0, "0%"):
        text = f"beside a surge, in a group of {zones} zones, fewer than {zones} instances are none"
        if isinstance(unavailable, str) or unavailable < zones:
            yield RolloutRemark("rollout.max_unavailable", text, is_problem=False)


def _metric_problem(gate: MetricGate) -> str:
    try:
        native = metric_for(gate.metric, Scope("")).native
    except Unsupported as error:
        return str(error)
    if native.resource == INSTANCE and native.shape is not PointShape.DISTRIBUTION:
        return ""
    text = f"Cloud Monitoring measures {gate.metric.name!r} of no instance by itself"
    return f"{text}; take a metric of instances such as cpu"
