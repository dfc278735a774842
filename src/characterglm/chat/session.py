"""One talk with one character: the only place where character, engine and dialogue meet.

Terminal, web and API all drive this class. The user's utterance is committed before a reply is
asked for, and a reply while it is written.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from characterglm.character import Lorebook
from characterglm.chat.filter import ReplyFilter
from characterglm.chat.repeats import repeats
from characterglm.chat.reply import Began, Event, Finished, ReplyWriter, Withdrawn
from characterglm.chat.talk import Talk
from characterglm.dialogue import Generation, Utterance
from characterglm.engines import Engine, Request, Sampling
from characterglm.engines.base import MARGIN
from characterglm.errors import ContextOverflow, InputError, Unsupported
from characterglm.prompt import Prompt, PromptFormat, build, cached, prefix


class ChatSession:
    """A talk and the engine that answers in it.

    `lorebooks` are the standalone ones attached to the character.
    """

    def __init__(
        self,
        talk: Talk,
        engine: Engine,
        format: PromptFormat,  # noqa: A002 - the field's standard term
        *,
        sampling: Sampling | None = None,
        lorebooks: Sequence[Lorebook] = (),
    ) -> None:
        self.talk, self.engine, self.format = talk, engine, format
        self.sampling = sampling or Sampling()
        self.lorebooks = tuple(lorebooks)
        self._count = cached(lambda segments: engine.count(segments)[0])

    def prompt(self, path: Sequence[Utterance] | None = None) -> Prompt:
        """The prompt for the character's next reply. Raises ContextOverflow if it cannot fit."""
        return build(
            self.talk.character,
            self.talk.persona,
            self.talk.path if path is None else path,
            format=self.format,
            budget=self._budget(),
            count=self._count,
            lorebooks=self.lorebooks,
        )

    def seen(self) -> Prompt:
        """What the model saw before the last reply, or will see at first."""
        path = self.talk.path
        while path and path[-1].speaker.role == "character":
            path.pop()
        return self.prompt(path) if path else self._beginning()

    async def warm(self) -> None:
        """Prefill what the next prompt will begin with, while the user reads and types."""
        if "warm" in self.engine.capabilities:
            await self.engine.warm(self._beginning())

    async def say(self, text: str) -> AsyncGenerator[Event, None]:
        """Commit the user's utterance, then stream the reply to it.

        Raises InputError for an empty text, and ContextOverflow as `reply_to` does.
        """
        async with aclosing(self.reply_to(self.talk.say(text))) as events:
            async for event in events:
                yield event

    async def reply_to(self, said: Utterance) -> AsyncGenerator[Event, None]:
        """Stream the reply to what was just said.

        Raises ContextOverflow if it cannot fit; it is kept as a branch, and the talk stands where
        it stood before.
        """
        try:
            prompt = self.prompt()
        except ContextOverflow:
            self.talk.go(said.parent)
            raise
        async with aclosing(self._answer(prompt)) as events:
            async for event in events:
                yield event

    async def answer(self) -> AsyncGenerator[Event, None]:
        """Stream a reply to what was said last; after a reply, another one to the same.

        The other one stays as a swipe. Raises InputError if nothing was said yet.
        """
        last = self.talk.last
        if last is not None and last.speaker.role == "character" and last.parent is not None:
            self.talk.go(last.parent)
            last = self.talk.last
        if last is None or last.speaker.role == "character":
            raise InputError("there is nothing to answer yet: say something first")
        async with aclosing(self._answer(self.prompt())) as events:
            async for event in events:
                yield event

    async def resume(self) -> AsyncGenerator[Event, None]:
        """Go on writing the last reply where it stopped; the shorter one stays as a swipe."""
        last = self.talk.last
        if last is None or last.speaker.role != "character" or last.parent is None:
            raise InputError("there is no reply to continue")
        if "continue" not in self.engine.capabilities:
            raise Unsupported(
                f"the engine {self.engine.name} cannot go on writing a reply: use /regenerate"
            )
        request = Request(self.prompt(), self.sampling)
        longer = self._row(last.parent, text=last.text)
        async with aclosing(self._write(longer, request)) as events:
            async for event in events:
                yield event

    async def _answer(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Write a reply to the last utterance; an empty or repeated one is tried once more."""
        asked = self.talk.dialogue.leaf
        others = [one.text for one in self.talk.dialogue.children(asked) if one.text]
        before = [one.text for one in self.talk.path if one.speaker.role == "character"] + others
        tries = len(others)
        for last_try in (False, True):
            request = Request(prompt, _varied(self.sampling, tries))
            async with aclosing(self._write(self._row(asked), request)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        finished = event
                    else:
                        yield event
            said = finished.utterance.text
            if last_try or (said and not repeats(said, before)):
                break
            yield Withdrawn(finished.utterance)
            tries += 1
        yield finished

    async def _write(self, row: Utterance, request: Request) -> AsyncGenerator[Event, None]:
        """Stream one reply into a new row; where nothing came, the talk stays where it was."""
        stood, begun = self.talk.dialogue.leaf, row.text
        self.talk.add(row)
        yield Began(row)
        stops = (*request.prompt.stop, *request.sampling.stop)
        trim = ReplyFilter(stops, self._openers(), begun=bool(row.text))
        try:
            async with aclosing(ReplyWriter(self.talk, row, trim).write(self.engine, request)) as w:
                async for event in w:
                    yield event
        finally:
            if row.text == begun:
                self.talk.go(stood)

    def _beginning(self) -> Prompt:
        return prefix(
            self.talk.character,
            self.talk.persona,
            self.talk.path,
            format=self.format,
            budget=self._budget(),
            count=self._count,
            lorebooks=self.lorebooks,
        )

    def _row(self, parent: str | None, text: str = "") -> Utterance:
        return Utterance(
            parent=parent,
            speaker=self.talk.speaker(),
            text=text,
            status="streaming",
            origin="model",
            generation=Generation(
                engine=self.engine.name,
                model=self.engine.model,
                license=self.engine.license,
                format=self.format.name,
                sampling=self.sampling.model_dump(mode="json", exclude_defaults=True),
            ),
        )

    def _openers(self) -> tuple[str, ...]:
        """How a weak model may begin: with its own name."""
        name = self.talk.character.name
        return (f"{name}：", f"{name}:", f"[{name}]", f"【{name}】")

    def _budget(self) -> int | None:
        length = self.engine.context_length
        return None if length is None else length - self.sampling.max_tokens - MARGIN


def _varied(sampling: Sampling, tries: int) -> Sampling:
    """The sampling for one more try: another seed, and a little warmer."""
    if not tries:
        return sampling
    seed = None if sampling.seed is None else sampling.seed + tries
    warmer = min(sampling.temperature + 0.15 * tries, max(1.2, sampling.temperature))
    return sampling.model_copy(update={"seed": seed, "temperature": warmer})
