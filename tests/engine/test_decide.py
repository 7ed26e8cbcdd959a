"""Decisions as tables: what is seen, the size that follows, and the codes of the reasons."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import make_group
from trimtab.engine import AlarmStatus, History, Observation, Preset, decide
from trimtab.engine.presets import GCE, NEUTRAL, CooldownScope
from trimtab.engine.reasons import FIELDS, SENTENCES, ReasonCode
from trimtab.engine.values import Sized
from trimtab.models import MissingData

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)  # a Wednesday
MINUTE = timedelta(minutes=1)
C = ReasonCode


def web(**fields):
    """Two to ten instances that scale by CPU, one at a time; no schedules."""
    given = {
        "capacity": {"min": 2, "max": 10},
        "policies": {"out": {"change": 1}, "in": {"change": -1}},
        "alarms": {
            "hot": {"metric": "cpu", "above": 70, "periods": 2, "triggers": ["out"]},
            "idle": {"metric": "cpu", "below": 30, "periods": 2, "triggers": ["in"]},
        },
        "schedules": {},
        **fields,
    }
    return make_group(**given)


def seen(value, desired=4, **more):
    """An observation in which every alarm and target has had one value for a while."""
    points = [value] * 20
    names = ("hot", "idle", "low", "memory-hot", "memory-idle", "slow")
    given = {"alarms": dict.fromkeys(names, points), "policies": dict.fromkeys(("track", "other"), points), **more}
    return Observation(desired=desired, **given)


def steps():
    return web(
        policies={
            "out": {"type": "step", "steps": [{"lower": 0, "upper": 10, "change": 1}, {"lower": 10, "change": 3}]},
            "in": {"type": "step", "steps": [{"upper": -10, "percent": -50}, {"lower": -10, "upper": 0, "percent": 0}]},
        }
    )


def tracking(**fields):
    return web(policies={"track": {"type": "target-tracking", "metric": "cpu", "target": 50}}, alarms={}, **fields)


def two_pairs():
    return web(
        alarms={
            "hot": {"metric": "cpu", "above": 70, "triggers": ["out"]},
            "memory-hot": {"metric": "memory", "above": 75, "triggers": ["out"]},
            "idle": {"metric": "cpu", "below": 30, "triggers": ["in"]},
            "memory-idle": {"metric": "memory", "below": 40, "triggers": ["in"]},
        }
    )


CPU_LOW_MEMORY_MIDDLE = {"hot": [20.0], "idle": [20.0], "memory-hot": [60.0], "memory-idle": [60.0]}
TABLE = [
    ("nothing happens in the middle", web(), seen(50.0), "ec2", 4, [C.NO_ALARM]),
    ("a hot alarm adds one", web(), seen(80.0), "ec2", 5, [C.ALARM, C.AMOUNT]),
    ("an idle one removes one", web(), seen(20.0), "ec2", 3, [C.ALARM, C.AMOUNT]),
    ("the maximum holds", web(), seen(80.0, 10), "ec2", 10, [C.ALARM, C.AMOUNT, C.AT_MAXIMUM]),
    ("the minimum holds", web(), seen(20.0, 2), "ec2", 2, [C.ALARM, C.AMOUNT, C.AT_MINIMUM]),
    ("outside the bounds it goes there at once", web(), seen(80.0, 1), "ec2", 2, [C.BELOW_MINIMUM]),
    ("and back", web(), seen(80.0, 12), "neutral", 10, [C.ABOVE_MAXIMUM]),
    ("no data, no change", web(), seen(None), "ec2", 4, [C.NO_DATA, C.NO_DATA]),
    ("a step by its breach", steps(), seen(75.0), "ec2", 5, [C.ALARM, C.STEP]),
    ("a larger one farther away", steps(), seen(80.0), "ec2", 7, [C.ALARM, C.STEP]),
    ("half of them go far below", steps(), seen(10.0, 8), "ec2", 4, [C.ALARM, C.STEP]),
    ("a step of nothing", steps(), seen(25.0), "ec2", 4, [C.ALARM, C.STEP]),
    ("warming instances are not counted", steps(), seen(80.0, 4, in_service=2), "ec2", 5, [C.ALARM, C.STEP]),
    ("a target of half the value doubles", tracking(), seen(100.0), "ec2", 8, [C.TARGET]),
    ("inside the band nothing is done", tracking(), seen(46.0), "ec2", 4, [C.ON_TARGET]),
    ("below the band it scales in", tracking(), seen(20.0), "ec2", 2, [C.TARGET]),
    ("a signal without a band", tracking(), seen(46.0, 10), "gce", 10, [C.TARGET]),
    ("Kubernetes tolerates a tenth", tracking(), seen(54.0), "k8s", 4, [C.ON_TARGET]),
    ("and not more", tracking(), seen(56.0), "k8s", 5, [C.TARGET]),
    ("Nomad tolerates a hundredth", tracking(), seen(50.6), "nomad", 5, [C.TARGET]),
    ("Azure goes one at a time", tracking(), seen(100.0), "azure", 5, [C.TARGET]),
    ("without policies nothing watches", web(policies={}, alarms={}), seen(90.0), "ec2", 4, [C.NO_POLICY]),
    (
        "one idle pair is enough on EC2",
        two_pairs(),
        seen(0, alarms=CPU_LOW_MEMORY_MIDDLE),
        "ec2",
        3,
        [C.ALARM, C.AMOUNT],
    ),
    (
        "all must agree elsewhere",
        two_pairs(),
        seen(0, alarms=CPU_LOW_MEMORY_MIDDLE),
        "azure",
        4,
        [C.ALARM, C.AMOUNT, C.NO_AGREEMENT],
    ),
    (
        "an exact size",
        web(policies={"out": {"to": 9}, "in": {"change": -1}}),
        seen(80.0),
        "ec2",
        9,
        [C.ALARM, C.AMOUNT],
    ),
    (
        "an exact size the other way is nothing",
        web(policies={"out": {"to": 3}, "in": {"change": -1}}),
        seen(80.0),
        "azure",
        4,
        [C.ALARM, C.AMOUNT, C.WRONG_WAY],
    ),
    (
        "alarms are not answered while suspended",
        web(aws={"suspended_processes": ["AlarmNotification"]}),
        seen(80.0),
        "ec2",
        4,
        [C.SUSPENDED],
    ),
    (
        "nothing is launched while suspended",
        web(aws={"suspended_processes": ["Launch"]}),
        seen(80.0),
        "ec2",
        4,
        [C.ALARM, C.AMOUNT, C.STOPPED],
    ),
    ("only out", tracking(gcp={"mode": "only-scale-out"}), seen(20.0), "gce", 4, [C.TARGET, C.STOPPED]),
    (
        "surplus units of weighted instances",
        web(purchase={"sizes": [{"size": "t3.large", "weight": 4}]}),
        seen(20.0, 5, in_service=8),
        "ec2",
        5,
        [C.ALARM, C.AMOUNT, C.WEIGHT_SURPLUS],
    ),
    (
        "scaling in waits for the warm-up",
        web(warm_up="5m"),
        seen(20.0, started=[NOW - MINUTE]),
        "ec2",
        4,
        [C.ALARM, C.AMOUNT, C.WARMING],
    ),
]


@pytest.mark.parametrize(
    ("group", "observation", "preset", "size", "codes"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_decisions(group, observation, preset, size, codes):
    decision = decide(group, observation, History(), NOW, preset)
    assert decision.size == size, decision.explain()
    assert [reason.code for reason in decision.reasons] == codes, decision.explain()


def test_flapping_is_refused_and_adjusted():
    """Azure's page: two at 29 per cent would make one at 58, above 50; five fewer may be one fewer."""
    alarms = {
        "hot": {"metric": "cpu", "above": 50, "triggers": ["out"]},
        "idle": {"metric": "cpu", "below": 30, "triggers": ["in"]},
    }
    group = web(capacity={"min": 1, "max": 20}, alarms=alarms)
    refused = decide(group, seen(29.0, 2), History(), NOW, "azure")
    assert (refused.size, refused.reasons[-1].code) == (2, C.FLAPPING)
    assert decide(group, seen(25.0, 2), History(), NOW, "azure").size == 1
    five = web(capacity={"min": 1, "max": 20}, alarms=alarms, policies={"out": {"change": 1}, "in": {"change": -5}})
    adjusted = decide(five, seen(29.0, 10), History(), NOW, "azure")
    assert (adjusted.size, adjusted.reasons[-1].code) == (6, C.FLAPPING_ADJUSTED)
    assert decide(five, seen(29.0, 10), History(), NOW, "ec2").size == 5


def test_simple_policies_wait_for_the_cooldown_and_the_activity():
    group = web(policies={"out": {"change": 1, "cooldown": "5m"}, "in": {"change": -1}})
    first = decide(group, seen(80.0), History(), NOW, "ec2")
    assert (first.size, first.history.acted_at, first.history.waits) == (5, NOW, timedelta(minutes=5))
    busy = decide(group, seen(80.0, 5, busy=True), first.history, NOW + MINUTE, "ec2")
    assert [reason.code for reason in busy.reasons] == [C.ALARM, C.BUSY]
    settled = NOW + 2 * MINUTE
    later = decide(group, seen(80.0, 5, settled=settled), first.history, NOW + 6 * MINUTE, "ec2")
    assert later.reasons[-1].details == {"policy": "out", "until": settled + timedelta(minutes=5)}
    assert decide(group, seen(80.0, 5, settled=settled), first.history, NOW + 7 * MINUTE, "ec2").size == 6


def test_step_policies_do_not_wait():
    first = decide(steps(), seen(75.0), History(), NOW, "ec2")
    assert first.history.acted_at is None
    assert decide(steps(), seen(75.0, 5), first.history, NOW + MINUTE, "ec2").size == 6


def test_azure_waits_as_long_as_the_rule_that_fired_says():
    group = web(policies={"out": {"change": 1, "cooldown": "10m"}, "in": {"change": -1, "cooldown": "1m"}})
    first = decide(group, seen(80.0), History(), NOW, "azure")
    idle = seen(20.0, 5)
    assert decide(group, idle, first.history, NOW + 9 * MINUTE, "azure").reasons[-1].code is C.COOLDOWN
    assert decide(group, idle, first.history, NOW + 10 * MINUTE, "azure").size == 4


def test_the_other_reading_of_azures_cooldown_is_an_option():
    from dataclasses import replace

    from trimtab.engine.presets import AZURE

    other = replace(AZURE, cooldown=CooldownScope.CANDIDATE_RULE)
    group = web(policies={"out": {"change": 1, "cooldown": "10m"}, "in": {"change": -1, "cooldown": "1m"}})
    first = decide(group, seen(80.0), History(), NOW, other)
    assert decide(group, seen(20.0, 5), first.history, NOW + 2 * MINUTE, other).size == 4


def test_scale_in_looks_back_for_a_peak():
    """What was asked for in the window holds the size up; the peak leaves the window after ten minutes."""
    group = tracking()
    history = History(asked=(Sized(NOW - 9 * MINUTE, 7),))
    held = decide(group, seen(10.0, 10), history, NOW, "gce")
    assert (held.size, held.reasons[-1].code) == (7, C.STABILIZATION_IN)
    assert decide(group, seen(10.0, 10), history, NOW + MINUTE, "gce").size == 2


def test_scale_out_looks_back_where_a_preset_says_so():
    from dataclasses import replace

    slow = replace(GCE, stabilization_out=timedelta(minutes=3))
    history = History(asked=(Sized(NOW - 2 * MINUTE, 5),))
    held = decide(tracking(), seen(100.0, 4), history, NOW, slow)
    assert (held.size, held.reasons[-1].code) == (5, C.STABILIZATION_OUT)


def test_scale_in_control_is_counted_from_the_peak():
    """Compute Engine's page: 70 instances, 20 wanted, at most 20 removed in the window: 50."""
    group = web(
        capacity={"min": 0, "max": 100},
        policies={"track": {"type": "target-tracking", "metric": "cpu", "target": 50}},
        alarms={},
        gcp={"scale_in_limit": 20, "scale_in_window": "10m", "stabilization": "0s"},
    )
    first = decide(group, seen(14.0, 70), History(), NOW, "gce")
    assert (first.size, first.reasons[-1].code) == (50, C.SCALE_IN_CONTROL)
    again = decide(group, seen(14.0, 50), first.history, NOW + MINUTE, "gce")
    assert again.size == 50
    assert decide(group, seen(14.0, 50), first.history, NOW + 10 * MINUTE, "gce").size == 30


def test_kubernetes_limits_how_much_is_added_in_a_time():
    group = tracking(capacity={"min": 1, "max": 100})
    first = decide(group, seen(500.0, 3), History(), NOW, "k8s")
    assert (first.size, first.reasons[-1].code) == (7, C.RATE_OUT)  # four pods are more than a hundred per cent
    same_period = decide(group, seen(500.0, 7), first.history, NOW + timedelta(seconds=10), "k8s")
    assert same_period.size == 7
    assert decide(group, seen(500.0, 7), first.history, NOW + timedelta(seconds=15), "k8s").size == 14


def test_azure_goes_to_the_default_where_metrics_cannot_be_read():
    group = web(azure={"default_capacity": 5})
    below = decide(group, seen(None, 3), History(), NOW, "azure")
    assert (below.size, below.reasons[-1].code) == (5, C.DEFAULT_CAPACITY)
    assert decide(group, seen(None, 8), History(), NOW, "azure").size == 8


def test_without_data_of_one_rule_nothing_scales_in():
    missing = {**CPU_LOW_MEMORY_MIDDLE, "memory-idle": [10.0], "memory-hot": [None]}
    decision = decide(two_pairs(), seen(0, alarms=missing), History(), NOW, "neutral")
    assert (decision.size, decision.reasons[-1].code) == (4, C.NO_SCALE_IN_WITHOUT_DATA)
    assert "memory-hot" in str(decision.reasons[-1])


def test_target_tracking_policies_scale_in_together():
    group = web(
        alarms={},
        policies={
            "track": {"type": "target-tracking", "metric": "cpu", "target": 50},
            "other": {"type": "target-tracking", "metric": "memory", "target": 50},
        },
    )
    one = seen(20.0, 10, policies={"track": [20.0] * 20, "other": [49.0] * 20})
    decision = decide(group, one, History(), NOW, "ec2")
    assert (decision.size, decision.reasons[-1].code) == (10, C.TRACKING_HOLDS)
    both = seen(20.0, 10, policies={"track": [20.0] * 20, "other": [30.0] * 20})
    assert decide(group, both, History(), NOW, "ec2").size == 6


def test_a_step_policy_scales_in_past_a_target_that_is_not_ready():
    group = web(
        policies={
            "in": {"type": "step", "steps": [{"upper": 0, "change": -2}]},
            "track": {"type": "target-tracking", "metric": "memory", "target": 50},
        },
        alarms={"idle": {"metric": "cpu", "below": 30, "triggers": ["in"]}},
    )
    decision = decide(group, seen(0, alarms={"idle": [20.0]}, policies={"track": [49.0] * 20}), History(), NOW, "ec2")
    assert decision.size == 2


def test_an_alarm_ignoring_missing_data_keeps_its_state():
    group = web(alarms={"hot": {"metric": "cpu", "above": 70, "missing": "ignore", "triggers": ["out"]}})
    first = decide(group, seen(80.0), History(), NOW, "ec2")
    assert first.alarms == {"hot": AlarmStatus.ALARM}
    again = decide(group, seen(None, 5), first.history, NOW + 10 * MINUTE, "ec2")
    assert again.alarms == {"hot": AlarmStatus.ALARM}


def test_breaching_missing_data_scales():
    group = web(alarms={"idle": {"metric": "cpu", "below": 30, "missing": "breaching", "triggers": ["in"]}})
    assert decide(group, seen(None), History(), NOW, "ec2").size == 3
    assert decide(group, seen(None), History(), NOW, "gce").size == 3
    assert group.alarms[0].missing is MissingData.BREACHING


def test_disabled_alarms_and_policies_do_not_act():
    off = web(policies={"out": {"change": 1, "enabled": False}, "in": {"change": -1}})
    assert decide(off, seen(80.0), History(), NOW, "ec2").size == 4
    quiet = web(alarms={"hot": {"metric": "cpu", "above": 70, "enabled": False, "triggers": ["out"]}})
    decision = decide(quiet, seen(80.0), History(), NOW, "ec2")
    assert (decision.size, decision.alarms) == (4, {"hot": AlarmStatus.ALARM})


# forecasts


def predictive(**fields):
    return web(alarms={}, policies={"ahead": {"type": "predictive", "metric": "cpu", "target": 50, **fields}})


def test_a_forecast_scales_out_and_never_in():
    group = predictive(mode="forecast-and-scale")
    ahead = {"ahead": [(NOW, 3), (NOW + timedelta(minutes=4), 8), (NOW + timedelta(hours=1), 2)]}
    early = decide(group, seen(0, forecasts=ahead), History(), NOW, "ec2")
    assert (early.size, early.reasons[0].code) == (8, C.FORECAST)  # five minutes before its time
    late = decide(group, seen(0, 8, forecasts=ahead), History(), NOW + timedelta(hours=1), "ec2")
    assert late.size == 8


def test_a_forecast_alone_changes_nothing():
    decision = decide(predictive(), seen(0, forecasts={"ahead": [(NOW, 8)]}), History(), NOW, "ec2")
    assert (decision.size, [reason.code for reason in decision.reasons]) == (4, [C.FORECAST_ONLY])
    nothing = decide(predictive(), seen(0), History(), NOW, "ec2")
    assert [reason.code for reason in nothing.reasons] == [C.NO_FORECAST]


def test_a_forecast_may_raise_the_maximum():
    """The page's example: a forecast of 50, a maximum of 40 and a buffer of 10 per cent make 55."""
    group = web(
        capacity={"min": 1, "max": 40},
        alarms={},
        policies={
            "ahead": {
                "type": "predictive",
                "metric": "cpu",
                "target": 50,
                "mode": "forecast-and-scale",
                "maximum_breach": "increase",
                "maximum_buffer": 10,
            }
        },
    )
    decision = decide(group, seen(0, forecasts={"ahead": [(NOW, 50)]}), History(), NOW, "ec2")
    assert (decision.size, decision.maximum, decision.reasons[-1].code) == (50, 55, C.MAXIMUM_RAISED)


def test_azure_rules_fire_by_the_predicted_value():
    decision = decide(web(), seen(50.0, predicted={"hot": 80.0, "idle": 20.0}), History(), NOW, "azure")
    assert (decision.size, decision.reasons[0].code) == (5, C.PREDICTED)


# schedules


def test_a_schedule_moves_the_bounds():
    group = web(schedules={"office": {"cron": "0 8 * * *", "zone": "UTC", "min": 6}})
    decision = decide(group, seen(50.0), History(), NOW, "ec2")
    assert (decision.size, [reason.code for reason in decision.reasons]) == (6, [C.SCHEDULED_BOUNDS, C.BELOW_MINIMUM])


@pytest.mark.parametrize(("preset", "size"), [("ec2", 7), ("gce", 7), ("azure", 4), ("nomad", 7)])
def test_a_schedule_sets_a_size_once(preset, size):
    """On EC2 and where no window holds it, the size is set at its moment; a profile of Azure moves the bounds only."""
    group = web(schedules={"noon": {"cron": "0 12 * * *", "zone": "UTC", "desired": 7}})
    before = decide(group, seen(50.0), History(), NOW - MINUTE, preset)
    assert before.size == 4
    at = decide(group, seen(50.0), before.history, NOW, preset)
    assert at.size == size
    assert decide(group, seen(50.0, 5), at.history, NOW + MINUTE, preset).size == 5


@pytest.mark.parametrize(("preset", "sizes"), [("gce", (7, 7)), ("nomad", (7, 7)), ("ec2", (7, 5)), ("azure", (4, 5))])
def test_an_open_window_holds_its_size(preset, sizes):
    """Compute Engine keeps a minimum while the window is open, Nomad one more recommendation, EC2 sets it once."""
    group = web(schedules={"noon": {"cron": "0 12 * * *", "zone": "UTC", "duration": "1h", "desired": 7}})
    history = decide(group, seen(50.0), History(), NOW - MINUTE, preset).history
    at = decide(group, seen(50.0), history, NOW, preset)
    later = decide(group, seen(50.0, 5), at.history, NOW + MINUTE, preset)
    assert (at.size, later.size) == sizes


def test_suspended_schedules_do_not_count():
    group = web(
        schedules={"office": {"cron": "0 8 * * *", "zone": "UTC", "min": 6}},
        aws={"suspended_processes": ["ScheduledActions"]},
    )
    assert decide(group, seen(50.0), History(), NOW, "ec2").size == 4
    assert decide(group, seen(50.0), History(), NOW, "gce").size == 6


# reasons


def test_codes_are_closed_and_each_has_its_sentence():
    assert set(SENTENCES) == set(FIELDS) == set(ReasonCode)


def test_a_decision_is_plain_data():
    decision = decide(web(), seen(80.0), History(), NOW, "ec2")
    data = json.loads(json.dumps(decision.to_dict()))
    assert data["size"] == 5
    assert data["reasons"][0] == {
        "code": "alarm",
        "text": "alarm hot is in ALARM: 2 of 2 datapoints are above 70, newest 80",
    }
    assert decision.explain().splitlines()[0] == "4 to 5"
    assert (decision.change, decision.direction.value) == (1, "out")


def test_presets_may_be_ones_own():
    own = Preset(name="own", tracking=NEUTRAL.tracking, default_warm_up=timedelta(0))
    assert decide(tracking(), seen(100.0), History(), NOW, own).size == 8
