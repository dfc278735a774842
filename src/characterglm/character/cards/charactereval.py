"""CharacterEval's `character_profiles.json`: role → pairs such as `性别` and `人物关系`."""

from __future__ import annotations

from typing import Any

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.lens import Form, Lens, Record
from characterglm.character.cards.lens import plain as one
from characterglm.character.cards.options import Options
from characterglm.character.cards.profile_words import read_profile, write_profile
from characterglm.character.cards.records import read_record, record_of
from characterglm.character.cards.report import Report
from characterglm.character.cards.shapes import Shape
from characterglm.character.cards.source import Source
from characterglm.character.cards.texts import text
from characterglm.character.schema import Character

UNDER = "charactereval"
_MARKS = ("姓名", "性别", "人物经历", "人物关系", "人物性格", "经典台词")


class RoleShape(Shape):
    """One role, as a record of its own."""

    role: str
    profile: dict[str, Any]


def _read_profile(part: Record) -> Record:
    attributes, behaviors = read_profile(part.get("profile") or {})
    return {"attributes": attributes, "behaviors": behaviors}


FORM = Form(
    RoleShape,
    {"role": "", "profile": {}},
    (
        one("role", "name", "", text),
        Lens(
            ("profile",),
            ("attributes", "behaviors"),
            _read_profile,
            lambda fields: {"profile": write_profile(fields)},
        ),
    ),
)


def character_of(
    role: str, profile: Record, options: Options, report: Report, what: str = "CharacterEval"
) -> Character:
    """The character of a role and its profile."""
    record = {"role": role, "profile": profile}
    return read_record(record, FORM, UNDER, f"{what}, {role}", options, report)


def _recognises(source: Source) -> bool:
    value = source.value
    if not isinstance(value, dict) or not value:
        return False
    return all(isinstance(v, dict) and not v.keys().isdisjoint(_MARKS) for v in value.values())


def _read(source: Source, options: Options) -> Imported:
    characters = [
        character_of(role, profile, options, source.report, source.name)
        for role, profile in source.value.items()
    ]
    return Imported(UNDER, characters, report=source.report)


def _write(out: Outgoing) -> bytes:
    records = [record_of(character, FORM, UNDER) for character in out.characters]
    return plain.dump({record["role"]: record["profile"] for record in records})


CHARACTEREVAL = Format(
    UNDER,
    "CharacterEval's profiles",
    ".json",
    _recognises,
    _read,
    _write,
    holds="characters",
)
