"""Zip archives, checked whole before anything in them is used; nothing is unpacked to disk.

Refuses what no honest CHARX needs: encryption, links, names that lead elsewhere, two members of
one name, methods other than stored and deflated, and any size that is beyond the limits when the
bytes are counted, whatever the headers claim.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping

from characterglm.errors import InputError

MAX_MEMBERS = 1_000
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO = 200
_RATIO_FROM = 1024 * 1024
"""Below this size no ratio is a danger; a file of blanks may well shrink a thousandfold."""
_MAX_DIRECTORY = MAX_MEMBERS * 1024
_BLOCK = 256 * 1024
_END, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x07"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BAD_NAME = re.compile(r"^[/\\]|^[A-Za-z]:|\\|(?:^|/)\.\.?(?:/|$)|[\0-\x1f\x7f]")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    IndexError,
    OverflowError,
    OSError,
)
"""Everything that `zipfile` has been seen to raise at damaged bytes."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Archive:
    """The members of a zip file."""

    def __init__(self, data: bytes, what: str) -> None:
        self._what = what
        self._data = data
        _check_directory(data, what)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            self._check()
        except _DAMAGE as error:
            raise InputError(f"{what} is damaged: {error}") from None

    @property
    def names(self) -> list[str]:
        """The members' names, folders left out."""
        return [info.filename for info in self._zip.infolist() if not info.is_dir()]

    def read(self, name: str) -> bytes | None:
        """A member's bytes; None where there is no such member."""
        return self._zip.read(name) if name in self.names else None

    def replaced(self, new: Mapping[str, bytes]) -> bytes:
        """A copy in which some members are new; the others keep their places, order and dates."""
        infos = self._zip.infolist()
        prefix = self._data[: min((info.header_offset for info in infos), default=0)]
        out = io.BytesIO(prefix)
        with zipfile.ZipFile(out, "a") as copy:
            copy.comment = self._zip.comment
            for info in infos:
                copy.writestr(_copied(info), new.get(info.filename, self._zip.read(info)))
            for name in sorted(new.keys() - set(self._zip.namelist())):
                copy.writestr(_fresh(name), new[name])
        return out.getvalue()

    def _check(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise InputError(
                f"{self._what} has {len(infos)} members; at most {MAX_MEMBERS} are read"
            )
        if len({info.filename for info in infos}) < len(infos):
            raise InputError(f"{self._what} holds two members of the same name")
        if sum(info.compress_size for info in infos) > len(self._data):
            raise InputError(f"{self._what} is damaged: its members overlap")
        total = 0
        for info in infos:
            self._check_member(info)
            total = self._count(info, total)

    def _check_member(self, info: zipfile.ZipInfo) -> None:
        what = f"{self._what}: the member {info.filename[:80]!r}"
        if _BAD_NAME.search(info.filename.rstrip("/")) or not info.filename:
            raise InputError(f"{what} has a name that leads out of the archive")
        if info.flag_bits & 0x1:
            raise InputError(f"{what} is encrypted; save the card without a password")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(f"{what} is a link")
        if info.compress_type not in _METHODS:
            raise InputError(f"{what} is packed in a way that cards do not use")

    def _count(self, info: zipfile.ZipInfo, total: int) -> int:
        """The bytes unpacked so far, this member's included, counted as they come."""
        size = 0
        with self._zip.open(info) as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                if total + size > MAX_UNPACKED:
                    raise InputError(f"{self._what} unpacks to more than {MAX_UNPACKED >> 20} MB")
                if size > max(_RATIO_FROM, MAX_RATIO * info.compress_size):
                    raise InputError(
                        f"{self._what}: the member {info.filename[:80]!r} unpacks to more than "
                        f"{MAX_RATIO} times its size"
                    )
        return total + size


def _check_directory(data: bytes, what: str) -> None:
    """Refuse a huge list of members before `zipfile` builds it, and archives over 4 GB."""
    place = len(data) - 22
    if data[place : place + 4] != _END or data[-2:] != b"\0\0":
        place = data.rfind(_END, max(0, len(data) - 65_557))
    if place < 0 or place + 22 > len(data):
        raise InputError(f"{what} is cut off: the list of its members is missing")
    if data[max(0, place - 20) : place].startswith(_LOCATOR_64):
        raise InputError(f"{what} is a zip of the kind for more than 4 GB, which no card needs")
    (size,) = struct.unpack_from("<I", data, place + 12)
    if size > _MAX_DIRECTORY:
        raise InputError(f"{what} has too many members; at most {MAX_MEMBERS} are read")


def _copied(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    copy = zipfile.ZipInfo(info.filename, info.date_time)
    copy.compress_type, copy.external_attr = info.compress_type, info.external_attr
    copy.comment = info.comment
    return copy


def _fresh(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def pack(members: Mapping[str, bytes]) -> bytes:
    """A new archive; the same members give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(_fresh(name), data)
    return out.getvalue()
