"""CharGLM's `meta` (four texts) and the demo's `character.json` (name → meta, with a greeting).

`bot_info` is one free text; `user_name` and `user_info` describe the user, whom a character of
ours does not: they stand in `extensions.characterglm.user`, as in our cards.
"""

from __future__ import annotations

from typing import Any

from characterglm.character.cards import own, plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Fields, Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import free_text, read_record, record_of
from characterglm.character.cards.shapes import OptText, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import text, texts
from characterglm.character.schema import Character

UNDER = "charglm"


class MetaShape(Shape):
    """The four texts, and the demo's fifth."""

    bot_name: str
    bot_info: OptText = None
    user_name: OptText = None
    user_info: OptText = None
    greeting: OptText = None


_BLANK = {"bot_name": "", "bot_info": "", "user_name": "用户", "user_info": ""}
_USER = {"user_name": "name", "user_info": "info"}
_PLACE = f"extensions.{own.NAME}"


def _read_user(part: Record) -> Record:
    said = ((ours, part.get(theirs), _BLANK[theirs]) for theirs, ours in _USER.items())
    user = {ours: value for ours, value, blank in said if value and value != blank}
    return {_PLACE: {"user": user}} if user else {}


def _write_user(fields: Fields) -> Record:
    user = own.user_of({own.NAME: fields.get(_PLACE)})
    known = user if isinstance(user, dict) else {}
    return {
        theirs: known[ours] for theirs, ours in _USER.items() if isinstance(known.get(ours), str)
    }


META = Form(
    MetaShape,
    _BLANK,
    (
        one("bot_name", "name", "", text),
        free_text("bot_info"),
        Lens(tuple(_USER), (_PLACE,), _read_user, _write_user),
    ),
)
DEMO = Form(
    MetaShape,
    {**META.blank, "greeting": ""},
    (*META.lenses, one("greeting", "greetings", [], lambda v: texts([v]), lambda v: v[0])),
)


def _is_meta(value: Any) -> bool:
    return isinstance(value, dict) and {"bot_name", "bot_info"} <= value.keys()


def _is_demo(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_meta, value.values()))


def _read_meta(source: Source, options: Options) -> Imported:
    character = read_record(source.value, DEMO, UNDER, source.name, options, source.report)
    return Imported(UNDER, [character], report=source.report)


def _read_demo(source: Source, options: Options) -> Imported:
    characters = []
    for key, record in source.value.items():
        what = f"{source.name}, {key}"
        character = read_record(record, DEMO, UNDER, what, options, source.report)
        if key != record["bot_name"]:
            kept = character.extensions.get(UNDER, {})
            character.extensions = {**character.extensions, UNDER: {**kept, "key": key}}
        characters.append(character)
    return Imported("charglm-demo", characters, report=source.report)


def _write_meta(out: Outgoing) -> bytes:
    return plain.dump(record_of(out.character, META, UNDER))


def _write_demo(out: Outgoing) -> bytes:
    return plain.dump({_key(c): record_of(c, DEMO, UNDER) for c in out.characters})


def _key(character: Character) -> str:
    kept = character.extensions.get(UNDER)
    key = kept.get("key") if isinstance(kept, dict) else None
    return key if isinstance(key, str) else character.name


CHARGLM = Format(
    UNDER,
    "CharGLM's meta",
    ".json",
    lambda source: _is_meta(source.value),
    _read_meta,
    _write_meta,
)
CHARGLM_DEMO = Format(
    "charglm-demo",
    "character.json of the CharacterGLM demo",
    ".json",
    lambda source: _is_demo(source.value),
    _read_demo,
    _write_demo,
    holds="characters",
)
