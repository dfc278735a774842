"""PNG files as a list of chunks, text chunks among them; no pixel is ever decoded here.

Strict: the signature, every length and every checksum must be right, IHDR first and IEND there.
What follows IEND is carried along. (PNG specification, third edition, sections 5 and 11.3.3.)
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from characterglm.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_CHUNKS = 65_536
MAX_PIXELS = 64 * 1024 * 1024
MAX_TEXT = 24 * 1024 * 1024
"""Bytes of one text, unpacked: base64 of 16 MB and a little."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: four letters and its bytes."""

    type: bytes
    data: bytes

    def packed(self) -> bytes:
        """The chunk with its length and checksum."""
        checksum = zlib.crc32(self.type + self.data)
        return (
            struct.pack(">I", len(self.data)) + self.type + self.data + struct.pack(">I", checksum)
        )


@dataclass(frozen=True, slots=True)
class PNG:
    """A PNG file."""

    chunks: tuple[Chunk, ...]
    trailer: bytes = b""
    """What follows IEND; no part of the image, but part of the file."""

    def packed(self) -> bytes:
        """The file."""
        return SIGNATURE + b"".join(chunk.packed() for chunk in self.chunks) + self.trailer


def parse(data: bytes, what: str) -> PNG:
    """The chunks of a file; `InputError` says what is wrong with it."""
    if not data.startswith(SIGNATURE):
        raise InputError(f"{what} is not a PNG")
    chunks: list[Chunk] = []
    place = len(SIGNATURE)
    while not chunks or chunks[-1].type != b"IEND":
        if len(chunks) == MAX_CHUNKS:
            raise InputError(f"{what} has more than {MAX_CHUNKS} chunks")
        chunk = _chunk_at(data, place, what)
        chunks.append(chunk)
        place += len(chunk.data) + 12
    _check_header(chunks[0], what)
    return PNG(tuple(chunks), data[place:])


def _chunk_at(data: bytes, place: int, what: str) -> Chunk:
    if place + 12 > len(data):
        raise InputError(f"{what} is cut off: it ends at byte {len(data)} without an IEND chunk")
    size, kind = struct.unpack_from(">I4s", data, place)
    name = kind.decode("ascii", "replace")
    if place + 12 + size > len(data):
        missing = place + 12 + size - len(data)
        raise InputError(f"{what} is cut off: {missing} bytes of its {name!r} chunk are missing")
    content = data[place + 8 : place + 8 + size]
    (checksum,) = struct.unpack_from(">I", data, place + 8 + size)
    if zlib.crc32(kind + content) != checksum:
        raise InputError(f"{what} is damaged: the checksum of its {name!r} chunk is wrong")
    return Chunk(kind, content)


def _check_header(header: Chunk, what: str) -> None:
    if header.type != b"IHDR" or len(header.data) != 13:
        raise InputError(f"{what} is damaged: it does not begin with an IHDR chunk")
    width, height = struct.unpack_from(">II", header.data)
    if not 0 < width * height <= MAX_PIXELS:
        raise InputError(f"{what} has {width} x {height} pixels; from 1 to {MAX_PIXELS:,} are read")


def text_keyword(chunk: Chunk) -> str | None:
    """The keyword of a text chunk in lower case; None for any other chunk."""
    if chunk.type not in (b"tEXt", b"zTXt", b"iTXt"):
        return None
    return chunk.data[:1024].partition(b"\0")[0].decode("latin-1").lower()


def text_of(chunk: Chunk, what: str) -> bytes:
    """The bytes of a text chunk's text, unpacked within `MAX_TEXT`."""
    _, _, rest = chunk.data.partition(b"\0")
    packed = chunk.type == b"zTXt"
    if chunk.type == b"zTXt":
        rest = rest[1:]
    elif chunk.type == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    text = _inflate(rest, what) if packed else rest
    if len(text) > MAX_TEXT:
        raise InputError(f"{what}: a text chunk is larger than {MAX_TEXT >> 20} MB")
    return text


def _inflate(data: bytes, what: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MAX_TEXT + 1)
    except zlib.error as error:
        raise InputError(f"{what} is damaged: a text chunk does not unpack ({error})") from None


def text_chunk(keyword: str, text: bytes) -> Chunk:
    """A tEXt chunk; text as cards have it is base64, so Latin-1 holds it."""
    return Chunk(b"tEXt", keyword.encode("latin-1") + b"\0" + text)


def with_texts(image: PNG, old: Iterable[str], new: Iterable[Chunk]) -> PNG:
    """A copy whose text chunks of some keywords are replaced, every other chunk left in place.

    The new ones stand where the first of the old ones stood, else before IEND.
    """
    names = set(old)
    marked = [text_keyword(chunk) in names for chunk in image.chunks]
    first = marked.index(True) if True in marked else len(image.chunks) - 1
    kept = [
        (c, i) for i, (c, gone) in enumerate(zip(image.chunks, marked, strict=True)) if not gone
    ]
    before = [chunk for chunk, place in kept if place < first]
    after = [chunk for chunk, place in kept if place >= first]
    return PNG((*before, *new, *after), image.trailer)


def unbase64(text: bytes, what: str) -> bytes:
    """The bytes that base64 stands for; line ends are allowed, nothing else."""
    try:
        return binascii.a2b_base64(b"".join(text.split()), strict_mode=True)
    except binascii.Error as error:
        raise InputError(f"{what} is not valid base64: {error}") from None
