"""Migrations: they lead to the tables that the rooms declare, safely and without losing rows."""

from __future__ import annotations

import importlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

import characterglm
from characterglm.errors import StoreError
from characterglm.store import fulltext, migrate
from characterglm.store.base import Base
from characterglm.store.engine import Store, open_store

PACKAGE = Path(characterglm.__file__).parent


def import_every_table() -> None:
    for file in PACKAGE.glob("*/tables.py"):
        importlib.import_module(f"characterglm.{file.parent.name}.tables")


def test_migrations_lead_to_the_declared_tables(store: Store) -> None:
    import_every_table()
    assert "dialogue" in Base.metadata.tables
    options = {"include_name": lambda name, kind, _: kind != "table" or not fulltext.owns(name)}
    with store.session() as session:
        context = MigrationContext.configure(session.connection(), opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_file_numbers_are_alembics_revisions() -> None:
    script = ScriptDirectory(str(migrate.FOLDER))
    assert [step.revision for step in script.walk_revisions()][::-1] == list(migrate.revisions())


OPEN = "import sys; from characterglm.store.engine import open_store; open_store(sys.argv[1])"


def test_processes_opening_a_new_database_at_once(database_url: str) -> None:
    command = [sys.executable, "-c", OPEN, database_url]
    openers = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    said = [opener.communicate()[1].decode() for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * 4, said
    with open_store(database_url) as store, store.session() as session:
        rows = session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    assert rows == [migrate.revisions()[-1]]


def test_a_newer_schema_is_refused(database_url: str) -> None:
    with open_store(database_url) as store, store.session() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"has schema 9999, this version knows up to .* update"):
        open_store(database_url)


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as other:
        tables = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("bookmarks",)]


SECOND = '''"""Rebuild a table, as SQLite must for most changes."""
import sqlalchemy as sa
from alembic import op
revision = "{head}"
down_revision = "{before}"
def upgrade() -> None:
    with op.batch_alter_table("dialogue", recreate="always") as batch:
        batch.add_column(sa.Column("extra", sa.Text(), nullable=True))
    {then}
'''

ROWS = (
    "INSERT INTO dialogue VALUES ('d', '', 'c', 1, '{}', 'chit_chat', '', 'interaction', 'none', "
    "'', NULL, NULL, 'unknown', 'u', '2026-01-01 00:00:00', '2026-01-01 00:00:00', '{}')",
    "INSERT INTO utterance VALUES (1, 'u', 'd', NULL, 'user', '', '你好', 'complete', 'human', "
    "NULL, NULL, '2026-01-01 00:00:00', '{}')",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the migrations, to which a test may add one."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrate.FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "FOLDER", copy)
    yield copy
    migrate.revisions.cache_clear()


def add_migration(folder: Path, then: str = "pass") -> None:
    before = migrate.revisions()[-1]
    head = f"{int(before) + 1:04}"
    source = SECOND.format(head=head, before=before, then=then)
    (folder / "versions" / f"{head}_test.py").write_text(source)
    migrate.revisions.cache_clear()


def take_back(folder: Path) -> None:
    (folder / "versions" / f"{migrate.revisions()[-1]}_test.py").unlink()
    migrate.revisions.cache_clear()


def fill(url: str) -> None:
    with open_store(url) as store, store.session() as session:
        for statement in ROWS:
            session.execute(text(statement))


def utterances(url: str) -> list[str]:
    with open_store(url) as store, store.session() as session:
        return list(session.execute(text("SELECT text FROM utterance")).scalars())


def test_migrating_keeps_the_rows_and_a_backup(folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    before = migrate.revisions()[-1]
    fill(url)
    assert list(tmp_path.glob("*.bak")) == []
    add_migration(folder)
    assert utterances(url) == ["你好"]
    (backup,) = tmp_path.glob(f"test.db.{before}.*.bak")
    with closing(sqlite3.connect(backup)) as old:
        assert old.execute("SELECT version_num FROM alembic_version").fetchone() == (before,)
        assert old.execute("SELECT text FROM utterance").fetchone() == ("你好",)


def test_a_backup_that_fails_leaves_nothing_half_done(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    fill(url)
    add_migration(folder)
    connect = sqlite3.connect

    def full(file: str | Path, *args: Any, **more: Any) -> sqlite3.Connection:
        made = connect(file, *args, **more)
        if str(file).endswith(".bak"):
            made.execute("PRAGMA max_page_count=1")
        return made

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(StoreError, match=r"was not migrated.*full.*free some space"):
        open_store(url)
    monkeypatch.undo()
    assert list(tmp_path.glob("*.bak")) == []
    with closing(sqlite3.connect(tmp_path / "test.db")) as left:
        assert left.execute("SELECT text FROM utterance").fetchone() == ("你好",)


def test_a_migration_that_fails_changes_nothing(folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    fill(url)
    add_migration(folder, then="raise RuntimeError('no')")
    with pytest.raises(RuntimeError):
        open_store(url)
    take_back(folder)
    assert utterances(url) == ["你好"]


def test_a_migration_that_would_orphan_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'test.db'}"
    fill(url)
    add_migration(folder, then='op.execute("DELETE FROM dialogue")')
    with pytest.raises(StoreError, match="was not migrated"):
        open_store(url)
    take_back(folder)
    assert utterances(url) == ["你好"]
