"""Bytes of pictures and sounds, kept under the sha256 of their content.

Knows one directory; nothing about characters or formats. The same bytes are kept once, a file is
never changed after it has its name, and nothing half-written ever has one.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from characterglm.errors import InputError, NotFound
from characterglm.store.atomic import whole_file

MAX_BYTES = 64 * 1024 * 1024

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Assets:
    """A directory of assets, made when the first one comes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def path(self, sha256: str) -> Path:
        """Where an asset lies or would lie; `InputError` if that is no sha256 in hexadecimal."""
        if not _SHA256.fullmatch(sha256):
            raise InputError(f"'{sha256[:80]}' is no sha256: 64 hexadecimal digits are needed")
        return self._directory / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Keep some bytes and return their sha256.

        Raises `InputError` for more than 64 MB, and where they cannot be written.
        """
        if len(data) > MAX_BYTES:
            raise InputError(f"an asset of {len(data)} bytes is too large: 64 MB at most")
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        try:
            if not path.exists():
                _write(path, data)
        except OSError as error:
            raise InputError(
                f"{path} cannot be written: {error.strerror or error}; free some space, or make "
                f"{self._directory} writable"
            ) from None
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; `NotFound` where there are none, `InputError` where they were changed or
        cannot be read.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(
                "asset", sha256, hint="import the card again that it came with"
            ) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise InputError(f"{path} was changed: its bytes no longer have the sha256 of its name")
        return data

    def remove(self, sha256: str) -> None:
        """Free the space of an asset that nobody uses any more; nothing happens without one."""
        path = self.path(sha256)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{path} cannot be removed: {error.strerror or error}") from None


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(data)
