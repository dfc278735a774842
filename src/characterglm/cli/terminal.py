"""Making text and data from outside safe to print; knows nothing of what they say.

A card or a reply may hold escape sequences that move the cursor, set the title or write the
clipboard, and marks that turn the order of letters around. None of them reaches the terminal.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, erasing
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, …: title, clipboard
    r"|\x1b[ -/]*[0-~]"  # the rest
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks and overrides
    r"\ud800-\udfff]"  # halves of a character, which cannot be encoded
)


def plain(text: str) -> str:
    """A text with nothing left in it that a terminal would obey, newlines and tabs apart.

    May be applied to the pieces of a stream: a sequence cut in two loses its escape character and
    shows its rest as text.
    """
    return _CONTROL.sub("", _SEQUENCE.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, width: int = 0) -> str:
    """A text as one safe line, cut to `width` characters with an ellipsis (0: not cut)."""
    line = " ".join(plain(text).split())
    return f"{line[: width - 1]}…" if 0 < width < len(line) else line


def print_json(value: Any, *, lines: bool = False) -> None:
    """Print data for another program, at once: indented, or with `lines` on one line of its own.

    What a terminal would obey stands as an escape of JSON, so every character still arrives.
    """
    text = json.dumps(value, ensure_ascii=False, indent=None if lines else 2, default=str)
    # The newlines of the indentation are no controls; those inside of texts are escaped already.
    print(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text), flush=True)
