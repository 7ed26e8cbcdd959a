"""The sample of a sweep: as many as asked for, always the same, one at least of each sort; whole where it must be."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.laws import IS_EXHAUSTIVE, chosen_tests, sampled

CASES = [(cloud, number) for cloud in ("aws", "azure", "gcp") for number in range(20)]
PRINTED = "from tests.laws import sampled; print(sampled(range(100), 3))"


def printed(environment):
    done = subprocess.run([sys.executable, "-c", PRINTED], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_sample_has_one_of_each_sort_and_keeps_the_order():
    for key in range(50):
        some = sampled(CASES, 4, key, per=lambda case: case[0])
        assert some == sorted(some)
        assert {cloud for cloud, _ in some} == {"aws", "azure", "gcp"}
        assert len(some) == (60 if IS_EXHAUSTIVE else 4)
    assert len(sampled(CASES, per=lambda case: case[0])) == (60 if IS_EXHAUSTIVE else 3)
    assert (len({tuple(sampled(CASES, 2, key)) for key in range(50)}) > 1) is not IS_EXHAUSTIVE


def test_a_seed_gives_another_sample_and_the_exhaustive_run_all(monkeypatch):
    monkeypatch.delenv("TRIMTAB_EXHAUSTIVE", raising=False)
    monkeypatch.delenv("TRIMTAB_SEED", raising=False)
    usual = printed({**os.environ})
    assert printed({**os.environ}) == usual
    assert printed({**os.environ, "TRIMTAB_SEED": "7"}) != usual
    assert printed({**os.environ, "TRIMTAB_EXHAUSTIVE": "1"}) == f"{[*range(100)]}\n"


class Item:
    """A case of a test as pytest collects it."""

    def __init__(self, name, mark, **params):
        self.nodeid, self.mark, self.callspec = f"{name}[{params}]", mark, SimpleNamespace(params=params)

    def get_closest_marker(self, name):
        return self.mark


def test_of_marked_tests_some_cases_run_and_of_others_all():
    clouds = ("aws", "azure", "gcp")
    marks = {
        "plain": None,
        "some": pytest.mark.sample(4, per="cloud").mark,
        "one": pytest.mark.sample(1, over="cloud").mark,
    }
    items = [
        Item(name, mark, cloud=cloud, kind=kind)
        for name, mark in marks.items()
        for cloud in clouds
        for kind in ("a", "b")
    ]
    chosen = chosen_tests(items)
    found = {name: [item for item in chosen if item.nodeid.startswith(name)] for name in marks}
    assert len(found["plain"]) == 6
    assert {item.callspec.params["cloud"] for item in found["some"]} == set(clouds)
    kinds = sorted(item.callspec.params["kind"] for item in found["one"])
    assert kinds == [*("aaabbb" if IS_EXHAUSTIVE else "ab")]
