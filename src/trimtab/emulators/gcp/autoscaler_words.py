"""What an autoscaler says of itself: the words of `AutoscalerStatusDetails`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trimtab.emulators.gcp.discovery import load
from trimtab.emulators.gcp.facts import GroupFacts
from trimtab.emulators.gcp.signals import SignalReading

ERRORS = frozenset(
    {
        "BACKEND_SERVICE_DOES_NOT_EXIST",
        "CUSTOM_METRIC_INVALID",
        "MORE_THAN_ONE_BACKEND_SERVICE",
        "NOT_ENOUGH_QUOTA_AVAILABLE",
        "REGION_RESOURCE_STOCKOUT",
        "SCALING_TARGET_DOES_NOT_EXIST",
        "UNSUPPORTED_MAX_RATE_LOAD_BALANCING_CONFIGURATION",
        "ZONE_RESOURCE_STOCKOUT",
    }
)
"""The words of `AutoscalerStatusDetails` that make the status ERROR; the others are warnings."""


def words_of(policy: Mapping[str, Any], facts: GroupFacts, readings: Sequence[SignalReading], wanted: int) -> list[str]:
    """The words for a run that wanted a size, each once."""
    return list(dict.fromkeys([*_words(policy, facts, readings, wanted), *facts.troubles]))


def status_of(words: Sequence[str]) -> str:
    """The native `status`."""
    return "ERROR" if ERRORS.intersection(words) else "ACTIVE"


def detail_of(word: str) -> dict[str, str]:
    """One of the native `statusDetails`."""
    return {"type": word, "message": message_of(word)}


def message_of(word: str) -> str:
    """What Compute Engine says about a word of `AutoscalerStatusDetails`."""
    words = load("compute.v1").schemas["AutoscalerStatusDetails"]["properties"]["type"]
    said = dict(zip(words["enum"], words["enumDescriptions"], strict=True))
    return " ".join(said[word].split())


def _words(
    policy: Mapping[str, Any], facts: GroupFacts, readings: Sequence[SignalReading], wanted: int
) -> Iterator[str]:
    low, high, mode = int(policy.get("minNumReplicas", 0)), int(policy["maxNumReplicas"]), policy.get("mode", "ON")
    if mode != "ON":
        yield f"MODE_{mode}"
    if facts.target_size and facts.instances and not facts.running():
        yield "ALL_INSTANCES_UNHEALTHY"
    yield from (reading.trouble for reading in readings if reading.trouble)
    if low == high:
        yield "MIN_EQUALS_MAX"
    if wanted > high:
        yield "CAPPED_AT_MAX_NUM_REPLICAS"
    schedules = (policy.get("scalingSchedules") or {}).values()
    sizes = [int(schedule.get("minRequiredReplicas", 0)) for schedule in schedules if not schedule.get("disabled")]
    if any(size > high for size in sizes):
        yield "SCHEDULED_INSTANCES_GREATER_THAN_AUTOSCALER_MAX"
    if any(size < low for size in sizes):
        yield "SCHEDULED_INSTANCES_LESS_THAN_AUTOSCALER_MIN"
