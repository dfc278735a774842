"""A plain description becomes a character, by way of an engine that writes JSON.

Knows what to ask and how to check the answer; nothing about where characters are kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError

from characterglm.authoring.profile import Profile, schema, to_character
from characterglm.character import Character, yamltree
from characterglm.character.lint import speaks
from characterglm.character.wording import problems_of
from characterglm.character.yamlfile import dotted
from characterglm.engines.base import Engine, Request, Sampling, complete
from characterglm.errors import EngineError, InputError
from characterglm.prompt import Prompt, get_format
from characterglm.prompt.instruct import instruct

SAMPLING = Sampling(max_tokens=1600, temperature=0.3, repetition_penalty=1.05)
ATTEMPTS = 2
"""The first answer and one repair."""


@dataclass(frozen=True, slots=True)
class Authored:
    """A character made from a description."""

    character: Character
    empty: tuple[str, ...]
    """Keys of the profile that the description, or the model, had nothing to say on."""
    attempts: int
    """1, or 2 if the first answer had to be repaired."""


async def character_from_text(
    engine: Engine,
    text: str,
    *,
    language: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's name
) -> Authored:
    """Make a character from a description in plain words.

    `language` is the character's (default: that of the text, zh or en). Licence and authors stay
    unknown, and `source` says which model wrote it. Raises InputError for an empty text,
    Unsupported where the engine knows no JSON schema, EngineError if its answers are of no use.
    """
    if not text.strip():
        raise InputError("the description is empty: say who the character is, in a few sentences")
    language = language or ("zh" if speaks(text, "zh") else "en")
    words = _words("zh" if language.startswith("zh") else "en")
    problems: list[str] = []
    for attempt in range(1, ATTEMPTS + 1):
        request = Request(_prompt(engine, text, language, words, problems), SAMPLING, schema())
        profile, problems = _read((await complete(engine, request)).text)
        if profile:
            source = words["source"].format(model=engine.model, license=engine.license)
            character = to_character(profile, language=language, id=id, source=source)
            return Authored(character, profile.empty(), attempt)
    raise EngineError(
        f"{engine.model} gave no usable profile in {ATTEMPTS} attempts ({'; '.join(problems)}); "
        "shorten the description, or choose a larger --model"
    )


@cache
def _words(language: str) -> dict[str, Any]:
    file = files("characterglm.authoring") / "data" / f"profile.{language}.yaml"
    words: dict[str, Any] = yamltree.load(file.read_text("utf-8")).data
    return words


def _prompt(
    engine: Engine, text: str, language: str, words: dict[str, Any], problems: list[str]
) -> Prompt:
    task = words["task"].format(keys=words["keys"], description=text.strip())
    if problems:
        task += "\n" + words["repair"].format(problems="\n".join(f"- {one}" for one in problems))
    spoken = words["names"].get(language.split("-")[0], language)
    return instruct(
        task,
        system=words["system"].format(language=spoken),
        format=get_format("chatml"),
        count=lambda segments: engine.count(segments)[0],
    )


def _read(answer: str) -> tuple[Profile | None, list[str]]:
    """The profile in an answer, or what is wrong with it."""
    start, end = answer.find("{"), answer.rfind("}") + 1
    try:
        data = json.loads(answer[start:end])
    except (ValueError, RecursionError):
        return None, ["it is not one complete JSON object"]
    try:
        return Profile.model_validate(data), []
    except ValidationError as error:
        found = problems_of(error, Profile, data)
        return None, [f"{dotted(path)}: {message}" for path, message in found]
