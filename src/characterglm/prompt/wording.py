"""The phrases a prompt is worded in: versioned data, one file per language; no character's text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

LANGUAGES = ("zh", "en")

_PUNCTUATED = re.compile("[,，、;；:：]")
_FULL_STOP = re.compile(r"(?<![.。])[.。]\s*$")


class Data(BaseModel):
    """Base of everything in a wording file: a key that no code reads is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Data):
    """What speakers without a name are called."""

    user: str
    assistant: str
    """Who answers a plain instruction."""
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
    short: int
    clauses: tuple[str, str]
    quotes: tuple[str, str]
    quoted: tuple[str, str]
    end: str
    endings: str
    space: str

    def join(self, items: Sequence[str]) -> str:
        """`A, B and C`; items that contain punctuation of their own are set further apart."""
        plain = not any(len(item) > self.short or _PUNCTUATED.search(item) for item in items)
        return _joined(items, self.phrases if plain else self.clauses)

    def quote(self, items: Sequence[str]) -> str:
        """The items in quotation marks; whole sentences simply follow one another."""
        left, right = self.quotes
        quoted = [f"{left}{item}{right}" for item in items]
        spoken = any(item[-1:] in self.endings for item in items)
        return _joined(quoted, (self.space, self.space) if spoken else self.quoted)

    def finish(self, sentence: str) -> str:
        """A sentence without its full stop where what it quotes last has one of its own."""
        quoted = sentence.endswith(self.quotes[1] + self.end) and sentence[-3:-2] in self.endings
        return sentence.removesuffix(self.end) if quoted else sentence

    def bare(self, text: str) -> str:
        """A text without its full stop, so that it can stand inside a sentence."""
        return _FULL_STOP.sub("", text)

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
    reflexive: str


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
    part_join: tuple[str, str, str]
    parts: dict[str, str]
    age_number: AgeNumber
    article: Article | None = None
    appearance: str
    predicate: str
    known: dict[str, str]
    open_key: str

    def is_number(self, age: str) -> bool:
        """Whether an age is a bare number that needs its unit."""
        return bool(re.search(_folded(self.age_number.match), age, re.IGNORECASE))


class FieldWording(Data):
    """Patterns for one field of the profile."""

    phrase: str
    predicate: str = ""
    """For texts that lack only their subject, where these are told in another way."""
    sentences: str = ""
    """What leads in whole sentences; empty where they speak for themselves."""


class Possess(Data):
    """Whose relation it is, unless the text says so itself."""

    unless: str
    pattern: str


class RelationshipWording(Data):
    """Patterns for one relationship, by what is known of it."""

    lead: str
    both: str
    relation: str
    possess: Possess
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
        return re.compile(_folded(self.kinds.predicate), re.IGNORECASE)


def _folded(pattern: str) -> str:
    """A pattern that stands on several lines in YAML: blanks after a bar come from the folding."""
    return re.sub(r"(?<=\|) ", "", pattern)


def _joined(items: Sequence[str], marks: tuple[str, str]) -> str:
    between, last = marks
    return last.join([between.join(items[:-1]), items[-1]]) if items[1:] else "".join(items)


@lru_cache(maxsize=8)
def wording(language: str) -> Wording:
    """The phrases for a language tag; a language without a file is framed in English."""
    known = language.split("-")[0]
    name = known if known in LANGUAGES else "en"
    text = (files("characterglm.prompt") / "data" / f"{name}.yaml").read_text(encoding="utf-8")
    return Wording.model_validate(yaml.safe_load(text))
