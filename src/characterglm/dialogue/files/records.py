"""A JSON or JSON Lines file as a stream of decoded records; knows no format.

JSON Lines of any size are read line by line, a line being 64 MB at most; a JSON document (a list
of records, or one record) is read whole, and so 64 MB at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from characterglm.character.cards import plain
from characterglm.character.cards.report import Report
from characterglm.dialogue.files.formats import Record
from characterglm.errors import CharacterGLMError, InputError, NotFound, Problem

_BLANK = re.compile(r"[ \t\r\n]*")
_BOM = b"\xef\xbb\xbf"


def records(path: Path, problems: list[Problem], report: Report) -> Iterator[Record]:
    """The records of a file. What cannot be decoded goes to `problems`, with its line.

    Raises NotFound or InputError for a file that cannot be read at all.
    """
    try:
        with path.open("rb") as stream:
            raw = _lines(stream) if _is_lines(stream, path) else _document(stream, path)
            for line, text in raw:
                record = _decode(line, text, path, problems, report)
                if record is not None:
                    yield record
    except FileNotFoundError:
        raise NotFound("file", str(path)) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _is_lines(stream: IO[bytes], path: Path) -> bool:
    """Whether the first line that is not blank is a whole JSON object."""
    first = b""
    for line in iter(lambda: stream.readline(plain.MAX_FILE + 1), b""):
        first = line.removeprefix(_BOM).strip()
        if first:
            break
    stream.seek(0)
    if not first:
        raise InputError(f"{path} is empty")
    if first.startswith((b"[", b"\xff\xfe", b"\xfe\xff")):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        # A damaged first line of many is still JSON Lines, and reported as such.
        return first.startswith(b"{") and first.endswith(b"}")


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, str | bytes]]:
    for number, line in enumerate(iter(lambda: stream.readline(plain.MAX_FILE + 1), b""), 1):
        if len(line) > plain.MAX_FILE:
            raise InputError(f"line {number} is longer than {plain.MAX_FILE >> 20} MB")
        stripped = line.removeprefix(_BOM).strip()
        if stripped:
            yield number, stripped


def _document(stream: IO[bytes], path: Path) -> Iterator[tuple[int, str | bytes]]:
    """The items of a JSON list, or the one value of the document, each with its line."""
    data = stream.read(plain.MAX_FILE + 1)
    if len(data) > plain.MAX_FILE:
        raise InputError(
            f"{path} is a JSON document of more than {plain.MAX_FILE >> 20} MB; turn it into "
            f"JSON Lines, which may be of any size: jq -c '.[]' {path.name} > {path.stem}.jsonl"
        )
    text = plain.decode(data, str(path))
    if not text.lstrip().startswith("["):
        yield 1, text
        return
    line, counted = 1, 0
    for start, end in _items(text, path):
        line, counted = line + text.count("\n", counted, start), start
        yield line, text[start:end]


def _items(text: str, path: Path) -> Iterator[tuple[int, int]]:
    """Where the items of a JSON list begin and end."""
    decoder = json.JSONDecoder()
    at = _skip(text, text.index("[") + 1)
    closed = text[at : at + 1] == "]"
    while not closed:
        try:
            _, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{error.lineno}: not valid JSON: {error.msg}") from None
        except (RecursionError, ValueError):
            raise InputError(f"{path}: nested too deep, or a number too long") from None
        yield at, end
        at = _skip(text, end)
        closed = text[at : at + 1] == "]"
        if not closed and text[at : at + 1] != ",":
            raise _broken(text, at, path)
        at = _skip(text, at + 1) if not closed else at
    if _skip(text, at + 1) != len(text):
        raise _broken(text, at + 1, path)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _broken(text: str, at: int, path: Path) -> InputError:
    line = text.count("\n", 0, at) + 1
    what = "the file ends in the middle of the list" if at >= len(text) else "the list is broken"
    return InputError(f"{path}:{line}: not valid JSON: {what}")


def _decode(
    line: int, text: str | bytes, path: Path, problems: list[Problem], report: Report
) -> Record | None:
    try:
        decoded = text if isinstance(text, str) else plain.decode(text, "the record")
        value = plain.parse(decoded, "the record")
        if not isinstance(value, dict):
            raise InputError(f"the record is no JSON object but {decoded[:20]!r}")
    except CharacterGLMError as error:
        message = str(error).replace("(line 1, column", "(column")
        problems.append(Problem(message, file=str(path), line=line))
        return None
    value, mended = plain.mend(value)
    if mended:
        report.add("warning", "texts", why="replaced by U+FFFD")
    return Record(line, value)
