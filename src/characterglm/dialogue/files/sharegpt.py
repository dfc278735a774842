"""ShareGPT: `{"conversations": [{"from", "value"}, …]}`, plain and as preference pairs.

A pair's `chosen` and `rejected` become siblings, rated up and down.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from characterglm.character.cards.shapes import OptText, Shape
from characterglm.dialogue.files import greeting as greetings
from characterglm.dialogue.files.building import SYSTEM, Builder, rest_of, system_of
from characterglm.dialogue.files.formats import Format, GreetingMode, Reading, Value, shaped
from characterglm.dialogue.files.greeting import Said
from characterglm.dialogue.schema import Dialogue, Feedback, SpeakerRole, Utterance

UNDER = "sharegpt"
_SPEAKERS: dict[str, SpeakerRole] = {
    "human": "user",
    "user": "user",
    "gpt": "character",
    "chatgpt": "character",
    "assistant": "character",
    "model": "character",
    "bot": "character",
}
_FROM = {"user": "human", "character": "gpt", "narrator": "system"}
_OURS = ("conversations", "system", "chosen", "rejected")


class LineShape(Shape):
    """One message."""

    sender: str = Field(alias="from")
    value: str


class RecordShape(Shape):
    """One dialogue."""

    conversations: list[LineShape]
    system: OptText = None
    chosen: LineShape | None = None
    rejected: LineShape | None = None


def _recognises(value: Value) -> bool:
    return isinstance(value.get("conversations"), list)


def _read(value: Value, reading: Reading) -> Dialogue:
    shaped(RecordShape, value)
    extra = {key: part for key, part in value.items() if key not in _OURS}
    note = greetings.take_note(extra)
    system, lines = value.get("system"), list(value["conversations"])
    if system is None and lines and lines[0]["from"] == "system":
        system = lines.pop(0)["value"]
    said = greetings.unhide(Said(system, lines, note), {"from": "gpt"}, "value")
    builder = Builder()
    for line in said.lines:
        builder.say(**_fields(line, reading))
    for rated, thumb in (("chosen", "up"), ("rejected", "down")):
        if value.get(rated):
            _answer(builder, _fields(value[rated], reading), Feedback(thumb=thumb))
    extensions = reading.keep(extra, UNDER)
    if said.system is not None:
        extensions[SYSTEM] = said.system
    return builder.done(reading.character_id(), extensions=extensions)


def _fields(line: Value, reading: Reading) -> dict[str, Any]:
    """What `Builder.say` takes."""
    rest = {key: part for key, part in line.items() if key not in ("from", "value")}
    role = _SPEAKERS.get(line["from"], "narrator")
    if line["from"] != _FROM[role]:
        rest["from"] = line["from"]
    return {"role": role, "text": line["value"], "extensions": reading.keep(rest, UNDER)}


def _answer(builder: Builder, fields: dict[str, Any], feedback: Feedback) -> None:
    """The first answer is gone on from, a second one stands beside it."""
    rated = bool(builder.leaf and builder.leaf.feedback)
    (builder.beside if rated else builder.say)(**fields, feedback=feedback)


def _write(dialogue: Dialogue, mode: GreetingMode) -> Value:
    path = dialogue.path()
    first = path[0].text if path and path[0].speaker.role == "character" else None
    said = Said(system_of(dialogue), [_line(utterance) for utterance in path])
    said = greetings.hide(said, mode, {"from": "human", "value": greetings.PLACEHOLDER}, first)
    record = {**rest_of(dialogue, UNDER), "conversations": said.lines}
    if said.system is not None:
        record["system"] = said.system
    return greetings.put_note(record, said.note)


def _line(utterance: Utterance) -> Value:
    line = {"from": _FROM[utterance.speaker.role], "value": utterance.text}
    return line | rest_of(utterance, UNDER)


FORMAT = Format(
    UNDER,
    "ShareGPT conversations",
    _recognises,
    _read,
    _write,
    mapped=(
        ("human", "utterances of the user"),
        ("gpt", "utterances of the character"),
        ("system", f"extensions.{SYSTEM}"),
        ("chosen, rejected", "siblings, rated up and down"),
        ("other senders", "utterances of the narrator"),
    ),
)
