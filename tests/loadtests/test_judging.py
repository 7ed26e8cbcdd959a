"""What is made of requests and sizes: bounds before anything is sent, series, KPIs, scale-outs, predictions."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest

import trimtab as tt
from trimtab.errors import ConfigError, InvalidArgument
from trimtab.kpis.requirements import Requirement
from trimtab.loadtests.arrivals import arrivals
from trimtab.loadtests.judging import Judge
from trimtab.loadtests.samples import Samples
from trimtab.loadtests.shapes import load_of
from trimtab.loadtests.targets import target_of
from trimtab.loadtests.watching import SizeReading, sizes_of

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
FLEET = """
name: shop
loadtest: {hosts: ["staging.example.com", "127.0.0.1:8080", "[::1]"]}
groups:
  web:
    capacity: {min: 1, max: 6}
    template: {image: img, size: s}
    policies: {hold: {type: target-tracking, metric: cpu, target: 60}}
"""


def make_fleet(text=FLEET):
    return tt.parse_fleet(text, env={})


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://staging.example.com", "http://staging.example.com:80/"),
        ("https://STAGING.example.com/a?b=c#d", "https://staging.example.com:443/a?b=c"),
        ("http://staging.example.com:81/", "http://staging.example.com:81/"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("http://[::1]:9/", "http://[::1]:9/"),
        ("http://[0:0::1]/", "http://[::1]:80/"),
    ],
)
def test_hosts_that_the_fleet_names(url, target):
    assert target_of(make_fleet(), url).url == target


@pytest.mark.parametrize("host", ["staging.example.com:0", "127.0.0.1:99999", "127.0.0.1:08080", "[::1:2:3:4:5:6:7:8]"])
def test_a_host_that_can_never_be_named_is_refused(host):
    with pytest.raises(ValueError, match=r"has (a port|an address) that is none; write one"):
        tt.LoadtestSettings(hosts=[host])


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:8081/", r"^fleet.yaml:3: loadtest.hosts: 127.0.0.1:8081 is not among them .*; add it if"),
        ("http://example.com/", "example.com:80 is not among them"),
        ("http://staging.example.com.evil.example/", "is not among them"),
        ("http://staging.example.com@evil.example/", "has a user or a password in it"),
        ("ftp://staging.example.com/", "is not a URL of HTTP"),
        ("http://staging.example.com:99999/", "Port out of range"),
        ("http://staging.example.com:0/", "has the port 0"),
        ("http://staging.example.com/ x", "is not a URL of HTTP"),
        ("staging.example.com", "is not a URL of HTTP"),
    ],
)
def test_other_hosts_are_refused(url, message):
    with pytest.raises((ConfigError, InvalidArgument), match=message):
        target_of(make_fleet(), url)


def test_a_fleet_that_names_no_host_is_told_what_to_write():
    fleet = make_fleet(FLEET.replace("loadtest:", "limits: {}\n#"))
    with pytest.raises(ConfigError, match=r"^fleet.yaml:2: .*write `loadtest: \{hosts: \['example.com:80'\]\}`"):
        target_of(fleet, "http://example.com/")


@pytest.mark.parametrize(
    ("shape", "more", "message"),
    [
        ("steps", {"rate": 2_001}, "up to 2000 requests/s"),
        ("steps", {"rate": 0}, "above 0"),
        ("steps", {"duration": tt.hours(5)}, "more than 4h"),
        ("burst", {"rate": 2_000, "duration": tt.hours(4)}, "more than 5,000,000"),
        ("ramp", {}, "neither a file nor one of steps, burst"),
        (tt.Load.steps([(tt.minutes(1), 30)]), {"rate": 20}, "peaks at 30 requests/s, above the rate of 20"),
        (tt.Load.steps([(tt.minutes(1), 3_000)]), {}, "more than 2000"),
        (tt.Load.steps([(tt.minutes(1), 3)]), {"duration": tt.seconds(3)}, "shorter than a step"),
        ("steps", {"speed": 61}, "speed=61"),
    ],
)
def test_bounds_of_time_and_rate(shape, more, message):
    with pytest.raises(InvalidArgument, match=message):
        load_of(shape, START, **more)


def test_shapes_and_files(tmp_path):
    steps = load_of("steps", START, rate=40, duration=tt.minutes(5))
    assert (steps.values, steps.step, steps.start) == ((10, 20, 30, 40, 10), tt.minutes(1), START)
    assert load_of("burst", START).values == (2, 10, 2)
    file = tmp_path / "load.csv"
    file.write_text("timestamp,value\n2026-01-05T08:00Z,60\n2026-01-05T08:01Z,120\n2026-01-05T08:02Z,60\n")
    load = load_of(str(file), START, duration=tt.minutes(2), rate=2)
    assert (load.values, load.start) == ((1, 2), START)
    assert "cut off after 0:02:00" in load.notes[-1]


def test_arrivals_are_as_many_as_the_load_and_the_same_for_all_workers():
    rates, step = [0.5, 3, 0, 7.25], 2.0
    whole = list(arrivals(rates, step, 7))
    assert Counter(int(at // step) for at in whole) == {0: 1, 1: 6, 3: 14}
    assert whole == sorted(whole)
    parts = [list(arrivals(rates, step, 7, worker=worker, workers=3)) for worker in range(3)]
    assert sorted(at for part in parts for at in part) == whole
    assert whole != list(arrivals(rates, step, 8))


def test_sizes_are_those_at_the_beginning_of_a_step():
    readings = [SizeReading(0.2, 1, 1, 1), SizeReading(1, 2, 2, 1), SizeReading(3.5, 2, 2, 2)]
    sizes = sizes_of(readings, 5, 1.0)
    assert sizes.in_service.tolist() == [1, 1, 1, 1, 2]
    assert sizes.wanted.tolist() == [1, 2, 2, 2, 2]
    old = sizes_of(readings, 2, 100.0)
    assert old.wanted.tolist() == [1, 2]
    assert sizes_of([], 2, 1.0).wanted.tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)


def judged(*, minutes=6, rate=5, sizes=None, failing=0, **fields):
    chance = np.random.default_rng(1)
    at = np.sort(chance.uniform(0, minutes * 60, minutes * 60 * rate))
    failed = np.zeros(len(at), bool)
    failed[:failing] = True
    samples = Samples(
        source="test", begin=START, at=at, seconds=chance.exponential(0.1, len(at)), failed=failed,
        errors={"HTTP 503": failing} if failing else {},
    )  # fmt: skip
    judge = Judge(fleet="shop", group=make_fleet()["web"], preset="neutral", capacity=2, **fields)
    return samples, judge.judge(samples, now=START, seconds=minutes * 60, readings=sizes)


def test_figures_are_those_of_numpy():
    samples, test = judged(failing=9)
    good = samples.seconds[~samples.failed]
    assert test.percentiles == {percent: np.percentile(good, percent) for percent in (50, 95, 99)}
    assert test.kpis["response-p95"].value == test.percentiles[95]
    assert test.kpis["error-rate"].value == pytest.approx(100 * 9 / 1_800)
    slow, slower = (good > 0.2).sum(), (good > 0.8).sum()
    satisfied, tolerating = len(good) - slow, slow - slower
    assert test.kpis["apdex"].value == pytest.approx((satisfied + tolerating / 2) / 1_800)
    assert test.kpis["latency-p95"].value is None
    assert (test.requests, test.failed, test.errors) == (1_800, 9, {"HTTP 503": 9})
    assert test.series.load.sum() * test.series.step == pytest.approx(1_800)
    inside = good[(samples.at[~samples.failed] // test.series.step) == 3]
    assert test.series.times[95][3] == pytest.approx(np.percentile(inside, 95))


def test_scale_outs_prediction_and_bounds():
    sizes = [SizeReading(at, 1 if at < 120 else 3, 3, 1 if at < 200 else 3) for at in range(0, 360, 5)]
    sizes[-1] = SizeReading(355, 4, 4, 3)
    bounds = [Requirement.parse(text) for text in ("served >= 99.9", "response-p95 < 0.001", "cost < 1")]
    _, test = judged(sizes=sizes, require=bounds)
    assert [str(each) for each in test.scale_outs] == [
        "after 0:02:00: 1 to 3 instances, in service 0:01:20 later",
        "after 0:05:55: 3 to 4 instances, not in service by the end",
    ]
    assert [each.holds for each in test.requirements] == [True, False, None]
    assert not test.holds
    assert test.prediction.in_service[0] == 1, "it begins at the size that was seen"
    assert test.prediction.load.sum() * 60 == pytest.approx(1_800)
    apart = np.abs(test.prediction.in_service - np.array([1, 1, 1, 1, 3, 3]))
    assert test.agreement.mean == pytest.approx(apart.mean())
    assert (test.agreement.most, test.agreement.within_one) == (apart.max(), 100 * (apart <= 1).mean())
    # 5 requests a second by instances that serve 2 take 3, which serve from second 200 on
    assert (test.kpis["longest-shortage"].value, test.kpis["shortages"].value) == (200, 1)
    assert test.kpis["instance-hours"].value == pytest.approx((3 * 355 + 4 * 5) / 3_600)
    text = test.to_markdown()
    assert "| KPI | predicted | seen |" in text
    assert "❌ response-p95 \\< 0.001 s: broken" in text


def test_less_than_a_minute_is_judged_and_not_predicted():
    _, test = judged(minutes=1, rate=0)
    assert (test.requests, test.percentiles[95]) == (0, None)
    samples = Samples(source="test", begin=START, at=np.array([1.0, 2.0]), seconds=np.array([0.1, 0.3]))
    judge = Judge(fleet="shop", group=make_fleet()["web"], preset="neutral")
    test = judge.judge(samples, now=START)
    assert test.percentiles[50] == pytest.approx(0.2)
    assert test.failed is None
    assert "nothing is predicted of less than a minute" in test.notes
    assert test.kpis["error-rate"].note == "requests that failed are not known"
