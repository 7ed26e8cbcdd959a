"""A load in the shape of a match: people come before it, look again at half time, and all at once at its end."""

from datetime import datetime, timedelta

import trimtab as tt

WHOLE = 130
"""The minutes of the whole: a quarter of an hour before and ten minutes after a match of 45, 15 and 45."""
# where each part ends, in minutes of the whole, and the load there, as a share of the peak; it leaps from one to the next
_PARTS = (
    (15, 0.18, 0.34),  # they come
    (60, 0.36, 0.40),  # first half
    (66, 0.78, 0.72),  # half time: everybody looks
    (75, 0.62, 0.42),
    (115, 0.42, 0.46),  # second half
    (122, 1.00, 0.92),  # the end: everybody looks at the result
    (130, 0.70, 0.30),
)


def match_load(start: datetime, minutes: int, peak: float) -> tt.Load:
    """
    The load of a match, or of one that is shorter in all of its parts.

    Args:
        start: When it begins.
        minutes: How long it is.
        peak: Requests a second at most, before chance.
    """
    values = []
    for minute in range(minutes):
        at = minute * WHOLE / minutes
        begin = 0
        for end, first, last in _PARTS:
            if at < end:
                values.append(peak * (first + (last - first) * (at - begin) / (end - begin)))
                break
            begin = end
    return tt.Load(start, timedelta(minutes=1), tuple(values)).noise(0.03, seed=1)
