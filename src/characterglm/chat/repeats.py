"""Whether a reply says again what was said before; knows text only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

LIKENESS = 0.9
"""Share of equal text from which two replies count as the same."""
SHORTEST = 6
"""Letters below which a repeat is natural ("Yes.", "嗯。")."""
LONGEST = 400
"""Letters that are compared; the rest of a longer reply is not looked at."""

_NOT_LETTERS = re.compile(r"[\W_]+")


def repeats(reply: str, earlier: Iterable[str]) -> bool:
    """Whether `reply` is, up to punctuation and small changes, one of the `earlier` ones."""
    said = _letters(reply)
    if len(said) < SHORTEST:
        return False
    return any(_alike(said, _letters(other)) for other in earlier)


def _letters(text: str) -> str:
    return _NOT_LETTERS.sub("", text).casefold()[:LONGEST]


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    # The two quick bounds spare the slow comparison for nearly every pair.
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(ratio() >= LIKENESS for ratio in bounds)
