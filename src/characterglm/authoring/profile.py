"""The flat, bounded shapes in which a model writes a profile, and the character they become.

Small enough for a small model: one level, short texts, few items. Knows nothing about engines.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from characterglm.character import Character, slugify
from characterglm.character.schema import Category

_NOTHING = {"unknown", "none", "n/a", "未知", "无", "没有", "不详"}


def _said(text: str) -> str:
    """Models write "unknown" where they should write nothing."""
    return "" if text.casefold() in _NOTHING else text


def _once(items: list[Any]) -> list[Any]:
    """Small models repeat themselves, and leave items empty."""
    return [item for index, item in enumerate(items) if item and item not in items[:index]]


# A grammar that enforces a limit makes a model squeeze what is too long: generous limits.
Word = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=80), AfterValidator(_said)
]
Phrase = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(_said)
]
Words = Annotated[list[Word], Field(max_length=3), AfterValidator(_once)]
Phrases = Annotated[list[Phrase], Field(max_length=5), AfterValidator(_once)]
Few = Annotated[list[Phrase], Field(max_length=3), AfterValidator(_once)]


class Acquaintance(BaseModel):
    """Somebody the character knows."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    relation: Word


class Facts(BaseModel):
    """What the description says; every key is required, so that none is forgotten."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    category: Category
    gender: Word
    age: Word
    occupation: Phrase
    appearance: Phrase
    titles: Words
    dialect: Word
    catchphrases: Few
    personality: Phrases
    experiences: Phrases
    achievements: Phrases
    viewpoints: Phrases
    interests: Phrases
    relationships: Annotated[list[Acquaintance], Field(max_length=5), AfterValidator(_once)]
    others: Phrases


class Voice(BaseModel):
    """How the character speaks and treats people; may be made up."""

    model_config = ConfigDict(extra="forbid")

    self_reference: Words
    style: Phrase
    emotional_expression: Few
    interaction_pattern: Few
    sample_lines: Few
    scenario: Phrase
    greetings: Few


def schema(part: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a part, without titles and texts that a grammar has no use for."""
    bare: dict[str, Any] = _bare(part.model_json_schema())
    return bare


def _bare(node: Any) -> Any:
    if isinstance(node, list):
        return [_bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    # A property may be called `title`; only annotations hold a text under these keys.
    texts = {key for key in ("title", "description") if isinstance(node.get(key), str)}
    return {key: _bare(value) for key, value in node.items() if key not in texts}


_IDENTITY = {"gender", "age", "occupation", "appearance", "titles"}
_ATTRIBUTES = {
    *("interests", "viewpoints", "experiences", "achievements", "relationships", "others")
}
_SAID = {"catchphrases", "dialect"}
_INVENTED = {"self_reference", "style", "sample_lines"}
_MANNER = {"emotional_expression", "interaction_pattern"}


def to_character(
    facts: Facts,
    voice: Voice,
    *,
    language: str,
    id: str | None,  # noqa: A002 - the field's name
    source: str,
) -> Character:
    """The character that facts and voice describe; licence and authors stay unknown."""
    identity = facts.model_dump(include=_IDENTITY)
    linguistic = facts.model_dump(include=_SAID) | voice.model_dump(include=_INVENTED)
    manner = voice.model_dump(include=_MANNER) | {"personality": facts.personality}
    return Character.model_validate(
        {
            "id": id or slugify(facts.name),
            "name": facts.name,
            "language": language,
            "category": facts.category,
            "attributes": {"identity": identity, **facts.model_dump(include=_ATTRIBUTES)},
            "behaviors": {"linguistic": linguistic, **manner},
            "scenario": voice.scenario,
            "greetings": voice.greetings,
            "source": source,
        }
    )
