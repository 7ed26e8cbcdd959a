"""
How much of a law or of a sweep `nox -s tests` tries.

A law is tried with a hundred examples, and with twenty times as many in `nox -s exhaustive`. A sweep over all that
there is (every write of a scenario, every leaf of a body) is whole in `nox -s exhaustive`; a sample of it, always the
same, stands in `nox -s tests`.
"""

import os
import random
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

IS_EXHAUSTIVE = bool(os.environ.get("TRIMTAB_EXHAUSTIVE"))
TIMES = 20 if IS_EXHAUSTIVE else 1
SEED = 20260105


def examples(number: int = 100) -> int:
    """How many examples to draw for a law that `nox -s tests` tries with `number` of them."""
    return number * TIMES


def sampled(cases: Iterable[T], number: int, key: object = "") -> list[T]:
    """
    So many of the cases of a sweep, in their order; all of them in the exhaustive run.

    Args:
        cases: The sweep.
        number: How many of them, at most.
        key: What tells this sweep from its like, so that each has a sample of its own.
    """
    found = list(cases)
    if IS_EXHAUSTIVE or len(found) <= number:
        return found
    places = random.Random(f"{SEED} {key}").sample(range(len(found)), number)
    return [found[place] for place in sorted(places)]


def is_drawn(case: object, of: int) -> bool:
    """Whether a case stands in the sample of a sweep that has one in `of`; each does in the exhaustive run."""
    return IS_EXHAUSTIVE or random.Random(f"{SEED} {case}").randrange(of) == 0
