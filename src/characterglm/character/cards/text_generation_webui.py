"""text-generation-webui's YAML: `name`, `greeting` and one free text, `context`."""

from __future__ import annotations

import yaml

from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Form
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import free_text, read_record, record_of
from characterglm.character.cards.shapes import OptText, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import parse_examples, text, texts, write_examples

UNDER = "text-generation-webui"


class CharacterShape(Shape):
    """The file."""

    name: str
    greeting: OptText = None
    context: OptText = None
    example_dialogue: OptText = None


FORM = Form(
    CharacterShape,
    {"name": "", "greeting": "", "context": ""},
    (
        one("name", "name", "", text),
        free_text("context"),
        one("greeting", "greetings", [], lambda value: texts([value]), lambda said: said[0]),
        one("example_dialogue", "examples", [], parse_examples, write_examples),
    ),
)


def _recognises(source: Source) -> bool:
    value = source.value
    return isinstance(value, dict) and "name" in value and not _KEYS.isdisjoint(value)


_KEYS = {"context", "greeting"}


def _read(source: Source, options: Options) -> Imported:
    character = read_record(source.value, FORM, UNDER, source.name, options, source.report)
    return Imported(UNDER, [character], report=source.report)


def _write(out: Outgoing) -> bytes:
    record = record_of(out.character, FORM, UNDER)
    return yaml.safe_dump(record, allow_unicode=True, sort_keys=False, width=96).encode()


TEXT_GENERATION_WEBUI = Format(
    UNDER,
    "text-generation-webui's character",
    ".yaml",
    _recognises,
    _read,
    _write,
)
