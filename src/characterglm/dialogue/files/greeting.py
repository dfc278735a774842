"""Dialogues that the character opens, in formats whose tools want the user to speak first.

What was done is noted in the record's `metadata.characterglm`, so that reading undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from characterglm.dialogue.files.formats import GreetingMode, Value

PLACEHOLDER = "…"
"""What the user says before a greeting, where something must be said."""
_BETWEEN = "\n\n"
_INSTEAD = "metadata"
"""Where our note keeps metadata that has no room for it: what is no object, or an empty one."""


@dataclass(frozen=True)
class Said:
    """A dialogue as chat formats see it."""

    system: str | None
    lines: list[Value]
    """Messages in the format's own shape."""
    note: Value | None = None
    """What was done with the greeting."""


def hide(said: Said, mode: GreetingMode, user: Value, text: str | None) -> Said:
    """Put a greeting `text` (None: the dialogue has none) where the mode wants it.

    `user` is the placeholder as a message of the format.
    """
    if text is None or mode == "kept":
        return said
    note: Value = {"greeting": mode}
    if mode == "placeholder":
        return replace(said, lines=[user, *said.lines], note=note)
    system = text if said.system is None else said.system + _BETWEEN + text
    note["after"] = None if said.system is None else len(said.system)
    return Said(system, said.lines[1:], note)


def unhide(said: Said, greeting: Value, key: str) -> Said:
    """Undo `hide`; `greeting` is a message of the character, its text to be put under `key`."""
    note = said.note or {}
    if note.get("greeting") == "placeholder":
        return replace(said, lines=said.lines[1:])
    if note.get("greeting") != "system" or said.system is None:
        return said
    after = note.get("after")
    system = said.system[:after] if isinstance(after, int) else None
    text = said.system if system is None else said.system[len(system) + len(_BETWEEN) :]
    return Said(system, [{**greeting, key: text}, *said.lines])


def take_note(extra: dict[str, Any]) -> Value | None:
    """Cut our note out of what is left of a record."""
    metadata = extra.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("characterglm"), dict):
        return None
    note: Value = dict(metadata["characterglm"])
    others = {key: value for key, value in metadata.items() if key != "characterglm"}
    extra.pop("metadata")
    if others or _INSTEAD in note:
        extra["metadata"] = note.pop(_INSTEAD, others)
    return note


def put_note(record: Value, note: Value | None) -> Value:
    """Write our note into a record."""
    if note is None:
        return record
    others = record.get("metadata")
    if isinstance(others, dict) and others:
        record["metadata"] = {**others, "characterglm": note}
    else:
        kept = {_INSTEAD: others} if "metadata" in record else {}
        record["metadata"] = {"characterglm": {**note, **kept}}
    return record
