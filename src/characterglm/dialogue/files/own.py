"""Our own JSON Lines: one dialogue a line, every field; what is written is read back equal."""

from __future__ import annotations

from pydantic import ValidationError

from characterglm.character.wording import problems_of
from characterglm.dialogue import tree
from characterglm.dialogue.files.formats import Format, GreetingMode, Reading, Value
from characterglm.dialogue.schema import Dialogue
from characterglm.errors import InputError, Problem, ValidationFailed

VERSION = Dialogue.model_fields["schema_version"].default


def _recognises(value: Value) -> bool:
    return "utterances" in value and "schema_version" in value


def _read(value: Value, reading: Reading) -> Dialogue:
    found = value.get("schema_version")
    if isinstance(found, int) and found > VERSION:
        raise InputError(
            f"has schema_version {found}, this version reads {VERSION}: "
            "pip install --upgrade characterglm"
        )
    if reading.character not in (None, value.get("character")):
        value = {**value, "character": reading.character, "character_version": None}
    try:
        dialogue = Dialogue.model_validate(value)
    except ValidationError as error:
        wrong = problems_of(error, Dialogue, value)
        problems = [Problem(said, ".".join(map(str, path))) for path, said in wrong]
        raise ValidationFailed("the dialogue", problems) from None
    if problems := tree.problems(dialogue):
        raise ValidationFailed("the dialogue", problems)
    return dialogue


def _write(dialogue: Dialogue, greeting: GreetingMode) -> Value:
    return dialogue.model_dump(mode="json")


FORMAT = Format("jsonl", "our JSON Lines", _recognises, _read, _write, complete=True)
