"""Laws of the decision, on random groups and loads; each names the presets that it holds for."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.random_groups import IN, MINUTE, START, amount_policy, groups, loads, make
from tests.laws import examples
from trimtab.engine import PRESETS, AlarmStatus, History, Observation, decide
from trimtab.engine.presets import find_preset
from trimtab.engine.schedules import in_force
from trimtab.models import MissingData

pytestmark = pytest.mark.sweep

ALL = sorted(PRESETS)
ESTIMATING = [name for name, preset in PRESETS.items() if preset.estimate]
NO_DATA_HOLDS = [name for name in ALL if not name.startswith("ec2")]
TICKS = 25
# each law is tried on every preset that it holds for
quick = settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def watching(group, values):
    """Windows for every alarm and target of a group, from datapoints by metric."""
    return {
        "alarms": {alarm.name: values[alarm.metric.name] for alarm in group.alarms},
        "policies": {
            policy.name: values[policy.metric.name] for policy in group.policies if policy.type == "target-tracking"
        },
    }


def replay(group, load, preset, desired, **more):
    """The decisions of a group over a load, from tick to tick."""
    history = History()
    for tick in range(TICKS):
        values = {name: points[: tick + 1] for name, points in load.items()}
        seen = Observation(desired=desired, **watching(group, values), **more)
        decision = decide(group, seen, history, START + tick * MINUTE, preset)
        yield decision
        desired, history = decision.size, decision.history


def constant(value):
    return {"cpu": [value] * 20, "memory": [value] * 20}


@pytest.mark.parametrize("preset", ALL)
@given(fields=groups(), load=loads(TICKS), desired=st.integers(0, 20))
@quick
def test_never_outside_the_bounds(preset, fields, load, desired):
    """Whatever is seen, the size is between the minimum and the maximum in force. All presets."""
    group = make(fields)
    for decision in replay(group, load, preset, desired):
        force = in_force(group, decision.history.at)
        assert force.min <= decision.minimum <= decision.size <= decision.maximum == force.max


@pytest.mark.parametrize("preset", ALL)
@given(fields=groups(), load=loads(TICKS), desired=st.integers(0, 20))
@quick
def test_same_input_same_decision(preset, fields, load, desired):
    """An equal group and an equal observation give an equal decision, reasons included. All presets."""
    first = list(replay(make(fields), load, preset, desired))
    assert first == list(replay(make(fields), load, preset, desired))


@pytest.mark.parametrize("preset", ALL)
@given(fields=groups(), load=loads(TICKS), desired=st.integers(0, 20), chance=st.randoms(use_true_random=False))
@quick
def test_the_order_of_policies_does_not_matter(preset, fields, load, desired, chance):
    """Policies and alarms in another order give the same sizes. All presets."""
    shuffled = {**fields, "policies": list(fields["policies"]), "alarms": list(fields["alarms"])}
    chance.shuffle(shuffled["policies"])
    chance.shuffle(shuffled["alarms"])
    sizes = [decision.size for decision in replay(make(fields), load, preset, desired)]
    assert sizes == [decision.size for decision in replay(make(shuffled), load, preset, desired)]


def without_breaching(fields):
    alarms = [alarm for alarm in fields["alarms"] if alarm["missing"] is not MissingData.BREACHING]
    return make({**fields, "alarms": alarms, "schedules": []})


@pytest.mark.parametrize("preset", NO_DATA_HOLDS)
@given(fields=groups(), desired=st.integers(0, 14), states=st.sampled_from(AlarmStatus))
@quick
def test_missing_data_never_scales_in(preset, fields, desired, states):
    """Without any datapoint nothing scales in, whatever state alarms are in. All presets but EC2."""
    group = without_breaching(fields)
    assume(group.capacity.min <= desired <= group.capacity.max)
    history = History(states={alarm.name: states for alarm in group.alarms})
    for values in ([], [None] * 8, [float("nan")] * 8):
        seen = Observation(desired=desired, **watching(group, {"cpu": values, "memory": values}))
        assert decide(group, seen, history, START, preset).size >= desired


@pytest.mark.parametrize("preset", ["ec2", "ec2-group"])
@given(fields=groups(), desired=st.integers(0, 14))
@quick
def test_missing_data_never_scales_in_on_ec2(preset, fields, desired):
    """
    Without any datapoint nothing scales in on EC2 either.

    Except by an alarm that ignores missing data and was in ALARM before: it keeps its state, and its action repeats.
    """
    group = without_breaching(fields)
    assume(group.capacity.min <= desired <= group.capacity.max)
    nothing = {"cpu": [None] * TICKS, "memory": [None] * TICKS}
    assert all(decision.size >= desired for decision in replay(group, nothing, preset, desired))


@st.composite
def seesaws(draw):
    """A group with rules for both ways whose thresholds are close, and a value at which it scales in."""
    low, gap = draw(st.integers(10, 60)), draw(st.integers(1, 20))
    outs = {f"out-{number}": draw(amount_policy(f"out-{number}", 1)) for number in range(draw(st.integers(1, 3)))}
    hot = {
        f"hot-{number}": {"metric": "cpu", draw(st.sampled_from(["above", "at_least"])): low + gap + 5 * number}
        for number in range(len(outs))
    }
    for number, alarm in enumerate(hot.values()):
        alarm["triggers"] = [f"out-{number}"]
    amount = draw(IN.filter(lambda one: "to" not in one))
    fields = {
        **draw(groups()),
        "capacity": {"min": 1, "max": 14},
        "policies": {**outs, "in": amount},
        "alarms": {**hot, "idle": {"metric": "cpu", "at_most": low, "triggers": ["in"]}},
        "schedules": [],
    }
    return make(fields), draw(st.integers(2, 14)), float(draw(st.integers(low // 2, low)))


@pytest.mark.parametrize("preset", ESTIMATING)
@given(seesaw=seesaws())
@quick
def test_a_scale_in_never_trips_the_scale_out_rule(preset, seesaw):
    """Where the metric rises as estimated, no rule scales out after a scale-in. The presets with anti-flapping."""
    group, desired, value = seesaw
    first = decide(group, Observation(desired=desired, **watching(group, constant(value))), History(), START, preset)
    assert first.recommendations
    assert first.size <= desired
    risen = value * desired / first.size
    seen = Observation(desired=first.size, **watching(group, constant(risen)))
    again = decide(group, seen, History(), START + timedelta(days=1), preset)
    assert first.size == desired or again.size <= first.size, (first.explain(), again.explain())


def is_monotone(fields):
    """Operators above only, and no exact sizes: those do not depend on how far a metric is."""
    above = all("above" in alarm or "at_least" in alarm for alarm in fields["alarms"])
    return above and not any("to" in policy for policy in fields["policies"])


@pytest.mark.parametrize("preset", ALL)
@given(fields=groups().filter(is_monotone), desired=st.integers(0, 14), value=st.floats(0, 100), more=st.floats(0, 60))
@quick
def test_capacity_is_monotone_in_the_metric(preset, fields, desired, value, more):
    """A higher metric never asks for fewer instances, with steps that grow with the breach. All presets."""
    group = make(fields)
    sizes = [
        decide(group, Observation(desired=desired, **watching(group, constant(one))), History(), START, preset).size
        for one in (value, value + more)
    ]
    assert sizes[0] <= sizes[1]


@pytest.mark.parametrize("preset", ALL)
@given(fields=groups(), load=loads(TICKS), desired=st.integers(0, 20))
@quick
def test_every_decision_explains_itself(preset, fields, load, desired):
    """There is a reason for every decision, and each has its sentence with its numbers. All presets."""
    for decision in replay(make(fields), load, preset, desired):
        assert decision.reasons
        assert all("{" not in str(reason) and len(reason.details) == len(reason.values) for reason in decision.reasons)
        assert decision.explain().count("\n") == len(decision.reasons)


def test_unknown_presets_are_named():
    with pytest.raises(ValueError, match="'aws'; use one of neutral, ec2"):
        find_preset("aws")
