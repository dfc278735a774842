"""What a written file cannot hold: found by reading it back and comparing, never claimed.

Knows characters and lorebooks; nothing about formats.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from characterglm.character.cards.formats import ORIGINAL, Imported
from characterglm.character.cards.plain import texts_in
from characterglm.character.cards.report import Reason, Report
from characterglm.character.lorebook import Lorebook
from characterglm.character.schema import Character

_NOT_COMPARED = {"schema_version", "id", "assets", "extensions"}
_NO_PLACE: Reason = "the format has no place for it"
_WORDS = {"category", "language", "license"}
"""Single words, which may well stand in a text without meaning this."""


def compare(characters: Iterable[Character], back: Imported, report: Report) -> None:
    """Report every field that a file's reader no longer finds as it was."""
    named = {character.name: character for character in back.characters}
    for character in characters:
        found = named.get(character.name)
        if found is None:
            report.add("lost", character.name, why="not found when the file is read back")
            continue
        many = len(named) > 1
        _compare_fields(character, found, f"{character.name}: " if many else "", report)


def _compare_fields(one: Character, other: Character, prefix: str, report: Report) -> None:
    blank = Character(id="x", name="x", language="und", category="fictional")
    told = "\n".join(texts_in(other.model_dump(exclude=_NOT_COMPARED)))
    for field in Character.model_fields:
        mine, theirs = getattr(one, field), getattr(other, field)
        if field in _NOT_COMPARED or mine == theirs:
            continue
        said = one.model_dump(include={field})
        if field not in _WORDS and all(leaf in told for leaf in texts_in(said)):
            report.add("changed", prefix + field, why="held as text only")
        elif field in _WORDS or theirs == getattr(blank, field):
            report.add("lost", prefix + field, why=_NO_PLACE)
        else:
            report.add("changed", prefix + field, why="held in part only")
    _compare_assets(one, other, prefix, report)
    _compare_extensions(one.extensions, other.extensions, prefix, report)


def _compare_assets(one: Character, other: Character, prefix: str, report: Report) -> None:
    held = {asset.sha256 for asset in other.assets} | {
        asset.sha256 for asset in one.assets if asset.type == ORIGINAL
    }
    icons = any(asset.type == "icon" for asset in other.assets)
    for asset in one.assets:
        if asset.sha256 not in held and not (asset.type == "icon" and icons):
            name = f"{prefix}asset {asset.type}/{asset.name}.{asset.ext}"
            report.add("lost", name, why=_NO_PLACE)


def _compare_extensions(
    one: dict[str, Any], other: dict[str, Any], prefix: str, report: Report
) -> None:
    for name, value in one.items():
        if name not in other:
            inner = value.get("data") if isinstance(value, dict) else None
            keys = f" ({', '.join(inner)})" if isinstance(inner, dict) and inner else ""
            report.add("lost", f"{prefix}extensions.{name}{keys}", why=_NO_PLACE)


def compare_books(book: Lorebook, back: Imported, report: Report) -> None:
    """The same for a lorebook on its own."""
    found = back.lorebooks[0] if back.lorebooks else Lorebook()
    for field in Lorebook.model_fields:
        if field in ("entries", "extensions") or getattr(book, field) == getattr(found, field):
            continue
        report.add("lost", field, why=_NO_PLACE)
    for mine, theirs in zip(book.entries, found.entries, strict=False):
        changed = [
            name
            for name in type(mine).model_fields
            if name not in ("id", "extensions") and getattr(mine, name) != getattr(theirs, name)
        ]
        if mine.name and theirs.comment == mine.name:  # where SillyTavern shows a title
            changed = [name for name in changed if name not in ("name", "comment")]
        if changed:
            entry = mine.name or mine.comment or ", ".join(mine.keys[:1]) or mine.id
            report.add("changed", f"entry '{entry}': {', '.join(changed)}", why="not held")
