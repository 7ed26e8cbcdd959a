"""The words of Google Cloud for ours, and what its names and labels may be."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from trimtab.models import Comparison, MissingData
from trimtab.providers.pause import BOOST

COMPARISONS: Mapping[Comparison, str] = {
    Comparison.ABOVE: "COMPARISON_GT",
    Comparison.AT_LEAST: "COMPARISON_GT",
    Comparison.BELOW: "COMPARISON_LT",
    Comparison.AT_MOST: "COMPARISON_LT",
}
"""Threshold conditions know no others (ComparisonType, Cloud Monitoring API)."""
MISSING: Mapping[MissingData, str] = {
    MissingData.BREACHING: "EVALUATION_MISSING_DATA_ACTIVE",
    MissingData.NOT_BREACHING: "EVALUATION_MISSING_DATA_INACTIVE",
    MissingData.IGNORE: "EVALUATION_MISSING_DATA_NO_OP",
}
MANUAL_SIZE_SCHEDULE = "trimtab-asked"
"""The scaling schedule that holds a size for which somebody asked; no plan compares it."""
LONGEST_NAME = 63
LONGEST_BASE = 58
"""
Letters of names of resources, and of what the names of instances begin with.

https://cloud.google.com/compute/docs/naming-resources,
https://cloud.google.com/compute/docs/reference/rest/v1/instanceGroupManagers: `baseInstanceName`.
"""
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL = re.compile(r"[\w-]{0,63}")
_LABEL_NAME = re.compile(r"[a-z][\w-]{0,62}")


def planned_schedules(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The scaling schedules of an autoscaling policy, less those of a size that was asked for and of a boost."""
    schedules = policy.get("scalingSchedules") or {}
    return {name: schedules[name] for name in schedules if name not in (MANUAL_SIZE_SCHEDULE, BOOST)}


def is_name(text: str) -> bool:
    """Whether Compute Engine takes a name (RFC 1035)."""
    return len(text) <= LONGEST_NAME and _NAME.fullmatch(text) is not None


def labels_of(*tags: Mapping[str, str]) -> dict[str, str]:
    """Tags as labels, which are in lower case."""
    labels = {label_of(name): label_of(value) for some in tags for name, value in some.items()}
    return dict(sorted(labels.items()))


def label_of(text: str) -> str:
    """The name or value of a tag as that of a label."""
    return text.lower()


def label_problem(name: str, value: str) -> str | None:
    """What keeps a tag from being a label; `None` when nothing does."""
    if not _LABEL_NAME.fullmatch(name.lower()):
        return f"invalid label name {name!r}; use a letter, then letters, digits, `-` and `_`, 63 at most"
    if not _LABEL.fullmatch(value.lower()):
        return f"invalid label value {value!r}; use letters, digits, `-` and `_`, 63 at most"
    return None


def seconds(duration: timedelta) -> int:
    """A duration as Compute Engine counts it."""
    return int(duration.total_seconds())


def span(duration: timedelta) -> str:
    """A duration as Cloud Monitoring writes it: `300s`."""
    return f"{seconds(duration)}s"


def read_span(text: str) -> timedelta:
    """A duration that Cloud Monitoring wrote."""
    return timedelta(seconds=float(text.removesuffix("s")))
