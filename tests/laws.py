"""
How much of a law or of a sweep `nox -s tests` tries.

A law is tried with a hundred examples, and with twenty times as many in `nox -s exhaustive`. A sweep over all that
there is (every write of a scenario, every leaf of a body) is whole in `nox -s exhaustive`; a sample of it stands in
`nox -s tests`: always the same, unless TRIMTAB_SEED has another number, and one at least of each sort.
"""

import os
import random
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

IS_EXHAUSTIVE = bool(os.environ.get("TRIMTAB_EXHAUSTIVE"))
TIMES = 20 if IS_EXHAUSTIVE else 1
SEED = int(os.environ.get("TRIMTAB_SEED") or 20260105)


def examples(number: int = 100) -> int:
    """How many examples to draw for a law that `nox -s tests` tries with `number` of them."""
    return number * TIMES


def sampled(
    cases: Iterable[T], number: int = 1, key: object = "", *, per: Callable[[T], object] | None = None
) -> list[T]:
    """
    So many of the cases of a sweep, in their order; all of them in the exhaustive run.

    Args:
        cases: The sweep.
        number: How many of them; more where there are more sorts.
        key: What tells this sweep from its like, so that each has a sample of its own.
        per: The sort of a case, such as its cloud or kind: of each sort one case at least is in the sample.
    """
    found = list(cases)
    if IS_EXHAUSTIVE or len(found) <= number:
        return found
    places = random.Random(f"{SEED} {key}").sample(range(len(found)), len(found))
    firsts = {per(found[place]): place for place in reversed(places)}.values() if per else ()
    chosen = dict.fromkeys([*firsts, *places])
    return [found[place] for place in sorted([*chosen][: max(number, len(firsts))])]


def chosen_tests(items: Iterable[Any]) -> set[Any]:
    """
    The tests that run: of those that are marked with `sample` so many cases of each function, of all others all.

    `@pytest.mark.sample(9, per="action")` keeps nine cases, and one at least for each value of a parameter;
    `@pytest.mark.sample(1, over="provider")` of cases that differ in that parameter alone one.
    """
    families: dict[str, dict[object, list[Any]]] = {}
    chosen = set()
    for item in items:
        mark = item.get_closest_marker("sample") if hasattr(item, "callspec") else None
        if mark is None or mark.kwargs.get("over", "") not in ["", *item.callspec.params]:
            chosen.add(item)
        else:
            family = families.setdefault(item.nodeid.partition("[")[0], {})
            family.setdefault(_others(item, **mark.kwargs), []).append(item)
    for name, family in families.items():
        # by its place: the text of a parameter may have an address in it, another one in each process
        for place, cases in enumerate(family.values()):
            mark = cases[0].get_closest_marker("sample")
            chosen |= set(sampled(cases, *mark.args, key=(name, place), per=_sort_by(**mark.kwargs)))
    return chosen


def _others(item: Any, over: str = "", **_: object) -> object:
    return tuple((name, repr(value)) for name, value in item.callspec.params.items() if over and name != over)


def _sort_by(per: str = "", **_: object) -> Callable[[Any], object] | None:
    return (lambda item: repr(item.callspec.params[per])) if per else None
