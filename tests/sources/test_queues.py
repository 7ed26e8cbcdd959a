"""The recipe of docs/metrics-from-anywhere.md for workers of a queue: to nothing when nothing is left, and back."""

import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws import examples
from tests.sources.conftest import NOW
from trimtab.config import parse_fleet
from trimtab.engine import PRESETS, Decision, History, Observation, decide
from trimtab.models import ScalingGroup

PAGE = Path(__file__).parents[2] / "docs" / "metrics-from-anywhere.md"
HOUR = timedelta(hours=1)
DELEGATING = ("ec2", "azure", "gce", "neutral")
"""The presets of clouds."""


@cache
def recipe() -> ScalingGroup:
    """The group as the page has it."""
    (block,) = re.findall(r"```yaml\n(name: jobs\n.*?)```", PAGE.read_text(), re.DOTALL)
    return parse_fleet(block)["workers"]


def decided(preset: str, size: int, depth: float | None, in_flight: float | None) -> Decision:
    """What is decided when both have been so for as long as any alarm looks back, and nothing has changed lately."""
    group = recipe()
    series = {"queue-depth": depth, "queue-in-flight": in_flight}
    alarms = {alarm.name: (series[alarm.metric.name],) * 30 for alarm in group.alarms}
    seen = Observation(desired=size, in_service=size, alarms=alarms)
    return decide(group, seen, History(acted_at=NOW - HOUR), NOW, preset)


@given(
    preset=st.sampled_from(DELEGATING), size=st.integers(0, 10), depth=st.integers(0, 50), in_flight=st.integers(0, 50)
)
@settings(max_examples=examples(), deadline=None)
def test_workers_go_when_nothing_waits_and_nothing_is_worked_on(
    preset: str, size: int, depth: int, in_flight: int
) -> None:
    found = decided(preset, size, depth, in_flight).size
    if depth:
        assert found == min(size + 1, 10)
    elif in_flight:
        assert found == size
    else:
        assert found == 0


@pytest.mark.parametrize("preset", DELEGATING)
def test_the_first_message_starts_one_worker(preset: str) -> None:
    assert decided(preset, 0, 1, 0).size == 1
    assert decided(preset, 0, 1, None).size == 1


@pytest.mark.parametrize("preset", DELEGATING)
@pytest.mark.parametrize("size", [0, 1, 5])
def test_a_queue_that_cannot_be_read_stops_nobody(preset: str, size: int) -> None:
    assert decided(preset, size, None, None).size == size
    assert decided(preset, size, None, 3).size == size


@pytest.mark.parametrize("preset", DELEGATING)
def test_without_a_word_of_messages_in_flight_only_ec2_s_rules_stop_workers(preset: str) -> None:
    """Which go by what an alarm says of missing data; SQS reports 0 as long as somebody receives from the queue."""
    assert decided(preset, 5, 0, None).size == (0 if preset == "ec2" else 5)


def test_the_presets_of_clouds_are_all_tried() -> None:
    assert set(DELEGATING) <= set(PRESETS)
