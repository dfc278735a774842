"""Any OpenAI-compatible chat endpoint as an engine.

The endpoint gets messages and makes its own prompt, so what it sees need not be what training saw.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any
from urllib.parse import urlsplit

from characterglm.engines.base import Capability, Event, Request, demand, estimate
from characterglm.engines.openai_wire import events_of, whole
from characterglm.errors import ContextOverflow, EndpointError, InputError, require
from characterglm.prompt.types import Prompt, Segment

STOPS = 4
"""Most stop texts that the OpenAI interface allows; the chat trims at the others itself."""


class OpenAIEngine:
    """Replies from `base_url`, by the model that it calls `model`.

    `timeout` is in seconds, for the connection and between two pieces of a reply; a request that
    failed before its first piece is tried again `retries` times with growing pauses. Endpoints do
    not tell their `context_length`: without it, no turn ever leaves the prompt.
    """

    name = "openai"
    license = "unknown"
    capabilities: frozenset[Capability] = frozenset({"schema", "logprobs", "seed"})

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str = "",
        timeout: float = 60,
        retries: int = 2,
        context_length: int | None = None,
    ) -> None:
        host, key = _host(base_url), _key(api_key)
        self._sdk = require(
            "openai", what="Talking to an OpenAI-compatible endpoint", extra="openai"
        )
        self.model, self._where, self._timeout = whole(model), base_url, timeout
        self.context_length = context_length
        self._official = host == "api.openai.com"
        self._client = self._sdk.AsyncOpenAI(
            base_url=base_url, api_key=key or "none", timeout=timeout, max_retries=retries
        )

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The reply as it comes. Raises EndpointError naming the endpoint and what it answered."""
        demand(self, request)
        try:
            async with await self._client.chat.completions.create(**self._body(request)) as chunks:
                async for event in events_of(chunks):
                    yield event
        except self._sdk.OpenAIError as error:
            raise self._failure(error) from error
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise EndpointError(
                f"{self._where} answered what is no chat completion ({error}): "
                "check the base URL, it usually ends in /v1"
            ) from error

    async def warm(self, prompt: Prompt) -> None:
        """Nothing: an endpoint's cache is its own affair."""

    def count(self, segments: Sequence[Segment]) -> tuple[int, bool]:
        """An estimate, never exact."""
        return estimate(segments), False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _body(self, request: Request) -> dict[str, Any]:
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": message.role, "content": whole(message.content)}
                for message in request.prompt.messages
            ],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "frequency_penalty": sampling.frequency_penalty,
            "presence_penalty": sampling.presence_penalty,
            "max_completion_tokens" if self._official else "max_tokens": sampling.max_tokens,
        }
        if stops := [*request.prompt.stop, *sampling.stop][:STOPS]:
            body["stop"] = [whole(stop) for stop in stops]
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if request.logprobs:
            body |= {"logprobs": True, "top_logprobs": request.logprobs}
        if request.schema is not None:
            schema = {"name": "reply", "schema": dict(request.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if not self._official:
            # What vLLM, SGLang and llama.cpp know beyond the official parameters.
            body["extra_body"] = {
                "top_k": sampling.top_k,
                "min_p": sampling.min_p,
                "repetition_penalty": sampling.repetition_penalty,
            }
        return body

    def _failure(self, error: Exception) -> EndpointError | ContextOverflow:
        sdk, where = self._sdk, self._where
        if isinstance(error, sdk.APITimeoutError):
            return EndpointError(
                f"{where} did not answer within {self._timeout:g} seconds; try again, or set "
                "CHARACTERGLM_OPENAI_TIMEOUT to more"
            )
        if isinstance(error, sdk.APIConnectionError):
            cause = error.__cause__ or error
            return EndpointError(f"{where} cannot be reached ({cause}); is the server running?")
        if isinstance(error, sdk.AuthenticationError | sdk.PermissionDeniedError):
            return EndpointError(f"{where} refused the key; set OPENAI_API_KEY to a valid one")
        if isinstance(error, sdk.NotFoundError):
            return EndpointError(f"{where} has no model '{self.model}' or no such path: {error}")
        if "context" in str(error) and isinstance(error, sdk.BadRequestError):
            return ContextOverflow(
                f"{where}: {error}; say with --context how many tokens it keeps, so that the "
                "oldest turns leave the prompt, or shorten the message or the profile"
            )
        return EndpointError(f"{where}: {error}")


def _host(base_url: str) -> str:
    """The host that a URL names. Raises InputError for what is no URL of an endpoint."""
    try:
        address = urlsplit(base_url)
        host = (address.hostname or "").encode("idna").decode()
        named = host and base_url.isprintable() and address.port != 0
    except ValueError:  # brackets, a port or letters that no address has
        named = False
    if not named or address.scheme not in {"http", "https"}:
        raise InputError(
            f"'{base_url}' is no endpoint: give a URL like http://127.0.0.1:8080/v1 "
            "(OPENAI_BASE_URL)"
        )
    return host


def _key(api_key: str) -> str:
    """The key without the line end that files put behind it; InputError for what is no key."""
    key = api_key.strip()
    if not (key.isascii() and key.isprintable()):
        raise InputError("the endpoint's key holds letters that no key has: check OPENAI_API_KEY")
    return key
