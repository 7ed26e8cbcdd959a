"""
How many pods a metric asks for: the replica calculator of the Kubernetes horizontal pod autoscaler.

Sources: Kubernetes documentation, Horizontal Pod Autoscaling, section Algorithm details; where it leaves a rule open,
kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go. Usages, requests
and targets are whole numbers of one unit (thousandths, as Kubernetes counts them). Averages and percentages drop their
fraction, as the autoscaler's own do; the size is rounded up, exactly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from trimtab.engine.behavior import (
    Behavior,
    ScaleEvent,
    limit_by_behavior,
    limit_by_default,
    stabilized_in,
    stabilized_size,
)
from trimtab.engine.pods import Pod, PodGroups, group_pods
from trimtab.engine.rounding import Number, ceil_ratio, exact
from trimtab.engine.values import Sized

__all__ = [
    "DEFAULT_TOLERANCE",
    "Replicas",
    "Tolerance",
    "UnusableMetric",
    "combined_size",
    "corrected_size",
    "decided_size",
    "documented_size",
    "per_pod_replicas",
    "pods_replicas",
    "total_replicas",
    "utilization_replicas",
]

MOST_REPLICAS = 2**31 - 1
"""What the API can say of a size; more is held to it."""

MOST_USAGE = 2**63 - 1
"""What the API can say of a metric; more is held to it."""


class UnusableMetric(ValueError):
    """A metric from which no size follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far the ratio of a metric to its target may be from 1 without a change, in each direction."""

    scale_in: Number = 0.1
    scale_out: Number = 0.1

    def __post_init__(self) -> None:
        """Refuse a band that does not hold the target itself."""
        if self.scale_in < 0 or self.scale_out < 0:
            raise ValueError(f"a tolerance is 0 or more, not {min(self.scale_in, self.scale_out)}")

    def covers(self, ratio: Fraction) -> bool:
        """Whether a ratio is so near to 1 that the size stays; the edges are inside."""
        return 1 - exact(self.scale_in) <= ratio <= 1 + exact(self.scale_out)


DEFAULT_TOLERANCE = Tolerance()
"""A tenth in each direction."""


class Replicas(NamedTuple):
    """The size that a metric asks for, and what it was read as."""

    size: int
    usage: int
    """The average of the pods that count, or the value of an object or external metric."""
    percent: int | None = None
    """The usage in per cent of the requests, where the target is one."""


# metrics of each pod


def utilization_replicas(
    current: int,
    pods: Sequence[Pod],
    *,
    usage: Mapping[str, Mapping[str, int]],
    target: int,
    container: str | None = None,
    resource: str = "cpu",
    tolerance: Tolerance = DEFAULT_TOLERANCE,
) -> Replicas:
    """
    The size at which pods use `target` per cent of what they request (Resource and ContainerResource metrics).

    Pods without a metric count as using all of their request, or the target if that is more, when scaling in.

    Args:
        current: The size now.
        pods: The pods of the group.
        usage: What each container uses, by the pod's name and its own. A pod lacking in it has no metric, and so has
            one in which a container that counts is lacking.
        target: The wanted use in per cent of the request.
        container: The one container that counts; all of a pod when left out.
        resource: What is used; for CPU unready pods count apart.
        tolerance: How far from the target nothing happens.

    Raises:
        UnusableMetric: No pod that counts has a metric, or one has no request.
    """
    _check(current, target)
    if not usage:
        raise UnusableMetric(
            f"unable to get metrics for resource {resource}: no metrics returned from resource metrics API; "
            "see that a metrics server runs"
        )
    values = _pod_usages(pods, usage, container)
    if container is not None and not values:
        raise UnusableMetric(f"container {container} not present in metrics for any pod; see how it is called")
    groups, counted = _counted(pods, values, cpu=resource == "cpu")
    requests = {pod.name: _request(pod, container, resource) for pod in pods}
    percent, average = _utilization(counted, requests)
    full = max(100, target)
    size = _size(
        current,
        groups,
        counted,
        ratio=lambda filled: Fraction(_utilization(filled, requests)[0], target),
        busy=lambda name: requests[name] * full // 100,
        tolerance=tolerance,
    )
    return Replicas(size, average, percent)


def pods_replicas(
    current: int,
    pods: Sequence[Pod],
    *,
    values: Mapping[str, int],
    target: int,
    cpu: bool = False,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
) -> Replicas:
    """
    The size at which pods have the average `target` (Pods metrics, and resources with a target in their own unit).

    Pods without a metric count as being at the target when scaling in.

    Args:
        current: The size now.
        pods: The pods of the group.
        values: The metric of each pod, by its name.
        target: The wanted average.
        cpu: Whether the metric is CPU, where unready pods count apart.
        tolerance: How far from the target nothing happens.

    Raises:
        UnusableMetric: No pod that counts has a metric.
    """
    _check(current, target)
    if not values:
        raise UnusableMetric("no metrics returned from custom metrics API; see that an adapter serves the metric")
    groups, counted = _counted(pods, values, cpu=cpu)
    size = _size(
        current,
        groups,
        counted,
        ratio=lambda filled: Fraction(_average(filled), target),
        busy=lambda _: target,
        tolerance=tolerance,
    )
    return Replicas(size, _average(counted))


def _counted(pods: Sequence[Pod], values: Mapping[str, int], *, cpu: bool) -> tuple[PodGroups, dict[str, int]]:
    if not pods:
        raise UnusableMetric("no pods returned by selector while calculating replica count; see what it selects")
    groups = group_pods(pods, values.keys(), cpu=cpu)
    left_out = groups.ignored | groups.unready
    counted = {name: value for name, value in values.items() if name not in left_out}
    if not counted:
        raise UnusableMetric("did not receive metrics for targeted pods (pods might be unready); wait until one is")
    return groups, counted


def _size(
    current: int,
    groups: PodGroups,
    counted: Mapping[str, int],
    *,
    ratio: Callable[[Mapping[str, int]], Fraction],
    busy: Callable[[str], int],
    tolerance: Tolerance,
) -> int:
    """The size from the pods that count; if others were set aside, a second look with a cautious value for each."""
    first = ratio(counted)
    idle = groups.unready if first > 1 else frozenset()
    if not idle and not groups.missing:
        return current if tolerance.covers(first) else _capped(first * groups.ready)
    filled = dict(counted)
    if first < 1:
        filled.update({name: busy(name) for name in groups.missing})
    elif first > 1:
        filled.update(dict.fromkeys(groups.missing | idle, 0))
    second = ratio(filled)
    if tolerance.covers(second) or _is_reversed(first, second):
        return current
    size = _capped(second * len(filled))
    turned = size > current if second < 1 else size < current
    return current if turned else size


def _is_reversed(first: Fraction, second: Fraction) -> bool:
    return (first < 1 < second) or (second < 1 < first)


def _utilization(values: Mapping[str, int], requests: Mapping[str, int]) -> tuple[int, int]:
    """Per cent of the requests, and the average, of the pods that are known."""
    known = values.keys() & requests.keys()
    requested = sum(requests[name] for name in known)
    if not requested:
        raise UnusableMetric("no metrics returned matched known pods; see that metrics and pods have the same names")
    used = sum(values[name] for name in known)
    return used * 100 // requested, used // len(known)


def _average(values: Mapping[str, int]) -> int:
    return sum(values.values()) // len(values)


def _pod_usages(pods: Sequence[Pod], usage: Mapping[str, Mapping[str, int]], container: str | None) -> dict[str, int]:
    if container is not None:
        return {name: used[container] for name, used in usage.items() if container in used}
    containers = {pod.name: pod.requests.keys() for pod in pods}
    return {
        name: sum(used.values()) for name, used in usage.items() if used and used.keys() >= containers.get(name, set())
    }


def _request(pod: Pod, container: str | None, resource: str) -> int:
    if container is not None and container not in pod.requests:
        raise UnusableMetric(f"container {container} not found in Pod {pod.name}; it has {', '.join(pod.requests)}")
    total = 0
    for name, request in pod.requests.items():
        if container is not None and name != container:
            continue
        if request is None:
            raise UnusableMetric(
                f"missing request for {resource} in container {name} of Pod {pod.name}; "
                "a target in per cent needs one in every container"
            )
        total += request
    return total


# metrics of something else


def total_replicas(
    current: int,
    ready: int,
    *,
    value: int,
    target: int,
    tolerance: Tolerance = DEFAULT_TOLERANCE,
) -> Replicas:
    """
    The size for a metric of an object, or an external one, that is to have the value `target`.

    It is a multiple of the pods that are ready. A group of size 0 is not: it gets as many pods as targets fit in.

    Args:
        current: The size now.
        ready: How many pods run and are ready (`ready_count`).
        value: The metric; the sum of an external one's series.
        target: The wanted value.
        tolerance: How far from the target nothing happens.
    """
    _check(current, target)
    value = min(value, MOST_USAGE)
    if current and tolerance.covers(Fraction(value, target)):
        return Replicas(current, value)
    return Replicas(_capped(Fraction(value * (ready if current else 1), target)), value)


def per_pod_replicas(current: int, *, value: int, target: int, tolerance: Tolerance = DEFAULT_TOLERANCE) -> Replicas:
    """
    The size for a metric of an object, or an external one, of which each pod is to have `target`.

    Args:
        current: The size now.
        value: The metric; the sum of an external one's series.
        target: The wanted share of each pod.
        tolerance: How far from the target nothing happens.

    Returns:
        The usage is the share of each pod now, rounded up.
    """
    _check(current, target)
    value = min(value, MOST_USAGE)
    share = value if value == MOST_USAGE else -(-value // (current or 1))
    if current and tolerance.covers(Fraction(value, target * current)):
        return Replicas(current, share)
    return Replicas(_capped(Fraction(value, target)), share)


def documented_size(current: int, *, metric: Number, target: Number, tolerance: Tolerance = DEFAULT_TOLERANCE) -> int:
    """The current size x metric / target, rounded up; the current one within the tolerance (Algorithm details)."""
    if target <= 0:
        raise ValueError(f"a target of {target} has no ratio; give one above 0")
    if tolerance.covers(exact(metric) / exact(target)):
        return current
    return ceil_ratio(current, metric, target)


# the whole


def decided_size(
    current: int,
    proposals: Sequence[int | None],
    *,
    low: int,
    high: int,
    behavior: Behavior | None = None,
    recommendations: Sequence[Sized] = (),
    events: Sequence[ScaleEvent] = (),
    now: datetime,
) -> int:
    """
    The size that the autoscaler sets: bounds at once, metrics, window, limits.

    Args:
        current: The size now.
        proposals: What each metric asks for; `None` for one that failed.
        low: The minimum.
        high: The maximum.
        behavior: The rules of both directions; without one, only scaling in has a window.
        recommendations: What metrics asked for before.
        events: Changes of the size before; looked at only with a behavior.
        now: The time to decide for.
    """
    corrected = corrected_size(current, low=low, high=high)
    if corrected is not None:
        return corrected
    wanted = _agreed_size(current, proposals)
    if wanted is None:
        return current
    if behavior is None:
        return limit_by_default(current, stabilized_in(wanted, recommendations, now=now), low=low, high=high).size
    windows = {"window_out": behavior.scale_out.window, "window_in": behavior.scale_in.window}
    wanted = stabilized_size(current, wanted, recommendations, **windows, now=now)
    return limit_by_behavior(current, wanted, behavior, low=low, high=high, events=events, now=now).size


def combined_size(current: int, proposals: Sequence[int | None]) -> int:
    """
    The largest of what several metrics ask for, `None` standing for one that failed.

    If one failed the size does not shrink; if all failed, or there are none, it stays (Algorithm details).
    """
    agreed = _agreed_size(current, proposals)
    return current if agreed is None else agreed


def _agreed_size(current: int, proposals: Sequence[int | None]) -> int | None:
    """The same, with `None` where it is not known: then neither windows nor limits are looked at."""
    usable = [size for size in proposals if size is not None]
    if not usable:
        return None
    largest = max(usable)
    return None if largest < current and len(usable) < len(proposals) else largest


def corrected_size(current: int, *, low: int, high: int) -> int | None:
    """
    The size that is set without looking at metrics; `None` where metrics decide.

    Outside the bounds it is the nearer one, at once. A group at 0 whose minimum is above 0 stays there: somebody
    turned scaling off (Implicit maintenance-mode deactivation).
    """
    if current == 0 and low > 0:
        return 0
    if current > high:
        return high
    return low if current < low else None


def _capped(size: Fraction) -> int:
    return max(0, min(ceil(size), MOST_REPLICAS))


def _check(current: int, target: int) -> None:
    if current < 0:
        raise ValueError(f"the current size is {current}; give the number of pods, 0 or more")
    if target <= 0:
        raise ValueError(f"a target of {target} has no ratio; give one above 0")
