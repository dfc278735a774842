"""MiniMax's `bot_setting`: names and free texts, inside a request or nothing but them.

`sample_messages` are the first bot's example dialogue; the rest of the request stays with that bot
in `extensions.minimax`, so that the request comes back.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Fields, Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import free_text, read_record, record_of
from characterglm.character.cards.shapes import MAX_ITEMS, OptText, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import text
from characterglm.character.schema import ExampleLine

UNDER = "minimax"
_SAMPLES = "request.sample_messages"
_ROLES = {"BOT": "character", "USER": "user"}


class SampleShape(Shape):
    """One line of the example."""

    sender_type: str
    sender_name: OptText = None
    text: str


class RequestShape(Shape):
    """What stands around `bot_setting`."""

    sample_messages: Annotated[list[SampleShape], Field(max_length=MAX_ITEMS)] | None = None


class BotShape(Shape):
    """One bot."""

    bot_name: str
    content: OptText = None
    request: RequestShape | None = None


def _read_samples(part: Record) -> Record:
    said = [
        ExampleLine.model_validate({"speaker": _ROLES[line["sender_type"]], "text": words})
        for line in part.get(_SAMPLES) or []
        if line["sender_type"] in _ROLES and (words := text(line["text"]))
    ]
    return {"examples": [said] if said else []}


def _write_samples(fields: Fields) -> Record:
    types = {ours: theirs for theirs, ours in _ROLES.items()}
    names = {"character": fields["name"], "user": "用户"}
    said = [
        {"sender_type": types[line.speaker], "sender_name": names[line.speaker], "text": line.text}
        for block in fields["examples"][:1]
        for line in block
        if line.speaker in types
    ]
    return {_SAMPLES: said} if said else {}


FORM = Form(
    BotShape,
    {"bot_name": "", "content": ""},
    (
        one("bot_name", "name", "", text),
        free_text("content"),
        Lens((_SAMPLES,), ("examples",), _read_samples, _write_samples),
    ),
)


def _bots(value: Any) -> list[Any]:
    """The bots, the request around them with the first."""
    first, *others = value["bot_setting"]
    request = {key: inner for key, inner in value.items() if key != "bot_setting"}
    return [{**first, "request": request} if request else first, *others]


def _recognises(source: Source) -> bool:
    value = source.value
    bots = value.get("bot_setting") if isinstance(value, dict) else None
    if not isinstance(bots, list) or not bots:
        return False
    return all(isinstance(bot, dict) and {"bot_name", "content"} <= bot.keys() for bot in bots)


def _read(source: Source, options: Options) -> Imported:
    characters = [
        read_record(bot, FORM, UNDER, f"{source.name}, bot {number}", options, source.report)
        for number, bot in enumerate(_bots(source.value), 1)
    ]
    return Imported(UNDER, characters, report=source.report)


def _write(out: Outgoing) -> bytes:
    records = [record_of(character, FORM, UNDER) for character in out.characters]
    requests = [record.pop("request", None) for record in records]
    request = next((each for each in requests if isinstance(each, dict)), None)
    return plain.dump({"bot_setting": records, **(request or {})})


MINIMAX = Format(
    UNDER,
    "MiniMax's bot_setting",
    ".json",
    _recognises,
    _read,
    _write,
    holds="characters",
)
