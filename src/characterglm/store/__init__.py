"""The database: engine, sessions, base class, full text, migrations; declares no table."""

from characterglm.store.engine import Store, open_store

__all__ = ["Store", "open_store"]
