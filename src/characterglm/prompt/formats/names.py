"""How chat formats, which know roles only, show names; and names at which a reply must end."""

from __future__ import annotations

from collections.abc import Sequence

from characterglm.prompt.script import Cast, Line
from characterglm.prompt.types import Segment
from characterglm.prompt.wording import wording


def shown(line: Line, cast: Cast) -> Sequence[Segment]:
    """The name before a line whose role alone does not tell who speaks; never a special token."""
    if not line.named:
        return ()
    pattern = wording(cast.language).frame.line
    return (Segment(pattern.format(name=line.name, text=""), "format", line.speaker),)


def name_stops(cast: Cast) -> tuple[str, ...]:
    """Beginnings of a line at which a weak model has gone on as somebody else."""
    return (f"\n{cast.listening}：", f"\n{cast.listening}:", "\n[")
