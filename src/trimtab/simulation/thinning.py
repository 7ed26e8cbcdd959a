"""Fewer minutes for a chart, with every peak kept."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Array = NDArray[Any]


def peak_minutes(series: Sequence["Array"], most: int) -> "Ints":
    """
    The minutes to draw: all where they are few; otherwise of each stretch the extremes of each series, as they are.

    Time is cut into stretches of equal length. Of each stretch stay its first minute, the one in which a series is
    highest and the one in which it is lowest, and the minute after each of these: what lasts one minute is drawn one
    minute wide. So the highest and the lowest value of any stretch is drawn, at its own minute.

    Args:
        series: The values to be drawn, as many for each series; without NaN.
        most: About how many minutes to keep; more only if it is fewer than 4 for each series and 2.
    """
    count = len(series[0])
    if count <= most:
        return np.arange(count)
    each = 2 * (2 * len(series) + 1)
    length = -(-count // max(most // each, 1))
    starts = np.arange(0, count, length)
    kept = [starts]
    for values in series:
        whole = np.full(len(starts) * length, np.nan)
        whole[:count] = values
        rows = whole.reshape(len(starts), length)
        kept += [starts + np.nanargmax(rows, axis=1), starts + np.nanargmin(rows, axis=1)]
    found = np.concatenate(kept)
    return np.unique(np.minimum(np.concatenate([found, found + 1, [count - 1]]), count - 1))
