"""The database: engine, sessions, base class, full text, migrations; declares no table.

Start at `characterglm.store.engine.open_store`. Nothing is imported here, so that `store.ids` can
be used without a database library.
"""
