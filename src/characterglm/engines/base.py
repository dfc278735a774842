"""The one seam that really varies: who answers. A protocol, and what passes through it.

An engine turns a prompt into text. It knows nothing about characters or dialogues.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from characterglm.errors import EngineError, Unsupported
from characterglm.prompt.types import Prompt, Segment

Capability = Literal["tokens", "schema", "adapter", "logprobs", "warm", "seed", "continue"]
"""tokens: takes our ids, so training and chat see the same prompt; continue: can go on writing
an unfinished reply."""

FinishReason = Literal["stop", "length"]

MARGIN = 16
"""Tokens of context that a prompt and its reply leave free, for what an engine adds on its own."""


class Sampling(BaseModel):
    """How the next token is chosen. The defaults worked with the embedded model."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    max_tokens: int = Field(default=160, ge=1)
    temperature: float = Field(default=0.7, ge=0)
    top_p: float = Field(default=0.9, gt=0, le=1)
    top_k: int = Field(default=40, ge=0)
    min_p: float = Field(default=0.05, ge=0, le=1)
    repetition_penalty: float = Field(default=1.1, gt=0)
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    dry_multiplier: float = Field(default=0.8, ge=0)
    """Strength of the DRY penalty on repeated sequences, where the engine has it; 0 is off."""
    seed: int | None = None
    stop: tuple[str, ...] = ()
    """Texts at which to stop, besides the prompt format's own."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter known to the engine, and how strongly it speaks."""

    name: str
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """One reply asked for."""

    prompt: Prompt
    sampling: Sampling = field(default_factory=Sampling)
    schema: Mapping[str, Any] | None = None
    """JSON schema that the reply must satisfy."""
    adapter: Adapter | None = None
    logprobs: int = 0
    """Alternatives to report for each token; 0 for none."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One sampled token with its log-probability and the best alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Delta:
    """A stretch of the reply, as it comes."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """The last event of every stream that was not cancelled."""

    finish_reason: FinishReason
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    """Prompt tokens that came from the prefix cache."""
    prompt_ms: float | None = None
    completion_ms: float | None = None


Event = Delta | End


class Engine(Protocol):
    """Who answers.

    Closing the iterator that `stream` returns stops the generation: within one token while
    decoding, within one prompt batch while prefilling.
    """

    @property
    def name(self) -> str:
        """The kind of engine: `local`, `openai`, `scripted`."""

    @property
    def model(self) -> str:
        """The model behind it, as a person would name it."""

    @property
    def license(self) -> str:
        """Licence of the model (SPDX id, `research-only` or `unknown`)."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do; a request beyond it raises `Unsupported`."""

    @property
    def context_length(self) -> int | None:
        """Tokens of prompt and reply together; None if unknown."""

    def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The reply as it is made: any number of `Delta`, then one `End`."""

    async def warm(self, prompt: Prompt) -> None:
        """Prefill a prompt so that a later one with the same beginning starts sooner."""

    def count(self, segments: Sequence[Segment]) -> tuple[int, bool]:
        """Tokens of some segments, and whether the number is exact or estimated."""

    async def close(self) -> None:
        """Free everything; the engine is not used afterwards."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    text: str
    end: End
    logprobs: tuple[TokenLogprob, ...] = ()


async def complete(engine: Engine, request: Request) -> Reply:
    """The whole reply to a request. Raises EngineError if it broke off."""
    texts: list[str] = []
    logprobs: list[TokenLogprob] = []
    end: End | None = None
    async for event in engine.stream(request):
        if isinstance(event, End):
            end = event
        else:
            texts.append(event.text)
            logprobs.extend(event.logprobs)
    if end is None:
        raise broken_off(engine)
    return Reply("".join(texts), end, tuple(logprobs))


def broken_off(engine: Engine) -> EngineError:
    """The error for a reply that ended without its `End`."""
    return EngineError(f"the reply of {engine.model} broke off before its end; try again")


def demand(engine: Engine, request: Request) -> None:
    """Raise `Unsupported` if a request asks for what the engine cannot do."""
    wanted: dict[Capability, bool] = {
        "schema": request.schema is not None,
        "adapter": request.adapter is not None,
        "logprobs": request.logprobs > 0,
    }
    for capability, asked in wanted.items():
        if asked and capability not in engine.capabilities:
            able = ", ".join(sorted(engine.capabilities)) or "none of the optional ones"
            raise Unsupported(
                f"the engine {engine.name} ({engine.model}) has no capability '{capability}'; "
                f"it has: {able}. Leave the option out or choose another --model."
            )


def estimate(segments: Sequence[Segment]) -> int:
    """A guess at the token count where no tokenizer is at hand.

    One token for each character beyond ASCII, one for every three of ASCII. On the built-in
    characters' descriptions that is 1.2 to 1.5 times the count of Qwen2.5's tokenizer in both
    languages; a tokenizer made for English needs more for Chinese (SmolLM2: twice the guess).
    """
    total = 0
    for segment in segments:
        plain = sum(character.isascii() for character in segment.text)
        total += len(segment.text) - plain + -(-plain // 3)
    return total
