"""Between our requests and events and the runtime's JSON; runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from characterglm.engines.base import (
    Delta,
    End,
    Event,
    FinishReason,
    Request,
    Sampling,
    TokenLogprob,
)
from characterglm.errors import ContextOverflow, EngineError

DRY_WINDOW = 1 << 15
"""Tokens in which the DRY penalty looks for repeats: the whole context, profile included, so that
replies do not recite the profile."""

DRY_ALLOWED = 8
"""Tokens that may be repeated unpunished. With the runtime's 2, names and idioms of the profile
came out misspelt (火眼金晴 for 火眼金睛); a sentence of it is longer than 8."""


def body_of(request: Request, ids: Sequence[int], scales: list[dict[str, Any]]) -> dict[str, Any]:
    """The runtime's completion request for a prompt given as token ids."""
    body: dict[str, Any] = {
        "prompt": list(ids),
        "stream": True,
        "cache_prompt": True,
        # Progress events let a cancelled prefill end after one batch.
        "return_progress": True,
        "stop": [*request.prompt.stop, *request.sampling.stop],
        **_sampling(request.sampling),
    }
    if request.schema is not None:
        body["json_schema"] = dict(request.schema)
    if request.logprobs:
        body["n_probs"] = request.logprobs
    if scales:
        body["lora"] = scales
    return body


def _sampling(sampling: Sampling) -> dict[str, Any]:
    values = sampling.model_dump(exclude={"max_tokens", "repetition_penalty", "seed", "stop"})
    values["n_predict"] = sampling.max_tokens
    values["dry_penalty_last_n"], values["dry_allowed_length"] = DRY_WINDOW, DRY_ALLOWED
    values["repeat_penalty"] = sampling.repetition_penalty
    if sampling.seed is not None:
        values["seed"] = sampling.seed
    return values


def event_of(chunk: dict[str, Any]) -> Iterator[Event]:
    """What one of the runtime's events means to us; prefill progress means nothing.

    Raises ContextOverflow or EngineError for an error event.
    """
    if "error" in chunk:
        raise _error(chunk["error"])
    for choice in chunk.get("choices", ()):
        if choice.get("text"):
            yield Delta(choice["text"], _logprobs(choice.get("logprobs")))
        if choice.get("finish_reason"):
            yield _end(choice["finish_reason"], chunk)


def _end(reason: str, chunk: dict[str, Any]) -> End:
    usage, timings = chunk.get("usage", {}), chunk.get("timings", {})
    finish: FinishReason = "length" if reason == "length" else "stop"
    return End(
        finish,
        prompt_tokens=usage.get("prompt_tokens"),
        completion_tokens=usage.get("completion_tokens"),
        cached_tokens=timings.get("cache_n"),
        prompt_ms=timings.get("prompt_ms"),
        completion_ms=timings.get("predicted_ms"),
    )


def _logprobs(found: dict[str, Any] | None) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(
            token["token"],
            token["logprob"],
            tuple((other["token"], other["logprob"]) for other in token["top_logprobs"]),
        )
        for token in (found or {}).get("content", ())
    )


def _error(error: dict[str, Any]) -> EngineError:
    if error.get("type") == "exceed_context_size_error":
        return ContextOverflow(
            f"the prompt has {error.get('n_prompt_tokens')} tokens, the model's context is "
            f"{error.get('n_ctx')}: shorten the message or the profile, or raise --context"
        )
    return EngineError(f"the embedded model refused the request: {error.get('message', error)}")
