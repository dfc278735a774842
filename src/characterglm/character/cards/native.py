"""Our own characters as YAML and as JSON."""

from __future__ import annotations

from pydantic import ValidationError

from characterglm.character.cards import plain
from characterglm.character.cards.formats import Format, Imported, Outgoing
from characterglm.character.cards.options import Options
from characterglm.character.cards.source import Source
from characterglm.character.schema import Character
from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted, parse_character, write_character
from characterglm.character.yamltree import MAX_BYTES
from characterglm.errors import InputError, Problem, ValidationFailed

_MARKS = {"schema_version", "attributes", "behaviors", "category"}


def _is_ours(source: Source) -> bool:
    """Whether a file means to be a character of ours, so that what is wrong in it is worth telling.

    Where the name is misspelt or missing, most of the other keys must be ours.
    """
    value = source.value
    if not isinstance(value, dict) or _MARKS.isdisjoint(value):
        return False
    known = len(Character.model_fields.keys() & value.keys())
    return "name" in value or known > len(value) - known


def _read_yaml(source: Source, options: Options) -> Imported:
    return _told(parse_character(source.text, source.name), "yaml", source)


def _read_json(source: Source, options: Options) -> Imported:
    try:
        character = Character.model_validate(source.value)
    except ValidationError as error:
        problems = [
            Problem(message, dotted(path))
            for path, message in problems_of(error, Character, source.value)
        ]
        raise ValidationFailed(source.name, problems) from None
    return _told(character, "json", source)


def _told(character: Character, name: str, source: Source) -> Imported:
    source.report.add("mapped", name, "the same schema")
    return Imported(name, [character], report=source.report)


def _written(out: Outgoing) -> Character:
    if out.character.assets:
        out.report.add("warning", "assets", why="named only; the bytes stay in the data directory")
    return out.character


def yaml_of(character: Character) -> str:
    """A character as YAML. Raises InputError for one too large to be read back as such."""
    written = write_character(character)
    size = len(written.encode())
    if size > MAX_BYTES:
        file = f"{character.id}.json"
        raise InputError(
            f"{character.id} is {size >> 10} KB as YAML, and {MAX_BYTES >> 10} KB are read; take "
            f"JSON: characterglm character export {character.id} --format json -o {file}, and "
            f"when it is edited: characterglm character edit {character.id} --file {file}"
        )
    return written


def _write_json(out: Outgoing) -> bytes:
    return plain.dump(_written(out).model_dump(mode="json", exclude_defaults=True))


YAML = Format(
    "yaml",
    "our own YAML",
    ".yaml",
    lambda source: source.kind == "text" and not source.is_json and _is_ours(source),
    _read_yaml,
    lambda out: yaml_of(_written(out)).encode(),
)
JSON = Format(
    "json",
    "our own JSON",
    ".json",
    lambda source: source.kind == "text" and source.is_json and _is_ours(source),
    _read_json,
    _write_json,
)
