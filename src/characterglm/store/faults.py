"""What a database driver's error means to a user; knows nothing about tables or sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from characterglm.errors import StoreError

BUSY_SECONDS = 5
"""How long a session waits for another process to finish writing."""

_SQLITE = {
    "SQLITE_NOTADB": "the file is not a SQLite database; choose another file or move it away",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup (files ending in .bak lie beside it) "
    "or try `sqlite3 FILE .recover`",
    "SQLITE_FULL": "the disk is full; free some space and try again (nothing saved was changed)",
    "SQLITE_BUSY": f"another program has kept it locked for {BUSY_SECONDS} seconds; close that "
    "program or try again",
    "SQLITE_LOCKED": "another session of this program keeps it locked; try again",
    "SQLITE_READONLY": "it cannot be written; make the file and its folder writable",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the path is a file in a folder that can "
    "be read and written",
    "SQLITE_PERM": "access is denied; check who owns the file",
    "SQLITE_AUTH": "access is denied; check who owns the file",
    "SQLITE_IOERR": "reading or writing it failed; check the disk",
    "SQLITE_TOOBIG": "a text is larger than SQLite can hold; shorten it",
}


def _sqlite_reason(error: sqlite3.Error) -> str | None:
    # Extended codes carry the plain one in front: SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE, …
    name = "_".join((getattr(error, "sqlite_errorname", None) or "").split("_")[:2])
    return _SQLITE.get(name)


def reason(error: DBAPIError) -> str | None:
    """What to tell the user, or None where the error is a bug (a wrong statement, say)."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _sqlite_reason(cause)
    if isinstance(error, OperationalError) or error.connection_invalidated:
        said = " ".join(str(cause).split()) or type(cause).__name__
        return f"the server does not answer as it should: {said}"
    return None


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn a driver's error into a `StoreError` about the database `name`; let bugs pass."""
    try:
        yield
    except DBAPIError as error:
        why = reason(error)
        if why is None:
            raise
        raise StoreError(f"the database {name}: {why}") from error
