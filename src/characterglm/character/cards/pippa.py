"""The profile half of a PIPPA record; its dialogue half is `dialogue.files.pippa`.

Definitions are free text of which much is example dialogue (`{{user}}: …`, `{{char}}: …`, parted by
`END_OF_DIALOG`): they are read as that where they are that, else as further description.
"""

from __future__ import annotations

import re

from characterglm.character.cards.formats import Format, Imported
from characterglm.character.cards.lens import Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import distinct, read_record
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import OptText, OptTexts, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import paragraphs, parse_examples, text, texts
from characterglm.character.schema import Attributes, Character

UNDER = "pippa"
_OF_DIALOGUE = ("conversation", "submission_timestamp")
_END = re.compile(r"^[ \t]*END_OF_DIALOG(?:UE)?[ \t]*$", re.MULTILINE)


class RecordShape(Shape):
    """The character of a record."""

    bot_name: str
    bot_greeting: OptText = None
    bot_description: OptText = None
    bot_definitions: OptText = None
    categories: OptTexts = None


def _read_definitions(part: Record) -> Record:
    described, defined = part.get("bot_description"), part.get("bot_definitions")
    examples = parse_examples(_END.sub("<START>", defined or ""))
    others = [*paragraphs(described), *([] if examples else paragraphs(defined))]
    return {"attributes": Attributes(others=others), "examples": examples}


FORM = Form(
    RecordShape,
    {},
    (
        one("bot_name", "name", "", text),
        Lens(
            ("bot_description", "bot_definitions"),
            ("attributes", "examples"),
            _read_definitions,
            lambda fields: {},  # records are only read: they are a corpus's, not ours to write
        ),
        one("bot_greeting", "greetings", [], lambda value: texts([value])),
        one("categories", "tags", [], texts),
    ),
)


def character_of(
    record: Record, options: Options, report: Report, what: str = "PIPPA"
) -> Character:
    """The character that a decoded record describes."""
    own = {key: value for key, value in record.items() if key not in _OF_DIALOGUE}
    character = read_record(own, FORM, UNDER, what, options, report)
    data = character.extensions.get(UNDER, {}).get("data")
    character.extensions = {UNDER: {"data": data}} if data else {}
    return character


def _recognises(source: Source) -> bool:
    value = source.value
    rows = value if isinstance(value, list) else [value]
    return bool(rows) and all(
        isinstance(row, dict) and "bot_name" in row and isinstance(row.get("conversation"), list)
        for row in rows
    )


def _read(source: Source, options: Options) -> Imported:
    characters = distinct(source, options, character_of)
    return Imported(UNDER, characters, report=source.report, has_dialogues=True)


PIPPA = Format(UNDER, "profiles of PIPPA's records", ".jsonl", _recognises, _read)
