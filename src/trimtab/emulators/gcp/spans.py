"""Durations and moments as Google's JSON has them."""

from datetime import UTC, datetime, timedelta


def read_span(text: str) -> timedelta:
    """A duration such as `60s`."""
    return timedelta(seconds=float(text.removesuffix("s")))


def read_moment(text: str) -> datetime:
    """A moment such as `2026-01-05T00:00:00Z`."""
    return datetime.fromisoformat(text)


def zulu(moment: datetime) -> str:
    """A moment as Cloud Monitoring writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
