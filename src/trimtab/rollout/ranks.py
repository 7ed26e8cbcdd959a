"""Whether values of one side are larger than those of another: the one-sided Mann-Whitney U test; pure."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from math import comb, erfc, sqrt

MOST_EXACT = 400
"""Up to this product of the two numbers of values the exact distribution is worked out; ties take the normal one."""


def p_value(larger: Sequence[float], smaller: Sequence[float]) -> float:
    """
    How likely ranks such as these are, or ranks further apart, if both sides came from one distribution.

    The alternative is that values of `larger` tend to be larger. Without ties and with few values it is exact; else
    it is the normal approximation with a correction for ties and for continuity (Mann and Whitney 1947; Lehmann,
    Nonparametrics, 1975).

    Args:
        larger: The side that may be larger; at least one value.
        smaller: The other one; at least one value.
    """
    first, second = len(larger), len(smaller)
    wins = sum((x > y) + (x == y) / 2 for x in larger for y in smaller)
    counts = Counter(chain(larger, smaller))
    if first * second <= MOST_EXACT and max(counts.values()) == 1:
        ways = _ways(first, second)
        return sum(ways[int(wins) :]) / comb(first + second, first)
    total = first + second
    ties = sum(number**3 - number for number in counts.values())
    variance = first * second / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    z = (wins - first * second / 2 - 0.5) / sqrt(variance)
    return erfc(z / sqrt(2)) / 2


def _ways(first: int, second: int) -> list[int]:
    """In how many orders of two sides each number of wins comes about."""
    table = {(0, size): [1] for size in range(second + 1)}
    for one in range(1, first + 1):
        table[one, 0] = [1]
        for two in range(1, second + 1):
            ways = [0] * (one * two + 1)
            # the largest of all is of the first side and wins over all of the second, or of the second and wins nothing
            for wins, number in enumerate(table[one - 1, two]):
                ways[wins + two] += number
            for wins, number in enumerate(table[one, two - 1]):
                ways[wins] += number
            table[one, two] = ways
    return table[first, second]
