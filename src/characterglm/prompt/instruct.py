"""A plain instruction to a model, for authoring, judges and synthesis, in the same formats.

Knows nothing about characters: here the model plays nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from characterglm.dialogue import Speaker
from characterglm.prompt.counting import cached, sizes
from characterglm.prompt.formats.base import PromptFormat
from characterglm.prompt.messages import messages
from characterglm.prompt.script import Block, Cast, Line, Script
from characterglm.prompt.types import Count, Prompt, Role
from characterglm.prompt.wording import wording


def instruct(
    text: str,
    *,
    system: str = "",
    examples: Sequence[tuple[str, str]] = (),
    format: PromptFormat,  # noqa: A002 - the field's standard term
    count: Count,
    language: str = "en",
) -> Prompt:
    """The prompt that asks a model for something.

    `system` tells it what it is, `examples` are (question, answer) pairs that stand before the
    question. The reply ends at the format's own end markers only. Where the format writes names
    (`characterglm`), the sides are called as usual in `language`; that format knows one line of
    text and is meant for dialogue, so ask chat models in `chatml` or `template`.
    """
    names = wording(language).names
    cast = Cast(names.assistant, names.user, names.narrator, Speaker(role="character"), language)
    lines = [_line(asked, "user", cast, "examples") for asked, _ in examples]
    answers = [_line(answer, "assistant", cast, "examples") for _, answer in examples]
    told = [line for pair in zip(lines, answers, strict=True) for line in pair]
    script = Script(
        cast=cast,
        front=(Block("format", system),) if system else (),
        lines=(*told, _line(text, "user", cast, "message")),
    )
    counter, segments = cached(count), format.render(script).segments
    return Prompt(
        segments=segments,
        messages=messages(script),
        stop=format.ends,
        format=format.name,
        tokens=counter(segments),
        sizes=sizes(segments, counter),
    )


def _line(text: str, role: Role, cast: Cast, part: str) -> Line:
    speaker = "character" if role == "assistant" else "user"
    return Line(text, role, part, getattr(cast, speaker), speaker)
