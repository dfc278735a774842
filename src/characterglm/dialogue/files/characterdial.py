"""CharacterDial and CharacterBench: the dialogue half of their rows; only read.

The profile half is `character.cards.characterbench`. A model's reply under test answers the last
utterance but is not gone on from: what was said ends before it.
"""

from __future__ import annotations

from typing import Any

from characterglm.character.cards.characterbench import character_of
from characterglm.character.cards.options import Options
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import OptDict, OptText, Shape
from characterglm.character.schema import Character
from characterglm.dialogue.files.building import Builder
from characterglm.dialogue.files.formats import Format, Reading, Value, shaped
from characterglm.dialogue.schema import Dialogue, Generation, Source, SpeakerRole

UNDER = "characterbench"
_OURS = (
    "dialogue",
    "greeting",
    "response_messages",
    "user_name",
    "user_profile",
    "social_relation",
)
_SOURCES: dict[str, Source] = {
    "characterdial_data.json": "human_roleplay",
    "charactereval_data.json": "literature",
    "prototype_interaction_data.json": "synthesis",
}


class LineShape(Shape):
    """One message."""

    speaker: str
    utterance: str


class RecordShape(Shape):
    """One row."""

    character_name: str
    dialogue: list[LineShape]
    greeting: OptText = None
    user_name: OptText = None
    user_profile: Any = None
    social_relation: Any = None
    data_source: OptText = None
    prototypes: OptDict = None
    response_messages: OptDict = None


def _recognises(value: Value) -> bool:
    return isinstance(value.get("dialogue"), list) and "character_name" in value


def _read(value: Value, reading: Reading) -> Dialogue:
    row = shaped(RecordShape, value)
    builder = Builder()
    if row.greeting:
        builder.say("character", row.greeting, row.character_name)
    for line in row.dialogue:
        _say(builder, line, row, reading)
    _reply(builder, row)
    rest = {key: part for key, part in value.items() if key not in _OURS}
    return builder.done(
        reading.character_id(row.character_name),
        persona={
            "name": _said(row.user_name),
            "info": _said(row.user_profile),
            "relation": _said(row.social_relation),
        },
        source=_SOURCES.get(row.data_source or "", "interaction"),
        extensions=reading.keep(rest, UNDER),
    )


def _say(builder: Builder, line: LineShape, row: RecordShape, reading: Reading) -> None:
    role = _role(line.speaker, row)
    written = (row.prototypes or {}).get(
        "bot_prototype" if role == "character" else "user_prototype"
    )
    name = row.character_name if role == "character" else _said(row.user_name)
    if role == "narrator":
        name = line.speaker
    extensions = reading.keep(line.model_extra or {}, UNDER)
    builder.say(role, line.utterance, name, extensions=extensions, **_by(written))


def _role(speaker: str, row: RecordShape) -> SpeakerRole:
    if speaker in ("character", row.character_name):
        return "character"
    return "user" if speaker in ("user", row.user_name) else "narrator"


def _by(model: Any) -> dict[str, Any]:
    """What marks an utterance as a model's."""
    if not isinstance(model, str):
        return {}
    return {"origin": "model", "generation": Generation(engine="", model=model)}


def _reply(builder: Builder, row: RecordShape) -> None:
    reply = row.response_messages or {}
    if isinstance(reply.get("response"), str):
        name = row.character_name
        builder.answer("character", reply["response"], name, **_by(reply.get("model") or ""))


def _describe(row: Value, report: Report) -> Character:
    return character_of(row, Options(), report)


def _said(value: Any) -> str:
    """A text about the user; these data sets write the word None for nothing."""
    if isinstance(value, list):
        return "，".join(filter(None, map(_said, value)))
    return "" if value is None or value == "None" else str(value)


FORMAT = Format(
    UNDER,
    "CharacterDial and CharacterBench",
    _recognises,
    _read,
    mapped=(
        ("greeting", "first utterance"),
        ("dialogue", "utterances"),
        ("user_name, user_profile, social_relation", "persona"),
        ("prototypes", "generation.model of the utterances"),
        ("response_messages", "a model's reply, beside the path"),
        ("data_source", "source"),
    ),
    describe=_describe,
)
