"""Many variants in lock step: the same as one by one, on one process and on others."""

import random
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from multiprocessing import get_context

import pytest

import trimtab as tt
from tests.conftest import make_group
from tests.laws import sampled
from tests.simulation.worlds import START, hold, same, steps
from trimtab.engine import PRESETS
from trimtab.errors import InvalidArgument

np = pytest.importorskip("numpy", reason="a simulation needs numpy (extra `sim`)")
from trimtab.simulation.many import refusal  # noqa: E402
from trimtab.simulation.simulating import make_scenario  # noqa: E402


def variants(chance):
    """A group of a random kind, and versions of it with other numbers."""
    sort = chance.choice(["tracking", "simple", "step"])
    period = chance.choice(["1m", "2m", "5m"])
    schedules = chance.choice([{}, {"peak": {"cron": "0 9 * * *", "zone": "UTC", "duration": "2h", "min": 4}}])
    metric, scale = chance.choice([("cpu", 1), ("requests-per-instance", 6), ("requests", 60)])
    for _ in range(chance.randint(2, 5)):
        high = chance.randint(55, 85) * scale
        low = chance.randint(15, 45) * scale
        if sort == "tracking":
            policies, alarms = {"hold": {"type": "target-tracking", "metric": metric, "target": high}}, {}
        else:
            steps_out = [{"lower": 0, "upper": 10, "change": chance.randint(1, 2)}, {"lower": 10, "change": 4}]
            out = {"change": chance.randint(1, 4)} if sort == "simple" else {"type": "step", "steps": steps_out}
            policies = {"out": out, "in": {"change": -chance.randint(1, 2), "cooldown": f"{chance.randint(1, 8)}m"}}
            alarms = {
                "hot": {"metric": metric, "above": high, "periods": 2, "period": period, "triggers": ["out"]},
                "idle": {"metric": metric, "below": low, "periods": 3, "period": period, "triggers": ["in"]},
            }
        yield make_group(
            capacity={"min": chance.randint(1, 3), "max": chance.randint(12, 20)},
            policies=policies,
            alarms=alarms,
            schedules=schedules,
            cooldown=f"{chance.randint(1, 6)}m",
        )


def scene(seed):
    """Variants, a load and a model, all from one seed."""
    chance = random.Random(seed)
    groups = list(variants(chance))
    load = tt.Load.days(1, low=4, high=chance.randint(40, 130), peak_hour=9, start=START).noise(0.1, seed=seed)
    load = load.between(START, START + tt.hours(8)) + tt.Load.bursts(
        tt.hours(8), height=60, length=tt.minutes(12), every=tt.hours(2), seed=seed, start=START
    )
    model = tt.FleetModel(
        capacity=10,
        boot=timedelta(seconds=chance.randint(20, 400)),
        boot_spread=chance.choice([0.0, 0.4]),
        warm_up=timedelta(seconds=chance.choice([0, 130])),
        drain=timedelta(seconds=chance.choice([0, 100])),
        metric_delay=chance.choice([0, 1, 3]) * tt.minutes(1),
        metric_period=chance.choice([1, 1, 5]) * tt.minutes(1),
        noise=chance.choice([0.0, 0.1]),
        shortages=chance.choice([(), [tt.Shortage(tt.hours(1), tt.minutes(40))]]),
    )
    return groups, load, model


@pytest.mark.parametrize("seed", sampled(range(20), 3))
@pytest.mark.parametrize("preset", sampled(sorted(PRESETS), 4))
def test_lock_step_is_the_same_as_one_by_one(seed, preset):
    groups, load, model = scene(seed)
    scenarios = [make_scenario(group, load, PRESETS[preset], model, 1, {}) for group in groups]
    assert refusal(scenarios) == ""
    found = tt.simulate_many(groups, load, preset=preset, model=model, seeds=[1, 2])
    alone = [tt.simulate(group, load, preset=preset, model=model, seed=seed) for group in groups for seed in (1, 2)]
    assert any((run.wanted != run.wanted[0]).any() for run in alone)
    for one, other in zip(alone, found, strict=True):
        same(one, other)
        assert (one.seed, one.group) == (other.seed, other.group)
    first = next((each for each in alone[0].decisions), None)
    if first is not None:
        assert found[0].decision_at(first.minute).reasons == first.decision.reasons


def test_what_differs_in_more_than_numbers_is_simulated_one_by_one():
    load, model = steps((5, 5), (60, 22)), tt.FleetModel(capacity=10, signals={"memory": 40})
    memory = hold(policies={"hold": {"type": "target-tracking", "metric": "memory", "target": 30}})
    groups = [hold(), memory, make_group()]
    scenarios = [make_scenario(group, load, PRESETS["ec2"], model, 0, {}) for group in groups]
    assert refusal(scenarios) == "their alarms and policies differ in more than numbers"
    for one, group in zip(tt.simulate_many(groups, load, preset="ec2", model=model), groups, strict=True):
        same(one, tt.simulate(group, load, preset="ec2", model=model))


def test_metrics_that_take_a_queueing_model_are_simulated_one_by_one():
    alarms = {"slow": {"metric": "latency", "above": 0.4, "statistic": "p95", "triggers": ["scale-out"]}}
    groups = [make_group(alarms=alarms, capacity={"min": 1, "max": most}, schedules={}) for most in (4, 8)]
    load, model = steps((5, 5), (60, 22)), tt.FleetModel(capacity=10)
    runs = tt.simulate_many(groups, load, preset="ec2", model=model)
    assert [int(run.wanted.max()) for run in runs] == [4, 4]


@contextmanager
def dask():
    """A cluster of Dask's within this process, which opens no port."""
    distributed = pytest.importorskip("distributed", reason="Dask is one more executor")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None)
    with cluster, distributed.Client(cluster) as client, client.get_executor() as executor:
        yield executor


def processes(number):
    return ProcessPoolExecutor(number, mp_context=get_context("spawn"))


@pytest.mark.parametrize("executor", [partial(processes, 1), partial(processes, 2), dask], ids=["1", "2", "dask"])
def test_executors_give_the_same(executor):
    groups, load, model = scene(3)
    how = {"preset": "ec2", "model": model.replace(boot_spread=0.4), "seeds": range(2), "reduce": tt.Simulation.totals}
    here = tt.simulate_many(groups, load, **how)
    assert len({each["instance_hours"] for each in here}) > 2
    with executor() as pool:
        assert tt.simulate_many(groups, load, executor=pool, parts=3, **how) == here


def test_an_executor_is_given_parts_of_all():
    group, given = hold(), []

    class Counting(ThreadPoolExecutor):
        def map(self, function, blocks, *more, **how):
            given[:] = [len(block) for block in blocks]
            return super().map(function, blocks, *more, **how)

    with Counting(1) as executor:
        for parts, lengths in ((3, [4, 4, 2]), (99, [1] * 10)):
            tt.simulate_many([group], steps((5, 5)), seeds=range(10), executor=executor, parts=parts)
            assert given == lengths
        with pytest.raises(InvalidArgument, match="parts=0 is not 1 or more"):
            tt.simulate_many([group], steps((5, 5)), executor=executor, parts=0)


def test_models_are_one_for_all_or_one_for_each():
    load = steps((5, 5), (60, 22))
    models = [tt.FleetModel(capacity=10), tt.FleetModel(capacity=20)]
    runs = tt.simulate_many([hold(), hold()], load, preset="ec2", model=models)
    assert [run.model.capacity for run in runs] == [10, 20]
    with pytest.raises(InvalidArgument, match="model has 2 of them for 1 groups"):
        tt.simulate_many([hold()], load, model=models)
