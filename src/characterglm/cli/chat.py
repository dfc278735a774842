"""`characterglm chat`: talk with a character in the terminal, or from a script."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from characterglm.errors import InputError

if TYPE_CHECKING:
    from characterglm.chat.house import House
    from characterglm.chat.talk import Talk
    from characterglm.engines.opening import Opened

app = App(name="chat", help="Talk with a character.")


@app.default
def chat(
    character: str = "",
    *,
    message: Annotated[list[str] | None, Parameter(name=["--message", "-m"])] = None,
    model: str = "",
    persona: str = "",
    session: str = "",
    format: str = "",  # noqa: A002 - the option's name
    seed: int | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
    context: int | None = None,
    json: bool = False,
) -> int:
    """Talk with a character.

    Parameters
    ----------
    character
        Id or name of a character; `characterglm character list` shows them.
    message
        Say this and print the reply, for scripts; may be given several times.
    model
        Registry name, GGUF file, hf:REPO/FILE, or openai:NAME for an endpoint.
    persona
        Who you are: a YAML file (name, info, relation), or "NAME: WHO THAT IS".
    session
        Go on with an older dialogue: its id or the beginning of it, or `last`.
    format
        Prompt format: characterglm, chatml, or template (the model's own).
    seed
        Seed of the sampling; the same seed gives the same reply on the same machine.
    temperature
        0 always takes the likeliest token; higher is livelier.
    max_tokens
        Most tokens of one reply.
    context
        Tokens of prompt and reply that the model keeps; for an endpoint, when turns must leave.
    json
        Print one JSON object a reply; needs --message or lines on standard input.
    """
    from characterglm.chat.house import open_house
    from characterglm.cli.model import ensure, load
    from characterglm.settings import settings

    name = model or settings().model
    house = open_house()
    try:
        talk = _talk(house, character, session, persona)
        ensure(name)
        asked = {"seed": seed, "temperature": temperature, "max_tokens": max_tokens}
        sampling = {name: value for name, value in asked.items() if value is not None}
        opening = partial(load, format=format, sampling=sampling, context=context)
        if json:
            said = _given(message)
            return asyncio.run(_reply_as_json(house, talk, opening(name), said))
        return asyncio.run(_converse(house, talk, opening, name, message))
    finally:
        house.close()


def _talk(house: House, character: str, session: str, persona: str) -> Talk:
    from characterglm.cli.persona import read_persona

    wanted = house.characters.get(character) if character else None
    if session:
        last = session == "last"
        talk = house.resume_last(wanted.id if wanted else None) if last else house.resume(session)
        if wanted and wanted.id != talk.character.id:
            raise InputError(f"dialogue {talk.dialogue.id} is with {talk.character.id}")
        if persona:
            talk.set_persona(read_persona(persona))
        return talk
    if wanted is None:
        raise InputError(
            "with whom? characterglm chat CHARACTER; characterglm character list shows them"
        )
    return house.start(wanted, read_persona(persona) if persona else None)


async def _converse(
    house: House,
    talk: Talk,
    opening: Callable[[str], Opened],
    model: str,
    said: list[str] | None,
) -> int:
    """Talk with a person, or with whatever writes to standard input."""
    from rich.console import Console

    from characterglm.cli.chat_loop import ChatLoop
    from characterglm.cli.chat_view import ChatView
    from characterglm.cli.messages import Messages, user_language

    texts = Messages("chat", user_language(talk.character.language))
    view = ChatView(Console(highlight=False), texts)
    by_hand = said is None and sys.stdin.isatty()
    loop = ChatLoop(house, talk, view, opening, by_hand=by_hand)
    if by_hand:
        view.note("hint")
    await loop.run(model, _typed(loop, texts("you")) if by_hand else _lines(_given(said)))
    if by_hand:
        if loop.talk.stored:
            view.note("continue_hint", id=loop.talk.dialogue.id)
        return 0
    return 1 if loop.failed else 0


def _given(messages: list[str] | None) -> Iterable[str]:
    """What is to be said: the messages of the command line, else standard input's lines."""
    from characterglm.cli import stdin

    if messages is not None:
        return messages
    if sys.stdin.isatty():
        raise InputError("--json is for scripts: give --message, or lines on standard input")
    return stdin.lines()


async def _lines(lines: Iterable[str]) -> AsyncIterator[str]:
    for line in lines:
        if line.strip():
            yield line


async def _typed(loop: Any, you: str) -> AsyncIterator[str]:
    """Lines typed by a person; Ctrl-C clears the line, Ctrl-D ends."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory

    earlier = [one.text for one in loop.talk.path if one.speaker.role == "user"]
    reader: PromptSession[str] = PromptSession(history=InMemoryHistory(earlier))
    while True:
        try:
            yield await reader.prompt_async(f"{loop.talk.persona.name or you} ")
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


async def _reply_as_json(house: House, talk: Talk, opened: Opened, said: Iterable[str]) -> int:
    """One JSON object a reply, on one line."""
    from characterglm.chat.reply import Finished
    from characterglm.cli.terminal import print_json

    session = house.session(talk, opened)
    try:
        for line in said:
            async for event in session.say(line):
                if isinstance(event, Finished):
                    print_json(_record(talk, line, event), lines=True)
    finally:
        await opened.engine.close()
    return 0


def _record(talk: Talk, said: str, finished: Any) -> dict[str, Any]:
    end = finished.end
    return {
        "dialogue": talk.dialogue.id,
        "character": talk.character.id,
        "user": said,
        "reply": finished.utterance.text,
        "utterance": finished.utterance.id,
        "finish_reason": end.finish_reason,
        "prompt_tokens": end.prompt_tokens,
        "cached_tokens": end.cached_tokens,
        "completion_tokens": end.completion_tokens,
        "first_token_ms": finished.first_token_ms,
    }
