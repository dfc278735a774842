"""What lists show of characters, versions and lorebooks; nothing about where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One line of a character's history."""

    version: int
    note: str
    created: datetime


@dataclass(frozen=True, slots=True)
class LorebookInfo:
    """One line of a list of lorebooks."""

    id: str
    name: str
    entries: int
    characters: tuple[str, ...] = ()
    """Ids of the characters that it is attached to."""


def info_of(character: Character) -> CharacterInfo:
    """The line of a list that stands for a built-in character."""
    return CharacterInfo(
        id=character.id,
        name=character.name,
        language=character.language,
        category=character.category,
        tags=tuple(character.tags),
        summary=summary_of(character),
    )


def summary_of(character: Character) -> str:
    """Who somebody is, in a few words."""
    identity = character.attributes.identity
    return identity.occupation or next(iter(identity.titles), "")
