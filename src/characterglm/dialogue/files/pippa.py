"""PIPPA: chats of people with characters of Character.AI, one a line; only read.

The profile half of a record is `character.cards.pippa`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from characterglm.character.cards.options import Options
from characterglm.character.cards.pippa import character_of
from characterglm.character.cards.shapes import OptNumber, OptText, OptTexts, Shape
from characterglm.dialogue.files.building import Builder, role_of
from characterglm.dialogue.files.formats import Format, Reading, Value, shaped
from characterglm.dialogue.schema import Dialogue

UNDER = "pippa"


class LineShape(Shape):
    """One message."""

    message: str
    is_human: bool


class RecordShape(Shape):
    """One dialogue and the character it is with."""

    conversation: list[LineShape]
    bot_name: OptText = None
    submission_timestamp: OptNumber | OptText = None
    categories: OptTexts = None


def _recognises(value: Value) -> bool:
    lines = value.get("conversation")
    return isinstance(lines, list) and "bot_name" in value


def _read(value: Value, reading: Reading) -> Dialogue:
    record = shaped(RecordShape, value)
    name = record.bot_name or ""
    builder = Builder(_moment(record.submission_timestamp))
    for line in record.conversation:
        speaker = "" if line.is_human else name
        extensions = reading.keep(line.model_extra or {}, UNDER)
        builder.say(role_of(line.is_human), line.message, speaker, extensions=extensions)
    rest = {key: part for key, part in value.items() if key != "conversation"}
    return builder.done(reading.character_id(name), extensions=reading.keep(rest, UNDER))


def _moment(stamp: float | str | None) -> datetime | None:
    """When it was submitted; the data set counts milliseconds."""
    try:
        return datetime.fromtimestamp(float(stamp or "") / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


FORMAT = Format(
    UNDER,
    "PIPPA",
    _recognises,
    _read,
    mapped=(
        ("conversation", "utterances"),
        ("bot_name", "character, speaker.name"),
        ("submission_timestamp", "created"),
    ),
    describe=lambda record, report: character_of(record, Options(), report),
)
