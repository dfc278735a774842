"""SillyTavern chats: JSON Lines, a header and then one message a line; one dialogue a file.

Swipes become siblings. What has no place of its own stays in `extensions`, so that an imported
chat is written back equal, and with what was said since.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from characterglm.character.cards.shapes import OptDict, OptText, Shape
from characterglm.dialogue.files.building import Builder, rest_of
from characterglm.dialogue.files.formats import (
    Format,
    GreetingMode,
    Reading,
    Record,
    Value,
    shaped,
)
from characterglm.dialogue.schema import (
    Dialogue,
    Generation,
    SpeakerRole,
    Utterance,
    as_utc,
)
from characterglm.errors import Problem, ValidationFailed

UNDER = "sillytavern"
_CLOCK = re.compile(r"(\d+)-(\d+)-(\d+) ?@(\d+)h ?(\d+)m ?(\d+)s(?: ?(\d+)ms)?")


class HeaderShape(Shape):
    """The first line."""

    user_name: OptText = None
    character_name: OptText = None
    chat_metadata: OptDict = None


class MessageShape(Shape):
    """Every other line."""

    mes: str
    is_user: bool = False
    is_system: bool | None = False
    name: OptText = None
    send_date: str | int | float | None = None
    swipe_id: int | None = None
    swipes: list[str] | None = None
    swipe_info: list[OptDict] | None = None
    extra: OptDict = None


def _recognises(value: Value) -> bool:
    return {"user_name", "character_name"} <= value.keys() and "dialogue" not in value


def _gather(records: Iterable[Record]) -> Iterator[Record]:
    lines = [(record.line, record.value) for record in records]
    if lines:
        yield Record(lines[0][0], {"header": lines[0][1], "messages": lines[1:]})


def _spread(value: Value) -> list[Value]:
    return [value["header"], *value["messages"]]


def _read(value: Value, reading: Reading) -> Dialogue:
    header = shaped(HeaderShape, value["header"])
    builder = Builder(moment(value["header"].get("create_date")))
    problems: list[Problem] = []
    for line, message in value["messages"]:
        try:
            _say(builder, message, header.character_name or "", reading)
        except ValidationFailed as error:
            problems += [replace(problem, line=line) for problem in error.problems]
    if problems:
        raise ValidationFailed("the chat", problems)
    named = header.character_name
    if named in (None, "", "unused"):  # a group chat: whoever speaks first
        named = next((u.speaker.name for u in builder.utterances if _speaks(u)), "")
    return builder.done(
        reading.character_id(named or ""),
        persona={"name": header.user_name if header.user_name != "unused" else ""},
        extensions=reading.keep(value["header"], UNDER),
    )


def _speaks(utterance: Utterance) -> bool:
    return utterance.speaker.role == "character" and bool(utterance.speaker.name)


def _say(builder: Builder, message: Value, character: str, reading: Reading) -> None:
    shape = shaped(MessageShape, message)
    texts = shape.swipes or [shape.mes]
    said: Value = {
        "role": _role(shape, character),
        "name": shape.name or "",
        "created": moment(shape.send_date) or builder.created,
    }
    siblings = [
        builder.answer(text=text, **said, **_generation(shape, index))
        for index, text in enumerate(texts)
    ]
    index = _chosen(shape, texts)
    if index is None:  # edited without its swipe
        edited: Value = {"origin": "edited", "extensions": {UNDER: {"apart": True}}}
        siblings.append(builder.answer(text=shape.mes, **said, **edited))
    builder.leaf = siblings[-1 if index is None else index]
    rest = {key: part for key, part in message.items() if key not in ("mes", "swipes")}
    reading.keep({key: None for key in rest if key not in _PLACED}, UNDER)
    kept = {"message": rest, "swipes": len(shape.swipes or [])}
    builder.leaf.extensions = {UNDER: rest_of(builder.leaf, UNDER) | kept}


_PLACED = ("name", "is_user", "send_date", "swipe_id")


def _role(shape: MessageShape, character: str) -> SpeakerRole:
    if shape.is_user:
        return "user"
    return "narrator" if shape.is_system and shape.name != character else "character"


def _chosen(shape: MessageShape, texts: list[str]) -> int | None:
    """Which of the texts is the one said; None if it is not among them."""
    index = shape.swipe_id
    if index is not None and 0 <= index < len(texts) and texts[index] == shape.mes:
        return index
    return texts.index(shape.mes) if shape.mes in texts else None


def _generation(shape: MessageShape, index: int) -> Value:
    """The model that wrote a swipe, where the chat says so."""
    info = (shape.swipe_info or [])[index : index + 1]
    extra = (info[0] or {}).get("extra") if info else shape.extra if not shape.swipes else None
    model = extra.get("model") if isinstance(extra, dict) else None
    if shape.is_user or not isinstance(model, str) or not isinstance(extra, dict):
        return {}
    engine = extra.get("api")
    generation = Generation(engine=engine if isinstance(engine, str) else "", model=model)
    return {"origin": "model", "generation": generation}


def moment(stamp: Any) -> datetime | None:
    """The moment of a `send_date`, of which there were many spellings; None if it is unknown."""
    if isinstance(stamp, int | float):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return datetime.fromtimestamp(stamp / 1000, UTC)
    if not isinstance(stamp, str):
        return None
    with contextlib.suppress(ValueError):
        return as_utc(datetime.fromisoformat(stamp))
    with contextlib.suppress(ValueError):
        return datetime.strptime(stamp, "%B %d, %Y %I:%M%p").replace(tzinfo=UTC)
    with contextlib.suppress(ValueError, OverflowError):
        if found := _CLOCK.fullmatch(stamp):
            parts = [int(part or 0) for part in found.groups()]
            year, month, day, hour, minute, second, thousandths = parts
            return datetime(year, month, day, hour, minute, second, thousandths * 1000, UTC)
    return None


def _write(dialogue: Dialogue, greeting: GreetingMode) -> Value:
    path = dialogue.path()
    header = {
        "user_name": dialogue.persona.name or "User",
        "character_name": next(
            (one.speaker.name for one in path if _speaks(one)), dialogue.character
        ),
        "create_date": dialogue.created.isoformat(),
        "chat_metadata": {},
    }
    header = rest_of(dialogue, UNDER) or header
    return {
        "header": header,
        "messages": [_message(dialogue, utterance, header) for utterance in path],
    }


def _message(dialogue: Dialogue, utterance: Utterance, header: Value) -> Value:
    siblings = dialogue.swipes(utterance) if utterance.speaker.role != "user" else [utterance]
    kept, had = _kept(siblings)
    message = {**(kept or _fresh(utterance, header)), "mes": utterance.text}
    swipes = [one for one in siblings if not rest_of(one, UNDER).get("apart")]
    if len(swipes) > 1 or had:
        message["swipes"] = [one.text for one in swipes]
        if utterance in swipes and ("swipe_id" in message or not had):
            message["swipe_id"] = swipes.index(utterance)
    more = len(swipes) - had if had else 0
    if isinstance(message.get("swipe_info"), list):
        message["swipe_info"] = [*message["swipe_info"], *[{} for _ in range(more)]]
    return message


def _kept(siblings: list[Utterance]) -> tuple[Value | None, int]:
    """The imported message that some siblings come from, and how many swipes it had (0: none)."""
    for one in siblings:
        rest = rest_of(one, UNDER)
        if isinstance(rest.get("message"), dict):
            swipes = rest.get("swipes")
            return rest["message"], max(0, swipes) if isinstance(swipes, int) else 0
    return None, 0


def _fresh(utterance: Utterance, header: Value) -> Value:
    """A message that was not in an imported chat, without its text."""
    role = utterance.speaker.role
    names = {"user": header.get("user_name"), "character": header.get("character_name")}
    return {
        "name": utterance.speaker.name or names.get(role) or "System",
        "is_user": role == "user",
        "is_system": role == "narrator",
        "send_date": utterance.created.isoformat(),
        "extra": {},
    }


FORMAT = Format(
    UNDER,
    "SillyTavern chat",
    _recognises,
    _read,
    _write,
    mapped=(
        ("user_name", "persona.name"),
        ("character_name", "character"),
        ("mes", "text"),
        ("name, is_user, is_system", "speaker"),
        ("swipes", "siblings"),
        ("send_date", "created"),
        ("extra.api, extra.model", "generation"),
    ),
    gather=_gather,
    spread=_spread,
    single=True,
)
