"""Durations, names and what all models share."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from trimtab.models import Capacity
from trimtab.models.base import Duration, Name, as_json, format_duration, parse_duration

DURATIONS = TypeAdapter(Duration)
NAMES = TypeAdapter(Name)


@given(st.integers(0, 10**11).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_written_reads_back_the_same(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
    assert DURATIONS.validate_python(DURATIONS.dump_python(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("1d1h1m1s", 90061), ("0s", 0), ("120m", 7200)],
)
def test_durations_are_written_with_their_units(text: str, seconds: int) -> None:
    assert DURATIONS.validate_python(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "5", "m", "5 m", "5M", "1m1h", "-5m", "1.5h", "5m\n", "٥m", 5, 5.0, None, True])
def test_other_durations_are_refused_with_the_mend(value: object) -> None:
    with pytest.raises(ValidationError, match=r'write a duration with its unit, such as "90s"'):
        DURATIONS.validate_python(value)


@pytest.mark.parametrize("value", [timedelta(seconds=-1), timedelta(milliseconds=1)])
def test_a_duration_is_whole_seconds_forward(value: timedelta) -> None:
    with pytest.raises(ValidationError, match="a whole number of seconds, 0 or more"):
        DURATIONS.validate_python(value)


def test_a_duration_beyond_python_is_refused() -> None:
    with pytest.raises(ValidationError, match="longer than any schedule"):
        DURATIONS.validate_python("9999999999999d")


@pytest.mark.parametrize("name", ["a", "web", "web-1", "a" * 63])
def test_names_that_every_cloud_accepts(name: str) -> None:
    assert NAMES.validate_python(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "1a", "Web", "a_b", "a" * 64, "a\n", "é", "a b", "a.b"])
def test_other_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ValidationError, match="is no name: use lower-case letters, digits and hyphens"):
        NAMES.validate_python(name)


def test_models_are_frozen_and_know_their_fields() -> None:
    capacity = Capacity(min=1, max=2)
    with pytest.raises(ValidationError, match="frozen"):
        capacity.min = 2  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Capacity.model_validate({"min": 1, "max": 2, "most": 3})


def test_json_has_only_what_was_given() -> None:
    assert as_json(Capacity(min=1, max=2)) == {"min": 1, "max": 2}
