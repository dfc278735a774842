"""The chunks of a chat completion as events; trusts nothing that an endpoint sends.

The SDK builds its objects without a look at the types, so each value is checked here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any, TypeVar

from characterglm.engines.base import Delta, End, Event, FinishReason, TokenLogprob
from characterglm.errors import EndpointError

Value = TypeVar("Value")

MAX_COUNT = 2**53
"""The largest number of tokens believed: what every JSON reader can hold."""


async def events_of(chunks: AsyncIterable[Any]) -> AsyncGenerator[Event, None]:
    """The reply as it comes. Raises EndpointError for one that breaks off or is malformed.

    AttributeError and TypeError mean that a chunk has not the shape of one.
    """
    finish: FinishReason | None = None
    usage: Any = None
    halves = Halves()
    async for chunk in chunks:
        usage = chunk.usage or usage
        for choice in chunk.choices or ():
            content = choice.delta.content if choice.delta is not None else None
            if content and (text := halves.join(_checked(content, str, "content"))):
                yield Delta(text, _logprobs(choice.logprobs))
            if choice.finish_reason:
                reason = _checked(choice.finish_reason, str, "finish_reason")
                finish = "length" if reason == "length" else "stop"
    if finish is None:
        raise EndpointError("the endpoint's reply broke off before its end; try again")
    if rest := halves.rest():
        yield Delta(rest)
    yield End(
        finish,
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


class Halves:
    """Joins the halves of characters that an endpoint cut in two; a lone half becomes U+FFFD."""

    def __init__(self) -> None:
        self._held = ""

    def join(self, text: str) -> str:
        """What is whole of all that came so far."""
        text = self._held + text
        self._held = text[-1] if "\ud800" <= text[-1:] <= "\udbff" else ""
        return whole(text[: len(text) - len(self._held)])

    def rest(self) -> str:
        """What stands for a first half whose second never came."""
        return whole(self._held)


def whole(text: str) -> str:
    """A text that can be encoded: two halves of a character are joined, a lone one is replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _checked(value: object, kind: type[Value], name: str) -> Value:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise EndpointError(
            f"the endpoint's reply is malformed: '{name}' is {type(value).__name__}, needed is "
            f"{kind.__name__}; check that it speaks the chat completions interface"
        )
    return value


def _count(usage: Any, name: str) -> int | None:
    value = getattr(usage, name) if usage else None
    if value is None:
        return None
    count = _checked(value, int, f"usage.{name}")
    return count if 0 <= count < MAX_COUNT else None


def _logprobs(found: Any) -> tuple[TokenLogprob, ...]:
    return tuple(
        TokenLogprob(*_scored(token), tuple(_scored(other) for other in token.top_logprobs or ()))
        for token in (found.content if found else None) or ()
    )


def _scored(token: Any) -> tuple[str, float]:
    text = whole(_checked(token.token, str, "logprobs.token"))
    number = token.logprob
    return text, float(number if isinstance(number, int) else _checked(number, float, "logprob"))
