"""Macros in card texts: `{{char}}`, `{{user}}`, `{{random:a,b}}` and their kin, expanded once.

Only texts of cards are expanded, never what people or models say; what a macro yields is not
expanded again. Macros that are not known stay as they are. Source: Character Card V3, "Curly
Braced Syntaxes".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from characterglm.character import Character, Persona
from characterglm.dialogue import Utterance
from characterglm.prompt.card import card_text
from characterglm.prompt.wording import wording

_MACRO = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}|<(char|bot|user)>", re.IGNORECASE | re.DOTALL)
_COMMA = re.compile(r"(?<!\\),")
_MODEL = TypeVar("_MODEL", bound=BaseModel)


def names(character: Character, persona: Persona | None = None) -> tuple[str, str]:
    """What `{{char}}` and `{{user}}` stand for: a card's nickname goes before the name."""
    user = persona.name if persona else ""
    char = card_text(character, "nickname") or character.name
    return char, user or wording(character.language).names.user


def seed_of(path: Sequence[Utterance]) -> str:
    """The seed of a dialogue: its greeting's id.

    A dialogue that the user opens has none, so that what stands in front of it is settled before
    the first message is sent.
    """
    return path[0].id if path and path[0].speaker.role == "character" else ""


def expand(
    text: str, character: Character, persona: Persona | None = None, *, seed: str = ""
) -> str:
    """A card's text with its macros replaced.

    `{{random:…}}` and `{{roll:…}}` depend on `seed` (a dialogue's id), `{{pick:…}}` does not; all
    three yield the same for the same arguments.
    """
    if "{{" not in text and "<" not in text:
        return text
    char, user = names(character, persona)
    return _replace(text, char, user, seed, hidden=False)


def searchable(text: str, character: Character, persona: Persona | None = None) -> str:
    """A card's text as a recursive lorebook search sees it: with `{{hidden_key:…}}`."""
    char, user = names(character, persona)
    return _replace(text, char, user, "", hidden=True)


def greet(
    character: Character, persona: Persona | None = None, index: int = 0, *, seed: str = ""
) -> str:
    """The character's greeting number `index` (from 0), ready to be stored; "" if it has none."""
    if not character.greetings:
        return ""
    return expand(character.greetings[index], character, persona, seed=seed)


def expand_all(
    part: _MODEL, character: Character, persona: Persona | None = None, *, seed: str = ""
) -> _MODEL:
    """A copy of a part of a card with the macros of all its texts replaced; keys stay."""

    def walk(value: object) -> object:
        if isinstance(value, str):
            return expand(value, character, persona, seed=seed)
        if isinstance(value, list):
            return [walk(item) for item in value]
        if isinstance(value, BaseModel):
            return expand_all(value, character, persona, seed=seed)
        return value

    changed = {key: walk(value) for key, value in part}
    return part.model_copy(update=changed)


def _replace(text: str, char: str, user: str, seed: str, *, hidden: bool) -> str:
    draws = iter(range(len(text)))

    def one(match: re.Match[str]) -> str:
        whole, inner, tag = match[0], match[1], match[2]
        name = (tag or inner).strip()
        if name.lower() in ("char", "bot"):
            return char
        if name.lower() == "user":
            return user
        if tag:
            return whole
        if name.startswith("//"):
            return ""
        kind, colon, value = inner.partition(":")
        kind = kind.strip().lower()
        if kind == "hidden_key" and colon:
            return value.strip() if hidden else ""
        known = _VALUED.get(kind)
        return known(value, seed, draws) if known and colon else whole

    return _MACRO.sub(one, text)


def _comment(value: str, seed: str, draws: Iterator[int]) -> str:
    return ""


def _reverse(value: str, seed: str, draws: Iterator[int]) -> str:
    return value.strip()[::-1]


def _random(value: str, seed: str, draws: Iterator[int]) -> str:
    return _choose(value, f"{seed}/{next(draws)}/{value}")


def _pick(value: str, seed: str, draws: Iterator[int]) -> str:
    return _choose(value, value)


def _roll(value: str, seed: str, draws: Iterator[int]) -> str:
    sides = value.strip().lower().removeprefix("d")
    if not (sides.isascii() and sides.isdigit() and 0 < len(sides) < 10 and int(sides)):
        return ""
    return str(1 + _draw(f"{seed}/{next(draws)}/roll", int(sides)))


def _choose(value: str, key: str) -> str:
    # Some writers double the colon: {{pick::a,b}}.
    options = [item.replace("\\,", ",").strip() for item in _COMMA.split(value.removeprefix(":"))]
    return options[_draw(key, len(options))]


def _draw(key: str, size: int) -> int:
    """A number from 0 to size - 1 that depends on the key alone, on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % size


_VALUED: dict[str, Callable[[str, str, Iterator[int]], str]] = {
    "random": _random,
    "pick": _pick,
    "roll": _roll,
    "comment": _comment,
    "reverse": _reverse,
}
