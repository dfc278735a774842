"""KdConv: two people talk about films, music or travel, grounded in facts; only read.

Neither of them is a character: the first to speak becomes the user, the other the character that
the reading person names. The facts stay with the utterances.
"""

from __future__ import annotations

from characterglm.character.cards.shapes import Shape
from characterglm.dialogue.files.building import Builder, role_of
from characterglm.dialogue.files.formats import Format, Reading, Value, shaped
from characterglm.dialogue.schema import Dialogue

UNDER = "kdconv"


class LineShape(Shape):
    """One message."""

    message: str


class RecordShape(Shape):
    """One dialogue."""

    messages: list[LineShape]
    name: str


def _recognises(value: Value) -> bool:
    messages = value.get("messages")
    return isinstance(messages, list) and all(
        isinstance(message, dict) and "message" in message for message in messages[:1]
    )


def _read(value: Value, reading: Reading) -> Dialogue:
    record = shaped(RecordShape, value)
    builder = Builder()
    for number, line in enumerate(record.messages):
        extensions = reading.keep(line.model_extra or {}, UNDER)
        builder.say(role_of(number % 2 == 0), line.message, extensions=extensions)
    return builder.done(
        reading.character_id(),
        title=record.name,
        source="human_roleplay",
        extensions=reading.keep(record.model_extra or {}, UNDER),
    )


FORMAT = Format(
    UNDER,
    "KdConv",
    _recognises,
    _read,
    mapped=(
        ("messages", "utterances, by turns of the user and the character"),
        ("name", "title"),
    ),
)
