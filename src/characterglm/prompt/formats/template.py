"""A model's own chat template, cut into segments.

Texts never pass through the template: unguessable marks stand for them, and what the template
writes between the marks becomes control segments. A template that alters, drops, repeats or
reorders a mark is refused. See docs/decisions/prompt-template.md.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jinja2 import TemplateError

from characterglm.errors import InputError
from characterglm.prompt.formats.base import Rendered
from characterglm.prompt.formats.names import name_stops, shown
from characterglm.prompt.formats.sandbox import Sandbox
from characterglm.prompt.formats.turns import ABILITIES, Ability, Piece, Turn, arrange, turns_of
from characterglm.prompt.script import Block, Cast, Line, Script
from characterglm.prompt.types import Role, Segment


class TemplateFormat:
    """The format that a model's chat template defines.

    `source` is Jinja2 text (GGUF: `tokenizer.chat_template`), `bos` and `eos` the special tokens
    it may ask for, `today` the date it may show (default: the date of creation, so that a prompt
    stays the same for as long as the format lives). Raises InputError for a template that cannot
    be used.
    """

    name = "template"

    def __init__(
        self, source: str, *, bos: str = "", eos: str = "", today: date | None = None
    ) -> None:
        self._sandbox = Sandbox(source, today=today)
        self._bos, self._eos = bos, eos
        self.end = self._head = ""
        self._check_texts()
        self.end = self._end_marker()
        self._head = self._reply_head()
        self._able = frozenset(one for one in ABILITIES if self._can(one))
        self._wraps = self._measure()

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """What the template cannot do, and what is done instead."""
        return tuple(text for one, text in ABILITIES.items() if one not in self._able)

    @property
    def ends(self) -> tuple[str, ...]:
        """The end marker that the template writes, and the model's own."""
        ends = (self.end.strip() or self.end, self._eos)
        return tuple(dict.fromkeys(text for text in ends if text))

    def front(self, blocks: Sequence[Block], cast: Cast) -> Sequence[Segment]:
        """What the front costs, about: see `render`."""
        texts = [Segment(f"\n\n{block.text}", block.part) for block in blocks]
        return (*self._wraps["system"], *texts) if texts else ()

    def line(self, line: Line, cast: Cast) -> Sequence[Segment]:
        """What a line costs, about: see `render`."""
        text = Segment(line.text, line.part, line.speaker, trained=line.trained)
        return (*self._wraps[line.role], *shown(line, cast), text)

    def opening(self, cast: Cast) -> Sequence[Segment]:
        """What opening the reply costs, about: see `render`."""
        return (Segment(self._head, "format", control=True),)

    def render(self, script: Script) -> Rendered:
        """The template's text for the script, cut where our texts stand."""
        turns = arrange(turns_of(script), self._able)
        try:
            cut = self._cut(turns, opened=script.opened)
        except TemplateError as error:
            raise InputError(_refusal(str(error))) from None
        segments = list(cut.segments)
        starts = [cut.starts[index] for index in range(len(script.lines))]
        starts.append(cut.opening)
        if script.begun:
            begun = script.begun
            text = Segment(begun.text, begun.part, begun.speaker, trained=begun.trained)
            segments.append(text)
        return Rendered(tuple(segments), tuple(starts))

    def stop(self, cast: Cast) -> tuple[str, ...]:
        """The end marker, and a line that goes on as the other side."""
        return (*self.ends, *name_stops(cast))

    def _write(self, messages: list[dict[str, str]], *, opened: bool) -> str:
        return self._sandbox.render(
            {
                "messages": messages,
                "add_generation_prompt": opened,
                "bos_token": self._bos,
                "eos_token": self._eos,
                "tools": None,
                "documents": None,
                "enable_thinking": False,
            }
        )

    def _cut(self, turns: Sequence[Turn], *, opened: bool) -> _Cut:
        """Render with marks and cut. Raises TemplateError, also for marks out of place."""
        nonce = f"Tx{secrets.token_hex(8)}"
        pieces = [piece for turn in turns for piece in turn.pieces]
        numbers = iter(range(len(pieces)))
        messages = [
            {
                "role": turn.role,
                "content": "".join(f"{nonce}n{next(numbers)}Q" for _ in turn.pieces),
            }
            for turn in turns
        ]
        parts = re.split(f"{nonce}n([0-9]+)Q", self._write(messages, opened=opened))
        order = [int(number) for number in parts[1::2]]
        if order != list(range(len(pieces))) or any(nonce[2:] in glue for glue in parts[::2]):
            raise TemplateError("it alters, drops, repeats or reorders what is said")
        return self._assemble(parts[::2], pieces, opened=opened)

    def _assemble(self, glues: Sequence[str], pieces: Sequence[Piece], *, opened: bool) -> _Cut:
        """Segments from the pieces and what the template wrote around them."""
        segments: list[Segment] = []
        starts: dict[int, int] = {}
        learned = False
        for glue, piece in zip(glues[:-1], pieces, strict=True):
            segments.extend(self._close(glue, learned=learned))
            place = len(segments)
            rest = glue[len(self.end) :] if learned and glue.startswith(self.end) else glue
            segments.extend(_control(rest))
            if piece.line is not None:
                starts.setdefault(piece.line, place)
            segments.append(piece.segment)
            learned = piece.segment.trained
        closing = self._close(glues[-1], learned=learned)
        rest = glues[-1][len(self.end) :] if closing else glues[-1]
        segments.extend(closing)
        head = self._head if opened and rest.endswith(self._head) else ""
        segments.extend(_control(rest.removesuffix(head)))
        opening = len(segments)
        segments.extend(_control(head))
        return _Cut(tuple(segments), starts, opening, tuple(glues))

    def _close(self, glue: str, *, learned: bool) -> list[Segment]:
        """The end marker of a learned text, itself learned."""
        if learned and self.end and glue.startswith(self.end):
            return [Segment(self.end, "format", trained=True, control=True)]
        return []

    def _check_texts(self) -> None:
        """Refuse a template that does not write texts as they are."""
        hard = "“引号” \"q\" 'a' <b>&amp; {{ x }}\n\n\t% 中文。"
        roles: list[Role] = ["user", "assistant", "user"]
        try:
            cut = self._cut([_turn(role, hard) for role in roles], opened=True)
            written = self._write([{"role": r, "content": hard} for r in roles], opened=True)
        except TemplateError as error:
            raise InputError(_refusal(str(error))) from None
        if "".join(segment.text for segment in cut.segments) != written:
            raise InputError(_refusal("it does not write texts as they are"))

    def _end_marker(self) -> str:
        """What the template writes after a reply; the white space after it is not part of it."""
        tail = self._cut([_turn("user", "a"), _turn("assistant", "b")], opened=False).glues[-1]
        return tail.rstrip() or tail

    def _reply_head(self) -> str:
        """What opens a reply."""
        asked = [_turn("user", "a")]
        closed, opened = (self._cut(asked, opened=one).glues[-1] for one in (False, True))
        return opened.removeprefix(closed) if opened.startswith(closed) else ""

    def _can(self, ability: Ability) -> bool:
        try:
            self._cut([_turn(role, "a") for role in _PROBES[ability]], opened=True)
        except TemplateError:
            return False
        return True

    def _measure(self) -> dict[Role, tuple[Segment, ...]]:
        """What the template writes around one message of each role, about."""
        roles: list[Role] = ["user", "assistant", "user", "assistant", "user"]
        if "system" in self._able:
            roles.insert(0, "system")
        glues = self._cut([_turn(role, "a") for role in roles], opened=False).glues
        front = glues[0] if "system" in self._able else ""
        user, assistant = glues[-2], glues[-3]
        return {
            "system": tuple(_control(front + user)),
            "user": tuple(_control(user)),
            "assistant": tuple(_control(assistant)),
        }


@dataclass(frozen=True, slots=True)
class _Cut:
    """A rendering as segments; where each line begins, and where the reply is opened."""

    segments: tuple[Segment, ...]
    starts: dict[int, int]
    opening: int
    glues: tuple[str, ...]
    """What the template wrote before each piece, and after the last."""


_PROBES: dict[Ability, tuple[Role, ...]] = {
    "system": ("system", "user", "assistant", "user"),
    "notes": ("user", "assistant", "system", "user"),
    "greeting": ("assistant", "user", "assistant", "user"),
    "runs": ("user", "user", "assistant", "assistant", "user"),
}


def _turn(role: Role, text: str) -> Turn:
    return Turn(role, (Piece(Segment(text, "history"), None),))


def _control(text: str) -> list[Segment]:
    return [Segment(text, "format", control=True)] if text else []


def _refusal(why: str) -> str:
    return (
        f"the model's chat template cannot be used: {why}. "
        "Use --format chatml or --format characterglm"
    )
