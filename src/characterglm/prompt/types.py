"""What a prompt is made of; knows nothing about tokenizers, engines or where texts come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of prompt text that is tokenised on its own, in training and in chat alike."""

    text: str
    part: str
    """What it belongs to, for the token report: `format`, `profile`, `scenario`, `boundaries`,
    `examples`, `lorebook`, `notes`, `history`, `message` (the last utterance)."""
    speaker: str = ""
    """`character`, `user` or `narrator` for what somebody says, else empty."""
    trained: bool = False
    """Whether a trainer puts loss on it."""
    control: bool = False
    """Whether markers in it may become special tokens; never set for text from outside."""


@dataclass(frozen=True, slots=True)
class Message:
    """The same content for a remote chat endpoint, which makes its own prompt."""

    role: Role
    content: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class LoreHit:
    """One lorebook entry and why it entered the prompt, or why not."""

    entry: str
    """Name, comment, first key or id of the entry."""
    active: bool
    reason: str
    """E.g. `key '金箍棒' in utterance 3`, `constant`, `dropped: over the budget of 200 tokens`."""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class PartSize:
    """How many tokens one part of the prompt takes."""

    part: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything an engine needs to know of what has been said so far."""

    segments: tuple[Segment, ...]
    messages: tuple[Message, ...]
    stop: tuple[str, ...]
    """Texts at which the reply ends; never part of it."""
    format: str
    tokens: int
    """Tokens of all segments, as the given counter counts them."""
    sizes: tuple[PartSize, ...] = ()
    lore: tuple[LoreHit, ...] = ()
    dropped_utterances: int = 0
    """Oldest utterances that left because of the budget."""
    dropped_examples: int = 0
    fallbacks: tuple[str, ...] = ()
    """What the format cannot do, and what is done instead."""
    stable: int = field(default=0)
    """How many leading segments do not depend on the history: what is worth prefilling."""

    @property
    def text(self) -> str:
        """The segments as one string, to be read by a person."""
        return "".join(segment.text for segment in self.segments)


Count = Callable[[Sequence[Segment]], int]
"""Counts the tokens of some segments, each tokenised on its own."""
