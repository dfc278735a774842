"""Looking for a lorebook key in a text: plain, whole words, or a regular expression.

Regular expressions come from strangers' cards. They run on RE2, which takes time linear in the
text whatever the pattern. A key that is no pattern to RE2 (`C++`, look-around, back references) is
looked for as it stands: other programs mark plain words as regular expressions too.
See docs/decisions/lorebook-regex.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

_LONGEST_PATTERN = 1_000
_LITERAL = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_UNICODE = re.compile(r"\\u\{?([0-9A-Fa-f]{4,6})\}?")


class Options(Protocol):
    """How an entry's keys are meant (fields of `LoreEntry`)."""

    use_regex: bool
    case_sensitive: bool
    whole_words: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be searched, folded once for all keys that do not care for case."""

    plain: str
    folded: str

    @classmethod
    def of(cls, text: str) -> Text:
        """A text, ready to be searched."""
        return cls(text, text.casefold())


def find(key: str, texts: Sequence[Text], options: Options) -> int | None:
    """Index of the last text in which the key occurs, or None."""
    if not key.strip():
        return None
    for index in range(len(texts) - 1, -1, -1):
        if occurs(key, texts[index], options):
            return index
    return None


def occurs(key: str, text: Text, options: Options) -> bool:
    """Whether one text holds the key."""
    if options.use_regex:
        pattern = _compiled(key, options.case_sensitive)
        if pattern is not None:
            return pattern.search(text.plain) is not None
    if options.case_sensitive:
        return _holds(key, text.plain, options.whole_words)
    return _holds(key.casefold(), text.folded, options.whole_words)


def _holds(key: str, text: str, whole_words: bool) -> bool:
    if key not in text:
        return False
    return not whole_words or any(_is_cjk(character) for character in key) or _whole(key, text)


def broken(key: str, case_sensitive: bool) -> bool:
    """Whether a key cannot be used as a regular expression."""
    return _compiled(key, case_sensitive) is None


def _whole(key: str, text: str) -> bool:
    start = text.find(key)
    while start >= 0:
        end = start + len(key)
        before, after = text[start - 1 : start] if start else "", text[end : end + 1]
        if not (_joins(before) or _joins(after)):
            return True
        start = text.find(key, start + 1)
    return False


def _joins(character: str) -> bool:
    """Whether a neighbour makes a match part of a longer Latin word."""
    return bool(character) and (character.isalnum() or character == "_") and not _is_cjk(character)


def _is_cjk(character: str) -> bool:
    """Whether a character belongs to a script that is written without spaces."""
    code = ord(character)
    return (
        0x2E80 <= code <= 0x9FFF
        or 0xAC00 <= code <= 0xD7AF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
    )


class _Pattern(Protocol):
    def search(self, text: str) -> object | None: ...


@lru_cache(maxsize=512)
def _compiled(key: str, case_sensitive: bool) -> _Pattern | None:
    """A key as a pattern, also when it is written as in JavaScript: `/dragon|wyrm/i`."""
    import re2  # loads a shared library: only cards with regular expressions pay for it

    literal = _LITERAL.fullmatch(key)
    body, flags = literal.groups() if literal else (key, "")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.case_sensitive = case_sensitive and "i" not in flags
    options.dot_nl = "s" in flags
    if len(body) > _LONGEST_PATTERN:
        return None
    try:
        pattern: _Pattern = re2.compile(_UNICODE.sub(r"\\x{\1}", body), options)
    except re2.error:
        return None
    return pattern
