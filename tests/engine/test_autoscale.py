"""Runs of Azure Monitor autoscale: the published examples, tables of edges, laws."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import make_group
from tests.laws import examples
from trimtab.engine import History, Observation, ReasonCode, decide
from trimtab.engine.autoscale import Cause, Cooldown, CooldownMode, combined_size, evaluate_rules, size_without_metrics
from trimtab.engine.limits import estimate
from trimtab.engine.policies import Direction
from trimtab.engine.rules import (
    ChangeType,
    MetricRule,
    Operator,
    ProfileCapacity,
    ScaleAction,
    ScaleDirection,
    per_instance,
)

OUT, IN, TO = ScaleDirection.INCREASE, ScaleDirection.DECREASE, ScaleDirection.NONE
COUNT, PERCENT, EXACT = ChangeType.CHANGE_COUNT, ChangeType.PERCENT_CHANGE_COUNT, ChangeType.EXACT_COUNT
NEXT = ChangeType.SERVICE_ALLOWED_NEXT_VALUE
ABOVE, AT_LEAST = Operator.GREATER_THAN, Operator.GREATER_THAN_OR_EQUAL
BELOW, AT_MOST = Operator.LESS_THAN, Operator.LESS_THAN_OR_EQUAL
MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)


def out(metric, threshold, value=1, *, kind=COUNT, operator=ABOVE, **more):
    return MetricRule(metric, operator, threshold, ScaleAction(OUT, kind, value), **more)


def in_(metric, threshold, value=1, *, kind=COUNT, operator=BELOW, **more):
    return MetricRule(metric, operator, threshold, ScaleAction(IN, kind, value), **more)


CPU = [out("cpu", 50), in_("cpu", 30)]
THREADS = [out("threads", 600, operator=AT_LEAST), in_("threads", 400)]
TIGHT = [out("threads", 600, operator=AT_LEAST), in_("threads", 600)]
BY_MANY = [
    out("requests", 200, 20, operator=AT_LEAST),
    out("cpu", 70, 20),
    in_("requests", 50, 10, operator=AT_MOST),
]
ANY_ALL = [in_("cpu", 30), in_("memory", 50), out("cpu", 75), out("memory", 75)]


def test_the_largest_scale_out_wins_and_the_smallest_scale_in():
    assert combined_size(40, [ScaleAction(OUT, COUNT, 3), ScaleAction(OUT, PERCENT, 15)]) == 46
    assert combined_size(10, [ScaleAction(OUT, COUNT, 3), ScaleAction(OUT, PERCENT, 15)]) == 13
    assert combined_size(10, [ScaleAction(IN, PERCENT, 50), ScaleAction(IN, COUNT, 3)]) == 7
    assert combined_size(10, [ScaleAction(IN, COUNT, 3), ScaleAction(OUT, COUNT, 1)]) == 11
    assert combined_size(10, [ScaleAction(IN, COUNT, 3), ScaleAction(TO, EXACT, 8)]) == 8
    assert combined_size(10, [ScaleAction(IN, COUNT, 3), ScaleAction(OUT, EXACT, 4)]) == 10
    assert combined_size(10, []) == 10


# the run


@pytest.mark.parametrize(
    ("rules", "values", "current", "size", "cause"),
    [
        (CPU, {"cpu": 56}, 1, 2, Cause.RULES),
        (CPU, {"cpu": 28}, 2, 2, Cause.FLAPPING),
        (CPU, {"cpu": 25}, 2, 1, Cause.RULES),
        (CPU, {"cpu": 40}, 2, 2, Cause.NOTHING),
        (CPU, {"cpu": 51}, 1, 2, Cause.RULES),
        (TIGHT, {"threads": 625}, 2, 3, Cause.RULES),
        (TIGHT, {"threads": 1250 / 3}, 3, 3, Cause.FLAPPING),
        (THREADS, {"threads": 1250 / 3}, 3, 3, Cause.NOTHING),
        (THREADS, {"threads": 1180 / 3}, 3, 2, Cause.RULES),
        (THREADS, {"threads": 590}, 2, 2, Cause.NOTHING),
        (BY_MANY, {"requests": 100, "cpu": 65}, 30, 30, Cause.NOTHING),
        (BY_MANY, {"requests": 50, "cpu": 65}, 30, 28, Cause.FLAPPING_ADJUSTED),
        (BY_MANY, {"requests": 50, "cpu": 40}, 30, 20, Cause.RULES),
        (BY_MANY, {"requests": 50, "cpu": 69}, 30, 30, Cause.FLAPPING),
        (ANY_ALL, {"cpu": 76, "memory": 50}, 10, 11, Cause.RULES),
        (ANY_ALL, {"cpu": 50, "memory": 76}, 10, 11, Cause.RULES),
        (ANY_ALL, {"cpu": 25, "memory": 80}, 10, 11, Cause.RULES),
        (ANY_ALL, {"cpu": 25, "memory": 51}, 10, 10, Cause.NOTHING),
        (ANY_ALL, {"cpu": 25, "memory": 49}, 10, 9, Cause.RULES),
        ([out("cpu", 50)], {"cpu": 10}, 5, 5, Cause.NOTHING),
        ([in_("cpu", 30)], {"cpu": 10}, 5, 4, Cause.RULES),
        ([], {}, 5, 5, Cause.NOTHING),
    ],
)
def test_published_runs(rules, values, current, size, cause):
    found = evaluate_rules(rules, values, current=current)
    assert (found.size, found.cause) == (size, cause)


def test_an_outcome_says_what_it_saw():
    found = evaluate_rules(BY_MANY, {"requests": 50, "cpu": 65}, current=30)
    assert found.direction is Direction.IN
    assert found.fired == (BY_MANY[2],)
    assert found.estimates == {"requests": 1500 / 28, "cpu": 1950 / 28}
    assert (found.flapping, found.flapping_adjusted) == (False, True)
    refused = evaluate_rules(BY_MANY, {"requests": 50, "cpu": 69}, current=30)
    assert refused.direction is Direction.NONE
    assert (refused.flapping, refused.flapping_adjusted) == (True, False)
    assert refused.estimates["cpu"] == pytest.approx(69 * 30 / 29)
    assert refused.cooldown is None


def test_the_flapping_check_can_be_switched_off():
    found = evaluate_rules(CPU, {"cpu": 28}, current=2, flapping_check=False)
    assert (found.size, found.cause, found.estimates) == (1, Cause.RULES, {})


def test_an_estimate_that_meets_the_threshold_is_no_hair_above_it():
    assert evaluate_rules([out("cpu", 50), in_("cpu", 40)], {"cpu": 100 / 3}, current=3).size == 2
    assert evaluate_rules([out("cpu", 50, operator=AT_LEAST), in_("cpu", 40)], {"cpu": 100 / 3}, current=3).size == 3


@pytest.mark.parametrize(
    ("value", "current", "smaller", "found"),
    [(25, 2, 1, 50), (0.1, 3, 1, 0.3), (60, 10, 9, 600 / 9), (5, 1, 0, inf), (0, 1, 0, 0), (-5, 1, 0, -inf)],
)
def test_estimates(value, current, smaller, found):
    assert estimate(value, current, smaller) == found


def test_to_zero_only_without_load():
    rules = [out("queue", 0), in_("queue", 1)]
    assert evaluate_rules(rules, {"queue": 0}, current=1).size == 0
    assert evaluate_rules([out("cpu", 50), in_("cpu", 30)], {"cpu": 1}, current=1).cause is Cause.FLAPPING
    assert evaluate_rules(rules, {"queue": 3}, current=0).size == 1
    assert evaluate_rules(rules, {"queue": 0}, current=0).cause is Cause.NOTHING


@pytest.mark.parametrize(("current", "size"), [(1, 3), (2, 3), (7, 6), (12, 6)])
def test_limits_come_before_the_rules(current, size):
    found = evaluate_rules(CPU, {"cpu": 10}, current=current, limits=ProfileCapacity(3, 6))
    assert (found.size, found.cause, found.fired, found.cooldown) == (size, Cause.LIMITS, (), None)


def test_rules_stop_at_the_limits():
    rules = [out("cpu", 50, 10), in_("cpu", 30, 10)]
    assert evaluate_rules(rules, {"cpu": 90}, current=4, limits=ProfileCapacity(3, 6)).size == 6
    assert evaluate_rules(rules, {"cpu": 1}, current=6, limits=ProfileCapacity(3, 6)).size == 3
    assert evaluate_rules(rules, {"cpu": 90}, current=6, limits=ProfileCapacity(3, 6)).cause is Cause.NOTHING


def test_a_cut_as_far_as_the_minimum_is_not_called_adjusted():
    rules = [out("cpu", 90), in_("cpu", 30, 10)]
    found = evaluate_rules(rules, {"cpu": 10}, current=6, limits=ProfileCapacity(3, 6))
    assert (found.size, found.cause) == (3, Cause.RULES)


def test_an_exact_count_below_the_size_holds_a_scale_in_back_and_does_nothing():
    rules = [out("cpu", 50, 2, kind=EXACT), in_("memory", 50)]
    found = evaluate_rules(rules, {"cpu": 80, "memory": 10}, current=4)
    assert (found.size, found.cause, len(found.fired)) == (4, Cause.NOTHING, 2)


def test_a_rule_without_direction_goes_where_it_leads():
    to_five = MetricRule("cpu", ABOVE, 75, ScaleAction(TO, EXACT, 5))
    shrink = in_("cpu", 60, operator=AT_MOST)
    assert evaluate_rules([to_five], {"cpu": 80}, current=3).size == 5
    assert evaluate_rules([to_five], {"cpu": 80}, current=8).size == 5
    assert evaluate_rules([to_five], {"cpu": 80}, current=5).cause is Cause.NOTHING
    assert evaluate_rules([to_five, shrink], {"cpu": 60}, current=4).cause is Cause.FLAPPING
    assert evaluate_rules([to_five, shrink], {"cpu": 60}, current=9).size == 8
    assert evaluate_rules([to_five, shrink], {"cpu": 80}, current=9).cause is Cause.NOTHING
    aimless = MetricRule("cpu", ABOVE, 10, ScaleAction(TO, COUNT, 5))
    assert evaluate_rules([aimless, shrink], {"cpu": 60}, current=4).size == 3


# metrics that cannot be read


@pytest.mark.parametrize("missing", [{}, {"cpu": None}, {"cpu": nan}, {"cpu": inf}])
def test_the_default_where_a_metric_cannot_be_read(missing):
    limits = ProfileCapacity(1, 10, 3)
    found = evaluate_rules(CPU, missing, current=1, limits=limits)
    assert (found.size, found.cause, found.unreadable) == (3, Cause.DEFAULT_CAPACITY, ("cpu",))
    assert evaluate_rules(CPU, missing, current=5, limits=limits).cause is Cause.NOTHING
    assert evaluate_rules(CPU, missing, current=1).cause is Cause.NOTHING


def test_what_can_be_read_still_scales_out():
    values = {"cpu": 90, "memory": None}
    assert evaluate_rules(ANY_ALL, values, current=4).size == 5
    assert evaluate_rules(ANY_ALL, values, current=4, limits=ProfileCapacity(1, 10, 4)).cause is Cause.RULES
    assert evaluate_rules(ANY_ALL, values, current=4, limits=ProfileCapacity(1, 10, 8)).size == 8


def test_no_scale_in_without_the_metric_of_a_rule_that_scales_out():
    rules = [in_("cpu", 30), out("memory", 75)]
    found = evaluate_rules(rules, {"cpu": 10}, current=4, flapping_check=False)
    assert (found.size, found.cause, found.unreadable) == (4, Cause.UNREADABLE, ("memory",))


@pytest.mark.parametrize(
    ("current", "default", "size"), [(1, 3, 3), (3, 3, 3), (5, 3, 5), (12, 3, 10), (1, None, 1), (5, 20, 10)]
)
def test_size_without_metrics(current, default, size):
    assert size_without_metrics(current, ProfileCapacity(1, 10, default)) == size


# forecasts


def test_a_forecast_scales_out_only():
    assert evaluate_rules(CPU, {"cpu": 40}, current=2, predicted={"cpu": 60}).size == 3
    assert evaluate_rules(CPU, {"cpu": 20}, current=2, predicted={"cpu": 60}).size == 3
    assert evaluate_rules(CPU, {"cpu": 40}, current=2, predicted={"cpu": 10}).cause is Cause.NOTHING
    assert evaluate_rules(CPU, {"cpu": None}, current=2, predicted={"cpu": 60}).size == 3
    assert evaluate_rules(CPU, {"cpu": None}, current=2, predicted={"cpu": None}).cause is Cause.NOTHING


# cooldown


@pytest.mark.parametrize(
    ("since", "mode", "out_allowed", "in_allowed"),
    [
        (30, CooldownMode.LAST_FIRED_RULE, False, False),
        (60, CooldownMode.LAST_FIRED_RULE, True, True),
        (39, CooldownMode.CANDIDATE_RULE, False, False),
        (40, CooldownMode.CANDIDATE_RULE, False, True),
        (60, CooldownMode.CANDIDATE_RULE, True, True),
    ],
)
def test_whose_cooldown_counts(since, mode, out_allowed, in_allowed):
    wait = Cooldown(since * MINUTE, 60 * MINUTE, mode)
    assert (wait.allows(60 * MINUTE), wait.allows(40 * MINUTE)) == (out_allowed, in_allowed)


def test_rules_wait_but_limits_and_the_default_do_not():
    wait = Cooldown(MINUTE, 5 * MINUTE)
    assert evaluate_rules(CPU, {"cpu": 90}, current=2, cooldown=wait).cause is Cause.COOLDOWN
    assert evaluate_rules(CPU, {"cpu": 10}, current=2, cooldown=wait).cause is Cause.COOLDOWN
    assert evaluate_rules(CPU, {"cpu": 40}, current=2, cooldown=wait).cause is Cause.NOTHING
    assert (
        evaluate_rules(CPU, {"cpu": 90}, current=2, limits=ProfileCapacity(1, 2), cooldown=wait).cause is Cause.NOTHING
    )
    assert evaluate_rules(CPU, {"cpu": 90}, current=2, limits=ProfileCapacity(3, 6), cooldown=wait).size == 3
    assert evaluate_rules(CPU, {}, current=2, limits=ProfileCapacity(1, 6, 4), cooldown=wait).size == 4


def test_each_rule_waits_for_itself():
    slow = out("cpu", 50, 4, cooldown=60 * MINUTE)
    quick = out("cpu", 60, 1, cooldown=MINUTE)
    wait = Cooldown(5 * MINUTE, MINUTE, CooldownMode.CANDIDATE_RULE)
    found = evaluate_rules([slow, quick], {"cpu": 90}, current=2, cooldown=wait)
    assert (found.size, found.cooldown, found.fired) == (3, MINUTE, (slow, quick))
    assert evaluate_rules([slow, quick], {"cpu": 55}, current=2, cooldown=wait).cause is Cause.COOLDOWN
    both = [in_("cpu", 30, cooldown=60 * MINUTE), in_("memory", 30, cooldown=MINUTE)]
    assert evaluate_rules(both, {"cpu": 1, "memory": 1}, current=2, cooldown=wait).cause is Cause.COOLDOWN


def test_the_cooldown_that_begins_is_that_of_the_rule_that_had_its_way():
    rules = [out("cpu", 50, 1, cooldown=9 * MINUTE), out("cpu", 60, 3, cooldown=2 * MINUTE)]
    assert evaluate_rules(rules, {"cpu": 90}, current=2).cooldown == 2 * MINUTE
    assert evaluate_rules(rules, {"cpu": 55}, current=2).cooldown == 9 * MINUTE
    cut = [out("cpu", 70), in_("queue", 10, 5, cooldown=7 * MINUTE)]
    found = evaluate_rules(cut, {"cpu": 60, "queue": 5}, current=10)
    assert (found.size, found.cause, found.cooldown) == (9, Cause.FLAPPING_ADJUSTED, 7 * MINUTE)


# metrics


def test_a_metric_divided_by_the_instances():
    assert per_instance(6, 2) == 3
    assert per_instance(49.8, 6) == 8.3
    assert per_instance(5, 0) == 5
    rules = [out("queue", 10, divide_per_instance=True), in_("queue", 4, divide_per_instance=True)]
    assert evaluate_rules(rules, {"queue": 22}, current=2).size == 3
    assert evaluate_rules(rules, {"queue": 6}, current=2).estimates == {"queue": 6}


def test_a_size_below_0_is_refused():
    with pytest.raises(ValueError, match="0 instances or more"):
        evaluate_rules([], {}, current=-1)


# laws

METRICS = ("cpu", "memory", "queue")
ACTIONS = st.builds(ScaleAction, st.sampled_from(ScaleDirection), st.sampled_from(ChangeType), st.integers(0, 60))
RULES = st.lists(
    st.builds(MetricRule, st.sampled_from(METRICS), st.sampled_from(Operator), st.integers(0, 100), ACTIONS), max_size=6
)
READ = st.fixed_dictionaries({metric: st.integers(0, 100) for metric in METRICS})
SEEN = st.dictionaries(st.sampled_from(METRICS), st.none() | st.integers(0, 100))
LIMITS = st.tuples(st.integers(0, 20), st.integers(0, 60), st.none() | st.integers(0, 90)).map(
    lambda three: ProfileCapacity(min(three[:2]), max(three[:2]), three[2])
)
SIZES = st.integers(0, 80)
PERCENT_OF_CPU, STEPS = st.integers(0, 100), st.integers(1, 9)


@given(RULES, SEEN, SIZES, LIMITS, st.booleans())
def test_never_outside_the_limits(rules, values, current, limits, check):
    found = evaluate_rules(rules, values, current=current, limits=limits, flapping_check=check)
    assert limits.minimum <= found.size <= limits.maximum


@given(RULES, SEEN, SIZES, LIMITS)
def test_without_a_metric_nothing_scales_in(rules, values, current, limits):
    current = limits.nearest(current)
    found = evaluate_rules(rules, values, current=current, limits=limits)
    if any(values.get(rule.metric) is None for rule in rules):
        assert found.size >= current


@given(RULES, READ, SIZES)
def test_a_cut_fires_no_rule_that_scales_out(rules, values, current):
    found = evaluate_rules(rules, values, current=current)
    if found.size < current:
        for rule in rules:
            if rule.action.direction is OUT:
                assert not rule.fires(Fraction(0) if not values[rule.metric] else _grown(values, rule, found))


def _grown(values, rule, found):
    return Fraction(values[rule.metric] * found.current, found.size) if found.size else inf


@given(RULES, READ, SIZES, st.sampled_from(METRICS), st.integers(0, 100), st.integers(1, 9))
def test_one_more_rule_that_scales_out_never_makes_the_size_smaller(rules, values, current, metric, threshold, value):
    fewer = evaluate_rules(rules, values, current=current)
    assert evaluate_rules([*rules, out(metric, threshold, value)], values, current=current).size >= fewer.size


@given(RULES, READ, SIZES)
def test_the_check_only_makes_a_cut_smaller(rules, values, current):
    free = evaluate_rules(rules, values, current=current, flapping_check=False)
    held = evaluate_rules(rules, values, current=current)
    assert free.size <= held.size <= max(current, free.size)
    assert (held.size == free.size) == (held.cause not in (Cause.FLAPPING, Cause.FLAPPING_ADJUSTED))


@given(RULES, SEEN, SIZES, LIMITS)
def test_only_a_change_by_rules_begins_a_cooldown(rules, values, current, limits):
    found = evaluate_rules(rules, values, current=current, limits=limits)
    assert (found.cooldown is not None) == (found.cause in (Cause.RULES, Cause.FLAPPING_ADJUSTED))
    assert (found.size == current) == (
        found.cause in (Cause.NOTHING, Cause.FLAPPING, Cause.UNREADABLE) or found.direction is Direction.NONE
    )


@settings(max_examples=examples(), deadline=None)
@given(
    st.integers(0, 100),
    st.integers(0, 100),
    st.integers(0, 30),
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(0, 100),
)
def test_a_run_and_a_decision_refuse_the_same_cuts(high, low, current, grow, shrink, value):
    """The Azure emulator runs the rules, `decide` the alarms of a group: what they make of one metric is the same."""
    rules = [out("cpu", high, grow), in_("cpu", low, shrink)]
    group = make_group(
        capacity={"min": 1, "max": 20},
        policies={"grow": {"change": grow}, "shrink": {"change": -shrink}},
        alarms={
            "hot": {"metric": "cpu", "above": high, "triggers": ["grow"]},
            "idle": {"metric": "cpu", "below": low, "triggers": ["shrink"]},
        },
        schedules={},
    )
    decision = decide(
        group, Observation(desired=current, alarms={"hot": [value], "idle": [value]}), History(), NOW, "azure"
    )
    outcome = evaluate_rules(rules, {"cpu": value}, current=current, limits=ProfileCapacity(1, 20))
    codes = {reason.code for reason in decision.reasons}
    assert decision.size == outcome.size
    assert ReasonCode.FLAPPING in codes or not outcome.flapping
    assert ReasonCode.FLAPPING_ADJUSTED in codes or not outcome.flapping_adjusted
