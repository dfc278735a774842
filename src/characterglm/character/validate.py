"""Everything there is to say against a character: problems, which refuse it, and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from characterglm.character.lint import warnings_of
from characterglm.character.schema import Character
from characterglm.character.yamlfile import dotted, parse_tree, read_text
from characterglm.errors import CharacterGLMError, Problem, ValidationFailed


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in one character."""

    what: str
    """The file or the id."""
    character: Character | None
    """None where problems leave no character."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def validate_file(path: Path) -> Report:
    """Check a YAML file; what cannot even be read is a problem like any other."""
    file = str(path)
    try:
        character, tree = parse_tree(Character, read_text(path), file)
    except ValidationFailed as error:
        return Report(file, None, error.problems)
    except CharacterGLMError as error:
        return Report(file, None, (Problem(str(error)),))
    warnings = [
        Problem(message, dotted(where), file, tree.line(where))
        for where, message in warnings_of(character)
    ]
    return Report(file, character, warnings=tuple(sorted(warnings, key=lambda w: w.line or 0)))


def validate_character(character: Character) -> Report:
    """Check a character that is already one; only warnings can come of it."""
    warnings = (Problem(message, dotted(where)) for where, message in warnings_of(character))
    return Report(character.id, character, warnings=tuple(warnings))
