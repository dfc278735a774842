"""The paper's own prompt (sections 3 and 3.1): plain text, one line an utterance, no special token.

Its frame is Chinese whatever language is spoken: those are the words the open model was trained
on. Everything there is to say about a side goes into its line "关于…的信息".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from characterglm.prompt.formats.base import Linear
from characterglm.prompt.script import Block, Cast, Line
from characterglm.prompt.types import Segment

_BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_END = Segment("\n", "format")


def one_line(text: str) -> str:
    """A text without line breaks; in this format a line break ends an utterance."""
    return _BREAKS.sub(" ", text)


class CharacterGLMFormat(Linear):
    """`[name]text` lines after what is known of both sides; a reply ends at the line's end.

    A note stands as one more line of information about the character, right where it applies; a
    narrator's utterance as a line of somebody called 旁白.
    """

    name = "characterglm"
    ends = ("\n",)

    def front(self, blocks: Sequence[Block], cast: Cast) -> Sequence[Segment]:
        """Who talks, and one line about each side; a line is left out when it would be empty."""
        names = one_line(cast.character), one_line(cast.user)
        segments = [Segment(f"以下是一段{names[0]}和{names[1]}之间的对话。\n", "format")]
        for about, name in zip(("character", "user"), names, strict=True):
            texts = [block for block in blocks if block.about == about]
            if texts:
                segments.append(Segment(f"关于{name}的信息：", "format"))
                segments.extend(_joined(texts))
                segments.append(_END)
        return segments

    def line(self, line: Line, cast: Cast) -> Sequence[Segment]:
        """`[name]text` and a line break, which is the end marker and learned with the text."""
        head = (
            f"[{one_line(line.name)}]" if line.name else f"关于{one_line(cast.character)}的信息："
        )
        text = Segment(one_line(line.text), line.part, line.speaker, trained=line.trained)
        end = _LEARNED if line.trained else _END
        return (Segment(head, "format"), text, end)

    def opening(self, cast: Cast) -> Sequence[Segment]:
        """`[name]` of the next speaker."""
        return (Segment(f"[{one_line(cast.speaking)}]", "format"),)

    def begun(self, line: Line) -> Segment:
        """See `Linear.begun`."""
        return Segment(one_line(line.text), line.part, line.speaker, trained=line.trained)

    def stop(self, cast: Cast) -> tuple[str, ...]:
        """The line's end, and what weak models write where they should have ended it."""
        return ("\n", "[", f"{cast.listening}：", f"{cast.listening}:", "【")


_LEARNED = Segment("\n", "format", trained=True)


def _joined(blocks: Iterable[Block]) -> Iterable[Segment]:
    for number, block in enumerate(blocks):
        yield Segment((" " if number else "") + one_line(block.bare or block.text), block.part)
