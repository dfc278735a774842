"""What a written dialogue cannot hold: found by reading it back and comparing, never claimed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from characterglm.character.cards.report import Report
from characterglm.dialogue.schema import Dialogue, Speaker, Utterance

_OF_DIALOGUE = (
    *("id", "title", "character_version", "persona", "kind", "category"),
    *("source", "consent", "license", "created", "extensions"),
)
_OF_UTTERANCE = ("status", "origin", "generation", "feedback", "created", "extensions")
_BLANK = Dialogue(character="")
_SILENT = Utterance(speaker=Speaker(role="user"), text="")


def compare(dialogue: Dialogue, back: Dialogue, under: str, report: Report) -> None:
    """Report every part of a dialogue that reading it back does not find.

    A part that says nothing beyond its default cannot be lost, and neither can what the format
    itself keeps `under` its name in the extensions.
    """
    for name in _OF_DIALOGUE:
        mine, theirs = getattr(dialogue, name), getattr(back, name)
        _tell(name, [(mine, theirs)], getattr(_BLANK, name), under, report)
    path, found = dialogue.path(), back.path()
    for name in _OF_UTTERANCE:
        pairs = [(getattr(a, name), getattr(b, name)) for a, b in zip(path, found, strict=False)]
        _tell(f"utterances: {name}", pairs, getattr(_SILENT, name), under, report)
    names = [(a.speaker.name, b.speaker.name) for a, b in zip(path, found, strict=False)]
    _tell("names of speakers", names, "", under, report)
    said = [[(one.speaker.role, one.text) for one in each] for each in (path, found)]
    lines = zip_longest(said[0], said[1])
    _tell("utterances: text or role", lines, None, under, report)
    beside = len(dialogue.utterances) - len(path), len(back.utterances) - len(found)
    _tell("branches and other versions", [beside], 0, under, report)


def _tell(
    what: str, pairs: Iterable[tuple[Any, Any]], blank: Any, under: str, report: Report
) -> None:
    if any(_lost(mine, theirs, under) for mine, theirs in pairs if mine != blank):
        report.add("lost", what, why="the format has no place for it")


def _lost(mine: Any, theirs: Any, under: str) -> bool:
    if not isinstance(mine, dict):
        return bool(mine != theirs)
    others = theirs if isinstance(theirs, dict) else {}
    return any(others.get(key) != value for key, value in mine.items() if key != under)
