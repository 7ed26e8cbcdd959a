"""Several processes at one store: who holds a lease, whose save counts, and what a killed one leaves behind."""

import multiprocessing
from datetime import timedelta

from tests.store.world import NOW, TTL, contend, key, opened, stall_after_its_intent, stall_in_a_transaction
from trimtab.store.records import IntentStatus

SPAWN = multiprocessing.get_context("spawn")
SECOND = timedelta(seconds=1)


def test_two_contend_for_a_lease_with_clocks_that_differ(lasting_url):
    """One clock is five minutes ahead and faster: it takes over before the other's end, with a higher token."""
    barrier, reports = SPAWN.Barrier(2), SPAWN.Queue()
    clocks = {"a": (0 * SECOND, 40 * SECOND), "b": (300 * SECOND, 60 * SECOND)}
    processes = [
        SPAWN.Process(target=contend, args=(lasting_url, owner, skew, step, 60, barrier, reports))
        for owner, (skew, step) in clocks.items()
    ]
    for process in processes:
        process.start()
    found = {owner: (tokens, saved) for owner, tokens, saved in (reports.get(timeout=120) for _ in processes)}
    for process in processes:
        process.join(60)
    tokens = {owner: tokens for owner, (tokens, _) in found.items()}
    assert all(tokens.values()), "both held it at times"
    assert not set(tokens["a"]) & set(tokens["b"]), "no token had two holders"
    assert all(each == sorted(each) for each in tokens.values()), "no token went down"
    everything = {*tokens["a"], *tokens["b"]}
    assert everything == set(range(1, max(everything) + 1)), "each takeover had the next token"
    with opened(lasting_url) as store:
        state = store.load([key()])[key()]
        # nobody's save was lost, nor written over by another one's
        assert state.version == state.body["count"] == sum(saved for _, saved in found.values())
        assert state.token == max(everything)


def killed(target, url):
    """Run a process until it says that it is ready, and kill it."""
    ready = SPAWN.Event()
    process = SPAWN.Process(target=target, args=(url, ready))
    process.start()
    assert ready.wait(120)
    process.kill()
    process.join(60)
    assert process.exitcode == -9


def test_a_process_killed_in_a_transaction_leaves_nothing_and_blocks_nobody(lasting_url):
    with opened(lasting_url):
        pass
    killed(stall_in_a_transaction, lasting_url)
    with opened(lasting_url) as store:
        assert store.acquire([key()], "a", NOW, TTL)[key()].token == 1
        assert store.decisions() == []


def test_what_a_killed_process_was_about_to_write_is_seen(lasting_url):
    killed(stall_after_its_intent, lasting_url)
    with opened(lasting_url) as store:
        assert store.acquire([key()], "a", NOW, TTL) == {}
        lease = store.acquire([key()], "a", NOW + TTL, TTL)[key()]
        (intent,) = store.open_intents([key()])[key()]
        assert (intent.size, intent.token, lease.token) == (3, 1, 2)
        store.close_intent(intent, IntentStatus.SUPERSEDED)
        assert store.open_intents([key()]) == {}
