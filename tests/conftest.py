"""What every test shares: an empty home, a store on each kind of database, real small models."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from sqlalchemy import make_url

from characterglm.models import registry
from characterglm.settings import settings
from characterglm.store.engine import Store, open_store

OUTSIDE_NAMES = ("HF_ENDPOINT", "MODELSCOPE_ENDPOINT", "OPENAI_API_KEY", "OPENAI_BASE_URL")
TEST_POSTGRES = os.environ.get("CHARACTERGLM_TEST_POSTGRES", "")
"""URL of a PostgreSQL server on which the tests may make and drop databases."""
REAL_HOME = settings().home
"""The user's own data directory, read before any test has one of its own: models are kept there."""
MODELS = {
    "small_model": "smollm2-135m",
    "chinese_model": "qwen2.5-coder-0.5b",
    "default_model": "qwen2.5-coder-1.5b",
}
"""Fixture → model; a test that uses one carries the mark `model`, and time enough to pull it."""


# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data directory, and no setting from outside."""
    for name in list(os.environ):
        if name.startswith("CHARACTERGLM_") or name in OUTSIDE_NAMES:
            monkeypatch.delenv(name)
    monkeypatch.setenv("CHARACTERGLM_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


def _postgres_program(name: str) -> str | None:
    """A server program; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a PostgreSQL server: the given one, or one of our own on a socket for this run."""
    pytest.importorskip("psycopg", reason='no psycopg: pip install "characterglm[postgres]"')
    if TEST_POSTGRES:
        yield TEST_POSTGRES
        return
    initdb, pg_ctl = _postgres_program("initdb"), _postgres_program("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("no PostgreSQL: install it or set CHARACTERGLM_TEST_POSTGRES to a URL")
    # The server refuses to run as root; and its socket's path must be short.
    as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    if as_postgres and subprocess.run(["id", "postgres"], capture_output=True).returncode:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if as_postgres:
        shutil.chown(folder, "postgres")
    data, control = folder / "data", [*as_postgres, pg_ctl, "-D", str(folder / "data")]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        run(
            *as_postgres,
            initdb,
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        )
        options = f"-c listen_addresses='' -k {folder} -F"
        run(*control, "-w", "-o", options, "-l", str(folder / "log"), "start")
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _new_database(server: str, template: str = "template0") -> Iterator[str]:
    """URL of a copy of a database on a PostgreSQL server, dropped afterwards."""
    import psycopg

    name = f"characterglm_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """URL of an empty PostgreSQL database."""
    with _new_database(postgres_server) as url:
        yield url


KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database at the newest schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database at the newest schema, to be copied."""
    with _new_database(postgres_server) as url:
        open_store(url).close()
        yield str(make_url(url).database)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store at the newest schema, on each kind of database in turn."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "store.db")
            url = f"sqlite:///{path}"
        else:
            server = request.getfixturevalue("postgres_server")
            template = request.getfixturevalue("migrated_database")
            url = stack.enter_context(_new_database(server, template))
        yield stack.enter_context(open_store(url))


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that need a real model."""
    if MODELS.keys() & set(getattr(item, "fixturenames", ())):
        item.add_marker("model")
        item.add_marker(pytest.mark.timeout(1800))


def _real_model(name: str) -> Path:
    """A model's file in the user's data directory, pulled once for all runs and workers.

    In a process of its own, since tests have neither that directory nor a network.
    """
    path = REAL_HOME / "models" / registry()[name].file.name
    if not path.exists():
        pulled = subprocess.run(
            [sys.executable, "-m", "characterglm", "model", "pull", name],
            env={**os.environ, "CHARACTERGLM_HOME": str(REAL_HOME)},
            capture_output=True,
            text=True,
        )
        if "error: " in pulled.stderr:
            pytest.skip(f"no model {name}: {pulled.stderr}")
        assert pulled.returncode == 0, pulled.stderr
    return path


@pytest.fixture(scope="session")
def small_model() -> Path:
    """The smallest model that really runs; English."""
    return _real_model(MODELS["small_model"])


@pytest.fixture(scope="session")
def chinese_model() -> Path:
    """A small model that knows Chinese."""
    return _real_model(MODELS["chinese_model"])


@pytest.fixture(scope="session")
def default_model() -> Path:
    """The model that users get."""
    return _real_model(MODELS["default_model"])
