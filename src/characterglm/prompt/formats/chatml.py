"""ChatML: `<|im_start|>role`, a text, `<|im_end|>`; the markers alone are special tokens."""

from __future__ import annotations

from collections.abc import Sequence

from characterglm.prompt.formats.base import Linear
from characterglm.prompt.formats.names import name_stops, shown
from characterglm.prompt.script import Block, Cast, Line
from characterglm.prompt.types import Role, Segment

START, END = "<|im_start|>", "<|im_end|>"

_START = Segment(START, "format", control=True)
_END = Segment(END, "format", control=True)
_LEARNED_END = Segment(END, "format", trained=True, control=True)
_BREAK = Segment("\n", "format")
_GAP = Segment("\n\n", "format")
_HEADS: dict[Role, Segment] = {
    role: Segment(f"{role}\n", "format") for role in ("system", "user", "assistant")
}


class ChatMLFormat(Linear):
    """One system message with everything about both sides, then a message an utterance.

    Notes and a narrator's utterances are system messages where they apply.
    """

    name = "chatml"
    ends = (END, START)

    def front(self, blocks: Sequence[Block], cast: Cast) -> Sequence[Segment]:
        """The system message, each block in a segment of its own."""
        if not blocks:
            return ()
        segments = [_START, _HEADS["system"]]
        for number, block in enumerate(blocks):
            segments.extend([_GAP] if number else [])
            segments.append(Segment(block.text, block.part))
        return [*segments, _END, _BREAK]

    def line(self, line: Line, cast: Cast) -> Sequence[Segment]:
        """One message; of the speaker to be learned, the text and the end marker are learned."""
        text = Segment(line.text, line.part, line.speaker, trained=line.trained)
        head = (_START, _HEADS[line.role], *shown(line, cast))
        return (*head, text, _LEARNED_END if line.trained else _END, _BREAK)

    def opening(self, cast: Cast) -> Sequence[Segment]:
        """The head of the reply."""
        return (_START, _HEADS["assistant"])

    def stop(self, cast: Cast) -> tuple[str, ...]:
        """The markers, and a line that goes on as the other side."""
        return (END, *name_stops(cast), START)
