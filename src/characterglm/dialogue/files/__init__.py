"""Dialogue files: our JSONL and others' formats; the only readers of them in the project."""

from characterglm.dialogue.files.formats import Format, GreetingMode, Item
from characterglm.dialogue.files.registry import (
    FORMATS,
    detect,
    get_format,
    read_dialogues,
    write_dialogues,
)

__all__ = [
    "FORMATS",
    "Format",
    "GreetingMode",
    "Item",
    "detect",
    "get_format",
    "read_dialogues",
    "write_dialogues",
]
