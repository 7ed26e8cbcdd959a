"""Which pods count for a metric."""

from datetime import UTC, datetime, timedelta

import pytest

from trimtab.engine.pods import Pod, PodPhase, group_pods, is_unready_for_cpu, ready_count

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def test_ready_pods_run():
    pods = [Pod(name="a"), Pod(name="b", ready=False), Pod(name="c", phase=PodPhase.PENDING)]
    assert ready_count(pods) == 1


def test_each_pod_is_in_one_group():
    """TestGroupPods of Kubernetes."""
    pods = [
        Pod(name="gone", deleting=True, phase=PodPhase.PENDING),
        Pod(name="failed", phase=PodPhase.FAILED),
        Pod(name="waiting", phase=PodPhase.PENDING),
        Pod(name="silent"),
        Pod(name="young", unready_for_cpu=True),
        Pod(name="done", phase=PodPhase.SUCCEEDED),
    ]
    measured = {pod.name for pod in pods} - {"silent"}
    assert group_pods(pods, measured, cpu=True) == (1, {"waiting", "young"}, {"silent"}, {"gone", "failed"})
    assert group_pods(pods, measured, cpu=False) == (2, {"waiting"}, {"silent"}, {"gone", "failed"})


@pytest.mark.parametrize(
    ("ready", "started", "changed", "sampled", "window", "unready"),
    [
        (None, 0, None, 0, 60, True),
        (True, None, 0, 0, 60, True),
        (True, 60, 30, 0, 30, False),
        (True, 60, 30, 0, 60, True),
        (True, 60, 30, None, 60, True),
        (False, 60, 30, 0, 30, True),
        (False, 600, 594, None, 60, True),
        (True, 180, 180, 120, 60, False),
        (False, 600, 540, None, 60, False),
        (False, 600, 590, None, 60, False),
        (True, 120, 100, 100, 60, False),
    ],
)
def test_when_the_cpu_of_a_pod_is_left_out(ready, started, changed, sampled, window, unready):
    """TestGroupPods of Kubernetes, with its periods of 2 minutes and 10 s; numbers are seconds ago."""
    found = is_unready_for_cpu(
        ready=ready,
        started=None if started is None else ago(started),
        changed=None if changed is None else ago(changed),
        sampled=None if sampled is None else ago(sampled),
        sample_window=timedelta(seconds=window),
        now=NOW,
        initialization=timedelta(minutes=2),
        readiness_delay=timedelta(seconds=10),
    )
    assert found is unready
