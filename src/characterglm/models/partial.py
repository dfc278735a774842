"""The part of a model file that is already here; knows nothing about where bytes come from.

The part is named by the hash that the whole file will have, so a prefix is a prefix whoever
sent it: its length is the whole state, any source can go on from it, and a kill costs nothing.
"""

from __future__ import annotations

import errno
import hashlib
import io
from pathlib import Path
from typing import Protocol

from characterglm.errors import DiskFull, ModelError

BLOCK = 1 << 16
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows knows no quota


class SourceFailed(Exception):
    """One source could not deliver; the next one is tried."""


class Progress(Protocol):
    """Whoever wants to see a pull: a terminal, a page, nobody."""

    def say(self, message: str) -> None:
        """Something a person would like to know, one line."""

    def advance(self, done: int, total: int) -> None:
        """`done` of `total` bytes are here; called many times a second."""


class Silent:
    """Shows nothing."""

    def say(self, message: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int) -> None:
        """Nothing."""


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class Partial:
    """The first bytes of a file that will have `size` bytes and the hash `sha256`."""

    def __init__(self, path: Path, size: int, sha256: str, progress: Progress) -> None:
        self.path, self.size, self.sha256 = path, size, sha256
        self._progress = progress
        self._shown = 0

    @property
    def have(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, stream: Readable, end: int) -> None:
        """Add what a stream holds, until the part has `end` bytes or the stream stops."""
        at = self.have
        with self.path.open("ab", buffering=0) as out:
            while at < end and (block := stream.read(min(BLOCK, end - at))):
                _write(out, block)
                at += len(block)
                self.show(at)

    def show(self, done: int) -> None:
        """Tell the progress how much is here, bytes still packed included; never less again."""
        self._shown = max(self._shown, done)
        self._progress.advance(self._shown, self.size)

    def discard(self) -> None:
        """Start over."""
        self.path.unlink(missing_ok=True)
        self._shown = 0

    def matches(self) -> bool:
        """Whether size and hash are those of the whole file."""
        return self.have == self.size and sha256_of(self.path) == self.sha256


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes in lower-case hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(out: io.FileIO, block: bytes) -> None:
    try:
        while block:
            block = block[out.write(block) :]
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(
                f"the disk is full: {out.name!s} cannot grow. Free some space and run the same "
                "command again; what has come so far is kept."
            ) from None
        raise ModelError(f"{out.name!s} cannot be written: {error.strerror}") from None
