"""CharacterEval: contexts of `name：text` lines in which a role is to speak next; only read."""

from __future__ import annotations

import re

from characterglm.character.cards.shapes import OptText, Shape
from characterglm.dialogue.files.building import Builder
from characterglm.dialogue.files.formats import Format, Reading, Value, shaped
from characterglm.dialogue.schema import Dialogue, SpeakerRole

UNDER = "charactereval"
_LINE = re.compile(r"([^：:\n]{1,20})[：:](.*)", re.DOTALL)


class RecordShape(Shape):
    """One context."""

    role: str
    context: str
    novel_name: OptText = None


def _recognises(value: Value) -> bool:
    return {"role", "context", "novel_name"} <= value.keys()


def _read(value: Value, reading: Reading) -> Dialogue:
    record = shaped(RecordShape, value)
    builder = Builder()
    for line in filter(str.strip, record.context.split("\n")):
        _say(builder, line, record.role)
    rest = {key: part for key, part in value.items() if key not in ("role", "context")}
    return builder.done(
        reading.character_id(record.role),
        title=record.novel_name or "",
        category="fictional",
        source="literature",
        extensions=reading.keep(rest, UNDER),
    )


def _say(builder: Builder, line: str, role: str) -> None:
    match = _LINE.match(line)
    if match is None and builder.leaf is not None:
        builder.leaf.text += "\n" + line  # a line without a name goes on with the last one
    elif match is None:
        builder.say("narrator", line)
    else:
        name = match[1].strip()
        speaker: SpeakerRole = "character" if name == role else "user"
        builder.say(speaker, match[2].strip(), name)


FORMAT = Format(
    UNDER,
    "CharacterEval contexts",
    _recognises,
    _read,
    mapped=(
        ("context", "utterances, everybody but the role as a user with a name"),
        ("role", "character"),
        ("novel_name", "title"),
    ),
)
