"""Finds `{{…}}` in a text, nested ones included; knows nothing of what they mean.

One pass from left to right, innermost first. What a macro yields is never looked at again, neither
for macros nor as a part of the macro around it that could mean something there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

DEEPEST = 8
"""Macros inside one another; of more than these, the outer ones stay as text."""

_MARK = re.compile(r"\{\{|\}\}|<(?:char|bot|user)>", re.IGNORECASE)


class Made(str):
    """A text that a macro has yielded, as opposed to one that somebody wrote."""

    __slots__ = ()


Macro = Callable[[Sequence[str]], str | None]
"""Given what stands between the braces, as written or `Made`: its text, or None for no macro."""


def expanded(text: str, macro: Macro) -> list[str]:
    """The text in pieces: what was written, and what its macros have yielded (`Made`)."""
    done: list[str] = []
    opened: list[list[str]] = []
    for piece in _pieces(text):
        here = opened[-1] if opened else done
        if piece == "{{":
            opened.append([])
        elif piece == "}}" and opened:
            inner = opened.pop()
            here = opened[-1] if opened else done
            here.extend(_yielded(inner, macro))
        elif piece.startswith("<") and _MARK.fullmatch(piece):
            here.append(Made(macro([piece[1:-1]]) or ""))
        else:
            here.append(piece)
        if len(opened) > DEEPEST:
            done.extend(["{{", *opened.pop(0)])
    for unclosed in opened:
        done.extend(["{{", *unclosed])
    return done


def _yielded(inner: list[str], macro: Macro) -> list[str]:
    text = macro(inner)
    return ["{{", *inner, "}}"] if text is None else [Made(text)]


def _pieces(text: str) -> Iterator[str]:
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() > end:
            yield text[end : mark.start()]
        yield mark[0]
        end = mark.end()
    if end < len(text):
        yield text[end:]
