"""The questions that make a character by hand; knows no terminal: somebody else asks.

Every answer may be empty, and the end of the input ends the questions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, get_args

from pydantic import ValidationError

from characterglm.character.schema import Category, Character, slugify
from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted
from characterglm.errors import Problem, ValidationFailed

Ask = Callable[[str], str]
"""Shows a question and returns the answer; raises EOFError when there are no more answers."""

CATEGORIES: tuple[str, ...] = get_args(Category)
DEFAULT_CATEGORY = "daily_life"

_MANY = (
    *(f"attributes.{kind}" for kind in ("interests", "viewpoints", "experiences", "achievements")),
    *("attributes.others", "attributes.identity.titles"),
    *("behaviors.personality", "behaviors.emotional_expression", "behaviors.interaction_pattern"),
    *("behaviors.linguistic.self_reference", "behaviors.linguistic.catchphrases"),
    *("behaviors.linguistic.frequent_words", "behaviors.linguistic.sample_lines"),
    *("greetings", "boundaries.unknown", "boundaries.refusals", "authors"),
)
"""Fields that take one answer a line."""


class Interview:
    """Asks in the order of the questions, in the words of one language."""

    def __init__(self, ask: Ask, words: Mapping[str, Any]) -> None:
        self._ask, self._words = ask, words
        self._answers: dict[str, Any] = {}

    def character(self, language: str) -> Character:
        """The character that the answers describe; ValidationFailed if they describe none."""
        with suppress(EOFError):
            for field, question in self._words["questions"].items():
                self._put(field, self._answer(field, question))
        answers = self._answers
        name = answers.setdefault("name", self._words["unnamed"])
        answers.setdefault("category", DEFAULT_CATEGORY)
        data = {"id": slugify(name), "language": language, **answers}
        try:
            return Character.model_validate(data)
        except ValidationError as error:
            found = problems_of(error, Character, data)
            problems = [Problem(message, dotted(path)) for path, message in found]
            raise ValidationFailed("the character", problems) from None

    def _answer(self, field: str, question: str) -> Any:
        match field:
            case "category":
                return self._choice(question)
            case "attributes.relationships":
                return [_relationship(line) for line in self._many(question)]
            case "examples":
                return [lines] if (lines := self._example(question)) else []
        return list(self._many(question)) if field in _MANY else self._ask(f"{question}: ").strip()

    def _many(self, question: str) -> Iterator[str]:
        prompt = f"{question} ({self._words['more']}):\n- "
        while answer := self._ask(prompt).strip():
            yield answer
            prompt = "- "

    def _choice(self, question: str) -> str:
        listed = "  ".join(f"{number} {name}" for number, name in enumerate(CATEGORIES, 1))
        note = self._words["choices"].format(default=DEFAULT_CATEGORY)
        prompt = f"{question} ({note})\n{listed}: "
        while answer := self._ask(prompt).strip():
            if answer in CATEGORIES:
                return answer
            if answer in map(str, range(1, len(CATEGORIES) + 1)):
                return CATEGORIES[int(answer) - 1]
            prompt = self._words["not_a_choice"].format(answer=answer) + f"\n{listed}: "
        return ""

    def _example(self, question: str) -> list[dict[str, str]]:
        """Lines of the user and the character in turn."""
        lines: list[dict[str, str]] = []
        labels, prefix = self._words["labels"], f"{question} ({self._words['more']}):\n"
        while True:
            speaker = "character" if len(lines) % 2 else "user"
            if not (text := self._ask(f"{prefix}{labels[speaker]}: ").strip()):
                return lines
            lines.append({"speaker": speaker, "text": text})
            prefix = ""

    def _put(self, field: str, value: Any) -> None:
        """Keep an answer under its dotted field; an empty one is no answer."""
        *parents, last = field.split(".")
        place = self._answers
        for parent in parents if value else ():
            place = place.setdefault(parent, {})
        if value:
            place[last] = value


def _relationship(line: str) -> dict[str, str]:
    name, _, relation = line.replace("：", ":", 1).partition(":")
    return {"name": name, "relation": relation}
