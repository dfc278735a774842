"""RPBench's characters: one JSON object a line, with a profile and the opening of a talk."""

from __future__ import annotations

from typing import Any

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Fields, Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.records import read_record, record_of
from characterglm.character.cards.shapes import OptText, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import (
    joined,
    paragraphs,
    text,
    texts,
    write_attributes,
    write_behaviors,
)
from characterglm.character.schema import Attributes, Behaviors

UNDER = "rpbench"
_TEXTS = ("npc_profile.description", "npc_profile.long_definition_text")


class NpcShape(Shape):
    """The profile."""

    name_text: str
    title: OptText = None
    description: OptText = None
    definition_text: OptText = None
    long_definition_text: OptText = None
    short_definition_text: OptText = None


class SaidShape(Shape):
    """One utterance of the opening."""

    sentences: list[str]


class RowShape(Shape):
    """A line."""

    npc_profile: NpcShape
    conversation: list[SaidShape] | None = None


def _read_description(part: Record) -> Record:
    """Both texts as paragraphs; often one repeats the other."""
    facts = [fact for key in _TEXTS for fact in paragraphs(part.get(key))]
    unique = {fact.text: fact for fact in facts}
    return {"attributes": Attributes(others=list(unique.values()))}


def _write_description(fields: Fields) -> Record:
    told = write_attributes(fields["attributes"], fields["language"])
    return {_TEXTS[0]: told, _TEXTS[1]: told}


def _read_opening(part: Record) -> Record:
    said: Any = part.get("conversation") or []
    opening = said[0]["sentences"] if said and said[0].get("from") == "npc" else []
    return {"greetings": texts(["\n".join(opening)])}


def _write_opening(fields: Fields) -> Record:
    greetings = fields["greetings"][:1]
    return {"conversation": [{"from": "npc", "sentences": [each]} for each in greetings]}


FORM = Form(
    RowShape,
    {"conversation": []},
    (
        one("npc_profile.name_text", "name", "", text),
        Lens(_TEXTS, ("attributes",), _read_description, _write_description),
        Lens(
            ("npc_profile.short_definition_text",),
            ("behaviors",),
            lambda part: {
                "behaviors": Behaviors(
                    personality=paragraphs(part.get("npc_profile.short_definition_text"))
                )
            },
            lambda fields: {
                "npc_profile.short_definition_text": joined(fields["behaviors"].personality)
                or write_behaviors(fields["behaviors"], fields["language"])
            },
        ),
        Lens(("conversation",), ("greetings",), _read_opening, _write_opening),
    ),
)


def _rows(source: Source) -> list[Any]:
    value = source.value
    return value if isinstance(value, list) else [value]


def _recognises(source: Source) -> bool:
    rows = _rows(source)
    return bool(rows) and all(isinstance(row, dict) and "npc_profile" in row for row in rows)


def _read(source: Source, options: Options) -> Imported:
    characters = [
        read_record(row, FORM, UNDER, f"{source.name}, line {number}", options, source.report)
        for number, row in enumerate(_rows(source), 1)
    ]
    return Imported(UNDER, characters, report=source.report)


def _write(out: Outgoing) -> bytes:
    lines = [plain.compact(record_of(character, FORM, UNDER)) for character in out.characters]
    return b"".join(line + b"\n" for line in lines)


RPBENCH = Format(
    UNDER,
    "RPBench's characters",
    ".jsonl",
    _recognises,
    _read,
    _write,
    holds="characters",
)
