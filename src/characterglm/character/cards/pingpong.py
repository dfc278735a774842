"""The characters in PingPong's settings: by language, each with a prompt and a greeting.

Situations and templates of the same file belong to the evaluation, not to the characters.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from characterglm.character.cards.formats import Format, Imported
from characterglm.character.cards.lens import Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import free_text, read_record
from characterglm.character.cards.shapes import OptText, OptTexts, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import parse_examples, text, texts

UNDER = "pingpong"
_USER = "User"


class CharacterShape(Shape):
    """One character."""

    char_name: str
    system_prompt: OptText = None
    example_prompt: OptText = None
    greeting: OptText = None
    initial_message: OptText = None
    tags: OptTexts = None


def _read_examples(part: Record) -> Record:
    """`User: …` and `Name: …` are what cards write as `{{user}}: …` and `{{char}}: …`."""
    marks = {_USER: "{{user}}:", part["char_name"]: "{{char}}:"}
    names = "|".join(map(re.escape, marks))
    said = re.sub(
        rf"^({names}):", lambda hit: marks[hit[1]], part.get("example_prompt") or "", flags=re.M
    )
    return {"name": text(part["char_name"]), "examples": parse_examples(said)}


def _read_greeting(part: Record) -> Record:
    return {"greetings": texts([part.get("greeting") or part.get("initial_message")])}


def _unwritten(fields: object) -> Record:
    return {}  # settings are only read: they are a benchmark's, not ours to write


FORM = Form(
    CharacterShape,
    {},
    (
        Lens(("char_name", "example_prompt"), ("name", "examples"), _read_examples, _unwritten),
        free_text("system_prompt"),
        Lens(("greeting", "initial_message"), ("greetings",), _read_greeting, _unwritten),
        one("tags", "tags", [], texts),
    ),
)


def _settings(value: Any) -> dict[str, list[Any]]:
    """The characters of each language; empty for any other file."""
    parts = value.items() if isinstance(value, dict) else ()
    found = {key: part.get("characters") for key, part in parts if isinstance(part, dict)}
    fits = len(found) == len(parts) and all(isinstance(part, list) for part in found.values())
    return {key: part for key, part in found.items() if part} if fits else {}


def _recognises(source: Source) -> bool:
    each = [character for part in _settings(source.value).values() for character in part]
    return bool(each) and all(isinstance(one, dict) and "char_name" in one for one in each)


def _read(source: Source, options: Options) -> Imported:
    characters = []
    for language, records in _settings(source.value).items():
        told = replace(options, language=options.language or language)
        for number, record in enumerate(records, 1):
            what = f"{source.name}, {language}, character {number}"
            character = read_record(record, FORM, UNDER, what, told, source.report)
            data = character.extensions.get(UNDER, {}).get("data")
            character.extensions = {UNDER: {"data": data}} if data else {}
            characters.append(character)
    return Imported(UNDER, characters, report=source.report)


PINGPONG = Format(UNDER, "the characters of PingPong's settings", ".json", _recognises, _read)
