"""A character from any flat record, and back: what the small formats share."""

from __future__ import annotations

from collections.abc import Callable

from characterglm.character.cards.lens import (
    Form,
    Kept,
    Lens,
    Record,
    read_fields,
    remember,
    residue,
    tell,
    values_of,
    write_record,
)
from characterglm.character.cards.options import Options, make
from characterglm.character.cards.plain import canonical
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import check
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import free_profile, write_profile
from characterglm.character.schema import Character

_TOLD = ("attributes", "behaviors", "scenario", "language")


def free_text(key: str) -> Lens:
    """The lens of formats that have one text for all that is known of a character."""
    return Lens(
        (key,),
        ("attributes", "behaviors", "scenario"),
        lambda part: free_profile(part.get(key)),
        lambda fields: {key: write_profile(*(fields[place] for place in _TOLD))},
    )


def read_record(
    record: Record, form: Form, under: str, what: str, options: Options, report: Report
) -> Character:
    """The character of a record; what has no place of its own stands in `extensions[under]`."""
    check(form.shape, record, what)
    character = make(read_fields(form, record), options, report, what)
    kept = residue(form, record, values_of(character))
    tell(form, record, kept, report, under)
    remember(character, under, kept)
    return character


def record_of(character: Character, form: Form, under: str) -> Record:
    """The record of a character."""
    return write_record(form, values_of(character), Kept.of(character.extensions.get(under)))


def distinct(
    source: Source,
    options: Options,
    character_of: Callable[[Record, Options, Report, str], Character],
) -> list[Character]:
    """The characters of a file's records, those with the same name and profile once."""
    rows = source.value if isinstance(source.value, list) else [source.value]
    found: dict[str, Character] = {}
    for number, row in enumerate(rows, 1):
        character = character_of(row, options, source.report, f"{source.name}, row {number}")
        found.setdefault(_profile(character), character)
    if repeated := len(rows) - len(found):
        source.report.add("warning", f"{repeated} rows", why="describe a character met before")
    return [*found.values()]


def _profile(character: Character) -> str:
    parts = (character.attributes, character.behaviors)
    return canonical([character.name, *(part.model_dump(mode="json") for part in parts)])
