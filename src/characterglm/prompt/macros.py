"""Macros in card texts: `{{char}}`, `{{user}}`, `{{random:a,b}}` and their kin, expanded once.

Only texts of cards are expanded, never what people or models say; what a macro yields is not
expanded again, nor does a comma in it part the options of the macro around it. Macros that are not
known stay as they are. Source: Character Card V3, "Curly Braced Syntaxes".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TypeVar

from pydantic import BaseModel

from characterglm.character import Character, Persona
from characterglm.dialogue import Utterance
from characterglm.prompt.braces import Macro, Made, expanded
from characterglm.prompt.card import card_text
from characterglm.prompt.wording import wording

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


def could_yield(template: str, said: str) -> int | None:
    """How many characters of `said` are the card's own words, if the text could have yielded it.

    None if it could not. Each macro counts as any text: who the user was, and what chance drew,
    is not known any more once a dialogue has gone on.
    """
    words = [""]
    for piece in expanded(template, _meaning("", "", "", hidden=False)):
        if isinstance(piece, Made):
            words.append("")
        else:
            words[-1] += piece
    return sum(map(len, words)) if _stand_in(words, said) else None


def _stand_in(words: Sequence[str], said: str) -> bool:
    """Whether the words stand in a text one after another, the first and the last at its ends."""
    if not words[1:]:
        return said == words[0]
    first, *between, last = words
    place, end = len(first), len(said) - len(last)
    for word in between:
        place = said.find(word, place, end)
        if place < 0:
            return False
        place += len(word)
    return place <= end and said.startswith(first) and said.endswith(last)


def _replace(text: str, char: str, user: str, seed: str, *, hidden: bool) -> str:
    return "".join(expanded(text, _meaning(char, user, seed, hidden=hidden)))


def _meaning(char: str, user: str, seed: str, *, hidden: bool) -> Macro:
    """What each macro yields."""
    simple = {"char": char, "bot": char, "user": user}
    draws = count()

    def macro(inner: Sequence[str]) -> str | None:
        head, colon, rest = _opening(inner).partition(":")
        kind = head.strip().lower()
        if kind.startswith("//"):
            return ""
        if kind in simple and not colon and not inner[1:]:
            return simple[kind]
        value = [rest, *inner[1:]]
        if kind == "hidden_key" and colon:
            return "".join(value).strip() if hidden else ""
        known = _VALUED.get(kind)
        return known(value, seed, draws) if known and colon else None

    return macro


def _opening(inner: Sequence[str]) -> str:
    """What a macro begins with, as written: no macro yields the name of another."""
    return inner[0] if inner and not isinstance(inner[0], Made) else ""


def _comment(value: Sequence[str], seed: str, draws: Iterator[int]) -> str:
    return ""


def _reverse(value: Sequence[str], seed: str, draws: Iterator[int]) -> str:
    return "".join(value).strip()[::-1]


def _random(value: Sequence[str], seed: str, draws: Iterator[int]) -> str:
    return _choose(value, f"{seed}/{next(draws)}/{''.join(value)}")


def _pick(value: Sequence[str], seed: str, draws: Iterator[int]) -> str:
    return _choose(value, "".join(value))


def _roll(value: Sequence[str], seed: str, draws: Iterator[int]) -> str:
    sides = "".join(value).strip().lower().removeprefix("d")
    if not (sides.isascii() and sides.isdigit() and 0 < len(sides) < 10 and int(sides)):
        return ""
    return str(1 + _draw(f"{seed}/{next(draws)}/roll", int(sides)))


def _choose(value: Sequence[str], key: str) -> str:
    """One of the options; commas part them only where the card's writer put them."""
    options = [""]
    # Some writers double the colon: {{pick::a,b}}.
    for piece in (value[0].removeprefix(":"), *value[1:]):
        first, *others = [piece] if isinstance(piece, Made) else _written(piece)
        options[-1] += first
        options.extend(others)
    return options[_draw(key, len(options))].strip()


def _written(piece: str) -> list[str]:
    return [option.replace("\\,", ",") for option in _COMMA.split(piece)]


def _draw(key: str, size: int) -> int:
    """A number from 0 to size - 1 that depends on the key alone, on every machine."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) % size


_VALUED: dict[str, Callable[[Sequence[str], str, Iterator[int]], str]] = {
    "random": _random,
    "pick": _pick,
    "roll": _roll,
    "comment": _comment,
    "reverse": _reverse,
}
