"""Values that are distributions, kept as the samples that they were made of."""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from typing import Any

from trimtab.emulators.gcp.datapoints import Value

GROWTH, FINITE = 1.4, 66
"""The buckets of the latencies of Google's load balancers."""


def samples_of(value: Value) -> tuple[float, ...]:
    """The samples of a value; a number is one."""
    if isinstance(value, tuple):
        return value
    return (float(value),) if isinstance(value, int | float) else ()


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many per cent of the samples are."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return fsum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """The standard deviation of a population."""
    centre = mean(values)
    return sqrt(fsum((value - centre) ** 2 for value in values) / len(values))


def distribution_body(samples: Sequence[float]) -> dict[str, Any]:
    """A native `Distribution`."""
    counts = [0] * (FINITE + 2)
    for sample in samples:
        counts[_bucket(sample)] += 1
    while counts and not counts[-1]:
        counts.pop()
    centre = mean(samples) if samples else 0.0
    return {
        "count": str(len(samples)),
        "mean": centre,
        "sumOfSquaredDeviation": fsum((sample - centre) ** 2 for sample in samples),
        "bucketOptions": {"exponentialBuckets": {"numFiniteBuckets": FINITE, "growthFactor": GROWTH, "scale": 1.0}},
        "bucketCounts": [str(count) for count in counts],
    }


def read_distribution(body: Mapping[str, Any]) -> tuple[float, ...]:
    """The samples of a native `Distribution`: as many as it counts, at its mean."""
    return (float(body.get("mean", 0.0)),) * int(body.get("count", 0))


def _bucket(sample: float) -> int:
    return next((number for number in range(FINITE + 1) if sample < GROWTH**number), FINITE + 1)
