"""A file to be imported, read once within limits; says what it is made of, not what it means.

Formats look at `kind` and `value` to recognise themselves: content decides, never the name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from characterglm.character import yamltree
from characterglm.character.cards import plain, png
from characterglm.character.cards.report import Report
from characterglm.errors import CharacterGLMError, InputError, NotFound

Kind = Literal["folder", "png", "zip", "text"]
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_JPEG = b"\xff\xd8\xff"


@dataclass
class Source:
    """A file or a folder."""

    path: Path
    report: Report = field(default_factory=Report)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path.name or str(self.path)

    @cached_property
    def data(self) -> bytes:
        """The bytes of the file, 64 MB at most."""
        return read_bytes(self.path)

    @cached_property
    def kind(self) -> Kind:
        """What the content is, by its first bytes; anything unknown must be text."""
        if self.path.is_dir():
            return "folder"
        if self.data.startswith(png.SIGNATURE):
            return "png"
        if self.data.startswith(_ZIP) or (self.data.startswith(_JPEG) and _ZIP[1] in self.data):
            return "zip"
        if self.data.startswith(_JPEG):
            raise InputError(f"{self.name} is a JPEG, which carries no character; a card is a PNG")
        return "text"

    @cached_property
    def text(self) -> str:
        """The text of the file."""
        return plain.decode(self.data, self.name)

    @property
    def is_json(self) -> bool:
        """Whether the text claims to be JSON or JSONL rather than YAML."""
        return self.text.lstrip().startswith(("{", "["))

    @cached_property
    def value(self) -> Any:
        """The plain data of a JSON or YAML text, of JSONL the list of its lines; None without."""
        if self.kind != "text":
            return None
        if not self.is_json:
            return self.mended(yamltree.load(self.text, self.name).data)
        plain.check_size(self.text, self.name)
        # Not splitlines(): U+2028 and its like may stand inside a JSON text.
        lines = [(n, line) for n, line in enumerate(self.text.split("\n"), 1) if line.strip()]
        if len(lines) > 1 and _is_value(lines[0][1]):
            return self.mended([plain.parse(line, f"{self.name}, line {n}") for n, line in lines])
        return self.mended(plain.parse(self.text, self.name))

    def mended(self, value: Any) -> Any:
        """The value without characters that cannot be stored; the report says so."""
        mended, count = plain.mend(value)
        if count:
            self.report.add(
                "warning", f"half surrogates or NUL ({count})", why="replaced by U+FFFD"
            )
        return mended


def _is_value(line: str) -> bool:
    try:
        plain.parse(line, "")
    except CharacterGLMError:
        return False
    return True


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, `plain.MAX_FILE` at most."""
    try:
        with path.open("rb") as stream:
            data = stream.read(plain.MAX_FILE + 1)
    except FileNotFoundError:
        raise NotFound("file", str(path)) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > plain.MAX_FILE:
        raise InputError(f"{path} is larger than {plain.MAX_FILE >> 20} MB")
    if not data:
        raise InputError(f"{path} is empty")
    return data
