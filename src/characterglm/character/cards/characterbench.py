"""The profile half of a CharacterBench (or CharacterDial) row; its dialogue half is elsewhere.

A row carries a profile (text or pairs) and, loose beside it, attributes. Where the user plays
somebody of the story (`user_type: related_character`) the user's attributes were written over the
character's under the same keys, so those are kept but not believed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.profile_words import read_profile, write_profile
from characterglm.character.cards.records import distinct, read_record, record_of
from characterglm.character.cards.report import Reason, Report
from characterglm.character.cards.shapes import OptDict, OptText, Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import paragraphs, text, texts
from characterglm.character.schema import Character

UNDER = "characterbench"
_PROFILE = ("character_name", "character_profile", "greeting", "linguistic_features", "attributes")
_OF_DIALOGUE = {
    "id",
    "dialogue",
    "messages",
    "response_messages",
    "response_usage",
    "annotation_score",
    "gold",
    "translation_en",
    "filter_result",
    "prototypes",
    "data_source",
    "user_name",
    "user_profile",
    "user_type",
    "social_relation",
    "played_relation",
}
"""What belongs to one dialogue or its rating, not to the character."""
_MIXED: Reason = "the user's attributes were written over the character's; kept, not used"


class RowShape(Shape):
    """A row, its loose attributes gathered under `attributes`."""

    character_name: str
    character_profile: str | dict[str, Any] | None = None
    greeting: OptText = None
    linguistic_features: OptDict = None
    attributes: OptDict = None


def _read_profile(part: Record) -> Record:
    profile = part.get("character_profile")
    pairs = dict(part.get("attributes") or {}) | dict(part.get("linguistic_features") or {})
    described = profile if isinstance(profile, str) else None
    attributes, behaviors = read_profile(pairs | (profile if isinstance(profile, dict) else {}))
    attributes.others = [*paragraphs(described), *attributes.others]
    return {"attributes": attributes, "behaviors": behaviors}


FORM = Form(
    RowShape,
    {},
    (
        one("character_name", "name", "", text),
        Lens(
            ("character_profile", "linguistic_features", "attributes"),
            ("attributes", "behaviors"),
            _read_profile,
            lambda fields: {"character_profile": write_profile(fields)},
        ),
        one("greeting", "greetings", [], lambda value: texts([value]), lambda said: said[0]),
    ),
)


def character_of(
    row: Record, options: Options, report: Report, what: str = "CharacterBench"
) -> Character:
    """The character that a decoded row describes."""
    own = {key: value for key, value in row.items() if key not in _OF_DIALOGUE}
    own = {key: value for key, value in own.items() if not key.startswith("pred_")}
    loose = {key: own.pop(key) for key in [*own] if key not in _PROFILE and _is_attribute(own[key])}
    if loose and row.get("user_type") == "related_character":
        report.add("warning", "attributes", f"extensions.{UNDER}.data", _MIXED)
        own["mixed_attributes"] = loose
    elif loose:
        own["attributes"] = loose
    if options.category is None and row.get("character_type") == "real_character":
        options = replace(options, category="celebrity")
    character = read_record(own, FORM, UNDER, what, options, report)
    data = character.extensions.get(UNDER, {}).get("data")
    character.extensions = {UNDER: {"data": data}} if data else {}
    return character


def _is_attribute(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _recognises(source: Source) -> bool:
    rows = source.value
    if not isinstance(rows, list) or not rows:
        return False
    return all(isinstance(row, dict) and "character_name" in row for row in rows)


def _read(source: Source, options: Options) -> Imported:
    characters = distinct(source, options, character_of)
    has_dialogues = any("dialogue" in row for row in source.value)
    return Imported(UNDER, characters, report=source.report, has_dialogues=has_dialogues)


def _write(out: Outgoing) -> bytes:
    return plain.dump([record_of(character, FORM, UNDER) for character in out.characters])


CHARACTERBENCH = Format(
    UNDER,
    "profiles of CharacterBench and CharacterDial",
    ".json",
    _recognises,
    _read,
    _write,
    holds="characters",
)
