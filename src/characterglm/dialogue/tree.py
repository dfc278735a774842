"""Whether the utterances of a dialogue form a tree, and a copy of one under new ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from characterglm.dialogue.schema import Dialogue, Utterance
from characterglm.errors import Problem
from characterglm.store.ids import new_id

LONGEST_ID = 64


def problems(dialogue: Dialogue) -> list[Problem]:
    """Everything that keeps a dialogue from being a tree; empty for a sound one."""
    ids = Counter(utterance.id for utterance in dialogue.utterances)
    found = [
        Problem(f"an id is 1 to {LONGEST_ID} letters, digits or signs, not {value!r:.80}", "id")
        for value in (dialogue.id, *ids)
        if not 1 <= len(value) <= LONGEST_ID or not value.isprintable() or " " in value
    ]
    found += [Problem(f"{id_} is there {n} times", "utterances") for id_, n in ids.items() if n > 1]
    found += [
        Problem(f"{utterance.id} answers {utterance.parent}, which is not there", "utterances")
        for utterance in dialogue.utterances
        if utterance.parent is not None and utterance.parent not in ids
    ]
    if dialogue.leaf is not None and dialogue.leaf not in ids:
        found.append(Problem(f"{dialogue.leaf} is not there", "leaf"))
    return found or list(_rings(dialogue.utterances))


def _rings(utterances: list[Utterance]) -> Iterator[Problem]:
    """One problem if following parents ever comes round again."""
    parents = {utterance.id: utterance.parent for utterance in utterances}
    rooted: set[str | None] = {None}
    for start in parents:
        walked: dict[str | None, None] = {}
        current: str | None = start
        while current not in rooted:
            if current in walked:
                yield Problem(f"{current} answers itself in the end", "utterances")
                return
            walked[current] = None
            current = parents[current] if current is not None else None
        rooted |= set(walked)


def renewed(dialogue: Dialogue) -> Dialogue:
    """The same dialogue under new ids, its own and its utterances'."""
    ids = {utterance.id: new_id() for utterance in dialogue.utterances}
    utterances = [
        utterance.model_copy(
            update={
                "id": ids[utterance.id],
                "parent": ids[utterance.parent] if utterance.parent else None,
                "extensions": _renewed_references(utterance, ids),
            }
        )
        for utterance in dialogue.utterances
    ]
    leaf = ids[dialogue.leaf] if dialogue.leaf else None
    return dialogue.model_copy(update={"id": new_id(), "utterances": utterances, "leaf": leaf})


def _renewed_references(utterance: Utterance, ids: dict[str, str]) -> dict[str, Any]:
    """The extensions of an utterance; one that names another utterance, as `edit_of` does,
    follows it.
    """
    return {
        key: ids.get(value, value) if isinstance(value, str) else value
        for key, value in utterance.extensions.items()
    }
