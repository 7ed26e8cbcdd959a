"""What a policy or an alarm asks of a metric that it never gives."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.checks.conftest import alarm, make_fleet
from tests.laws import examples
from trimtab.engine import History, Observation, decide
from trimtab.engine.presets import PRESETS
from trimtab.engine.ruleset import make_rules

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
QUEUE = {"name": "queue-depth", "of": "jobs"}
HOLD = {"type": "target-tracking", "target": 60}


def hold(metric, **fields):
    return {"policies": {"hold": {**HOLD, "metric": metric, **fields}}, "alarms": {}}


def steps(*each, metric="cpu", **threshold):
    return {
        "policies": {"move": {"type": "step", "steps": list(each)}},
        "alarms": {"when": alarm(metric, "move", **threshold)},
    }


def paths(findings):
    return [finding.path for finding in findings]


# TT115


@pytest.mark.parametrize("provider", [None, "aws", "azure", "gcp", "memory"])
@pytest.mark.parametrize("metric", ["requests", "errors-5xx", QUEUE])
def test_tt115_finds_totals_that_more_instances_do_not_lower(found, metric, provider):
    assert paths(found("TT115", provider=provider, **hold(metric))) == ["policies.hold.metric"]


@pytest.mark.parametrize("metric", ["cpu", "memory", "network-in"])
def test_tt115_finds_sums_over_instances(found, metric):
    (one,) = found("TT115", **hold(metric, statistic="sum"))
    assert f"the sum of {metric}" in one.text


@pytest.mark.parametrize(
    "fields",
    [
        *(hold(metric) for metric in ("cpu", "memory", "network-out", "requests-per-instance", "latency")),
        hold({"name": "queue-per-instance", "of": "jobs"}),
        hold("requests-per-instance", statistic="sum"),
        hold({"custom": "RequestCountPerTarget", "namespace": "AWS/ApplicationELB"}, statistic="sum"),
        hold("requests", enabled=False),
    ],
)
def test_tt115_lets_what_falls_be_and_what_is_the_users_own(found, fields):
    assert not found("TT115", **fields)


def test_tt115_lets_alarms_on_totals_be(found):
    assert not found("TT115", alarms={"loaded": alarm("requests", "out", above=600)})


# TT116


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (steps({"lower": 0, "percent": -100}, metric=QUEUE, below=1), "its steps lie above the threshold"),
        (steps({"lower": 0, "change": -1}, at_most=30), "its steps lie above the threshold"),
        (steps({"upper": 0, "change": 2}, above=5), "its steps lie below the threshold"),
        (steps({"upper": -5, "change": 2}, at_least=70), "its steps lie below the threshold"),
        (steps({"lower": 70, "upper": 85, "percent": 15}, {"lower": 85, "percent": 30}, at_least=70), "begins at 140"),
        (steps({"lower": 30.5, "change": 2}, at_least=70), "begins at 100.5"),
        (steps({"upper": -31, "change": -2}, below=30), "never below 0"),
    ],
)
def test_tt116_finds_policies_that_no_value_moves(found, fields, words):
    one = found("TT116", provider="aws", **fields)
    assert paths(one) == ["policies.move.steps"]
    assert words in one[0].text


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (steps({"lower": 0, "upper": 40, "change": 1}, {"lower": 40, "change": 2}, above=70), 1),
        (steps({"upper": 0, "change": -1}, {"lower": 0, "change": 1}, above=70), 0),
        (steps({"upper": -40, "change": -2}, {"lower": -40, "upper": 0, "change": -1}, below=30), 0),
    ],
)
def test_tt116_finds_single_steps_that_no_value_leads_to(found, fields, place):
    assert paths(found("TT116", provider="aws", **fields)) == [f"policies.move.steps.{place}"]


def test_tt116_finds_what_one_of_two_alarms_does_not_reach(found):
    fields = steps({"lower": 0, "change": 1}, above=70)
    fields["alarms"]["low"] = alarm("cpu", "move", below=30)
    (one,) = found("TT116", provider="aws", **fields)
    assert "the alarm low fires" in one.text


@pytest.mark.parametrize(
    "fields",
    [
        steps({"upper": 0, "percent": -100}, metric=QUEUE, below=1),
        steps({"lower": 0, "upper": 15, "percent": 15}, {"lower": 15, "percent": 30}, at_least=70),
        steps({"lower": 0, "upper": 30, "change": 1}, {"lower": 30, "change": 2}, above=70),  # 100 is still reached
        steps({"lower": 0, "change": 1}, above=70),
        steps({"lower": 900, "change": 1}, metric=QUEUE, above=100),  # a gap, yet reached
        steps({"upper": 0, "change": 0}, {"lower": 0, "change": 1}, above=70),  # nothing is meant to be done there
        steps({"lower": 200, "change": 1}, metric={"custom": "Load", "namespace": "Shop"}, above=-5),
        steps({"lower": 200, "change": 1}, metric="network-in", above=10**6),
        steps({"lower": 40, "change": 1}, above=70, statistic="sum"),  # a sum of per cents goes beyond 100
        steps({"lower": 0, "change": 1}, above=70, enabled=False),
    ],
)
def test_tt116_lets_steps_be_that_a_value_reaches(found, fields):
    assert not found("TT116", provider="aws", **fields)


def test_tt116_lets_two_alarms_share_a_policy(found):
    fields = steps(
        {"upper": -40, "change": -1}, {"lower": -40, "upper": 0, "change": 0}, {"lower": 0, "change": 1}, above=70
    )
    fields["alarms"]["low"] = alarm("cpu", "move", below=70)
    assert not found("TT116", **fields)


def test_tt116_lets_bursting_processors_of_google_be(found):
    """Some machine types go above all of their CPU for a while."""
    fields = steps({"lower": 40, "change": 1}, above=70)
    assert not found("TT116", provider="gcp", **fields)
    assert "on aws and azure" in found("TT116", **fields)[0].text


# TT117


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (steps({"lower": 10, "change": 2}, at_least=70), "between 70 and 80"),
        (steps({"lower": 10, "change": 2}, above=70), "between 70 and 80"),
        (steps({"upper": -10, "change": -2}, below=30), "between 20 and 30"),
        (steps({"lower": 900, "change": 1}, metric=QUEUE, above=100), "between 100 and 1000"),
        (steps({"lower": 2, "change": 1}, metric="requests", above=100), "between 100 and 102"),
    ],
)
def test_tt117_finds_what_lies_between_a_threshold_and_the_first_step(found, fields, words):
    (one,) = found("TT117", **fields)
    assert one.path == "policies.move.steps"
    assert words in one.text


@pytest.mark.parametrize(
    "fields",
    [
        steps({"lower": 0, "change": 2}, at_least=70),
        steps({"upper": 0, "change": -2}, below=30),
        steps({"lower": 0, "upper": 10, "change": 0}, {"lower": 10, "change": 2}, above=70),
        steps({"lower": 1, "change": 1}, metric="requests", above=100),  # 101 is the first beyond it
        steps({"upper": -1, "change": -1}, metric="errors-5xx", below=100),
        steps({"lower": 70, "change": 1}, at_least=70),  # no step is reached at all: TT116
        steps({"lower": 10, "change": 2}, at_least=70, enabled=False),
    ],
)
def test_tt117_lets_steps_be_that_begin_at_the_threshold(found, fields):
    assert not found("TT117", **fields)


# TT118


@pytest.mark.parametrize(
    ("metric", "threshold", "mend"),
    [
        ("cpu", {"above": 0.7}, "write 70"),
        ("cpu", {"at_least": 1}, "write 100"),
        ("memory", {"below": 0.3}, "write 30"),
        ({"custom": "Load", "namespace": "Shop", "unit": "percent"}, {"above": 0.85}, "write 85"),
        ("cpu", {"above": 170}, "from 0 to 100"),
        ("cpu", {"below": 300}, "from 0 to 100"),
        ("disk", {"at_least": 101}, "from 0 to 100"),
        ("cpu", {"above": 100}, "below 100"),
        ("cpu", {"below": 0}, "above 0"),
        ("cpu", {"at_most": -1}, "above -1"),
        (QUEUE, {"below": 0}, "above 0"),
        ("requests", {"at_most": -5}, "above -5"),
    ],
)
def test_tt118_finds_thresholds_that_no_value_has(found, metric, threshold, mend):
    (one,) = found("TT118", provider="aws", alarms={"odd": alarm(metric, "out", **threshold)})
    assert one.path == f"alarms.odd.{next(iter(threshold))}"
    assert mend in one.mend


@pytest.mark.parametrize("kind", ["target-tracking", "predictive"])
@pytest.mark.parametrize(("target", "mend"), [(0.7, "write 70"), (170, "from 0 to 100")])
def test_tt118_finds_targets_that_no_value_has(found, kind, target, mend):
    (one,) = found("TT118", provider="azure", **hold("cpu", target=target, type=kind))
    assert (one.path, mend in one.mend) == ("policies.hold.target", True)


@pytest.mark.parametrize(
    ("metric", "fields"),
    [
        ("cpu", {"above": 70}),
        ("cpu", {"above": 99.9}),
        ("cpu", {"at_least": 100}),
        ("cpu", {"below": 1}),
        ("cpu", {"at_most": 0}),
        ("cpu", {"above": 0}),
        ("cpu", {"above": 0.7, "statistic": "count"}),
        ("cpu", {"above": 170, "statistic": "sum"}),
        ("cpu", {"above": 170, "enabled": False}),
        ("latency", {"above": 0.7}),
        ("requests", {"above": 170}),
        (QUEUE, {"at_most": 0}),
        ({"custom": "Load", "namespace": "Shop"}, {"above": 0.7}),
        ({"custom": "Balance", "namespace": "Shop"}, {"below": 0}),
        ({"promql": "sum(up)"}, {"below": 0}),
    ],
)
def test_tt118_lets_thresholds_be_that_a_value_may_pass(found, metric, fields):
    assert not found("TT118", provider="aws", alarms={"odd": alarm(metric, "out", **fields)})


def test_tt118_lets_bursting_processors_of_google_be(found):
    alarms = {"odd": alarm("cpu", "out", above=170)}
    assert not found("TT118", provider="gcp", alarms=alarms)
    assert found("TT118", provider="gcp", alarms={"odd": alarm("cpu", "out", above=0.7)})


# TT119


@pytest.mark.parametrize("statistic", ["average", "minimum", "maximum", "p95"])
@pytest.mark.parametrize("name", ["RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_2XX_Count"])
@pytest.mark.parametrize("namespace", ["AWS/ApplicationELB", "AWS/ELB"])
def test_tt119_finds_counts_that_are_1_whatever_comes(found, namespace, name, statistic):
    metric = {"custom": name, "namespace": namespace}
    one = found("TT119", provider="aws", alarms={"odd": alarm(metric, "out", above=5, statistic=statistic)})
    assert paths(one) == ["alarms.odd.statistic"]


def test_tt119_finds_neutral_counts_and_policies(found):
    alarms = {"odd": alarm("requests", "out", above=5, statistic="maximum")}
    assert paths(found("TT119", provider="aws", alarms=alarms)) == ["alarms.odd.statistic"]
    metric = {"custom": "RequestCount", "namespace": "AWS/ApplicationELB"}
    assert paths(found("TT119", provider="aws", **hold(metric))) == ["policies.hold.statistic"]


@pytest.mark.parametrize(
    ("metric", "statistic"),
    [
        ("requests", "average"),  # sent as a sum
        ("requests", "sum"),
        ("latency", "p95"),
        ({"custom": "RequestCount", "namespace": "AWS/ApplicationELB"}, "sum"),
        ({"custom": "RequestCount", "namespace": "AWS/ApplicationELB"}, "count"),
        ({"custom": "RequestCount", "namespace": "Shop"}, "average"),
        ({"custom": "ActiveConnectionCount", "namespace": "AWS/ApplicationELB"}, "average"),
    ],
)
def test_tt119_lets_sums_be_and_what_is_no_count(found, metric, statistic):
    assert not found("TT119", provider="aws", alarms={"fine": alarm(metric, "out", above=5, statistic=statistic)})


def test_tt119_lets_other_clouds_be(found):
    alarms = {"odd": alarm("requests", "out", above=5, statistic="maximum")}
    for provider in ("azure", "gcp", "memory"):
        assert not found("TT119", provider=provider, alarms=alarms)


# the engine agrees


@st.composite
def ladders(draw):
    """Steps that touch, all above or all below a threshold, or on both sides of it."""
    bounds = sorted(draw(st.sets(st.integers(-120, 120), min_size=1, max_size=3)))
    ends = [None, *bounds, None]
    ladder = [
        {"lower": low, "upper": high, "change": draw(st.sampled_from([-2, -1, 1, 2]))} for low, high in pairwise(ends)
    ]
    if bounds[0] >= 0 and draw(st.booleans()):
        ladder = ladder[1:]
    if bounds[-1] <= 0 and len(ladder) > 1 and draw(st.booleans()):
        ladder = ladder[:-1]
    return [{name: value for name, value in step.items() if value is not None} for step in ladder]


@settings(max_examples=examples(), deadline=None)
@given(
    ladder=ladders(),
    comparison=st.sampled_from(["above", "at_least", "below", "at_most"]),
    threshold=st.integers(1, 99),
)
def test_steps_are_found_where_the_engine_takes_none_at_any_value(ladder, comparison, threshold):
    """Every value of a CPU, in halves: which steps the engine selects while the alarm fires, and from where on."""
    fields = steps(*ladder, **{comparison: threshold})
    fleet = make_fleet(capacity={"min": 0, "max": 100}, **fields)
    (rule,) = make_rules(fleet["web"], PRESETS["ec2"]).alarms
    fires = [value / 2 for value in range(201) if rule.breaches(value / 2, threshold)]
    selected = {value: taken(fleet["web"], value) for value in fires}
    codes = {finding.path: finding.code for finding in tt.check_fleet(fleet, provider="aws", select=["TT116"])}
    assert ("policies.move.steps" in codes) == (not any(selected.values()))
    gaps = tt.check_fleet(fleet, provider="aws", select=["TT117"])
    between = any(selected.values()) and not all(selected.values())
    assert bool(gaps) == between


def taken(group, value):
    """Whether the engine changes the size at a value."""
    seen = Observation(desired=50, alarms={"when": [value]})
    return decide(group, seen, History(), NOON, "ec2").size != 50
