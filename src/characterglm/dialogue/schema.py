"""The shape of a dialogue: a tree of utterances in which nothing is ever overwritten.

An edit, a regeneration and a branch are siblings of what they replace. Knows nothing about files,
databases or prompts. Counts follow the paper, section 2: an utterance is one message, a turn one
exchange (a user utterance and the reply to it), a greeting turn 0.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from characterglm.character import Persona
from characterglm.store.ids import new_id

SpeakerRole = Literal["character", "user", "narrator"]
Status = Literal["complete", "streaming", "interrupted"]
Origin = Literal["human", "model", "edited"]
Kind = Literal["chit_chat", "interview", "companionship"]
Source = Literal["human_roleplay", "synthesis", "literature", "interaction"]
Use = Literal["none", "research", "train", "publish"]


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def as_utc(moment: datetime) -> datetime:
    """A moment in UTC, which one without a zone is in already. Raises ValueError if UTC's calendar
    has no such day.
    """
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("this moment lies outside the years 1 to 9999") from None


Moment = Annotated[datetime, AfterValidator(as_utc)]


class Part(BaseModel):
    """Base of everything inside a dialogue: unknown keys are refused, never dropped."""

    model_config = ConfigDict(extra="forbid")


class Speaker(Part):
    """Who says an utterance: a role and, where several could hold it, a name."""

    model_config = ConfigDict(frozen=True)

    role: SpeakerRole
    name: str = ""


class Generation(Part):
    """What wrote an utterance of origin `model`."""

    engine: str
    model: str
    license: str = "unknown"
    adapter: str = ""
    format: str = ""
    """The prompt format."""
    sampling: dict[str, Any] = {}
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Feedback(Part):
    """What a person thought of an utterance."""

    thumb: Literal["up", "down"] | None = None
    tags: list[str] = []
    note: str = ""


class Utterance(Part):
    """One message."""

    id: str = Field(default_factory=new_id)
    parent: str | None = None
    """The utterance it answers; None at the root."""
    speaker: Speaker
    text: str
    status: Status = "complete"
    origin: Origin = "human"
    generation: Generation | None = None
    feedback: Feedback | None = None
    created: Moment = Field(default_factory=now)
    extensions: dict[str, Any] = {}
    """Whatever a foreign format carried that has no place above."""


class Consent(Part):
    """What the speakers allowed."""

    scope: Use = "none"
    version: str = ""
    """Version of the text they agreed to."""
    given: Moment | None = None
    withdrawn: Moment | None = None


class Dialogue(Part):
    """One dialogue with one character: its utterances as a tree, and where it came from."""

    schema_version: Literal[1] = 1
    id: str = Field(default_factory=new_id)
    title: str = ""
    character: str
    """Id of the character."""
    character_version: int | None = None
    """Version of the character at the start; None where it was never stored."""
    persona: Persona = Field(default_factory=Persona)
    kind: Kind = "chit_chat"
    category: str = ""
    source: Source = "interaction"
    consent: Consent = Field(default_factory=Consent)
    license: str = "unknown"
    utterances: list[Utterance] = []
    leaf: str | None = None
    """Id of the utterance where the talk stands; None for an empty dialogue."""
    created: Moment = Field(default_factory=now)
    extensions: dict[str, Any] = {}

    def path(self, leaf: str | None = None) -> list[Utterance]:
        """What was said, from the root to `leaf` (default: where the talk stands).

        Raises KeyError if an id is unknown and ValueError if parents form a ring.
        """
        by_id = {utterance.id: utterance for utterance in self.utterances}
        current = leaf or self.leaf
        said: list[Utterance] = []
        while current is not None:
            if len(said) > len(by_id):
                raise ValueError(f"the utterances of dialogue {self.id} form a ring")
            said.append(by_id[current])
            current = said[-1].parent
        return said[::-1]

    def children(self, parent: str | None) -> list[Utterance]:
        """The utterances that answer `parent` (None: the roots), oldest first."""
        found = [utterance for utterance in self.utterances if utterance.parent == parent]
        return sorted(found, key=lambda utterance: (utterance.created, utterance.id))

    def swipes(self, utterance: Utterance) -> list[Utterance]:
        """An utterance and its siblings by the same role, oldest first."""
        siblings = self.children(utterance.parent)
        return [other for other in siblings if other.speaker.role == utterance.speaker.role]


def turns(path: Sequence[Utterance]) -> int:
    """How many turns a path has: exchanges of a user utterance and the reply to it."""
    return turns_of([utterance.speaker.role for utterance in path])


def turns_of(roles: Sequence[SpeakerRole]) -> int:
    """How many turns the roles of a path's speakers make; a narrator makes none."""
    pairs = itertools.pairwise(role for role in roles if role != "narrator")
    return sum(pair == ("user", "character") for pair in pairs)
