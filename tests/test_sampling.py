"""The sample of a sweep: as many as asked for, always the same, one at least of each sort; whole where it must be."""

import subprocess
import sys

from tests.laws import IS_EXHAUSTIVE, sampled

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
    assert len({tuple(sampled(CASES, 2, key)) for key in range(50)}) == (1 if IS_EXHAUSTIVE else 50)


def test_a_seed_gives_another_sample_and_the_exhaustive_run_all(monkeypatch):
    import os

    monkeypatch.delenv("TRIMTAB_EXHAUSTIVE", raising=False)
    monkeypatch.delenv("TRIMTAB_SEED", raising=False)
    usual = printed({**os.environ})
    assert printed({**os.environ}) == usual
    assert printed({**os.environ, "TRIMTAB_SEED": "7"}) != usual
    assert printed({**os.environ, "TRIMTAB_EXHAUSTIVE": "1"}) == f"{[*range(100)]}\n"
