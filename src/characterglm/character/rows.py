"""What the repositories of this room share: inserting a row only if its key is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from characterglm.character.schema import MAX_ID
from characterglm.store.base import Base

INSERT: dict[str, Callable[..., Any]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}
"""Both know ON CONFLICT, in the same words: one statement that no other process comes between."""


def insert_new(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert a row unless its key is taken; whether it was inserted."""
    insert = INSERT[session.get_bind().dialect.name]
    key = table.__table__.primary_key
    statement = insert(table).values(**values).on_conflict_do_nothing().returning(*key)
    return session.connection().execute(statement).first() is not None


def candidates(wanted: str) -> Iterator[str]:
    """An id, then the same with a number behind it: name, name-2, name-3, … without end."""
    yield wanted
    for number in count(2):
        suffix = f"-{number}"
        yield wanted[: MAX_ID - len(suffix)].rstrip("-") + suffix
