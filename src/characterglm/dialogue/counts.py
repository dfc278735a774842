"""How much was said: counts for lists and for the corpus table (the paper, section 2).

Counted is the path to the leaf, what was really said; swipes and abandoned branches are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from characterglm.dialogue.schema import SpeakerRole, turns_of
from characterglm.dialogue.tables import DialogueRow, UtteranceRow


@dataclass(frozen=True, slots=True)
class DialogueInfo:
    """One line of a list of dialogues."""

    id: str
    title: str
    character: str
    character_version: int | None
    kind: str
    category: str
    source: str
    utterances: int
    """On the path to the leaf."""
    turns: int
    created: datetime
    touched: datetime


@dataclass(slots=True)
class Row:
    """One row of the corpus table."""

    group: str
    characters: int = 0
    dialogues: int = 0
    utterances: int = 0
    turns: int = 0

    @property
    def utterances_each(self) -> float:
        """Average utterances a dialogue."""
        return self.utterances / self.dialogues if self.dialogues else 0.0

    @property
    def turns_each(self) -> float:
        """Average turns a dialogue; the paper's corpus has 17.03."""
        return self.turns / self.dialogues if self.dialogues else 0.0

    def as_data(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        averages = {"utterances_each": self.utterances_each, "turns_each": self.turns_each}
        return asdict(self) | {name: round(value, 2) for name, value in averages.items()}


@dataclass(slots=True)
class Stats:
    """The corpus table: in all, by source, by category of the character."""

    total: Row = field(default_factory=lambda: Row("all"))
    by_source: list[Row] = field(default_factory=list)
    by_category: list[Row] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "total": self.total.as_data(),
            "by_source": [row.as_data() for row in self.by_source],
            "by_category": [row.as_data() for row in self.by_category],
        }


def infos(session: Session, rows: Sequence[DialogueRow]) -> list[DialogueInfo]:
    """The lines for some dialogues, with their counts."""
    some = _PARENTS.where(UtteranceRow.dialogue.in_([row.id for row in rows]))
    counted = _counts({row.id: row.leaf for row in rows}, session.execute(some))
    plain = [one.name for one in fields(DialogueInfo) if one.name not in Counts._fields]
    return [
        DialogueInfo(**{name: getattr(row, name) for name in plain}, **counted[row.id]._asdict())
        for row in rows
    ]


def corpus_stats(session: Session, character: str | None = None) -> Stats:
    """The corpus table over all dialogues, or over those of one character."""
    query = select(DialogueRow)
    if character is not None:
        query = query.where(DialogueRow.character == character)
    rows = session.scalars(query).all()
    counted = _counts({row.id: row.leaf for row in rows}, session.execute(_PARENTS))
    cells = [(row, counted[row.id]) for row in rows]
    total = _table(cells, lambda row: "all")
    return Stats(
        total=total[0] if total else Row("all"),
        by_source=_table(cells, lambda row: row.source),
        by_category=_table(cells, lambda row: row.category or "unknown"),
    )


class Counts(NamedTuple):
    """How long a dialogue is."""

    utterances: int
    turns: int


_PARENTS = select(
    UtteranceRow.dialogue, UtteranceRow.id, UtteranceRow.parent, UtteranceRow.speaker_role
)


def _counts(leaves: dict[str, str | None], rows: Iterable[Any]) -> dict[str, Counts]:
    """Utterances and turns on the path of each dialogue, from (dialogue, id, parent, role)."""
    trees: dict[str, dict[str, tuple[str | None, SpeakerRole]]] = {id_: {} for id_ in leaves}
    for dialogue, id_, parent, role in rows:
        if dialogue in trees:
            trees[dialogue][id_] = (parent, role)
    counted = {}
    for dialogue, current in leaves.items():
        roles: list[SpeakerRole] = []
        while current is not None:
            current, role = trees[dialogue][current]
            roles.append(role)
        counted[dialogue] = Counts(len(roles), turns_of(roles[::-1]))
    return counted


def _table(
    cells: Sequence[tuple[DialogueRow, Counts]], group_of: Callable[[DialogueRow], str]
) -> list[Row]:
    """Rows by group, the one with most dialogues first."""
    rows: dict[str, Row] = {}
    characters: dict[str, set[str]] = {}
    for dialogue, counts in cells:
        group = group_of(dialogue)
        row = rows.setdefault(group, Row(group))
        characters.setdefault(group, set()).add(dialogue.character)
        row.characters = len(characters[group])
        row.dialogues += 1
        row.utterances += counts.utterances
        row.turns += counts.turns
    return sorted(rows.values(), key=lambda row: (-row.dialogues, row.group))
