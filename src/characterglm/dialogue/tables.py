"""The tables of dialogues and utterances; knows columns, not what is done with them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from characterglm.store.base import Base, Moment, Number, Words
from characterglm.store.fulltext import FullText

Json = JSON(none_as_null=True)

utterance_search = FullText("utterance_search")
"""The texts of utterances by `UtteranceRow.number`, once they are no longer streaming."""


class DialogueRow(Base):
    """One dialogue, without its utterances."""

    __tablename__ = "dialogue"

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    title: Mapped[str] = mapped_column(Words)
    character: Mapped[str] = mapped_column(Words, index=True)
    character_version: Mapped[int | None]
    persona: Mapped[dict[str, Any]] = mapped_column(Json)
    kind: Mapped[str] = mapped_column(Words)
    category: Mapped[str] = mapped_column(Words)
    source: Mapped[str] = mapped_column(Words)
    consent_scope: Mapped[str] = mapped_column(Words)
    consent_version: Mapped[str] = mapped_column(Words)
    consent_given: Mapped[datetime | None] = mapped_column(Moment)
    consent_withdrawn: Mapped[datetime | None] = mapped_column(Moment)
    license: Mapped[str] = mapped_column(Words)
    leaf: Mapped[str | None] = mapped_column(Words)
    created: Mapped[datetime] = mapped_column(Moment)
    touched: Mapped[datetime] = mapped_column(Moment, index=True)
    """When something was last said or chosen."""
    extensions: Mapped[dict[str, Any]] = mapped_column(Json)


class UtteranceRow(Base):
    """One utterance; its number follows the order of insertion."""

    __tablename__ = "utterance"
    __table_args__ = (Index(None, "dialogue", "number"),)

    number: Mapped[int] = mapped_column(Number, primary_key=True)
    id: Mapped[str] = mapped_column(Words, unique=True)
    dialogue: Mapped[str] = mapped_column(Words, ForeignKey("dialogue.id", ondelete="CASCADE"))
    parent: Mapped[str | None] = mapped_column(Words)
    speaker_role: Mapped[str] = mapped_column(Words)
    speaker_name: Mapped[str] = mapped_column(Words)
    text: Mapped[str] = mapped_column(Words)
    status: Mapped[str] = mapped_column(Words)
    origin: Mapped[str] = mapped_column(Words)
    generation: Mapped[dict[str, Any] | None] = mapped_column(Json)
    feedback: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created: Mapped[datetime] = mapped_column(Moment)
    extensions: Mapped[dict[str, Any]] = mapped_column(Json)
