"""What a list shows of a character; nothing about where characters are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from characterglm.character.schema import Character

Origin = Literal["library", "stored"]


@dataclass(frozen=True, slots=True)
class CharacterInfo:
    """One line of a list of characters."""

    id: str
    name: str
    language: str
    category: str
    tags: tuple[str, ...] = ()
    summary: str = ""
    """Occupation, or else the first title."""
    origin: Origin = "library"
    version: int | None = None
    """The latest stored version; None for a built-in character."""


def info_of(
    character: Character, origin: Origin = "library", version: int | None = None
) -> CharacterInfo:
    """The line of a list that stands for a character."""
    identity = character.attributes.identity
    return CharacterInfo(
        id=character.id,
        name=character.name,
        language=character.language,
        category=character.category,
        tags=tuple(character.tags),
        summary=identity.occupation or next(iter(identity.titles), ""),
        origin=origin,
        version=version,
    )
