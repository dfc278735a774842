"""Opening the database: durability, what goes wrong, and what is said about it."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from characterglm import errors
from characterglm.errors import MissingExtra, StoreError
from characterglm.store.engine import Store, open_store


def sqlite_url(folder: Path, name: str = "test.db") -> str:
    return f"sqlite:///{folder / name}"


def test_default_is_sqlite_in_the_data_directory(home: Path) -> None:
    with open_store() as store:
        assert store.dialect == "sqlite"
        assert store.name == str(home / "characterglm.db")
    assert (home / "characterglm.db").is_file()


def test_sqlite_is_set_up_for_durability_and_references(tmp_path: Path) -> None:
    with open_store(sqlite_url(tmp_path)) as store, store.session() as session:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
        for name, value in wanted.items():
            assert session.execute(text(f"PRAGMA {name}")).scalar() == value


def test_session_commits_and_rolls_back(store: Store) -> None:
    with store.session() as session:
        session.execute(text("CREATE TABLE thing (name TEXT)"))
        session.execute(text("INSERT INTO thing VALUES ('kept')"))
    with pytest.raises(ZeroDivisionError), store.session() as session:
        session.execute(text("INSERT INTO thing VALUES ('lost')"))
        raise ZeroDivisionError
    with store.reading() as session:
        assert session.execute(text("SELECT name FROM thing")).scalars().all() == ["kept"]


def test_together_is_one_transaction(store: Store) -> None:
    count = text("SELECT count(*) FROM thing")
    with store.session() as session:
        session.execute(text("CREATE TABLE thing (name TEXT)"))

    def add() -> None:
        with store.together(), store.session() as session:
            session.execute(text("INSERT INTO thing VALUES ('x')"))

    def add_two() -> int:
        with store.together():
            add()
            add()
            with store.reading() as session:
                seen: int = session.scalar(count) or 0
            outside.append(ThreadPoolExecutor(1).submit(counted).result())
        return seen

    def counted() -> int:
        with store.reading() as session:
            return session.scalar(count) or 0

    outside: list[int] = []
    with pytest.raises(ZeroDivisionError), store.together():
        add()
        raise ZeroDivisionError
    assert counted() == 0
    assert add_two() == 2
    assert (outside, counted()) == ([0], 2)


def test_reading_sees_one_state_while_another_writes(store: Store) -> None:
    count = text("SELECT count(*) FROM thing")
    with store.session() as session:
        session.execute(text("CREATE TABLE thing (name TEXT)"))
    with store.reading() as reader:
        assert reader.execute(count).scalar() == 0
        with store.session() as writer:
            writer.execute(text("INSERT INTO thing VALUES ('new')"))
        assert reader.execute(count).scalar() == 0
    with store.reading() as reader:
        assert reader.execute(count).scalar() == 1


KILLED = """
import os, signal, sys
from sqlalchemy import text
from characterglm.store.engine import open_store
store = open_store(sys.argv[1])
with store.session() as session:
    session.execute(text("CREATE TABLE thing (name TEXT)"))
with store.session() as session:
    session.execute(text("INSERT INTO thing VALUES ('committed')"))
with store.session() as session:
    session.execute(text("INSERT INTO thing VALUES ('not committed')"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_loses_nothing_committed(database_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, database_url], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_store(database_url) as store, store.session() as session:
        assert session.execute(text("SELECT name FROM thing")).scalars().all() == ["committed"]
        if store.dialect == "sqlite":
            assert session.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_text("not a database, " * 100)
    with pytest.raises(StoreError, match=r"test\.db: the file is not a SQLite database"):
        open_store(sqlite_url(tmp_path))


def test_a_path_that_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"folder .* cannot be made: .*CHARACTERGLM_HOME"):
        open_store(sqlite_url(tmp_path / "file" / "deeper"))


def test_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    open_store(sqlite_url(tmp_path)).close()
    with (
        open_store(f"sqlite:///file:{tmp_path / 'test.db'}?mode=ro&uri=true") as store,
        pytest.raises(StoreError, match="cannot be written"),
        store.session() as session,
    ):
        session.execute(text("DELETE FROM dialogue"))


def test_a_locked_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("characterglm.store.engine.BUSY_SECONDS", 0.1)
    with (
        open_store(sqlite_url(tmp_path)) as store,
        closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(StoreError, match="another program has kept it locked"),
            store.session() as session,
        ):
            session.execute(text("DELETE FROM dialogue"))
        with store.reading() as session:
            assert session.execute(text("SELECT count(*) FROM dialogue")).scalar() == 0


def test_a_full_disk_keeps_what_was_saved(tmp_path: Path) -> None:
    with open_store(sqlite_url(tmp_path)) as store:
        with store.session() as session:
            session.execute(text("CREATE TABLE thing (data BLOB)"))
        with pytest.raises(StoreError, match="the disk is full"), store.session() as session:
            pages = session.execute(text("PRAGMA page_count")).scalar()
            session.execute(text(f"PRAGMA max_page_count={pages}"))
            session.execute(text("INSERT INTO thing VALUES (zeroblob(1000000))"))
        with store.reading() as session:
            assert session.execute(text("SELECT count(*) FROM thing")).scalar() == 0


def test_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError, match="does not answer") as caught:
        open_store(f"postgresql://me:secret@/nothing?host={tmp_path}")
    assert "secret" not in str(caught.value)


def test_postgresql_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr(errors.importlib, "import_module", missing)
    with pytest.raises(MissingExtra, match=r"characterglm\[postgres\]"):
        open_store("postgresql://nobody@localhost/nothing")


@pytest.mark.parametrize(
    "url",
    [
        *("mysql://me:secret@host/x", "me:secret", "sqlite://"),
        *("postgresql://me:secret@host:abc/x", "postgresql://me:secret", "sqlite:///caf\udce9.db"),
    ],
)
def test_urls_that_are_not_ours(url: str) -> None:
    with pytest.raises(StoreError, match="give sqlite:") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_sqlite_needs_no_postgresql_driver_and_no_alembic_at_head(tmp_path: Path) -> None:
    open_store(sqlite_url(tmp_path)).close()
    script = (
        "import sys; from characterglm.store.engine import open_store; open_store(sys.argv[1]); "
        "print(sorted({'alembic', 'psycopg'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script, sqlite_url(tmp_path)]
    assert subprocess.run(command, check=True, capture_output=True).stdout.strip() == b"[]"
