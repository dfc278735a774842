"""SillyTavern's world info ↔ `Lorebook`.

An entry's values beyond our fields stand in its `extensions.sillytavern` (those that cards have
too) and `extensions.world_info` (all others).
"""

from __future__ import annotations

import itertools
import re
from typing import Annotated

from pydantic import Field

from characterglm.character.cards import worldinfo_values as st
from characterglm.character.cards.lens import (
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
from characterglm.character.cards.shapes import (
    MAX_ENTRIES,
    OptFlag,
    OptNumber,
    OptText,
    OptTexts,
    Shape,
)
from characterglm.character.lorebook import Lorebook, LoreEntry

UNDER = "world_info"
"""The extension in which entries and books keep what has no field of ours."""
_SLASHED = re.compile(r"/.*/[a-z]*", re.DOTALL)
_BLANK: Record = {
    "key": [],
    "keysecondary": [],
    "comment": "",
    "content": "",
    "constant": False,
    "vectorized": False,
    "selective": True,
    "selectiveLogic": 0,
    "addMemo": True,
    "order": 100,
    "position": 0,
    "disable": False,
    "excludeRecursion": False,
    "preventRecursion": False,
    "delayUntilRecursion": False,
    "probability": 100,
    "useProbability": True,
    "depth": 4,
    "group": "",
    "groupOverride": False,
    "groupWeight": 100,
    "scanDepth": None,
    "caseSensitive": None,
    "matchWholeWords": None,
    "useGroupScoring": None,
    "automationId": "",
    "role": None,
    "sticky": 0,
    "cooldown": 0,
    "delay": 0,
}


class WorldEntryShape(Shape):
    """One entry."""

    uid: int | float | str | None = None
    key: OptTexts = None
    keysecondary: OptTexts = None
    comment: OptText = None
    content: OptText = None
    constant: OptFlag = None
    selective: OptFlag = None
    selectiveLogic: OptNumber = None  # noqa: N815 - their name
    order: OptNumber = None
    position: OptNumber = None
    disable: OptFlag = None
    caseSensitive: OptFlag = None  # noqa: N815
    matchWholeWords: OptFlag = None  # noqa: N815


class WorldShape(Shape):
    """The file."""

    name: OptText = None
    entries: Annotated[dict[str, WorldEntryShape], Field(max_length=MAX_ENTRIES)]


def _read_keys(part: Record) -> Record:
    keys = part.get("key") or []
    return {"keys": keys, "use_regex": bool(keys) and all(map(_SLASHED.fullmatch, keys))}


def _write_keys(fields: Fields) -> Record:
    """SillyTavern takes a key for a pattern if it stands between slashes."""
    if not fields["use_regex"]:
        return {"key": fields["keys"]}
    return {"key": [k if _SLASHED.fullmatch(k) else f"/{k}/" for k in fields["keys"]]}


def _read_position(part: Record) -> Record:
    return {
        "position": st.position_of(part.get("position")) or "before_character",
        "depth": st.count(part.get("depth"), 4),
        "role": st.role_of(part.get("role")),
    }


def _write_position(fields: Fields) -> Record:
    role = st.ROLES.index(fields["role"])
    return {
        "position": st.POSITIONS[fields["position"]],
        "depth": fields["depth"],
        "role": role if role or fields["position"] == "depth" else None,
    }


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _write_uid(value: str) -> int | str:
    return int(value) if re.fullmatch(r"0|[1-9][0-9]{0,14}", value) else value


ENTRY = Form(
    WorldEntryShape,
    _BLANK,
    (
        plain("uid", "id", "", str, _write_uid),
        Lens(("key",), ("keys", "use_regex"), _read_keys, _write_keys),
        plain("keysecondary", "secondary_keys", []),
        Lens(
            ("comment",),
            ("comment",),
            lambda part: {"comment": part.get("comment") or ""},
            lambda fields: {"comment": fields["comment"] or fields["name"]},
        ),
        plain("content", "content", ""),
        plain("constant", "constant", False),
        plain("selective", "selective", True),
        plain("order", "order", 100, int),
        plain("disable", "enabled", True, lambda off: not off, lambda on: not on),
        Lens(
            ("position", "depth", "role"),
            ("position", "depth", "role"),
            _read_position,
            _write_position,
        ),
        plain("caseSensitive", "case_sensitive", False),
        plain("matchWholeWords", "whole_words", False),
        st.logic("selectiveLogic"),
        st.probability("probability", "useProbability"),
        st.extras(_camel, _BLANK),
    ),
)


def _read_entries(records: dict[str, Record]) -> list[LoreEntry]:
    return [_read_entry(key, record) for key, record in records.items()]


def _read_entry(key: str, record: Record) -> LoreEntry:
    entry = build(LoreEntry, ENTRY, record, UNDER)
    if key != entry.id:
        kept = entry.extensions.get(UNDER, {})
        entry.extensions = {**entry.extensions, UNDER: {**kept, "key": key}}
    return entry


def _write_entries(entries: list[LoreEntry]) -> dict[str, Record]:
    """The entries by key; one whose id is none of SillyTavern's numbers gets the next free one."""
    records: dict[str, Record] = {}
    numbers = itertools.count()
    for entry in entries:
        memory = entry.extensions.get(UNDER)
        record = write_record(ENTRY, values_of(entry), Kept.of(memory))
        key = memory.get("key", entry.id) if isinstance(memory, dict) else entry.id
        known = isinstance(memory, dict) or isinstance(record.get("uid"), int)
        if not known or not isinstance(key, str) or key in records:
            record["uid"] = next(number for number in numbers if str(number) not in records)
            key = str(record["uid"])
        records[key] = record
    return records


WORLD = Form(
    WorldShape,
    {"entries": {}},
    (
        plain("name", "name", ""),
        plain("entries", "entries", [], _read_entries, _write_entries),
    ),
)


def read_world(record: Record) -> Lorebook:
    """A lorebook from a file of the right shape."""
    return build(Lorebook, WORLD, record, UNDER)


def write_world(book: Lorebook) -> Record:
    """The file of a lorebook."""
    return write_record(WORLD, values_of(book), Kept.of(book.extensions.get(UNDER)))
