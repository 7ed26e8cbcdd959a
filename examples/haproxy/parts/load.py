"""A load in the shape of a match: people come before it, look again at half time, and all at once at its end."""

from datetime import datetime, timedelta

import trimtab as tt

WHOLE = 134
"""The minutes of the whole: a match of 45, 15 and 45, a quarter of an hour before and nearly as much after it."""
# in which minute each part ends, and the load from its beginning to there as a share of the peak; between them it leaps
_PARTS = (
    (15, 0.18, 0.34),  # they come
    (60, 0.36, 0.40),  # first half
    (66, 0.78, 0.72),  # half time: everybody looks
    (75, 0.62, 0.42),
    (120, 0.42, 0.46),  # second half
    (127, 1.00, 0.92),  # the end: everybody looks at the result
    (WHOLE, 0.70, 0.30),
)


def match_load(start: datetime, minutes: int, peak: float) -> tt.Load:
    """
    The load of the first minutes of a match, or of all of it.

    Args:
        start: When it begins.
        minutes: How many of its minutes.
        peak: Requests a second at most, before chance.
    """
    values: list[float] = []
    for end, first, last in _PARTS:
        length = end - len(values)
        values += [peak * (first + (last - first) * place / length) for place in range(length)]
    return tt.Load(start, timedelta(minutes=1), tuple(values[:minutes])).noise(0.03, seed=1)
