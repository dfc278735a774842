"""The tables of characters and lorebooks; knows columns, not what is done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from characterglm.store.base import Base, Moment, Words


class CharacterRow(Base):
    """A stored character: what lists show of it, and which version is the latest."""

    __tablename__ = "character"

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(Words, index=True)
    language: Mapped[str] = mapped_column(Words)
    category: Mapped[str] = mapped_column(Words)
    tags: Mapped[list[str]] = mapped_column(JSON)
    summary: Mapped[str] = mapped_column(Words)
    created: Mapped[datetime] = mapped_column(Moment)
    updated: Mapped[datetime] = mapped_column(Moment)


class VersionRow(Base):
    """A character as it was saved once; never changed."""

    __tablename__ = "character_version"

    character_id: Mapped[str] = mapped_column(
        Words, ForeignKey("character.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Words)
    created: Mapped[datetime] = mapped_column(Moment)


class DeletedRow(Base):
    """A character that was deleted, so that no version of another one is ever taken for its own."""

    __tablename__ = "character_deleted"

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    version: Mapped[int]
    """The highest that it had."""


class LorebookRow(Base):
    """A lorebook that belongs to no single character."""

    __tablename__ = "lorebook"

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    name: Mapped[str] = mapped_column(Words)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[datetime] = mapped_column(Moment)


class AttachmentRow(Base):
    """A lorebook attached to a character, which may be a built-in one and so have no row."""

    __tablename__ = "character_lorebook"

    character_id: Mapped[str] = mapped_column(Words, primary_key=True)
    lorebook_id: Mapped[str] = mapped_column(
        Words, ForeignKey("lorebook.id", ondelete="CASCADE"), primary_key=True
    )
    created: Mapped[datetime] = mapped_column(Moment)
