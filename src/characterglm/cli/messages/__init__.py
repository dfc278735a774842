"""The terminal's words in the user's language; the texts are data, one file a language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("en", "zh")


class Messages:
    """One language's texts."""

    def __init__(self, texts: dict[str, Any]) -> None:
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text for `key`, with its `{names}` filled in."""
        return str(self._texts[key]).format(**values)

    @property
    def help(self) -> dict[str, str]:
        """What each chat command does."""
        return dict(self._texts["help"])


@cache
def messages(language: str) -> Messages:
    """The texts in a language; English for one that has none."""
    name = language if language in LANGUAGES else "en"
    text = files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    return Messages(yaml.safe_load(text))


@cache
def texts(what: str, language: str) -> Mapping[str, Any]:
    """The texts of one view in a language we have: the file `WHAT.LANGUAGE.yaml`."""
    found: dict[str, Any] = yaml.safe_load(
        files(__package__).joinpath(f"{what}.{language}.yaml").read_text("utf-8")
    )
    return found


def choose_language(locale: str, fallback: str) -> str:
    """The language that a POSIX locale names, or `fallback` where it names none we have."""
    wanted = locale.split(".")[0].split("_")[0].lower()
    return wanted if wanted in LANGUAGES else fallback.split("-")[0]
