"""Durations and moments as the clouds' JSON has them."""

import re
from datetime import UTC, datetime, timedelta

_ISO_SPAN = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def read_iso_span(text: str) -> timedelta:
    """
    The duration that an ISO 8601 text such as `PT5M` writes.

    Raises:
        ValueError: It writes none.
    """
    match = _ISO_SPAN.match(text)
    if not match or text in ("P", "PT"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration; write PT5M")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def read_seconds(text: str) -> timedelta:
    """The duration that a text such as `60s` writes."""
    return timedelta(seconds=float(text.removesuffix("s")))


def zulu(moment: datetime) -> str:
    """A moment as RFC 3339 has it, with as many digits as it needs: `2026-01-05T00:00:00Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
