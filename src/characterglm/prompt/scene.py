"""Everything that could stand in a prompt, before anything is weighed.

Knows what belongs together (a turn) and what must never leave (the last message); nothing about
tokens or formats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from characterglm.character import Character, Lorebook, Persona
from characterglm.dialogue import Speaker, Utterance
from characterglm.dialogue.schema import SpeakerRole
from characterglm.prompt.front import examples, profile, reminder
from characterglm.prompt.lorebook import activate
from characterglm.prompt.macros import seed_of
from characterglm.prompt.script import Line, cast_of, told


class Scene:
    """The cast, the front, the lines and the lorebook entries of one prompt to be."""

    def __init__(
        self,
        character: Character,
        persona: Persona | None,
        path: Sequence[Utterance],
        speaker: SpeakerRole | Speaker,
        lorebooks: Sequence[Lorebook],
        notes: Sequence[str],
        *,
        reply: bool,
    ) -> None:
        self.cast = cast_of(character, persona, speaker)
        seed = seed_of(path)
        simulated = self.cast.next.role == "user"
        own = [character.lorebook] if character.lorebook else []
        self.books = [] if simulated else [*own, *lorebooks]
        self.blocks = profile(character, persona, self.cast, seed=seed)
        self.examples = [] if simulated else examples(character, persona, seed=seed)
        self.lore = activate(self.books, path, character, persona)
        lines = told(path, self.cast)
        self.reply = reply
        self.begun = lines.pop() if reply and lines and lines[-1].role == "assistant" else None
        self.core = _core(lines)
        self.lines = [
            *lines[: self.core],
            *(replace(x, part="message") for x in lines[self.core :]),
        ]
        standing = "" if simulated else reminder(character, persona, seed=seed)
        self.notes = [Line(text, "system", "notes") for text in (standing, *notes) if text]
        self.turns = _turns(self.lines[: self.core])


def _core(lines: Sequence[Line]) -> int:
    """Index of the last message of the other side: it and what follows never leave."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].role == "user":
            return index
    return max(0, len(lines) - 1)


def _turns(lines: Sequence[Line]) -> list[range]:
    """The turns of a history: each begins where the character's side has ended."""
    borders = [
        index
        for index, line in enumerate(lines)
        if index == 0 or (line.speaker != "character" and lines[index - 1].speaker == "character")
    ]
    return [range(start, end) for start, end in pairwise([*borders, len(lines)])]
