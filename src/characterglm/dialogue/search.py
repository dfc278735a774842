"""Finding utterances by a phrase, and showing it in its surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from characterglm.dialogue.tables import DialogueRow, UtteranceRow, utterance_search
from characterglm.store.fulltext import occurrences, phrase

AROUND = 30
"""Characters shown before and after the first occurrence."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One utterance that holds the phrase."""

    dialogue: str
    title: str
    character: str
    utterance: str
    speaker_role: str
    speaker_name: str
    created: datetime
    snippet: str
    """The surroundings of the first occurrence, on one line, `…` where text was left out."""
    marks: tuple[tuple[int, int], ...]
    """Where in the snippet the phrase stands: (start, end) of each occurrence."""

    def as_data(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self) | {"created": self.created.isoformat()}


def search(session: Session, query: str, character: str | None, limit: int) -> list[Hit]:
    """The latest utterances that hold the words of `query` side by side.

    Raises InputError if the query has no words.
    """
    wanted = phrase(query)
    found = utterance_search.matching(session, wanted).subquery()
    rows = (
        select(UtteranceRow, DialogueRow)
        .join(found, found.c.key == UtteranceRow.number)
        .join(DialogueRow, DialogueRow.id == UtteranceRow.dialogue)
        .order_by(found.c.key.desc())
        .limit(limit)
    )
    if character is not None:
        rows = rows.where(DialogueRow.character == character)
    return [_hit(utterance, dialogue, wanted) for utterance, dialogue in session.execute(rows)]


def _hit(row: UtteranceRow, dialogue: DialogueRow, wanted: Sequence[str]) -> Hit:
    text, marks = snippet(row.text, wanted)
    return Hit(
        dialogue.id,
        dialogue.title,
        dialogue.character,
        row.id,
        row.speaker_role,
        row.speaker_name,
        row.created,
        text,
        marks,
    )


def snippet(text: str, wanted: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The surroundings of the first occurrence of a phrase, and where in them it stands."""
    first = next(iter(occurrences(text, wanted)), (0, 0))
    start, end = max(0, first[0] - AROUND), min(len(text), first[1] + AROUND)
    head, tail = "…" if start else "", "…" if end < len(text) else ""
    shown = "".join(" " if letter.isspace() else letter for letter in text[start:end])
    marks = [(at + len(head), to + len(head)) for at, to in occurrences(shown, wanted)]
    return f"{head}{shown}{tail}", tuple(marks)
