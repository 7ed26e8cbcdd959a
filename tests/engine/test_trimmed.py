"""Statistics on part of the samples: forms, closed forms and laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from trimtab.engine.trimmed import Trim, parse_trim, read_trim

TEN = [(float(value), 1.0) for value in range(1, 11)]


@pytest.mark.parametrize(
    ("text", "trim"),
    [
        ("p99.999", Trim("p", None, 99.999)),
        ("tm90", Trim("tm", None, 90)),
        ("IQM", Trim("tm", 25, 75)),
        ("TM(10%:90%)", Trim("tm", 10, 90)),
        ("WM(:95%)", Trim("wm", None, 95)),
        ("TS(80%:)", Trim("ts", 80, None)),
        ("TC(0.005:0.030)", Trim("tc", 0.005, 0.03, False)),
        ("PR(10:300)", Trim("pr", 10, 300, False)),
        ("PR(:300)", Trim("pr", None, 300, False)),
    ],
)
def test_forms(text, trim):
    assert parse_trim(text) == trim


@pytest.mark.parametrize(
    "text",
    [
        *("", "tm", "p101", "tm100.1", "TM()", "TM(:)", "TM(10%:90)", "TM(90%:10%)", "TM(10%:101%)", "PR(10%:90%)"),
        *("median", "tm(10%:90%)", "iqm", "TM(1..2:3)", "TM(.:3)", "p99.99999999999", "TM(10%:90%) "),
    ],
)
def test_what_is_no_statistic(text):
    assert parse_trim(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p50", 5),
        ("p100", 10),
        ("tm90", 5),  # 1 to 9
        ("TM(10%:90%)", 5.5),  # 2 to 9
        ("IQM", 5.5),
        ("WM(:90%)", 5.4),  # 10 counts as 9
        ("WM(10%:90%)", 5.5),
        ("tc90", 9),
        ("TC(2:5)", 3),  # above 2, up to 5
        ("ts50", 15),
        ("TS(80%:)", 19),
        ("PR(:3)", 30),
        ("PR(3:)", 70),
    ],
)
def test_of_the_numbers_from_one_to_ten(text, value):
    assert read_trim(parse_trim(text), TEN) == pytest.approx(value)


def test_without_samples_there_is_none():
    assert read_trim(parse_trim("tm90"), []) is None
    assert read_trim(parse_trim("TM(100:200)"), TEN) is None
    assert read_trim(parse_trim("TC(100:200)"), TEN) == 0


SAMPLES = st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(1, 50).map(float)), min_size=1, max_size=30)


@given(samples=SAMPLES)
@settings(max_examples=examples(), deadline=None)
def test_the_whole_is_the_mean_the_sum_and_the_count(samples):
    total, count = sum(value * number for value, number in samples), sum(number for _, number in samples)
    assert read_trim(parse_trim("TM(0%:100%)"), samples) == pytest.approx(total / count, abs=1e-6)
    assert read_trim(parse_trim("WM(0%:100%)"), samples) == pytest.approx(total / count, abs=1e-6)
    assert read_trim(parse_trim("ts100"), samples) == pytest.approx(total, abs=1e-3)
    assert read_trim(parse_trim("tc100"), samples) == pytest.approx(count)


@given(samples=SAMPLES, low=st.integers(0, 49), high=st.integers(51, 100))
@settings(max_examples=examples(), deadline=None)
def test_trimmed_means_lie_between_the_ends_and_counts_are_shares(samples, low, high):
    values, count = [value for value, _ in samples], sum(number for _, number in samples)
    for kind in ("TM", "WM"):
        mean = read_trim(parse_trim(f"{kind}({low}%:{high}%)"), samples)
        assert min(values) - 1e-6 <= mean <= max(values) + 1e-6
    assert read_trim(parse_trim(f"TC({low}%:{high}%)"), samples) == pytest.approx(count * (high - low) / 100)
