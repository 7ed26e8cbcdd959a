"""A measured model: how often its intervals hold, what it says where data do not tell, and the file that keeps it."""

import json
from datetime import UTC, datetime, timedelta
from math import comb
from pathlib import Path

import numpy as np
import pytest

import trimtab as tt
from tests.commands import Cli
from tests.conftest import make_fleet, make_group
from tests.simulation.worlds import hold
from trimtab.errors import InvalidArgument, ProviderError
from trimtab.providers.base import Activity
from trimtab.simulation.estimating import counted_boot, delay, lognormal, regression, work_of
from trimtab.simulation.launches import changes_of, follow
from trimtab.testing import MemoryTestCloud

MINUTE = timedelta(minutes=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
SPAN = timedelta(hours=12)
SEEDS = 200
YAML = """
name: shop
groups:
  web:
    capacity: {min: 2, max: 20}
    template: {image: ami-1, size: t3.small}
    policies: {hold: {type: target-tracking, metric: cpu, target: 60}}
"""
SIZE = tt.metrics.custom("Shop", "InService")
BOOT, SPREAD, CAPACITY, NOISE, DELAY = 150.0, 0.3, 20.0, 0.08, 170.0


def bounds(level=0.99):
    """In how many of the seeds intervals of 90 % hold, two-sided, of the binomial distribution."""
    chances = [comb(SEEDS, held) * 0.9**held * 0.1 ** (SEEDS - held) for held in range(SEEDS + 1)]
    totals = np.cumsum(chances)
    return int(np.argmax(totals >= (1 - level) / 2)), int(np.argmax(totals >= (1 + level) / 2))


def boots(chance, count):
    """Lognormal durations with the mean and the spread."""
    sigma = np.sqrt(np.log1p(SPREAD**2))
    return np.exp(np.log(BOOT) - sigma**2 / 2 + sigma * chance.standard_normal(count))


def day(chance, count, base=30):
    """Load, sizes and CPU of so many minutes: a wave that is more than instances can do at its height, and noise."""
    sizes = np.where(np.arange(count) // 45 % 2, 3.0, 2.0)
    load = base * (1 + 0.5 * np.sin(np.arange(count) / 40)) * (1 + 0.05 * chance.standard_normal(count))
    return load, sizes, 100 * load / sizes / CAPACITY * (1 + NOISE * chance.standard_normal(count))


def activity(at, **fields):
    return Activity(id=str(at), at=at, status="successful", description="", **fields)


def launched(chance, number=6):
    """Activities that launch two instances each hour, and the sizes in service that are counted a minute."""
    activities, arrivals, ends = [], [], []
    for hour in range(number):
        at = START + timedelta(hours=hour, seconds=float(chance.uniform(60, 600)))
        gone = START + timedelta(hours=hour, minutes=45)
        activities += [activity(at, sizes=(2, 4)), activity(gone, sizes=(4, 2))]
        arrivals += [at + timedelta(seconds=float(each)) for each in boots(chance, 2)]
        ends += [gone, gone]
    times = [START + minute * MINUTE for minute in range(60 * number)]
    phase = timedelta(seconds=float(chance.uniform(0, 60)))
    sizes = [
        2.0 + sum(each <= at + phase for each in arrivals) - sum(each <= at + phase for each in ends) for at in times
    ]
    return activities, times, sizes


def seed_of_everything(seed):
    """Which of the intervals hold, by what they are of."""
    chance = np.random.default_rng(1000 + seed)
    mean, spread = lognormal("boot", boots(chance, 12), what="", seed=seed)
    long = regression(work_of(*day(chance, 300)), what="", seed=seed)
    short = regression(work_of(*day(chance, 90, base=20)), what="", seed=seed)
    activities, times, sizes = launched(chance)
    found = follow(changes_of(activities), times, sizes, MINUTE)
    counted = counted_boot(found.middles, found.steps, period=60, what="", seed=seed)
    late = delay(DELAY + float(chance.uniform(0, 60)), 60, what="cpu")
    return {
        "boot": mean.covers(BOOT),
        "boot_spread": spread.covers(SPREAD),
        "capacity": long.capacity.covers(CAPACITY),
        "noise": long.noise.covers(NOISE),
        "capacity of a short time": short.capacity.covers(CAPACITY),
        "noise of a short time": short.noise.covers(NOISE),
        "counted boot": counted.covers(BOOT),
        "metric_delay": late.covers(DELAY),
    }


def test_intervals_hold_as_often_as_they_say():
    """
    In 200 seeds 90 % of the intervals: 165 to 192 of them in 99.9 % of all cases, eight kinds in one test.

    What is only known to a period holds more often: bounds have no upper one here.
    """
    held = [seed_of_everything(seed) for seed in range(SEEDS)]
    counts = {name: sum(each[name] for each in held) for name in held[0]}
    low, high = bounds(0.999)
    assert (low, high) == (165, 192)
    at_least = {"counted boot", "metric_delay"}
    assert not {name: count for name, count in counts.items() if count < low or (count > high and name not in at_least)}


@pytest.mark.parametrize(
    ("load", "cpu", "reason"),
    [
        ([30.0] * 20, [50.0] * 20, "only 18 datapoints have a load"),
        ([30.0] * 90, [50.0 + at % 2 for at in range(90)], "the load of an instance is flat"),
        ([30.0 + at % 3 for at in range(90)], [50.0 + 37 * at % 31 for at in range(90)], "moved too little"),
        ([30.0 + at % 9 for at in range(90)], [100.0] * 90, "only 0 datapoints have a load"),
    ],
)
def test_what_a_load_does_not_tell_is_not_identifiable(load, cpu, reason):
    fit = regression(work_of(np.array(load), np.full(len(load), 2.0), np.array(cpu)), what="", seed=0)
    assert fit.capacity.value is None
    assert reason in fit.capacity.reason


def test_a_cpu_at_rest_is_told_and_not_taken_for_work():
    load, sizes, cpu = day(np.random.default_rng(2), 300)
    fit = regression(work_of(load, sizes, 10 + 0.9 * cpu), what="", seed=0)
    assert fit.capacity.covers(CAPACITY)
    assert fit.idle[1] <= 10 <= fit.idle[2]


def test_launches_that_overlap_are_left_out():
    at = [START + minute * MINUTE for minute in range(12)]
    changes = changes_of([activity(at[2], change=1), activity(at[2], change=1), activity(at[4], change=1)])
    assert [(each.change, len(each.launches)) for each in changes] == [(2, 2), (1, 1)]
    found = follow(changes, at, [2, 2, 2, 3, 3, 4, 5, 5, 5, 5, 5, 5], MINUTE)
    assert (found.middles, found.launched) == ((60.0,), 3)  # what comes after the second change may be of either
    assert found.cut_off == 1
    assert follow(changes[:1], at, [2.0, 2.0, 2.0] + [None] * 9, MINUTE).cut_off == 2


# a fleet that runs


def played(test_cloud, cloud, minutes=SPAN // MINUTE):
    """A group that a half day has gone over as a simulation says: its activities, sizes, CPU and requests."""
    fleet = tt.Fleet(name="shop", groups=[hold(60, capacity=tt.Capacity(min=2, max=20, desired=2))])
    cloud.apply(cloud.plan(fleet)).raise_for_failures()
    load = tt.Load.days(1, low=20, high=180, peak_hour=8, start=START).noise(0.05, seed=1)
    load = load.between(START, START + SPAN)
    model = tt.FleetModel(capacity=CAPACITY, boot=timedelta(seconds=BOOT), noise=0.03)
    run = tt.simulate(fleet["web"], load, preset="neutral", model=model, seed=5)
    size = test_cloud.store.sizes[next(iter(test_cloud.store.sizes))]
    size.activities[:] = [
        activity(each.at, sizes=(each.decision.previous, each.decision.size)) for each in reversed(run.decisions)
    ]
    noise = np.random.default_rng(3).normal(1, 0.03, minutes)
    for minute in range(minutes):
        at = START + minute * MINUTE
        measured = {tt.metrics.cpu: run.utilization[minute] * noise[minute], SIZE: run.in_service[minute]}
        for metric, value in {**measured, tt.metrics.requests: run.load[minute] * 60}.items():
            test_cloud.store.measures.add("local", "shop-web", metric, float(value), at)
    test_cloud.clock.advance(START + minutes * MINUTE + timedelta(seconds=30) - test_cloud.clock.now())
    return fleet


@pytest.fixture(scope="module")
def world():
    with MemoryTestCloud.started() as test_cloud, test_cloud.connect() as cloud:
        yield test_cloud, cloud, played(test_cloud, cloud)


@pytest.fixture(scope="module")
def found(world):
    _, cloud, fleet = world
    return tt.calibrate(cloud, fleet, since=SPAN, size=SIZE)


def test_a_day_of_a_group_says_what_its_fleet_is_like_and_how_well_that_holds(found):
    assert found["capacity"].covers(CAPACITY)
    assert found["boot"].covers(BOOT)
    assert found["metric_delay"].covers(30)
    (replay,) = found.past_error
    assert replay.minutes >= 710
    assert replay.size_error < 0.5
    assert replay.within_one > 95
    assert replay.cpu_error < 5
    assert found.model.capacity == found["capacity"].value


def test_the_file_is_what_a_simulation_takes(found, tmp_path):
    path = tmp_path / "model.json"
    found.save(path)
    assert tt.FleetModel.load(path) == found.model
    run = tt.simulate(hold(60), tt.Load.days(1, low=20, high=180), model=tt.FleetModel.load(path))
    assert "model: measured of shop-web on memory" in run.notes[0]
    document = json.loads(path.read_text())
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(__file__).parents[2] / "schemas" / "model.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(schema.read_text(encoding="utf-8")))
    validator.validate(document)
    validator.validate({"format_version": 1, **tt.FleetModel(shortages=[tt.Shortage(MINUTE, MINUTE)]).to_dict()})
    assert not validator.is_valid({**document, "speed": 3})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is not a JSON object"),
        ('{"format_version": 2}', "format_version 2 of a fleet model is not known, only 1; calibrate again"),
        ('{"speed": 3}', "a fleet model has no 'speed'"),
        ('{"capacity": "much"}', "a value has the wrong type"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match=message):
        tt.FleetModel.load(path)


def test_the_same_seed_gives_the_same_file(world, found):
    _, cloud, fleet = world
    assert tt.calibrate(cloud, fleet, "web", since=SPAN, size=SIZE).to_dict() == found.to_dict()


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        (
            {"since": SPAN},
            {"boot": "size over time was not recorded; give `size` (`--size-metric`)", "drain": "no activity"},
        ),
        (
            {"since": 5 * MINUTE, "size": SIZE},
            {"boot": "no activity of the group in this time", "capacity": "only 2 datapoints"},
        ),
        ({"since": SPAN, "size": tt.metrics.custom("Shop", "No")}, {"boot": "No has no datapoint"}),
    ],
)
def test_what_is_not_recorded_is_not_identifiable(world, fields, reasons):
    _, cloud, fleet = world
    found = tt.calibrate(cloud, fleet, **fields)
    for name, reason in reasons.items():
        assert not found[name].is_identifiable
        assert reason in found[name].reason
        assert name in found.notes[-1] or name in found.notes[-2]


def test_a_group_that_never_grew_or_was_never_read_says_so(world, monkeypatch):
    test_cloud, cloud, fleet = world
    size = test_cloud.store.sizes[next(iter(test_cloud.store.sizes))]
    monkeypatch.setattr(size, "activities", [activity(START + 9 * MINUTE, sizes=(4, 2))])
    assert "no activity of this time tells that the group grew" in (
        tt.calibrate(cloud, fleet, since=SPAN, size=SIZE)["boot"].reason
    )
    denied = ProviderError("the service is down", provider="memory", operation="read metrics")
    test_cloud.store.fault = lambda operation, _: denied if operation == "read metrics" else None
    try:
        found = tt.calibrate(cloud, fleet, since=SPAN, size=SIZE)
    finally:
        test_cloud.store.fault = None
    assert found.measured == ()
    assert "cpu cannot be read: " in found["capacity"].reason
    with pytest.raises(
        InvalidArgument, match=r"nothing of 'shop-web' could be measured, so model\.json is not written"
    ):
        found.save("model.json")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"group": "api"}, "fleet 'shop' has no group 'api'; name one of web"),
        ({"since": timedelta(0)}, "less than a minute is left to measure"),
        ({"since": datetime(2026, 3, 2)}, "has no time zone"),
        ({"load": tt.Load.days(1, low=1, high=2)}, "has no minute between"),
    ],
)
def test_mistakes_say_what_to_do(world, fields, message):
    _, cloud, fleet = world
    with pytest.raises(InvalidArgument, match=message):
        tt.calibrate(cloud, fleet, **{"since": SPAN, **fields})


def test_a_group_that_is_not_there_was_never_measured():
    with MemoryTestCloud.started() as test_cloud, test_cloud.connect() as cloud:
        fleet = make_fleet(make_group(), name="shop")
        with pytest.raises(InvalidArgument, match="group 'web' is not in the cloud"):
            tt.calibrate(cloud, fleet, since=MINUTE)


def test_the_command_measures_shows_and_keeps(world, tmp_path):
    pytest.importorskip("typer")
    test_cloud, *_ = world
    cli = Cli(tmp_path)
    cli.store, cli.clock = test_cloud.store, test_cloud.clock
    path, out = cli.write(YAML), tmp_path / "model.json"
    words = ("simulate", path, "--calibrate", "--provider", "memory")
    ended = cli.run(*words, "--since", "12h", "--size-metric", "Shop/InService", "--out", str(out))
    assert ended.code == 0, ended.err
    assert "capacity" in ended.out
    assert "replay of 2026-03-02" in ended.out
    assert tt.FleetModel.load(out).capacity == pytest.approx(CAPACITY, rel=0.05)
    for more, message in (
        ((), "--calibrate needs how far back"),
        (("--since", "12h", "--kpis"), "leave out the options of a simulation"),
        (("--since", "12h", "--size-metric", "InService"), "write NAMESPACE/NAME"),
    ):
        ended = cli.run(*words, *more)
        assert ended.code == 1
        assert message in ended.err
    assert "need --calibrate" in cli.run("simulate", path, "--out", str(out)).err
