"""Bringing a database to the newest schema; knows revisions, not tables.

To change the schema, add `migrations/versions/NNNN_what.py` with the next free number (`0001_…`
shows the shape: `revision = "NNNN"`, `down_revision` the number before, `upgrade()` in `op.*`
calls, no models imported) and change the room's `tables.py` to match. Nothing is registered
anywhere: the file's number is the revision, the highest one is the head, and the tests compare the
migrated schema with every room's tables on both dialects. A migration that has been released is
never changed. Downgrades do not exist: the backup made beforehand is the way back.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from characterglm.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"
MIGRATION_BUSY_MS = 60_000
"""How long to wait for another process that is migrating."""
ADVISORY_LOCK = 0x43686172474C4D
"""PostgreSQL's lock that lets one process migrate at a time ("CharGLM")."""


@cache
def revisions() -> tuple[str, ...]:
    """The known revisions, oldest first; Alembic is not imported for it."""
    return tuple(sorted(file.name[:4] for file in (FOLDER / "versions").glob("[0-9]*_*.py")))


def to_head(engine: Engine, name: str) -> None:
    """Migrate to the newest revision if need be; safe when several processes do so at once.

    Raises StoreError if the schema is newer than this version or the database is somebody else's.
    """
    with engine.execution_options(reading=True).connect() as connection:
        if _revision(connection, name) == revisions()[-1]:
            return
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            _migrate_sqlite(connection, name)
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            _upgrade(connection, name)
            connection.commit()


def _revision(connection: Connection, name: str) -> str | None:
    """The revision a database is at, None for an empty one."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        if connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
            raise StoreError(f"the database {name} belongs to another program; choose another file")
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in revisions():
        raise StoreError(
            f"the database {name} has schema {found}, this version knows up to {revisions()[-1]}; "
            "update: pip install --upgrade characterglm"
        )
    return found


def _migrate_sqlite(connection: Connection, name: str) -> None:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    connection.detach()  # what is set here must not go back to the pool
    raw.execute(f"PRAGMA busy_timeout={MIGRATION_BUSY_MS}")
    # Rebuilding a table drops it, which would delete the rows that refer to it.
    raw.execute("PRAGMA foreign_keys=OFF")
    _upgrade(connection, name)
    if raw.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError(
            f"the database {name} was not migrated: rows would lose what they refer to"
        )
    connection.commit()


def _upgrade(connection: Connection, name: str) -> None:
    """Migrate inside the connection's transaction, which excludes every other migrator."""
    connection.execute(text("SELECT 1"))  # begins the transaction: only now may we look
    current = _revision(connection, name)
    if current == revisions()[-1]:
        return
    if current is not None and connection.dialect.name == "sqlite":
        _back_up(Path(str(connection.engine.url.database)), current)

    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _back_up(database: Path, revision: str) -> Path:
    """Copy a database that others may be reading to `NAME.REVISION.TIME.bak` beside it.

    Raises StoreError, and leaves nothing, where that fails.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    copy = database.with_name(f"{database.name}.{revision}.{stamp}.bak")
    try:
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException as error:
        copy.unlink(missing_ok=True)  # half a backup would be trusted one day
        if isinstance(error, sqlite3.Error):
            raise StoreError(
                f"the database {database} was not migrated, for its backup {copy.name} cannot be "
                f"written ({error}); free some space, or make {database.parent} writable"
            ) from None
        raise
    return copy
