"""The store: what a controller must not forget, in SQLite or PostgreSQL."""

from trimtab.store.opening import DEFAULT_RETENTION, open_store

__all__ = ["DEFAULT_RETENTION", "open_store"]
