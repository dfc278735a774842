"""A plain description becomes a character, by way of an engine that writes JSON.

Knows what to ask and how to check the answers; nothing about where characters are kept.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from characterglm.authoring.profile import Facts, Voice, schema, to_character
from characterglm.character import Character, yamltree
from characterglm.character.lint import speaks
from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted
from characterglm.engines.base import Engine, Request, Sampling, complete
from characterglm.errors import EngineError, InputError
from characterglm.prompt import Prompt, get_format, instruct

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class _Part(Generic[Shape]):
    """One of the two questions that make a profile."""

    name: str
    shape: type[Shape]
    sampling: Sampling


FACTS = _Part(
    "facts",
    Facts,
    # No penalty on repeats: what is copied from the description must come out letter by letter.
    Sampling(max_tokens=1200, temperature=0.2, repetition_penalty=1.0, dry_multiplier=0.0),
)
VOICE = _Part("voice", Voice, Sampling(max_tokens=900, temperature=0.7))


@dataclass(frozen=True, slots=True)
class Authored:
    """A character made from a description."""

    character: Character
    empty: tuple[str, ...]
    """Keys of the profile that the description, or the model, had nothing to say on."""
    attempts: int
    """Answers that were asked for: 2, and one more for each of the two that needed a repair."""


async def character_from_text(
    engine: Engine,
    text: str,
    *,
    language: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name
) -> Authored:
    """Make a character from a description in plain words.

    First the facts are taken from the description, then speech and manner are made up to fit.
    `language` is the character's (default: that of the text, zh or en). Licence and authors stay
    unknown, and `source` says which model wrote it. Raises InputError for an empty text,
    Unsupported where the engine knows no JSON schema, EngineError if its answers are of no use.
    """
    if not text.strip():
        raise InputError("the description is empty: say who the character is, in a few sentences")
    author = _Author(engine, text.strip(), language or ("zh" if speaks(text, "zh") else "en"))
    facts = await author.ask(FACTS)
    voice = await author.ask(VOICE)
    character = to_character(facts, voice, language=author.language, id=id, source=author.source())
    empty = tuple(key for part in (facts, voice) for key, value in part if not value)
    return Authored(character, empty, author.attempts)


class _Author:
    """One engine at work on one description."""

    def __init__(self, engine: Engine, text: str, language: str) -> None:
        self.engine, self.text, self.language = engine, text, language
        self.words = _words("zh" if language.split("-")[0] == "zh" else "en")
        self.attempts = 0

    async def ask(self, part: _Part[Shape]) -> Shape:
        """The answer to one question, with one chance to repair it."""
        answer, problems = await self._attempt(part, ())
        if answer is None:
            answer, problems = await self._attempt(part, problems)
        if answer is None:
            raise EngineError(
                f"{self.engine.model} gave no usable {part.name} in 2 attempts "
                f"({'; '.join(problems)}); shorten the description or choose a larger --model"
            )
        return answer

    def source(self) -> str:
        """Where the character comes from."""
        source: str = self.words["source"]
        return source.format(model=self.engine.model, license=self.engine.license)

    async def _attempt(
        self, part: _Part[Shape], problems: Sequence[str]
    ) -> tuple[Shape | None, Sequence[str]]:
        self.attempts += 1
        prompt = self._prompt(part, problems)
        reply = await complete(self.engine, Request(prompt, part.sampling, schema(part.shape)))
        return _read(part.shape, reply.text)

    def _prompt(self, part: _Part[Shape], problems: Sequence[str]) -> Prompt:
        words, own = self.words, self.words[part.name]
        listed = "\n".join(f"- {problem}" for problem in problems)
        spoken = words["names"].get(self.language.split("-")[0], self.language)
        return instruct(
            words["repair"].format(description=self.text, problems=listed)
            if problems
            else self.text,
            system=own["system"].format(language=spoken),
            examples=[(words["example"], json.dumps(own["example"], ensure_ascii=False))],
            format=get_format("chatml"),
            count=lambda segments: self.engine.count(segments)[0],
        )


@cache
def _words(language: str) -> dict[str, Any]:
    file = files("characterglm.authoring") / "data" / f"profile.{language}.yaml"
    words: dict[str, Any] = yamltree.load(file.read_text("utf-8")).data
    return words


def _read(shape: type[Shape], answer: str) -> tuple[Shape | None, list[str]]:
    """The part in an answer, or what is wrong with it."""
    start, end = answer.find("{"), answer.rfind("}") + 1
    try:
        data = json.loads(answer[start:end])
    except (ValueError, RecursionError):
        return None, ["it is not one complete JSON object"]
    try:
        return shape.model_validate(data), []
    except ValidationError as error:
        found = problems_of(error, shape, data)
        return None, [f"{dotted(path)}: {message}" for path, message in found]
