"""Several controllers at one store, in seeded orders, with whatever goes wrong: the size ends as one controller's."""

import pytest

from tests.controller.interleaving import COOLDOWNS, SECOND, WIDEST, Arena
from tests.laws import sampled

pytest.importorskip("sqlalchemy", reason="the store needs its extra")

SEEDS = sampled(range(200), 6, "interleavings")
SKEW = 60 * SECOND
"""Clocks differ by at most 10 seconds to either side, and may be set by 20."""


@pytest.fixture
def arena(request, tmp_path):
    return Arena(request.param, f"sqlite:///{tmp_path}/store.db")


@pytest.mark.parametrize("arena", SEEDS, indirect=True)
def test_the_size_ends_as_one_controllers(arena, tmp_path):
    check(arena, tmp_path)


@pytest.mark.parametrize("seed", sampled(range(200, 210), 1, "interleavings on a server"))
def test_the_size_ends_as_one_controllers_on_postgresql(postgresql, tmp_path, seed):
    with postgresql.database() as url:
        check(Arena(seed, url), tmp_path)


def check(arena, tmp_path):
    sizes = arena.run()
    alone = Arena(arena.seed, f"sqlite:///{tmp_path}/alone.db", has_faults=False)
    assert alone.run() == alone.final
    assert sizes == arena.final == alone.final
    assert not arena.failures
    assert not alone.failures
    assert not arena.left_open
    assert all(WIDEST[0] <= write.size <= WIDEST[1] for write in arena.writes)
    assert not done_twice(arena)
    assert not unsaid(arena)


def done_twice(arena):
    """Sizes decided sooner after another one than its cooldown allows; what is only written again is none."""
    found = []
    for name, cooldown in COOLDOWNS.items():
        last = None
        for write in [each for each in arena.writes if each.name == name and not each.is_stale]:
            is_new = last is None or write.size != last.size
            if is_new and last is not None and write.began - last.began < cooldown - SKEW:
                found.append((name, last, write))
            last = write if is_new else last
    return found


def unsaid(arena):
    """Sizes that were written and of which the history has nothing."""
    said = {(record.key.group, record.size) for record in arena.history if record.outcome in ("written", "unknown")}
    texts = [(record.key.group, record.error) for record in arena.history]
    return [
        write
        for write in arena.writes
        if (write.name, write.size) not in said
        and not any(name == write.name and f"setting {write.size} at" in text for name, text in texts)
    ]


def test_a_seed_gives_the_same_run_each_time(tmp_path):
    runs = []
    for number in range(2):
        arena = Arena(3, f"sqlite:///{tmp_path}/{number}.db")
        arena.run()
        runs.append([(write.at, write.name, write.size, write.by.number) for write in arena.writes])
    assert runs[0] == runs[1]
    assert runs[0]
