"""The phrases a prompt is worded in: versioned data, one file per language; no character's text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

LANGUAGES = ("zh", "en")


class Data(BaseModel):
    """Base of everything in a wording file: a key that no code reads is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Data):
    """What speakers without a name are called."""

    user: str
    narrator: str


class Frame(Data):
    """What stands around the profile in a chat prompt."""

    play: str
    play_user: str
    stay: str
    stay_user: str
    scenario: str
    story_point: str
    unknown: str
    refusals: str
    persona_info: str
    persona_relation: str
    examples: str
    line: str


class Lists(Data):
    """How several texts become one."""

    phrases: tuple[str, str]
    clauses: tuple[str, str]
    quotes: tuple[str, str]
    between_quotes: str
    end: str
    endings: str
    space: str

    def join(self, items: Sequence[str]) -> str:
        """`A, B and C`; items that contain punctuation of their own are set further apart."""
        plain = not any(re.search("[,，、;；:：]", item) for item in items)
        between, last = self.phrases if plain else self.clauses
        return last.join([between.join(items[:-1]), items[-1]]) if items[1:] else "".join(items)

    def quote(self, items: Sequence[str]) -> str:
        """The items in quotation marks, one after another."""
        left, right = self.quotes
        return self.between_quotes.join(f"{left}{item}{right}" for item in items)

    def bare(self, text: str) -> str:
        """A text without its full stop, so that it can stand inside a sentence."""
        return text.rstrip(". 。")

    def sentence(self, text: str) -> str:
        """A text that ends as a sentence does."""
        return text if text[-1:] in self.endings else text + self.end


class Kinds(Data):
    """Patterns that tell whole sentences and predicates from phrases."""

    sentence: str
    predicate: str


class Pronoun(Data):
    """How a character of some gender is referred to."""

    gender: str = ""
    subject: str
    possessive: str
    object: str


class AgeNumber(Data):
    """How a bare number becomes an age."""

    match: str
    pattern: str


class Article(Data):
    """Which parts of an identity need an indefinite article, and which texts never do."""

    gender: str
    occupation: str
    never: str


class IdentityWording(Data):
    """The opening sentence, and sentences for the open keys."""

    opening: str
    opening_start: str
    part_join: tuple[str, str]
    parts: dict[str, str]
    age_number: AgeNumber
    article: Article | None = None
    appearance: str
    known: dict[str, str]
    open_key: str


class FieldWording(Data):
    """Patterns for one field of the profile."""

    phrase: str
    predicate: str
    sentences: str = ""
    """What leads in whole sentences; empty where they speak for themselves."""


class RelationshipWording(Data):
    """Patterns for one relationship, by what is known of it."""

    lead: str
    both: str
    relation: str
    note: str
    name: str
    join: str
    end: str


class Wording(Data):
    """All phrases of one language."""

    version: int
    names: Names
    frame: Frame
    lists: Lists
    kinds: Kinds
    pronouns: tuple[Pronoun, ...]
    other_pronoun: Pronoun
    identity: IdentityWording
    fields: dict[str, FieldWording]
    relationships: RelationshipWording
    linguistic: dict[str, str]
    paragraphs: tuple[tuple[str, ...], ...]

    @cached_property
    def predicate(self) -> re.Pattern[str]:
        """Matches a text that lacks only its subject."""
        return re.compile(re.sub(r"\s+(?![^(]*\\s)", "", self.kinds.predicate), re.IGNORECASE)


@lru_cache(maxsize=8)
def wording(language: str) -> Wording:
    """The phrases for a language tag; a language without a file is framed in English."""
    known = language.split("-")[0]
    name = known if known in LANGUAGES else "en"
    text = (files("characterglm.prompt") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))
