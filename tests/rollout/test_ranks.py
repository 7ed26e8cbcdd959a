"""The rank test of `metric` gates, against published tables and the exact distribution."""

from itertools import combinations, permutations
from math import comb, isclose

import pytest

from trimtab.rollout.ranks import p_value


def exact(larger, smaller):
    """All orders counted, for small samples without ties."""
    values = [*larger, *smaller]
    observed = wins(larger, smaller)
    places = list(combinations(range(len(values)), len(larger)))
    as_far = 0
    for chosen in places:
        one = [values[place] for place in chosen]
        two = [value for place, value in enumerate(values) if place not in chosen]
        as_far += wins(one, two) >= observed
    return as_far / comb(len(values), len(larger))


def wins(larger, smaller):
    return sum(x > y for x in larger for y in smaller)


@pytest.mark.parametrize("order", list(permutations(range(7)))[::97])
def test_small_samples_are_exact(order):
    assert isclose(p_value(order[:3], order[3:]), exact(order[:3], order[3:]))


@pytest.mark.parametrize(
    ("first", "second", "critical"),
    # one-sided 0.05 of Mann and Whitney's table (Annals of Mathematical Statistics 18, 1947), the greatest U
    [(3, 3, 0), (4, 4, 1), (5, 5, 4), (6, 6, 7), (7, 7, 11), (8, 8, 15), (5, 8, 8), (10, 10, 27), (12, 12, 42)],
)
def test_the_published_critical_values(first, second, critical):
    """At the critical number of inversions the difference counts, at one more it does not."""
    assert p_value(*with_losses(first, second, critical)) <= 0.05
    assert p_value(*with_losses(first, second, critical + 1)) > 0.05


def with_losses(first, second, losses):
    """Two samples of which the first loses so many of the pairs."""
    larger = [second - min(second, max(0, losses - second * place)) - 0.5 + place / 100 for place in range(first)]
    smaller = [float(place) for place in range(second)]
    lost = sum(x < y for x in larger for y in smaller)
    assert lost == losses
    return larger, smaller


def test_ties_and_equal_values():
    assert p_value([1.0] * 10, [1.0] * 10) == 1.0
    assert p_value([2.0] * 10, [1.0] * 10) < 0.001
    assert p_value([1.0] * 10, [2.0] * 10) > 0.999
    # large samples: the normal approximation
    assert 0.4 < p_value([float(x) for x in range(0, 100, 2)], [float(x) for x in range(1, 101, 2)]) < 0.7
