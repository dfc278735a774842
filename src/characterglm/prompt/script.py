"""What stands in a prompt, before a format puts it into its own marks.

Knows who takes part and in which order things are told; knows nothing about tokens or markers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from characterglm.character import Character, Persona
from characterglm.dialogue import Speaker, Utterance
from characterglm.prompt.types import Role
from characterglm.prompt.wording import wording


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, by the names that stand in the prompt, and who speaks next."""

    character: str
    user: str
    narrator: str
    next: Speaker
    """Its name is empty where the role alone tells who is meant."""
    language: str

    @property
    def speaking(self) -> str:
        """The name of the one who speaks next."""
        return self.name(self.next)

    @property
    def listening(self) -> str:
        """The name of the other side."""
        return self.character if self.next.role == "user" else self.user

    def name(self, speaker: Speaker) -> str:
        """The name under which somebody appears."""
        return speaker.name or str(getattr(self, speaker.role))

    def side(self, speaker: Speaker) -> Role:
        """`assistant` for the one who speaks next, `system` for a narrator, else `user`."""
        mine = speaker.role == self.next.role
        if mine and self.next.name:
            mine = self.name(speaker) == self.next.name
        if mine:
            return "assistant"
        return "system" if speaker.role == "narrator" else "user"


@dataclass(frozen=True, slots=True)
class Block:
    """A text that stands before everything that was said."""

    part: str
    text: str
    about: Literal["frame", "character", "user"] = "character"
    """Whom it tells about; `frame` is what chat formats add around the profile."""
    bare: str = ""
    """What stands in its place where the format itself says whom it is about."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that stands among what was said: an utterance or a note."""

    text: str
    role: Role
    """As the next speaker's model sees it: its own lines are `assistant`, notes `system`."""
    part: str
    name: str = ""
    """Who says it; empty for a note."""
    speaker: str = ""
    """`character`, `user` or `narrator`; empty for a note."""
    named: bool = False
    """Whether formats that show roles must show the name too."""

    @property
    def trained(self) -> bool:
        """Whether it is an utterance of the speaker to be learned."""
        return self.role == "assistant" and bool(self.speaker)


@dataclass(frozen=True, slots=True)
class Script:
    """Everything a format needs to write a prompt."""

    cast: Cast
    front: tuple[Block, ...]
    lines: tuple[Line, ...]
    opened: bool = True
    """Whether the next speaker's reply is begun at the end: with nothing, or with `begun`."""
    begun: Line | None = None
    """A reply that was broken off and is to be gone on with."""


def cast_of(character: Character, persona: Persona | None, speaker: str | Speaker) -> Cast:
    """The cast of a dialogue, seen by who speaks next (a role, or a speaker with a name)."""
    following = Speaker.model_validate({"role": speaker} if isinstance(speaker, str) else speaker)
    words = wording(character.language).names
    user = persona.name if persona and persona.name else words.user
    return Cast(character.name, user, words.narrator, following, character.language)


def told(path: Sequence[Utterance], cast: Cast) -> list[Line]:
    """What was said, as lines; texts stay exactly as they are."""
    seats: dict[tuple[str, str], tuple[Role, str, bool]] = {}
    lines = []
    for utterance in path:
        speaker = utterance.speaker
        seat = seats.get((speaker.role, speaker.name))
        if seat is None:
            seat = seats[speaker.role, speaker.name] = _seat(speaker, cast)
        role, name, named = seat
        lines.append(Line(utterance.text, role, "history", name, speaker.role, named))
    return lines


def _seat(speaker: Speaker, cast: Cast) -> tuple[Role, str, bool]:
    """How somebody appears: the role, the name, and whether the role does not tell the name."""
    role, name = cast.side(speaker), cast.name(speaker)
    usual = speaker.role != "narrator" and name == getattr(cast, speaker.role)
    return role, name, not usual and role != "assistant"
