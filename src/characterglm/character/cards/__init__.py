"""Others' character formats, in and out; each with a report of its losses."""

from characterglm.character.cards.formats import Format, Imported
from characterglm.character.cards.options import Options
from characterglm.character.cards.registry import (
    FORMATS,
    format_for,
    get_format,
    read_card,
    write_card,
    write_cards,
    write_lorebook,
)
from characterglm.character.cards.report import Note, Report

__all__ = [
    "FORMATS",
    "Format",
    "Imported",
    "Note",
    "Options",
    "Report",
    "format_for",
    "get_format",
    "read_card",
    "write_card",
    "write_cards",
    "write_lorebook",
]
