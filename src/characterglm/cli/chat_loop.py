"""The running terminal chat: reads lines, shows replies, keeps the engine warm in between.

The greeting is shown at once; the model loads and reads the profile while the user reads it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing

from characterglm.chat.house import House
from characterglm.chat.reply import Event, Finished, Piece, Withdrawn
from characterglm.chat.session import ChatSession
from characterglm.chat.talk import Talk
from characterglm.cli.chat_commands import Commands
from characterglm.cli.chat_view import ChatView
from characterglm.engines.opening import Opened
from characterglm.errors import CharacterGLMError
from characterglm.settings import home_path

BARE = ("clear", "stop")
"""Commands of the original demo, which it took without a slash."""

OPENING_LINES = 6
"""How much of an older dialogue is shown when it goes on."""


class ChatLoop:
    """One terminal chat; `open_model` loads a model by name and blocks while it does.

    `by_hand` says that a person types: then Ctrl-C stops what the last line began, and only that.
    """

    def __init__(
        self,
        house: House,
        talk: Talk,
        view: ChatView,
        open_model: Callable[[str], Opened],
        *,
        by_hand: bool,
    ) -> None:
        self.house, self.talk, self.view = house, talk, view
        self.leaving = False
        self.failed = False
        """Whether any line met an error."""
        self._by_hand = by_hand
        self._open_model = open_model
        self._commands = Commands(self)
        self._loading: asyncio.Task[Opened] | None = None
        self._idle: asyncio.Task[None] | None = None
        self._session: ChatSession | None = None

    async def run(self, model: str, lines: AsyncIterator[str]) -> None:
        """Talk until the lines end or the user leaves; the model is always unloaded."""
        self._load_model(model)
        self.show_opening()
        try:
            self._rest()
            async for line in lines:
                await self._stop_resting()
                await self.handle(line.strip())
                if self.leaving:
                    break
                self._rest()
        finally:
            await self._stop_resting()
            await self._close_model()

    async def handle(self, line: str) -> None:
        """Say one line, or run it if it is a command; an error is shown and the talk goes on."""
        doing = asyncio.create_task(self._obey(line))
        with _interrupts(doing) if self._by_hand else contextlib.nullcontext():
            try:
                await doing
            except CharacterGLMError as error:
                self.failed = True
                self.view.problem(str(error))
            except asyncio.CancelledError:
                if not self._by_hand or not doing.cancelled():
                    raise
                self.view.note("stopped")
                self._remind()

    async def session(self) -> ChatSession:
        """The talk together with the engine, once it is loaded."""
        if self._loading is None:
            raise AssertionError("no model was asked for")
        opened = await asyncio.shield(self._loading)
        known = self._session
        if known is None or known.talk is not self.talk or known.engine is not opened.engine:
            self._session = known = self.house.session(self.talk, opened)
        return known

    def show_opening(self) -> None:
        """The greeting, or the end of an older dialogue and what is to be done there."""
        for utterance in self.talk.path[-OPENING_LINES:]:
            self.view.utterance(utterance, self.view.texts("you"))
        self._remind()

    def _remind(self) -> None:
        """What is to be done where a reply broke off or never came."""
        last = self.talk.last
        if last is not None and last.status == "interrupted":
            self.view.note("unfinished")
        elif last is not None and last.speaker.role == "user":
            self.view.note("unanswered")

    def restart(self) -> None:
        """A new dialogue with the same character and persona."""
        self.talk = self.house.start(self.talk.character, self.talk.persona)

    def load(self, dialogue_id: str) -> None:
        """Go on with another dialogue."""
        self.talk = self.house.resume(dialogue_id)

    async def change_model(self, name: str) -> None:
        """Answer with another model from now on; the old one stays if this one cannot be had."""
        old, self._loading = self._loading, None
        self._load_model(name)
        try:
            await self.session()
        except CharacterGLMError:
            self._loading = old
            raise
        if old is not None:
            with contextlib.suppress(CharacterGLMError):
                await (await old).engine.close()

    async def _obey(self, line: str) -> None:
        events = await self._understand(line)
        if events is not None:
            await self._show(events)

    async def _understand(self, line: str) -> AsyncGenerator[Event, None] | None:
        """The reply that a line asks for, if it asks for one."""
        if line in BARE or line.startswith("/"):
            name, _, rest = line.removeprefix("/").partition(" ")
            return await self._commands.run(name, rest)
        last = self.talk.last
        if not line and last is not None and last.speaker.role == "user":
            return (await self.session()).answer()
        if not line:
            return None
        # Kept before anything else can go wrong, be it that there is no model.
        said = self.talk.say(line)
        return (await self.session()).reply_to(said)

    async def _show(self, events: AsyncGenerator[Event, None]) -> None:
        """Show a reply piece by piece; something moves while its first piece is awaited."""
        view, name = self.view, self.talk.character.name
        with view.waiting(name) as reply:
            async with aclosing(events):
                async for event in events:
                    match event:
                        case Piece(text):
                            reply.piece(text)
                        case Withdrawn():
                            reply.again()
                        case Finished():
                            reply.end()

    def _load_model(self, name: str) -> None:
        self._loading = asyncio.create_task(asyncio.to_thread(self._open_model, name))

    async def _close_model(self) -> None:
        if self._loading is not None:
            with contextlib.suppress(CharacterGLMError):
                await (await self._loading).engine.close()

    def _rest(self) -> None:
        """While the user reads and types: prefill what the next prompt will begin with."""
        self._idle = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        # A failure to load is shown when the user says something, not in the middle of typing.
        with contextlib.suppress(CharacterGLMError):
            await (await self.session()).warm()

    async def _stop_resting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._idle

    def export(self, file: str) -> None:
        """Write the dialogue to a JSONL file."""
        from characterglm.dialogue.files import write_dialogues

        write_dialogues([self.talk.dialogue], home_path(file))


@contextlib.contextmanager
def _interrupts(task: asyncio.Task[None]) -> Iterator[None]:
    """Ctrl-C cancels the task instead of the program while the block runs."""
    loop = asyncio.get_running_loop()
    before = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(task.cancel))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
