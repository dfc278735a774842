"""Bytes → plain JSON data within limits, and back; knows nothing about characters.

What Python's own reader lets pass but other tools or a database would choke on is refused (NaN,
infinite or endless numbers, bottomless nesting) or mended with a warning (half of a surrogate
pair, NUL).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from typing import Any

from characterglm.errors import InputError

MAX_FILE = 64 * 1024 * 1024
MAX_JSON_VALUES = 2_000_000
"""A value costs Python about 60 bytes, so that this many stay well below the memory of a laptop."""
MAX_DEPTH = 48
"""Deeper than any card; with what is put around it still within what our YAML reads (64)."""
MAX_DIGITS = 40

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


def decode(data: bytes, what: str) -> str:
    """Text of UTF-8 bytes, a byte order mark left out."""
    if not data.strip():
        raise InputError(f"{what} is empty")
    if _HTML.match(data[:200]):
        raise InputError(
            f"{what} is a web page, not a character: the download failed; fetch the file again"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what} is not UTF-8 text (byte {error.start}); save it as UTF-8 and try again"
        ) from None


def parse(text: str, what: str) -> Any:
    """The JSON value of a text; `InputError` says what is wrong and where."""
    check_size(text, what)
    try:
        value = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, parse_int=_countable
        )
    except json.JSONDecodeError as error:
        raise InputError(
            f"{what} is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise InputError(f"{what} is nested more than {MAX_DEPTH} levels deep") from None
    except ValueError as error:
        raise InputError(f"{what}: {error}") from None
    check_depth(value, what)
    return value


def check_size(text: str, what: str) -> None:
    """Refuse what would become more values than fit into memory, before any is made."""
    if sum(map(text.count, "[{,")) > MAX_JSON_VALUES:
        raise InputError(f"{what} holds more than {MAX_JSON_VALUES:,} values")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"the number {digits[:20]} is out of range")
    return number


def _countable(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits; at most {MAX_DIGITS} are read")
    return int(digits)


def check_depth(value: Any, what: str) -> None:
    """Refuse what is nested so deep that walking it could exhaust the stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise InputError(f"{what} is nested more than {MAX_DEPTH} levels deep")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside a value, keys not."""
    if isinstance(value, str):
        yield value
    for child in _children(value):
        yield from texts_in(child)


def mend(value: Any) -> tuple[Any, int]:
    """The value with every character that no database stores replaced by U+FFFD; how many."""
    count = 0

    def mended(item: Any) -> Any:
        nonlocal count
        if isinstance(item, str):
            text, hits = _UNSTORABLE.subn("\ufffd", item)
            count += hits
            return text if hits else item
        if isinstance(item, list):
            return [mended(child) for child in item]
        if isinstance(item, dict):
            return {mended(key): mended(child) for key, child in item.items()}
        return item

    return mended(value), count


def canonical(value: Any) -> str:
    """One text for one JSON value: two values are equal exactly if these are (1, 1.0, true too)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, types included."""
    return one == other and canonical(one) == canonical(other)  # the first is quick, and too lax


def digest(value: Any) -> str:
    """sha256 of a JSON value."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def compact(value: Any) -> bytes:
    """A JSON value in as few bytes as UTF-8 allows, keys in their order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def dump(value: Any) -> bytes:
    """A JSON value as a file for people: indented, every script as itself."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
