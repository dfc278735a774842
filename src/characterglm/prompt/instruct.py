"""A task for a model that plays nobody: authoring, synthesis, judging.

Knows a system text and one message; nothing about characters or what the answer should be.
"""

from __future__ import annotations

from collections.abc import Sequence

from characterglm.dialogue import Speaker
from characterglm.prompt.counting import cached, sizes
from characterglm.prompt.formats.base import PromptFormat
from characterglm.prompt.messages import messages
from characterglm.prompt.script import Block, Cast, Line, Script
from characterglm.prompt.types import Count, Prompt

_NOBODY = Cast("", "", "", Speaker(role="character"), "en")


def instruct(
    text: str,
    *,
    system: str = "",
    examples: Sequence[tuple[str, str]] = (),
    format: PromptFormat,  # noqa: A002
    count: Count,
) -> Prompt:
    """The prompt for one answer to one message.

    `examples` are messages and the answers that they should have had, told as earlier turns.
    `format` should be a chat format (`chatml`, `template`): a plain dialogue format has no place
    for instructions. Nothing is ever cut; the engine raises ContextOverflow if it is too long.
    """
    front = (Block("notes", system, "frame"),) if system else ()
    shown = [
        line
        for asked, answered in examples
        for line in (Line(asked, "user", "examples"), Line(answered, "assistant", "examples"))
    ]
    script = Script(_NOBODY, front, (*shown, Line(text, "user", "message", speaker="user")))
    rendered = format.render(script)
    counter = cached(count)
    return Prompt(
        segments=rendered.segments,
        messages=messages(script),
        # Stops that open a new line are for dialogues; an answer may have any lines it likes.
        stop=tuple(mark for mark in format.stop(_NOBODY) if not mark.startswith("\n")),
        format=format.name,
        tokens=counter(rendered.segments),
        sizes=sizes(rendered.segments, counter),
        stable=rendered.starts[len(shown)],
    )
