"""The flat, bounded shape in which a model writes a profile, and the character it becomes.

Small enough for a small model: one level, short texts, few items. Knows nothing about engines.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from characterglm.character import Character, Relationship, slugify
from characterglm.character.schema import Category

Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=240)]
Phrases = Annotated[list[Phrase], Field(max_length=5)]


class Acquaintance(BaseModel):
    """Somebody the character knows."""

    model_config = ConfigDict(extra="forbid")

    name: Word
    relation: Word


class Profile(BaseModel):
    """What a model makes of a description; every key is required, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Word, StringConstraints(min_length=1)]
    category: Category
    gender: Word
    age: Word
    occupation: Phrase
    appearance: Phrase
    titles: Annotated[list[Word], Field(max_length=3)]
    personality: Phrases
    interests: Phrases
    viewpoints: Phrases
    experiences: Phrases
    achievements: Phrases
    relationships: Annotated[list[Acquaintance], Field(max_length=5)]
    others: Phrases
    self_reference: Annotated[list[Word], Field(max_length=2)]
    catchphrases: Annotated[list[Phrase], Field(max_length=3)]
    style: Phrase
    dialect: Word
    emotional_expression: Annotated[list[Phrase], Field(max_length=2)]
    interaction_pattern: Annotated[list[Phrase], Field(max_length=2)]
    sample_lines: Annotated[list[Line], Field(max_length=3)]
    scenario: Line
    greetings: Annotated[list[Line], Field(max_length=2)]

    def empty(self) -> tuple[str, ...]:
        """The keys that nothing was written for."""
        return tuple(key for key, value in self if not value)


_IDENTITY = ("gender", "age", "occupation", "appearance", "titles")
_FACTS = ("interests", "viewpoints", "experiences", "achievements", "others")
_SPEECH = ("self_reference", "catchphrases", "style", "dialect", "sample_lines")
_MANNER = ("emotional_expression", "interaction_pattern", "personality")


def schema() -> dict[str, Any]:
    """The JSON schema of a profile, without titles and texts that a grammar has no use for."""
    bare: dict[str, Any] = _bare(Profile.model_json_schema())
    return bare


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    # A property may be called `title`; only annotations hold a text under these keys.
    texts = {key for key in ("title", "description") if isinstance(node.get(key), str)}
    return {key: _bare(value) for key, value in node.items() if key not in texts}


def to_character(profile: Profile, *, language: str, id: str | None, source: str) -> Character:  # noqa: A002
    """The character that a profile describes; licence and authors stay unknown."""
    data = profile.model_dump(mode="json")
    known = [Relationship(**one) for one in data["relationships"] if one["name"]]

    def take(keys: Iterable[str]) -> dict[str, Any]:
        return {key: _once(data[key]) for key in keys}

    return Character(
        id=id or slugify(profile.name),
        name=profile.name,
        language=language,
        category=profile.category,
        attributes={"identity": take(_IDENTITY), **take(_FACTS), "relationships": known},
        behaviors={"linguistic": take(_SPEECH), **take(_MANNER)},
        scenario=profile.scenario,
        greetings=_once(profile.greetings),
        source=source,
    )


def _once(value: Any) -> Any:
    """A list without empty items and repeats, which small models like."""
    return [item for item in dict.fromkeys(value) if item] if isinstance(value, list) else value
