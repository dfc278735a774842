"""What a format is, and what goes in and out of one; knows none of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from characterglm.character.cards.options import Options
from characterglm.character.cards.report import Report
from characterglm.character.cards.source import Source
from characterglm.character.lorebook import Lorebook
from characterglm.character.schema import Asset, Character
from characterglm.errors import InputError

ORIGINAL = "x_original"
"""Type of the asset that is the very file a character came in."""
Get = Callable[[str], bytes | None]
"""The bytes of an asset by sha256, None where they are not to be had."""


@dataclass
class Imported:
    """What a file held."""

    format: str
    characters: list[Character] = field(default_factory=list)
    lorebooks: list[Lorebook] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    """Bytes of the characters' assets by sha256, to be put into `Assets`."""
    report: Report = field(default_factory=Report)
    has_dialogues: bool = False
    """Whether `dialogue import` finds dialogues in the same file."""


@dataclass(frozen=True)
class Outgoing:
    """What is to be written: characters, or one lorebook."""

    characters: Sequence[Character] = ()
    lorebook: Lorebook | None = None
    get: Get = lambda sha256: None
    report: Report = field(default_factory=Report)

    @property
    def character(self) -> Character:
        """The only character."""
        return self.characters[0]

    @property
    def book(self) -> Lorebook:
        """The lorebook, given as such or the character's own."""
        book = self.lorebook or (self.character.lorebook if self.characters else None)
        if book is None:
            raise InputError("there is no lorebook to export: the character has none of its own")
        return book

    def original(self) -> bytes:
        """The file that the character came in; empty where there is none."""
        asset = find_asset(self.character, ORIGINAL)
        if asset is None:
            return b""
        data = self.get(asset.sha256)
        if data is None:
            self.report.add("warning", "original file", why="not in the data directory; made anew")
        return data or b""


def keep_original(character: Character, data: bytes, ext: str) -> dict[str, bytes]:
    """Let a character remember the file it came in; the bytes to be kept."""
    sha256 = hashlib.sha256(data).hexdigest()
    original = Asset(name="original", type=ORIGINAL, ext=ext, sha256=sha256)
    character.assets = [*character.assets, original]
    return {sha256: data}


def find_asset(character: Character, kind: str) -> Asset | None:
    """The asset of a type that is named `main`, else the first of that type."""
    found = [asset for asset in character.assets if asset.type == kind]
    return next((asset for asset in found if asset.name == "main"), found[0] if found else None)


Files = Mapping[str, bytes]
"""A folder to be written: relative paths and their contents."""


@dataclass(frozen=True)
class Format:
    """One way in which others keep characters or lorebooks."""

    name: str
    """What `--format` calls it."""
    title: str
    suffix: str
    """Of a file that is written, with its dot; empty for a folder."""
    recognises: Callable[[Source], bool]
    read: Callable[[Source, Options], Imported]
    write: Callable[[Outgoing], bytes | Files] | None = None
    """None where the format is only read."""
    holds: Literal["character", "characters", "lorebook"] = "character"
    """`characters`: any number of them; `lorebook`: one, given as such or a character's own."""
