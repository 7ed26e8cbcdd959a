"""The schema: migrations make what the tables say, once, beside whatever is there already."""

import multiprocessing
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.store.world import kept, open_and_add, opened
from trimtab.errors import StoreUnavailable
from trimtab.store import open_store, schema
from trimtab.store.tables import METADATA


def ask(url, *statements):
    """Run statements as another program of this database."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        results = [connection.exec_driver_sql(statement) for statement in statements]
        rows = results[-1].all() if results[-1].returns_rows else None
    engine.dispose()
    return rows


def test_migrated_it_has_the_tables_of_the_code(lasting_url):
    with opened(lasting_url) as store:

        def differences(connection):
            options = {"version_table": schema.VERSION_TABLE, "compare_type": True, "compare_server_default": True}
            return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)

        assert store._database.read(differences) == []
        METADATA.tables["trimtab_ticks"].append_column(extra := sa.Column("extra", sa.Text))
        try:
            assert store._database.read(differences) != []
        finally:
            METADATA.tables["trimtab_ticks"]._columns.remove(extra)


def test_names_are_sorted_as_python_sorts_them(postgresql):
    """Rows are locked in that order; a language's own order differs."""
    with postgresql.database() as url, opened(url) as store:
        query = "SELECT DISTINCT collation_name FROM information_schema.columns WHERE column_name = 'group_name'"
        assert store._database.read(lambda connection: connection.exec_driver_sql(query).all()) == [("C",)]


def test_the_newest_migration_is_the_one_that_the_code_knows():
    scripts = ScriptDirectory(str(schema.MIGRATIONS))
    assert scripts.get_heads() == [schema.HEAD]


def test_every_table_is_ours_by_name(lasting_url):
    with opened(lasting_url) as store:
        names = store._database.read(lambda connection: sa.inspect(connection).get_table_names())
    assert {"trimtab_leases", "trimtab_alembic_version"} <= set(names)
    assert all(name.startswith("trimtab_") for name in names)


def test_it_lives_beside_somebody_elses_tables(lasting_url):
    ask(
        lasting_url,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('feedbeef')",
        "CREATE TABLE leases (id INTEGER)",
    )
    with opened(lasting_url) as store:
        store.add_decisions([kept()])
    with opened(lasting_url) as store:
        assert len(store.decisions()) == 1
    assert ask(lasting_url, "SELECT version_num FROM alembic_version") == [("feedbeef",)]


def test_a_schema_of_a_newer_trimtab_is_left_alone(lasting_url):
    with opened(lasting_url):
        pass
    ask(lasting_url, "UPDATE trimtab_alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="schema 9999 of a newer trimtab, this one knows 0002: upgrade trimtab"):
        open_store(lasting_url)
    assert ask(lasting_url, "SELECT version_num FROM trimtab_alembic_version") == [("9999",)]


def test_a_migration_that_fails_leaves_nothing(lasting_url):
    """And is done whole with the next opening."""
    ask(lasting_url, "CREATE TABLE trimtab_ticks (x INTEGER)")
    with pytest.raises(StoreUnavailable, match="already exists"), opened(lasting_url):
        pass
    ask(lasting_url, "DROP TABLE trimtab_ticks")
    with opened(lasting_url) as store:
        assert store.last_tick("shop", "aws") is None


def test_threads_open_it_at_once(lasting_url):
    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=open_and_add, args=(lasting_url, barrier)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with opened(lasting_url) as store:
        assert len(store.decisions()) == 4


def test_processes_open_it_at_once(lasting_url):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    processes = [context.Process(target=open_and_add, args=(lasting_url, barrier)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with opened(lasting_url) as store:
        assert len(store.decisions()) == 3
