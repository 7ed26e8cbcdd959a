"""
Which pods count for a metric: those that are ready, those left out at first, those without a metric.

Sources: Kubernetes documentation, Horizontal Pod Autoscaling, section Algorithm details; where it leaves a rule open,
kubernetes/kubernetes, pkg/controller/podautoscaler/replica_calculator.go.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

INITIALIZATION_PERIOD = timedelta(seconds=300)
"""How long after its start a pod's CPU counts only once it was sampled for a whole window while ready."""

READINESS_DELAY = timedelta(seconds=30)
"""How long after its start a pod that turned unready counts as never having been ready."""


class PodPhase(StrEnum):
    """Where a pod is in its life (PodStatus, Kubernetes API)."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod of the group that is scaled."""

    name: str
    requests: Mapping[str, int | None] = field(default_factory=dict)
    """What each container requests of the resource, by the container's name; `None` where it requests nothing."""
    phase: PodPhase = PodPhase.RUNNING
    ready: bool = True
    unready_for_cpu: bool = False
    """Whether its CPU is left out (`is_unready_for_cpu`)."""
    deleting: bool = False


class PodGroups(NamedTuple):
    """How pods count: as they are, not at first, or not at all."""

    ready: int
    """How many count as they are."""
    unready: frozenset[str]
    """Left out at first; they count as idle when scaling out."""
    missing: frozenset[str]
    """Without a metric: busy when scaling in, idle when scaling out."""
    ignored: frozenset[str]
    """Failed, or being deleted."""


def is_unready_for_cpu(
    *,
    ready: bool | None,
    started: datetime | None,
    changed: datetime | None,
    sampled: datetime | None,
    sample_window: timedelta,
    now: datetime,
    initialization: timedelta = INITIALIZATION_PERIOD,
    readiness_delay: timedelta = READINESS_DELAY,
) -> bool:
    """
    Whether a pod's CPU is left out, since its start still distorts it.

    In the initialization period: unless it is ready and was sampled for a whole window since. After it: only if it is
    unready and became so within the readiness delay, which means that it has never been ready.

    Args:
        ready: The pod's condition Ready; `None` where it has none yet.
        started: When the pod started; `None` where it has not.
        changed: When the condition Ready last changed.
        sampled: The time of the metric.
        sample_window: The time that one sample covers.
        now: The time to decide for.
        initialization: The CPU initialization period (`--horizontal-pod-autoscaler-cpu-initialization-period`).
        readiness_delay: The delay of `--horizontal-pod-autoscaler-initial-readiness-delay`.
    """
    if ready is None or started is None or changed is None:
        return True
    if started + initialization > now:
        return not ready or sampled is None or sampled < changed + sample_window
    return not ready and started + readiness_delay > changed


def group_pods(pods: Sequence[Pod], measured: Collection[str], *, cpu: bool) -> PodGroups:
    """
    How each pod counts for a metric.

    Args:
        pods: The pods of the group.
        measured: The names of those that have a metric.
        cpu: Whether the metric is CPU: only there do unready pods count apart.
    """
    ready = 0
    unready, missing, ignored = set(), set(), set()
    for pod in pods:
        if pod.deleting or pod.phase is PodPhase.FAILED:
            ignored.add(pod.name)
        elif pod.phase is PodPhase.PENDING:
            unready.add(pod.name)
        elif pod.name not in measured:
            missing.add(pod.name)
        elif cpu and pod.unready_for_cpu:
            unready.add(pod.name)
        else:
            ready += 1
    return PodGroups(ready, frozenset(unready), frozenset(missing), frozenset(ignored))


def ready_count(pods: Sequence[Pod]) -> int:
    """How many pods run and are ready."""
    return sum(pod.ready and pod.phase is PodPhase.RUNNING for pod in pods)
