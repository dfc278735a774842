"""What a prompt format is: how a script becomes segments, and where a reply ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from characterglm.prompt.script import Block, Cast, Line, Script
from characterglm.prompt.types import Segment


@dataclass(frozen=True, slots=True)
class Rendered:
    """A script as segments."""

    segments: tuple[Segment, ...]
    starts: tuple[int, ...]
    """For each line of the script, the index of its first segment; then the index at which the
    reply to come is opened (or the number of segments, if it is not)."""


class PromptFormat(Protocol):
    """One way to write a prompt.

    `front` and `line` tell what a part costs, so that a budget can choose before anything is
    rendered; `render` has the last word.
    """

    @property
    def name(self) -> str:
        """`characterglm`, `chatml` or `template`."""

    @property
    def ends(self) -> tuple[str, ...]:
        """The format's own markers after which a reply has ended."""

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """What the format cannot do, and what is done instead."""

    def front(self, blocks: Sequence[Block], cast: Cast) -> Sequence[Segment]:
        """What stands before everything that was said."""

    def line(self, line: Line, cast: Cast) -> Sequence[Segment]:
        """One line, its end marker included."""

    def opening(self, cast: Cast) -> Sequence[Segment]:
        """What opens the next reply."""

    def render(self, script: Script) -> Rendered:
        """The whole prompt."""

    def stop(self, cast: Cast) -> tuple[str, ...]:
        """Texts at which a reply in a dialogue ends, the most telling first."""


class Linear:
    """Base of formats in which every line is written the same wherever it stands."""

    name: str
    ends: tuple[str, ...]
    fallbacks: tuple[str, ...] = ()

    def front(self, blocks: Sequence[Block], cast: Cast) -> Sequence[Segment]:
        """See `PromptFormat`."""
        raise NotImplementedError

    def line(self, line: Line, cast: Cast) -> Sequence[Segment]:
        """See `PromptFormat`."""
        raise NotImplementedError

    def opening(self, cast: Cast) -> Sequence[Segment]:
        """See `PromptFormat`."""
        raise NotImplementedError

    def begun(self, line: Line) -> Segment:
        """The text of a reply that is to be gone on with."""
        return Segment(line.text, line.part, line.speaker, trained=line.trained)

    def render(self, script: Script) -> Rendered:
        """The front, each line, and the opening of the reply, one after another."""
        segments = list(self.front(script.front, script.cast))
        starts = []
        for line in script.lines:
            starts.append(len(segments))
            segments.extend(self.line(line, script.cast))
        starts.append(len(segments))
        if script.opened:
            segments.extend(self.opening(script.cast))
        if script.begun:
            segments.append(self.begun(script.begun))
        return Rendered(tuple(segments), tuple(starts))
