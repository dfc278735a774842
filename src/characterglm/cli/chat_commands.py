"""What each slash command of the terminal chat does; one method a command."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from characterglm.chat.reply import Event
from characterglm.chat.talk import Talk
from characterglm.cli.chat_view import branch_name
from characterglm.cli.persona import read_persona
from characterglm.dialogue import Feedback, Utterance
from characterglm.errors import InputError

if TYPE_CHECKING:
    from characterglm.cli.chat_loop import ChatLoop

Reply = AsyncGenerator[Event, None]


class Commands:
    """The commands of one running chat.

    A method returns a stream of events when the character is to answer, else None.
    """

    def __init__(self, loop: ChatLoop) -> None:
        self._loop = loop

    async def run(self, name: str, rest: str) -> Reply | None:
        """Run the command `/name rest`. Raises InputError if there is none of that name."""
        method = getattr(self, f"do_{name}", None)
        if method is None:
            raise InputError(self._loop.view.texts("unknown_command", name=name))
        reply: Reply | None = await method(rest.strip())
        return reply

    @property
    def _talk(self) -> Talk:
        return self._loop.talk

    async def do_help(self, rest: str) -> None:
        self._loop.view.commands()

    async def do_stop(self, rest: str) -> None:
        self._loop.leaving = True

    async def do_clear(self, rest: str) -> None:
        old = self._talk
        self._loop.restart()
        if old.stored:
            self._loop.view.note("cleared", id=old.dialogue.id)
        self._loop.show_opening()

    async def do_regenerate(self, rest: str) -> Reply:
        return (await self._loop.session()).answer()

    async def do_continue(self, rest: str) -> Reply:
        return (await self._loop.session()).resume()

    async def do_swipe(self, rest: str) -> None:
        last = self._talk.last
        if last is None:
            raise InputError(self._loop.view.texts("no_reply"))
        if rest:
            chosen = self._talk.swipe(_number(rest))
            self._loop.view.utterance(chosen, self._loop.view.texts("you"))
        else:
            self._loop.view.versions(self._talk.versions(last), last)

    async def do_edit(self, rest: str) -> Reply | None:
        found = re.match(r"(\d+)\s+(.+)", rest, re.DOTALL)
        if found:
            edited = self._talk.edit(self._numbered(found[1]), found[2])
        else:
            edited = self._talk.edit(self._last_by_user(), rest)
        if edited.speaker.role != "user":
            self._loop.view.utterance(edited, self._loop.view.texts("you"))
            return None
        return (await self._loop.session()).answer()

    async def do_undo(self, rest: str) -> None:
        self._loop.view.note("undone", text=self._talk.undo().text)

    async def do_branch(self, rest: str) -> None:
        leaves, last = self._talk.leaves(), self._talk.last
        if not rest:
            self._loop.view.branches(leaves, last)
            return
        letters = {branch_name(index): leaf for index, leaf in enumerate(leaves)}
        chosen = letters[rest] if rest in letters else self._numbered(rest)
        self._talk.go(chosen.id)
        self._loop.view.history(self._talk, last=3)

    async def do_history(self, rest: str) -> None:
        self._loop.view.history(self._talk)

    async def do_save(self, rest: str) -> None:
        if rest.endswith(".jsonl"):
            self._loop.export(rest)
            self._loop.view.note("exported", path=rest)
            return
        if rest:
            self._talk.rename(rest)
        dialogue = self._talk.dialogue
        self._loop.view.note("saved", title=dialogue.title or dialogue.id)

    async def do_load(self, rest: str) -> None:
        if not rest:
            self._loop.view.dialogues(self._loop.house.dialogues.list(self._talk.character.id))
            return
        self._loop.load(rest)
        self._loop.view.note("loaded", id=self._talk.dialogue.id)
        self._loop.show_opening()

    async def do_persona(self, rest: str) -> None:
        if rest:
            self._talk.set_persona(read_persona(rest))
        name = self._talk.persona.name
        self._loop.view.note("persona" if name else "no_persona", name=name)

    async def do_prompt(self, rest: str) -> None:
        from characterglm.cli.character_prompt import show_prompt

        session = await self._loop.session()
        exact = session.engine.count(())[1]
        show_prompt(self._loop.view.console, session.seen(), explain=True, exact=exact)

    async def do_model(self, rest: str) -> None:
        if rest:
            await self._loop.change_model(rest)
        self._loop.view.note("model", model=(await self._loop.session()).engine.model)

    async def do_feedback(self, rest: str) -> None:
        thumb, _, note = rest.partition(" ")
        last = self._talk.last
        if thumb not in {"up", "down"} or last is None or last.speaker.role != "character":
            raise InputError("type /feedback up or /feedback down after a reply")
        self._talk.feedback(last, Feedback(thumb="up" if thumb == "up" else "down", note=note))
        self._loop.view.note("thanks")

    def _numbered(self, text: str) -> Utterance:
        path, number = self._talk.path, _number(text)
        if not 1 <= number <= len(path):
            raise InputError(f"there are {len(path)} utterances: see /history")
        return path[number - 1]

    def _last_by_user(self) -> Utterance:
        for utterance in reversed(self._talk.path):
            if utterance.speaker.role == "user":
                return utterance
        raise InputError("you have said nothing yet")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise InputError(f"'{text}' is no number: see /history")
    return int(text)
