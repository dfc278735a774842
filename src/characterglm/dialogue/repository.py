"""Dialogues in the database: every change is committed at once, and nothing said is overwritten.

An utterance is added and may grow while it streams; only deleting a whole dialogue removes text.
Several processes may write at the same time. Knows characters by id only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from characterglm.character import Persona
from characterglm.dialogue import search as searching
from characterglm.dialogue import tree
from characterglm.dialogue.counts import DialogueInfo, Stats, corpus_stats, infos
from characterglm.dialogue.rows import dialogue_values, to_dialogue, to_utterance, utterance_values
from characterglm.dialogue.schema import Dialogue, Feedback, Utterance, now
from characterglm.dialogue.search import Hit
from characterglm.dialogue.tables import DialogueRow, UtteranceRow, utterance_search
from characterglm.errors import InputError, NotFound, ValidationFailed
from characterglm.store import Store
from characterglm.store.base import storable

MOST_PARAMETERS = 10_000
"""Values in one statement, well below what SQLite and PostgreSQL allow."""
HINT = "characterglm dialogue list shows them"

Hits = list[Hit]
Ids = list[str]


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of dialogues that were put in together."""

    added: int
    known: int
    """Left out, because the very same dialogue was there already."""
    renewed: int
    """Of those added: under new ids, because another dialogue had theirs."""


class Dialogues:
    """The dialogues of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, dialogue: Dialogue) -> Dialogue:
        """Keep a new dialogue, with what it holds already.

        Raises ValidationFailed if its utterances form no tree, InputError if an id is taken.
        """
        _check(dialogue)
        with self._store.session() as session:
            if _taken(session, dialogue):
                raise InputError(
                    f"dialogue {dialogue.id}, or one of its utterances, exists already"
                )
            _insert(session, dialogue)
        return dialogue

    def merge(self, dialogues: Iterable[Dialogue]) -> Merged:
        """Keep many dialogues or, on any error, none; what is there already stays as it is.

        They are made, checked and compared before the transaction begins: on SQLite nobody else
        can write while it lasts, a chat that goes on meanwhile included.
        """
        given = [*dialogues]
        for dialogue in given:
            _check(dialogue)
        with self._store.reading() as session:
            new = [dialogue for dialogue in given if _stored(session, dialogue.id) != dialogue]
        added = renewed = 0
        with self._store.session() as session:
            for dialogue in new:
                if _taken(session, dialogue):
                    if _stored(session, dialogue.id) == dialogue:  # twice among those given
                        continue
                    renewed += 1
                    dialogue = tree.renewed(dialogue)
                added += 1
                _insert(session, dialogue)
        return Merged(added, len(given) - added, renewed)

    def get(self, key: str) -> Dialogue:
        """The dialogue with this id, or the only one whose id begins with it; the whole tree."""
        with self._store.reading() as session:
            dialogue = _stored(session, _resolve(session, key))
        assert dialogue is not None
        return dialogue

    def ids(self, character: str | None = None) -> Ids:
        """The ids of all dialogues, oldest first; of those with one character if it is given."""
        query = select(DialogueRow.id).order_by(DialogueRow.created, DialogueRow.id)
        if character is not None:
            query = query.where(DialogueRow.character == character)
        with self._store.reading() as session:
            return [*session.scalars(query)]

    def add(self, dialogue_id: str, utterance: Utterance) -> None:
        """Add an utterance and move the leaf to it.

        Raises NotFound without such a dialogue, InputError if the utterance it answers is in
        another one or its id is taken.
        """
        with self._store.session() as session:
            _set(session, dialogue_id, leaf=utterance.id)
            if utterance.parent is not None:
                _must_hold(session, dialogue_id, utterance.parent)
            if _any_stored(session, [utterance]):
                raise InputError(f"utterance {utterance.id} exists already")
            _insert_utterances(session, dialogue_id, [utterance])

    def update(self, utterance: Utterance) -> None:
        """Write text, status, origin and generation of an utterance that exists.

        For the checkpoints of a stream and its end; never moves it in the tree. A text that is
        complete may grow (a reply continued), not change: what would change it is a sibling.
        Raises NotFound, and ValueError for such a change.
        """
        values = utterance.model_dump(include={"text", "status", "origin"})
        values["generation"] = utterance.generation and utterance.generation.model_dump()
        with self._store.session() as session:
            query = select(UtteranceRow).where(UtteranceRow.id == utterance.id)
            row = session.scalar(query.with_for_update())
            if row is None:
                raise NotFound("utterance", utterance.id)
            text = storable(utterance.text)
            if row.status == "complete" and not text.startswith(row.text):
                raise ValueError(f"utterance {row.id} is complete: add a sibling instead")
            was_indexed = row.status != "streaming" and row.text == text
            for name, value in values.items():
                setattr(row, name, value)
            if utterance.status != "streaming" and not was_indexed:
                utterance_search.put(session, {row.number: text})

    def set_feedback(self, utterance_id: str, feedback: Feedback | None) -> None:
        """Keep what a person thinks of an utterance; nothing else of it is touched.

        Raises NotFound.
        """
        values = {"feedback": feedback and feedback.model_dump()}
        query = update(UtteranceRow).where(UtteranceRow.id == utterance_id).values(values)
        with self._store.session() as session:
            if session.execute(query.returning(UtteranceRow.id)).first() is None:
                raise NotFound("utterance", utterance_id)

    def set_leaf(self, dialogue_id: str, leaf: str | None) -> None:
        """Say where the talk stands; None for before its beginning."""
        with self._store.session() as session:
            _set(session, dialogue_id, leaf=leaf)
            if leaf is not None:
                _must_hold(session, dialogue_id, leaf)

    def set_persona(self, dialogue_id: str, persona: Persona) -> None:
        """Say who the user is from now on."""
        with self._store.session() as session:
            _set(session, dialogue_id, persona=persona.model_dump())

    def rename(self, dialogue_id: str, title: str) -> None:
        """Give a dialogue a title."""
        with self._store.session() as session:
            _set(session, dialogue_id, title=title)

    def withdraw(self, dialogue_id: str, at: datetime | None = None) -> datetime:
        """Keep that consent was withdrawn, and when; an earlier withdrawal stands."""
        with self._store.session() as session:
            _set(session, dialogue_id)
            row = session.get_one(DialogueRow, dialogue_id)
            row.consent_withdrawn = row.consent_withdrawn or at or now()
            return row.consent_withdrawn

    def list(self, character: str | None = None, limit: int | None = 20) -> list[DialogueInfo]:
        """What there is, the latest touched first."""
        query = select(DialogueRow).order_by(DialogueRow.touched.desc(), DialogueRow.id.desc())
        if character is not None:
            query = query.where(DialogueRow.character == character)
        with self._store.reading() as session:
            return infos(session, session.scalars(query.limit(limit)).all())

    def stats(self, character: str | None = None) -> Stats:
        """Counts over what was said, as the paper's table of sources (section 2) has them."""
        with self._store.reading() as session:
            return corpus_stats(session, character)

    def search(self, query: str, character: str | None = None, limit: int = 20) -> Hits:
        """Utterances that hold a phrase, the latest first; see `store.fulltext`."""
        with self._store.reading() as session:
            return searching.search(session, query, character, limit)

    def delete(self, dialogue_id: str) -> None:
        """Remove a dialogue and everything that was said in it."""
        mine = select(UtteranceRow.number).where(UtteranceRow.dialogue == dialogue_id)
        with self._store.session() as session:
            utterance_search.remove(session, mine)
            gone = delete(DialogueRow).where(DialogueRow.id == dialogue_id)
            if session.execute(gone.returning(DialogueRow.id)).first() is None:
                raise NotFound("dialogue", dialogue_id, hint=HINT)

    def recover(self, dialogue_id: str | None = None) -> int:
        """Mark replies that a killed process left `streaming` as `interrupted`; how many.

        Where such a reply has no text yet, the talk stands again at what it was to answer. Only
        where no other process may be streaming: one dialogue, or all when a server starts.
        """
        left = select(UtteranceRow).where(UtteranceRow.status == "streaming")
        if dialogue_id is not None:
            left = left.where(UtteranceRow.dialogue == dialogue_id)
        with self._store.session() as session:
            rows = session.scalars(left).all()
            for row in rows:
                row.status = "interrupted"
                if not row.text:
                    _step_back(session, row)
            utterance_search.put(session, {row.number: row.text for row in rows})
            return len(rows)


def _step_back(session: Session, row: UtteranceRow) -> None:
    """Move a leaf from an utterance to what it answers."""
    query = update(DialogueRow).where(DialogueRow.leaf == row.id)
    session.execute(query.values(leaf=row.parent))


def _check(dialogue: Dialogue) -> None:
    wrong = tree.problems(dialogue)
    if wrong:
        raise ValidationFailed(f"dialogue {dialogue.id}", wrong)


def _insert(session: Session, dialogue: Dialogue) -> None:
    session.execute(insert(DialogueRow).values(dialogue_values(dialogue)))
    _insert_utterances(session, dialogue.id, dialogue.utterances)


def _insert_utterances(session: Session, dialogue_id: str, utterances: list[Utterance]) -> None:
    if not utterances:
        return
    rows = [utterance_values(dialogue_id, utterance) for utterance in utterances]
    # In the order given, so that numbers, and with them `get`, keep the order of the list.
    query = insert(UtteranceRow).returning(UtteranceRow.number, sort_by_parameter_order=True)
    numbers = session.scalars(query, rows).all()
    said = zip(numbers, utterances, strict=True)
    texts = {number: one.text for number, one in said if one.status != "streaming"}
    utterance_search.put(session, texts)


def _stored(session: Session, dialogue_id: str) -> Dialogue | None:
    row = session.get(DialogueRow, dialogue_id)
    if row is None:
        return None
    query = (
        select(UtteranceRow)
        .where(UtteranceRow.dialogue == dialogue_id)
        .order_by(UtteranceRow.number)
    )
    return to_dialogue(row, [to_utterance(one) for one in session.scalars(query)])


def _resolve(session: Session, key: str) -> str:
    if session.get(DialogueRow, key) is not None:
        return key
    query = select(DialogueRow.id).where(DialogueRow.id.startswith(key, autoescape=True))
    found = session.scalars(query.order_by(DialogueRow.id).limit(4)).all() if key else []
    if not found:
        raise NotFound("dialogue", key, hint=HINT)
    if len(found) > 1:
        raise InputError(f"several dialogues begin with {key}: {', '.join(found[:3])}, …")
    return found[0]


def _taken(session: Session, dialogue: Dialogue) -> bool:
    """Whether the id of a dialogue, or of one of its utterances, is in use."""
    return session.get(DialogueRow, dialogue.id) is not None or _any_stored(
        session, dialogue.utterances
    )


def _any_stored(session: Session, utterances: Sequence[Utterance]) -> bool:
    ids = [utterance.id for utterance in utterances]
    for start in range(0, len(ids), MOST_PARAMETERS):
        some = UtteranceRow.id.in_(ids[start : start + MOST_PARAMETERS])
        # No LIMIT: it would tempt PostgreSQL into reading the whole table for the one row.
        if session.scalars(select(UtteranceRow.number).where(some)).first() is not None:
            return True
    return False


def _must_hold(session: Session, dialogue_id: str, utterance_id: str) -> None:
    query = select(UtteranceRow.dialogue).where(UtteranceRow.id == utterance_id)
    if session.scalar(query) != dialogue_id:
        raise InputError(f"dialogue {dialogue_id} has no utterance {utterance_id}")


def _set(session: Session, dialogue_id: str, **values: object) -> None:
    """Change columns of a dialogue and mark it as touched."""
    query = update(DialogueRow).where(DialogueRow.id == dialogue_id)
    changed = session.execute(query.values(touched=now(), **values).returning(DialogueRow.id))
    if changed.first() is None:
        raise NotFound("dialogue", dialogue_id, hint=HINT)
