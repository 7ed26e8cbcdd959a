"""Moments as the clouds write them."""

from datetime import UTC, datetime


def zulu(moment: datetime) -> str:
    """A moment in UTC, to the second: `2026-07-06T18:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
