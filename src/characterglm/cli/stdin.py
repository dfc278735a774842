"""Text from standard input: UTF-8, within bounds; knows nothing of what it is for."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from characterglm.character.yamlfile import decode
from characterglm.character.yamltree import MAX_BYTES
from characterglm.errors import InputError


def read_all() -> str:
    """Everything there is, at most 1 MB. Raises InputError for more, or for another encoding."""
    return _decode(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")


def lines() -> Iterator[str]:
    """Each line as it comes, at most 1 MB of it, without its end. Raises InputError likewise."""
    while data := sys.stdin.buffer.readline(MAX_BYTES + 1):
        yield _decode(data, "a line of standard input").rstrip("\r\n")


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} is larger than {MAX_BYTES // 1024} KB")
    return decode(data, name, "Pipe it through: iconv -f {encoding} -t UTF-8")
