"""Messages as chat templates want them, and how a dialogue is folded where they want less.

Knows roles and what stands in one message; nothing about Jinja or markers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from characterglm.prompt.formats.names import shown
from characterglm.prompt.script import Script
from characterglm.prompt.types import Role, Segment
from characterglm.prompt.wording import wording

Ability = Literal["system", "notes", "greeting", "runs"]

ABILITIES: dict[Ability, str] = {
    "system": "no system message: its text is a user message at the beginning",
    "notes": "no system message later on: notes stand in the user message that follows",
    "greeting": "no reply before the first user message: a greeting is told in that message",
    "runs": "no two messages of one role in a row: they are joined",
}
"""What a template may be able to do; for each, what is done where it is not."""

_GAP = Segment("\n\n", "format")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a message that the template must write as it is."""

    segment: Segment
    line: int | None
    """Index of the script's line it belongs to; None for the front."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a chat template."""

    role: Role
    pieces: tuple[Piece, ...]
    caption: tuple[Piece, ...] = ()
    """Who speaks, for the case that the message is folded into another's."""


def turns_of(script: Script) -> list[Turn]:
    """The script as messages, one a line, with the front as the first."""
    turns = []
    if script.front:
        blocks = [(Segment(block.text, block.part),) for block in script.front]
        turns.append(Turn("system", _spaced([tuple(Piece(s, None) for s in b) for b in blocks])))
    pattern = wording(script.cast.language).frame.line
    for index, line in enumerate(script.lines):
        text = Segment(line.text, line.part, line.speaker, trained=line.trained)
        pieces = tuple(Piece(one, index) for one in (*shown(line, script.cast), text))
        caption: tuple[Piece, ...] = ()
        if line.role == "assistant" and line.name:
            caption = (Piece(Segment(pattern.format(name=line.name, text=""), "format"), index),)
        turns.append(Turn(line.role, pieces, caption))
    return turns


def arrange(turns: Sequence[Turn], able: frozenset[Ability]) -> list[Turn]:
    """The messages with what a template is not able to do folded into user messages."""
    arranged: list[Turn] = []
    folded_last = False
    for index, turn in enumerate(turns):
        folded = _folds(turn, index, arranged, able)
        turn = _fold(turn) if folded else turn
        same = bool(arranged) and arranged[-1].role == turn.role != "system"
        if same and (folded or folded_last or "runs" not in able):
            turn = Turn(turn.role, _spaced([arranged.pop().pieces, turn.pieces]))
        arranged.append(turn)
        folded_last = folded or (folded_last and same)
    return arranged


def _folds(turn: Turn, index: int, before: Sequence[Turn], able: frozenset[Ability]) -> bool:
    """Whether a message must become part of a user message."""
    if turn.role == "system":
        front = index == 0 and turn.pieces[0].line is None
        return ("system" if front else "notes") not in able
    begins = not any(one.role == "user" for one in before)
    return turn.role == "assistant" and begins and "greeting" not in able


def _fold(turn: Turn) -> Turn:
    """The message as part of a user message; nobody is to learn to write it there."""
    told = (replace(one, segment=replace(one.segment, trained=False)) for one in turn.pieces)
    return Turn("user", (*turn.caption, *told))


def _spaced(groups: Sequence[tuple[Piece, ...]]) -> tuple[Piece, ...]:
    """Groups of pieces with an empty line between them."""
    pieces = list(groups[0])
    for group in groups[1:]:
        pieces.extend([Piece(_GAP, group[0].line), *group])
    return tuple(pieces)
