"""Decisions stored in an SQLite file, beside the same rows written by hand with sqlite3."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.timing import median
from trimtab.store import open_store
from trimtab.store.records import DecisionRecord, GroupKey, SavedState

GROUPS = 1000
BAR = 0.5
"""Seconds."""
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
REASON = {"code": "alarm", "text": "cpu is 92 %, above 70 % in 2 of 2 periods", "before": 4, "after": 5}


def print_store() -> None:
    """Print the seconds of what a tick of so many groups stores."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/store.db")
        keys = [GroupKey("aws", "us-east-1", "bench", f"web-{number}") for number in range(GROUPS)]
        records = [DecisionRecord(key=key, at=NOW, outcome="written", size=5, reasons=[REASON]) for key in keys]
        store.add_decisions(records)  # statements are compiled
        decisions = median(lambda: store.add_decisions(records), 5)
        peer = median(lambda: write_by_hand(Path(folder) / "peer.db", records), 5)
        leases = cpu(lambda: store.acquire(keys, "bench", NOW, timedelta(minutes=3)))
        held = store.acquire(keys, "bench", NOW, timedelta(minutes=3))

        def save() -> None:
            saved = store.load(keys)
            body = {"sizes": [4, 5] * 20}
            store.save({key: (SavedState(saved[key].version + 1, 1, body), held[key]) for key in keys})

        states = cpu(save)
        store.close()
        size = Path(folder, "store.db").stat().st_size / (6 * GROUPS)
    print(f"store of {GROUPS} groups in an SQLite file")
    print(
        f"  {GROUPS} decisions {decisions:.3f} s (bar: {BAR} s); by hand with sqlite3 {peer:.3f} s;"
        f" {size:.0f} bytes a decision\n"
        f"  of CPU: leases renewed {leases:.3f} s; states read and saved {states:.3f} s"
    )


def cpu(job: Callable[[], Any]) -> float:
    """Median seconds of CPU of five runs."""
    taken = []
    for _ in range(5):
        begin = time.process_time()
        job()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def write_by_hand(file: Path, records: list[DecisionRecord]) -> None:
    """The rows alone, in one transaction that is on the disk."""
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS decisions (fleet, name, at, outcome, size, reasons)")
    rows = [(each.key.fleet, each.key.group, str(each.at), each.outcome, each.size, str(REASON)) for each in records]
    with connection:
        connection.executemany("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
