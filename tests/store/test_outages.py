"""A store that is down, busy, full or in conflict: what passes is tried again, what does not is said and not stored."""

import os
import re
import signal
import socket
import threading
from contextlib import contextmanager, suppress

import pytest
import sqlalchemy as sa

from tests.servers import free_port
from tests.store.world import NOW, TTL, kept, key, opened
from trimtab.clock import ManualClock
from trimtab.errors import StoreUnavailable
from trimtab.store.database import ATTEMPTS
from trimtab.store.records import Intent, IntentStatus, Lease, SavedState
from trimtab.store.rows import lock_rows
from trimtab.store.tables import LEASES

WEB, API = key("web"), key("api")
LEASE = Lease(WEB, "a", 1, NOW + TTL)
BLANK = {"owner": "", "token": 0, "expires": NOW}
CALLS = {
    "acquire": lambda store: store.acquire([WEB], "b", NOW + TTL, TTL),
    "release": lambda store: store.release([WEB], "a"),
    "holds": lambda store: store.holds(LEASE, NOW),
    "load": lambda store: store.load([WEB]),
    "save": lambda store: store.save({WEB: (SavedState(1), LEASE)}),
    "open_intent": lambda store: store.open_intent(Intent(WEB, 1, 2, 3, NOW), LEASE),
    "close_intent": lambda store: store.close_intent(Intent(WEB, 1, 2, 3, NOW, id=1), IntentStatus.DONE),
    "open_intents": lambda store: store.open_intents([WEB]),
    "add_decisions": lambda store: store.add_decisions([kept()]),
    "decisions": lambda store: store.decisions(),
    "last_tick": lambda store: store.last_tick("shop", "aws"),
    "ticks": lambda store: store.ticks("shop", "aws"),
    "prune": lambda store: store.prune(NOW),
}


class Pauses(ManualClock):
    """A clock that tells of its pauses."""

    def __init__(self, then=lambda: None):
        super().__init__()
        self.count, self.then = 0, then

    def sleep(self, duration):
        self.count += 1
        super().sleep(duration)
        self.then()


@pytest.fixture
def own_database(postgresql):
    with postgresql.database() as url:
        yield url


def test_a_server_that_is_down_fails_each_call_and_goes_on_afterwards(postgresql, own_database):
    with opened(own_database, Pauses()) as store:
        store.acquire([WEB], "a", NOW, TTL)
        postgresql.stop()
        try:
            for name, call in CALLS.items():
                with pytest.raises(StoreUnavailable, match=r"cannot be used: .*; check that it runs") as caught:
                    call(store)
                assert postgresql.password not in str(caught.value), name
            assert store._database._clock.count == len(CALLS) * (ATTEMPTS - 1)
        finally:
            postgresql.start()
        assert store.holds(LEASE, NOW)
        assert store.load([WEB]) == {WEB: SavedState()}
        assert store.open_intents([WEB]) == {}
        assert store.decisions() == []


def test_a_server_that_comes_back_in_time_is_not_noticed(postgresql, own_database):
    clock = Pauses(then=lambda: postgresql.process or postgresql.start())
    with opened(own_database, clock) as store:
        postgresql.stop()
        store.add_decisions([kept()])
        assert clock.count == 1
        assert len(store.decisions()) == 1


def terminate(connection):
    connection.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = pg_backend_pid()")


def test_a_connection_lost_within_a_transaction_is_made_anew(own_database):
    with opened(own_database, Pauses()) as store:
        left = [terminate]

        def work(connection):
            connection.execute(
                LEASES.insert().values(**dict.fromkeys(["cloud", "location", "fleet", "group_name"], "x"), **BLANK)
            )
            while left:
                left.pop()(connection)
            return connection.scalar(sa.select(sa.func.count()).select_from(LEASES))

        assert store._database.write(work) == 1
        assert store._database._clock.count == 1


def test_a_server_that_only_reads_is_left_for_its_successor(own_database):
    """After a failover, old connections are to what is a replica now."""
    with opened(own_database, Pauses()) as store:
        backends = []

        def work(connection):
            backends.append(connection.scalar(sa.text("SELECT pg_backend_pid()")))
            if len(backends) == 1:
                connection.execute(sa.text("SET TRANSACTION READ ONLY"))
            lock_rows(connection, LEASES, [WEB], BLANK)

        store._database.write(work)
        assert len(set(backends)) == 2


def test_a_server_that_says_nothing_any_more_is_left(own_database, monkeypatch):
    """Its host was stopped, or its disk hangs: no time-out of its own ends that."""
    monkeypatch.setattr("trimtab.store.database.SILENT_SECONDS", 2)
    with opened(own_database, Pauses(then=monkeypatch.undo)) as store:
        stopped = []

        def work(connection):
            if not stopped:
                stopped.append(connection.scalar(sa.text("SELECT pg_backend_pid()")))
                os.kill(stopped[0], signal.SIGSTOP)
            return connection.scalar(sa.text("SELECT 7"))

        try:
            assert store._database.write(work) == 7
        finally:
            os.kill(stopped[0], signal.SIGCONT)
        assert store._database._clock.count >= 1


def test_two_that_wait_for_each_other_both_get_through(own_database):
    """PostgreSQL ends one of them, which is tried again."""
    with opened(own_database, Pauses()) as store:
        store.acquire([WEB, API], "a", NOW, TTL)
        meeting = threading.Barrier(2)

        def lock(first, second):
            waits = [meeting]

            def work(connection):
                lock_rows(connection, LEASES, [first], BLANK)
                while waits:
                    waits.pop().wait(60)
                lock_rows(connection, LEASES, [second], BLANK)

            store._database.write(work)

        threads = [threading.Thread(target=lock, args=order) for order in ((WEB, API), (API, WEB))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        # the one that was ended comes back at once here, and may meet the other a second time
        assert store._database._clock.count >= 1


@contextmanager
def proxy(port, drop):
    """A way to a server that is cut where `drop(sent)` says so, after the server has had what was sent and answered."""
    listener = socket.create_server(("127.0.0.1", free_port()))
    threads = []

    def serve(near):
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=pump, args=(far, near, cut := threading.Event()))
            back.start()
            with suppress(OSError):
                while data := near.recv(65536):
                    if drop(data):
                        cut.set()
                    far.sendall(data)
            with suppress(OSError):
                far.shutdown(socket.SHUT_RDWR)
            back.join()

    def pump(far, near, cut):
        with suppress(OSError):
            while data := far.recv(65536):
                if cut.is_set():
                    break
                near.sendall(data)
        with suppress(OSError):
            near.shutdown(socket.SHUT_RDWR)

    def accept():
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(near,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(60)


def test_a_commit_whose_reply_is_lost_is_not_done_twice(postgresql, own_database):
    """What the store asks the server then is whether that transaction was committed."""
    name = own_database.rpartition("/")[2]
    left = []

    def is_last(sent):
        return b"COMMIT" in sent and bool(left) and left.pop()

    with proxy(postgresql.port, is_last) as port, opened(postgresql.url(name, port=port), Pauses()) as store:
        pauses = store._database._clock
        left.append(True)
        store.add_decisions([kept()])
        assert (left, pauses.count) == ([], 1)
        assert len(store.decisions()) == 1

        lease = store.acquire([WEB], "a", NOW, TTL)[WEB]
        left.append(True)
        assert store.save({WEB: (SavedState(1, 1), lease)}) == frozenset()
        left.append(True)
        intent = store.open_intent(Intent(WEB, 1, 2, 3, NOW), lease)
        assert (left, pauses.count) == ([], 3)
        assert store.open_intents([WEB]) == {WEB: [intent]}


# SQLite


@pytest.fixture
def file(tmp_path):
    return tmp_path / "store.db"


def pragma(store, text):
    """Have the connections of a store begin with a pragma."""
    sa.event.listen(
        store._database.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {text}").close()
    )
    store._database.engine.dispose()


def test_a_busy_file_is_waited_for_within_bounds(file):
    import sqlite3

    with opened(f"sqlite:///{file}", Pauses()) as store:
        pragma(store, "busy_timeout = 0")
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="database is locked"):
            store.add_decisions([kept()])
        assert store._database._clock.count == ATTEMPTS - 1
        assert store.decisions() == []  # who reads waits for nobody
        store._database._clock.then = lambda: other.execute("ROLLBACK")
        store.add_decisions([kept()])
        assert len(store.decisions()) == 1
        other.close()


def test_a_full_disk_is_said_and_nothing_of_it_is_stored(file):
    with opened(f"sqlite:///{file}", Pauses()) as store:
        pages = store._database.read(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar())
        pragma(store, f"max_page_count = {pages + 10}")
        with pytest.raises(StoreUnavailable, match=re.escape("database or disk is full; make room on the disk")):
            store.add_decisions([kept()] * 5000)
        assert store.decisions() == []
        assert store._database._clock.count == 0
        store.add_decisions([kept()])
        assert len(store.decisions()) == 1


def test_threads_share_a_store(store):
    def add():
        for _ in range(5):
            store.add_decisions([kept()])
            store.acquire([WEB, API], "a", NOW, TTL)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(store.decisions()) == 30
    assert store.acquire([WEB], "a", NOW, TTL)[WEB].token == 1
