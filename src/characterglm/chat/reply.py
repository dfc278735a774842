"""One reply on its way from the engine into the dialogue: written down while it streams.

The row exists before the first token is asked for; its text is saved at most every half second and
at the end, so that whatever happens, what was shown is kept, marked `interrupted`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from characterglm.chat.filter import ReplyFilter
from characterglm.chat.talk import Talk
from characterglm.dialogue import Generation, Utterance
from characterglm.engines import Delta, End, Engine, Request
from characterglm.engines.base import broken_off
from characterglm.errors import StoreError

CHECKPOINT = 0.5
"""Seconds between two saves of a reply that is being written."""


@dataclass(frozen=True)
class Began:
    """A reply is about to be written; its row is saved."""

    utterance: Utterance


@dataclass(frozen=True)
class Piece:
    """The next stretch of the reply, fit to be shown."""

    text: str


@dataclass(frozen=True)
class Withdrawn:
    """The reply was empty or said before; it is kept as a swipe, and another one begins."""

    utterance: Utterance


@dataclass(frozen=True)
class Finished:
    """The reply is complete and saved."""

    utterance: Utterance
    end: End
    first_token_ms: float | None
    """From the request to the first text."""


Event = Began | Piece | Withdrawn | Finished


class ReplyWriter:
    """Writes one reply into an existing row of status `streaming`."""

    def __init__(self, talk: Talk, utterance: Utterance, trim: ReplyFilter) -> None:
        self._talk, self._trim = talk, trim
        self.utterance = utterance
        self._saved_at = time.monotonic()

    async def write(self, engine: Engine, request: Request) -> AsyncGenerator[Event, None]:
        """Stream the reply; if the consumer leaves or the engine fails, what came is kept."""
        began = time.monotonic()
        first: float | None = None
        end: End | None = None
        try:
            async with aclosing(engine.stream(request)) as events:
                async for event in events:
                    if isinstance(event, End):
                        end = event
                    elif shown := self._take(event):
                        first = first or (time.monotonic() - began) * 1000
                        yield Piece(shown)
                    if self._trim.stopped:
                        end = end or End("stop")
                        break
            if end is None:
                raise broken_off(engine)
            if rest := self._add(self._trim.flush()):
                yield Piece(rest)
            self._finish(end)
        finally:
            if self.utterance.status == "streaming":
                self._add(self._trim.flush())
                self._save(status="interrupted")
        yield Finished(self.utterance, end, first)

    def _take(self, delta: Delta) -> str:
        shown = self._add(self._trim.feed(delta.text))
        if shown and time.monotonic() - self._saved_at >= CHECKPOINT:
            # A database that is locked for a while must not end the reply: the next save has it.
            with suppress(StoreError):
                self._save()
        return shown

    def _add(self, text: str) -> str:
        self.utterance.text += text
        return text

    def _finish(self, end: End) -> None:
        generation = self.utterance.generation or Generation(engine="", model="")
        self._save(
            status="complete",
            generation=generation.model_copy(
                update={
                    "finish_reason": end.finish_reason,
                    "prompt_tokens": end.prompt_tokens,
                    "completion_tokens": end.completion_tokens,
                }
            ),
        )

    def _save(self, **changes: object) -> None:
        # The object itself stays the one that the dialogue's tree holds.
        for name, value in changes.items():
            setattr(self.utterance, name, value)
        self._saved_at = time.monotonic()
        self._talk.update(self.utterance)
