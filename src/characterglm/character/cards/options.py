"""What a file cannot say of a character and the person importing it may: category, language.

Knows our schema; no format.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from characterglm.character.cards.lens import Fields, assemble
from characterglm.character.cards.plain import texts_in
from characterglm.character.cards.report import Reason, Report
from characterglm.character.cards.texts import guess_language
from characterglm.character.schema import Category, Character, slugify
from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted
from characterglm.errors import Problem, ValidationFailed


@dataclass(frozen=True)
class Options:
    """The importing person's word; it goes before a guess, not before what the file says."""

    category: Category | None = None
    language: str | None = None


DEFAULT_CATEGORY: Category = "fictional"


def make(
    fields: Fields, options: Options, report: Report, what: str, sample: str | None = None
) -> Character:
    """A character from the values that a file gave and, for the rest, options and guesses.

    `sample` is text to tell the language by, if it is not to be taken from the fields.
    """
    given = dict(fields)
    if "category" not in given:
        given["category"] = options.category or DEFAULT_CATEGORY
        why: Reason = "" if options.category else "assumed; --category says otherwise"
        report.add("mapped", "category", given["category"], why)
    if "language" not in given:
        given["language"] = options.language or guess_language(
            sample_of(given) if sample is None else sample
        )
        why = "" if options.language else "detected; --language says otherwise"
        report.add("mapped", "language", given["language"], why)
    given.setdefault("id", slugify(str(given.get("name", ""))))
    try:
        return assemble(Character, given)
    except ValidationError as error:
        problems = [
            Problem(message, dotted(path)) for path, message in problems_of(error, Character, given)
        ]
        raise ValidationFailed(what, problems) from None


_TOLD = ("name", "attributes", "behaviors", "greetings", "scenario")


def sample_of(given: Fields) -> str:
    """The texts by which a language can be told."""
    told = (given.get(place) for place in _TOLD)
    values = (each.model_dump() if isinstance(each, BaseModel) else each for each in told)
    return "\n".join(text for value in values for text in texts_in(value))
