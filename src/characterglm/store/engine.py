"""Opening the database and its sessions; knows no table and no room.

SQLite runs in WAL mode with `synchronous=FULL`: what was committed survives a killed process and a
power cut alike, for one disk flush a commit. PostgreSQL is reached through psycopg 3.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from characterglm.errors import StoreError, require
from characterglm.settings import settings
from characterglm.store import migrate
from characterglm.store.faults import BUSY_SECONDS, translated


class _Joint(threading.local):
    """The session that this thread's others join, if any."""

    session: Session | None = None


class Store:
    """An open database; threads may share it, each in sessions of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.url = engine.url.render_as_string(hide_password=False)
        """The URL, password included, with which another process opens the same database."""
        self.name = shown(engine.url)
        """What a person calls it: the file, or the URL without its password."""
        self.dialect = engine.dialect.name
        """`sqlite` or `postgresql`."""
        self._joint = _Joint()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction: commits at the end, rolls back on an error.

        Inside of `together` it is a part of that transaction. On SQLite its first statement takes
        the write lock (waiting up to 5 s), so that what it reads cannot change before it writes.
        Raises StoreError when the database cannot be used.
        """
        if self._joint.session is not None:
            yield self._joint.session
            return
        with (
            translated(self.name),
            Session(self._engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all sessions that this thread opens inside: all, or nothing."""
        with self.session() as session:
            before, self._joint.session = self._joint.session, session
            try:
                yield
            finally:
                self._joint.session = before

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads one unchanging state; never waits for a writer.

        Inside of `together` it reads what was written there so far.
        """
        if self._joint.session is not None:
            yield self._joint.session
            return
        engine = self._engine.execution_options(**_READING[self.dialect])
        with translated(self.name), Session(engine) as session:
            yield session

    def close(self) -> None:
        """Close every connection; the store is not used afterwards."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_READING: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


def open_store(url: str | None = None) -> Store:
    """Open the database at a SQLAlchemy URL (default: the settings'), at the newest schema.

    Creates what is missing. Raises StoreError if it cannot be used, with what to do about it, and
    MissingExtra for PostgreSQL without its driver.
    """
    target = _parse(url or settings().database_url)
    engine = _MAKERS[target.get_backend_name()](target)
    store = Store(engine)
    try:
        with translated(store.name):
            migrate.to_head(engine, store.name)
    except BaseException:
        store.close()
        raise
    return store


def shown(url: URL) -> str:
    """A database's name in messages: a file's path, else the URL without its password."""
    if url.get_backend_name() == "sqlite" and url.database:
        return url.database
    return url.render_as_string(hide_password=True)


def _parse(text: str) -> URL:
    try:
        text.encode()  # a folder's name may be no UTF-8, which a URL has to be
        url = make_url(text)
    except (ArgumentError, ValueError):  # ValueError: that, or a port that is no number
        # The text may hold a password, so it is not repeated.
        raise StoreError(f"the database URL cannot be read; {_SHAPES}") from None
    if url.get_backend_name() not in _MAKERS:
        raise StoreError(f"a database of kind '{url.drivername}' is not supported; {_SHAPES}")
    return url


_SHAPES = "give sqlite:////folder/file.db or postgresql://user@host/name"


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError(f"a SQLite database needs a file; {_SHAPES}")
    if not url.database.startswith("file:"):
        _make_folder(Path(url.database).parent)
    # isolation_level None: the driver begins no transaction of its own, `_begin` does.
    connect = {"timeout": BUSY_SECONDS, "isolation_level": None}
    engine = create_engine(url, connect_args=connect)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the database's folder {folder} cannot be made: {error.strerror}; set "
            "CHARACTERGLM_HOME to a folder that can be written"
        ) from None


def _configure(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")
    # Entering WAL mode needs the file for itself and does not wait for its turn: wait here.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    require("psycopg", what="a PostgreSQL database", extra="postgres")
    # prepare_threshold None: a statement prepared while a table was empty would keep its plan, to
    # read the whole table, however much is imported.
    connect = {"connect_timeout": BUSY_SECONDS, "prepare_threshold": None}
    driver = url.set(drivername="postgresql+psycopg")
    return create_engine(driver, pool_pre_ping=True, connect_args=connect)


_MAKERS = {"sqlite": _sqlite, "postgresql": _postgresql}
