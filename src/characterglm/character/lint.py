"""What is allowed but probably not meant: gaps, repeats, personal data, the wrong language.

Knows characters; nothing about files or databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from characterglm.character.schema import Attributes, Behaviors, Character

Path = tuple[str | int, ...]
Warning_ = tuple[Path, str]

LICENSES = frozenset(
    {
        *("Apache-2.0", "CC0-1.0", "CDLA-Permissive-2.0", "GFDL-1.3-or-later", "MIT", "MIT-0"),
        *("CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-ND-4.0", "CC-PDDC"),
        *("CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0"),
        *("CC-BY-NC-ND-4.0", "ODbL-1.0", "PDDL-1.0", "Unlicense", "WTFPL", "research-only"),
    }
)
"""Licences that characters come under: SPDX identifiers, and our own `research-only`."""


def warnings_of(character: Character) -> Iterator[Warning_]:
    """Each thing worth a second look: where it is, and a sentence about it."""
    yield from _gaps(character)
    yield from _repeats(character)
    yield from _greetings(character)
    yield from _lore(character)
    yield from _license(character)
    for path, text in _texts(character.model_dump(mode="json", exclude={"authors"})):
        yield from ((path, message) for message in _personal(text))
        if not text and isinstance(path[-1], int):
            yield path, "is empty"


def _gaps(character: Character) -> Iterator[Warning_]:
    for part, kinds in (("attributes", Attributes), ("behaviors", Behaviors)):
        for kind in kinds.model_fields:
            if not _says_something(getattr(getattr(character, part), kind)):
                yield (part, kind), "nothing is said about it"


def _says_something(value: Any) -> bool:
    return any(value.model_dump().values()) if hasattr(value, "model_dump") else bool(value)


def _repeats(character: Character) -> Iterator[Warning_]:
    first: dict[str, Path] = {}
    for part in ("attributes", "behaviors"):
        for kind, facts in getattr(character, part):
            if not isinstance(facts, list):
                continue
            for index, fact in enumerate(facts):
                path = (part, kind, index)
                words = " ".join(str(getattr(fact, "text", "")).casefold().split())
                if words and first.setdefault(words, path) != path:
                    yield path, f"says the same as {'.'.join(map(str, first[words]))}"


def _greetings(character: Character) -> Iterator[Warning_]:
    if not character.greetings:
        yield ("greetings",), "there is none: the user will have to speak first"
    for index, greeting in enumerate(character.greetings):
        if not speaks(greeting, character.language):
            message = f"does not look like the language '{character.language}'"
            yield ("greetings", index), message


_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_HAN}\u3040-\u30ff]|[^\W\d_{_HAN}\u3040-\u30ff]+")
"""One Chinese or Japanese character, or one word of any other script."""
_LATIN = r"A-Za-z\u00c0-\u024f"
_SCRIPTS = {
    "zh": _HAN,
    "ja": _HAN + r"\u3040-\u30ff",
    "ko": r"\uac00-\ud7a3",
    "ru": r"\u0400-\u04ff",
}
_SCRIPTS |= dict.fromkeys(("en", "fr", "de", "es", "it", "pt", "nl", "pl", "id", "vi"), _LATIN)


def speaks(text: str, language: str) -> bool:
    """Whether at least half the words are in the script of a language; True where unknown."""
    script = _SCRIPTS.get(language.split("-")[0])
    words = _WORD.findall(text)
    if not script or not words:
        return True
    own = re.compile(f"[{script}]")
    return 2 * sum(bool(own.match(word)) for word in words) >= len(words)


def _lore(character: Character) -> Iterator[Warning_]:
    entries = character.lorebook.entries if character.lorebook else []
    for index, entry in enumerate(entries):
        decorated = entry.content.startswith("@@")
        if entry.enabled and not (entry.keys or entry.constant or decorated):
            message = "has no keys and is not constant: it can never enter a prompt"
            yield ("lorebook", "entries", index), message


def _license(character: Character) -> Iterator[Warning_]:
    if character.license == "unknown":
        yield ("license",), "is unknown: dialogues with this character cannot be used for training"
    elif character.license not in LICENSES:
        message = f"'{character.license}' is no SPDX identifier known here, e.g. CC-BY-4.0, CC0-1.0"
        yield ("license",), message


_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_IDENTITY_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,63}", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _personal(text: str) -> Iterator[str]:
    for hit in _MOBILE.findall(text):
        yield f"holds what looks like a mobile number ({_mask(hit)})"
    for hit in _IDENTITY_CARD.findall(text):
        if _is_identity_card(hit):
            yield f"holds what looks like a Chinese identity card number ({_mask(hit)})"
    for hit in _EMAIL.findall(text):
        yield f"holds what looks like an e-mail address ({_mask(hit)})"


def _is_identity_card(number: str) -> bool:
    """The check digit of GB 11643-1999."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _mask(text: str) -> str:
    return f"{text[:3]}…{text[-2:]}"


def _texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
