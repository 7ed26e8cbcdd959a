"""Durations as ISO 8601 writes them, such as `PT5M`."""

import re
from datetime import timedelta

_SPAN = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def read_span(text: str) -> timedelta:
    """
    The duration that a text writes.

    Raises:
        ValueError: It writes none.
    """
    match = _SPAN.match(text)
    if not match or text in ("P", "PT"):
        raise ValueError(f"'{text}' is no duration such as PT5M")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
