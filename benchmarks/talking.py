"""What the chat benchmarks share: a session on the default model, and the raw runtime beside it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from characterglm.chat.house import open_house
from characterglm.chat.reply import Finished, Piece
from characterglm.chat.session import ChatSession
from characterglm.dialogue import Speaker, Utterance
from characterglm.engines import Request
from characterglm.engines.local import LocalEngine
from characterglm.engines.local.wire import body_of
from characterglm.engines.opening import open_model


@dataclass(frozen=True)
class Timing:
    """One reply, as its reader sees it: seconds to the first text, and from there to the end."""

    first: float
    rest: float
    tokens: int

    @property
    def rate(self) -> float:
        """Tokens a second after the first one."""
        return (self.tokens - 1) / self.rest


@contextmanager
def session(character: str, *, model: str = "default", **options: Any) -> Iterator[ChatSession]:
    """A fresh dialogue with a built-in character in a throw-away database."""
    opened = open_model(model, **options)
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(f"sqlite:///{Path(folder) / 'bench.db'}")
        yield house.session(house.start(house.characters.get(character)), opened)
        house.close()


async def ours(session: ChatSession, text: str) -> Timing:
    """Say something through the session and time the reply."""
    began = time.perf_counter()
    first = 0.0
    async for event in session.say(text):
        if isinstance(event, Piece):
            first = first or time.perf_counter()
        elif isinstance(event, Finished):
            done = time.perf_counter()
            tokens = event.end.completion_tokens or 0
    return Timing(first - began, done - first, tokens)


def raw(session: ChatSession, text: str, *, cached: bool = True) -> Timing:
    """The same reply from the runtime itself: same ids, same sampling, nothing of ours around it.

    `cached=False` erases what the runtime knows of the prompt's beginning.
    """
    engine = session.engine
    assert isinstance(engine, LocalEngine)
    said = Utterance(parent=session.talk.dialogue.leaf, speaker=Speaker(role="user"), text=text)
    prompt = session.prompt([*session.talk.path, said])
    body = body_of(Request(prompt, session.sampling), engine.encode(prompt.segments), [])
    times: list[float] = []
    tokens = [0]

    def on_chunk(chunk: dict[str, Any]) -> bool:
        if any(choice.get("text") for choice in chunk.get("choices", ())):
            times.append(time.perf_counter())
        if "usage" in chunk:
            tokens[0] = chunk["usage"]["completion_tokens"]
        return False

    began = time.perf_counter()
    engine._server.generate({**body, "cache_prompt": cached}, on_chunk)
    done = time.perf_counter()
    return Timing(times[0] - began, done - times[0], tokens[0])
