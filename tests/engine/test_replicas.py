"""How many pods a metric asks for."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.engine.behavior import DEFAULT_BEHAVIOR, ScaleEvent
from trimtab.engine.pods import Pod, PodPhase
from trimtab.engine.replicas import (
    Tolerance,
    UnusableMetric,
    combined_size,
    corrected_size,
    decided_size,
    documented_size,
    per_pod_replicas,
    pods_replicas,
    total_replicas,
    utilization_replicas,
)
from trimtab.engine.values import Sized

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING, PENDING, FAILED = PodPhase.RUNNING, PodPhase.PENDING, PodPhase.FAILED
CONTAINERS = ("container1", "container2")


def ago(seconds):
    return NOW - timedelta(seconds=seconds)


def name(index):
    return f"pod-{index}"


def make_pods(requests, unready="", phases=(), deleting=""):
    """A pod of two containers for each request; `unready` and `deleting` name pods by their digits."""
    return [
        Pod(
            name=name(index),
            requests=dict.fromkeys(CONTAINERS, request),
            phase=phases[index] if phases else RUNNING,
            ready=str(index) not in unready,
            unready_for_cpu=str(index) in unready,
            deleting=str(index) in deleting,
        )
        for index, request in enumerate(requests)
    ]


def make_usage(*levels):
    """What each pod uses: one number for both containers, or a list."""
    return {
        name(index): dict(zip(CONTAINERS, level if isinstance(level, list) else [level] * 2, strict=False))
        for index, level in enumerate(levels)
    }


def make_values(*values):
    return {name(index): value for index, value in enumerate(values)}


EACH = [1000]
UNEVEN = [900, 1000, 1100]
TWO_FAILED = {"unready": "23", "phases": (RUNNING, RUNNING, FAILED, FAILED)}
TWO_MORE_FAILED = {"unready": "56", "phases": (RUNNING,) * 5 + (FAILED,) * 2}
FOUR_PENDING = {"unready": "1234", "phases": (RUNNING,) + (PENDING,) * 4}
SHRINKING = (100, 300, 500, 250, 250)
SECOND = ([1000, 100], [1000, 300], [1000, 500], [1000, 250], [1000, 250])

# current, requests, pods, usage, target, container, (size, per cent, average)
PUBLISHED_UTILIZATION = {
    "out": (3, EACH * 3, {}, (300, 500, 700), 30, None, (5, 50, 1000)),
    "out, container": (3, EACH * 3, {}, ([1000, 300], [1000, 500], [1000, 700]), 30, "container2", (5, 50, 500)),
    "out, unready": (3, EACH * 3, {"unready": "0"}, (300, 500, 700), 30, None, (4, 60, 1200)),
    "out, unready, container": (
        3,
        EACH * 3,
        {"unready": "0"},
        ([0, 300], [0, 500], [0, 700]),
        30,
        "container2",
        (4, 60, 600),
    ),
    "no change, unready": (3, EACH * 3, {"unready": "12"}, (400, 500, 700), 30, None, (3, 40, 800)),
    "out, failed": (2, EACH * 4, TWO_FAILED, (500, 700), 30, None, (4, 60, 1200)),
    "out, failed, one without the container": (
        *(2, EACH * 4, TWO_FAILED, ([1000, 500], [9000, 700], [1000], [9000]), 30, "container2", (4, 60, 600)),
    ),
    "out, failed, container": (2, EACH * 4, TWO_FAILED, ([1000, 500], [9000, 700]), 30, "container2", (4, 60, 600)),
    "out, deleting": (2, EACH * 4, {"unready": "23", "deleting": "23"}, (500, 700), 30, None, (4, 60, 1200)),
    "in": (5, EACH * 5, {}, SHRINKING, 50, None, (3, 28, 560)),
    "in, container": (5, EACH * 5, {}, SECOND, 50, "container2", (3, 28, 280)),
    "in, unready": (5, EACH * 5, {"unready": "34"}, SHRINKING, 50, None, (2, 30, 600)),
    "in, unready, container": (5, EACH * 5, {"unready": "34"}, SECOND, 50, "container2", (2, 30, 300)),
    "in, pending": (5, EACH * 5, FOUR_PENDING, (100,), 50, None, (1, 10, 200)),
    "in, pending, container": (5, EACH * 5, FOUR_PENDING, SECOND, 50, "container2", (1, 10, 100)),
    "in, failed": (5, EACH * 7, TWO_MORE_FAILED, SHRINKING, 50, None, (3, 28, 560)),
    "in, failed, container": (5, EACH * 7, TWO_MORE_FAILED, SECOND, 50, "container2", (3, 28, 280)),
    "in, deleting": (5, EACH * 7, {"unready": "56", "deleting": "56"}, SHRINKING, 50, None, (3, 28, 560)),
    "within the tolerance": (3, UNEVEN, {}, (1010, 1030, 1020), 100, None, (3, 102, 2040)),
    "metrics of unknown pods": (*(4, EACH * 4, {}, (4000, 9500, 3000, 7000, 3200, 2000), 100, None, (24, 587, 11750)),),
    "missing": (4, EACH * 4, {}, (400, 95), 100, None, (3, 24, 495)),
    "missing, at the target": (2, EACH * 2, {}, (1000,), 100, None, (2, 100, 2000)),
    "missing, above": (2, EACH * 2, {}, (1900,), 100, None, (2, 190, 3800)),
    "missing, below": (2, EACH * 2, {}, (600,), 100, None, (2, 60, 1200)),
    "missing and unready": (3, EACH * 3, {"unready": "0"}, (100, 450), 50, None, (3, 45, 900)),
    "missing and unready, out": (3, EACH * 3, {"unready": "0"}, (100, 2000), 50, None, (4, 200, 4000)),
    "missing and unready, in": (4, EACH * 4, {"unready": "0"}, (100, 100, 100), 50, None, (3, 10, 200)),
    "missing, target above all of it": (
        *(4, [1000, 1000, 2000, 2000], {"unready": "0"}, (200, 100, 100), 300, None, (2, 6, 200)),
    ),
    "one more than wanted, in a rolling update": (2, EACH * 3, {}, (100, 100), 50, None, (2, 10, 200)),
}


@pytest.mark.parametrize("row", PUBLISHED_UTILIZATION.values(), ids=PUBLISHED_UTILIZATION)
def test_published_utilization(row):
    """The tables of replica_calculator_test.go of Kubernetes."""
    current, requests, pods, usage, target, container, (size, percent, average) = row
    found = utilization_replicas(
        current, make_pods(requests, **pods), usage=make_usage(*usage), target=target, container=container
    )
    assert found == (size, average, percent)


@pytest.mark.parametrize(
    ("down", "up", "usage", "size"),
    [
        (0, 0, (909, 1010, 1111), 4),
        (0.1, 2.0, (1890, 1910, 1900), 3),
        (2.0, 0.08, (1100, 1080, 1090), 4),
        (0.36, 0.1, (660, 640, 650), 3),
        (0.34, 0.1, (660, 640, 650), 2),
        (0.35, 0.1, (660, 640, 650), 3),
        (0.1, 0.09, (1100, 1080, 1090), 3),
    ],
)
def test_each_direction_has_its_tolerance(down, up, usage, size):
    """TestReplicaCalcConfigurableTolerance of Kubernetes, and the edges, which are inside."""
    tolerance = Tolerance(scale_in=down, scale_out=up)
    found = utilization_replicas(3, make_pods(UNEVEN), usage=make_usage(*usage), target=100, tolerance=tolerance)
    assert found.size == size


@pytest.mark.parametrize(("target", "size"), [(56, 9), (55, 10)])
def test_the_tolerance_is_of_the_ratio(target, size):
    """TestReplicaCalcComputedToleranceAlgImplementation of Kubernetes: half used, a target a little further away."""
    requests = [300 + by for by in (100, -100, 10, -10, 2, -2, 1, -1, 0, 0)]
    found = utilization_replicas(10, make_pods(requests), usage=make_usage(*[150] * 10), target=target)
    assert found == (size, 300, 50)


def test_readiness_counts_for_cpu_only():
    given_pods = {"usage": make_usage(300, 500, 700), "target": 30, "resource": "memory"}
    assert utilization_replicas(3, make_pods(EACH * 3, unready="0"), **given_pods).size == 5


def test_a_pod_in_which_a_container_has_no_metric_has_none():
    """Else half of its use would stand for all of it."""
    found = utilization_replicas(2, make_pods(EACH * 2), usage=make_usage([600, 600], [600]), target=100)
    assert found == (2, 1200, 60)


@pytest.mark.parametrize(
    ("pods", "usage", "more", "says"),
    [
        (make_pods(EACH), {"an-older-pod": {"container1": 1}}, {}, "no metrics returned matched known pods"),
        (make_pods(EACH * 4), {}, {}, "unable to get metrics for resource cpu: no metrics returned from resource"),
        (make_pods([None]), make_usage(200), {}, "missing request for cpu in container container1 of Pod pod-0"),
        (make_pods(EACH), make_usage(1), {"container": "none"}, "container none not present in metrics"),
        (
            [*make_pods(EACH), Pod(name="other")],
            make_usage(1),
            {"container": "container1"},
            "container container1 not found in Pod other",
        ),
        ([], make_usage(200), {}, "no pods returned by selector"),
        (make_pods(EACH, unready="0"), make_usage(200), {}, "did not receive metrics for targeted pods"),
    ],
)
def test_no_utilization(pods, usage, more, says):
    with pytest.raises(UnusableMetric, match=says):
        utilization_replicas(1, pods, usage=usage, target=100, **more)


@pytest.mark.parametrize(
    ("current", "pods", "values", "target", "size", "average"),
    [
        (3, 3, (20000, 10000, 30000), 15000, 4, 20000),
        (3, 3, (50000, 10000, 30000), 15000, 6, 30000),
        (3, 3, (50000, 15000, 30000), 15000, 7, 31666),
        (5, 5, (12000,) * 5, 20000, 3, 12000),
        (3, 3, (20000, 21000, 21000), 20000, 3, 20666),
        (5, 5, (20000, 19000, 21000), 20000, 5, 20000),
        (2, 3, (10000, 10000), 17000, 2, 10000),
    ],
)
def test_published_pods_metrics(current, pods, values, target, size, average):
    """Readiness does not count; missing pods count as at the target, or as idle."""
    every = make_pods(EACH * pods, unready="0")
    assert pods_replicas(current, every, values=make_values(*values), target=target) == (size, average, None)


def test_pods_metrics_with_a_narrow_tolerance():
    tolerance = Tolerance(scale_out=0.01)
    values = make_values(20000, 21000, 21000)
    assert pods_replicas(3, make_pods(EACH * 3), values=values, target=20000, tolerance=tolerance).size == 4


def test_a_resource_with_a_target_of_its_own_leaves_unready_pods_out():
    values = make_values(50, 15, 30)
    assert pods_replicas(3, make_pods(EACH * 3, unready="02"), values=values, target=15, cpu=True) == (3, 15, None)


@pytest.mark.parametrize(
    ("pods", "values", "says"), [(EACH, {}, "no metrics returned from custom"), ([], {"a": 1}, "no pods")]
)
def test_no_pods_metric(pods, values, says):
    with pytest.raises(UnusableMetric, match=says):
        pods_replicas(1, make_pods(pods), values=values, target=1)


MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("current", "ready", "value", "target", "size"),
    [
        (3, 3, 20000, 15000, 4),
        (3, 1, 50000, 10000, 5),
        (3, 1, 8600, 4400, 2),
        (5, 5, 12000, 20000, 3),
        (5, 5, 8600, 14334, 3),
        (3, 3, 20666, 20000, 3),
        (3, 3, 8600, 8888, 3),
        (5, 5, 0, 20000, 0),
        (0, 0, 20000, 15000, 2),
        (0, 0, 15100, 15000, 2),
        (0, 0, 0, 15000, 0),
        (3, 3, MOST, 1, 2**31 - 1),
        (3, 3, MOST + 1, MOST, 3),
    ],
)
def test_published_metrics_of_one_value(current, ready, value, target, size):
    """A multiple of the pods that are ready; from 0 as many as targets fit in; no more than the API can say."""
    assert total_replicas(current, ready, value=value, target=target) == (size, min(value, MOST), None)


@pytest.mark.parametrize(
    ("current", "value", "target", "size", "share"),
    [
        (3, 20000, 5000, 4, 6667),
        (3, 8600, 2150, 4, 2867),
        (5, 6000, 2000, 3, 1200),
        (5, 8600, 2867, 3, 1720),
        (4, 20166, 5000, 4, 5042),
        (3, 8600, 2900, 3, 2867),
        (0, 8600, 2900, 3, 8600),
        (1, MOST, 1, 2**31 - 1, MOST),
        (1, MOST, MOST, 1, MOST),
    ],
)
def test_published_metrics_of_a_share(current, value, target, size, share):
    assert per_pod_replicas(current, value=value, target=target) == (size, share, None)


def test_metrics_of_one_value_with_a_narrow_tolerance():
    tolerance = Tolerance(scale_out=0.01)
    assert total_replicas(3, 3, value=20666, target=20000, tolerance=tolerance).size == 4
    assert total_replicas(3, 3, value=8900, target=8800, tolerance=tolerance).size == 4
    assert per_pod_replicas(4, value=20208, target=5000, tolerance=tolerance).size == 5
    assert per_pod_replicas(3, value=8600, target=2800, tolerance=tolerance).size == 4


@pytest.mark.parametrize(
    ("current", "metric", "target", "size"),
    [(3, 200, 100, 6), (3, 50, 100, 2), (3, 110, 100, 3), (3, 111, 100, 4), (3, 90, 100, 3), (10, 0.5, 1, 5)],
)
def test_the_documented_formula(current, metric, target, size):
    assert documented_size(current, metric=metric, target=target) == size


@pytest.mark.parametrize(
    ("proposals", "size"),
    [([4, 6], 6), ([2, 3], 3), ([4, None], 5), ([None, 7], 7), ([None, 5], 5), ([None, None], 5), ([], 5)],
)
def test_several_metrics(proposals, size):
    assert combined_size(5, proposals) == size


@pytest.mark.parametrize(
    ("current", "low", "high", "size"),
    [(1, 2, 6, 2), (7, 2, 6, 6), (3, 2, 6, None), (2, 2, 6, None), (6, 2, 6, None), (0, 2, 6, 0), (0, 0, 6, None)],
)
def test_bounds_hold_at_once(current, low, high, size):
    assert corrected_size(current, low=low, high=high) == size


def test_the_whole():
    """Bounds, metrics, window, limits; a metric that fails keeps the size as it is, whatever was asked before."""
    bounds = {"low": 2, "high": 60, "now": NOW}
    higher = [Sized(ago(60), 20)]
    assert decided_size(70, [], **bounds) == 60
    assert decided_size(10, [4], **bounds) == 4
    assert decided_size(10, [4], recommendations=[Sized(ago(60), 9)], **bounds) == 9
    assert decided_size(10, [4, None], recommendations=higher, **bounds) == 10
    assert decided_size(10, [50, None], **bounds) == 20
    assert decided_size(10, [None], recommendations=higher, **bounds) == 10


def test_the_whole_with_a_behavior():
    given_rest = {"low": 2, "high": 60, "behavior": DEFAULT_BEHAVIOR, "now": NOW}
    assert decided_size(10, [50], **given_rest) == 20
    assert decided_size(10, [50], events=[ScaleEvent(ago(10), 6)], **given_rest) == 10
    assert decided_size(10, [4], recommendations=[Sized(ago(60), 20)], **given_rest) == 10
    assert decided_size(10, [4], **given_rest) == 4


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: total_replicas(1, 1, value=1, target=0), "no ratio"),
        (lambda: per_pod_replicas(-1, value=1, target=1), "give the number of pods, 0 or more"),
        (lambda: documented_size(1, metric=1, target=0), "no ratio"),
        (lambda: Tolerance(scale_in=-0.1), "0 or more"),
    ],
)
def test_nonsense_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


# laws

LEVELS = st.lists(st.one_of(st.none(), st.integers(0, 5000)), min_size=1, max_size=8).filter(any)
TARGETS = st.integers(1, 400)


def some_values(levels):
    return {name(index): level for index, level in enumerate(levels) if level is not None}


@given(LEVELS, TARGETS, st.data())
def test_pods_without_a_metric_never_turn_a_change_round(levels, target, data):
    """Nothing that is missing scales a group further than what is known asks for."""
    unready = "".join(data.draw(st.sets(st.sampled_from("01234567"), max_size=3)))
    pods = make_pods(EACH * len(levels), unready=unready)
    values = {pod: dict.fromkeys(CONTAINERS, level) for pod, level in some_values(levels).items()}
    current = len(pods)
    try:
        size, _, percent = utilization_replicas(current, pods, usage=values, target=target)
    except UnusableMetric:
        return
    if Fraction(percent, target) > 1:
        assert current <= size <= -(-current * percent // target)
    elif len(values) == current and not unready:
        assert size == current or size == -(-current * percent // target)
    else:
        assert size <= current


@given(st.integers(1, 200), st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_and_a_total_agree_where_all_pods_are_ready(current, value, target):
    """A target for all is a target for each, as many times as there are pods."""
    total = total_replicas(current, current, value=value, target=target * current)
    assert total.size == per_pod_replicas(current, value=value, target=target).size


@given(st.integers(0, 50), st.lists(st.one_of(st.none(), st.integers(0, 50)), max_size=4))
def test_a_metric_that_failed_never_scales_in(current, proposals):
    assert combined_size(current, [*proposals, None]) >= current
