"""The batch form decides as `decide` does, variant by variant and tick by tick."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import make_group
from tests.engine.random_groups import MINUTE, SECONDS, START, groups, loads, make
from tests.laws import examples
from trimtab.engine import PRESETS, History, Observation, decide
from trimtab.engine.presets import find_preset
from trimtab.engine.ruleset import make_rules

np = pytest.importorskip("numpy", reason="the batch form needs numpy (extra `sim`)")
batch_form = pytest.importorskip("trimtab.engine.batch")
Batch, BatchObservation = batch_form.Batch, batch_form.BatchObservation
TICKS = 40
WINDOW = 20


@st.composite
def variants(draw):
    """A group and versions of it with other numbers."""
    fields = draw(groups())
    found = [fields]
    for _ in range(draw(st.integers(0, 3))):
        other = {**fields, "capacity": dict(fields["capacity"])}
        other["capacity"]["max"] += draw(st.integers(0, 3))
        other["cooldown"] = draw(st.none() | SECONDS)
        other["stabilization"] = draw(st.none() | SECONDS)
        other["alarms"] = [draw(changed_alarm(alarm)) for alarm in fields["alarms"]]
        other["policies"] = [draw(changed_policy(policy)) for policy in fields["policies"]]
        found.append(other)
    return found


@st.composite
def changed_alarm(draw, alarm):
    periods = draw(st.integers(1, 5))
    word = next(word for word in ("above", "at_least", "below", "at_most") if word in alarm)
    threshold = alarm[word] + draw(st.sampled_from([-5, 0, 0.5, 5]))
    return {**alarm, "periods": periods, "datapoints": draw(st.integers(1, periods)), word: threshold}


@st.composite
def changed_policy(draw, policy):
    if "target" in policy:
        return {**policy, "target": policy["target"] + draw(st.integers(-10, 10))}
    if "cooldown" in policy:
        return {**policy, "cooldown": draw(st.none() | SECONDS)}
    return policy


def points(load, name, tick):
    return load[name][max(0, tick - WINDOW + 1) : tick + 1]


def column(load, name, tick, count):
    found = points(load, name, tick)
    padded = [None] * (WINDOW - len(found)) + found
    return np.repeat(np.array([[np.nan if value is None else value] for value in padded]), count, axis=1)


def watched(group):
    return {alarm.name: alarm.metric.name for alarm in group.alarms}, {
        policy.name: policy.metric.name for policy in group.policies if policy.type == "target-tracking"
    }


def world(sizes, tick, draws):
    """In service, warming, busy and settled, made from a few drawn numbers; the same for both forms."""
    lag, warm, busy = draws[tick % len(draws)]
    return [max(0, size - lag) for size in sizes], [min(warm, max(0, size - lag)) for size in sizes], busy


@given(
    variants(),
    loads(TICKS),
    st.sampled_from(sorted(PRESETS)),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), min_size=1, max_size=6),
)
@settings(
    max_examples=examples(), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_batch_equals_decide(fields, load, preset, draws):
    """Random groups, random loads, every preset: the same sizes at every tick."""
    made = [make(one) for one in fields]
    batch = Batch(made, preset)
    alarms, policies = watched(made[0])
    histories = [History() for _ in made]
    sizes = [int(size) for size in batch.sizes]
    settled = None
    for tick in range(TICKS):
        now = START + tick * MINUTE
        there, warming, busy = world(sizes, tick, draws)
        settled = settled if busy else now - timedelta(seconds=90)
        decided = [
            decide(
                group,
                Observation(
                    desired=size,
                    in_service=there[index],
                    started=[now - timedelta(seconds=1)] * warming[index],
                    busy=busy,
                    settled=settled,
                    alarms={name: points(load, metric, tick) for name, metric in alarms.items()},
                    policies={name: points(load, metric, tick) for name, metric in policies.items()},
                ),
                histories[index],
                now,
                preset,
            )
            for index, (group, size) in enumerate(zip(made, sizes, strict=True))
        ]
        no_warm_up = [not decision_warms(made[index], preset) for index in range(len(made))]
        seen = BatchObservation(
            in_service=np.array(there),
            warming=np.array([0 if none else count for none, count in zip(no_warm_up, warming, strict=True)]),
            busy=np.full(len(made), busy),
            settled=np.full(len(made), -np.inf if settled is None else settled.timestamp()),
            alarms={name: column(load, metric, tick, len(made)) for name, metric in alarms.items()},
            policies={name: column(load, metric, tick, len(made)) for name, metric in policies.items()},
        )
        found = batch.decide(seen, now)
        assert found.tolist() == [decision.size for decision in decided], (tick, [one.explain() for one in decided])
        for name in alarms:
            assert batch.alarm_states(name) == [decision.alarms[name] for decision in decided]
        sizes = [decision.size for decision in decided]
        histories = [decision.history for decision in decided]


def decision_warms(group, preset):
    """Whether the group has a warm-up at all under the preset."""
    return bool(make_rules(group, find_preset(preset)).longest_warm_up)


def test_variants_are_alike():
    other = make_group(alarms={"hot": {"metric": "cpu", "below": 70, "triggers": ["scale-out"]}})
    with pytest.raises(ValueError, match="groups 'web' and 'web' differ in more than numbers"):
        Batch([make_group(), other])


def test_a_batch_needs_a_group():
    with pytest.raises(ValueError, match="at least one"):
        Batch([])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"policies": {"ahead": {"type": "predictive", "metric": "cpu", "target": 50}}, "alarms": {}}, "predictive"),
        ({"purchase": {"sizes": [{"size": "t3.medium", "weight": 2}]}}, "weights"),
    ],
)
def test_what_only_decide_does_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Batch([make_group(**fields)])


def test_a_window_that_is_missing_is_named():
    with pytest.raises(ValueError, match="alarm 'hot'"):
        Batch([make_group()]).decide(BatchObservation(), START)


def test_ticks_are_one_step_apart():
    batch = Batch([make_group()])
    seen = BatchObservation(alarms={"hot": np.full((3, 1), np.nan)})
    batch.decide(seen, START)
    with pytest.raises(ValueError, match="ticks are 0:01:00 apart"):
        batch.decide(seen, START + 2 * MINUTE)
