"""The shape of a character: attributes decide what is said, behaviors how (the paper, section 1).

Knows nothing about files, databases or prompts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from characterglm.character.lorebook import Lorebook

Category = Literal["celebrity", "daily_life", "fictional", "virtual_love"]

MAX_ID = 64
"""Characters of an id."""

SLUG = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
"""Ids are lower-case letters (of any script) and digits in groups joined by single hyphens."""


def slugify(name: str) -> str:
    """The id that a name suggests: `Sherlock Holmes` → `sherlock-holmes`, `林黛玉` → `林黛玉`."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name).lower())
    return "-".join(words)[:MAX_ID].strip("-") or "character"


def _check_slug(value: object) -> object:
    if isinstance(value, str) and not (SLUG.fullmatch(value) and value == value.lower()):
        raise ValueError(
            f"'{value}' is not an id: use lower-case letters and digits joined by hyphens, "
            f"e.g. '{slugify(value)}'"
        )
    return value


def _as_list(value: object) -> object:
    if value is None or value == "":
        return []
    return value if isinstance(value, list | tuple) else [value]


def _as_text(value: object) -> object:
    """YAML reads `age: 16` as a number; the schema means text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else value


Slug = Annotated[
    str, BeforeValidator(_check_slug), StringConstraints(min_length=1, max_length=MAX_ID)
]
Text = Annotated[str, BeforeValidator(_as_text), StringConstraints(strip_whitespace=True)]
Texts = Annotated[list[Text], BeforeValidator(_as_list)]


class Part(BaseModel):
    """Base of everything inside a character: unknown keys are refused, never dropped."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)


class Evidence(Part):
    """Where a fact was found."""

    source: Text
    """Title of the book, page or dialogue."""
    quote: Text = ""
    location: Text = ""
    """Chapter, page or character offset."""


class Fact(Part):
    """One statement about the character; written as plain text unless it carries evidence."""

    text: Text
    evidence: Evidence | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"text": _as_text(value)} if isinstance(value, str | int | float) else value

    @model_serializer(mode="wrap")
    def _to_text(self, handler: SerializerFunctionWrapHandler) -> str | dict[str, Any]:
        return self.text if self.evidence is None else handler(self)

    def __str__(self) -> str:
        return self.text


Facts = Annotated[list[Fact], BeforeValidator(_as_list)]


class Identity(BaseModel):
    """Who the character is. Keys are open: any other key with a text or a list of texts."""

    model_config = ConfigDict(extra="allow", validate_assignment=True)
    __pydantic_extra__: dict[str, Text | list[Text]]

    gender: Text = ""
    age: Text = ""
    occupation: Text = ""
    titles: Texts = []
    appearance: Text = ""


class Relationship(Part):
    """Someone the character stands in a relation to."""

    name: Text
    relation: Text = ""
    note: Text = ""
    evidence: Evidence | None = None


class Attributes(Part):
    """The seven kinds of attributes of the paper, section 1."""

    identity: Identity = Field(default_factory=Identity)
    interests: Facts = []
    viewpoints: Facts = []
    experiences: Facts = []
    achievements: Facts = []
    relationships: list[Relationship] = []
    others: Facts = []


class Linguistic(Part):
    """How the character speaks."""

    self_reference: Texts = []
    """What the character calls itself: 俺老孙, 本宫, "this old man"."""
    catchphrases: Texts = []
    dialect: Text = ""
    style: Text = ""
    frequent_words: Texts = []
    sample_lines: Texts = []


class Behaviors(Part):
    """The character's styles: of speech, of feeling, of interaction (the paper, section 1)."""

    linguistic: Linguistic = Field(default_factory=Linguistic)
    emotional_expression: Facts = []
    interaction_pattern: Facts = []
    personality: Facts = []


class ExampleLine(Part):
    """One line of an example dialogue."""

    speaker: Literal["character", "user", "narrator"]
    text: Text


class Boundaries(Part):
    """What the character cannot know, and how it declines without leaving its role."""

    unknown: Texts = []
    """Things outside its world, e.g. "anything after the Ming dynasty"."""
    story_point: Text = ""
    """The moment up to which it has lived, e.g. "after chapter 27"."""
    refusals: Texts = []
    """Lines, in its own voice, with which it declines."""


class Asset(Part):
    """A picture, sound or file of the character; its bytes lie in the data directory."""

    name: Text
    type: Text
    """icon, background, user_icon, emotion, or x_…"""
    ext: Text
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Character(Part):
    """A character: profile (attributes and behaviors) and everything needed to play it."""

    schema_version: Literal[1] = 1
    id: Slug
    name: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    language: Annotated[Text, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$")]
    """BCP 47 tag of the language it speaks: zh, en, …"""
    category: Category
    tags: Texts = []
    attributes: Attributes = Field(default_factory=Attributes)
    behaviors: Behaviors = Field(default_factory=Behaviors)
    scenario: Text = ""
    greetings: Texts = []
    examples: list[list[ExampleLine]] = []
    lorebook: Lorebook | None = None
    boundaries: Boundaries = Field(default_factory=Boundaries)
    source: Text = ""
    """Where the character comes from: a book, a person's life, "original"."""
    license: Text = "unknown"
    """SPDX id, `research-only` or `unknown`."""
    authors: Texts = []
    assets: list[Asset] = []
    extensions: dict[str, Any] = {}
    """Whatever a foreign card carried that has no place above, untouched."""


class Persona(Part):
    """The user's side of the talk."""

    name: Text = ""
    info: Text = ""
    relation: Text = ""
    """What the user is to the character: "old friend", "师弟"."""
