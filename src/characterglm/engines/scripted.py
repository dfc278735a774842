"""A public fake engine for tests, demos and load tests: it says what it was told to say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence

from characterglm.engines.base import (
    Capability,
    Delta,
    End,
    Event,
    Request,
    demand,
    estimate,
)
from characterglm.prompt.types import Prompt, Segment

Script = Iterable[str] | Callable[[Request], str]

_PIECES = re.compile(r"[^\x00-\x7f]|\w+|\s+|.", re.DOTALL | re.ASCII)


class ScriptedEngine:
    """Answers from a list of replies (over and over) or from a function of the request.

    `delay` is the pause in seconds before each piece; `requests` and `warmed` record what was
    asked, in order.
    """

    name = "scripted"
    license = "CC0-1.0"
    capabilities: frozenset[Capability] = frozenset({"schema", "warm", "seed", "continue"})

    def __init__(
        self,
        script: Script = ("…",),
        *,
        delay: float = 0.0,
        context_length: int | None = 4096,
        model: str = "script",
    ) -> None:
        self._say = script if callable(script) else _cycle(script)
        self._delay = delay
        self.context_length = context_length
        self.model = model
        self.requests: list[Request] = []
        self.warmed: list[Prompt] = []
        self.closed = False

    async def stream(self, request: Request) -> AsyncGenerator[Event, None]:
        """The scripted reply, piece by piece (a word or a Chinese character), then `End`."""
        demand(self, request)
        self.requests.append(request)
        pieces = _PIECES.findall(self._say(request))
        spoken = pieces[: request.sampling.max_tokens]
        for piece in spoken:
            await asyncio.sleep(self._delay)
            yield Delta(piece)
        yield End(
            "stop" if len(spoken) == len(pieces) else "length",
            prompt_tokens=request.prompt.tokens,
            completion_tokens=len(spoken),
        )

    async def warm(self, prompt: Prompt) -> None:
        """Remember the prompt."""
        self.warmed.append(prompt)

    def count(self, segments: Sequence[Segment]) -> tuple[int, bool]:
        """An estimate, never exact."""
        return estimate(segments), False

    async def close(self) -> None:
        """Nothing to free; `closed` tells that it was asked."""
        self.closed = True


def _cycle(replies: Iterable[str]) -> Callable[[Request], str]:
    def forever() -> Iterator[str]:
        known = list(replies)
        while known:
            yield from known

    replying = forever()
    return lambda request: next(replying)
