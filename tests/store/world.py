"""What tests of the store share, and the processes that they start."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from trimtab.clock import ManualClock
from trimtab.store import open_store
from trimtab.store.records import DecisionRecord, GroupKey, Intent, SavedState

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
TTL = timedelta(minutes=3)


def key(group="web", *, cloud="aws", location="us-east-1", fleet="shop"):
    return GroupKey(cloud, location, fleet, group)


@contextmanager
def opened(url, clock=None):
    """A store whose pauses between attempts take no time."""
    store = open_store(url, clock=clock or ManualClock())
    try:
        yield store
    finally:
        store.close()


def wipe(store):
    """Have a store forget all."""
    from trimtab.store.tables import METADATA

    store._database.write(lambda connection: [connection.execute(table.delete()) for table in METADATA.sorted_tables])


def kept():
    """A decision."""
    return DecisionRecord(key=key(), at=NOW, outcome="kept")


# processes


def open_and_add(url, barrier):
    """Open a store when the others do, and add to its history."""
    barrier.wait()
    with opened(url) as store:
        store.add_decisions([kept()])


def contend(url, owner, skew, step, rounds, barrier, report):
    """
    Take a lease again and again on a clock of one's own; under it count up what is saved.

    All begin each round together; who has given the lease back sits out the next one.

    Reports the token of each lease, whether the store had it afterwards, and how often something was saved.
    """
    taken, saved, is_out = [], 0, False
    with opened(url) as store:
        for number in range(rounds):
            barrier.wait(120)
            now = NOW + skew + number * step
            lease = None if is_out else store.acquire([key()], owner, now, TTL).get(key())
            is_out = lease is not None and number % 7 == 0
            if lease is None:
                continue
            taken.append(lease.token)
            state = store.load([key()])[key()]
            body = {"count": state.body.get("count", 0) + 1}
            saved += not store.save({key(): (SavedState(state.version + 1, lease.token, body), lease)})
            if is_out:
                store.release([key()], owner)
    report.put((owner, taken, saved))


def stall_in_a_transaction(url, ready):
    """Lock and write within a transaction that never ends."""
    from trimtab.store.rows import append_rows, lock_rows, write_rows
    from trimtab.store.tables import DECISIONS, LEASES

    def work(connection):
        lock_rows(connection, LEASES, [key()], {"owner": "", "token": 0, "expires": NOW})
        write_rows(connection, LEASES, {key(): {"owner": "dead", "token": 99, "expires": NOW + TTL}})
        columns = {"cloud": "aws", "location": "", "fleet": "shop", "group_name": "web", "at": NOW, "outcome": "kept"}
        append_rows(connection, DECISIONS, [{**columns, "reasons": [], "error": "", "shadow": False, "candidate": ""}])
        ready.set()
        while True:
            ready.wait()

    with opened(url) as store:
        store._database.write(work)


def stall_after_its_intent(url, ready):
    """Store what is to be written, and write nothing."""
    with opened(url) as store:
        lease = store.acquire([key()], "dead", NOW, TTL)[key()]
        store.open_intent(Intent(key(), lease.token, 2, 3, NOW), lease)
        ready.set()
        while True:
            ready.wait()
