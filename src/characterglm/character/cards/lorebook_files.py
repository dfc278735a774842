"""Lorebooks as files of their own: SillyTavern's world info and `lorebook_v3`."""

from __future__ import annotations

from characterglm.character.cards import plain
from characterglm.character.cards.book import BOOK_V3, read_book, write_book
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Form, Kept, residue, write_record
from characterglm.character.cards.options import Options
from characterglm.character.cards.shapes import BookShape, Shape, check
from characterglm.character.cards.source import Source
from characterglm.character.cards.world_info import WorldShape, read_world, write_world
from characterglm.character.lorebook import Lorebook

_SPEC = "lorebook_v3"
_ROOT = Form(Shape, {"spec": _SPEC}, ())
_UNDER = "lorebook_file"


class _FileShape(Shape):
    data: BookShape


def _is_lorebook_v3(source: Source) -> bool:
    return isinstance(source.value, dict) and source.value.get("spec") == _SPEC


def _is_world(source: Source) -> bool:
    value = source.value
    entries = value.get("entries") if isinstance(value, dict) else None
    return isinstance(entries, dict) and all(isinstance(e, dict) for e in entries.values())


def _read_lorebook_v3(source: Source, options: Options) -> Imported:
    check(_FileShape, source.value, source.name)
    book = read_book(BOOK_V3, source.value["data"])
    around = {key: value for key, value in source.value.items() if key != "data"}
    if kept := residue(_ROOT, around, {}).as_data():
        book.extensions = {**book.extensions, _UNDER: kept}
    return _told(source, book, _SPEC)


def _write_lorebook_v3(out: Outgoing) -> bytes:
    root = write_record(_ROOT, {}, Kept.of(out.book.extensions.get(_UNDER)))
    return plain.dump({**root, "data": write_book(BOOK_V3, out.book)})


def _read_world(source: Source, options: Options) -> Imported:
    check(WorldShape, source.value, source.name)
    return _told(source, read_world(source.value), "world-info")


def _told(source: Source, book: Lorebook, name: str) -> Imported:
    count = len(book.entries)
    source.report.add("mapped", f"{count} entr{'y' if count == 1 else 'ies'}", "lorebook")
    return Imported(name, lorebooks=[book], report=source.report)


LOREBOOK_V3 = Format(
    _SPEC,
    "a lorebook of its own, V3",
    ".json",
    _is_lorebook_v3,
    _read_lorebook_v3,
    _write_lorebook_v3,
    holds="lorebook",
)
WORLD_INFO = Format(
    "world-info",
    "SillyTavern's world info",
    ".json",
    _is_world,
    _read_world,
    lambda out: plain.dump(write_world(out.book)),
    holds="lorebook",
)
