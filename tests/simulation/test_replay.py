"""A replay: loads by hand, schedules, boots, shortages, spot; skipped decisions change nothing."""

import dataclasses
import sys
from datetime import timedelta
from operator import gt, lt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import trimtab as tt
from tests.conftest import make_group
from tests.engine.random_groups import groups, make
from tests.laws import examples
from tests.simulation.worlds import START, hold, same, steps
from trimtab.engine import PRESETS
from trimtab.engine.case import newest
from trimtab.engine.recommend import all_breach
from trimtab.engine.ruleset import rules_for
from trimtab.errors import InvalidArgument
from trimtab.simulation.replaying import Replay
from trimtab.simulation.signals import SimulatedMetric, SizeWay, WatchedTarget, value_of
from trimtab.simulation.simulating import make_scenario

np = pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")
MINUTE = timedelta(minutes=1)


def test_a_step_by_hand():
    """
    Ten requests/s of one instance at 50 %; from minute 5 on 22.

    CPU is 100 in minutes 5 to 7, which are known in minute 8: 1 x 100 / 50 = 2. These serve from minute 11 on, at
    100 %: 4 from minute 11 on (three datapoints at 100), and so on until 5 x 50 % hold 22.
    """
    model = tt.FleetModel(capacity=10, boot=tt.minutes(3), patience=tt.minutes(1))
    run = tt.simulate(hold(), steps((5, 5), (25, 22)), preset="ec2", model=model)
    assert run.wanted[:8].tolist() == [1] * 8
    assert run.wanted[8] == 2
    assert run.in_service[10] == 1
    assert run.in_service[11] == 2
    assert run.running[8] == 2
    assert run.served[5] == 10
    assert run.backlog[5] == 600  # 12 a second too many for a minute, of which 10 x 60 s can be served in time
    assert run.lost[5] == 2
    assert run.wanted[-1] == 5
    assert run.decisions[0].minute == 8
    assert run.decisions[0].at == START + 8 * MINUTE
    assert [reason.code for reason in run.decisions[0].decision.reasons] == ["target"]
    assert run.decision_at(7).size == 1
    assert str(run.decision_at(8).reasons[0]) == ("policy hold asks for 2: 1 instances at 100 against a target of 50")


def test_an_instance_serves_from_the_second_on_at_which_it_has_booted():
    model = tt.FleetModel(capacity=10, boot=timedelta(seconds=90), warm_up=tt.minutes(1), warm_up_percent=20)
    run = tt.simulate(hold(), steps((1, 5), (20, 40)), preset="neutral", model=model)
    first = run.decisions[0]
    at, more = first.minute, first.decision.change
    assert run.capacity[at] == 10
    # half a minute of the second one, at a fifth of their capacity
    assert run.capacity[at + 1] == pytest.approx(10 + more * 10 * 0.5 * 0.2)
    assert run.capacity[at + 2] == pytest.approx(10 + more * 10 * (0.5 * 0.2 + 0.5))
    assert run.capacity[at + 3] == pytest.approx(10 * (1 + more))


def test_instances_that_drain_are_paid_for_and_take_nothing():
    group = make_group(
        capacity={"min": 1, "max": 4, "desired": 4}, policies={}, alarms={},
        schedules={"less": {"cron": "0 8 * * *", "zone": "UTC", "max": 2, "duration": "1h"}},
    )  # fmt: skip
    run = tt.simulate(group, steps((60, 1)), model=tt.FleetModel(capacity=10, drain=timedelta(seconds=90)))
    assert run.wanted[29:32].tolist() == [4, 2, 2]
    assert run.in_service[29:32].tolist() == [4, 2, 2]
    assert run.running[29:34].tolist() == [4, 4, 4, 2, 2]
    assert run.capacity[30] == 20


@pytest.mark.parametrize("preset", ["ec2", "azure", "gce", "neutral"])
def test_schedules_act(preset):
    group = make_group(
        capacity={"min": 1, "max": 6},
        schedules={"day": {"cron": "0 8 * * *", "zone": "UTC", "min": 4, "duration": "30m"}},
    )
    run = tt.simulate(group, steps((120, 1)), preset=preset, model=tt.FleetModel(capacity=10))
    assert run.wanted[29] == 1
    assert run.wanted[30] == 4
    assert run.decisions[0].decision.reasons[0].code == "scheduled-bounds"


def test_a_load_that_begins_in_a_window_begins_at_its_size():
    group = make_group(schedules={"day": {"cron": "0 7 * * *", "zone": "UTC", "desired": 3, "duration": "2h"}})
    assert tt.simulate(group, steps((5, 1)), model=tt.FleetModel(capacity=10)).wanted[0] == 3


def test_predictive_policies_act_on_the_days_before():
    policy = {"type": "predictive", "metric": "cpu", "target": 50, "mode": "forecast-and-scale", "buffer": "10m"}
    group = make_group(policies={"ahead": policy}, alarms={}, schedules={}, capacity={"min": 1, "max": 20})
    day = steps((8 * 60, 10), (60, 60), (15 * 60, 10), start=START.replace(hour=0, minute=0))
    run = tt.simulate(group, day.then(day), preset="ec2", model=tt.FleetModel(capacity=20))
    second = 24 * 60
    assert set(run.wanted[:second].tolist()) == {1}
    assert run.wanted[second + 8 * 60 - 11] == 1
    assert run.wanted[second + 8 * 60 - 10] == 6
    assert "forecasts a need of 6" in str(run.decision_at(second + 8 * 60 - 10).reasons[0])


@tt.policy
def by_backlog(group, observation, history, now):
    """One more for every value that waits."""
    return tt.Recommendation(observation.desired + 1, "more") if list(observation.alarms["waits"][-1:]) == [0] else None


def test_policies_in_python_act_and_must_be_given():
    group = make_group(
        policies={"mine": {"type": "python", "call": "tests.simulation.test_replay:by_backlog"}},
        alarms={"waits": {"metric": {"name": "queue-depth", "of": "jobs"}, "above": 1000}},
        schedules={},
    )  # fmt: skip
    load, model = steps((5, 1)), tt.FleetModel(capacity=10)
    with pytest.raises(InvalidArgument, match=r"by_backlog' of a policy is not loaded; give `functions="):
        tt.simulate(group, load, model=model)
    functions = {"tests.simulation.test_replay:by_backlog": by_backlog}
    run = tt.simulate(group, load, model=model, functions=functions)
    assert run.wanted.tolist() == [2, 3, 4, 4, 4]


def test_a_metric_that_the_load_cannot_give_is_an_error_with_the_way_out():
    group = hold(policies={"hold": {"type": "target-tracking", "metric": "memory", "target": 50}})
    load = steps((60, 10))
    with pytest.raises(
        InvalidArgument, match=r"policies.hold.metric: the load does not give the metric 'memory'.*signals="
    ):
        tt.simulate(group, load, model=tt.FleetModel(capacity=10))
    assert tt.simulate(group, load, model=tt.FleetModel(capacity=10, signals={"memory": 90})).wanted[-1] == 20
    assert tt.simulate(group, load, model=tt.FleetModel(capacity=40, signals={"memory": "cpu"})).wanted[-1] == 1


def test_metrics_come_at_the_resolution_and_the_delay_of_the_model():
    group = make_group(alarms={"hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"]}}, schedules={})
    load = steps((10, 1), (20, 19))
    at = {
        (delay, period): tt.simulate(
            group,
            load,
            preset="ec2",
            model=tt.FleetModel(capacity=10, metric_delay=delay * MINUTE, metric_period=period * MINUTE),
        ).decisions[0].minute
        for delay in (0, 2)
        for period in (1, 5)
    }  # fmt: skip
    assert at == {(0, 1): 11, (2, 1): 13, (0, 5): 15, (2, 5): 17}


def test_no_instance_comes_while_there_is_none_to_be_had():
    shortage = tt.Shortage(after=tt.minutes(5), duration=tt.minutes(20))
    model = tt.FleetModel(capacity=10, boot=tt.minutes(2), shortages=[shortage])
    run = tt.simulate(hold(), steps((5, 5), (35, 22)), preset="ec2", model=model)
    assert run.wanted[10] > 1
    assert set(run.running[:25].tolist()) == {1}
    assert run.running[25] == run.wanted[25]
    assert run.in_service[27] == run.wanted[25]


@pytest.mark.parametrize(("others", "lowest"), [(True, 4), (False, 3)])
def test_a_zone_without_capacity_is_passed_over_or_waited_for(others, lowest):
    group = make_group(
        capacity={"min": 2, "max": 6, "desired": 2}, policies={}, alarms={}, placement={"zones": ["a", "b"]},
        schedules={"more": {"cron": "0 8 * * *", "zone": "UTC", "min": 4, "duration": "1h"}},
    )  # fmt: skip
    shortage = tt.Shortage(after=tt.minutes(20), duration=tt.minutes(30), zone="b")
    model = tt.FleetModel(capacity=10, shortages=[shortage], uses_other_zones=others)
    run = tt.simulate(group, steps((60, 1)), model=model)
    assert run.running[40] == lowest
    assert run.running[50] == 4
    with pytest.raises(InvalidArgument, match="shortage of zone 'c': the group's placement has a, b"):
        tt.simulate(group, steps((5, 1)), model=tt.FleetModel(shortages=[tt.Shortage(MINUTE, MINUTE, "c")]))


def test_spot_instances_are_taken_and_replaced():
    purchase = {"spot": True, "on_demand_base": 2, "on_demand_percent": 50}
    group = make_group(capacity=8, policies={}, alarms={}, schedules={}, purchase=purchase)
    model = tt.FleetModel(capacity=10, interruptions=0.2, boot=tt.minutes(4))
    run = tt.simulate(group, steps((48 * 60, 1)), model=model, seed=1)
    assert set(run.spot.tolist()) == {3}
    assert set(run.running.tolist()) == {8}
    # three instances, 48 hours, 0.2 an hour: 29, of which some boot
    assert 15 < run.interrupted.sum() < 45
    assert run.in_service.min() < 8
    other = tt.simulate(group, steps((48 * 60, 1)), model=model, seed=2)
    assert other.interrupted.tolist() != run.interrupted.tolist()
    again = tt.simulate(group, steps((48 * 60, 1)), model=model, seed=1)
    assert again.interrupted.tolist() == run.interrupted.tolist()


def test_on_demand_takes_the_place_of_spot_as_the_controller_has_it():
    shortage = tt.Shortage(after=tt.minutes(10), duration=tt.hours(1), spot=True)
    model = tt.FleetModel(capacity=10, boot=tt.minutes(1), interruptions=4, shortages=[shortage])
    bounds = {"capacity": {"min": 2, "max": 8, "desired": 8}, "policies": {}, "alarms": {}}
    runs = {}
    for word, more in (("waits", {}), ("falls back", {"fallback": "on-demand", "return_after": "30m"})):
        group = make_group(purchase={"spot": True, "on_demand_base": 2, **more}, **bounds)
        runs[word] = tt.simulate(group, steps((180, 5)), preset="ec2", model=model, seed=1)
    waits, back = runs["waits"], runs["falls back"]
    assert waits.running[69] < 6, "EC2 goes on asking for spot"
    on_demand = back.running - back.spot
    assert set(on_demand[:10].tolist()) == {2}
    assert back.running[30:70].min() >= 7, "but for what was taken within the minute"
    assert on_demand[69] > 4
    assert on_demand.min() >= 2
    assert set(on_demand[-10:].tolist()) == {2}, "spot serves again"
    assert tt.FleetModel.from_dict(back.to_dict(rows=False)["model"]).shortages == (shortage,)


def test_sizes_are_units_where_they_have_weights():
    sizes = [{"size": "large", "weight": 3}, {"size": "small", "weight": 1}]
    group = hold(purchase={"sizes": sizes}, capacity={"min": 1, "max": 30, "desired": 4})
    run = tt.simulate(group, steps((5, 30), (30, 150)), preset="ec2", model=tt.FleetModel(capacity=10))
    assert run.running[0] == 6
    assert run.capacity[0] == 60
    assert not (run.running % 3).any()
    assert (run.running >= run.wanted).all()


def test_one_call_gives_the_same_fleet_on_each_cloud():
    runs = tt.simulate(hold(), steps((5, 5), (60, 22), (60, 5)), presets=("ec2", "azure", "gce"))
    assert list(runs) == ["ec2", "azure", "gce"]
    assert [run.preset for run in runs.values()] == list(runs)
    assert len({tuple(run.wanted.tolist()) for run in runs.values()}) == 3


def test_what_was_assumed_is_said():
    run = tt.simulate(hold(), steps((5, 5), (20, 22)), preset="ec2")
    assert run.model.capacity == pytest.approx(22 / (20 * 0.7))
    notes = " ".join(run.notes)
    assert "no model is given: instances boot in 3m, metrics are 1m late" in notes
    assert "instances measure their CPU every 0:05:00" in notes
    assert "no capacity is given: 1.571 requests/s of one instance" in notes
    assert "note: no capacity" in str(run)
    assert repr(run) == "Simulation('web', preset='ec2', 25 minutes, seed=0)"


def test_a_simulation_is_json_data():
    run = tt.simulate(hold(), steps((5, 5), (20, 22)), preset="gce", model=tt.FleetModel(capacity=10))
    body = run.to_dict()
    assert len(body["minutes"]["latency"]) == 25
    assert tt.FleetModel.from_dict(body["model"]) == run.model
    assert body["decisions"][0]["at"] == run.decisions[0].at.isoformat()
    assert "minutes" not in run.to_dict(rows=False)


def test_latency_follows_m_m_c_and_the_backlog():
    model = tt.FleetModel(capacity=10, service_time=timedelta(milliseconds=100), patience=tt.minutes(1))
    group = make_group(capacity=2, policies={}, alarms={}, schedules={})
    run = tt.simulate(group, steps((1, 0), (1, 10), (2, 25)), model=model)
    assert np.isnan(run.latency[0])
    from trimtab.simulation.queueing import response_percentile

    assert run.latency[1] == pytest.approx(response_percentile(10, 2, 10))
    # 300 wait for 20 a second
    assert run.latency[2] == pytest.approx(15 + 0.2996, abs=1e-3)
    with pytest.raises(InvalidArgument, match="percent=100"):
        run.latency_percentile(100)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"capacity": 0}, "capacity=0 is not above 0"),
        ({"boot": timedelta(seconds=-1)}, "boot=.* is below 0"),
        ({"patience": timedelta(0)}, "patience=.* is not above 0"),
        ({"metric_period": timedelta(seconds=30)}, "whole minutes"),
        ({"noise": -1}, "noise=-1"),
        ({"warm_up_percent": 101}, "between 0 and 100"),
        ({"signals": {"x": "memory"}}, "'memory' is not simulated"),
        ({"signals": {"x": float("nan")}}, "nan is not simulated"),
    ],
)
def test_numbers_that_no_fleet_has_are_refused(fields, message):
    with pytest.raises(InvalidArgument, match=message):
        tt.FleetModel(**fields)


def test_a_model_is_kept_as_a_small_file():
    model = tt.FleetModel(
        capacity=12.5,
        boot=timedelta(seconds=95),
        shortages=(tt.Shortage(MINUTE, 2 * MINUTE, "a"),),
        signals={"memory": 40},
    )
    assert tt.FleetModel.from_dict(model.to_dict()) == model
    with pytest.raises(InvalidArgument, match="a fleet model has no 'boots'"):
        tt.FleetModel.from_dict({"boots": "1m"})
    with pytest.raises(InvalidArgument, match="not a duration"):
        tt.FleetModel.from_dict({"boot": ["1m"]})


# skipped decisions

LOADS = st.lists(st.tuples(st.integers(1, 25), st.sampled_from([0, 1, 3, 6, 9, 12, 20, 30])), min_size=1, max_size=8)
MODELS = st.builds(
    tt.FleetModel,
    capacity=st.just(5.0),
    boot=st.sampled_from([0, 50, 180, 400]).map(lambda seconds: timedelta(seconds=seconds)),
    boot_spread=st.sampled_from([0.0, 0.5]),
    warm_up=st.sampled_from([0, 100]).map(lambda seconds: timedelta(seconds=seconds)),
    drain=st.sampled_from([0, 100]).map(lambda seconds: timedelta(seconds=seconds)),
    metric_delay=st.sampled_from([0, 1, 2]).map(lambda minutes: minutes * MINUTE),
    metric_period=st.sampled_from([1, 1, 5]).map(lambda minutes: minutes * MINUTE),
    noise=st.sampled_from([0.0, 0.2]),
    signals=st.just({"memory": "cpu"}),
)


@given(groups(), LOADS, MODELS, st.sampled_from(sorted(PRESETS)), st.integers(0, 3))
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_skipped_decisions_change_nothing(fields, levels, model, preset, seed):
    """Every row, every state of an alarm, and every decision that changes a size, with its reasons."""
    group, load = make(fields), steps(*levels)
    skipping = tt.simulate(group, load, preset=preset, model=model, seed=seed)
    whole = tt.simulate(group, load, preset=preset, model=model, seed=seed, every_step=True)
    same(skipping, whole)
    assert [(each.minute, each.decision.reasons) for each in skipping.decisions] == [
        (each.minute, each.decision.reasons) for each in whole.decisions
    ]


TARGETS = st.fixed_dictionaries(
    {
        "capacity": st.integers(0, 2).map(lambda low: {"min": low, "max": 20}),
        "policies": st.builds(
            lambda target, scale_in: {
                "hold": {"type": "target-tracking", "metric": "cpu", "target": target, "scale_in": scale_in}
            },
            st.sampled_from([30, 50, 70]),
            st.sampled_from([True, True, True, False]),
        ),
        "alarms": st.just({}),
        "schedules": st.sampled_from(
            [{}, {}, {"more": {"cron": "*/20 * * * *", "zone": "UTC", "min": 3, "duration": "7m"}}]
        ),
        "stabilization": st.sampled_from([None, None, timedelta(seconds=90), timedelta(minutes=25)]),
    }
)


@given(TARGETS, LOADS, MODELS, st.sampled_from(["gce", "gce", "k8s", "neutral"]), st.integers(0, 3))
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
def test_scale_ins_that_a_window_holds_back_are_skipped(fields, levels, model, preset, seed):
    """The same of groups of one target, whose scale-ins wait for the end of a window."""
    group, load = make_group(**fields), steps(*levels)
    skipping = tt.simulate(group, load, preset=preset, model=model, seed=seed)
    whole = tt.simulate(group, load, preset=preset, model=model, seed=seed, every_step=True)
    same(skipping, whole)
    assert [each.decision for each in skipping.decisions] == [each.decision for each in whole.decisions]


@given(st.lists(st.sampled_from([None, 10.0, 50.0, 90.0]), max_size=60), st.sampled_from(sorted(PRESETS)))
@settings(max_examples=examples(100), deadline=None)
def test_a_target_sees_what_the_engine_sees(points, preset):
    """Where datapoints are missing, as of a metric that is measured every five minutes."""
    rules = rules_for(hold(50), PRESETS[preset])
    rule, tracking = rules.tracking[0], rules.preset.tracking
    source = SimulatedMetric(value_of("cpu", "average"), 0, 1)
    target = WatchedTarget(rule, source, "average", rules.preset)
    for place, point in enumerate(points):
        source.values.append(point)
        target.look(place)
        window = points[max(0, place + 1 - tracking.span) : place + 1]
        out = all_breach(window, rule.high, tracking.high_datapoints, gt)
        back = all_breach(window, rule.low, tracking.low_datapoints, lt)
        way = SizeWay.OUT if out else SizeWay.IN if back else SizeWay.CALM
        assert target.way == (SizeWay.OPEN if newest(window) is None else way)


@pytest.mark.parametrize("preset", ["ec2", "azure", "gce", "neutral"])
def test_most_decisions_are_skipped(preset):
    load = tt.Load.days(3, low=5, high=60, start=START).noise(0.05, seed=1)
    group, model = hold(70), tt.FleetModel(capacity=10)
    scenario = make_scenario(group, load, PRESETS[preset], model, 0, {})
    few = Replay(scenario).run().decided
    assert Replay(dataclasses.replace(scenario, every_step=True)).run().decided == len(scenario.load)
    assert few < 0.5 * len(scenario.load)


def test_without_numpy_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(tt.errors.MissingExtra, match=r"pip install 'trimtab\[sim\]'"):
        tt.simulate(hold(), steps((5, 1)))
