"""Lorebooks that belong to no single character, and whom they are attached to.

Knows the database; nothing about files, and of characters only their ids.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from characterglm.character.info import LorebookInfo
from characterglm.character.lorebook import Lorebook
from characterglm.character.rows import candidates, insert_new
from characterglm.character.schema import slugify
from characterglm.character.tables import AttachmentRow, LorebookRow
from characterglm.errors import NotFound
from characterglm.store.engine import Store

_HINT = "characterglm character list --lorebooks shows them all"


class Shelf:
    """The lorebooks of one database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_lorebook(self, book: Lorebook, id: str | None = None) -> str:  # noqa: A002
        """Keep a lorebook under a free id, made from its name unless one is given."""
        document, now = book.model_dump(mode="json"), datetime.now(UTC)
        with self._store.session() as session:
            for book_id in candidates(id or slugify(book.name or "lorebook")):
                values = {"id": book_id, "name": book.name, "document": document, "created": now}
                if insert_new(session, LorebookRow, values):
                    break
        return book_id

    def get_lorebook(self, lorebook_id: str) -> Lorebook:
        """A lorebook by its id; NotFound with near ids."""
        with self._store.reading() as session:
            return Lorebook.model_validate(lorebook_row(session, lorebook_id).document)

    def delete_lorebook(self, lorebook_id: str) -> None:
        """Delete a lorebook and detach it from everyone."""
        with self._store.session() as session:
            session.delete(lorebook_row(session, lorebook_id))

    def list_lorebooks(self) -> list[LorebookInfo]:
        """Every lorebook, sorted by id, and whom it is attached to."""
        links = select(AttachmentRow).order_by(AttachmentRow.character_id)
        with self._store.reading() as session:
            rows = session.scalars(select(LorebookRow).order_by(LorebookRow.id)).all()
            users: dict[str, list[str]] = {row.id: [] for row in rows}
            for link in session.scalars(links):
                users[link.lorebook_id].append(link.character_id)
        return [
            LorebookInfo(row.id, row.name, len(row.document["entries"]), tuple(users[row.id]))
            for row in rows
        ]

    def lorebooks(self, character_id: str) -> list[Lorebook]:
        """The lorebooks attached to a character, in the order of their attachment."""
        query = (
            select(LorebookRow.document)
            .join(AttachmentRow, AttachmentRow.lorebook_id == LorebookRow.id)
            .where(AttachmentRow.character_id == character_id)
            .order_by(AttachmentRow.created, AttachmentRow.lorebook_id)
        )
        with self._store.reading() as session:
            return [Lorebook.model_validate(document) for document in session.scalars(query)]

    def detach(self, character_id: str, lorebook_id: str) -> None:
        """Take a lorebook away from a character; NotFound if it was not attached."""
        with self._store.session() as session:
            row = session.get(AttachmentRow, (character_id, lorebook_id))
            if row is None:
                raise NotFound("lorebook attached to", character_id, hint=_HINT)
            session.delete(row)


def lorebook_row(session: Session, lorebook_id: str) -> LorebookRow:
    """The row of a lorebook; NotFound with near ids."""
    row = session.get(LorebookRow, lorebook_id)
    if row is None:
        raise NotFound("lorebook", lorebook_id, session.scalars(select(LorebookRow.id)), _HINT)
    return row
