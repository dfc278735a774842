"""A card's book ↔ `Lorebook`, and the standalone `lorebook_v3` file.

Knows V2 and V3 entries and what SillyTavern keeps in an entry's `extensions`. Decorators
(`@@depth 4`) stay in the content verbatim; V2 has none, so they are cut when V2 is written.
"""

from __future__ import annotations

import re
from typing import Any

from characterglm.character.cards import worldinfo_values as st
from characterglm.character.cards.lens import (
    CARD,
    Fields,
    Form,
    Kept,
    Lens,
    Record,
    build,
    plain,
    values_of,
    write_record,
)
from characterglm.character.cards.shapes import BookShape, EntryShape
from characterglm.character.lorebook import Lorebook, LoreEntry

_DECORATOR = re.compile(r"@@@?[a-z_]+(?:[ \t].*)?")


def _read_position(part: Record) -> Record:
    placed = st.position_of(part.get("extensions.position"))
    if placed is None:
        placed = "before_character" if part.get("position") == "before_char" else "after_character"
    return {
        "position": placed,
        "depth": st.count(part.get("extensions.depth"), 4),
        "role": st.role_of(part.get("extensions.role")),
    }


def _write_position(fields: Fields) -> Record:
    before = fields["position"] == "before_character"
    part: Record = {"position": "before_char" if before else "after_char"}
    if fields["position"] == "depth":
        part["extensions.position"] = st.POSITIONS["depth"]
    if fields["position"] == "depth" or fields["depth"] != 4:
        part["extensions.depth"] = fields["depth"]
    if fields["role"] != "system":
        part["extensions.role"] = st.ROLES.index(fields["role"])
    return part


def _read_case(part: Record) -> Record:
    value = part.get("case_sensitive")
    return {
        "case_sensitive": bool(part.get("extensions.case_sensitive") if value is None else value)
    }


def _write_id(value: str) -> int | str:
    return int(value) if re.fullmatch(r"0|[1-9][0-9]{0,14}", value) else value


def strip_decorators(content: str) -> str:
    """An entry's content without its leading decorator lines, which V2 readers would print."""
    lines = content.split("\n")
    while lines and _DECORATOR.fullmatch(lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines)


_ENTRY_LENSES = (
    plain("keys", "keys", []),
    plain("enabled", "enabled", True, bool),
    plain("insertion_order", "order", 100, int),
    plain("priority", "priority", 100, int),
    plain("name", "name", ""),
    plain("comment", "comment", ""),
    plain("id", "id", "", str, _write_id),
    plain("selective", "selective", False),
    plain("secondary_keys", "secondary_keys", []),
    plain("constant", "constant", False),
    plain("use_regex", "use_regex", False),
    Lens(
        ("position", "extensions.position", "extensions.depth", "extensions.role"),
        ("position", "depth", "role"),
        _read_position,
        _write_position,
    ),
    Lens(
        ("case_sensitive", "extensions.case_sensitive"),
        ("case_sensitive",),
        _read_case,
        lambda fields: {"case_sensitive": True} if fields["case_sensitive"] else {},
    ),
    plain("extensions.match_whole_words", "whole_words", False, bool),
    st.logic("extensions.selectiveLogic"),
    st.probability("extensions.probability", "extensions.useProbability"),
    st.extras(lambda name: f"extensions.{name}"),
)
_ENTRY_BLANK: Record = {
    "keys": [],
    "content": "",
    "extensions": {},
    "enabled": True,
    "insertion_order": 100,
}
_V2_CONTENT = plain("content", "content", "", write=strip_decorators)
_V3_CONTENT = plain("content", "content", "")
ENTRY_V2 = Form(EntryShape, _ENTRY_BLANK, (_V2_CONTENT, *_ENTRY_LENSES))
ENTRY_V3 = Form(EntryShape, {**_ENTRY_BLANK, "use_regex": False}, (_V3_CONTENT, *_ENTRY_LENSES))


def _entries(form: Form) -> Lens:
    def read(records: list[Record]) -> list[LoreEntry]:
        return [build(LoreEntry, form, record, CARD) for record in records]

    def write(entries: list[LoreEntry]) -> list[Record]:
        return [
            write_record(form, values_of(entry), Kept.of(entry.extensions.get(CARD)))
            for entry in entries
        ]

    return plain("entries", "entries", [], read, write)


def _book(entry: Form) -> Form:
    lenses = (
        plain("name", "name", ""),
        plain("description", "description", ""),
        Lens(
            ("scan_depth",),
            ("scan_depth",),
            lambda part: {"scan_depth": st.count(part.get("scan_depth"), 4)},
            lambda fields: {"scan_depth": fields["scan_depth"]},
        ),
        plain("token_budget", "token_budget", None, lambda value: max(0, int(value))),
        plain("recursive_scanning", "recursive", False),
        _entries(entry),
    )
    return Form(BookShape, {"extensions": {}, "entries": []}, lenses)


BOOK_V2 = _book(ENTRY_V2)
BOOK_V3 = _book(ENTRY_V3)


def read_book(form: Form, record: Record) -> Lorebook:
    """A lorebook from a record that has the shape of a card's book."""
    return build(Lorebook, form, record, CARD)


def write_book(form: Form, book: Lorebook) -> Record:
    """The record of a lorebook."""
    return write_record(form, values_of(book), Kept.of(book.extensions.get(CARD)))


def book_lens(form: Form) -> Lens:
    """The lens between `character_book` and a character's lorebook."""

    def read(record: Any) -> Lorebook:
        return read_book(form, record)

    def write(book: Lorebook) -> Record:
        return write_book(form, book)

    return plain("character_book", "lorebook", None, read, write)
